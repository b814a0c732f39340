"""What literals say: whether one is a secret, or only stands for it, names it or shows where it is. Pure."""

from __future__ import annotations

import math
import re

from daemon.agents.builtin.review.secret_names import is_secret_name, snake

_FILLING = re.compile(
    r"^(?:[\w.-]{0,12}x{4,}|[\u2022\u25cf\u00b7]{3,}|[\w.-]{0,12}\*{3,}|\.{3}|-+|_+|null|none|undefined|true|false|n/?a|tbd|todo|fixme|"
    r"your[-_ ]?.*|<.*>|\(.*\)|\[.*\][+*?]?|\^.*\$|\{.*\}|%.*%|\$.*|enter.*|insert.*|replace.*|"
    r"change[-_ ]?(?:me|this|it).*|put[-_ ].*|add[-_ ].*here|(?:no|your|my|put|add)\w*here|"
    r".*[-_ ]here|example.*|dummy.*|fake.*|.*example.*|"
    r"mock.*|sample.*|.*placeholder.*|redacted|hidden|"
    r"(?:wrong|incorrect|bad)[-_ ]\w*|"
    r"masked|to[-_ ]?be[-_ ].*|not[-_ ]?set|unset|inherit|required|optional|provided|(?:x{2,}[-_ ]?)+|"
    r"(?:tu|su|mi)[-_ ]?(?:contrase|clave|secreto).*|(?:sua|seu|minha)[-_ ]?(?:senha|chave).*|"
    r"(?:substitu|reempla[zc]|rempla[cz]|ersetz|sostitui)\w*[-_ ].*)$",
    re.IGNORECASE,
)
"""What says that it is to be filled in, in some languages."""
_WEAK = re.compile(
    r"^(?:empty|string|str|number|my[-_ ]?(?:secret|token|password|key|api).*|some[-_ ]?(?:secret|token|key|password)|"
    r"default|pass|bearer|basic|authorization|password|passwd|secret|token|"
    r"api[-_ ]?key|key|id|test|tests|testing|aws[-_ ]?managed|text|hash|range|local|localhost|"
    r"key[-_ ]?value|hours|minutes|seconds|days|write|read|admin|sensitive[-_ ]data|x-api-key|access[-_ ]?token|"
    r"id[-_ ]?token|refresh[-_ ]?token|jwt|credentials?|same-origin|include|omit|missing|present|absent|found|exists|"
    r"valid|invalid|expired|accepted|rejected|correct|incorrect|passed|failed|enabled|disabled|akid\w{0,12}|"
    r"-----begin [a-z ]*-----(?:\\?n)?|contrase\w+|senha)$",
    re.IGNORECASE,
)
"""Words that stand beside a secret's name for many reasons, and are seldom the secret."""
_REFERENCE = re.compile(
    r"\$\{|\{\{|<%|process\.env|os\.environ|secretsmanager|resolve:|^arn:|^/(?:[\w.-]+/)+[\w.-]*$|^(?:https?|s3|"
    r"ssm|file)://|"
    r"^(?:method|integration|stageVariables|context)\.(?:request|response)\.|"
    r"^~|^\.{1,2}/|^alias/|\.(?:json|pem|key|crt|cer|txt|ya?ml|p12|jks|pub|gz|zip|csv|parquet|log|pdf|html)$|^![A-Z]|^Ref\b|^Fn::|^var\.|^local\.|"
    r"^/[a-z:{}_.-]+(?:/[\w:{}.-]*)*$|^[a-z][a-z0-9-]*(?:/[a-z][a-z0-9_-]*)+$|"
    r"^data\.|^module\.|^aws_|^\$|^env:|^vault:|^AQ(?:ICA|ECA)[A-Za-z0-9+/=]{40}|^[a-z_]+(?::\w+)?(?:\|\w+(?::[\w,]+)?)+$"
)
_APP_PASSWORD = re.compile(r"^[a-z]{4}(?: [a-z]{4}){3}$")
"""As Google writes the password of one application."""
_WORD = re.compile(r"^[a-z]+(?:[-_ ][a-z]+)*$")
_WORDED = re.compile(r"^[A-Za-z]+(?:[-_.:/][A-Za-z]+)+$")
_STATE = re.compile(
    r"^(?:pass(?:word)?|token|secret|credentials?|key|auth)[-_.:](?:\w+[-_.:])?(?:expired|invalid|missing|required|reset|"
    r"changed|revoked|found|mismatch|incorrect|updated|created|error|failed|weak|short|ok)$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^/?[A-Za-z][A-Za-z'&/().,-]*(?: [A-Za-z'&/().,-]+)+[!?:]?$")
