"""What a JavaScript or TypeScript file is made of: scopes, bindings, functions, classes, calls, exports. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_ids = itertools.count(1)


@dataclass(slots=True, eq=False)
class Binding:
    """A name in a scope. ``kind``: value, param, func, class, import, enum, each (a loop's variable). ``again``: it is
    given a further value, which is not followed.
    """

    kind: str
    node: Node | None = None
    scope: Scope | None = None
    pick: tuple[str | int, ...] = ()
    function: FunctionInfo | None = None
    index: int = 0
    spec: str = ""
    name: str = ""
    klass: ClassInfo | None = None
    annotation: str = ""
    again: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """Names, and what encloses them."""

    parent: Scope | None
    names: dict[str, Binding] = field(default_factory=dict)
    function: FunctionInfo | None = None
    klass: ClassInfo | None = None

    def find(self, name: str) -> Binding | None:
        """The binding that the name has here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


@dataclass(slots=True, eq=False)
class FunctionInfo:
    """A function: its place, its parameters, what it returns. ``outer`` is the scope around it."""

    node: Node
    outer: Scope
    scope: Scope
    klass: ClassInfo | None
    name: str = ""
    uid: int = field(default_factory=lambda: next(_ids))
    parameters: list[Binding] = field(default_factory=list)
    returns: list[tuple[Node, Scope]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ClassInfo:
    """A class: fields, methods and decorators, each with the scope to read it in."""

    node: Node
    name: str
    outer: Scope
    scope: Scope
    heritage: Node | None = None
    decorators: list[Node] = field(default_factory=list)
    fields: dict[str, tuple[Node, Scope]] = field(default_factory=dict)
    injected: dict[str, Binding] = field(default_factory=dict)
    methods: dict[str, FunctionInfo] = field(default_factory=dict)
    members: list[tuple[FunctionInfo, list[Node]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call or a ``new`` in its scope. ``decorates`` is what follows when the call is a decorator."""

    node: Node
    scope: Scope
    decorates: Node | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What a name is exported as: an expression here, or a name of another module."""

    node: Node | None = None
    scope: Scope | None = None
    spec: str = ""
    name: str = ""


@dataclass(slots=True, eq=False)
class Module:
    """One parsed file. ``broken`` tells that parts of it are no JavaScript or TypeScript as far as we can read it;
    ``asked`` is every module that it names, imported, required or handed on; ``computes``: it loads others by names
    that only a loop over a folder may know.
    """

    path: str
    source: bytes
    root: Node
    top: Scope
    broken: int | None = None
    cut: bool = False
    computes: bool = False
    calls: list[Call] = field(default_factory=list)
    classes: list[ClassInfo] = field(default_factory=list)
    functions: dict[int, FunctionInfo] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def text(node: Node | None) -> str:
    """The source of a node."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line_of(node: Node) -> int:
    """The line a node starts on, from 1."""
    return int(node.start_point[0]) + 1
