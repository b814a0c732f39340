"""Routes written as decorators: NestJS, routing-controllers, tsoa and their likes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot
from daemon.agents.builtin.apidocs.scopes import line_of, text
from daemon.agents.builtin.apidocs.values import EMPTY, UNKNOWN, Arr, Cls, Env, Ext, Func, Lazy, Obj, Unknown, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Call, ClassInfo, FunctionInfo, Module, Scope

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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Decorator:
    """A decorator with its name as its package calls it, and its arguments."""

    name: str
    package: str
    arguments: tuple[Value, ...]
    node: Node


@dataclass(kw_only=True, slots=True, eq=False)
class Bootstrap:
    """What an entry file says of all controllers: a prefix, versions. ``file`` is where it says so."""

    file: str
    family: str
    prefix: str = ""
    exclude: tuple[tuple[str, str], ...] = ()
    version_prefix: str | None = None
    default_versions: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Controllers:
    """Everything read from decorators."""

    actions: list[Action] = field(default_factory=list)
    bootstraps: list[Bootstrap] = field(default_factory=list)
    module_paths: dict[int, str] = field(default_factory=dict)
    blind: list[BlindSpot] = field(default_factory=list)


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
        self.found = Controllers()
        self._starts: dict[str, Bootstrap] = {}
        self._registrations: list[tuple[Module, Call]] = []

    def register(self, module: Module) -> None:
        """Note the configuration that a module registers under a name; before any ``scan``."""
        for call in module.calls:
            if text(call.node.child_by_field_name("function")) == "registerAs":
                self._registrations.append((module, call))

    def scan(self, module: Module) -> None:
        """Take in one module."""
        for klass in module.classes:
            if klass.decorators:
                self._class(module, klass)
        for call in module.calls:
            callee = call.node.child_by_field_name("function")
            if callee is not None:
                self._configured(module, call, callee)

    def _class(self, module: Module, klass: ClassInfo) -> None:
        marks = self._decorators(module, klass.decorators, klass.outer)
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
                inner = self._decorators(owner, decorators, ancestor.scope)
                if self._member(held, owner, function, inner):
                    done.add(function.name)

    def _member(self, held: _Controller, owner: Module, function: FunctionInfo, inner: list[Decorator]) -> bool:
        own = next((self._versions(one.arguments[0]) for one in inner if one.name == "Version" and one.arguments), None)
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
            self.found.actions.append(
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
                self.found.blind.append(BlindSpot(file=module.path, line=line_of(mark.node), reason=reason))
        return tuple(one for one in paths if DYNAMIC not in one)

    def _base(self, control: Decorator) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        if not control.arguments:
            return ("",), None
        value = control.arguments[0]
        versions = None
        if isinstance(value, Obj):
            found = self.ev.member(value, "version")
            versions = self._versions(found) if not isinstance(found, Unknown) else None
            value = self.ev.member(value, "path") if "path" in value.props else ""
        return tuple(self.ev.texts(value)), versions

    def _versions(self, value: Value) -> tuple[str, ...]:
        if isinstance(value, Ext):
            return ("",)
        items = [self.ev.force(one) for one in value.items] if isinstance(value, Arr) else [value]
        return tuple("" if isinstance(one, Ext) else str(one) for one in items if isinstance(one, str | int | Ext))

    def _decorators(self, module: Module, nodes: list[Node], scope: Scope, depth: int = 0) -> list[Decorator]:
        found = []
        for node in nodes:
            inner = node.named_children[0] if node.type == "decorator" and node.named_children else node
            called = inner.type == "call_expression"
            target = inner.child_by_field_name("function") if called else inner
            value = self.ev.deref(self.ev.ask(module, target, scope))
            given = calling.arguments(inner) if called else []
            values = tuple(self.ev.deref(self.ev.ask(module, one, scope)) for one in given[:4])
            if isinstance(value, Ext):
                found.append(Decorator(name=value.name, package=value.package, arguments=values, node=inner))
            elif isinstance(value, Func) and depth < 3:
                found.extend(self._composed(value, module, inner, scope, depth))
        return found

    def _composed(self, value: Func, module: Module, node: Node, scope: Scope, depth: int) -> list[Decorator]:
        """A decorator of the project's own: what it applies."""
        env = calling.entered(value, module, node, scope, EMPTY)
        found: list[Decorator] = []
        for returned, inner in value.info.returns[:5]:
            if returned.type != "call_expression":
                continue
            callee = self.ev.deref(self.ev.ask(value.module, returned.child_by_field_name("function"), inner, env))
            if isinstance(callee, Ext) and callee.name == "applyDecorators":
                for module_, one, scope_ in self._listed(value.module, calling.arguments(returned), inner, env):
                    found.extend(self._applied(module_, one, scope_, env))
            elif isinstance(callee, Ext | Func) and depth < 3:
                found.extend(self._applied(value.module, returned, inner, env))
        return found

    def _listed(self, module: Module, given: list[Node], scope: Scope, env: Env) -> list[tuple[Module, Node, Scope]]:
        """Arguments one by one, those of a spread array too: ``applyDecorators(...all)``."""
        found: list[tuple[Module, Node, Scope]] = []
        for one in given:
            inner = one.named_children[0] if one.type == "spread_element" and one.named_children else None
            spread = self.ev.deref(self.ev.ask(module, inner, scope, env)) if inner is not None else None
            if isinstance(spread, Arr):
                found.extend((item.module, item.node, item.scope) for item in spread.items if isinstance(item, Lazy))
            elif inner is None:
                found.append((module, one, scope))
        return found

    def _applied(self, module: Module, node: Node, scope: Scope, env: Env) -> list[Decorator]:
        if node.type != "call_expression":
            return []
        target = self.ev.ask(module, node.child_by_field_name("function"), scope, env)
        if not isinstance(target, Ext):
            return []
        values = tuple(self.ev.deref(self.ev.ask(module, one, scope, env)) for one in calling.arguments(node)[:4])
        return [Decorator(name=target.name, package=target.package, arguments=values, node=node)]

    def _configured(self, module: Module, call: Call, callee: Node) -> None:
        name = text(callee.child_by_field_name("property")) if callee.type == "member_expression" else text(callee)
        if name in {"setGlobalPrefix", "enableVersioning", "register"} and callee.type == "member_expression":
            values = [self.ev.deref(self.ev.ask(module, one, call.scope)) for one in calling.arguments(call.node)[:2]]
            getattr(self, f"_on_{name.lower()}")(module, callee, call, values)
        elif name in {"createExpressServer", "useExpressServer", "createKoaServer", "useKoaServer"}:
            values = [self.ev.deref(self.ev.ask(module, one, call.scope)) for one in calling.arguments(call.node)[:2]]
            options = next((one for one in reversed(values) if isinstance(one, Obj)), None)
            prefix = self.ev.member(options, "routePrefix") if options else ""
            start = Bootstrap(file=module.path, family="routing-controllers")
            start.prefix = prefix if isinstance(prefix, str) and DYNAMIC not in prefix else ""
            if options is not None and "routePrefix" in options.props and start.prefix != prefix:
                self._unknown_prefix(module, call)
            self.found.bootstraps.append(start)

    def _start(self, module: Module) -> Bootstrap:
        if module.path not in self._starts:
            self._starts[module.path] = Bootstrap(file=module.path, family="nest")
            self.found.bootstraps.append(self._starts[module.path])
        return self._starts[module.path]

    def _on_setglobalprefix(self, module: Module, _callee: Node, call: Call, values: list[Value]) -> None:
        start = self._start(module)
        prefix = self.ev.texts(values[0])[0] if values else ""
        if DYNAMIC in prefix:
            self._unknown_prefix(module, call)
            prefix = ""
        start.prefix = prefix
        excluded = self.ev.member(values[1], "exclude") if len(values) > 1 else None
        listed = []
        for item in excluded.items if isinstance(excluded, Arr) else ():
            one = self.ev.force(item)
            listed.append((one, "") if isinstance(one, str) else (self.ev.text_at(one, "path"), _request_method(one)))
        start.exclude = tuple(listed)

    def _unknown_prefix(self, module: Module, call: Call) -> None:
        reason = "the prefix of all paths is made when the program runs; they are given without it"
        self.found.blind.append(BlindSpot(file=module.path, line=line_of(call.node), reason=reason, hides=False))

    def setting(self, key: str) -> Value:
        """``config.get('app.prefix')``: what ``registerAs('app', ...)`` somewhere gives when nothing is set."""
        space, _, rest = key.partition(".")
        for other, one in self._registrations:
            values = [self.ev.deref(self.ev.ask(other, arg, one.scope)) for arg in calling.arguments(one.node)[:2]]
            if len(values) > 1 and values[0] == space and isinstance(values[1], Func):
                made = self.ev.deref(calling.returned(self.ev, values[1].module, values[1].info, EMPTY))
                for name in rest.split(".") if rest else ():
                    made = self.ev.deref(self.ev.member(made, name))
                return made
        return UNKNOWN

    def _on_enableversioning(self, module: Module, _callee: Node, _call: Call, values: list[Value]) -> None:
        options = values[0] if values else None
        if not isinstance(options, Obj):
            self._start(module).version_prefix = "v"
            return
        kind = self.ev.member(options, "type") if "type" in options.props else Ext("", "VersioningType.URI")
        if not (isinstance(kind, Ext) and kind.name.endswith("URI")):
            return
        start = self._start(module)
        prefix = self.ev.member(options, "prefix")
        start.version_prefix = "" if prefix is False else prefix if isinstance(prefix, str) else "v"
        default = self.ev.member(options, "defaultVersion")
        if not isinstance(default, Unknown):
            start.default_versions = self._versions(default)

    def _on_register(self, module: Module, callee: Node, call: Call, values: list[Value]) -> None:
        owner = self.ev.ask(module, callee.child_by_field_name("object"), call.scope)
        if isinstance(owner, Ext) and owner.name == "RouterModule" and values:
            self._router_module(values[0], "", 0)

    def _router_module(self, routes: Value, prefix: str, depth: int) -> None:
        for item in routes.items if isinstance(routes, Arr) and depth < 8 else ():
            one = self.ev.deref(self.ev.force(item))
            if isinstance(one, Cls):
                self._below(one, prefix)
            elif isinstance(one, Obj):
                path = f"{prefix}/{self.ev.text_at(one, 'path')}"
                target = self.ev.deref(self.ev.member(one, "module"))
                if isinstance(target, Cls):
                    self._below(target, path)
                self._router_module(self.ev.deref(self.ev.member(one, "children")), path, depth + 1)

    def _below(self, module_class: Cls, prefix: str) -> None:
        """The controllers of a Nest module are below a path."""
        for mark in self._decorators(module_class.module, module_class.info.decorators, module_class.info.outer):
            if mark.name != "Module" or not mark.arguments:
                continue
            listed = self.ev.deref(self.ev.member(mark.arguments[0], "controllers"))
            for item in listed.items if isinstance(listed, Arr) else ():
                klass = self.ev.deref(self.ev.force(item))
                if isinstance(klass, Cls):
                    self.found.module_paths[id(klass.info)] = prefix


def _request_method(value: Value) -> str:
    if not isinstance(value, Obj):
        return ""
    method = value.props.get("method")
    return text(method.node).rpartition(".")[2] if method is not None and hasattr(method, "node") else ""