"""Words with blanks between them: what a form shows, or a sentence."""
_TOKEN_NAME = re.compile(r"^(?:[A-Z]+(?:_[A-Z]+)*|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*)$")
_NAMING = re.compile(r"^(?!super|very|top|ultra|the|really|strong)[a-z]+(?:[A-Z][a-z]+)+$")
_COLUMN = re.compile(r"^[a-z]{1,3}_[a-z]{2,10}$")
"""``s_title``: a column of a table."""
_STAND_IN = re.compile(r"(?:^|_)(?:dummy|tests?|demo|fake|stub|local|example|minioadmin)\d*(?:_|$)")
_DRAWN = re.compile(r"^[A-Za-z0-9_+/=.~:%-]{16,}$")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_WORDS_AND_NUMBER = re.compile(r"^[A-Z]?[a-z]+(?:[A-Z][a-z]+)*\d+$|^[A-Z]+\d+$")
_IN_ORDER = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890")
_RUN = 6
"""Letters or digits in their order that make a literal no more than a filling."""
_CAPITALS = re.compile(r"^(?:[A-Z]+[_ ]?)*?(?:PASSWORD|PASS|SECRET|TOKEN|KEY)S?(?:[_ ][A-Z]+)*_?$")
"""``DB_PASSWORD`` as a value: the name of what belongs there."""


def is_placeholder(value: str) -> bool:
    """Whether a literal stands for a secret rather than being one: empty, a hint, a reference, a path, an ARN."""
    bare = value.strip().strip("'\"")
    return is_filling(bare) or bool(_WEAK.match(bare))


def is_reference(value: str) -> bool:
    """Whether a literal only says where the value is kept."""
    return bool(_REFERENCE.search(value))


def is_secret_value(value: str, name: str = "") -> bool:
    """Whether a literal beside a secret name is one. Lenient on length (short ones are real), strict on words."""
    bare = value.strip()
    if len(bare) < 4 or len(bare) > 4096 or is_placeholder(bare):
        return False
    if _APP_PASSWORD.match(bare):
        return True
    if snake(bare) == snake(name) or (name and snake(bare).replace("_", "") == snake(name).replace("_", "")):
        return False
    named = snake(bare).split("_")
    if len(named) > 1 and _WORDED.match(bare) and set(named) <= set(snake(name).split("_")):
        return False  # ``db_password_name = "db-password"``
    if _PLACE.search(snake(name)) and _WORDED.match(bare):
        return False  # ``session_key = "upload_filename"``
    if bare.count(" ") > 2 or _LABEL.match(bare) or _in_order(bare, name):
        return False
    if snake(name).endswith("token") and (_WORD.match(bare) or _TOKEN_NAME.match(bare)):
        return False  # A token is drawn by lot; a password may be a word.
    if _NAMING.match(bare) and is_secret_name(bare):
        return False
    if _COLUMN.match(bare) and "pass" not in name.lower():
        return False
    return not (_STATE.match(bare) or (_looks_like_identifier(bare) and entropy(bare) < 3.2))


_PLACE = re.compile(r"(?:^|_)(?:session|cache|storage|cookie|store|state)_key$")
"""Names of keys by which something is found again."""


def is_filling(value: str) -> bool:
    """Whether a literal says that it is to be filled in, or where the value is kept. Weak words are none of that:
    where something is deployed or logged in to, ``admin`` is the password.
    """
    bare = value.strip()
    return not bare or bool(_FILLING.match(bare) or _CAPITALS.match(bare) or _REFERENCE.search(bare))


def is_drawn(value: str) -> bool:
    """Whether a literal looks drawn by lot: a long run of letters and digits that no words make up."""
    if not _DRAWN.match(value) or _in_order(value, ""):
        return False
    runs = re.split(r"[^A-Za-z0-9]+", _UUID.sub(" ", value))
    return any(_is_mixed(run) for run in runs) and entropy(value) > 3


def _is_mixed(run: str) -> bool:
    digits = sum(map(str.isdigit, run))
    return len(run) >= _RUN * 2 and digits >= 2 and len(run) - digits >= 2 and not _WORDS_AND_NUMBER.match(run)


def is_stand_in(value: str) -> bool:
    """Whether a literal says itself that it is for a trial: ``test``, ``demo`` and the like as a word in it."""
    return bool(_STAND_IN.search(re.sub(r"[^a-z0-9]+", "_", snake(value))))


def _in_order(value: str, name: str) -> bool:
    """``abcdef012345``. Digits in order are a filling for a key, but many people's password."""
    letters, *digits = _IN_ORDER
    head = value[:_RUN].lower()
    if len(head) == _RUN and letters.startswith(head):
        return True
    return "pass" not in name.lower() and "pwd" not in name.lower() and any(run.startswith(head) for run in digits)


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
