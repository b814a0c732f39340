"""What a program in a view gets besides the tree: its environment, and the files of HOME it was promised."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes.files import write_all
from daemon.process import PASSED_ON, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.agents.port import HomeFile, Program

_MOST_HOME_FILE = 4 * 1024 * 1024
_FOR_GIT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def environment_of(program: Program, *, home: str, temporary: str, base: Mapping[str, str]) -> dict[str, str]:
    """A program's whole environment: the allow-list, what its agent needs, a private HOME and temporary folder."""
    fixed = {**_FOR_GIT, "HOME": home, "TMPDIR": temporary}
    return environment(base, (*PASSED_ON, *program.pass_env), {**fixed, **program.env})


@contextlib.contextmanager
def private_home(folder: Path, files: tuple[HomeFile, ...], *, home: Path | None) -> Iterator[None]:
    """``folder`` with copies of the named files of HOME while the context lasts; token files go back if refreshed."""
    given: dict[str, bytes] = {}
    for file in files:
        data = _read(home, file.path) if home is not None else None
        if data is not None:
            copy = folder / file.path
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.write_bytes(data)
            copy.chmod(0o600)
            given[file.path] = data
    try:
        yield
    finally:
        for file in files:
            if file.write_back and home is not None and file.path in given:
                _write_back(home, folder, file.path, given[file.path])


def _read(home: Path, path: str) -> bytes | None:
    """The bytes of a regular file beneath HOME, ``None`` when it is none or too large."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        return None
    try:
        fd = os.open(home / path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > _MOST_HOME_FILE:
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(_MOST_HOME_FILE)
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
