"""Every call of an apply that changes something on the disk, one method each.

The methods stand alone so that a test can stop, fail or interfere at each of them: ``step`` is called before every
single one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
from typing import TYPE_CHECKING

from daemon.changes.files import write_all

if TYPE_CHECKING:
    from pathlib import Path

_NO_REPLACE = 1
_EXCHANGE = 2
_SET_SIGNAL, _SET_LEASE = 10, 1024
_HALF = 2


class Disk:
    """The real thing. Directories are named by open descriptor, files by their name in one."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def step(self, what: str) -> None:
        """Called before each change with its name. Does nothing here."""

    def exchange(self, folder: int, one: str, other: str) -> None:
        """Swap two names of one directory in a single step. Raises OSError."""
        self.step(f"exchange {one} {other}")
        self._rename(folder, one, other, _EXCHANGE)

    def move(self, folder: int, old: str, new: str) -> None:
        """Rename within a directory, never over anything. Raises FileExistsError, else OSError."""
        self.step(f"move {old} {new}")
        self._rename(folder, old, new, _NO_REPLACE)

    def _rename(self, folder: int, old: str, new: str, flags: int) -> None:
        if self._libc.renameat2(folder, os.fsencode(old), folder, os.fsencode(new), flags) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), old, None, new)

    def unlink(self, folder: int, name: str) -> None:
        """Remove a name; one that is gone already is no fault."""
        self.step(f"unlink {name}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)

    def make_folder(self, folder: int, name: str) -> None:
        """Make a directory; one that is there is no fault."""
        self.step(f"mkdir {name}")
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)

    def remove_folder(self, folder: int, name: str) -> None:
        """Remove a directory that is empty; any other stays."""
        self.step(f"rmdir {name}")
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=folder)

    def create(self, folder: int, name: str, data: bytes, *, like: int | None, mode: int) -> None:
        """A new file with these bytes, durable; owner and extended attributes as ``like`` (an open file) has them."""
        self.step(f"create {name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(name, flags, 0o600, dir_fd=folder)
        try:
            write_all(fd, data[: len(data) // _HALF])
            self.step(f"write {name}")
            write_all(fd, data[len(data) // _HALF :])
            if like is not None:
                _dress(fd, like)
            os.fchmod(fd, mode)
            self.step(f"fsync {name}")
            os.fsync(fd)
        finally:
            os.close(fd)

    def link(self, folder: int, name: str, target: bytes) -> None:
        """A new symbolic link."""
        self.step(f"symlink {name}")
        os.symlink(target, os.fsencode(name), dir_fd=folder)

    def sync_folder(self, folder: int) -> None:
        """Make the names of a directory durable."""
        self.step("fsync directory")
        os.fsync(folder)

    def put(self, path: Path, data: bytes) -> None:
        """A file of our own, whole or not at all, durable."""
        part = path.with_name(path.name + ".part")
        self.step(f"put {path.name}")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        self.step(f"rename {path.name}")
        part.replace(path)
        above = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sync_folder(above)
        finally:
            os.close(above)


def _dress(fd: int, like: int) -> None:
    """Owner, access lists and extended attributes of the file it replaces, as far as we may."""
    was = os.fstat(like)
    now = os.fstat(fd)
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        with contextlib.suppress(OSError):
            os.fchown(fd, was.st_uid, was.st_gid)
    with contextlib.suppress(OSError):
        for name in os.listxattr(like):
            with contextlib.suppress(OSError):
                os.setxattr(fd, name, os.getxattr(like, name))


def has_writer(folder: int, name: str) -> bool:
    """Whether some process holds a file open for writing. False where the file system cannot tell."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    try:
        fcntl.fcntl(fd, _SET_SIGNAL, signal.SIGURG)  # a broken lease must not end us, as SIGIO would
        fcntl.fcntl(fd, _SET_LEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, _SET_LEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EBUSY)
    finally:
        os.close(fd)
    return False
