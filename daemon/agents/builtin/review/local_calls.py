"""Calls within a file: which function is meant, what its parameters get, what callbacks are handed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import checkers, entries, guards, ir, sources
from daemon.agents.builtin.review.arguments import picked, resolved
from daemon.agents.builtin.review.frames import owner_of
from daemon.agents.builtin.review.sources import NOTHING, Facts, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

_PER_ITEM = {"map", "forEach", "filter", "flatMap", "some", "every", "find", "reduce", "then", "each", "eachSeries"}


def read_by_call(flow: Flow, expr: ir.Call, receiver: Facts, tail: str) -> Facts | None:
    """``event.get("body")``, ``request.get_json()``, ``c.req.query("x")``: reading by calling."""
    if any(name == "type" and guards.tail_of(value) in {"int", "float", "bool"} for name, value in expr.kwargs):
        return NOTHING  # ``request.args.get("page", 1, type=int)``
    whole = {sources.EVENT, sources.REQUEST, sources.CONTEXT}
    if not any(origin.kind in whole for origin in receiver):
        return None
    first = expr.args[0] if expr.args else None
    if tail == "get" and flow.module.language == "script" and any(o.kind == sources.REQUEST for o in receiver):
        return flow.member(receiver, "headers", expr)  # Express: ``req.get("X-Name")``.
    if (
        tail in {"get", "pop", "__getitem__", "getlist"}
        and isinstance(first, ir.Const)
        and isinstance(first.value, str)
    ):
        return flow.member(receiver, first.value, expr)
    if not sources.read_by_calling(tail) and not any(o.kind == sources.CONTEXT for o in receiver):
        return None
    found = flow.member(receiver, tail, expr)
    asked = next((value for name, value in expr.kwargs if name == "name"), first)
    if found and isinstance(asked, ir.Const) and isinstance(asked.value, str) and _ASKS_FOR_ONE.search(tail):
        found = flow.member(found, asked.value, expr)
    return found or None


_ASKS_FOR_ONE = re.compile(r"^(?:query|param|header|cookie|get_\w+_value)$")
"""Readers that are told which part: ``c.req.query("page")``."""


def local(flow: Flow, expr: ir.Call, frame: Frame) -> ir.Function | None:
    """The function of this file that a call means, ``None`` for code outside it."""
    func = expr.func
    if isinstance(func, ir.Lambda):
        return func.function
    if isinstance(func, ir.Name):
        value = frame.value(func.id)
        if isinstance(value, ir.Lambda):
            return value.function
        made_by = flow.methods.get((func.id, "__init__")) or flow.methods.get((func.id, "constructor"))
        if made_by is not None and func.id not in flow.module.imports:
            return made_by
        function = flow.by_name.get(func.id)
        if func.id == "fetch" and function is not None and entries.given(function, flow.module) is not None:
            return None  # A worker's own ``fetch(request)`` is called by the platform; this one asks an address.
        return function if function is not None and not function.owner and value is None and (
            func.id not in flow.module.imports) else None  # fmt: skip
    return _method(flow, func, frame) if isinstance(func, ir.Member) else None


def _method(flow: Flow, func: ir.Member, frame: Frame) -> ir.Function | None:
    """The method of this file's that is meant: of the class that is named, made, or being followed."""
    base = func.base
    some = flow.by_name.get(func.name)
    if some is None:
        return None
    made = frame.value(base.id) if isinstance(base, ir.Name) else base
    if any(isinstance(meant, ir.Name) and meant.id in _OWN for meant in (base, made)):
        return flow.methods.get((flow.stack[-1].owner, func.name)) or some
    if isinstance(base, ir.Name) and base.id == "exports":
        return some
    if isinstance(base, ir.Name) and (base.id, func.name) in flow.methods:
        return flow.methods[base.id, func.name]
    if isinstance(made, ir.Call) and isinstance(made.func, ir.Name):
        return flow.methods.get((made.func.id, func.name))  # ``handler = Handler(); handler.run(x)``
    return None


_OWN = {"this", "self", "cls"}
"""Names of the object that a method is called on; ``const that = this`` is another."""


def of_a_table(flow: Flow, expr: ir.Call, frame: Frame) -> list[ir.Function]:
    """``{"a": do_a, "b": do_b}[kind](x)``: the functions of this file, any of which may be meant."""
    chosen = picked(expr, frame)
    table = resolved(chosen.out_of, frame) if chosen is not None else None
    found = []
    for _, value in table.entries if isinstance(table, ir.Record) else ():
        if isinstance(value, ir.Lambda):
            found.append(value.function)
        elif isinstance(value, ir.Name) and value.id in flow.by_name:
            found.append(flow.by_name[value.id])
    return found[:_OF_A_TABLE]


_OF_A_TABLE = 12
"""Functions of one table that are followed."""


def come_back(flow: Flow, expr: ir.Call, function: ir.Function, given: list[Facts], frame: Frame) -> None:
    """What a call of a function of this file did to the caller's variables: ``fill(user, body)`` wrote into one,
    ``validate_update(body)`` has looked at one.
    """
    left = flow.left.get((id(function), tuple(given)), [])
    held = dict(enumerate(zip(given, left, strict=False), -_receiver(function)))
    for place, arg in enumerate(expr.args):
        if isinstance(arg, ir.Name) and place in held:
            before, after = held[place]
            _wrote(arg, after - before, frame)
            if checkers.checks_by_name(function.name):
                _answered_for(flow, arg, after, frame)


