"""Methods of texts, arrays and paths whose result can be known without running the program. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.scopes import text
from daemon.agents.builtin.apidocs.values import UNKNOWN, Arr, Func, Lazy, Obj, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.asking import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Module

MAX_PATTERN = 80
_RISKY = re.compile(r"[+*}]\)?[+*{]|\(\?<|\\[1-9]|\(\?[=!]")
"""Patterns that can take for ever, or that mean something else in Python."""


def pattern(node: Node | None) -> re.Pattern[str] | None:
    """A regular expression literal as ours; ``None`` when it is not surely the same."""
    if node is None or node.type != "regex":
        return None
    body, flags = text(node.child_by_field_name("pattern")), text(node.child_by_field_name("flags"))
    if not body or len(body) > MAX_PATTERN or _RISKY.search(body):
        return None
    try:
        return re.compile(body.replace(r"\/", "/"), re.IGNORECASE if "i" in flags else 0)
    except re.error:
        return None


def of_text(owner: str, name: str, given: list[Value], nodes: list[Node]) -> Value:
    """``owner.name(...)`` of a text."""
    first = given[0] if given else None
    if name == "concat":
        return owner + "".join(one if isinstance(one, str) else DYNAMIC for one in given)
    if name in {"toString", "valueOf", "trim"}:
        return owner
    if name in {"toLowerCase", "toLocaleLowerCase"}:
        return owner.lower()
    if DYNAMIC in owner:
        return UNKNOWN
    if name in {"replace", "replaceAll"} and len(nodes) > 1 and isinstance(given[1], str):
        return _replaced(owner, name, nodes[0], first, given[1])
    if name in {"slice", "substring", "substr"}:
        return _part(owner, name, [one for one in given if isinstance(one, int)])
    if name in {"match", "search"} or not isinstance(first, str) or DYNAMIC in first:
        return UNKNOWN
    return _asked(owner, name, first)


def _asked(owner: str, name: str, first: str) -> Value:
    if name == "split":
        return Arr(tuple(owner.split(first)) if first else tuple(owner))
    if name == "endsWith":
        return owner.endswith(first)
    if name == "startsWith":
        return owner.startswith(first)
    if name == "includes":
        return first in owner
    if name == "indexOf":
        return owner.find(first)
    return owner.rfind(first) if name == "lastIndexOf" else UNKNOWN


def _replaced(owner: str, name: str, node: Node, first: Value | None, new: str) -> Value:
    if isinstance(first, str):
        return owner.replace(first, new, -1 if name == "replaceAll" else 1)
    found = pattern(node)
    if found is None or "$" in new:
        return UNKNOWN
    every = "g" in text(node.child_by_field_name("flags"))
    return found.sub(lambda _: new, owner, count=0 if every else 1)


def _part(owner: str, name: str, ends: list[int]) -> Value:
    if not ends or (name == "substring" and min(ends) < 0):
        return UNKNOWN
    if name == "substr":
        start = ends[0] if ends[0] >= 0 else max(0, len(owner) + ends[0])
        return owner[start : start + ends[1]] if len(ends) > 1 else owner[start:]
    return owner[ends[0] : ends[1]] if len(ends) > 1 else owner[ends[0] :]


def of_array(ev: Evaluator, owner: Arr, name: str, given: list[Value]) -> Value:
    """``owner.name(...)`` of an array."""
    first = given[0] if given else None
    if name == "join":
        return (first if isinstance(first, str) else ",").join(ev.texts(owner))
    if name == "filter":
        return _filtered(ev, owner, first)
    if name == "slice" and given and all(isinstance(one, int) for one in given) and not owner.open:
        ends = [one for one in given if isinstance(one, int)]
        return Arr(owner.items[ends[0] : ends[1]] if len(ends) > 1 else owner.items[ends[0] :])
    if name in {"sort", "reverse", "slice", "flat"}:
        return owner
    if name in {"pop", "shift"} and owner.items and not owner.open:
        return ev.force(owner.items[-1 if name == "pop" else 0])
    if name == "concat":
        items = [item for one in given if isinstance(one, Arr) for item in one.items]
        return Arr((*owner.items, *items), open=owner.open)
    if name in {"includes", "indexOf"} and isinstance(first, str) and not owner.open:
        known = [ev.force(one) for one in owner.items]
        if all(isinstance(one, str) for one in known):
            at = known.index(first) if first in known else -1
            return at >= 0 if name == "includes" else at
    return UNKNOWN


def _filtered(ev: Evaluator, owner: Arr, test: Value | None) -> Value:
    """The items for which a function of one ``return`` does not surely say no."""
    test = ev.deref(test) if test is not None else None
    if not isinstance(test, Func) or len(test.info.returns) != 1:
        return owner
    node, scope = test.info.returns[0]
    kept: list[Lazy | Value] = []
    for at, item in enumerate(owner.items):
        env = test.env.with_values({(test.info.uid, 0): item, (test.info.uid, 1): at})
        if ev.value(test.module, node, scope, env) is not False:
            kept.append(item)
    return Arr(tuple(kept), open=owner.open)


def of_path(name: str, given: list[Value], module: Module, node: Node) -> Value:
    """Functions of node's ``path`` and ``url`` packages."""
    name = name.removeprefix("default.").removeprefix("posix.")
    if name in {"join", "resolve"}:
        known = [one if isinstance(one, str) else DYNAMIC for one in given]
        return posixpath.normpath(posixpath.join("", *(one.lstrip("/") for one in known))) if known else UNKNOWN
    path = given[0]
    if not isinstance(path, str):
        return path if name == "fileURLToPath" else UNKNOWN
    base = posixpath.basename(path)
    stem, extension = posixpath.splitext(base)
    if name == "basename":
        suffix = given[1] if len(given) > 1 and isinstance(given[1], str) else ""
        return base.removesuffix(suffix) if suffix != base else base
    if name == "parse":
        return Obj({"base": base, "name": stem, "ext": extension, "dir": posixpath.dirname(path)}, module, node)
    known_names = {"dirname": posixpath.dirname(path), "extname": extension, "fileURLToPath": path, "normalize": path}
    return known_names.get(name, UNKNOWN)
