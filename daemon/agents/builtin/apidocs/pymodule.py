"""A Python file as names and statements. Pure; stdlib ``ast``."""

from __future__ import annotations

import ast
import posixpath
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True, eq=False)
class Space:
    """The names of a module, of a function in it, or of one round of a loop (``bound``).

    ``loops`` are variables of loops with what is looped over and the place in a tuple; ``again`` is every value that a
    name is given.
    """

    parent: Space | None
    name: str = ""
    names: dict[str, ast.AST] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    loops: dict[str, tuple[ast.expr, int | None]] = field(default_factory=dict)
    again: dict[str, list[ast.expr]] = field(default_factory=dict)
    params: dict[str, int] = field(default_factory=dict)
    bound: dict[str, Place] = field(default_factory=dict)
    function: Definition | None = None
    klass: ast.ClassDef | None = None

    def holder(self, name: str) -> Space | None:
        """The space, from here outwards, that has the name."""
        space: Space | None = self
        while space is not None:
            if name in space.names or name in space.imports or name in space.loops:
                return space
            if name in space.params or name in space.bound:
                return space
            space = space.parent
        return None


@dataclass(slots=True, eq=False)
class PyModule:
    """One parsed file. ``statements`` are all of it with their spaces, in order."""

    path: str
    top: Space
    statements: list[tuple[ast.stmt, Space]] = field(default_factory=list)
    broken: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An expression where it stands."""

    module: PyModule
    space: Space
    node: ast.AST


def parse(path: str, source: bytes) -> PyModule:
    """Read one file; ``broken`` is the line where it is no Python."""
    module = PyModule(path=path, top=Space(parent=None))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        module.broken = getattr(fault, "lineno", None) or 1
        return module
    stack: list[tuple[ast.stmt, Space]] = [(one, module.top) for one in reversed(tree.body)]
    while stack:
        node, space = stack.pop()
        node, space = _spread_out(node, space)
        module.statements.append((node, space))
        _name(path, node, space)
        inner = space
        if isinstance(node, Definition):
            inner = Space(parent=space, name=f"{space.name}.{node.name}", function=node)
            listed = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            inner.params = {one.arg: at for at, one in enumerate(listed)}
        elif isinstance(node, ast.ClassDef):
            held = Space(parent=space, name=f"{space.name}.{node.name}", klass=node)
            stack.extend((one, held) for one in _methods(node))
            continue
        stack.extend((one, inner) for one in reversed(list(_inside(node))))
    return module


def _spread_out(node: ast.stmt, space: Space) -> tuple[ast.stmt, Space]:
    """Of ``[api.add(*r) for r in routes]``, written for what it does, the call in the space of its loop."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return node, space
    inner = Space(parent=space, name=space.name)
    for one in node.value.generators:
        _loop(one.target, one.iter, inner)
    return ast.copy_location(ast.Expr(node.value.elt), node), inner


def _loop(target: ast.expr, over: ast.expr, space: Space) -> None:
    several = isinstance(target, ast.Tuple | ast.List)
    for at, one in enumerate(target.elts if isinstance(target, ast.Tuple | ast.List) else [target]):
        if isinstance(one, ast.Name):
            space.loops[one.id] = (over, at if several else None)


def _methods(node: ast.ClassDef) -> list[ast.stmt]:
    """The methods of a class, last first: routes are registered in them, and on them."""
    return [one for one in reversed(node.body) if isinstance(one, Definition)]


def _inside(node: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "handlers", "orelse", "finalbody"):
        for one in getattr(node, name, ()) or ():
            if isinstance(one, ast.stmt):
                yield one
            elif isinstance(one, ast.ExceptHandler):
                yield from one.body


def _name(path: str, node: ast.stmt, space: Space) -> None:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                space.names.setdefault(target.id, node.value)
                space.again.setdefault(target.id, []).append(node.value)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        space.names.setdefault(node.target.id, node.value)
    elif isinstance(node, Definition | ast.ClassDef):
        if space.klass is None:  # a method is no name of what is inside the others
            space.names[node.name] = node
    elif isinstance(node, ast.For):
        _loop(node.target, node.iter, space)
    else:
        _import(path, node, space)


def _import(path: str, node: ast.stmt, space: Space) -> None:
    if isinstance(node, ast.Import):
        for one in node.names:
            spec = one.name if one.asname else one.name.partition(".")[0]
            space.imports[one.asname or spec] = (spec, "")
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(path, node.level, node.module or "")
        for one in node.names:
            space.imports[one.asname or one.name] = (base, one.name)


def _absolute(path: str, level: int, name: str) -> str:
    """A module name; a relative one as ``/folder/...`` from the root."""
    if not level:
        return name
    folder = posixpath.dirname(path)
    for _ in range(level - 1):
        folder = posixpath.dirname(folder)
    return "/" + posixpath.join(folder, name.replace(".", "/")).rstrip("/")
