"""What a secret looks like: keys of known providers, and when a literal beside a telling name counts as one. Pure.

Works on any text by line; whoever knows the syntax (a parser) asks ``is_secret_name`` and ``is_secret_value`` itself.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hooks.finding import Level

LINE_CAP = 2000

_AWS_KEY = "an AWS access key id"
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])")
_BESIDE = 2
"""Lines between an AWS access key id and the secret that goes with it."""

_PROVIDERS = (
    (_AWS_KEY, r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z2-7]{2}[A-Z0-9]{14}\b"),
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
    ("a Telegram bot token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
    ("a Databricks token", r"\bdapi[0-9a-f]{32}\b"),
    ("a New Relic key", r"\bNRAK-[A-Z0-9]{27}\b"),
    ("a Linear key", r"\blin_api_[A-Za-z0-9]{40}\b"),
    ("a Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,72}"),
    ("an Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("a Vault token", r"\bhvs\.[A-Za-z0-9_-]{90,120}"),
)  # fmt: skip
_PROVIDER = re.compile("|".join(f"(?P<p{n}>{pattern})" for n, (_, pattern) in enumerate(_PROVIDERS)))
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_CONNECTION = re.compile(
    r"\b(?:postgres(?:ql)?|mysql2?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|jdbc:[a-z]+|https?|ftp|smtps?)"
    r"(?:\+[a-z0-9]+)?://[^\s:/@'\"`$<{}%]{0,80}:(?P<password>[^\s/@'\"`]{1,120})@(?P<host>[^\s'\"`/?]{1,200})"
)
_EXAMPLE = re.compile(r"EXAMPLE|SAMPLE|X{5,}|0{8,}|1234567890", re.IGNORECASE)
_AWS_EXAMPLE_SECRET = re.compile(r"wJalrXUtnFEMI")
_DOCUMENTED = re.compile(r"^AKIA.{0,12}EXAM")

_NAME_PARTS = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret(?:s)?|token|credential(?:s)?|"
    r"api_?keys?|apikeys?|access_?keys?|auth_?keys?|private_?keys?|signing_?(?:key|secret)|encryption_?keys?|"
    r"secret_?(?:access_?)?keys?|hard_?coded_?keys?|client_?secret|jwt_?(?:secret|key)|session_?(?:secret|key)|"
    r"master_?key|hmac_?key|webhook_?secret|license_?key|service_?key|app_?key|consumer_?(?:key|secret)|account_?key)"
)
_NAME = re.compile(rf"(?:^|_){_NAME_PARTS}(?:_?(?:\d+|id|value|str|string|prod|production|dev|live|test|default))*$")
_NOT_NAME = re.compile(
    r"(?:name|arn|path|url|uri|endpoint|header|field|param|parameter|ttl|expiry|expires|expiration|length|len|size|"
    r"type|prefix|suffix|regex|pattern|label|placeholder|error|message|policy|count|limit|version|algorithm|"
    r"allow_credentials|with_credentials|public|reset|csrf|next|continuation|pagination|page|file|key_name|"
    r"column|attribute|alias|rotation|format|"
    r"manager|store|provider|validator|class|hint|status|enabled|required|_at|_in|_on|_ref)s?(?:_?\d+)?$|"
    r"^(?:max|min|next|no|use|has|is|num|fake|mock|dummy|example|sample|expected|invalid)_|"
    r"kms|^client_token$|token_?id$|secret_?id$|credentials?_?id$|_?tokens$|"
    r"(?:starting|next|continuation|task|last|cancellation|idempotency|client_request)_?token$"
)
_PLACEHOLDER = re.compile(
    r"^(?:x{3,}|\*{3,}|\.{3}|-+|_+|null|none|undefined|true|false|n/?a|tbd|todo|fixme|empty|string|str|number|"
    r"your[-_ ]?.*|my[-_ ]?(?:secret|token|password|key|api).*|<.*>|\[.*\][+*?]?|\^.*\$|\{.*\}|%.*%|\$.*|"
    r"enter.*|insert.*|"
    r"replace.*|change[-_ ]?(?:me|this|it).*|put[-_ ].*|add[-_ ].*here|.*[-_ ]here|example.*|dummy.*|fake.*|"
    r".*example.*|mock.*|sample.*|placeholder.*|redacted|hidden|masked|.*placeholder.*|"
    r"some[-_ ]?(?:secret|token|key|password)|"
    r"to[-_ ]?be[-_ ].*|not[-_ ]?set|unset|default|bearer|basic|authorization|password|passwd|secret|token|"
    r"api[-_ ]?key|key|id|test|tests|testing|required|optional|aws[-_ ]?managed|text|hash|range|local|localhost|"
    r"(?:x{2,}[-_ ]?)+|key[-_ ]?value|hours|minutes|seconds|days|write|read|inherit|admin|sensitive[-_ ]data|"
    r"x-api-key|access[-_ ]?token|id[-_ ]?token|"
    r"refresh[-_ ]?token|jwt|hidden|credentials?)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\$\{|\{\{|<%|process\.env|os\.environ|secretsmanager|resolve:|^arn:|^/(?:[\w.-]+/)+[\w.-]*$|^(?:https?|s3|"
    r"ssm|file)://|"
    r"^~|^\.{1,2}/|^alias/|\.(?:json|pem|key|crt|cer|txt|ya?ml|p12|jks|pub)$|^!|^Ref\b|^Fn::|^var\.|^local\.|"
    r"^/[a-z:{}_.-]+(?:/[\w:{}.-]*)*$|^[a-z][a-z0-9-]*(?:/[a-z][a-z0-9_-]*)+$|"
    r"^data\.|^module\.|^aws_|^\$|^env:|^vault:"
)
_WORD = re.compile(r"^[a-z]+(?:[-_ ][a-z]+)*$")
_WORDED = re.compile(r"^[A-Za-z]+(?:[-_.:/][A-Za-z]+)+$")
_STATE = re.compile(
    r"^(?:pass(?:word)?|token|secret|credentials?|key|auth)[-_.:](?:\w+[-_.:])?(?:expired|invalid|missing|required|reset|"
    r"changed|revoked|found|mismatch|incorrect|updated|created|error|failed|weak|short|ok)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS = re.compile(r"^[A-Z]?[a-z]+(?:[-_. ][A-Za-z]?[a-z]+){1,}[.!?:]?$")


_CAPITALS = re.compile(r"^[A-Z_]*(?:PASSWORD|PASS|SECRET|TOKEN|KEY)[A-Z_]*$")
"""``DB_PASSWORD`` as a value: the name of what belongs there."""
_COMMENT = re.compile(r"^\s*(?://|#|/?\*|--|;|<!--)")
_COMMENTED = re.compile(
    r"(?P<name>[\w.-]{2,60})[\"']?\s*(?::|=>?)\s*(?P<quote>[\"'`])(?P<value>[A-Za-z0-9_+/=.~-]{20,400})(?P=quote)"
)


def snake(name: str) -> str:
    """A name's words joined by underscores, in lower case."""
    return _CAMEL.sub("_", name[:200]).replace("-", "_").replace(".", "_").replace(" ", "_").strip("_").lower()


