"""Data inside a prompt: blocks that what they hold cannot close, and texts without what must not travel. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECRETS = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | (?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}
    | (?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|xox[abprs]-|sk-|sk_live_|glpat-|npm_|AIza)[A-Za-z0-9_-]{8,}
    | (?<![A-Za-z0-9])ey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_QUOTED = re.compile(r"(['\"`])([^'\"`\n]{12,})\1")


def sayable(text: str) -> str:
    """``text`` with whatever UTF-8 cannot carry, and NUL, written as escapes."""
    clean = text.replace("\0", "\\x00")
    return clean.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(text: str) -> str:
    """``text`` as one JSON string on one line: for names and paths outside a block."""
    return sayable(json.dumps(text, ensure_ascii=False)).replace("\x7f", "\\u007f").translate(_LINE_BREAKS)


_LINE_BREAKS = {code: f"\\u{code:04x}" for code in (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), 0x2066)}


def fence_for(texts: Iterable[str]) -> str:
    """A mark that occurs in none of the texts. It is made of their hash, so that a text that names it would have to
    hold its own hash; and the same texts give the same mark, so that a prompt can be looked at again.
    """
    held = list(texts)
    digest = hashlib.sha256()
    for text in held:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    while True:
        mark = digest.hexdigest()[:24]
        if not any(mark in text for text in held):
            return mark
        digest.update(b"again")


def block(mark: str, *, what: str, origin: str, text: str) -> str:
    """``text`` between two lines that carry the mark."""
    ended = text if text.endswith("\n") or not text else f"{text}\n"
    return f"<<<DATA {mark} {what} {quoted(origin)}\n{ended}DATA {mark}>>>\n"


def without_secrets(text: str) -> str:
    """``text`` with everything that looks like a secret's value masked. Rather too much than too little."""
    masked = _SECRETS.sub("[masked]", text)
    masked = _RUN.sub(lambda run: "[masked]" if _is_random(run[0]) else run[0], masked)
    return _QUOTED.sub(lambda run: f"{run[1]}[masked]{run[1]}" if _is_random(run[2]) else run[0], masked)


def _is_random(text: str) -> bool:
    """Whether a run of characters is of mixed kinds, as secrets are and names are not."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return sum(any(map(kind, text)) for kind in kinds) == len(kinds) or (
        len(text) >= 32 and any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    )
