"""The files of a report log: the one that is written to, and the rotated ones before it."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CURRENT = "report.jsonl"
_PORTION = 64 * 1024
_ROTATED = re.compile(r"report-(\d{10})\.jsonl")
_ASIDE = re.compile(r"report-torn-(\d+)\.bin")


def rotated(directory: Path) -> list[Path]:
    """The rotated files, oldest first. Each is named by the sequence of its first record."""
    return sorted(path for path in _entries(directory) if _ROTATED.fullmatch(path.name))


def asides(directory: Path) -> list[Path]:
    """Torn ends that were kept aside when they were repaired."""
    return sorted(path for path in _entries(directory) if _ASIDE.fullmatch(path.name))


def rotated_name(directory: Path, first_seq: int) -> str:
    """What a file is called once it is no longer written to: never a name that sorts before, or is, a known one."""
    known = [int(_ROTATED.sub(r"\1", path.name)) for path in rotated(directory)]
    return f"report-{max([first_seq, *(number + 1 for number in known)]):010}.jsonl"


def aside_name(directory: Path) -> str:
    """A name for a torn end; a new one each time."""
    numbers = [int(_ASIDE.sub(r"\1", path.name)) for path in asides(directory)]
    return f"report-torn-{max(numbers, default=0) + 1:04}.bin"


def lines(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Each whole line of the log with the name of its file, oldest first, as they stood when the reading began.

    Safe beside the writer: an unfinished last line is left out, and a rotation meanwhile loses and doubles nothing.
    """
    with ExitStack() as stack:
        for name, file in _open_all(directory, stack):
            for raw in file:
                if raw.endswith(b"\n"):
                    yield name, raw[:-1]


def _open_all(directory: Path, stack: ExitStack) -> list[tuple[str, BinaryIO]]:
    """All files, opened before one is read; again from the start when a rotation came between."""
    while True:
        before = rotated(directory)
        opened: list[tuple[str, BinaryIO]] = []
        for path in [*before, directory / CURRENT]:
            try:
                opened.append((path.name, stack.enter_context(path.open("rb"))))
            except FileNotFoundError:
                continue
        if rotated(directory) == before:
            return opened


class Tail:
    """The lines of a log as they come. The first look gives all there are."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._inode, self._offset = -1, 0

    def new_lines(self) -> list[bytes]:
        """What has come since the last look; after a rotation, or at first, everything: skip what is known."""
        try:
            with (self._directory / CURRENT).open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino == self._inode and status.st_size >= self._offset:
                    file.seek(self._offset)
                    return self._take(file.read())
                self._inode = status.st_ino
                everything = self._take(file.read(), start=0)
        except FileNotFoundError:
            return []
        # Opened after the current file, so that what was rotated meanwhile comes twice rather than never.
        older = [raw for name, raw in lines(self._directory) if name != CURRENT]
        return [*older, *everything]

    def _take(self, content: bytes, *, start: int | None = None) -> list[bytes]:
        """The whole lines; the offset moves behind the last of them."""
        whole = content[: content.rfind(b"\n") + 1]
        self._offset = (self._offset if start is None else start) + len(whole)
        return whole.split(b"\n")[:-1]


def whole_lines(descriptor: int, *, is_line: Callable[[bytes], bool]) -> tuple[int, int]:
    """How far a file consists of whole lines, the last of them good, and how long it is; both in bytes.

    Reads backwards, so that a long log costs no more than a short one.
    """
    size = os.fstat(descriptor).st_size
    end = _after_newline(descriptor, before=size)
    while end:
        start = _after_newline(descriptor, before=end - 1)
        if is_line(os.pread(descriptor, end - 1 - start, start)):
            break
        end = start
    return end, size


def first_line(descriptor: int) -> bytes:
    """The first line of a file, without its end."""
    found = b""
    while b"\n" not in found and (more := os.pread(descriptor, _PORTION, len(found))):
        found += more
    return found.partition(b"\n")[0]


def _after_newline(descriptor: int, *, before: int) -> int:
    """The offset behind the last newline before an offset; 0 when there is none."""
    while before > 0:
        start = max(0, before - _PORTION)
        at = os.pread(descriptor, before - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        before = start
    return 0


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte and wait until the disk has them."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the disk knows the names in a directory."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except FileNotFoundError:
        return []
