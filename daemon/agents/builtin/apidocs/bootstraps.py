"""What entry files say of all controllers: prefixes, versions, modules below a path, settings under a name. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling
from daemon.agents.builtin.apidocs.decorated import version_names
from daemon.agents.builtin.apidocs.decorators import Decorators
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot, normal_path
from daemon.agents.builtin.apidocs.resolve import json_with_comments
from daemon.agents.builtin.apidocs.scopes import line_of, text
from daemon.agents.builtin.apidocs.values import EMPTY, UNKNOWN, Arr, Cls, Ext, Func, Obj, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.decorated import Action
    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Call, Module


@dataclass(kw_only=True, slots=True, eq=False)
class Bootstrap:
    """What an entry file says of all controllers: a prefix, versions. ``file`` is where it says so."""

    file: str
    family: str
    prefix: str = ""
    exclude: tuple[tuple[str, str], ...] = ()
    version_prefix: str | None = None
    default_versions: tuple[str, ...] = ()


class Bootstraps:
    """Reads the configuring calls of modules. ``read`` gives a file's text, for tsoa's configuration."""

    def __init__(self, evaluator: Evaluator, read: Callable[[str], str | None], files: Collection[str]) -> None:
        self.ev = evaluator
        self.decorators = Decorators(evaluator)
        self._read = read
        self._files = files
        self.starts: list[Bootstrap] = []
        self.module_paths: dict[int, str] = {}
        self.blind: list[BlindSpot] = []
        self._nest: dict[str, Bootstrap] = {}
        self._registrations: list[tuple[Module, Call]] = []

    def register(self, module: Module) -> None:
        """Note the configuration that a module registers under a name; before any ``scan``."""
        for call in module.calls:
            if text(call.node.child_by_field_name("function")) == "registerAs":
                self._registrations.append((module, call))

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

    def scan(self, module: Module) -> None:
        """Take in one module."""
        for call in module.calls:
            callee = call.node.child_by_field_name("function")
            if callee is not None:
                self._configured(module, call, callee)

    def leading_to(self, action: Action, reach: Callable[[str], set[str]]) -> Bootstrap | None:
        """The entry file that speaks for a controller: the one that leads to it, else the nearest."""
        starts = [one for one in self.starts if one.family == action.family]
        if action.family == "tsoa":
            return Bootstrap(file="tsoa.json", family="tsoa", prefix=self._tsoa_base(action.module.path))
        if len(starts) < 2:
            return starts[0] if starts else None
        leading = [one for one in starts if action.module.path in reach(one.file)]
        return max(leading or starts, key=lambda one: len(posixpath.commonprefix([one.file, action.module.path])))

    def _tsoa_base(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while True:
            name = posixpath.join(folder, "tsoa.json")
            if name in self._files:
                content = json_with_comments(self._read(name) or "")
                routes = content.get("routes") if isinstance(content, dict) else None
                base = routes.get("basePath") if isinstance(routes, dict) else None
                return base if isinstance(base, str) else ""
            if not folder:
                return ""
            folder = posixpath.dirname(folder)

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
            self.starts.append(start)

    def _start(self, module: Module) -> Bootstrap:
        if module.path not in self._nest:
            self._nest[module.path] = Bootstrap(file=module.path, family="nest")
            self.starts.append(self._nest[module.path])
        return self._nest[module.path]

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
        self.blind.append(BlindSpot(file=module.path, line=line_of(call.node), reason=reason, hides=False))

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
            start.default_versions = version_names(self.ev, default)

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
        for mark in self.decorators.read(module_class.module, module_class.info.decorators, module_class.info.outer):
            if mark.name != "Module" or not mark.arguments:
                continue
            listed = self.ev.deref(self.ev.member(mark.arguments[0], "controllers"))
            for item in listed.items if isinstance(listed, Arr) else ():
                klass = self.ev.deref(self.ev.force(item))
                if isinstance(klass, Cls):
                    self.module_paths[id(klass.info)] = prefix


def whole_paths(action: Action, start: Bootstrap | None, module_path: str, base: str, path: str) -> list[str]:
    """The paths of one action with everything in front."""
    prefix = start.prefix if start else ""
    versions = action.versions if action.versions is not None else start.default_versions if start else ()
    bare = normal_path(module_path, base, path)
    if start and any(_excluded(bare, action.method, rule) for rule in start.exclude):
        prefix = ""
    if start is None or start.version_prefix is None or not versions:
        return [normal_path(prefix, bare)]
    marks = [f"{start.version_prefix}{one}" if one else "" for one in versions]
    return [normal_path(prefix, mark, bare) for mark in marks]


def _excluded(bare: str, method: str, rule: tuple[str, str]) -> bool:
    path, wanted = normal_path(rule[0]), rule[1]
    if wanted not in {"", "ALL", method}:
        return False
    if path.endswith("/{wildcard}"):
        return bare.startswith(path.removesuffix("{wildcard}"))
    return bare == path


def _request_method(value: Value) -> str:
    if not isinstance(value, Obj):
        return ""
    method = value.props.get("method")
    return text(method.node).rpartition(".")[2] if method is not None and hasattr(method, "node") else ""
