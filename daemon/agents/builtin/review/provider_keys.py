"""Secrets that are secrets wherever they stand: keys of known providers, private keys, connection strings. Pure.

Works on any text by line.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit
from daemon.agents.builtin.review.secret_names import is_secret_name
from daemon.agents.builtin.review.secret_values import entropy, is_filling, is_placeholder, is_secret_value, mask
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Collection

LINE_CAP = 2000

_AWS_KEY = "an AWS access key id"
_CONNECTS = "a connection string with its password"
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])")
_BESIDE = 2
"""Lines between an AWS access key id and the secret that goes with it."""

_PROVIDERS = (
    (_AWS_KEY, r"\b(?:AKIA|ASIA)[A-Z2-7]{2}[A-Z0-9]{14}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,100})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,200}"),
    ("a Slack webhook", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{20,80}"),
    ("a Stripe live key", r"\b[sr]k_(?:live|prod)_[A-Za-z0-9]{16,120}"),
    ("a Stripe test key", r"\b[sr]k_test_[A-Za-z0-9]{16,120}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("a Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("a Mailgun key", r"\bkey-[0-9a-f]{32}\b"),
    ("a Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("an OpenAI key", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,200}"),
    ("an OpenAI key", r"\bsk-[A-Za-z0-9]{48}\b"),
    ("an Anthropic key", r"\bsk-ant-[a-z0-9]{3,8}-[A-Za-z0-9_-]{20,200}"),
    ("a HubSpot token", r"\bpat-(?:na|eu)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,300}"),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    ("a Square token", r"\b(?:EAAA[A-Za-z0-9_-]{60}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,43})"),
    ("a Shopify token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("a Telegram bot token", r"(?:\b|(?<=bot))\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
    ("a Databricks token", r"\bdapi[0-9a-f]{32}\b"),
    ("a New Relic key", r"\bNRAK-[A-Z0-9]{27}\b"),
    ("a Linear key", r"\blin_api_[A-Za-z0-9]{40}\b"),
    ("a Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,72}"),
    ("a Firebase server key", r"\bAAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{120,180}"),
    ("an Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("a Vault token", r"\bhvs\.[A-Za-z0-9_-]{90,120}"),
)  # fmt: skip
_PROVIDER = re.compile("|".join(f"(?P<p{n}>{pattern})" for n, (_, pattern) in enumerate(_PROVIDERS)))
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_CONNECTION = re.compile(
    r"\b(?:postgres(?:ql)?|mysql2?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|jdbc:[a-z]+|https?|ftp|smtps?)"
    r"(?:\+[a-z0-9]+)?://(?P<user>[^\s:/@'\"`$<{}%]{0,80}):(?P<password>[^\s/@'\"`]{1,120})@(?P<host>[^\s'\"`/?]{1,200})"
)
_EXAMPLE = re.compile(r"EXAMPLE|SAMPLE|X{5,}|0{8,}|1234567890", re.IGNORECASE)
_AWS_EXAMPLE_SECRET = re.compile(r"wJalrXUtnFEMI")
_DOCUMENTED = re.compile(r"^AKIA.{0,12}EXAM")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")
_BODY_LINES = 8
_LOG_FIELD = re.compile(r"\b(?:userIdentity|sessionContext|AwsIamAccessKey|accessKeyDetails)[\\\"']*\s*[:=]")
_LOG_LINES = 12
"""How far below such a field of a log its parts are looked for."""
_COMMENT = re.compile(r"^\s*(?://|#|/?\*|--|;|<!--)")
_COMMENTED = re.compile(
    r"(?P<name>[\w.-]{2,60})[\"']?\s*(?::|=>?)\s*(?P<quote>[\"'`])(?P<value>[A-Za-z0-9_+/=.~-]{20,400})(?P=quote)"
)


def known(value: str) -> tuple[str, str] | None:
    """The rule and the words for a literal that is a secret by itself, whatever it is called."""
    if _PRIVATE.search(value):
        return ("credential.private-key", "a private key") if _has_body(value) else None
    match = _PROVIDER.search(value)
    if match:
        what = _PROVIDERS[int((match.lastgroup or "p0")[1:])][0]
        if _DOCUMENTED.match(match.group()) or _AWS_EXAMPLE_SECRET.search(value):
            return "credential.example-key", f"{what} from AWS's documentation"
        if _EXAMPLE.search(match.group()) and len(set(match.group())) < 14:
            return None
        return "credential.provider-key", what
    if _AWS_EXAMPLE_SECRET.search(value):
        return "credential.example-key", "an AWS secret key from AWS's documentation"
    match = _CONNECTION.search(value)
    if match and not _harmless_connection(match):
        return "credential.connection-string", _CONNECTS
    pairs = _PAIRS.search(value)
    password = pairs["password"].rstrip(",") if pairs else ""
    if is_secret_value(password, "password") and not any(c in password for c in "{}<>%$"):
        return "credential.connection-string", _CONNECTS
    return None


def _harmless_connection(match: re.Match[str]) -> bool:
    password, host = match.group("password"), match.group("host").lower()
    return (
        is_filling(password)
        or (is_placeholder(password) and bool(_ANYWHERE.match(host) or _ANYBODY.match(match.group("user"))))
        or "${" in match.group()
        or any(mark in password for mark in ("{", "%s", "<", "$", "%("))
        or bool(_CALLED.search(password))
        or host.startswith("example.")
    )


_ANYWHERE = re.compile(
    r"^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host|hostname|server|domain|address|ip|[\w-]*example[\w.-]*)(?::|$)"
)
_CALLED = re.compile(r"\w\(.*\)")
"""``get_password()``: put together by a program."""
_ANYBODY = re.compile(r"^(?:db|my|your|the)?[-_]?(?:user|username|name|login|usr)(?:[-_]\w+)?$", re.IGNORECASE)
_PAIRS = re.compile(
    r"""(?P<mark>["'`])(?:(?!(?P=mark))[^"`]){0,200}?\b(?:host|server|dbname|data source|user id|uid|user|port)\s*="""
    r"""(?:(?!(?P=mark))[^"`]){0,200}?\b(?:password|pwd)\s*=\s*'?(?P<password>[^'";\s]{4,})""",
    re.IGNORECASE,
)
"""``"host=db user=me password=..."`` and ``"Server=db;Pwd=..."``."""
_FORMS = (_PROVIDER, _AWS_EXAMPLE_SECRET, _CONNECTION, _PAIRS)


