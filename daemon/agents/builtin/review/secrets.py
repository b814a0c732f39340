"""When a literal beside a telling name is told. Pure: whoever knows the syntax (a parser) asks here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import Hit
from daemon.agents.builtin.review.provider_keys import known
from daemon.agents.builtin.review.secret_names import is_secret_name, snake
from daemon.agents.builtin.review.secret_values import is_reference, is_secret_value, is_stand_in, mask
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
    bare = snake(name)
    if not value.strip() or not _SIGNS.search(bare) or not is_secret_name(name) or is_reference(value):
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
    if known(value) or not is_secret_name(name) or not is_secret_value(value, name):
        return None
    level = Level.NOTE if is_stand_in(value) and not default else None
    return Hit(rule="credential.assigned", line=line, column=column, end_line=line, level=level,
               detail=f"`{name}` is given a literal secret: {mask(value)}.")  # fmt: skip
