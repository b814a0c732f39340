"""What is wrong with a file that a person wrote, and where. Pure.

A fault keeps its file from being used; a notice does not. Both print as ``file:line:column: message``, lines and
columns counted from 1 in characters, and neither ever carries a control character of the file it speaks of.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """Something said of a place in a file. ``key`` is the dotted way to it (``hooks[0].trigger``), "" for none."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class Fault(Remark):
    """Something that must be put right."""

    __slots__ = ()


class Notice(Remark):
    """Something worth knowing that keeps nothing from working."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A fault whose file is not known yet: what a reader of one document gives."""

    line: int
    column: int
    message: str
    key: str = ""

    def fault(self, file: str) -> Fault:
        """The same, said of a file."""
        return Fault(file=file, line=self.line, column=self.column, key=self.key, message=self.message)

    def notice(self, file: str) -> Notice:
        """The same, as something that keeps nothing from working."""
        return Notice(file=file, line=self.line, column=self.column, key=self.key, message=self.message)


def quoted(value: object, limit: int = 60) -> str:
    """A value of the file as a message shows it: on one line, escaped, cut to about ``limit`` characters."""
    if isinstance(value, str):
        text = value if len(value) <= limit else value[: limit - 3] + "..."
        return json.dumps(text, ensure_ascii=not text.isprintable())
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"the number {value}"[: limit + 11]


def suggestion(word: object, known: Iterable[str]) -> str:
    """``; did you mean "..."?`` when a known word is near, else nothing. Bounded: long words are not compared."""
    if not isinstance(word, str) or not 0 < len(word) <= 80:
        return ""
    folded = {name.lower().replace("-", "_"): name for name in known}
    near = difflib.get_close_matches(word.lower().replace("-", "_").replace(" ", "_"), folded, n=1, cutoff=0.6)
    return f"; did you mean {quoted(folded[near[0]])}?" if near else ""
