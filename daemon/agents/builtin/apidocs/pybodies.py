"""The fields of models and bodies in Python: pydantic, dataclasses, marshmallow, and what a handler reads. Pure."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.pymodule import Place

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator
    from daemon.agents.builtin.apidocs.pymodule import Definition
    from daemon.agents.builtin.apidocs.shape import Shape

MAX_BASES = 6
MAX_READS = 30
_BODY = (
    r"(?:\brequest\.get_json\([^()\n]{0,60}\)|\b(?:request|\w+\.current_request)\.json(?:_body)?\b"
    r"|\b\w+\.current_event\.json_body\b"
    r"|\bjson\.loads\(\s*(?:event\['body'\]|event\.get\('body'[^()\n]{0,20}\)|\w+\.current_event\.body)[^()\n]{0,20}\))"
)
_DIRECT = re.compile(rf"{_BODY}(?:\.get\(\s*|\[)'([\w-]+)'")
_ALIAS = re.compile(rf"^\s*(\w+)(?::[^=\n]+)? = (?:await )?{_BODY}(?: or \{{\}})?\s*$", re.MULTILINE)
_CONVERTED = re.compile(r"<(int|float|uuid|string|path)(?:\([^)]*\))?:(\w+)>")
_KINDS = {
    **dict.fromkeys(("Str", "String", "Email", "Url", "URL"), "str"),
    **dict.fromkeys(("Int", "Integer"), "int"),
    **dict.fromkeys(("Bool", "Boolean"), "bool"),
    "Float": "float",
    "Decimal": "Decimal",
    "DateTime": "datetime",
    "Date": "date",
    "UUID": "UUID",
    "List": "list",
    "Nested": "object",
    "Dict": "dict",
    "auto_field": "",
}
_SENT = {"body": "body", "input": "body", "arguments": "body", "json": "body", "json_or_form": "body", "form": "form",
         "query": "query", "querystring": "query", "headers": "header", "cookies": "cookie", "use_args": "body",
         "use_kwargs": "body"}  # fmt: skip
_FIELD_CALLS = frozenset({"Field", "field", "Query", "Body", "Form"})


def of_class(ev: PyEvaluator, shape: Shape, where: Place, place: str, depth: int = 0) -> bool:
    """The fields of a model as parameters of a place, those of its bases first."""
    node = where.node
    if not isinstance(node, ast.ClassDef) or depth > MAX_BASES:
        return False
    found = False
    for base in node.bases:
        held = ev.place(Place(where.module, where.space, base))
        found = (isinstance(held, Place) and of_class(ev, shape, held, place, depth + 1)) or found
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            found = _annotated(shape, one, one.target.id, place) or found
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and isinstance(one.value, ast.Call):
            found = _marshalled(shape, one.targets[0].id, one.value, place) or found
    if found:
        shape.files.add(where.module.path)
    return found


def bare(node: ast.expr | None) -> ast.expr:
    """The type inside of ``Annotated[T, ...]``."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Annotated"):
        return node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
    return node if node is not None else ast.Constant(None)


def _annotated(shape: Shape, one: ast.AnnAssign, name: str, place: str) -> bool:
    kind = ast.unparse(bare(one.annotation))
    if name.startswith("_") or name == "model_config" or "ClassVar" in kind:
        return False
    shape.add(name, place, kind if len(kind) <= 80 else "", required=one.value is None or _needed(one.value))
    return True


def _needed(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return value.value is Ellipsis
    if not isinstance(value, ast.Call) or ast.unparse(value.func).rpartition(".")[2] not in _FIELD_CALLS:
        return False
    if any(one.arg in {"default", "default_factory"} for one in value.keywords):
        return False
    return not value.args or (isinstance(value.args[0], ast.Constant) and value.args[0].value is Ellipsis)


def _marshalled(shape: Shape, name: str, value: ast.Call, place: str) -> bool:
    """``name = fields.Str(required=True)``."""
    kind = _KINDS.get(value.func.attr) if isinstance(value.func, ast.Attribute) else None
    words = {one.arg: ast.unparse(one.value) for one in value.keywords}
    if kind is None or words.get("dump_only") == "True" or not isinstance(value.func, ast.Attribute):
        return False
    if ast.unparse(value.func.value).rpartition(".")[2] not in {"fields", "ma", "marshmallow"}:
        return False
    shape.add(name, place, kind, required=words.get("required") == "True")
    return True


def of_decorators(ev: PyEvaluator, shape: Shape, where: Place, function: Definition) -> None:
    """``@body(Schema)``, ``@blp.arguments(Schema, location="query")``, ``@blp.response(200, Schema)``."""
    for mark in function.decorator_list:
        if not isinstance(mark, ast.Call):
            continue
        name = ast.unparse(mark.func).rpartition(".")[2]
        words = {one.arg: ast.unparse(one.value).strip("'\"") for one in mark.keywords}
        schema = next((one for one in mark.args if not isinstance(one, ast.Constant)), None)
        if schema is None or (name not in _SENT and name not in {"response", "output"}):
            continue
        called = schema.func if isinstance(schema, ast.Call) else schema
        held = _class(ev, Place(where.module, where.space, called))
        if held is None:
            continue
        kind = held.node.name if isinstance(held.node, ast.ClassDef) else ""
        if name in {"response", "output"}:
            many = isinstance(schema, ast.Call) and any(one.arg == "many" for one in schema.keywords)
            shape.response = shape.response or (f"list[{kind}]" if many else kind)
            continue
        place = _SENT.get(words.get("location", name), "body")
        if of_class(ev, shape, held, place) and place == "body":
            shape.request = shape.request or kind


def _class(ev: PyEvaluator, where: Place) -> Place | None:
    """A class, also behind a name that an instance of it is kept under."""
    held = ev.place(where)
    if isinstance(held, Place) and isinstance(held.node, ast.Call):
        held = ev.place(Place(held.module, held.space, held.node.func))
    return held if isinstance(held, Place) and isinstance(held.node, ast.ClassDef) else None


def reads(shape: Shape, source: str) -> None:
    """The fields of a JSON body that a handler reads."""
    names = [found[1] for found in _DIRECT.finditer(source)]
    for alias in _ALIAS.finditer(source):
        use = re.compile(rf"(?<![\w.]){re.escape(alias[1])}(?:\.get\(\s*|\[)'([\w-]+)'")
        names += [found[1] for found in use.finditer(source, alias.end())]
    for name in list(dict.fromkeys(names))[:MAX_READS]:
        shape.add(name, "body")


def converted(shape: Shape, *paths: str) -> None:
    """The types that Flask's converters give to parameters of the path."""
    for kind, name in [found.groups() for path in paths for found in _CONVERTED.finditer(path)]:
        if ("path", name) in shape.parameters:
            shape.add(name, "path", "str" if kind in {"string", "path"} else kind)
