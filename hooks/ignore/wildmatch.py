"""Git's wildmatch as regular expressions. Pure.

Git compares bytes, so texts here hold one character for each byte (``byte_text``), and an expression written for RE2 or
``re`` speaks of code points up to 255 only. What makes git's matching its own, and what a translation that
looks only at the text of a pattern gets wrong:

* the characters before the first wildcard are compared and cut off first, and the matcher begins after them; so
  ``a/b**/c`` treats its ``**`` as if a slash stood before it;
* a set of characters is read as bytes, a class that does not exist makes the pattern match nothing, and ``]`` directly
  after the opening is a member;
* without a slash the pattern is held against the last component, where ``*`` and ``**`` are the same.
"""

from __future__ import annotations

import os
import string

NOTHING = r"[^\x00-\xff]"
_ANY = r"[^\x00]*"
_ONE = r"[^/\x00]"
_NAME = f"{_ONE}*"

# Stands at the end of a directory's path, so that an expression can tell it from a file's.
DIRECTORY = "\0"

_ALPHA = string.ascii_letters
_CLASSES = {
    "alnum": _ALPHA + string.digits,
    "alpha": _ALPHA,
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": _ALPHA + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": _ALPHA + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": " \t\n\r",  # git's own table has neither vertical tab nor form feed
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


class _NeverMatchesError(Exception):
    """The pattern is one that git's matcher gives up on."""


def byte_text(path: str) -> str:
    """``path`` with one character for each of its bytes."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


def trimmed(line: str) -> str:
    """A rule without the blanks at its end that git drops; a backslash keeps the blank after it."""
    end, place, blanks = len(line), 0, -1
    while place < end:
        character = line[place]
        if character == " ":
            blanks = place if blanks < 0 else blanks
        else:
            blanks = -1
            if character == "\\":
                place += 1
                if place >= end:
                    return line
        place += 1
    return line[:blanks] if blanks >= 0 else line


def simple_length(pattern: str) -> int:
    """How many characters stand before the first that is special to the matcher."""
    return next((place for place, character in enumerate(pattern) if character in "*?[\\"), len(pattern))


def name_regex(pattern: str, *, fold: bool) -> str:
    """For a pattern without a slash: what the path must be, whose last component alone counts."""
    return f"(?:{_ANY}/)?{_translated(pattern, path=False, fold=fold)}"


def path_regex(pattern: str, *, fold: bool) -> str:
    """For a pattern with a slash: what the path from the rule file's directory on must be."""
    bare = pattern.removeprefix("/")
    length = simple_length(bare)
    return _literal(bare[:length], fold=fold) + _translated(bare[length:], path=True, fold=fold)


def _translated(pattern: str, *, path: bool, fold: bool) -> str:
    try:
        return "".join(_parts(pattern, path=path, fold=fold))
    except _NeverMatchesError:
        return NOTHING


def _parts(pattern: str, *, path: bool, fold: bool) -> list[str]:
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "*":
            part, place = _stars(pattern, place, path=path)
        elif character == "?":
            part, place = _ONE, place + 1
        elif character == "[":
            members, place = _set(pattern, place, fold=fold)
            part = _one_of(members - {0, 47})
        else:
            if character == "\\":
                place += 1
                if place == len(pattern):
                    raise _NeverMatchesError
            part, place = _literal(pattern[place], fold=fold), place + 1
        parts.append(part)
    return parts


def _stars(pattern: str, start: int, *, path: bool) -> tuple[str, int]:
    end = start
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    rest = pattern[end:]
    bounded = path and (start == 0 or pattern[start - 1] == "/") and (not rest or rest.startswith(("/", "\\/")))
    if end - start == 1 or not bounded:
        return _NAME, end
    if rest.startswith("/"):
        return f"(?:{_ANY}/)?", end + 1
    return _ANY, end


def _set(pattern: str, opened: int, *, fold: bool) -> tuple[set[int], int]:
    """The bytes that a bracket expression matches, and the place after it."""
    place = opened + 1
    negated = pattern[place : place + 1] in ("!", "^")
    place += negated
    members: set[int] = set()
    before = 0
    first = True
    while first or _at(pattern, place) != "]":
        first = False
        character = _at(pattern, place)
        after = ord(character)
        if character == "\\":
            place += 1
            after = ord(_at(pattern, place))
            members |= _folded(after, fold=fold)
        elif character == "-" and before and pattern[place + 1 : place + 2] not in ("", "]"):
            place += 1
            if _at(pattern, place) == "\\":
                place += 1
            members |= _between(before, ord(_at(pattern, place)), fold=fold)
            after = 0
        elif character == "[" and pattern.startswith(":", place + 1):
            named, place = _named(pattern, place, fold=fold)
            members |= named if named is not None else {91}
            after = 0 if named is not None else 91
        else:
            members |= _folded(after, fold=fold)
        before = after
        place += 1
    return (set(range(1, 256)) - members if negated else members), place + 1


def _at(pattern: str, place: int) -> str:
    if place >= len(pattern):
        raise _NeverMatchesError
    return pattern[place]


def _named(pattern: str, place: int, *, fold: bool) -> tuple[set[int] | None, int]:
    """A class such as ``[:alpha:]`` and the place of its last character; ``None`` when it is none after all."""
    closed = pattern.find("]", place + 2)
    if closed < 0:
        raise _NeverMatchesError
    if closed - 1 < place + 2 or pattern[closed - 1] != ":":
        return None, place
    name = pattern[place + 2 : closed - 1]
    if name not in _CLASSES:
        raise _NeverMatchesError
    members = set(map(ord, _CLASSES[name]))
    if fold and name == "upper":
        members |= set(map(ord, string.ascii_lowercase))
    elif fold:
        members |= {byte - 32 for byte in members if 97 <= byte <= 122}
    return members, closed


def _between(low: int, high: int, *, fold: bool) -> set[int]:
    members = set(range(low, high + 1))
    if not fold:
        return members
    # Git lowers the text's letter first, and when that is outside the range tries its capital.
    return {byte for byte in range(256) if _lower(byte) in members or _upper(_lower(byte)) in members}


def _folded(byte: int, *, fold: bool) -> set[int]:
    """The bytes that match a member which is written as ``byte``: git lowers the text, not the member."""
    if not fold:
        return {byte}
    return {one for one in range(256) if _lower(one) == byte}


def _lower(byte: int) -> int:
    return byte + 32 if 65 <= byte <= 90 else byte


def _upper(byte: int) -> int:
    return byte - 32 if 97 <= byte <= 122 else byte


def _literal(text: str, *, fold: bool) -> str:
    if fold:
        return "".join(_one_of({ord(one.lower()), ord(one.upper())}) if one in _ALPHA else _quoted(one) for one in text)
    return "".join(map(_quoted, text))


def _quoted(character: str) -> str:
    return character if character.isascii() and (character.isalnum() or character in "_/ -") else _hex(ord(character))


def _one_of(members: set[int]) -> str:
    if not members:
        return NOTHING
    ranges: list[list[int]] = []
    for byte in sorted(members):
        if ranges and ranges[-1][1] == byte - 1:
            ranges[-1][1] = byte
        else:
            ranges.append([byte, byte])
    return f"[{''.join(_hex(low) if low == high else f'{_hex(low)}-{_hex(high)}' for low, high in ranges)}]"


def _hex(byte: int) -> str:
    return f"\\x{byte:02x}"
