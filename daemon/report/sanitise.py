"""Make text that an agent printed fit for a terminal, a log and a page. Pure.

Output is hostile until it has been through here: escape sequences move cursors and set clipboards, bidirectional and
invisible characters show one thing and mean another, and nobody bounds what a program prints.
"""

from __future__ import annotations

import re

LONGEST_TEXT = 20_000
LONGEST_LINE = 2_000

# Sequences whole, so that no "[31m" stays behind; each part bounded by a character it cannot contain, hence linear.
_SEQUENCE = re.compile(
    r"""
    (?:\x1b\[|\x9b) [0-?]* [\x20-/]* [@-~]?                        # CSI: colours, cursor
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]) [^\x07\x1b\x9c]*     # OSC, DCS, SOS, PM, APC: titles, clipboards, links
      (?:\x07|\x1b\\|\x9c)?
    | \x1b [\x20-/]* [0-~]?                                        # the rest
    """,
    re.VERBOSE,
)
_NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What has no place of its own on the screen: controls, bidirectional marks, zero-width characters, fillers, tags,
# variation selectors, noncharacters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LONE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def clean(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """The visible text, over several lines. What goes beyond ``limit`` characters is cut, and said."""
    if len(text) > 8 * limit:  # What a reader never sees need not be looked at; escapes may be most of the rest.
        text, cut = text[: 8 * limit], len(text) - 8 * limit
    else:
        cut = 0
    text = _NEWLINE.sub("\n", _SEQUENCE.sub("", text))
    text = _LONE.sub("\ufffd", _INVISIBLE.sub("", text))
    cut += max(0, len(text) - limit)
    return f"{text[:limit]} [{cut} more characters]" if cut else text


def line(text: str, *, limit: int = LONGEST_LINE) -> str:
    """The visible text, on one line."""
    return _SPACE.sub(" ", clean(text, limit=limit)).strip()


def visible(path: str) -> str:
    r"""A file's name with what cannot be seen written out instead of taken away: a name must stay itself.

    A byte that is not UTF-8 becomes ``\xNN``, a control or invisible character its escape.
    """

    def written(found: re.Match[str]) -> str:
        code = ord(found.group())
        if 0xDC80 <= code <= 0xDCFF:
            return f"\\x{code - 0xDC00:02x}"
        if code > 0xFFFF:
            return f"\\U{code:08x}"
        return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"

    return _UNSEEN.sub(written, path)


_UNSEEN = re.compile(f"{_INVISIBLE.pattern}|{_LONE.pattern}|[\t\n\x0b\x0c\r\x85\u2028\u2029]")