def is_secret_name(name: str) -> bool:
    """Whether a variable or key of this name holds a secret (and not the name, length or place of one)."""
    bare = snake(name)
    return bool(_NAME.search(bare)) and not _NOT_NAME.search(bare)


def is_placeholder(value: str) -> bool:
    """Whether a literal stands for a secret rather than being one: empty, a hint, a reference, a path, an ARN."""
    bare = value.strip().strip("'\"")
    return not bare or bool(_PLACEHOLDER.match(bare) or _CAPITALS.match(bare) or _REFERENCE.search(bare))


def is_reference(value: str) -> bool:
    """Whether a literal only says where the value is kept."""
    return bool(_REFERENCE.search(value))


def is_secret_value(value: str, name: str = "") -> bool:
    """Whether a literal beside a secret name is one. Lenient on length (short ones are real), strict on words."""
    bare = value.strip()
    if len(bare) < 4 or len(bare) > 4096 or is_placeholder(bare):
        return False
    if snake(bare) == snake(name) or (name and snake(bare).replace("_", "") == snake(name).replace("_", "")):
        return False
    if bare.count(" ") > 2 or (_WORDS.match(bare) and " " in bare):
        return False
    if snake(name).endswith("token") and _WORD.match(bare):
        return False  # A token is drawn by lot; a password may be a word.
    return not (_STATE.match(bare) or (_looks_like_identifier(bare) and entropy(bare) < 3.2))


def _looks_like_identifier(value: str) -> bool:
    """A name of something (a header, an event, a parameter): only words, and one of them about secrets."""
    return bool(_WORDED.match(value)) and is_secret_name(value)


