"""Rows that are written through a model of the project's own, or through a session that keeps them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sources
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.names import MODEL
from daemon.agents.builtin.review.sources import GIVEN, Facts

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame


@dataclass(frozen=True, slots=True)
class Row:
    """What a call writes, in which words it is told, and whether the call is only one by its form."""

    facts: Facts
    how: str
    weak: bool = False


def written(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> Row | None:
    """The row that one call writes, ``None`` when it writes none."""
    whole = [*call.args, *(value for key, value in call.kwargs if key == "**")]
    brought: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in whole))
    if MODEL.search(name) and isinstance(call.func, ir.Name) and call.func.id[:1].isupper():
        return Row(frozenset(o for o in brought if not o.part), f"`{tail}`")
    if tail in _OF_MODELS and (_is_model(call) or _was_found(call, frame)):
        given: Facts = frozenset().union(*(flow.facts(arg, frame) for arg in call.args[:2]))
        return Row(frozenset(o for o in given if o.kind in GIVEN), f"`{tail}`", weak=True)
    if tail in {"values", "set"} and _CORE_WRITES.search(name):
        named = (flow.facts(value, frame) for _, value in call.kwargs)
        return Row(brought.union(*named), "a row that is written")
    if _MASS_WRITES.match(tail) and isinstance(call.func, ir.Member) and not _HASH.search(name):
        return Row(frozenset(o for o in brought if o.kind == sources.BODY and not o.part), f"`{tail}`", weak=True)
    if tail == "commit" and SESSION.search(name.rsplit(".", maxsplit=1)[0]):
        changed = (o for key, fact in frame.facts.items() if "." in key for o in fact if o.kind in GIVEN)
        return Row(frozenset(changed), "a row that is committed")
    return None


SESSION = re.compile(r"(?:^|\.)(?:db_?)?[sS]ession(?:\(\))?$")
"""A unit of work of SQLAlchemy's."""
_MASS_WRITES = re.compile(
    r"^(?:create|update|insert|save|upsert|store|register|patch|replace|fill|assign|set)(?:One|Many|_one|_many)?$"
)
"""What a whole body is handed to so that all of it is kept, whoever's method it is."""
_HASH = re.compile(r"create(?:Hmac|Hash|Sign|Verify|Cipher\w*)\(\)|hashlib|hmac", re.IGNORECASE)
"""What ``update`` feeds a body to without keeping it."""
_CORE_WRITES = re.compile(r"(?:insert|update)\(\)(?:\.\w+\(\))*\.values$|\.update\(\)\.set$")
"""SQLAlchemy's core, ``table.insert().values(name=...)``; Drizzle's ``db.update(table).set({...})``."""
_OF_MODELS = words(
    "create put update upsert insert bulkCreate insertMany findByIdAndUpdate findOneAndUpdate updateOne build"
)
"""What writes a row, where a class by its name stands before it."""
_NO_MODELS = words(
    "Object Array Map Set WeakMap Math JSON Promise Reflect Buffer Date Symbol String Number Error Proxy"
)


def _is_model(call: ir.Call) -> bool:
    """``Band.update(body.band)``, ``models.Band.create(...)``: a class by its name, and none of the language's own."""
    base = call.func.base if isinstance(call.func, ir.Member) else None
    named = guards.tail_of(base) if base is not None else ""
    return bool(re.match(r"^[A-Z][a-z]\w+$", named)) and named not in _NO_MODELS


_FINDS = re.compile(r"^(?:find|get)(?:One|ById|ByPk|First|Unique|OrFail|_one|_by_id|_or_404|\b)")


def _was_found(call: ir.Call, frame: Frame) -> bool:
    """``const post = await Post.findOne(...)`` and then ``post.update(data)``: the row that a model gave."""
    return isinstance(call.func, ir.Member) and is_found(call.func.base, frame)


def is_found(row: ir.Expr, frame: Frame) -> bool:
    """Whether a variable holds what a model gave."""
    made = frame.value(row.id) if isinstance(row, ir.Name) else None
    return isinstance(made, ir.Call) and _is_model(made) and bool(_FINDS.match(guards.tail_of(made.func)))
