"""What a request and a response hold: from types, schemas, validators, and what a handler reads. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, schemas, typed
from daemon.agents.builtin.apidocs.scopes import text
from daemon.agents.builtin.apidocs.values import Arr, Lazy, Obj, Schema, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.graph import Route
    from daemon.agents.builtin.apidocs.scopes import Module
    from daemon.agents.builtin.apidocs.shape import Shape

MAX_READS = 30
_SENDING = frozenset({"POST", "PUT", "PATCH", "ANY"})
_SOURCE = (
    r"(?:await\s+)?(?:\b(?:req|request|ctx\.request|c\.req)\.body\b"
    r"|JSON\.parse\(\s*(?:\w+\.)?event\??\.body\b[^)\n]{0,60}\))"
)
_SPREAD = re.compile(rf"\{{([\w\s,:='\"|&?]{{1,400}})\}}\s*(?::[^=\n]{{1,80}})?=\s*{_SOURCE}(?!\s*[.\[])")
_DIRECT = re.compile(r"\b(?:req|request|ctx\.request|event)\.body\??(?:\.(\w++)|\[\s*['\"]([\w-]+)['\"]\s*\])(?!\s*\()")
_ALIAS = re.compile(rf"\b(?:const|let|var)\s+(\w+)\s*(?::[^=\n]{{1,80}})?=\s*{_SOURCE}(?!\s*[.\[])")
_CHECK = re.compile(r"\b(body|check|param|query|header|cookie)\(\s*(?:\[\s*)?['\"]([\w.-]+)['\"]")
_CHECKED = {"body": "body", "check": "body", "param": "path", "query": "query", "header": "header", "cookie": "cookie"}
_VALIDATES = re.compile(r"valid|schema|parse|celebrate|body", re.IGNORECASE)


def reads(shape: Shape, body: str) -> None:
    """The fields of the body that a handler without types reads, by the usual ways to read them."""
    names: list[str] = []
    for found in _SPREAD.finditer(body):
        names += [re.split(r"[:=]", one)[0].strip() for one in found[1].split(",")]
    names += [found[1] or found[2] for found in _DIRECT.finditer(body)]
    for alias in _ALIAS.finditer(body):
        use = re.compile(rf"(?<![\w.]){re.escape(alias[1])}\??(?:\.(\w++)|\[\s*['\"]([\w-]+)['\"]\s*\])(?!\s*\()")
        names += [found[1] or found[2] for found in use.finditer(body, alias.end())]
        spread = re.compile(rf"\{{([\w\s,:='\"]{{1,400}})\}}\s*=\s*{re.escape(alias[1])}\b(?!\s*[.\[(])")
        names += [re.split(r"[:=]", one)[0].strip() for hit in spread.finditer(body) for one in hit[1].split(",")]
    for name in list(dict.fromkeys(names))[:MAX_READS]:
        if re.fullmatch(r"[A-Za-z_$][\w$-]*", name) and name != "length":
            shape.add(name, "body")


def of_type(ev: Evaluator, shape: Shape, module: Module, kind: str, place: str) -> None:
    """The fields of a named type as parameters of a place; its files are what the entry depends on."""
    made = typed.fields(ev, module, kind)
    for one in made.listed:
        shape.add(one.name, place, one.type, required=one.required)
    shape.files.update(made.files if made.listed else ())


def of_options(ev: Evaluator, shape: Shape, options: Obj) -> None:
    """The ``schema`` of a fastify route."""
    schema = ev.deref(ev.member(options, "schema"))
    if not isinstance(schema, Obj):
        schema = options
    _of_parts(ev, shape, schema)
    if shape.response:
        return
    answers = ev.deref(ev.member(schema, "response"))
    for code, one in answers.props.items() if isinstance(answers, Obj) else ():
        if code[:1] == "2":
            shape.response = schemas.inline(ev, ev.force(one))
            return


def _of_parts(ev: Evaluator, shape: Shape, value: Value) -> bool:
    found = False
    for name, one in schemas.parts(ev, value).items():
        place = schemas.PLACES[name]
        for field, kind, needed in schemas.fields(ev, ev.force(one)):
            if place != "path" or ("path", field) in shape.parameters:
                shape.add(field, place, kind, required=needed or place == "path")
                found = True
    return found


def of_middlewares(ev: Evaluator, shape: Shape, route: Route) -> None:
    """What the validators between path and handler say: ``validate(schema)``, ``celebrate({...})``, ``body('x')``."""
    sends = bool(_SENDING.intersection(route.methods))
    for node in calling.arguments(route.node)[:-1][:12]:
        value = ev.deref(ev.ask(route.module, node, route.scope, route.env))
        checks = [node]
        if isinstance(value, Arr):
            checks += [one.node for one in value.items if isinstance(one, Lazy)]
        for one in checks:
            _of_checks(shape, one)
        if node.type == "call_expression":
            _of_validator(ev, shape, route, node, sends=sends)


def _of_checks(shape: Shape, node: Node) -> None:
    if node.type not in {"call_expression", "array"}:
        return
    for one in node.named_children if node.type == "array" else [node]:
        whole = text(one)[:2000]
        found = _CHECK.search(whole)
        if found and (found[1] != "param" or ("path", found[2]) in shape.parameters):
            shape.add(found[2], _CHECKED[found[1]], required=".optional(" not in whole)


def _of_validator(ev: Evaluator, shape: Shape, route: Route, node: Node, *, sends: bool) -> None:
    name = text(node.child_by_field_name("function"))
    if _CHECK.match(name + "('"):
        return
    for one in calling.arguments(node)[:4]:
        value = ev.deref(ev.ask(route.module, one, route.scope, route.env))
        if not isinstance(value, Obj | Schema) or _of_parts(ev, shape, value):
            continue
        if isinstance(value, Schema) and _VALIDATES.search(name):
            place = "query" if re.search("query", name, re.IGNORECASE) else "body" if sends else ""
            for field, kind, needed in schemas.fields(ev, value) if place else ():
                shape.add(field, place, kind, required=needed)
