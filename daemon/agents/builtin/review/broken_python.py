"""What can still be read of a Python file that is not valid as a whole: all but its broken statements. Pure."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

_MOST = 4
"""Broken statements that are left out before the file is given up."""
_INSIDE = " \t)]}"
"""What a line begins with that belongs to the statement above it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The program without its broken statements, every line in its place; ``left_out`` are theirs, from 1."""

    tree: ast.Module
    left_out: list[range]


def read(text: str) -> Rest | None:
    """What is left once the broken statements are out, ``None`` when that is less than half of the file."""
    lines = text.split("\n")
    left_out: list[range] = []
    for _ in range(_MOST + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse("\n".join(lines))
        except SyntaxError as error:
            place = _statement(lines, min(error.lineno or 1, len(lines)) - 1)
            if not any(lines[number].strip() for number in place):
                return None
            left_out.append(range(place.start + 1, place.stop + 1))
            lines[place.start : place.stop] = [""] * len(place)
        except (ValueError, MemoryError, RecursionError):
            return None
        else:
            return Rest(tree, left_out) if tree.body and 2 * sum(map(len, left_out)) < len(lines) else None
    return None


def _statement(lines: list[str], at: int) -> range:
    """The lines of the outermost statement around one, its decorators with it."""
    first = at
    while first > 0 and (not lines[first] or lines[first][0] in _INSIDE):
        first -= 1
    while first > 0 and lines[first - 1].startswith("@"):
        first -= 1
    last = at + 1
    while last < len(lines) and (not lines[last].strip() or lines[last][0] in _INSIDE):
        last += 1
    return range(first, last)
