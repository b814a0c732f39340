"""When a literal beside a telling name is told. Pure: whoever knows the syntax (a parser) asks here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit, words
from daemon.agents.builtin.review.provider_keys import known
from daemon.agents.builtin.review.secret_names import is_secret_name, may_name_a_secret, signs, snake
from daemon.agents.builtin.review.secret_values import (
    is_drawn,
    is_filling,
    is_placeholder,
    is_reference,
    is_secret_value,
    is_stand_in,
    mask,
)
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_LOCAL = re.compile(
    r"//(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|(?:dynamodb|local|mini)[\w-]*)(?::\d+|/|$)"
)


def for_a_local_stand_in(texts: Iterable[str], value: str) -> bool:
    """Whether one of the texts beside a short value is the address of a service on the same machine: it asks for some
    key and looks at none.
    """
    return len(value) < 16 and any(_LOCAL.search(text[:200]) for text in texts)


_SIGNS = re.compile(r"jwt|session|cookie|signing|hmac|(?:^|_)secret(?:_key)?$|app_secret")


def _for_everybody(bare: str, value: str) -> bool:
    """Keys of interfaces that anybody may try: ``API_KEY || "demo"``."""
    return value.lower() in {"demo", "demo_key"} and bare.endswith("api_key")


def fallback(*, name: str, value: str, line: int, column: int) -> Hit | None:
    """The hit for a key that is used when none is configured: whatever the word is, everyone can read it here."""
    bare = snake(name)
    if (
        not value.strip()
        or re.match(r"^[\[<(].*[\])>]$", value.strip())
        or not _SIGNS.search(bare)
        or not is_secret_name(name)
        or is_reference(value)
        or value.strip().lower() in {"redacted", "hidden", "masked"}
        or _for_everybody(bare, value)
    ):
        return None
    if bare.startswith("aws_"):  # Asked of a session with AWS: it signs nothing of this program's own.
        return None
    return Hit(rule="credential.assigned", line=line, column=column, end_line=line,
               detail=f"`{name}` falls back to a key that everyone can read here: {mask(value)}.")  # fmt: skip


_VERDICTS = {"fail", "failed", "failure"}


def is_verdict(name: str, beside: Collection[str]) -> bool:
    """Whether ``pass`` stands beside ``fail``: then it is an outcome and no password."""
    return name.lower() in {"pass", "passed"} and any(other.lower() in _VERDICTS for other in beside)


def assigned(*, name: str, value: str, line: int, column: int, default: bool = False) -> Hit | None:
    """The hit for ``name = "value"``, or ``None`` when it is no secret or already one by itself.

    A literal that calls itself a test's or a demo's is a note, unless it is the ``default`` of what may be configured.
    """
    if known(value) or _for_everybody(snake(name), value):
        return None
    if is_secret_name(name):
        if not is_secret_value(value, name):
            return None
    elif not may_name_a_secret(name) or not is_drawn(value) or is_placeholder(value):
        return None
    level = Level.NOTE if is_stand_in(value) and not default else None
    return _told(name, value, line, column, level)


def opens(*, name: str, value: str, line: int, column: int, somewhere: bool = False) -> Hit | None:
    """The hit for what is logged in to, or deployed, with this very value: there a weak word is a password too.

    ``somewhere`` says that what it opens has an address out in the world, so that it is no trial.
    """
    if known(value) or not is_secret_name(name) or len(value.strip()) < _SHORTEST:
        return None
    strong = bool(_KEEPS_RULES.match(value))
    if is_filling(value) and not strong:
        return None
    trial = is_stand_in(value) and not strong and not somewhere
    return _told(name, value, line, column, Level.NOTE if trial else None)


def is_somewhere(texts: Mapping[str, str]) -> bool:
    """Whether one of the options is the address of a machine out in the world: ``db-1.database.windows.net``."""
    hosts = [text for name, text in texts.items() if snake(name) in _HOST]
    return any(_ADDRESS.search(host) and not is_filling(host) for host in hosts)


_ADDRESS = re.compile(r"^(?:https?://)?[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|cloud|app|dev)(?:[:/]|$)")


_KEEPS_RULES = re.compile(
    r"^(?!(?i:your|change|replace|enter|insert|put|add|set|my))(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w!#%&*+.,:;=?@^~-]{10,}"
    r"(?<=[\d!#%&*?@^.])$"
)
"""``ExamplePassword123!``: a word for a password that all the same keeps the rules for one, and so was used."""
_SHORTEST = 3
"""Characters of the shortest password that is told."""


def signing(*, name: str, value: str, line: int, column: int) -> Hit | None:
    """The hit for a program's own signing key: whatever the word is, everyone can read it here."""
    if not signs(name) or is_filling(value) or known(value) or _FOR_A_TRIAL.match(value):
        return None
    same = " " not in value and snake(value).replace("_", "") == snake(name).replace("_", "")
    same = same or ("_" in value and snake(name).endswith(f"_{snake(value)}"))
    return None if same else _told(name, value, line, column, None)


