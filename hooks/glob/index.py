"""Many patterns by the directory they begin with: the cost of a look-up does not grow with their number. Pure.

Most patterns name a directory outright (``src/functions/**``). They stand in a table under that directory, and only the
tables of the directories above a path are asked; each is one automaton. The rest, which may cover anything, are one
automaton together. One automaton over all of them would be the same in theory; in practice a thousand of them multiply
to more states than there is memory to remember, and it would start afresh again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hooks.glob.automaton import Automaton, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An expression under its number. Whatever it matches is ``prefix`` or lies below it, save that with ``above`` it
    matches the directories above ``prefix`` too.
    """

    number: int
    prefix: str
    regex: str
    above: bool = False


class Index:
    """Tells which rows match a path. Safe to ask from several threads."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._above: dict[str, list[int]] = {}
        by_prefix: dict[str, list[Row]] = {}
        for row in rows:
            by_prefix.setdefault(row.prefix, []).append(row)
            if row.above and row.prefix:
                names = row.prefix.split("/")
                for length in range(len(names)):
                    self._above.setdefault("/".join(names[:length]), []).append(row.number)
        self._anywhere = _Table(by_prefix.pop("", []))
        self._below = {prefix: _Table(rows) for prefix, rows in by_prefix.items()}

    def matching(self, path: str) -> list[int]:
        """The numbers of the rows that match ``path``, in rising order."""
        text = text_of(path)
        found = self._anywhere.matching(text)
        tables = self._below
        if tables:
            end = path.find("/")
            while end >= 0:
                table = tables.get(path[:end])
                if table is not None:
                    found = found + table.matching(text)
                end = path.find("/", end + 1)
            table = tables.get(path)
            if table is not None:
                found = found + table.matching(text)
        if self._above:
            found = found + self._above.get(path, [])
        return sorted(found) if len(found) > 1 else found


class _Table:
    """The rows under one directory, compiled when they are first asked. Equal expressions stand there once."""

    __slots__ = ("_automaton", "_numbers")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._numbers: dict[str, list[int]] = {}
        for row in rows:
            self._numbers.setdefault(row.regex, []).append(row.number)
        self._automaton: tuple[Automaton, list[list[int]]] | None = None

    def matching(self, text: str) -> list[int]:
        """The numbers of the rows that match all of ``text``, in no order."""
        if self._automaton is None:
            self._automaton = Automaton(list(self._numbers)), list(self._numbers.values())
        automaton, numbers = self._automaton
        found = automaton.matching(text)
        if not found:
            return found
        if len(found) == 1:
            return numbers[found[0]]
        return [number for index in found for number in numbers[index]]