def scan_text(lines: list[str], recorded: Collection[range] = ()) -> list[Hit]:
    """Secrets that are secrets wherever they stand. Lines beyond ``LINE_CAP`` characters are cut there.

    ``recorded`` are lines that hold the record of an event: an AWS key's id there, without its secret, is a log's.
    """
    hits: list[Hit] = []
    for number, line in enumerate(lines, 1):
        if len(line) < 12:
            continue
        text = line[:LINE_CAP]
        private = _PRIVATE.search(text) if "PRIVATE KEY" in text else None
        if private and _has_body("\n".join(lines[number - 1 : number + _BODY_LINES])):
            hits.append(_stands("credential.private-key", "a private key", number, private))
            continue
        found = known(text)
        if found is None:
            hits.extend(_commented_out(text, number))
            continue
        match = next(filter(None, (form.search(text) for form in _FORMS)), None)
        if match is None:
            continue
        rule, what = found
        secrets = _aws_secrets(lines, number) if what == _AWS_KEY else []
        if _AWS_KEY in what and not secrets and _logged(lines, number, match.start(), recorded):
            continue
        stands = _stands(rule, what, number, match)
        if what == _CONNECTS and _ANYWHERE.match(match.groupdict().get("host") or ""):
            stands = replace(stands, level=Level.WARNING)  # A service on the same machine, for now.
        hits.append(replace(stands, level=Level.NOTE) if _of_a_web_page(what, lines, number) else stands)
        hits.extend(secrets)
    return hits


