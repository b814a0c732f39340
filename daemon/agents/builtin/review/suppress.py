"""Markers in the source that say "I know". A suppressed finding is kept and marked, never dropped. Pure."""

from __future__ import annotations

import re

_OTHERS = re.compile(
    r"\bnosec\b|\bnosemgrep\b|gitleaks:allow|checkov:skip|pragma:\s{0,4}allowlist[ -](?:nextline[ -])?secret",
    re.IGNORECASE,
)
_SIGN = re.compile(r"#|//|/\*|--|;")
_OURS = re.compile(r"kiro-hookd:\s*ignore(?:\[([^\]\n]{0,400})\])?", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*|--|;)")


def suppressed(lines: list[str], line: int, *, rule: str, category: str) -> bool:
    """Whether a marker stands on the line, or on a comment line straight above it. ``line`` counts from 1."""
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    if _marks(here, rule, category):
        return True
    above = line - 2
    while 0 <= above < len(lines) and _COMMENT.match(lines[above][:400]):
        if _marks(lines[above], rule, category):
            return True
        above -= 1
    return False


def _marks(text: str, rule: str, category: str) -> bool:
    """Whether this line holds a marker for the rule. Ours may name rules or categories; the others cover any."""
    if len(text) > 4000:
        return False
    ours = _OURS.search(text)
    if ours:
        named = {part.strip() for part in (ours.group(1) or "").split(",") if part.strip()}
        return not named or bool(named & {rule, category, rule.split(".", maxsplit=1)[0]})
    other = _OTHERS.search(text)
    return other is not None and _SIGN.search(text, 0, other.start()) is not None
