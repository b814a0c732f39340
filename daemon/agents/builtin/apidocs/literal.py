"""Literals: what stands in a string, an enum, a value inside a text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.scopes import Binding, Module, text
from daemon.agents.builtin.apidocs.values import EMPTY, UNKNOWN, Lazy, Obj, Value

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "", "b": "", "f": "", "v": ""}


def as_text(value: Value) -> str:
    """How a value reads inside a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else DYNAMIC


def compared(operator: str, left: Value, right: Value) -> Value:
    """A comparison of two known texts or numbers; of different kinds only for being the same."""
    if operator in {"===", "=="}:
        return left == right
    if operator in {"!==", "!="}:
        return left != right
    if not (isinstance(left, int) and isinstance(right, int)):
        return UNKNOWN
    return {"<": left < right, ">": left > right, "<=": left <= right}.get(operator, left >= right)


def unescaped(node: Node) -> str:
    """The text of a string literal."""
    out = []
    for child in node.named_children:
        raw = text(child)
        if child.type == "escape_sequence":
            raw = _ESCAPES.get(raw[1:2], raw[1:])
        out.append(raw)
    return "".join(out)


def enumerated(module: Module, binding: Binding) -> Value:
    """An enum as an object of its values."""
    props: dict[str, Lazy | Value] = {}
    node, scope = binding.node, binding.scope
    body = node.child_by_field_name("body") if node is not None else None
    for child in body.named_children if body is not None and scope is not None else ():
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if name is not None and value is not None and scope is not None:
            props[text(name).strip("'\"")] = Lazy(module, value, scope, EMPTY)
    return Obj(props, module, node) if node is not None else UNKNOWN
