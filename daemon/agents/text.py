"""Words from agents made safe and bounded: control sequences out, length limited. Pure.

What an agent prints may be written by whoever wrote the repository, so it is cleaned at the door and not where it is
shown.
"""

from __future__ import annotations

import re

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and its like: titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Without terminal sequences, control characters (but newline and tab), and characters that turn or hide text."""
    return _CONTROL.sub("", _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, limit: int) -> str:
    """Cleaned, white space run together, cut at ``limit`` characters with an ellipsis."""
    return shorten(" ".join(clean(text).split()), limit)


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, the beginning kept."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def ending(text: str, limit: int) -> str:
    """At most ``limit`` characters, the end kept: the end of a program's output tells why it ended."""
    text = text.strip()
    return text if len(text) <= limit else "…" + text[1 - limit :]
