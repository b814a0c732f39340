"""Views of Python's web frameworks that are no decorated routes: Django and its REST framework, aiohttp, Starlette,
Sanic, Pyramid, Falcon. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review.guards import tail_of
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.routed import CONVERTER, name_of, whole
from daemon.agents.builtin.review.sources import BODY, NOTHING, PATH, REQUEST, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

_FRAMEWORK = re.compile(
    r"^(?:flask|django|rest_framework|ninja|aiohttp\.web|starlette|sanic|pyramid|quart|litestar|falcon)\b"
)
_REQUEST_TYPE = re.compile(r"(?:^|\.)(?:\w*HttpRequest|Request|WSGIRequest)$")
_SENT = words(
    """
    GET POST FILES COOKIES META body data query_params headers query params match_info matchdict path_params form
    json json_body get_json media post text read args url cookies get_param bounded_stream stream rel_url
    """
)
_VIEW = re.compile(r"^view_config$")
"""Pyramid's decorator."""
_UNMISTAKABLE = {"GET", "POST", "FILES", "COOKIES", "get_json"}
"""What only Django's requests, or Flask's (as Google's functions are given them), have."""
_OF_FLASK = {"args", "form", "files"}
"""What Flask's have, where a function calls what it gets a request."""
_OF_A_CLASS = re.compile(
    r"^(?:(?:on_)?(?:get|post|put|patch|delete)|list|create|retrieve|update|partial_update|destroy)$"
)
"""Methods that a framework calls by their name; what they get beside the request is read off the path."""
_NOT_OF_PATH = {"self", "cls", "args", "kwargs", "resp", "response", "res", "format"}


def view_parameters(function: ir.Function, module: ir.Module) -> list[Facts] | None:
    """What each parameter of a view brings in, ``None`` when the function is none."""
    names = [name_of(param) for param in function.params]
    first = 3 if names[:1] in (["self"], ["cls"]) else 2
    place = next((number for number, name in enumerate(names[:first]) if name in {"request", "req"}), -1)
    if place < 0:
        return None
    parts = _read_off(function, names[place]) | _read_elsewhere(function, names[place], module)
    known = bool(_REQUEST_TYPE.search(function.params[place].annotation)) or _imported(module.imports.values())
    known = known or any(_VIEW.search(tail_of(d.func)) for d in function.decorators if isinstance(d, ir.Call))
    alone = place == 0 or names[0] in {"self", "cls"}
    told = parts & (_UNMISTAKABLE | _OF_FLASK) if names[place] == "request" else parts & _UNMISTAKABLE
    if not told and not (alone and known and parts & _SENT):
        return None
    called_by_name = place == 1 and names[0] in {"self", "cls"} and _OF_A_CLASS.match(function.name) is not None
    return [
        whole(REQUEST, param)
        if number == place
        else whole(PATH, param)
        if called_by_name and number > place and names[number] not in _NOT_OF_PATH
        else NOTHING
        for number, param in enumerate(function.params)
    ]


def method_parameters(function: ir.Function, module: ir.Module) -> list[Facts] | None:
    """What each parameter of a method of Flask's class views brings in, ``def get(self, name)`` of a ``MethodView`` or
    a ``Resource``: a part of the path; ``None`` when the method is none of these.
    """
    names = [name_of(param) for param in function.params]
    if not function.owner or names[:1] != ["self"] or len(names) < 2:
        return None
    owner = re.search(rf"\bclass\s+{re.escape(function.owner)}\(([^)]*)\)", module.text)
    bases = owner.group(1) if owner else ""
    if function.name in _HEARS and _SOCKET.search(bases):
        return [whole(BODY, param) if number == 1 else NOTHING for number, param in enumerate(function.params)]
    if not _VERB.match(function.name) or not _OF_FLASK_BASES.search(bases):
        return None
    converted = {"self", "args", "kwargs", *CONVERTER.findall(module.text)}
    return [NOTHING if name in converted else whole(PATH, p) for name, p in zip(names, function.params, strict=True)]


_VERB = re.compile(r"^(?:get|post|put|patch|delete)$")
_OF_FLASK_BASES = re.compile(r"\b(?:MethodView|\w*Resource)\b")
"""Base classes of Flask's, whose methods named after verbs are called with what stands in the path."""
_HEARS = {"receive", "receive_json", "on_message"}
"""Methods of a socket's class that get what is said."""
_SOCKET = re.compile(r"WebSocketHandler|\w*Consumer\b")
"""Base classes of Channels' and Tornado's, whose methods get what is said over a socket."""


def _read_elsewhere(function: ir.Function, name: str, module: ir.Module) -> set[str]:
    """What functions of the file read off the request that a view hands them."""
    called = {
        expr.func.id: number
        for expr in ir.every_expression(function)
        if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Name)
        for number, arg in enumerate(expr.args)
        if isinstance(arg, ir.Name) and arg.id == name
    }
    others = [other for other in module.functions if other.name in called and len(other.params) > called[other.name]]
    return {part for other in others for part in _read_off(other, name_of(other.params[called[other.name]]))}


def _imported(modules: Iterable[str]) -> bool:
    return any(_FRAMEWORK.match(name) for name in modules)


def _read_off(function: ir.Function, name: str) -> set[str]:
    return {
        expr.name
        for expr in ir.every_expression(function)
        if isinstance(expr, ir.Member) and isinstance(expr.base, ir.Name) and expr.base.id == name
    }
