"""Secrets typed into what other programs read: shell commands, SQL, web addresses, headers. Pure.

Works on any text by line, whatever language it stands in: a heredoc, a string, a block of YAML.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit
from daemon.agents.builtin.review.provider_keys import LINE_CAP, known
from daemon.agents.builtin.review.secret_names import is_secret_name
from daemon.agents.builtin.review.secret_values import is_drawn, is_placeholder, is_secret_value, mask
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Collection

_WORD = r"(?P<value>[^\s'\"`$<>{}()|;&,\\]{4,120})"
_PASSWORDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:USER|GRANT|LOGIN)\b[^;]{0,200}?\bIDENTIFIED\s+(?:WITH\s+\S{1,60}\s+)?BY\s+(?:PASSWORD\s+)?['\"](?P<value>[^'\"]{4,120})['\"]",
        r"\b(?:CREATE|ALTER)\s+(?:USER|ROLE|LOGIN)\b[^;]{0,120}?\bPASSWORD\s*=?\s*'(?P<value>[^']{4,120})'",
        rf"\s--?(?:password|passwd|admin_password|master-user-password)(?:=['\"]?|\s['\"]|\s(?=\S*\d)){_WORD}",
        rf"\bmysql(?:dump|admin|import)?\s[^|;]{{0,200}}?(?<=\s)-p['\"]?{_WORD}",
        rf"\b(?:echo|printf)\s+['\"]?[\w.-]{{1,40}}:{_WORD}['\"]?\s*\|\s*(?:sudo\s+)?chpasswd",
        rf"\bsshpass\s+-p\s*['\"]?{_WORD}",
        rf"\bcurl\s[^|;]{{0,300}}?(?<=\s)(?:-u|--user)\s*['\"]?[^\s:'\"$]{{1,60}}:{_WORD}",
    )
)
_COMMANDS = re.compile(r"identified|password|passwd|mysql|sshpass|curl", re.IGNORECASE)
_QUERY = re.compile(
    r"[?&'\"`](?P<name>(?:x-)?api[_-]?key|key|(?:access|api|auth|bot)[_-]?token|token|auth|app_?id|app_?key|client_?secret|secret|"
    r"passw(?:or)?d|pwd|sig|subscription-key|license_?key)=(?P<value>[A-Za-z0-9_.~%+/=-]{4,300})",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\b(?:Authorization|X-Api-Key)\\?[\"']?\s*[:=,]\s*\\?[\"'`]?(?:(?:Bearer|Basic|Token|ApiKey|SSWS|Bot)\s+|key=)?"
    r"(?P<value>[A-Za-z0-9_.~+/=:-]{16,600})(?![A-Za-z0-9_.~+/=:(\[-])",
    re.IGNORECASE,
)
_EXPORTED = re.compile(
    r"(?:^|[\s\"'`-])(?P<export>export\s+|setx?\s+|ENV\s+)?(?P<name>[A-Z][A-Z0-9_]{2,60})="
    r"(?:(?P<quote>\\?[\"'])(?P<quoted>[^\"'$<>{}\\]{4,120})(?P=quote)|(?P<value>[^\s\"'`$<>{}(),;\\|&]{4,120}))"
)
_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.(?P<claims>eyJ[A-Za-z0-9_-]{10,4000})\.[A-Za-z0-9_-]{20,1000}")
_SIGNED = "A signed token (JWT)"
_OF_THE_MANUAL = "1234567890"
"""The subject of the token that every introduction to JWT shows."""
_FOR_BROWSERS = {"anon"}
"""Roles whose tokens are handed to every visitor (Supabase)."""


def scan(lines: list[str], *, code: bool, recorded: Collection[range] = ()) -> list[Hit]:
    """The secrets typed into a text. ``code``: it is a program, whose own assignments are its parser's to judge.

    ``recorded`` are lines of an event's record: the tokens there were somebody's for an hour.
    """
    hits = []
    for number, line in enumerate(lines, 1):
        if len(line) < 12:
            continue
        text = line[:LINE_CAP]
        found = _typed(text, code=code) or (None if any(number in span for span in recorded) else _sent(text))
        if found and not known(text):
            what, at, value = found
            ends = what == _SIGNED and "exp" in _claims(value.split(".")[1])
            detail = f"{what} stands in the source: {mask(value)}."
            hits.append(Hit(rule="credential.in-text", line=number, column=at + 1, end_line=number, detail=detail,
                            level=Level.NOTE if ends else None))  # fmt: skip
    return hits


def _typed(text: str, *, code: bool) -> tuple[str, int, str] | None:
    """A password in a command or a statement, a variable of a shell."""
    if _COMMANDS.search(text):
        for form in _PASSWORDS:
            match = form.search(text)
            if match and is_secret_value(match["value"], "password") and not _stands_for_one(match["value"]):
                return "A password typed into a command", match.start("value"), match["value"]
    for match in _EXPORTED.finditer(text):
        value = match["quoted"] or match["value"]
        if not is_secret_name(match["name"]) or not is_secret_value(value, match["name"]):
            continue
        if code and not match["export"]:
            continue
        listed = not code and text.lstrip().startswith("- ")  # The environment of a container.
        if match["quoted"] or listed or any(map(str.isdigit, value)):
            return f"`{match['name']}` with its value", match.start("quote" if match["quoted"] else "value"), value
    return None


def _sent(text: str) -> tuple[str, int, str] | None:
    """A key in an address or a header, a signed token."""
    if "=" in text:
        for match in _QUERY.finditer(text):
            name, value = match["name"], match["value"]
            word = name.lower() in {"password", "passwd", "pwd"} and is_secret_value(value, name)
            if word or (is_drawn(value) and not is_placeholder(value)):
                return f"An address with its `{name}`", match.start("value"), value
    header = _HEADER.search(text)
    if header and is_drawn(header["value"]) and not is_placeholder(header["value"]):
        return "A header with its token", header.start("value"), header["value"]
    token = _TOKEN.search(text)
    if token and not _is_open(token["claims"]):
        return _SIGNED, token.start(), token.group()
    return None


def _stands_for_one(value: str) -> bool:
    """``%s``, ``:password``, ``?``: where a statement's value is put in; ``-`` and the like: another option."""
    return value.startswith(("%", ":", "@", "-", "/", "?", "#", "*")) or "=" in value[:1]


def _claims(part: str) -> dict[str, object]:
    """What a token says, nothing when that cannot be read."""
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _is_open(part: str) -> bool:
    """Whether the claims of a token say that it is anybody's: of a manual, or for every visitor."""
    claims = _claims(part)
    return str(claims.get("sub")) == _OF_THE_MANUAL or claims.get("role") in _FOR_BROWSERS
