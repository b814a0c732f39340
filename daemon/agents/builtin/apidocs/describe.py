"""What the code says of one endpoint: summary, parameters, request and response types. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import bodies
from daemon.agents.builtin.apidocs.endpoint import parameter_names
from daemon.agents.builtin.apidocs.scopes import text
from daemon.agents.builtin.apidocs.values import Arr, Cls, Obj, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.decorated import Action
    from daemon.agents.builtin.apidocs.decorators import Decorator
    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import FunctionInfo, Module
    from daemon.agents.builtin.apidocs.shape import Shape

_WRAPPED = re.compile(r"^(?:Promise|Observable|AsyncIterable)\s*<(.*)>$", re.DOTALL)
_BORING = frozenset({"", "void", "any", "unknown", "never", "object", "undefined", "Response", "express.Response"})
_QUERY = re.compile(r"\breq(?:uest)?\.(query|headers|cookies)\??(?:\.(\w+)|\[\s*['\"]([\w-]+)['\"]\s*\])")
_KOA_QUERY = re.compile(r"\bctx\.(?:request\.)?(query)\??(?:\.(\w+)|\[\s*['\"]([\w-]+)['\"]\s*\])")
_SPREAD = re.compile(r"\{([\w\s,:='\"]{1,300})\}\s*=\s*(?:req(?:uest)?|ctx)(?:\.request)?\.(query|headers|cookies)\b")
_EVENT = re.compile(r"\bqueryStringParameters\b\s*!?\??\.\s*(\w+)")
_PLACES = {"query": "query", "headers": "header", "cookies": "cookie"}
_BODY_CAST = re.compile(r"\b(?:req(?:uest)?|ctx\.request)\.body\s+as\s+([A-Z][\w.<>\[\]]*)")
_BODY_TYPED = re.compile(r"(?:const|let)\s+\w+\s*:\s*([A-Z][\w.<>\[\]]*)\s*=\s*(?:req(?:uest)?|ctx\.request)\.body\b")
_SUMMARY_TAG = re.compile(r"@(?:summary|desc(?:ription)?|apiDescription|api\s+\{\w+\}\s+\S+)\s+(\S.*)")
_STATEMENTS = frozenset(
    {
        "expression_statement",
        "lexical_declaration",
        "method_definition",
        "export_statement",
        "function_declaration",
        "class_declaration",
        "pair",
    }
)
MAX_HANDLER = 40_000


def summary_of(comment: str) -> str:
    """The first sentence of a doc comment, in one line; else what its tags call it; "" when it has none."""
    body = re.sub(r"^\s*/?\*+/?", "", comment.removesuffix("*/"), flags=re.MULTILINE)
    lines: list[str] = []
    tagged = ""
    for line in body.splitlines():
        bare = line.strip()
        if bare.startswith("@") or tagged:
            found = _SUMMARY_TAG.match(bare)
            tagged = found[1] if found else tagged or "@"
            if found:
                break
        elif not bare and lines:
            break
        elif bare:
            lines.append(bare)
    return first_sentence(" ".join(lines) or tagged.lstrip("@"))


def first_sentence(prose: str) -> str:
    """The first sentence, at most 200 characters, white space folded."""
    flat = " ".join(prose.split())
    found = re.match(r"(.+?[.!?])(?:\s|$)", flat)
    sentence = found[1] if found and len(found[1]) > 8 else flat
    return sentence if len(sentence) <= 200 else sentence[:199].rstrip() + "…"


def doc_comment(node: Node | None) -> str:
    """The ``/** */`` comment that belongs to a node, wherever on the way up to its statement it stands."""
    for _ in range(6):
        if node is None:
            return ""
        before = node.prev_named_sibling
        while before is not None and before.type == "decorator":
            before = before.prev_named_sibling
        if before is not None and before.type == "comment":
            content = text(before)
            return content if content.startswith("/**") else ""
        if node.type in _STATEMENTS:
            up = node.parent
            if up is None or up.type != "export_statement":
                return ""
        node = node.parent
    return ""


def bare_type(annotation: str) -> str:
    """A type without promise and colon; "" when it says nothing."""
    kind = " ".join(annotation.strip().lstrip(":").split())
    while True:
        inner = _WRAPPED.match(kind)
        if not inner:
            break
        kind = inner[1].strip()
    if kind in _BORING or len(kind) > 120 or kind.startswith("{"):
        return ""
    return kind


def of_handler(ev: Evaluator, module: Module, shape: Shape, function: FunctionInfo) -> None:
    """What an Express, Koa, Fastify or Lambda handler says by its types and by what it reads of the request."""
    _of_generics(ev, module, shape, function)
    body = text(function.node)[:MAX_HANDLER]
    for found in (*_QUERY.finditer(body), *_KOA_QUERY.finditer(body)):
        shape.add(found[2] or found[3], _PLACES[found[1]])
    for found in _SPREAD.finditer(body):
        for name in found[1].split(","):
            shape.add(re.split(r"[:=]", name)[0].strip(), _PLACES[found[2]])
    for found in _EVENT.finditer(body):
        shape.add(found[1], "query")
    cast = _BODY_CAST.search(body) or _BODY_TYPED.search(body)
    if cast and not shape.request:
        shape.request = bare_type(cast[1])
    bodies.of_type(ev, shape, module, shape.request, "body")
    if not any(place == "body" for place, _ in shape.parameters):
        bodies.reads(shape, body)


def _of_generics(ev: Evaluator, module: Module, shape: Shape, function: FunctionInfo) -> None:
    """``Request<Params, Answer, Body, Query>`` and ``Response<Answer>``."""
    for binding in function.parameters[:1]:
        generic = re.match(r"[\w.]*Request\s*<(.*)>$", binding.annotation, re.DOTALL)
        parts = _split_generic(generic[1]) if generic else []
        if len(parts) > 1:
            shape.response = shape.response or bare_type(parts[1])
        if len(parts) > 2:
            shape.request = shape.request or bare_type(parts[2])
        if len(parts) > 3:
            bodies.of_type(ev, shape, module, bare_type(parts[3]), "query")
    for binding in function.parameters[1:2]:
        generic = re.match(r"[\w.]*Response\s*<(.*)>$", binding.annotation, re.DOTALL)
        if generic:
            shape.response = shape.response or bare_type(_split_generic(generic[1])[0])


def _split_generic(inner: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for at, char in enumerate(inner):
        depth += (char in "<({[") - (char in ">)}]")
        if char == "," and depth == 0:
            parts.append(inner[last:at].strip())
            last = at + 1
    return [*parts, inner[last:].strip()]


_PARAMETERS = {
    "Param": "path",
    "Params": "path",
    "Path": "path",
    "PathParams": "path",
    "requestParam": "path",
    "Query": "query",
    "QueryParam": "query",
    "QueryParams": "query",
    "Queries": "query",
    "queryParam": "query",
    "Headers": "header",
    "Header": "header",
    "HeaderParam": "header",
    "HeaderParams": "header",
    "requestHeaders": "header",
    "CookieParam": "cookie",
    "cookies": "cookie",
    "FormField": "form",
}
_BODIES = frozenset({"Body", "BodyParam", "BodyProp", "BodyParams", "requestBody"})


def of_action(ev: Evaluator, shape: Shape, action: Action) -> None:
    """What the decorators and types of a controller's method say."""
    listed = action.function.node.child_by_field_name("parameters")
    for node in listed.named_children if listed is not None else ():
        marks = [one for one in node.named_children if one.type == "decorator"]
        kind = bare_type(text(node.child_by_field_name("type")))
        optional = node.type == "optional_parameter" or node.child_by_field_name("value") is not None
        name = text(node.child_by_field_name("pattern"))
        for mark in marks:
            _of_parameter(ev, shape, action, mark, (name, kind), optional=optional)
        if not marks and action.family == "tsoa" and name in parameter_names("/".join((*action.bases, *action.paths))):
            shape.add(name, "path", kind, required=True)
    shape.response = shape.response or bare_type(text(action.function.node.child_by_field_name("return_type")))
    _of_marks(ev, shape, action.decorators)
    shape.summary = summary_of(doc_comment(action.function.node)) or shape.summary