def entropy(value: str) -> float:
    """Shannon's bits a character."""
    counts: dict[str, int] = {}
    for letter in value:
        counts[letter] = counts.get(letter, 0) + 1
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def mask(value: str) -> str:
    """Evidence that identifies a secret to its owner and gives nothing away."""
    bare = value.strip()
    return f"{bare[:4]}{'*' * 6}" if len(bare) >= 12 else "*" * 6


def known(value: str) -> tuple[str, str] | None:
    """The rule and the words for a literal that is a secret by itself, whatever it is called."""
    if _PRIVATE.search(value):
        body = re.sub(r"[^A-Za-z0-9+/=]", "", value.split("KEY-----", 1)[-1].split("-----END", 1)[0].replace("\\n", ""))
        return ("credential.private-key", "a private key") if len(body) >= 24 or "-----END" not in value else None
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
        return "credential.connection-string", "a connection string with its password"
    return None


def _harmless_connection(match: re.Match[str]) -> bool:
    password, host = match.group("password"), match.group("host").lower()
    return (
        is_placeholder(password)
        or "${" in match.group()
        or any(mark in password for mark in ("{", "%s", "<", "$", "%(", "("))
        or (host.startswith(("localhost", "127.0.0.1", "host.docker", "example.")) and len(password) < 12)
    )


def scan_text(lines: list[str]) -> list[Hit]:
    """Secrets that are secrets wherever they stand. Lines beyond ``LINE_CAP`` characters are cut there."""
    hits: list[Hit] = []
    for number, line in enumerate(lines, 1):
        if len(line) < 12:
            continue
        text = line[:LINE_CAP]
        found = known(text)
        if found is None:
            hits.extend(_commented_out(text, number))
            continue
        match = (
            _PRIVATE.search(text)
            or _PROVIDER.search(text)
            or _AWS_EXAMPLE_SECRET.search(text)
            or _CONNECTION.search(text)
        )
        if match is None:
            continue
        rule, what = found
        hits.append(_stands(rule, what, number, match))
        if rule == "credential.provider-key" and what == _AWS_KEY:
            hits.extend(_aws_secrets(lines, number))
    return hits


def _commented_out(line: str, number: int) -> list[Hit]:
    """``// const secret = "..."``: what was taken out of use still opens the door. Only what is drawn by lot."""
    match = _COMMENTED.search(line) if _COMMENT.match(line) else None
    if match is None or not is_secret_name(match["name"]) or not is_secret_value(match["value"], match["name"]):
        return []
    value = match["value"]
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and entropy(value) > 3.2):
        return []
    return [Hit(rule="credential.assigned", line=number, column=match.start("quote") + 1, end_line=number,
                detail=f"`{match['name']}` is given a literal secret in a comment: {mask(value)}.")]  # fmt: skip


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


_LOCAL = re.compile(
    r"//(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|(?:dynamodb|local|mini)[\w-]*)(?::\d+|/|$)"
)


def for_a_local_stand_in(texts: Iterable[str], value: str) -> bool:
    """Whether one of the texts beside a short value is the address of a service on the same machine: it asks for some
    key and looks at none.
    """
    return len(value) < 16 and any(_LOCAL.search(text[:200]) for text in texts)


_SIGNS = re.compile(r"jwt|session|cookie|signing|hmac|(?:^|_)secret(?:_key)?$|app_secret")


def fallback(*, name: str, value: str, line: int, column: int) -> Hit | None:
    """The hit for a key that is used when none is configured: whatever the word is, everyone can read it here."""
    if not value.strip() or not _SIGNS.search(snake(name)) or not is_secret_name(name) or is_reference(value):
        return None
    return Hit(rule="credential.assigned", line=line, column=column, end_line=line,
               detail=f"`{name}` falls back to a key that everyone can read here: {mask(value)}.")  # fmt: skip


def assigned(*, name: str, value: str, line: int, column: int, level: Level | None = None) -> Hit | None:
    """The hit for ``name = "value"``, or ``None`` when it is no secret or already one by itself."""
    if known(value) or not is_secret_name(name) or not is_secret_value(value, name):
        return None
    return Hit(rule="credential.assigned", line=line, column=column, end_line=line, level=level,
               detail=f"`{name}` is given a literal secret: {mask(value)}.")  # fmt: skip