def _of_a_web_page(what: str, lines: list[str], number: int) -> bool:
    """A key of Google's in a Firebase configuration names the project to browsers: it is limited, not hidden."""
    near = lines[max(0, number - 6) : number + 6] if "Google API key" in what else []
    return any("authDomain" in line or "firebaseapp.com" in line for line in near)


def _has_body(text: str) -> bool:
    """Whether a private key's header is followed by the key, on its line or on the next ones (as parts of strings)."""
    after = _PRIVATE.split(text, maxsplit=1)[-1].split("-----END", 1)[0]
    first, _, rest = after[: 2 * LINE_CAP].partition("\n")
    runs = [run for run in _BASE64.findall(first) if len(run) >= 24] + [
        run for run in _BASE64.findall(rest) if len(run) >= 40
    ]
    return any(any(map(str.islower, run)) and any(map(str.isupper, run)) for run in runs)


def _logged(lines: list[str], number: int, column: int, recorded: Collection[range]) -> bool:
    """Whether an AWS key's id is what a log says of its caller."""
    if any(number in span for span in recorded):
        return True
    above = lines[max(0, number - _LOG_LINES) : number - 1]
    return any(_LOG_FIELD.search(text[:LINE_CAP]) for text in (*above, lines[number - 1][:column]))


def _commented_out(line: str, number: int) -> list[Hit]:
    """``// const secret = "..."`` and ``curl -H "Authorization: Bearer ..."``: what was taken out of use, or written
    down to be tried, still opens the door. Only what is drawn by lot is told, where the value begins.
    """
    match = _COMMENTED.search(line) if _COMMENT.match(line) else None
    if match is not None and not (is_secret_name(match["name"]) and is_secret_value(match["value"], match["name"])):
        return []
    where = "in a comment" if match is not None else "in a call that is written down"
    match = match or (_CALLED_WITH.search(line) if _A_CALL.match(line) else None)
    if match is None:
        return []
    value = match["value"]
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and entropy(value) > 3.2):
        return []
    return [Hit(rule="credential.assigned", line=number, column=match.start("value") + 1, end_line=number,
                detail=f"`{match['name']}` is given a literal secret {where}: {mask(value)}.")]  # fmt: skip


_A_CALL = re.compile(r"^\s*(?:(?://|#|\*)\s*)?(?:curl\b|-H\b|--header\b)")
_CALLED_WITH = re.compile(
    r"[\"'](?P<name>Authorization|X-Api-Key)\s*:\s*(?:(?:Basic|Bearer|Api-?Key|Token|Key)\s+)?(?P<value>[\w.:+/=-]{20,400})[\"']",
    re.IGNORECASE,
)
"""``curl -H "Authorization: Bearer ..."``, written down to be tried again."""


def _stands(rule: str, what: str, line: int, match: re.Match[str]) -> Hit:
    detail = f"{what[0].upper()}{what[1:]} stands in the source: {mask(match.group())}."
    return Hit(rule=rule, line=line, column=match.start() + 1, end_line=line, detail=detail)


def _aws_secrets(lines: list[str], number: int) -> list[Hit]:
    """The secret that belongs to an access key id: it has no form of its own, but stands beside it."""
    hits = []
    for near in range(max(1, number - _BESIDE), min(len(lines), number + _BESIDE) + 1):
        for match in _AWS_SECRET.finditer(lines[near - 1][:LINE_CAP]):
            value = match.group()
            mixed = any(c.islower() for c in value) and any(c.isupper() for c in value) and any(map(str.isdigit, value))
            if mixed and entropy(value) > 4.2 and not _AWS_EXAMPLE_SECRET.search(value):
                hits.append(_stands("credential.provider-key", "an AWS secret access key", near, match))
    return hits
