"""The folders a view works in: private, outside every workspace, gone afterwards whatever was done to them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING

from daemon.changes.files import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEEPEST = 100  # directories held open at once; what lies deeper is moved up first


@contextlib.contextmanager
def folder(above: Path) -> Iterator[Path]:
    """A new private folder in ``above``, removed in the end."""
    above.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = above / secrets.token_hex(8)
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        remove_tree(path)


def remove_tree(path: Path) -> None:
    """Remove a directory with all it holds: locked directories, any depth, any names. Follows no link.

    What cannot be removed (another user's, immutable) stays; nothing is raised for it.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        root = _enter(path, None)
        try:
            while _empty(root, root, 0):
                pass
        finally:
            os.close(root)
    with contextlib.suppress(OSError):
        path.rmdir()


def _empty(root: int, fd: int, depth: int) -> bool:
    """Empty an open directory; whether something too deep was moved up to the root and is still to be done."""
    again = False
    with os.scandir(fd) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_directory in found:
        with contextlib.suppress(OSError):
            if not is_directory:
                os.unlink(name, dir_fd=fd)
            elif depth >= _DEEPEST:
                os.chmod(name, 0o700, dir_fd=fd)
                os.rename(name, f"deep-{secrets.token_hex(8)}", src_dir_fd=fd, dst_dir_fd=root)
                again = True
            else:
                below = _enter(name, fd)
                try:
                    again = _empty(root, below, depth + 1) or again
                finally:
                    os.close(below)
                os.rmdir(name, dir_fd=fd)
    return again


def _enter(name: str | Path, above: int | None) -> int:
    """An open directory that its owner may read, write and search, whatever its mode was."""
    try:
        fd = os.open(name, DIRECTORY, dir_fd=above)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=above)
        fd = os.open(name, DIRECTORY, dir_fd=above)
    if stat.S_IMODE(os.fstat(fd).st_mode) & 0o700 != 0o700:
        with contextlib.suppress(OSError):
            os.fchmod(fd, 0o700)
    return fd


def open_locked(name: str, above: int) -> int:
    """A directory of a view, open for reading although the agent may have locked it. Raises OSError as open does."""
    try:
        return os.open(name, DIRECTORY, dir_fd=above)
    except OSError as error:
        if error.errno != errno.EACCES:
            raise
    return _enter(name, above)
