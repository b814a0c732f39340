"""Which functions stand behind a check: handed to what validates, or written beside a schema of what comes in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir

if TYPE_CHECKING:
    from collections.abc import Iterator


def behind_a_check(module: ir.Module) -> frozenset[int]:
    """The functions (by identity) handed to a call that is named after validation, ``withValidation(schema, main)``, or
    written beside a schema of what comes in.
    """
    named = {
        s.target.id: s.value for s in module.top.body if isinstance(s, ir.Assign) and isinstance(s.target, ir.Name)
    }
    found: set[int] = set()
    for statement in [s for function in (module.top, *module.functions) for s in function.body]:
        value = getattr(statement, "value", None)
        for part in _calls_and_records(value) if value is not None else ():
            if _validates(part):
                given = part.args if isinstance(part, ir.Call) else [part]
                found.update(id(function) for arg in given for function in _functions(arg, named))
    return frozenset(found)


def _validates(expr: ir.Call | ir.Record) -> bool:
    if isinstance(expr, ir.Record):
        return _asks_for_a_schema(expr)  # ``{ validate: { payload: Order }, handler: ... }`` of a route.
    return bool(_VALIDATING.search(guards.tail_of(expr.func))) or any(_asks_for_a_schema(arg) for arg in expr.args)


_VALIDATING = re.compile(r"(?<!in)valid|with_?schema", re.IGNORECASE)


def _asks_for_a_schema(expr: ir.Expr) -> bool:
    """``validate(schema)`` beside a route's function, or a framework's ``{ schema: { body } }``."""
    if isinstance(expr, ir.Listing):
        return any(_asks_for_a_schema(item) for item in expr.items)
    if isinstance(expr, ir.Record):
        return any(
            isinstance(key, ir.Const)
            and key.value in {"schema", "validate", "validator"}
            and _says_what_comes_in(value)
            for key, value in expr.entries
        )
    called = expr.func if isinstance(expr, ir.Call) else expr
    return bool(_VALIDATING.search(guards.tail_of(called)) or guards.tail_of(called) in {"celebrate", "checkSchema"})


def _says_what_comes_in(schema: ir.Expr) -> bool:
    """Whether a schema is one of requests, and not of answers alone: ``{ response: { 200: User } }``."""
    keys = (
        {key.value for key, _ in schema.entries if isinstance(key, ir.Const)}
        if isinstance(schema, ir.Record)
        else set()
    )
    return not keys or keys - _OTHER_THAN_BODIES != set()


_OTHER_THAN_BODIES = {
    "response", "tags", "summary", "description", "security", "operationId", "params", "failAction", "options",
}  # fmt: skip
"""Parts of a route's schema that say nothing of what is sent."""


_MOST = 20_000


def _calls_and_records(expr: ir.Expr) -> Iterator[ir.Call | ir.Record]:
    stack = [expr]
    for _ in range(_MOST):
        if not stack:
            return
        current = stack.pop()
        if isinstance(current, ir.Call | ir.Record):
            yield current
        stack.extend(ir.parts_of(current))


def _functions(expr: ir.Expr, named: dict[str, ir.Expr], left: int = 3) -> Iterator[ir.Function]:
    """The functions an argument is or wraps, through variables of the module."""
    if isinstance(expr, ir.Lambda):
        yield expr.function
    elif isinstance(expr, ir.Name) and left and expr.id in named:
        yield from _functions(named[expr.id], named, left - 1)
    elif isinstance(expr, ir.Call) and left:
        for arg in expr.args:
            yield from _functions(arg, named, left - 1)
    elif isinstance(expr, ir.Record):
        for key, value in expr.entries:
            if isinstance(key, ir.Const) and key.value == "handler":
                yield from _functions(value, named, left)
