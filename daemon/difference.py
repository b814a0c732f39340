"""Differences between files, escaped so that no file can deceive the terminal they are shown on. Pure."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPARED: Final = 4_000
"""Lines up to which two texts are compared line by line; comparing longer ones could take minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileBytes:
    """A file by its hash, with its bytes where they are to be had. ``link`` is where a symbolic link led."""

    path: str
    sha256: str
    content: bytes | None = None
    link: str = ""


def describe(before: Mapping[str, FileBytes], now: Mapping[str, FileBytes]) -> str:
    """Every file that differs, as a unified difference; a line of its own for what is no text. Nothing is left out."""
    lines: list[str] = []
    for path in sorted(before.keys() | now.keys()):
        old, new = before.get(path), now.get(path)
        if not (old and new and (old.sha256, old.link) == (new.sha256, new.link)):
            lines += _file(path, old, new)
    return "".join(f"{line}\n" for line in lines)


def _file(path: str, old: FileBytes | None, new: FileBytes | None) -> Iterator[str]:
    name = escaped(path)
    yield f"--- {name if old else '/dev/null'}"
    yield f"+++ {name if new else '/dev/null'}"
    if new and new.link:
        yield f"+ a link to {escaped(new.link)}"
    before, after = _text(old), _text(new)
    if before is None or after is None:
        for sign, file in (("-", old), ("+", new)):
            if file:
                yield f"{sign} {_kind(file)}, sha256 {file.sha256}"
    elif max(len(before), len(after)) > _COMPARED:
        yield f"@@ all of it: more than {_COMPARED} lines @@"
        yield from (f"-{line}" for line in before)
        yield from (f"+{line}" for line in after)
    else:
        yield from list(difflib.unified_diff(before, after, lineterm=""))[2:]


def _kind(file: FileBytes) -> str:
    return "too large to show" if file.content is None else f"{len(file.content)} bytes that are no text"


def _text(file: FileBytes | None) -> list[str] | None:
    """The escaped lines; ``None`` when the bytes are not to be had or are no text."""
    if file is None:
        return []
    if file.content is None or b"\0" in file.content:
        return None
    try:
        text = file.content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = [escaped(line) for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    elif lines:
        lines[-1] += " (no line end)"
    return lines


def escaped(text: str) -> str:
    r"""The text with everything that could move a cursor, hide or reorder made visible as ``\u{...}``."""
    return "".join(c if c == "\t" or (c.isprintable() and not _deceives(c)) else f"\\u{{{ord(c):x}}}" for c in text)


def _deceives(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character) in {"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