_FOR_A_TRIAL = re.compile(r"^(?:tests?|testing|local|localhost|string|str)$", re.IGNORECASE)


def evident(*, name: str, value: str, line: int, column: int) -> Hit | None:
    """The hit for a literal that is a secret whatever it is given to: ``supersecret99``."""
    return _told(name, value, line, column, None) if _EVIDENT.match(value) else None


_EVIDENT = re.compile(r"^(?:super|top|very)[-_ ]?secret\w*$|^p[a@]ssw[o0]rd\d{2,}!*$", re.IGNORECASE)


def in_json(text: str, *, line: int, column: int, default: bool = False) -> Hit | None:
    """The first secret in JSON that is kept as a text, however deep its name stands in it."""
    try:
        pending: list[object] = [json.loads(text)] if len(text) < _JSON_CAP else []
    except (ValueError, RecursionError):
        return None
    for _ in range(_JSON_CAP):
        if not pending:
            return None
        node = pending.pop(0)
        entries = list(node.items()) if isinstance(node, dict) else []
        for name, value in entries:
            hit = isinstance(value, str) and assigned(name=name, value=value, line=line, column=column, default=default)
            if hit:
                return hit
        pending.extend(node if isinstance(node, list) else [value for _, value in entries])
    return None


_JSON_CAP = 20_000
"""Characters of JSON that are looked through."""


def _told(name: str, value: str, line: int, column: int, level: Level | None) -> Hit:
    return Hit(rule="credential.assigned", line=line, column=column, end_line=line, level=level,
               detail=f"`{name}` is given a literal secret: {mask(value)}.")  # fmt: skip


_HOST = words("host hostname server endpoint address hostaddress db_host mysql_host")
_USER = words("user username userid uid db_user login mysql_user master_username")


_ANYONE = re.compile(
    r"^(?:$|(?:db|my|your|the|some|sql|rds|mysql|postgres|database)?[-_ ]?"
    r"(?:user[-_ ]?name|user|name|login|uid|e?mail)s?\d?$|"
    r"tests?|testing|test[-_]?user\d?|string|foo|bar|john|jane|bob|alice|someone|anybody)",
    re.IGNORECASE,
)
"""Users that only show where a name is to be put, or that are made up for a trial."""
_CAPITALS = re.compile(r"^[A-Z]{2,}(?:[ _-][A-Z]+)+$|^FQD?N$|^HOST$")
"""What is written in capitals where a host or a user belongs: ``HOST URL``."""


def logs_in(names: Iterable[str], texts: Mapping[str, str]) -> bool:
    """Whether options of these names say as whom to log in.

    ``texts`` are the literal ones among their values.
    """
    bare = {snake(name) for name in names}
    hosts = [text for name, text in texts.items() if snake(name) in _HOST]
    users = [text for name, text in texts.items() if snake(name) in _USER]
    if any(_CAPITALS.match(text) or is_filling(text) for text in hosts):
        return False
    if any(_ANYONE.match(text) or _CAPITALS.match(text) or is_filling(text) for text in users):
        return False
    return bool(users) or bool(bare & _HOST and bare & _USER)
