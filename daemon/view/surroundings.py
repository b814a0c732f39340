"""What a program in a view gets besides the tree: its environment, and the files of HOME it was promised."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes.files import DIRECTORY, write_all
from daemon.process import PASSED_ON, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.agents.port import HomeFile, Program

_MOST_HOME_FILE = 64 * 1024 * 1024  # programs that keep their login in a database beside their history need that
_MOST_IN_FOLDER = 64
_MOST_FOLDER = 4 * 1024 * 1024
_FOR_GIT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def environment_of(program: Program, *, home: str, temporary: str, base: Mapping[str, str]) -> dict[str, str]:
    """A program's whole environment: the allow-list, what its agent needs, a private HOME and temporary folder."""
    fixed = {**_FOR_GIT, "HOME": home, "TMPDIR": temporary}
    return environment(base, (*PASSED_ON, *program.pass_env), {**fixed, **program.env})


@contextlib.contextmanager
def private_home(folder: Path, files: tuple[HomeFile, ...], *, home: Path | None) -> Iterator[None]:
    """``folder`` with copies of the named files of HOME while the context lasts; token files go back if refreshed.

    Of a directory that is named, its own regular files are copied, no links and nothing deeper, as long as they are
    few (64) and small (4 MiB in all); of a larger one nothing is.
    """
    given: dict[str, bytes] = {}
    for file in files if home is not None else ():
        assert home is not None
        for path, data in _named(home, file.path):
            copy = folder / path
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.write_bytes(data)
            copy.chmod(0o600)
            if file.write_back:
                given[path] = data
    try:
        yield
    finally:
        if home is not None:
            for path, data in given.items():
                _write_back(home, folder, path, data)


def _named(home: Path, path: str) -> list[tuple[str, bytes]]:
    """The regular files that a path beneath HOME stands for, with their bytes."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        return []
    try:
        fd = os.open(home / path, DIRECTORY)
    except OSError:
        data = _read(home, path)
        return [] if data is None else [(path, data)]
    try:
        names = sorted(os.listdir(fd))
        sizes = [os.stat(name, dir_fd=fd, follow_symlinks=False).st_size for name in names[: _MOST_IN_FOLDER + 1]]
    except OSError:  # one of them vanished: a login is being refreshed right now
        return []
    finally:
        os.close(fd)
    if len(names) > _MOST_IN_FOLDER or sum(sizes) > _MOST_FOLDER:
        return []
    read = [(f"{path}/{name}", _read(home, f"{path}/{name}", most=_MOST_FOLDER)) for name in names]
    return [(name, data) for name, data in read if data is not None]


def _read(home: Path, path: str, *, most: int = _MOST_HOME_FILE) -> bytes | None:
    """The bytes of a regular file beneath HOME, ``None`` when it is none or too large."""
    try:
        fd = os.open(home / path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > most:
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(most)
    finally:
        os.close(fd)


def _write_back(home: Path, folder: Path, path: str, given: bytes) -> None:
    """Put a refreshed token file back, unless somebody else refreshed it first."""
    lock = folder.parent / f".write-back-{os.getuid()}"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        new = None if (folder / path).parent.resolve() != (folder / path).parent.absolute() else _read(folder, path)
        if not new or new == given or _read(home, path) != given:
            return
        part = (home / path).with_name(f".{Path(path).name}.{secrets.token_hex(4)}")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            write_all(fd, new)
            os.fchmod(fd, stat.S_IMODE((home / path).stat().st_mode))
            os.fsync(fd)
        finally:
            os.close(fd)
        part.replace(home / path)
