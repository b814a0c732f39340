"""Endpoints of TypeScript and JavaScript files. Pure: texts in, endpoints out."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import bodies, calling, describe, script
from daemon.agents.builtin.apidocs.decorated import Action, Bootstrap, Decorations
from daemon.agents.builtin.apidocs.endpoint import BlindSpot, Endpoint, Extraction, normal_path
from daemon.agents.builtin.apidocs.evaluate import Evaluator
from daemon.agents.builtin.apidocs.flow import Flow
from daemon.agents.builtin.apidocs.resolve import Resolver, json_with_comments
from daemon.agents.builtin.apidocs.routing import Route, Routing
from daemon.agents.builtin.apidocs.scopes import line_of
from daemon.agents.builtin.apidocs.values import Arr, Func, Inst, Router, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import Module

MAX_MODULES = 1_500
MANY = 4
"""A function that serves so many paths says nothing of any of them."""
_COMMANDS = ("handle", "execute", "invoke", "run")
_SILENT = frozenset({"ANY", "OPTIONS", "HEAD"})
"""Methods that say nothing of which others a path answers."""


class Scripts:
    """The scripts of a project. ``read`` gives a file's bytes, or ``None`` with the reason kept by the reader."""

    def __init__(self, read: Callable[[str], bytes | None], files: Collection[str]) -> None:
        self._read = read
        self._files = files
        self.modules: dict[str, Module | None] = {}
        self.resolver = Resolver(self._text, files)
        self.ev = Evaluator(self.load, self.resolver, files)
        self.flow = Flow(self.ev)
        self.routing = Routing(self.ev, self.flow)
        self.decorations = Decorations(self.ev)
        self.ev.setting = self.decorations.setting
        self._scanned: set[str] = set()
        self._serves: dict[int, set[str]] = {}

    def _text(self, path: str) -> str | None:
        content = self._read(path)
        return content.decode("utf-8", "replace") if content is not None else None

    def load(self, path: str) -> Module | None:
        """Parse a file once; ``None`` when it cannot be read or one file too many was asked for."""
        if path not in self.modules:
            wanted = path.endswith((".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs"))
            content = self._read(path) if wanted and len(self.modules) < MAX_MODULES else None
            module = script.parse(path, content) if content is not None else None
            self.modules[path] = module
            if module is not None and b"registerAs" in module.source:
                self.decorations.register(module)
        return self.modules[path]

    def extract(self, wanted: Iterable[str]) -> Extraction:
        """Every endpoint of the files wanted and of what they lead to."""
        for path in wanted:
            self.load(path)
        for _ in range(3):
            self._scan(self.flow.scan)
            self.flow.settle()
        flowed = set(self._scanned)
        for stage in (self.routing.scan, self.decorations.scan):
            self._scanned = set()
            self._scan(stage)
        self._scanned |= flowed
        self._autoloaded()
        self._loose()
        found = Extraction(blind=[*self.routing.graph.blind, *self.decorations.found.blind])
        routes = [(route, self._handler(route)) for route in self._answering(self.routing.graph.routes)]
        for route, handler in routes:
            if handler is not None:
                self._serves.setdefault(handler.info.uid, set()).add(route.path)
        for route, handler in routes:
            told = handler if handler and len(self._serves[handler.info.uid]) < MANY else None
            found.endpoints.extend(self._routed(route, told, found))
        for action in self.decorations.found.actions:
            found.endpoints.extend(self._acted(action))
        self._confess(found)
        return found

    def _scan(self, stage: Callable[[Module], None]) -> None:
        while True:
            new = [path for path, module in self.modules.items() if module and path not in self._scanned]
            if not new:
                return
            for path in new:
                self._scanned.add(path)
                module = self.modules[path]
                if module is not None:
                    stage(module)

    def _confess(self, found: Extraction) -> None:
        for path, module in self.modules.items():
            if module is None:
                continue
            if module.broken:
                found.blind.append(
                    BlindSpot(
                        file=path, line=module.broken, reason="does not parse from here; endpoints may be missing"
                    )
                )
            if module.cut:
                found.blind.append(BlindSpot(file=path, line=None, reason="too large to be read whole"))
        if self.ev.exhausted:
            found.blind.append(BlindSpot(file="", line=None, reason="the project is too large to be followed whole"))

    def _loose(self) -> None:
        """``app.use('/', route.router)`` in a loop that cannot be followed: every class with such a router."""
        for parent, prefix, member, file in self.routing.graph.loose:
            for module in [one for one in self.modules.values() if one]:
                for klass in module.classes:
                    if member not in klass.fields:
                        continue
                    router = self.ev.of_class(module, klass, member)
                    if isinstance(router, Router) and not self.routing.graph.mounts.get(router.key):
                        self.routing.graph.mount(router, parent, prefix, file)

    def _autoloaded(self) -> None:
        """Plugins that fastify finds by folder: the folder below the root is the prefix."""
        for parent, load, file in self.routing.graph.autoload:
            folder = load.folder
            for path, module in list(self.modules.items()):
                if module is None or not path.startswith(folder + "/"):
                    continue
                plugin = self.ev.deref(self.ev.exported(path, "default"))
                if not isinstance(plugin, Func) or not plugin.info.parameters:
                    continue
                own = self.ev.deref(self.ev.exported(path, "autoPrefix"))
                inner = "" if load.flat else posixpath.dirname(path)[len(folder) :]
                inner = re.sub(r"(^|/)_+(\w+)", r"\1:\2", inner)
                child = Router((path, plugin.info.node.start_byte, 0), "unbound")
                below = f"{load.prefix}/{own if isinstance(own, str) else inner}"
                self.routing.graph.mount(child, parent, "" if plugin.bare else below, file)

    def _answering(self, routes: list[Route]) -> list[Route]:
        """Of several registrations of one path on one router the one that answers: handlers with a third parameter
        hand on to the next, and ``all`` beside verbs is a guard before them or a refusal after them.
        """
        verbs = {(one.router.key, one.path) for one in routes if not _SILENT.issuperset(one.methods)}
        groups: dict[tuple[object, ...], list[Route]] = {}
        for route in routes:
            if route.methods != ("ANY",) or (route.router.key, route.path) not in verbs:
                groups.setdefault((route.router.key, route.methods, route.path), []).append(route)
        kept = []
        for same in groups.values():
            handlers = [self._handler(one) for one in same[:20]] if len(same) > 1 else []
            at = next((at for at, one in enumerate(handlers) if one and len(one.info.parameters) < 3), len(same) - 1)
            kept.append(same[at])
        return kept

    def _handler(self, route: Route) -> Func | None:
        node = route.handler
        if node is None:
            return None
        if node.type == "method_definition":
            info = route.module.functions.get(node.id)
            return Func(route.module, info, route.env) if info else None
        for _ in range(4):
            value: Value = self.ev.deref(self.ev.ask(route.module, node, route.scope, route.env))
            if isinstance(value, Arr) and value.items:
                value = self.ev.deref(self.ev.force(value.items[-1]))
            given = calling.arguments(node) if node.type == "call_expression" else []
            if isinstance(value, Func):
                inner = self._unwrapped(value)
                return self._commanded(route, given) if given and inner is value else inner
            if isinstance(value, Inst) or not given:
                return None
            node = given[-1]
        return None

    def _commanded(self, route: Route, given: list[Node]) -> Func | None:
        """Of ``adapt(makeController())`` the controller's method; else nothing, as the wrapper says nothing of it."""
        for node in given:
            held = self.ev.deref(self.ev.ask(route.module, node, route.scope, route.env))
            for name in _COMMANDS if isinstance(held, Inst) else ():
                method = self.ev.member(held, name)
                if isinstance(method, Func):
                    return method
        return None

    def _unwrapped(self, value: Func) -> Func:
        """Of ``catchAsync(fn)`` the function that was handed in, not the one that the wrapper gives back."""
        for _ in range(3):
            held = [self.ev.deref(self.ev.force(one)) for one in list(value.env.values.values())[:8]]
            inner = next((one for one in held if isinstance(one, Func) and one.info is not value.info), None)
            if inner is None or not value.env.sites:
                break
            value = inner
        return value

    def _routed(self, route: Route, handler: Func | None, found: Extraction) -> list[Endpoint]:
        made: list[Endpoint] = []
        for prefix, via, rooted in self.routing.graph.ways(route.router):
            if not rooted:
                spot = BlindSpot(
                    file=route.module.path,
                    line=None,
                    reason="no mount of its router was found; its paths are given as they stand there",
                    hides=False,
                )
                if spot not in found.blind:
                    found.blind.append(spot)
            path = normal_path(prefix, route.path)
            methods = [one for one in route.methods if not _is_fallback(route, one, path)]
            shape = self._shape(route, handler, path)
            apart = handler is not None and handler.module.path != route.module.path
            home = handler.module.path if handler is not None and apart else route.module.path
            line = line_of(handler.info.node) if handler is not None and apart else line_of(_named(route.node))
            files = tuple(dict.fromkeys(one for one in (route.module.path, *via, *sorted(shape.files)) if one != home))
            made.extend(
                Endpoint(
                    method=method,
                    path=path,
                    file=home,
                    line=line,
                    parameters=shape.listed(),
                    request=shape.request,
                    response=shape.response,
                    summary=shape.summary,
                    handler=handler.info.name if handler is not None else "",
                    via=files,
                )
                for method in methods
            )
        return made

    def _shape(self, route: Route, handler: Func | None, path: str) -> describe.Shape:
        shape = describe.Shape(path)
        if handler is not None:
            describe.of_handler(self.ev, handler.module, shape, handler.info)
            shape.summary = describe.summary_of(describe.doc_comment(handler.info.node))
        shape.summary = shape.summary or describe.summary_of(describe.doc_comment(route.node))
        bodies.of_middlewares(self.ev, shape, route)
        if route.options is not None:
            bodies.of_options(self.ev, shape, route.options)
        for name in ("summary", "description") if route.options is not None else ():
            said = self.ev.text_at(route.options, "schema", name) if route.options is not None else ""
            shape.summary = shape.summary or describe.first_sentence(said)
        return shape

    def _acted(self, action: Action) -> list[Endpoint]:
        start = self._bootstrap(action)
        module_path = self.decorations.found.module_paths.get(id(action.controller), "")
        made: dict[tuple[str, str], Endpoint] = {}
        for base in action.bases:
            for path in action.paths:
                if "\0" in base:
                    continue
                for whole in _whole(action, start, module_path, base, path):
                    shape = describe.Shape(whole)
                    describe.of_action(self.ev, shape, action)
                    via = [action.module.path] if action.module is not action.owner else []
                    if start and (start.prefix or start.version_prefix is not None):
                        via.append(start.file)
                    one = Endpoint(
                        method=action.method,
                        path=whole,
                        file=action.owner.path,
                        line=line_of(action.function.node),
                        parameters=shape.listed(),
                        request=shape.request,
                        response=shape.response,
                        summary=shape.summary,
                        handler=action.function.name,
                        via=tuple(dict.fromkeys((*via, *sorted(shape.files - {action.owner.path})))),
                    )
                    made.setdefault(one.key, one)
        return list(made.values())

    def _bootstrap(self, action: Action) -> Bootstrap | None:
        """The entry file that speaks for a controller: the one that leads to it, else the nearest."""
        starts = [one for one in self.decorations.found.bootstraps if one.family == action.family]
        if action.family == "tsoa":
            return Bootstrap(file="tsoa.json", family="tsoa", prefix=self._tsoa_base(action.module.path))
        if len(starts) < 2:
            return starts[0] if starts else None
        leading = [one for one in starts if action.module.path in self.reach(one.file)]
        return max(leading or starts, key=lambda one: len(posixpath.commonprefix([one.file, action.module.path])))

    def reach(self, path: str) -> set[str]:
        """The files that a file imports, directly or not, itself too."""
        seen, stack = {path}, [path]
        while stack:
            module = self.modules.get(stack.pop())
            for spec in module.asked if module else ():
                target = self.resolver.resolve(module.path, spec) if module and spec else None
                if target and target not in seen:
                    seen.add(target)
                    stack.append(target)
        return seen

    def _tsoa_base(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while True:
            name = posixpath.join(folder, "tsoa.json")
            if name in self._files:
                content = json_with_comments(self._text(name) or "")
                routes = content.get("routes") if isinstance(content, dict) else None
                base = routes.get("basePath") if isinstance(routes, dict) else None
                return base if isinstance(base, str) else ""
            if not folder:
                return ""
            folder = posixpath.dirname(folder)


def _is_fallback(route: Route, method: str, path: str) -> bool:
    """Whether a route takes everything that is left: a preflight, a page for all paths. Nobody documents those."""
    if normal_path(route.path) != "/{wildcard}":
        return False
    if path != "/{wildcard}":  # below a prefix it may well be a file server
        return method in {"ANY", "OPTIONS"} or len(route.methods) > 1
    return method in {"ANY", "HEAD", "OPTIONS"} or route.router.kind in {"express", "router", "koa-router"}


def _named(node: Node) -> Node:
    """Of a chain of calls the name of this one, so that its line is its own."""
    callee = node.child_by_field_name("function")
    return (callee.child_by_field_name("property") or node) if callee is not None else node


def _whole(action: Action, start: Bootstrap | None, module_path: str, base: str, path: str) -> list[str]:
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
