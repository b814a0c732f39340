"""Many regular expressions as one automaton: the cost of a look-up does not grow with their number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Sequence

# What one automaton may hold of states it has met. RE2 starts afresh when it is full, which costs time, not truth.
_MEMORY = 8 * 1024 * 1024

# A name that is not UTF-8 reaches us with surrogates in it. RE2 speaks UTF-8 only, so each such byte travels as a
# character that no pattern is likely to name.
_STAND_IN = 0x10FF00
_SURROGATES = {code: _STAND_IN + (code - 0xDC00) for code in range(0xDC80, 0xDD00)}
_LONE = {code: 0xFFFD for code in range(0xD800, 0xE000) if code not in _SURROGATES}


def text_of(path: str) -> str:
    """``path`` in a form that RE2 takes: itself, unless it holds bytes that are not UTF-8."""
    if path.isascii():
        return path
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.translate(_SURROGATES | _LONE)
    return path


def options(*, latin1: bool = False) -> re2.Options:
    """How every expression here is read: quietly, and ``.`` covers line feeds too, since names may hold them."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.never_capture = True
    chosen.dot_nl = True
    chosen.max_mem = _MEMORY
    if latin1:
        chosen.encoding = re2.Options.Encoding.LATIN1
    return chosen


class Automaton:
    """Tells which of many RE2 expressions match the whole of a text.

    RE2 answers "none" when it runs out of memory in a search, so each set also holds an expression that matches
    everything: an answer without it is no answer, and the set is asked again in halves.
    """

    def __init__(self, expressions: Sequence[str | bytes], *, latin1: bool = False) -> None:
        self._expressions = tuple(expressions)
        self._latin1 = latin1
        self._set = self._compiled()
        self._halves: tuple[Automaton, Automaton] | None = None

    def _compiled(self) -> re2.Set | None:
        if not self._expressions:
            return None
        one = re2.Set.FullMatchSet(options(latin1=self._latin1))
        for expression in self._expressions:
            one.Add(expression)
        one.Add(b"(?s:.*)")
        try:
            one.Compile()
        except re2.error:
            if len(self._expressions) == 1:
                raise
            return None
        return one

    def matching(self, text: str | bytes) -> list[int]:
        """The indexes of the expressions that match all of ``text``, in rising order."""
        if not self._expressions:
            return []
        found = self._set.Match(text) if self._set is not None else None
        if found is None:
            return self._asked_in_halves(text)
        if len(found) == 1:
            return []
        found.sort()
        found.pop()
        return list(found)

    def _asked_in_halves(self, text: str | bytes) -> list[int]:
        middle = len(self._expressions) // 2
        if not middle:
            (expression,) = self._expressions
            return [0] if re2.fullmatch(expression, text, options(latin1=self._latin1)) else []
        if self._halves is None:
            first, second = self._expressions[:middle], self._expressions[middle:]
            self._halves = Automaton(first, latin1=self._latin1), Automaton(second, latin1=self._latin1)
        low, high = self._halves
        return low.matching(text) + [middle + index for index in high.matching(text)]
