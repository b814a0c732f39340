"""Routes written as decorators: NestJS, routing-controllers, tsoa and their likes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.decorators import Decorators
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot
from daemon.agents.builtin.apidocs.scopes import line_of
from daemon.agents.builtin.apidocs.values import Arr, Ext, Obj, Unknown, Value

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.decorators import Decorator
    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import ClassInfo, FunctionInfo, Module

_FAMILIES = {
    "@nestjs/common": "nest",
    "routing-controllers": "routing-controllers",
    "tsoa": "tsoa",
    "@tsoa/runtime": "tsoa",
    "inversify-express-utils": "inversify",
    "@inversifyjs/http-core": "inversify",
    "@overnightjs/core": "plain",
    "@tsed/common": "plain",
    "@tsed/schema": "plain",
    "@tsed/di": "plain",
    "@midwayjs/core": "plain",
    "@midwayjs/decorator": "plain",
    "@decorators/express": "plain",
}
_CONTROLLERS = {"Controller", "JsonController", "Route", "RestController", "controller", "ClassWrapper"}
_VERBS = {
    "Get": "GET",
    "Post": "POST",
    "Put": "PUT",
    "Patch": "PATCH",
    "Delete": "DELETE",
    "Del": "DELETE",
    "Head": "HEAD",
    "Options": "OPTIONS",
    "All": "ANY",
    "Sse": "GET",
    **{f"http{name}": name.upper() for name in ("Get", "Post", "Put", "Patch", "Delete", "Head")},
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Action:
    """One decorated method: the class it is reached through, its paths below the controller's."""

    family: str
    method: str
    bases: tuple[str, ...]
    paths: tuple[str, ...]
    versions: tuple[str, ...] | None
    module: Module
    controller: ClassInfo
    owner: Module
    function: FunctionInfo
    decorators: tuple[Decorator, ...]
    class_decorators: tuple[Decorator, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Controller:
    """A class that is a controller, and what its own decorator says."""

    family: str
    bases: tuple[str, ...]
    versions: tuple[str, ...] | None
    module: Module
    klass: ClassInfo
    marks: tuple[Decorator, ...]


class Decorations:
    """Reads the decorated classes of modules."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.ev = evaluator
        self.decorators = Decorators(evaluator)
        self.actions: list[Action] = []
        self.blind: list[BlindSpot] = []

    def scan(self, module: Module) -> None:
        """Take in one module."""
        for klass in module.classes:
            if klass.decorators:
                self._class(module, klass)

    def _class(self, module: Module, klass: ClassInfo) -> None:
        marks = self.decorators.read(module, klass.decorators, klass.outer)
        control = next((one for one in marks if one.name in _CONTROLLERS and one.package in _FAMILIES), None)
        if control is None:
            return
        family = _FAMILIES[control.package]
        if family == "tsoa" and control.name != "Route":
            return
        bases, versions = self._base(control)
        held = _Controller(family, bases, versions, module, klass, tuple(marks))
        done: set[str] = set()
        for owner, ancestor in self.ev.lineage(module, klass):
            for function, decorators in ancestor.members:
                if function.name in done or not decorators:
                    continue
                inner = self.decorators.read(owner, decorators, ancestor.scope)
                if self._member(held, owner, function, inner):
                    done.add(function.name)

    def _member(self, held: _Controller, owner: Module, function: FunctionInfo, inner: list[Decorator]) -> bool:
        own = next(
            (version_names(self.ev, one.arguments[0]) for one in inner if one.name == "Version" and one.arguments), None
        )
        routed = False
        for one in inner:
            if one.package not in _FAMILIES:
                continue
            method, at = _VERBS.get(one.name, ""), 0
            if one.name in {"httpMethod", "Method"} and one.arguments:
                method, at = str(one.arguments[0]).upper(), 1
            if one.name == "RequestMapping" and one.arguments:
                method = self.ev.text_at(one.arguments[0], "method").upper() or "GET"
            if not method:
                continue
            routed = True
            self.actions.append(
                Action(
                    family=held.family,
                    method=method,
                    bases=held.bases,
                    paths=self._paths(one, at, owner),
                    versions=own or held.versions,
                    module=held.module,
                    controller=held.klass,
                    owner=owner,
                    function=function,
                    decorators=tuple(inner),
                    class_decorators=held.marks,
                )
            )
        return routed

    def _paths(self, mark: Decorator, at: int, module: Module) -> tuple[str, ...]:
        if len(mark.arguments) <= at:
            return ("",)
        value = mark.arguments[at]
        if isinstance(value, Obj) and "path" in value.props:
            value = self.ev.member(value, "path")
        elif isinstance(value, Obj):
            return ("",)
        paths = self.ev.texts(value)
        for path in paths:
            if DYNAMIC in path:
                reason = f"the path of this {_VERBS.get(mark.name, '')} route is made when the program runs"
                self.blind.append(BlindSpot(file=module.path, line=line_of(mark.node), reason=reason))
        return tuple(one for one in paths if DYNAMIC not in one)

    def _base(self, control: Decorator) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        if not control.arguments:
            return ("",), None
        value = control.arguments[0]
        versions = None
        if isinstance(value, Obj):
            found = self.ev.member(value, "version")
            versions = version_names(self.ev, found) if not isinstance(found, Unknown) else None
            value = self.ev.member(value, "path") if "path" in value.props else ""
        return tuple(self.ev.texts(value)), versions


def version_names(ev: Evaluator, value: Value) -> tuple[str, ...]:
    """The versions that an argument names; what a package calls neutral is ""."""
    if isinstance(value, Ext):
        return ("",)
    items = [ev.force(one) for one in value.items] if isinstance(value, Arr) else [value]
    return tuple("" if isinstance(one, Ext) else str(one) for one in items if isinstance(one, str | int | Ext))
