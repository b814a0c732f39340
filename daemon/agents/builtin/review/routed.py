"""Functions of Python's that a decorator makes a route, and what a route's parameters bring in. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.held_types import is_text, model_facts
from daemon.agents.builtin.review.sources import (
    BODY,
    EVENT,
    NOTHING,
    PATH,
    REQUEST,
    UPLOAD,
    Facts,
    Origin,
)


def name_of(param: ir.Param) -> str:
    """A parameter's name, "" for a pattern."""
    return param.target.id if isinstance(param.target, ir.Name) else ""


def whole(kind: str, param: ir.Param, *, checked: bool = False) -> Facts:
    """What a parameter brings in as a whole; a type that says it was validated is believed."""
    at = param.target
    safe = frozenset({"check"}) if checked or re.search(r"Validated|Parsed|z\.infer", param.annotation) else frozenset()
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=safe)})


_ROUTE = re.compile(
    r"^(?:route|get|post|put|patch|delete|websocket|resolver|on_(?:s3|sqs|sns|cw|kinesis|dynamodb|ws)_\w+|schedule|lambda_function)$"
)


_SOCKET_IO = re.compile(r"^(?:socketio|sio|socket_io|socket)$")


def is_routed(function: ir.Function) -> bool:
    """Whether a decorator makes a function a route, or what a socket or a queue calls."""
    for decorator in function.decorators:
        func = decorator.func if isinstance(decorator, ir.Call) else decorator
        if _is_heard(func):
            return True
        if isinstance(func, ir.Member) and func.name in {"before_request", "before_app_request"}:
            return True
        if _route_of(decorator) is not None:
            return True
    return False


def _route_of(decorator: ir.Expr) -> ir.Call | None:
    """The call of a decorator that makes a route, ``@app.get("/a")``, ``None`` for any other decorator."""
    func = decorator.func if isinstance(decorator, ir.Call) else None
    makes = isinstance(func, ir.Member) and _ROUTE.match(func.name) and isinstance(func.base, ir.Name | ir.Member)
    return decorator if makes and isinstance(decorator, ir.Call) else None


def _is_heard(func: ir.Expr) -> bool:
    """``@socketio.on("move")``, ``@sio.event``."""
    base = func.base if isinstance(func, ir.Member) else None
    return (
        isinstance(base, ir.Name)
        and isinstance(func, ir.Member)
        and func.name in {"on", "event"}
        and bool(_SOCKET_IO.match(base.id))
    )


_OF_THE_SOCKET = {"sid", "self", "environ", "auth"}


_HELD = re.compile(r"^(?:[\w.]+\.)?[A-Z]|int|float|bool|Annotated|^(?:datetime\.)?(?:date|time|datetime)$")
_UNTYPED = re.compile(r"^(?:typing\.)?(?:dict|Dict|list|List|Any|Mapping)\b")


def route_parameters(function: ir.Function, module: ir.Module) -> list[Facts]:
    """A route's own parameters come from the path, unless a type checks them; a queue's handler gets records."""
    held = not any(name.startswith("flask") for name in module.imports.values())  # Flask holds no type against them.
    records = any(
        isinstance(d, ir.Call) and isinstance(d.func, ir.Member) and d.func.name.startswith(("on_", "schedule"))
        for d in function.decorators
    )
    if any(_is_heard(d.func if isinstance(d, ir.Call) else d) for d in function.decorators):
        return [NOTHING if name_of(param) in _OF_THE_SOCKET else whole(BODY, param) for param in function.params]
    given_facts: list[Facts] = []
    converted = _converted(function)
    of_the_path = None if held else _of_the_path(function)
    for param in function.params:
        at = param.target
        injected = isinstance(param.default, ir.Call) and guards.tail_of(param.default.func) in {"Depends", "Security"}
        bare = not (param.annotation or param.default) and len(function.decorators) == 1
        elsewhere = not bare and of_the_path is not None and isinstance(at, ir.Name) and at.id not in of_the_path
        if injected or elsewhere or (isinstance(at, ir.Name) and at.id in {"self", "cls", *converted}):
            given_facts.append(NOTHING)
        elif records or re.search(r"Event(?:V\d)?$", param.annotation):
            given_facts.append(frozenset({Origin(EVENT, EVENT, at.line, at.column, at.end_line)}))
        elif re.search(r"(?:^|\.)(?:(?:Http)?Request|WebSocket)$", param.annotation):
            given_facts.append(whole(REQUEST, param))
        elif "Depends(" in param.annotation:
            given_facts.append(NOTHING)
        elif "UploadFile" in param.annotation:
            given_facts.append(frozenset({Origin(BODY, UPLOAD, at.line, at.column, at.end_line)}))
        elif _UNTYPED.match(param.annotation):
            given_facts.append(frozenset({Origin(BODY, BODY, at.line, at.column, at.end_line)}))
        elif isinstance(at, ir.Name) and at.id == "request" and not param.annotation:
            given_facts.append(whole(REQUEST, param))
        elif isinstance(at, ir.Name) and (at.id in {"db", "session"} or (at.id == "request" and not held)):
            given_facts.append(NOTHING)
        elif held and not is_text(param.annotation) and _HELD.search(param.annotation):
            given_facts.append(model_facts(param, module))
        else:
            given_facts.append(_text_of(param))
    return given_facts


_SENT = {"Body", "Form"}
"""Defaults of FastAPI's that say of a text that it comes in the body."""
_LIMITS = {"min_length", "max_length", "pattern", "regex", "ge", "gt", "le", "lt"}
"""What such a default holds a value against."""


def _text_of(param: ir.Param) -> Facts:
    """A text: a part of the path or query, or of the body, ``name: str = Body(..., max_length=80)``."""
    at, default = param.target, param.default
    kind, held = PATH, set[str]()
    if isinstance(default, ir.Call):
        if guards.tail_of(default.func) in _SENT:
            kind, held = BODY, {"nosql"}
        if any(name in _LIMITS for name, _ in default.kwargs):
            held |= {"check"}
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=frozenset(held))})


_VARIABLE = re.compile(r"[<{](?:[^<>{}]*:)?(\w+)[>}]")


def _of_the_path(function: ir.Function) -> set[str] | None:
    """The names that a route's paths have in them, ``None`` when one cannot be seen; other parameters are injected."""
    routes = map(_route_of, function.decorators)
    paths = [route.args[0] for route in routes if route is not None and route.args]
    texts = [path.value for path in paths if isinstance(path, ir.Const) and isinstance(path.value, str)]
    if not texts or len(texts) < len(paths):
        return None
    return {name for text in texts for name in _VARIABLE.findall(text)}


CONVERTER = re.compile(r"<(?:int|float|uuid)(?:\([^)]*\))?:(\w+)>")
"""A part of a path that Flask turns into a number."""


def _converted(function: ir.Function) -> set[str]:
    """Names of parts of a path that Flask turns into numbers: ``/notes/<int:id>``."""
    paths = (d.args[0] for d in function.decorators if isinstance(d, ir.Call) and d.args)
    texts = (path.value for path in paths if isinstance(path, ir.Const) and isinstance(path.value, str))
    return {name for text in texts for name in CONVERTER.findall(text)}