def _of_parameter(
    ev: Evaluator, shape: Shape, action: Action, mark: Node, declared: tuple[str, str], *, optional: bool
) -> None:
    variable, kind = declared
    inner = mark.named_children[0] if mark.named_children else mark
    called = inner.child_by_field_name("function") or inner
    name = text(called).rpartition(".")[2]
    given = inner.child_by_field_name("arguments")
    first = given.named_children[0] if given is not None and given.named_children else None
    label = ev.ask(action.owner, first, action.function.scope) if first is not None else None
    if name in _BODIES:
        if isinstance(label, str) and name != "requestBody":
            shape.add(label, "body", kind, required=not optional)
            return
        shape.request = shape.request or kind
        bodies.of_type(ev, shape, action.owner, kind, "body")
    elif name in _PARAMETERS:
        place = _PARAMETERS[name]
        if isinstance(label, str):
            shape.add(label, place, kind, required=place == "path" or not optional)
        elif action.family in {"tsoa", "plain"}:
            shape.add(variable, place, kind, required=place == "path" or not optional)
        elif kind and place == "query":
            _of_fields(ev, shape, action, kind)


def _of_fields(ev: Evaluator, shape: Shape, action: Action, kind: str) -> None:
    """``@Query() filter: FilterDto``: the fields of the class, and of what it extends, are the parameters."""
    bodies.of_type(ev, shape, action.owner, kind, "query")


def _of_marks(ev: Evaluator, shape: Shape, marks: Sequence[Decorator]) -> None:
    for mark in marks:
        options = mark.arguments[0] if mark.arguments else None
        if mark.name in {"ApiOperation", "OpenAPI", "Summary"} and options is not None:
            said = options if isinstance(options, str) else ev.text_at(options, "summary")
            shape.summary = shape.summary or first_sentence(said or "")
        if mark.name == "ApiBody" and isinstance(options, Obj):
            shape.request = shape.request or _class_name(ev, ev.member(options, "type"))
        if mark.name in {"ApiOkResponse", "ApiCreatedResponse", "ApiResponse"} and isinstance(options, Obj):
            shape.response = shape.response or _class_name(ev, ev.member(options, "type"))
        if mark.name == "ApiQuery" and isinstance(options, Obj):
            needed = ev.member(options, "required")
            shape.add(ev.text_at(options, "name"), "query", required=needed is not False)


def _class_name(ev: Evaluator, value: Value) -> str:
    value = ev.deref(value)
    if isinstance(value, Arr) and value.items:
        inner = _class_name(ev, ev.force(value.items[0]))
        return f"{inner}[]" if inner else ""
    return value.info.name if isinstance(value, Cls) else ""
