"""What Python names are bound to by calls and loops: arguments handed on, items of literal lists. Pure."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.pyevaluate import MAX_DEPTH
from daemon.agents.builtin.apidocs.pymodule import Place, Space

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator
    from daemon.agents.builtin.apidocs.pymodule import PyModule

MAX_ITEMS = 300


def items(ev: PyEvaluator, where: Place, depth: int = 0, seen: frozenset[tuple[int, str]] = frozenset()) -> list[Place]:
    """The items of a list or tuple as far as they are written down, whatever ways lead to the name."""
    node = where.node
    if depth > MAX_DEPTH:
        return []
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        found: list[Place] = []
        for one in node.elts[:MAX_ITEMS]:
            at = Place(where.module, where.space, one.value if isinstance(one, ast.Starred) else one)
            found.extend(items(ev, at, depth + 1, seen) if isinstance(one, ast.Starred) else [at])
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [Place(where.module, where.space, side) for side in (node.left, node.right)]
        return _once([one for side in sides for one in items(ev, side, depth + 1, seen)])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
        held = ev.place(Place(where.module, where.space, node.func.value), depth + 1)
        return _pairs(held) if isinstance(held, Place) else []
    if isinstance(node, ast.Name):
        return _named(ev, where, node.id, depth, seen)
    if isinstance(node, ast.Attribute):
        held = ev.place(where, depth + 1)
        return items(ev, held, depth + 1, seen) if isinstance(held, Place) and held.node is not node else []
    return []


def _named(ev: PyEvaluator, where: Place, name: str, depth: int, seen: frozenset[tuple[int, str]]) -> list[Place]:
    holder = where.space.holder(name)
    if holder is None or (id(holder), name) in seen:
        return []
    seen = seen | {(id(holder), name)}
    if name in holder.bound:
        return items(ev, holder.bound[name], depth + 1, seen)
    values = [Place(where.module, holder, one) for one in holder.again.get(name, ())]
    if not values and name in holder.names:
        values = [Place(where.module, holder, holder.names[name])]
    if name in holder.params:
        values.extend(ev.passed(where.module, holder, name, depth + 1))
    if not values and name in holder.imports:
        held = ev.place(where, depth + 1)
        values = [held] if isinstance(held, Place) else []
    return _once([one for value in values for one in items(ev, value, depth + 1, seen)])


def _pairs(held: Place) -> list[Place]:
    """The items of a dictionary as pairs."""
    if not isinstance(held.node, ast.Dict):
        return []
    pairs = [(key, value) for key, value in zip(held.node.keys, held.node.values, strict=True) if key is not None]
    return [Place(held.module, held.space, ast.Tuple(elts=[key, value], ctx=ast.Load())) for key, value in pairs]


def _once(places: list[Place]) -> list[Place]:
    return list({(one.module.path, id(one.node)): one for one in places}.values())


def unrolled(ev: PyEvaluator, module: PyModule, space: Space, call: ast.Call) -> list[Space]:
    """The spaces in which a call is made: one for each item of the loop whose variables it uses, else the one."""
    for one in ast.walk(call):
        holder = space.holder(one.id) if isinstance(one, ast.Name) else None
        loop = holder.loops.get(one.id) if holder is not None and isinstance(one, ast.Name) else None
        if holder is None or loop is None:
            continue
        names = {name: at for name, (over, at) in holder.loops.items() if over is loop[0]}
        made = []
        for item in items(ev, Place(module, holder, loop[0]))[:MAX_ITEMS]:
            bound = {name: value for name, at in names.items() if (value := _part(ev, item, at)) is not None}
            made.append(Space(parent=space, name=space.name, bound=bound))
        return made or [space]
    return [space]


def _part(ev: PyEvaluator, item: Place, at: int | None) -> Place | None:
    if at is None:
        return item
    parts = items(ev, item)
    return parts[at] if at < len(parts) else None


def handed(ev: PyEvaluator, module: PyModule, space: Space, call: ast.Call) -> tuple[Space, ast.Call]:
    """A call with its starred arguments one by one, and the space in which it can be read so."""
    if not any(isinstance(one, ast.Starred) for one in call.args):
        return space, call
    bound: dict[str, Place] = {}
    given: list[ast.expr] = []
    for one in call.args:
        if not isinstance(one, ast.Starred):
            given.append(one)
            continue
        for part in items(ev, Place(module, space, one.value)):
            name = f"*{len(bound)}"
            bound[name] = part
            given.append(ast.copy_location(ast.Name(id=name), one))
    return Space(parent=space, name=space.name, bound=bound), ast.copy_location(
        ast.Call(func=call.func, args=given, keywords=call.keywords), call
    )
