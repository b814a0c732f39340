"""Names as every file system might read them, and patterns that see through disguises. Pure.

A path that is harmless on one file system may be ``.git`` on another: letter case, Unicode forms, characters of no
width, trailing dots, streams and short names all lead there. Patterns are matched on the plainest reading.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_WIDTH = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")  # ignorable, though not of category Cf
_SHORT_NAME = re.compile(r"^([^.~]{1,6})~\d+(\.[^.]{0,3})?$")
_MOST_ROUNDS = 8
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@lru_cache(maxsize=16384)
def plain_name(name: str) -> str:
    """One path component as the most forgiving file system reads it: case, form, width, tail and stream removed."""
    if name.isascii():
        text = name.lower()
    else:
        text = unicodedata.normalize("NFKC", name)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _NO_WIDTH)
        text = unicodedata.normalize("NFKC", text.casefold())
    text = "".join(c for c in text if c >= " " and c != "\x7f")
    if ":" in text:
        text = text.split(":", 1)[0]
    stripped = text.rstrip(". ").lstrip(" ")
    return stripped or text


def plain_path(path: str) -> str:
    """A path of plain names; a backslash parts names too, as it does where the repository may be checked out next."""
    for _ in range(_MOST_ROUNDS):  # what becomes plain may be a slash or a dot, to be read once more
        before = path
        path = "/".join(plain_name(part) for part in path.replace("\\", "/").split("/") if part not in ("", "."))
        if path == before:
            break
    return path


def short_name_of(name: str) -> str | None:
    """The beginning of the long name that an 8.3 name (``GIT~1``) may stand for, or ``None`` when it is none."""
    found = _SHORT_NAME.match(plain_name(name))
    return found.group(1) if found else None


def has_hidden_characters(path: str) -> bool:
    """Whether a name holds control, bidirectional or invisible characters, or bytes that are no UTF-8."""
    return any(
        c in _BIDIRECTIONAL or c in _NO_WIDTH or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path
    )


class Guard:
    """A set of patterns, each matched at any depth, on plain names.

    ``x/**`` and ``x`` both stand for ``x`` and all beneath it; ``*`` and ``?`` do not cross a slash; ``{a,b}`` and
    ``[...]`` as usual. With ``beneath=False`` a pattern does not reach below what it names. ``naming`` gives the
    pattern as it was written, so that a reason can name it.
    """

    def __init__(self, patterns: Iterable[str], *, beneath: bool = True) -> None:
        end = "(?:/|$)" if beneath else "$"
        bodies = {one: _translate(_parts(one)) for pattern in patterns for one in _braces(pattern)}
        texts = {one: f"(?:^|/){body}{end}" if body else "" for one, body in bodies.items()}
        self._rules = {one: re.compile(text, re.DOTALL) for one, text in texts.items()}
        any_of = f"(?:^|/)(?:{'|'.join(bodies.values())}){end}" if bodies else r"(?!)"
        self._any = re.compile(any_of if all(bodies.values()) else "", re.DOTALL)
        ends = {(_parts(one) or ["*"])[-1] for one in bodies}
        self._plain_ends = frozenset(plain_name(last) for last in ends if not set(last) & set("*?["))
        self._ends = re.compile("|".join(_translate([last]) for last in ends if set(last) & set("*?[")) or r"(?!)")
        self._literal = [(rule, _words(rule)) for rule in self._rules]

    def naming(self, path: str) -> str | None:
        """The pattern that covers a path, or ``None``."""
        plain = plain_path(path)
        if self._any.search(plain):
            return next((pattern for pattern, rule in self._rules.items() if rule.search(plain)), None)
        if "~" not in plain:
            return None
        for part in path.replace("\\", "/").split("/"):
            short = short_name_of(part)
            if short is None:
                continue
            for pattern, words in self._literal:
                if any(word.startswith(short) for word in words):
                    return pattern
        return None

    def may_end_in(self, name: str) -> bool:
        """Whether a path that ends in this name could be one that a pattern names itself: a quick look before asking
        ``covers`` about a path whose folders are known not to be covered.
        """
        plain = plain_name(name)
        return plain in self._plain_ends or "~" in name or self._ends.fullmatch(plain) is not None

    def covers(self, path: str) -> bool:
        """Whether any pattern covers a path."""
        return self.naming(path) is not None


def _words(pattern: str) -> tuple[str, ...]:
    """The names in a pattern as the beginning of a short name would show them: no dots, no spaces."""
    parts = (re.split(r"[*?\[]", part, maxsplit=1)[0] for part in plain_path(pattern).split("/"))
    return tuple(word for part in parts if len(word := re.sub(r"[. ]", "", part)) >= 3)


def _braces(pattern: str) -> list[str]:
    """One pattern for each way to choose from its braces; an unbalanced brace stands for itself."""
    start = pattern.find("{")
    end = pattern.find("}", start)
    if start < 0 or end < 0:
        return [pattern]
    start = pattern.rfind("{", 0, end)
    before, after = pattern[:start], pattern[end + 1 :]
    return [whole for choice in pattern[start + 1 : end].split(",") for whole in _braces(before + choice + after)]


def _translate(parts: list[str]) -> str:
    """A pattern's components as a regular expression for a path of plain names, without what stands around it."""
    return "".join(_part(part, last=n == len(parts) - 1) for n, part in enumerate(parts))


def _parts(pattern: str) -> list[str]:
    """The components of a pattern that say something: neither what it begins with nor what it ends in at any depth."""
    parts = [part for part in pattern.replace("\\", "/").strip("/").split("/") if part not in ("", ".")]
    while parts and parts[-1] in ("**", "*"):
        last = parts.pop()
        if last == "*" and parts:
            parts.append(last)
            break
    while parts and parts[0] == "**":
        parts.pop(0)
    return parts


def _part(part: str, *, last: bool) -> str:
    if part == "**":
        return "(?:[^/]+/)*" if not last else "[^/]+"
    text = plain_name(part) if not re.search(r"[*?\[]", part) else unicodedata.normalize("NFKC", part).casefold()
    out = ""
    at = 0
    while at < len(text):
        c = text[at]
        close = text.find("]", at + 2) if c == "[" else -1
        if c == "*":
            out += "[^/]*"
        elif c == "?":
            out += "[^/]"
        elif close > 0:
            inside = text[at + 1 : close].replace("\\", "\\\\").replace("[", "\\[")
            out += "[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]"
            at = close
        else:
            out += re.escape(c)
        at += 1
    return out if last else out + "/"
