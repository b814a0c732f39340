"""Rewrites what Python took in after 3.11, so that an older interpreter's parser reads it. Pure.

Every line stays where it is, and nearly every column: an f-string's inner quotes change to the other kind, a backslash
in its expressions to ``_``, the brackets of ``def f[T]`` and the ``type`` before an alias to blanks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GENERIC = re.compile(
    r"^([ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+)(\[[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)*\])", re.MULTILINE
)
_ALIAS = re.compile(r"^([ \t]*)type([ \t]+)(\w+)[ \t]*(\[[^\[\]\n]*\])?([ \t]*=[^=\n])", re.MULTILINE)
_OPENING = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z]{0,2})(\"\"\"|'''|\"|')")
_PREFIXES = {"", "r", "b", "u", "f", "rb", "br", "rf", "fr"}
_LEVELS = 20


def rewrite(text: str) -> str:
    """The text as an older parser reads it."""
    return _Strings(_aliases(text)).rewritten()


def _aliases(text: str) -> str:
    text = _GENERIC.sub(lambda m: m.group(1) + " " * len(m.group(2)), text)
    return _ALIAS.sub(lambda m: f"{m.group(1)}{m.group(3)}{m.group(5)}", text)


class _Strings:
    """Walks over a program's strings and comments; only f-strings are changed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out = list(text)

    def rewritten(self) -> str:
        place = 0
        while place < len(self._text):
            place = self._step(place, "", 0)
        return "".join(self._out)

    def _step(self, place: int, outer: str, level: int) -> int:
        """Past the token at a place; ``outer`` is the quote of the f-string around it."""
        letter = self._text[place]
        if letter == "#" and not outer:
            end = self._text.find("\n", place)
            return end if end >= 0 else len(self._text)
        opening = _OPENING.match(self._text, place)
        if opening and opening.group(1).lower() in _PREFIXES:
            return self._string(opening, outer, level)
        if opening:
            return opening.start(2)
        if letter.isalnum() or letter == "_":
            return self._word(place)
        if outer and letter == "\\":
            self._out[place] = "_"
        return place + 1

    def _word(self, place: int) -> int:
        while place < len(self._text) and (self._text[place].isalnum() or self._text[place] == "_"):
            place += 1
        return place

    def _string(self, opening: re.Match[str], outer: str, level: int) -> int:
        """Past a string; one inside an f-string is made to fit."""
        quote = opening.group(2)
        formatted = "f" in opening.group(1).lower() and level < _LEVELS
        place = opening.end()
        inner: list[int] = []
        while place < len(self._text) and not self._text.startswith(quote, place):
            letter = self._text[place]
            if letter == "\n" and len(quote) == 1:
                return place
            if formatted and letter == "{" and not self._text.startswith("{{", place):
                place = self._field(place + 1, quote, level + 1)
                continue
            width = 2 if letter == "\\" or (formatted and letter == "{") else 1
            inner.extend(range(place, place + width))
            place += width
        end = min(place + len(quote), len(self._text))
        if outer:
            self._fit(opening, outer, inner, end, level)
        return end

    def _field(self, place: int, quote: str, level: int) -> int:
        """Past an expression in braces, with the brackets in it."""
        depth = 0
        while place < len(self._text):
            letter = self._text[place]
            if letter == "}" and depth == 0:
                return place + 1
            if letter == ":" and depth == 0:
                return self._form(place + 1, quote, level)
            if letter == "\n" and len(quote) == 1:
                return place
            depth += (letter in "([{") - (letter in ")]}")
            place = self._step(place, quote, level)
        return place

    def _form(self, place: int, quote: str, level: int) -> int:
        """Past what follows an expression's colon: text, in which there may be fields again."""
        while place < len(self._text):
            letter = self._text[place]
            if letter == "}":
                return place + 1
            if letter == "\n" and len(quote) == 1:
                return place
            place = self._field(place + 1, quote, level + 1) if letter == "{" and level < _LEVELS else place + 1
        return place

    def _fit(self, opening: re.Match[str], outer: str, inner: list[int], end: int, level: int) -> None:
        """Make a string inside an f-string one that may stand there: other quotes, no backslash; further in, a name."""
        quote = opening.group(2)
        if level > 1:
            self._put(range(opening.start(), end), "_")
            return
        if len(outer) == 1:
            other = "'" if outer == '"' else '"'
            self._put(range(opening.start(2), opening.end()), other)
            self._put(range(end - len(quote), end), other)
            self._put([place for place in inner if self._text[place : place + 1] in {other, outer}], "_")
        self._put([place for place in inner if self._text[place : place + 1] in {"\\", "#"}], "_")

    def _put(self, places: Iterable[int], letter: str) -> None:
        for place in places:
            self._out[place] = letter
