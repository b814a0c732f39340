"""Lambda events brought together with the code that handles them, and serverless.ts. Pure."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, describe, schemas
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot, Endpoint, Extraction, normal_path
from daemon.agents.builtin.apidocs.lambdas import Event
from daemon.agents.builtin.apidocs.scopes import line_of
from daemon.agents.builtin.apidocs.shape import Shape
from daemon.agents.builtin.apidocs.values import EMPTY, Arr, Func, Obj, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import Module
    from daemon.agents.builtin.apidocs.scripts import Scripts


def of_configuration(scripts: Scripts, path: str) -> Extraction:
    """The endpoints that a serverless.ts gives."""
    found = Extraction()
    whole = scripts.ev.exported(path, "=")
    if not isinstance(scripts.ev.deref(whole), Obj):
        whole = scripts.ev.exported(path, "default")
    service = scripts.ev.deref(whole)
    if isinstance(service, Obj) and "functions" not in service.props and not service.open:
        return found  # a stack of resources only
    functions = scripts.ev.deref(scripts.ev.member(service, "functions"))
    if not isinstance(functions, Obj):
        functions = _of_namespace(scripts, functions)
    if not isinstance(functions, Obj):
        reason = "its functions are put together when it runs; their endpoints are not known"
        found.blind.append(BlindSpot(file=path, line=None, reason=reason))
        return found
    if functions.open:
        found.blind.append(BlindSpot(file=path, line=line_of(functions.node), reason="not all functions are known"))
    for one in functions.props.values():
        _function(scripts, path, scripts.ev.deref(scripts.ev.force(one)), found)
    return found


def _of_namespace(scripts: Scripts, value: Value) -> Value:
    """``functions`` given as a whole module: ``import * as functions``."""
    path = getattr(value, "path", None)
    module = scripts.load(path) if isinstance(path, str) else None
    if module is None or path is None:
        return value
    return Obj({name: scripts.ev.exported(path, name) for name in module.exports}, module, module.root)


def _function(scripts: Scripts, configuration: str, function: Value, found: Extraction) -> None:
    ev = scripts.ev
    if not isinstance(function, Obj):
        return
    events = ev.deref(ev.member(function, "events"))
    handler = ev.text_at(function, "handler")
    for item in events.items if isinstance(events, Arr) else ():
        event = ev.deref(ev.force(item))
        for kind in ("http", "httpApi"):
            one = ev.deref(ev.member(event, kind))
            if isinstance(one, str):
                method, _, path = one.strip().partition(" ")
                method, path = (method, path) if path else ("ANY", "/{proxy+}")
            elif isinstance(one, Obj):
                method, path = ev.text_at(one, "method") or "ANY", ev.text_at(one, "path")
                path = "/" if ev.member(one, "path") == "" else path
            else:
                continue
            node = one.node if isinstance(one, Obj) else function.node
            home = one.module if isinstance(one, Obj) else function.module
            if DYNAMIC in path or not path:
                reason = "the path of this event is made when the program runs"
                found.blind.append(BlindSpot(file=home.path, line=line_of(node), reason=reason))
                continue
            summary = ev.text_at(one, "documentation", "summary") if isinstance(one, Obj) else ""
            where = _relative(handler, function.module)
            made = Event(
                method="ANY" if method in {"*", "any", "ANY"} else method.upper(),
                path=normal_path(path),
                file=home.path,
                line=line_of(node),
                summary=summary,
                via=tuple(dict.fromkeys((function.module.path, configuration))),
            )
            asked = ev.deref(ev.member(ev.deref(ev.member(one, "request")), "schemas"))
            body = ev.member(asked, "application/json") if isinstance(asked, Obj) else None
            found.endpoints.append(_endpoint(scripts, where, made, body))


def _relative(handler: str, module: Module) -> str:
    """A handler's place. What was worked out from the folder at run time is taken to be the module's own folder."""
    if DYNAMIC in handler:
        tail = handler.rpartition(DYNAMIC)[2].lstrip("/")
        return posixpath.join(posixpath.dirname(module.path), tail)
    return posixpath.normpath(handler) if handler else ""


def of_event(scripts: Scripts, event: Event) -> Endpoint | None:
    """The endpoint of a configuration's event when a script handles it."""
    if _handler(scripts, event.handler) is None:
        return None
    return _endpoint(scripts, event.handler, event)


def _endpoint(scripts: Scripts, handler: str, event: Event, body: Value | None = None) -> Endpoint:
    shape = Shape(event.path)
    shape.summary = event.summary
    for field, kind, needed in schemas.fields(scripts.ev, body) if body is not None else ():
        shape.add(field, "body", kind, required=needed)
    file, line, name = event.file, event.line, ""
    place = _handler(scripts, handler)
    if place is not None:
        home, function = place
        file, line, name = home, 1, handler.rpartition(".")[2]
        if function is not None:
            describe.of_handler(scripts.ev, function.module, shape, function.info)
            comment = describe.doc_comment(function.info.node)
            shape.summary = shape.summary or describe.summary_of(comment)
            line = line_of(function.info.node) if function.module.path == home else 1
    return Endpoint(
        method=event.method,
        path=event.path,
        file=file,
        line=line,
        parameters=shape.listed(),
        request=shape.request,
        response=shape.response,
        summary=describe.first_sentence(shape.summary),
        handler=name,
        via=tuple(dict.fromkeys(one for one in (event.file, *event.via, *sorted(shape.files)) if one != file)),
    )


def _handler(scripts: Scripts, handler: str) -> tuple[str, Func | None] | None:
    """The file of a handler, and its function where it can be followed through wrappers."""
    stem, _, name = handler.rpartition(".")
    path = scripts.resolver.file(stem) if stem else None
    module = scripts.load(path) if path else None
    if module is None or path is None:
        return None
    export = module.exports.get(name)
    node = export.node if export else None
    binding = module.top.find(export.name) if export and export.name else None
    node = node or (binding.node if binding else None)
    inner = _wrapped(scripts, module, node)
    if inner is not None:
        return path, inner
    value = scripts.ev.deref(scripts.ev.exported(path, name))
    return path, value if isinstance(value, Func) else None


def _wrapped(scripts: Scripts, module: Module, node: Node | None) -> Func | None:
    """Of ``middy(main).use(...)`` and ``wrap(async (event) => ...)`` the function inside."""
    for _ in range(12):
        if node is None or node.type != "call_expression":
            return None
        given = calling.arguments(node)
        inner = scripts.ev.deref(scripts.ev.ask(module, given[0], module.top, EMPTY)) if given else None
        if isinstance(inner, Func):
            return inner
        callee = node.child_by_field_name("function")
        chained = callee is not None and callee.type == "member_expression"
        nested = given[0] if given and given[0].type == "call_expression" else None
        node = callee.child_by_field_name("object") if callee is not None and chained and nested is None else nested
    return None
