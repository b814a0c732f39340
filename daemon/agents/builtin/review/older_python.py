"""Python 2 in terms of Python 3, line by line, so that it can be read at all: what a line means, not what it prints.

Every line stays on its line. What has no such form (tuples as parameters, a ``print`` that begins within brackets)
stays as it is, and the file is then told as unreadable.
"""

from __future__ import annotations

import re

_BARE_PRINT = re.compile(r"(^|[:;])([ \t]*)print[ \t]*(?=$|;|#)", re.MULTILINE)
_PRINT = re.compile(
    r"(^|[:;])([ \t]*)print(?:[ \t]+(?![=(.\[,)])|(?=[\"'`])|[ \t]+(?=\([^()\n]*\)[ \t]*[%,]))(?:>>[ \t]*)?",
    re.MULTILINE,
)
_FORMS = tuple(
    (re.compile(form, re.MULTILINE), put)
    for form, put in (
        (r"^([ \t]*except[ \t]+(?:\([^()\n]*\)|[\w.]+))[ \t]*,[ \t]*(\w+)[ \t]*:", r"\1 as \2:"),
        (r"^([ \t]*raise[ \t]+[\w.]+)[ \t]*,[ \t]*([^,\n]+)$", r"\1(\2)"),
        (r"(^|[:;])([ \t]*)exec[ \t]+([^(=\s][^\n]*?)(?:[ \t]+in[ \t].*)?$", r"\1\2exec(\3)"),
        (r"(?<![\w.])0([0-7]{2,})\b", r"0o\1"),
        (r"\b(0[xX][0-9a-fA-F]+|\d+)[lL]\b", r"\1"),
        (r"<>", "!="),
        (r"`([^`\n]+)`", r"repr(\1)"),
        (r"\b[uU]([rR][\"'])", r"\1"),
    )
)


def rewrite(text: str) -> str:
    """The text with Python 2's statements put as Python 3's; ``print x`` becomes ``_ = x``."""
    text = _BARE_PRINT.sub(r"\1\2pass", text)
    text = _PRINT.sub(r"\1\2_ = ", text)
    for form, put in _FORMS:
        text = form.sub(put, text)
    return text
