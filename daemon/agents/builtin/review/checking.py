"""Remembers what the tests of a handler's branches say about its input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sinks, sources
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.sources import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.agents.builtin.review.following import Flow
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
        if _compares_signatures(flow, expr, frame):
            flow.entry.vouch(sources.BODY)
            flow.entry.vouch(sources.HEADER)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in {"every", "some", "filter", "find"}:
            stack.extend(answer for arg in expr.args if isinstance(arg, ir.Lambda) for answer in _answers(arg.function))
        compared = guards.compared(expr)
        if compared is not None and (key := key_of(compared)):
            equal.setdefault(key, []).append(compared)
        asked = None if _among_kept(flow, expr, frame) else guards.tested(expr)
        if asked is not None:
            _enter(flow, asked, frame, exits=exits)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in guards.MEMBERSHIP:
            stack.extend(expr.args)
        elif not isinstance(expr, ir.Lambda | ir.Member) and not guards.asks_for_an_object(expr):
            stack.extend(ir.parts_of(expr))

    for subjects in equal.values():
        if len(subjects) > 1:
            # ``kind === "a" || kind === "b"``: one of what is written there, like a list of allowed values.
            remember(flow, "form", subjects[:1], frame, exits=exits)


def _enter(flow: Flow, asked: tuple[str, list[ir.Expr]], frame: Frame, *, exits: bool) -> None:
    kind, subjects = asked
    if kind in {"inside", sources.NO_DOTS}:
        _stays_inside(flow, kind, subjects[0], frame)
    else:
        remember(flow, kind, subjects, frame, exits=exits)


def _among_kept(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    """``existing.subscriptions.includes(value)``: what is kept is no list of what is allowed."""
    if not isinstance(expr, ir.Call) or not isinstance(expr.func, ir.Member):
        return False
    return expr.func.name in guards.MEMBERSHIP and sources.only_stored(flow.facts(expr.func.base, frame))


def _answers(function: ir.Function) -> list[ir.Expr]:
    return [statement.value for statement in function.body if isinstance(statement, ir.Return)]


def remember(flow: Flow, kind: str, subjects: list[ir.Expr], frame: Frame, *, exits: bool) -> None:
    """Enter one test: of this part or of the whole; a form test makes the value itself harmless."""
    if kind == "member":
        # ``x in allowed`` asks about x; ``name in body`` whether the body has it, whichever name is meant.
        known = bool(flow.facts(subjects[0], frame))
        if known and sources.only_stored(flow.facts(subjects[1], frame)):
            return  # ``guess in earlier_guesses``: what is kept is no list of what is allowed.
        kind, subjects = ("form", subjects[:1]) if known else ("fields", subjects[1:])
    validating = any(guards.checks_by_name(function.name) for function in flow.stack[1:][-2:])
    if kind in {"type", "form"} and any(_CONVERTS.match(function.name) for function in flow.stack[1:]):
        return  # ``if isinstance(value, float): return Decimal(value)`` asks how to write it, not what it is.
    for subject in subjects:
        facts = flow.facts(subject, frame)
        _inside(flow, subject, frame)
        if kind not in {"presence", "fields"} and (validating or _answers_for_its_parameter(flow)):
            _vouch_for_the_whole(flow, subject, frame)
        for origin in facts:
            inside = origin.steps > 0 or origin.kind in {sources.FIELD, sources.QUERY, sources.PATH}
            if kind in {"presence", "fields"} and not validating:
                if exits and (inside or kind == "fields"):
                    flow.entry.present.add((origin.root, origin.part or "*"))
            elif inside or validating or kind in {"form", "range"}:
                # How long a whole body is says nothing of what is in it.
                measured = kind == "range" and origin.kind == sources.BODY and not origin.part
                part = "" if origin.root == sources.UPLOAD else origin.part
                flow.entry.vouch(origin.root, _LENGTH if measured else part)
        key = key_of(subject)
        if kind == "form" and key and facts:
            frame.facts[key] = sources.made_safe(facts, *sinks.GUARDED)
        if kind in {"form", "range"} and isinstance(subject, ir.Member) and subject.name in _HOSTS:
            _host_known(flow, subject.base, frame)


_CONVERTS = re.compile(
    r"^_*(?:convert|serialize|deserialize|marshall|unmarshall|replace|encode|decode|flatten|floats?_to|to_|dump|clean_floats|format|"
    r"stringify|jsonify|default$)",
    re.IGNORECASE,
)
"""Functions that write a value in another form: their tests ask how, not whether."""


def _inside(flow: Flow, subject: ir.Expr, frame: Frame) -> None:
    """``path.relative(root, full)`` was asked about: whether the path is inside is known."""
    made = frame.value(subject.id) if isinstance(subject, ir.Name) else None
    if isinstance(made, ir.Call) and guards.tail_of(made.func) in {"relative", "relpath"}:
        for arg in made.args:
            key = key_of(arg)
            if key:
                frame.facts[key] = sources.made_safe(flow.facts(arg, frame), "path")


def _stays_inside(flow: Flow, kind: str, subject: ir.Expr, frame: Frame) -> None:
    """``if ".." in name: return`` leaves names that stay where they are put; nothing else is known of them."""
    key = key_of(subject)
    facts = frame.facts.get(key, flow.facts(subject, frame)) if key else NOTHING
    for origin in facts:
        if origin.kind in {sources.FIELD, sources.QUERY, sources.PATH} or origin.part:
            flow.entry.vouch(origin.root, origin.part)
    if key:
        frame.facts[key] = sources.made_safe(facts, "path" if kind == "inside" else kind)


_LENGTH = "(length)"


def _answers_for_its_parameter(flow: Flow) -> bool:
    """Whether what is being followed is a function that gives back yes or no: ``(x) => typeof x.a === "string"``."""
    body = flow.stack[-1].body if len(flow.stack) > 1 else []
    return len(body) == 1 and isinstance(body[0], ir.Return)


def _vouch_for_the_whole(flow: Flow, subject: ir.Expr, frame: Frame) -> None:
    """What a validating function asks of a part, it asks for the whole that it was given."""
    while isinstance(subject, ir.Member | ir.Index):
        subject = subject.base
    for origin in flow.facts(subject, frame):
        flow.entry.vouch(origin.root, origin.part)


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


_KEYED_HASH = re.compile(r"createHmac|hmac\.new|HmacSHA", re.IGNORECASE)


def _compares_signatures(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    if isinstance(expr, ir.Call):
        return guards.tail_of(expr.func) in _SIGNED
    return (
        isinstance(expr, ir.Verdict) and expr.op == "==" and any(_signature(flow, part, frame) for part in expr.parts)
    )


def _signature(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    """Whether one side of a comparison was computed with a key: then the sender is known."""
    made = frame.value(expr.id) if isinstance(expr, ir.Name) else expr
    return isinstance(made, ir.Call) and bool(_KEYED_HASH.search(flow.namer.name(made.func, frame)))


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
