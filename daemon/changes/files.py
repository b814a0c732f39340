"""Reading files that somebody hostile may have laid out: no link followed, nothing special opened, sizes bounded."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.changeset import FileType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CONTENT = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20
_LOOK_FOR_NUL = 8192


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What lies at a path: its type, permission bits, content hash and size in bytes (of a link: of its target)."""

    type: FileType
    mode: int
    sha256: str
    size: int
    binary: bool = False


def parts(path: str) -> list[str]:
    """The components of a relative path. Raises ValueError for one that leads anywhere but down."""
    names = path.split("/")
    if any(name in ("", ".", "..") or "\0" in name for name in names):
        raise ValueError(f"{path!r} is not a path inside the workspace")
    return names


@contextlib.contextmanager
def directory(root: int, path: str) -> Iterator[int]:
    """An open directory beneath ``root`` ("" for itself), reached name by name without following a link."""
    fd = os.dup(root)
    try:
        for name in parts(path) if path else ():
            below = os.open(name, DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def parent(root: int, path: str) -> Iterator[tuple[int, str]]:
    """The open directory that holds ``path``, and its last name."""
    above, _, name = path.rpartition("/")
    parts(path)
    with directory(root, above) as fd:
        yield fd, name


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """The root of a tree as a descriptor. Its own path may well lead over links: a person chose it."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def fact(folder: int, name: str, *, copy_to: Path | None = None, most: int | None = None) -> Fact | None:
    """What lies at ``name``, ``None`` when nothing does. A directory or anything special is ``OTHER``, never opened.

    With ``copy_to`` the content is put there under its hash. Raises TooLargeError for more than ``most`` bytes.
    """
    try:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    mode = stat.S_IMODE(seen.st_mode)
    if stat.S_ISLNK(seen.st_mode):
        target = os.fsencode(os.readlink(name, dir_fd=folder))
        digest = hashlib.sha256(target).hexdigest()
        if copy_to is not None:
            keep(copy_to, digest, target)
        return Fact(type=FileType.SYMLINK, mode=0o777, sha256=digest, size=len(target))
    if not stat.S_ISREG(seen.st_mode):
        return Fact(type=FileType.OTHER, mode=mode, sha256="", size=0)
    if most is not None and seen.st_size > most:
        raise TooLargeError(name, seen.st_size)
    with _reading(folder, name, mode) as fd:
        now = os.fstat(fd)
        if not stat.S_ISREG(now.st_mode):  # swapped since: whoever did it does not get it read
            return Fact(type=FileType.OTHER, mode=mode, sha256="", size=0)
        return _content(fd, mode=stat.S_IMODE(now.st_mode) if now.st_ino != seen.st_ino else mode, copy_to=copy_to)


class TooLargeError(Exception):
    """A file larger than the reader was told to take."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        super().__init__(f"{name}: {size} bytes")


@contextlib.contextmanager
def _reading(folder: int, name: str, mode: int) -> Iterator[int]:
    """A regular file, open for reading; one whose owner shut himself out (``chmod 000``) is opened all the same."""
    try:
        fd = os.open(name, _CONTENT, dir_fd=folder)
    except PermissionError:
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        way = f"/proc/self/fd/{handle}"
        try:
            os.chmod(way, mode | 0o400)
            fd = os.open(way, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.chmod(way, mode)
        finally:
            os.close(handle)
    try:
        yield fd
    finally:
        os.close(fd)


def _content(fd: int, *, mode: int, copy_to: Path | None) -> Fact:
    digest = hashlib.sha256()
    size = 0
    binary = False
    out = None
    part = None
    if copy_to is not None:
        copy_to.mkdir(parents=True, exist_ok=True)
        part = copy_to / f".part-{os.getpid()}-{fd}"
        out = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while data := os.read(fd, _CHUNK):
            if size < _LOOK_FOR_NUL:
                binary = binary or b"\0" in data[: _LOOK_FOR_NUL - size]
            digest.update(data)
            size += len(data)
            if out is not None:
                write_all(out, data)
        if part is not None and copy_to is not None:
            os.replace(part, copy_to / digest.hexdigest())
    finally:
        if out is not None:
            os.close(out)
    return Fact(type=FileType.FILE, mode=mode, sha256=digest.hexdigest(), size=size, binary=binary)


def write_all(fd: int, data: bytes) -> None:
    """All of it, however many calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def keep(store: Path, digest: str, data: bytes) -> None:
    """Put bytes under their hash."""
    store.mkdir(parents=True, exist_ok=True)
    part = store / f".part-{os.getpid()}-{digest[:16]}"
    part.write_bytes(data)
    part.replace(store / digest)


def look(root: int, path: str) -> Fact | None:
    """What lies at a path beneath ``root``; ``None`` when nothing does, or the way there is not one of directories."""
    try:
        with parent(root, path) as (folder, name):
            return fact(folder, name)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
