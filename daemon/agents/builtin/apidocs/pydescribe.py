"""What Python code says of one endpoint: docstring, annotations, what it reads of the request. Pure."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import pybodies
from daemon.agents.builtin.apidocs.describe import first_sentence
from daemon.agents.builtin.apidocs.endpoint import parameter_names
from daemon.agents.builtin.apidocs.pymodule import Place
from daemon.agents.builtin.apidocs.shape import Shape

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator
    from daemon.agents.builtin.apidocs.pymodule import Definition
    from daemon.agents.builtin.apidocs.pyregistered import Route

_PLAIN = re.compile(
    r"^(?:Optional\[)?(?:str|int|float|bool|bytes|UUID4?|uuid\.UUID|datetime|date|time|Decimal|list\[(?:str|int)\]"
    r"|List\[(?:str|int)\]|EmailStr|Enum)\]?(?:\s*\|\s*None)?$"
)
_SPECIAL = frozenset(
    {"Request", "Response", "BackgroundTasks", "WebSocket", "HTTPConnection", "SecurityScopes", "UploadFile"}
)
_MARKS = {"Query": "query", "Path": "path", "Header": "header", "Cookie": "cookie", "Form": "form", "File": "form"}
_ARGUMENT = re.compile(r"\brequest\.(args|headers|cookies|form)(?:\.get\(\s*|\[)\s*['\"]([\w-]+)['\"]")
_EVENT_ARGUMENT = re.compile(r"get_query_string_value\(\s*(?:name=)?['\"]([\w-]+)['\"]")
_EVENT_QUERY = re.compile(r"queryStringParameters['\"]\](?:\.get\(|\[)\s*['\"]([\w-]+)['\"]")
_PLACES = {"args": "query", "headers": "header", "cookies": "cookie", "form": "form"}


def describe(ev: PyEvaluator, route: Route, path: str, kind: str) -> Shape:
    """Summary, parameters, request and response of a route."""
    shape = Shape(path)
    words = {one.arg: one.value for one in route.call.keywords if one.arg}
    for name in ("summary", "description"):
        if name in words and not shape.summary:
            said = ev.text(Place(route.module, route.space, words[name]))
            shape.summary = first_sentence(said) if "\0" not in said else ""
    model = words.get("response_model")
    if model is not None:
        shape.response = _type(model)
    function = route.function
    if function is None:
        return shape
    shape.summary = shape.summary or first_sentence((ast.get_docstring(function) or "").partition("\n\n")[0])
    where = Place(route.module, route.space, function)
    pybodies.of_decorators(ev, shape, where, function)
    if kind == "flask":
        _of_body(shape, ast.unparse(function))
        pybodies.converted(shape, route.path)
        for one in function.args.args:
            if one.arg in parameter_names(path):
                shape.add(one.arg, "path", _type(one.annotation), required=True)
        return shape
    shape.response = shape.response or _type(function.returns)
    if kind == "fastapi":
        _of_signature(ev, shape, route, function)
    else:
        _of_body(shape, ast.unparse(function))
        _of_signature(ev, shape, route, function)
    return shape


def of_handler(path: str, function: Definition | None, summary: str) -> Shape:
    """What a Lambda handler says."""
    shape = Shape(path)
    shape.summary = first_sentence(summary)
    if function is not None:
        shape.summary = shape.summary or first_sentence((ast.get_docstring(function) or "").partition("\n\n")[0])
        _of_body(shape, ast.unparse(function))
        for found in _EVENT_QUERY.finditer(ast.unparse(function)):
            shape.add(found[1], "query")
    return shape


def _type(node: ast.expr | None) -> str:
    text = ast.unparse(node) if node is not None else ""
    boring = text in {"None", "Any", "dict", "Dict", "Response", "JSONResponse"} or len(text) > 120
    return "" if boring else text.strip("'\"")


def _of_body(shape: Shape, source: str) -> None:
    pybodies.reads(shape, source)
    for found in _ARGUMENT.finditer(source):
        shape.add(found[2], _PLACES[found[1]])
    for found in _EVENT_ARGUMENT.finditer(source):
        shape.add(found[1], "query")


def _of_signature(ev: PyEvaluator, shape: Shape, route: Route, function: Definition) -> None:
    in_path = [name for place, name in shape.parameters if place == "path"]
    sends = not {"GET", "HEAD", "DELETE"}.issuperset(route.methods)
    guess = ""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    pairs = [*zip(plain, defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    for one, default in pairs:
        if one.arg in {"self", "cls"}:
            continue
        meant = ev.place(Place(route.module, route.space, one.annotation)) if one.annotation else None
        alias = meant.node if isinstance(meant, Place) and isinstance(meant.node, ast.Subscript) else None
        kind, marks = _annotated(alias if alias is not None else one.annotation)
        mark = _call_name(default) or next((name for name in marks if name in {*_MARKS, "Body", "Depends"}), "")
        if mark in {"Depends", "Security"} or kind.rpartition(".")[2] in _SPECIAL or "Depends" in marks:
            continue
        needed = default is None or _first_is_ellipsis(default)
        if one.arg in in_path:
            shape.add(one.arg, "path", kind, required=True)
        elif mark == "Body" or (not mark and isinstance(meant, Place) and isinstance(meant.node, ast.ClassDef)):
            shape.request = shape.request or kind
            held = ev.place(Place(route.module, route.space, pybodies.bare(one.annotation)))
            if isinstance(held, Place):
                pybodies.of_class(ev, shape, held, "body")
        elif not mark and kind and not _PLAIN.match(kind) and default is None:
            guess = guess or (kind if sends else "")
        elif mark in _MARKS:
            name = one.arg.replace("_", "-") if mark == "Header" else one.arg
            shape.add(name, _MARKS[mark], kind, required=needed)
        elif kind and _PLAIN.match(kind):
            shape.add(one.arg, "query", kind, required=default is None)
    shape.request = shape.request or guess


def _annotated(node: ast.expr | None) -> tuple[str, list[str]]:
    """The type and the marks of ``Annotated[T, Query()]``; of anything else the type alone."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Annotated"):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return ast.unparse(parts[0]), [_call_name(one) for one in parts[1:]]
    text = ast.unparse(node) if node is not None else ""
    return ("", ["Depends"]) if text.endswith(("Dep", "Session")) else (text, [])


def _call_name(node: ast.expr | None) -> str:
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def _first_is_ellipsis(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    first = node.args[0] if node.args else None
    return first is None or (isinstance(first, ast.Constant) and first.value is Ellipsis)
