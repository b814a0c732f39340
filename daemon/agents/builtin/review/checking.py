"""Remembers what the tests of a handler's branches say about its input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sinks, sources
from daemon.agents.builtin.review.frames import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.agents.builtin.review.evaluate import Evaluation as Flow
    from daemon.agents.builtin.review.frames import Frame


def guard(flow: Flow, test: ir.Expr, frame: Frame, *, exits: bool) -> None:
    """Remember what a branch's test says about the values in it."""
    stack = [test]
    named: set[str] = set()
    equal: dict[str, list[ir.Expr]] = {}
    while stack:
        expr = stack.pop()
        if isinstance(expr, ir.Name) and expr.id not in named:
            # ``const ok = typeof body.x === "string"; if (!ok) ...``
            named.add(expr.id)
            made = frame.value(expr.id)
            if isinstance(made, ir.Verdict) or (isinstance(made, ir.Call) and guards.tail_of(made.func) in _QUESTIONS):
                stack.append(made)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in _SIGNED:
            flow.entry.checked.update((sources.BODY, sources.HEADER))
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in {"every", "some", "filter", "find"}:
            stack.extend(answer for arg in expr.args if isinstance(arg, ir.Lambda) for answer in _answers(arg.function))
        compared = guards.compared(expr)
        if compared is not None and (key := key_of(compared)):
            equal.setdefault(key, []).append(compared)
        asked = guards.tested(expr)
        if asked is not None:
            remember(flow, asked[0], asked[1], frame, exits=exits)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in guards.MEMBERSHIP:
            stack.extend(expr.args)
        elif not isinstance(expr, ir.Lambda | ir.Member):
            stack.extend(ir.parts_of(expr))

    for subjects in equal.values():
        if len(subjects) > 1:
            # ``kind === "a" || kind === "b"``: one of what is written there, like a list of allowed values.
            remember(flow, "form", subjects[:1], frame, exits=exits)


def _answers(function: ir.Function) -> list[ir.Expr]:
    return [statement.value for statement in function.body if isinstance(statement, ir.Return)]


def remember(flow: Flow, kind: str, subjects: list[ir.Expr], frame: Frame, *, exits: bool) -> None:
    """Enter one test: a check of a part covers its whole; a form test makes the value itself harmless."""
    if kind == "member":
        # ``x in allowed`` asks about x; ``name in body`` whether the body has it, whichever name is meant.
        known = bool(flow.facts(subjects[0], frame))
        kind, subjects = ("form", subjects[:1]) if known else ("fields", subjects[1:])
    validating = any(guards.checks_by_name(function.name) for function in flow.stack[-2:])
    for subject in subjects:
        facts = flow.facts(subject, frame)
        for origin in facts:
            inside = origin.steps > 0 or origin.kind in {sources.FIELD, sources.QUERY, sources.PATH}
            if kind in {"presence", "fields"} and not validating:
                if exits and (inside or kind == "fields"):
                    flow.entry.present.add((origin.root, origin.part or "*"))
            elif inside or validating or kind in {"form", "range"}:
                flow.entry.checked.add(origin.root)
        key = key_of(subject)
        if kind == "form" and key and facts:
            frame.facts[key] = sources.made_safe(facts, *sinks.GUARDED)
        if kind in {"form", "range"} and isinstance(subject, ir.Member) and subject.name in _HOSTS:
            _host_known(flow, subject.base, frame)


def wrapped(module: ir.Module) -> frozenset[int]:
    """The functions (by identity) handed to a call that is named after validation: ``withValidation(schema, main)``."""
    named = {
        s.target.id: s.value for s in module.top.body if isinstance(s, ir.Assign) and isinstance(s.target, ir.Name)
    }
    found: set[int] = set()
    for statement in [s for function in (module.top, *module.functions) for s in function.body]:
        value = getattr(statement, "value", None)
        for call in _calls(value) if value is not None else ():
            if _VALIDATING.search(guards.tail_of(call.func)) or any(_asks_for_a_schema(arg) for arg in call.args):
                found.update(id(function) for arg in call.args for function in _functions(arg, named))
    return frozenset(found)


_VALIDATING = re.compile(r"(?<!in)valid|with_?schema", re.IGNORECASE)


def _asks_for_a_schema(expr: ir.Expr) -> bool:
    """``validate(schema)`` beside a route's function, or a framework's ``{ schema: { body } }``."""
    if isinstance(expr, ir.Listing):
        return any(_asks_for_a_schema(item) for item in expr.items)
    if isinstance(expr, ir.Record):
        return any(
            isinstance(key, ir.Const) and key.value in {"schema", "validate", "validator"} for key, _ in expr.entries
        )
    called = expr.func if isinstance(expr, ir.Call) else expr
    return bool(_VALIDATING.search(guards.tail_of(called)) or guards.tail_of(called) in {"celebrate", "checkSchema"})


_MOST = 20_000


def _calls(expr: ir.Expr) -> Iterator[ir.Call]:
    stack = [expr]
    for _ in range(_MOST):
        if not stack:
            return
        current = stack.pop()
        if isinstance(current, ir.Call):
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


_SIGNED = {"compare_digest", "timingSafeEqual"}
"""What compares signatures: the sender is known, and answers for the form."""
_QUESTIONS = {"all", "any", "some", "every", "isinstance", "test", "Boolean", "bool"}
_HOSTS = {"hostname", "host", "origin", "netloc"}


def _host_known(flow: Flow, address: ir.Expr, frame: Frame) -> None:
    """The host of an address was compared: the address, and the text it was parsed from, are safe to ask."""
    for _ in range(4):
        key = key_of(address)
        if key:
            known = flow.facts(address, frame)
            if known:
                frame.facts[key] = sources.made_safe(known, "ssrf")
        value = frame.value(address.id) if isinstance(address, ir.Name) else address
        if not isinstance(value, ir.Call) or not value.args:
            return
        address = value.args[0]