def _wrote(arg: ir.Name, facts: Facts, frame: Frame) -> None:
    if facts:
        owner = owner_of(frame, arg.id)
        owner.facts[arg.id] = owner.facts.get(arg.id, NOTHING) | facts


def _answered_for(flow: Flow, arg: ir.Name, after: Facts, frame: Frame) -> None:
    """What a validating function looked at has names it knows; where it compared hosts, the address may be asked."""
    facts = flow.facts(arg, frame)
    harmless = ["nosql"] if all(flow.entry.knows(origin) for origin in facts) else []
    harmless += ["ssrf"] if after and all("ssrf" in origin.safe for origin in after) else []
    if facts and harmless:
        owner_of(frame, arg.id).facts[arg.id] = sources.made_safe(facts, *harmless)


def _receiver(function: ir.Function) -> int:
    """How many parameters come before the arguments: a method's own object."""
    first = function.params[0].target if function.params else None
    return int(isinstance(first, ir.Name) and first.id in {"self", "cls"})


def ordered_arguments(function: ir.Function, arguments: list[Facts], named: dict[str, Facts]) -> list[Facts]:
    """What each parameter gets from positional and named arguments."""
    params = function.params
    ordered = [*([NOTHING] * _receiver(function)), *arguments]
    for number, param in enumerate(params):
        name = param.target.id if isinstance(param.target, ir.Name) else ""
        if name in named:
            ordered.extend([NOTHING] * (number + 1 - len(ordered)))
            ordered[number] = named[name]
    return ordered[: len(params)]


def written_down(function: ir.Function, expr: ir.Call) -> dict[str, ir.Const | ir.Lambda]:
    """The texts and functions that a call writes down, by the parameter that gets them: ``execute("INSERT ...", x)``,
    ``load(event, (error, body) => ...)``.
    """
    names = [param.target.id if isinstance(param.target, ir.Name) else "" for param in function.params]
    given = [*zip(names[_receiver(function) :], expr.args, strict=False), *expr.kwargs]
    return {
        name: value
        for name, value in given
        if name and (isinstance(value, ir.Lambda) or (isinstance(value, ir.Const) and isinstance(value.value, str)))
    }


def _handed(expr: ir.Call) -> Iterator[ir.Function]:
    """The functions among the arguments of a call, and among the options that it is given."""
    for arg in expr.args:
        values = [value for _, value in arg.entries] if isinstance(arg, ir.Record) else [arg]
        yield from (value.function for value in values if isinstance(value, ir.Lambda))


def callbacks(flow: Flow, expr: ir.Call, receiver: Facts, arguments: list[Facts], frame: Frame) -> None:
    """Functions handed to a call are followed where they stand."""
    tail = guards.tail_of(expr.func)
    for function in _handed(expr):
        known = entries.given(function, flow.module)
        if known is not None and not entries.is_form_part(function, flow.module):
            continue
        brought = known or []
        if (
            tail == "parse"
            and len(function.params) > 2
            and any(o.kind == sources.REQUEST for f in arguments for o in f)
        ):
            brought = _of_a_form(function)
        if tail == "on" and _first_text(expr) == "data" and any(o.kind == sources.REQUEST for o in receiver):
            at = expr.args[1]
            brought = [frozenset({Origin(sources.BODY, sources.BODY, at.line, at.column, at.line)})]
        if tail in _PER_ITEM:
            item = sources.deeper(receiver) if tail != "then" else receiver
            brought = [NOTHING, item] if tail == "reduce" else [item]
        elif any(arguments) and tail in {"mapLimit", "processPartialResponse", "forEach"}:
            brought = [frozenset().union(*arguments)]
        flow.call(function, brought, frame)


def _first_text(expr: ir.Call) -> str:
    first = expr.args[0] if expr.args else None
    return str(first.value) if isinstance(first, ir.Const) else ""


def promised(flow: Flow, expr: ir.Call, dotted: str, arguments: list[Facts], frame: Frame) -> Facts | None:
    """What ``new Promise((resolve) => ...)`` holds in the end, and, told by ``resolve(value)`` on the way, what that
    is; ``None`` for any other call.
    """
    executor = expr.args[0] if dotted == "Promise" and expr.args else None
    if isinstance(executor, ir.Lambda) and executor.function.params:
        name = executor.function.params[0].target
        if isinstance(name, ir.Name):
            flow.promises.append((name.id, set()))
            flow.call(executor.function, [], frame)
            kept = flow.kept.get(id(executor), NOTHING) | flow.promises.pop()[1]
            flow.kept[id(executor)] = kept
            return kept
    if isinstance(expr.func, ir.Name) and flow.promises and expr.func.id == flow.promises[-1][0]:
        flow.promises[-1][1].update(*arguments)
        return NOTHING
    return None


def _of_a_form(function: ir.Function) -> list[Facts]:
    """``form.parse(req, (err, fields, files) => ...)``, as formidable and its kin call back."""
    _, fields, files = (param.target for param in function.params[:3])
    sent = Origin(sources.BODY, sources.BODY, fields.line, fields.column, fields.end_line)
    kept = Origin(sources.BODY, "files", files.line, files.column, files.end_line, part=sources.KEPT_FILE)
    return [NOTHING, frozenset({sent}), frozenset({kept})]


def scope(flow: Flow, function: ir.Function, frame: Frame) -> Frame:
    """Where a function sees its free variables: the module, or for one made inside another its outermost frame."""
    at_top = flow.top.values.get(function.name)
    if function.owner or (isinstance(at_top, ir.Lambda) and at_top.function is function):
        return flow.top
    outer = frame
    while outer.parent is not None and outer.parent.parent is not None:
        outer = outer.parent
    return outer
