"""Take secrets out of text before it is kept or shown. Pure.

Known values first (what the daemon hands to agents, and what it read from hidden files), then patterns. Patterns find
what looks like a secret; a password that looks like a word is only found when it is known.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from daemon.report.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from daemon.agents.port import Result

# Shorter values are everywhere by chance.
SHORTEST_KNOWN = 8

# The last group that took part is the secret, without groups the whole. Every repetition is bounded or cannot be taken
# up again at another place, so that no text takes long.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "private key",
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-(?!----)[^-]*)*"
            r"(?:-----END [A-Z0-9 ]{0,40}-----)?"
        ),
    ),
    ("AWS access key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    (
        "AWS secret key",
        r"(?i:aws.{0,20}?(?:secret|session).{0,30}?)['\"\s:=]{1,8}([A-Za-z0-9/+]{40,2000}={0,2})(?![A-Za-z0-9/+])",
    ),
    ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,300}"),
    ("OpenAI key", r"\bsk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,300}"),
    ("Google key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("Google token", r"\bya29\.[A-Za-z0-9_-]{20,2000}"),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    ("GitLab token", r"\bgl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent)-[A-Za-z0-9_-]{20,300}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,300}|\bxapp-[A-Za-z0-9-]{10,300}"),
    ("Slack webhook", r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,300})"),
    ("Stripe key", r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,300}|\bwhsec_[A-Za-z0-9]{16,300}"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}"),
    ("PyPI token", r"\bpypi-[A-Za-z0-9_-]{40,1000}"),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,100}"),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,100}"),
    ("Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    ("HashiCorp token", r"\bhv[sbr]\.[A-Za-z0-9_-]{20,300}"),
    ("age key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ("Azure key", r"(?i:AccountKey|SharedAccessKey|sig)=([A-Za-z0-9/+%]{32,200}={0,2})"),
    ("web token", r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+"),
    ("password", r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s:/@'\"]{0,100}:([^\s/@'\"]{1,200})@"),
    (
        "authorization",
        r"(?i:\b(?:authorization|proxy-authorization)['\"]?\s{0,4}[:=]\s{0,4}['\"]?(?:bearer|basic|token)\s{1,4})([A-Za-z0-9._~+/=-]{8,4000})",
    ),
    (
        "password",
        (
            r"(?i:\b[a-z0-9_-]{0,40}(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)['\"]?"
            r"\s{0,4}(?:=>|:=|[:=])\s{0,4})(?:\"([^\"\s]{6,500})\"|'([^'\s]{6,500})')"
        ),
    ),
)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Redacted:
    """A text without its secrets, and how many were taken out."""

    text: str
    count: int = 0


class Redactor:
    """Takes secrets out of text. ``known`` are secret values; each is found as it is, in base64 and in a URL."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        # As it is, and as it is once the text around it was cleaned: a key of several lines may have had other ends.
        values = {each for value in known for each in (value, clean(value)) if len(each) >= SHORTEST_KNOWN}
        spelt = {spelling for value in values for spelling in _spellings(value)}
        # The longest first, so that of two values one of which begins with the other nothing stays behind.
        longest_first = sorted(spelt, key=lambda spelling: (-len(spelling), spelling))
        self._known = re.compile("|".join(re.escape(each) for each in longest_first)) if spelt else None

    def redact(self, text: str) -> Redacted:
        """The text with each secret replaced by what kind it was. What was redacted before stays as it is."""
        count = 0

        def replaced(kind: str) -> Callable[[re.Match[str]], str]:
            def replacement(found: re.Match[str]) -> str:
                nonlocal count
                at = found.lastindex or 0
                count += 1
                whole, start = found.group(), found.start()
                return f"{whole[: found.start(at) - start]}[redacted: {kind}]{whole[found.end(at) - start :]}"

            return replacement

        if self._known:
            text = self._known.sub(replaced("known secret"), text)
        for kind, pattern in _COMPILED:
            text = pattern.sub(replaced(kind), text)
        return Redacted(text=text, count=count)

    def result(self, result: Result) -> tuple[Result, int]:
        """An agent's result, cleaned and without secrets, and how many were taken out. Cleaning comes first: an
        invisible character in its middle must not hide a secret.
        """
        count = 0

        def safe(text: str) -> str:
            nonlocal count
            redacted = self.redact(clean(text))
            count += redacted.count
            return redacted.text

        findings = tuple(
            replace(
                each, message=safe(each.message), rule=safe(each.rule), file=None if each.file is None else each.file
            )
            for each in result.findings
        )
        error = None if result.error is None else safe(result.error)
        notes = tuple(safe(note) for note in result.notes)
        return replace(result, summary=safe(result.summary), error=error, findings=findings, notes=notes), count


def _spellings(value: str) -> Iterable[str]:
    """How a value may be spelt: as it is, in a URL, and in base64 wherever it starts there."""
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    yield quote(raw, safe="")
    for shift in range(3):
        # The first and the last characters also hold bits of the neighbours; the middle is the value's own.
        encoded = base64.b64encode(b"\0" * shift + raw).decode("ascii").rstrip("=")
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - 1]
        if len(inner) >= SHORTEST_KNOWN:
            yield inner
