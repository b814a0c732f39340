"""What an expression of JavaScript or TypeScript can be known to be without running it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import ClassInfo, FunctionInfo, Module, Scope


class Unknown:
    """Only the running program knows."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """What the parameters of the enclosing functions are bound to, by function and position.

    ``sites`` says by which call each function was entered, so that two calls of one factory give two routers.
    """

    values: Mapping[tuple[int, int], Lazy | Value] = field(default_factory=dict)
    sites: Mapping[int, str] = field(default_factory=dict)

    def with_values(self, values: Mapping[tuple[int, int], Lazy | Value]) -> Env:
        """The same with further parameters bound."""
        return Env({**self.values, **values}, self.sites)


EMPTY = Env()


@dataclass(frozen=True, slots=True, eq=False)
class Lazy:
    """An expression in its place, not looked at yet."""

    module: Module
    node: Node
    scope: Scope
    env: Env


@dataclass(frozen=True, slots=True, eq=False)
class Arr:
    """An array whose items are known one by one; ``open`` when there may be more."""

    items: tuple[Lazy | Value, ...]
    open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Obj:
    """An object literal (or several, spread into each other); later properties win."""

    props: Mapping[str, Lazy | Value]
    module: Module
    node: Node
    open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Func:
    """A function and what its enclosing functions were called with. ``bare``: its plugin prefix does not count."""

    module: Module
    info: FunctionInfo
    env: Env
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cls:
    """A class."""

    module: Module
    info: ClassInfo


@dataclass(frozen=True, slots=True, eq=False)
class Inst:
    """An instance of a class of the project."""

    cls: Cls


@dataclass(frozen=True, slots=True)
class Router:
    """Anything that routes are registered on, known by the place that made it."""

    key: tuple[object, ...]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class RoutePath:
    """``router.route('/x')``: a router narrowed to paths."""

    router: Router
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ext:
    """Something of a package: its name, and the export as it is called there ("" for the package itself)."""

    package: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """What a validation library was told of a value: its kind, and its fields when it is an object."""

    kind: str
    optional: bool = False
    fields: Mapping[str, Lazy | Value] | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A part of a gateway that CDK makes. ``kind``: rest and http (the gateway itself), resource."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A Lambda function that CDK makes. ``handler`` is where its code is, empty where that was not found."""

    handler: str


@dataclass(frozen=True, slots=True)
class Mod:
    """A module of the project as a value."""

    path: str


Value = (
    str
    | int
    | float
    | bool
    | Unknown
    | Arr
    | Obj
    | Func
    | Cls
    | Inst
    | Router
    | RoutePath
    | Ext
    | Mod
    | Schema
    | Resource
    | LambdaFunction
)
