"""Writing the document: inside the root, never through a link."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from daemon.errors import HookdError

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class DocumentError(HookdError):
    """A document that cannot be read or written where it is said to be."""


def _refuse(path: str, fault: OSError) -> DocumentError:
    return DocumentError(path, f"cannot be used as a document ({fault.strerror})", "name a plain file of the workspace")


def _parent(root: Path, path: str, *, make: bool) -> int:
    """A descriptor of the folder that a document is in, opened one component at a time."""
    folders = path.split("/")[:-1]
    if path.startswith("/") or any(one in {"", ".", ".."} for one in folders) or ".git" in folders:
        raise DocumentError(path, "is not inside the workspace", "name the document by its path from the root")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for folder in folders:
        try:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=at)
            inner = os.open(folder, _FOLDER, dir_fd=at)
        finally:
            os.close(at)
        at = inner
    return at


def read_document(root: Path, path: str, limit: int) -> bytes | None:
    """The document's bytes, ``None`` when there is none. Fails on links, on what is no file, and beyond ``limit``."""
    try:
        parent = _parent(root, path, make=False)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise _refuse(path, fault) from fault
    try:
        handle = os.open(path.rsplit("/", 1)[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        with os.fdopen(handle, "rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise _refuse(path, fault) from fault
    finally:
        os.close(parent)
    if len(content) > limit:
        raise DocumentError(path, f"is larger than {limit} bytes", "split it")
    return content


def write_document(root: Path, path: str, content: bytes) -> None:
    """Put the bytes in place of the document's: a new file beside it, renamed over it, with the old one's mode."""
    name = path.rsplit("/", 1)[-1]
    try:
        parent = _parent(root, path, make=True)
        try:
            _replace(parent, name, content)
        finally:
            os.close(parent)
    except OSError as fault:
        raise _refuse(path, fault) from fault


def _replace(parent: int, name: str, content: bytes) -> None:
    try:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode & 0o777
    except FileNotFoundError:
        mode = 0o644
    temporary = f".{name}.{os.getpid()}.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        os.unlink(temporary, dir_fd=parent)
        raise
