"""The state directory's lock: whoever holds it is the one process that writes."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.errors import StateError, StateLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Who holds the lock: the process, and the control socket it listens on where it has said so."""

    pid: int | None
    socket: str | None = None


@contextmanager
def hold(path: Path, *, socket: Path | None = None) -> Iterator[None]:
    """Hold the lock for as long as the context lasts; StateLockedError, with the pid, when another process does.

    Promised: the kernel lets go of it when the process ends, however it ends, and a program started from here does
    not inherit it. Not promised: a child made by a bare ``fork`` shares it. ``socket`` is written beside the
    pid, so that a client with another environment still finds the daemon.
    """
    descriptor = _acquire(path)
    try:
        content = f"{os.getpid()}\n{socket or ''}\n"
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, os.fsencode(content), 0)
        yield
    finally:
        # The file stays: removing it would let two processes hold two different files of one name.
        os.ftruncate(descriptor, 0)
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lock, or ``None`` when nobody does. A look only: it may have changed when this returns."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        # A shared lock, so that two lookers do not take each other for the daemon.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _acquire(path: Path) -> int:
    """The locked descriptor of the file that is at ``path`` once the lock is held."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateError(str(path), error.strerror or str(error), "make the state directory writable") from error
        if not _lock(descriptor):
            pid = _read(descriptor).pid
            os.close(descriptor)
            raise StateLockedError(str(path.parent), pid)
        if _same_file(descriptor, path):
            return descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock; ``False`` when another process holds it.

    Those who only look (``holder``) hold it shared for a moment: where a shared lock is to be had, nobody holds it.
    """
    while not _take(descriptor, fcntl.LOCK_EX):
        if not _take(descriptor, fcntl.LOCK_SH):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # or two that start would keep each other waiting
        time.sleep(_MOMENT)
    return True


_MOMENT = 0.001
"""Seconds between two tries, in which somebody who only looks is done."""


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same_file(descriptor: int, path: Path) -> bool:
    """Whether the file was not removed or replaced between opening and locking it."""
    ours = os.fstat(descriptor)
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def _read(descriptor: int) -> Holder:
    lines = os.fsdecode(os.pread(descriptor, 8192, 0)).split("\n")
    pid = int(lines[0]) if lines[0].isascii() and lines[0].isdigit() else None
    return Holder(pid=pid, socket=lines[1] if len(lines) > 1 and lines[1] else None)
