"""Looking at one file: what it holds, whether it held still meanwhile, whether somebody is writing it."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat as modes
from typing import TYPE_CHECKING

from daemon.watch.ledger import Stat
from daemon.watch.verdict import Seen

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment] # asked for below

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 18
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnsettledError(Exception):
    """The file changed while it was being read."""


class UnreadableError(Exception):
    """The file is there, but what it holds cannot be read; the cause is the OSError."""


class Footing:
    """Which directories of a tree are real ones all the way down. Remembers its answers: make one for each batch."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._known: dict[str, bool] = {}

    def __call__(self, directory: str) -> bool:
        """Whether this directory (relative; "" is the root) is reached without passing a link."""
        known = self._known.get(directory)
        if known is None:
            if not directory:
                known = os.path.isdir(self._base)
            else:
                known = self(directory.rpartition("/")[0]) and _is_directory(f"{self._base}/{directory}")
            self._known[directory] = known
        return known


def stat_of(status: os.stat_result) -> Stat:
    """The part of an lstat that the ledger keeps."""
    return Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def look(base: str, path: str, footing: Footing, *, blob: str = "", restless: bool = False) -> Seen | None:
    """Read a file whole. ``None``: there is no regular file of this name that is reached without following a link.

    With ``blob`` ("sha1" or "sha256", the repository's object format) the id git would give the bytes is taken too.
    Raises UnsettledError when it changed meanwhile (not when it is known to be ``restless``), UnreadableError when
    it cannot be read.
    """
    absolute = f"{base}/{path}"
    try:
        if not footing(path.rpartition("/")[0]):
            return None
        before = os.lstat(absolute)
        if not modes.S_ISREG(before.st_mode):
            return None
        descriptor = os.open(absolute, _FLAGS)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            return None
        raise UnreadableError from error
    try:
        sha256, oid = _hash(descriptor, before.st_size, blob)
        after = os.fstat(descriptor)
    except OSError as error:
        raise UnreadableError from error
    finally:
        os.close(descriptor)
    if stat_of(after) != stat_of(before) and not restless:
        raise UnsettledError
    return Seen(stat=stat_of(before), sha256=sha256, blob=oid)


def glance(base: str, path: str) -> Stat | None:
    """Lstat of a regular file, ``None`` when there is none."""
    try:
        status = os.lstat(f"{base}/{path}")
    except OSError:
        return None
    return stat_of(status) if modes.S_ISREG(status.st_mode) else None


def being_written(base: str, path: str) -> bool | None:
    """Whether a process holds this file open for writing; ``None`` when that cannot be found out.

    The kernel refuses a read lease on a file that is open for writing. The lease is given back at once; its signal
    is set to one that is ignored by default, since the default one would end the process.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        descriptor = os.open(f"{base}/{path}", _FLAGS)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(descriptor)
    return False


def _is_directory(absolute: str) -> bool:
    try:
        return modes.S_ISDIR(os.lstat(absolute).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _hash(descriptor: int, size: int, blob: str) -> tuple[str, str]:
    content = hashlib.sha256()
    updates: list[Callable[[bytes], None]] = [content.update]
    oid = hashlib.new(blob, usedforsecurity=False) if blob else None
    if oid is not None:
        oid.update(b"blob %d\0" % size)
        updates.append(oid.update)
    while chunk := os.read(descriptor, _CHUNK):
        for update in updates:
            update(chunk)
    return content.hexdigest(), oid.hexdigest() if oid is not None else ""
