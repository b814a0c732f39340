"""Braces: one written pattern to the patterns it stands for, before anything else is read. Pure.

Every character keeps the place it was written at, so that a fault found after the expansion still points into the
pattern as the person knows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hooks.glob.faults import PatternFault

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ALTERNATIVES = 256
MOST_CHARACTERS = 64 * 1024
MOST_NESTING = 16

_NUMBERS = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,6}))?")
_LETTERS = re.compile(r"([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One expanded pattern and, for each of its characters, the offset it was written at."""

    text: str
    offsets: tuple[int, ...]

    def __add__(self, other: Spelling) -> Spelling:
        return Spelling(self.text + other.text, self.offsets + other.offsets)


_NOTHING = Spelling("", ())


def expand(pattern: str) -> list[Spelling]:
    """The patterns that ``pattern`` stands for, in the order written. Raises PatternFault for unbalanced or empty
    braces, and for a pattern that would grow beyond what any person can have meant.
    """
    if "{" not in pattern and "}" not in pattern:
        return [Spelling(pattern, tuple(range(len(pattern))))]
    return _Reader(pattern).sequence(0, depth=0)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0

    def sequence(self, opened: int, *, depth: int) -> list[Spelling]:
        """Reads up to the end of the pattern, or of the alternative when within braces (``depth`` > 0)."""
        if depth > MOST_NESTING:
            raise PatternFault(self.pattern, opened, f"braces are nested more than {MOST_NESTING} deep")
        done = [_NOTHING]
        while self.place < len(self.pattern):
            here = self.place
            character = self.pattern[here]
            if depth and character in ",}":
                return done
            if character == "}":
                raise PatternFault(self.pattern, here, "this brace was never opened", r"write \} for the character")
            if character == "{":
                done = self._joined(done, self._group(depth=depth), here)
                continue
            length = 2 if character == "\\" and here + 1 < len(self.pattern) else 1
            self.place = here + length
            plain = Spelling(self.pattern[here : self.place], tuple(range(here, self.place)))
            done = [one + plain for one in done]
        if depth:
            raise PatternFault(self.pattern, opened, "this brace is never closed", r"write \{ for the character")
        return done

    def _group(self, *, depth: int) -> list[Spelling]:
        opened = self.place
        numbered = _range(self.pattern, opened)
        if numbered is not None:
            self.place = self.pattern.index("}", opened) + 1
            return numbered
        self.place += 1
        alternatives: list[Spelling] = []
        commas = 0
        while True:
            alternatives += self.sequence(opened, depth=depth + 1)
            if len(alternatives) > MOST_ALTERNATIVES:
                raise _too_many(self.pattern, opened)
            closing = self.pattern[self.place]
            self.place += 1
            if closing == "}":
                break
            commas += 1
        if not commas:
            inside = self.pattern[opened + 1 : self.place - 1]
            what = f"braces with the single alternative {inside!r} change nothing" if inside else "empty braces"
            raise PatternFault(self.pattern, opened, what, r"write {a,b}, or \{ and \} for the characters")
        return alternatives

    def _joined(self, done: Sequence[Spelling], group: Sequence[Spelling], opened: int) -> list[Spelling]:
        if len(done) * len(group) > MOST_ALTERNATIVES:
            raise _too_many(self.pattern, opened)
        joined = [left + right for left in done for right in group]
        if sum(len(one.text) for one in joined) > MOST_CHARACTERS:
            raise PatternFault(self.pattern, opened, f"these braces expand to more than {MOST_CHARACTERS} characters")
        return joined


def _too_many(pattern: str, opened: int) -> PatternFault:
    return PatternFault(
        pattern, opened, f"these braces stand for more than {MOST_ALTERNATIVES} patterns", "write several patterns"
    )


def _range(pattern: str, opened: int) -> list[Spelling] | None:
    """What ``{1..9}``, ``{01..10..3}`` or ``{a..f}`` stands for; ``None`` when these braces are of another kind."""
    closed = pattern.find("}", opened)
    inside = pattern[opened + 1 : closed] if closed > 0 else ""
    if numbers := _NUMBERS.fullmatch(inside):
        first, last = numbers[1], numbers[2]
        low, high = int(first), int(last)
        padded = any(len(text.lstrip("-")) > 1 and text.lstrip("-").startswith("0") for text in (first, last))
        width = max(len(first), len(last)) if padded else 0
        step = _step(numbers[3])
        texts = [f"{value:0{width}d}" for value in _steps(low, high, step, pattern, opened)]
    elif letters := _LETTERS.fullmatch(inside):
        texts = [chr(value) for value in _steps(ord(letters[1]), ord(letters[2]), _step(letters[3]), pattern, opened)]
    else:
        return None
    # A range from upper to lower case passes the characters between them, some of which mean something here.
    return [
        Spelling(
            text if text.isalnum() or text[0] == "-" else f"\\{text}",
            (opened,) * (len(text) if text.isalnum() or text[0] == "-" else 2),
        )
        for text in texts
    ]


def _step(written: str | None) -> int:
    return max(1, abs(int(written))) if written else 1


def _steps(low: int, high: int, step: int, pattern: str, opened: int) -> range:
    steps = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    if len(steps) > MOST_ALTERNATIVES:
        raise _too_many(pattern, opened)
    return steps
