"""Routes registered by calls: Express, Koa, Fastify, Hono, powertools' router and their likes. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, conditions, mapped
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot
from daemon.agents.builtin.apidocs.flow import plugin_router
from daemon.agents.builtin.apidocs.graph import Autoload, Graph, Route
from daemon.agents.builtin.apidocs.scopes import line_of, text
from daemon.agents.builtin.apidocs.values import Arr, Cls, Ext, Func, Inst, Obj, RoutePath, Router, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.flow import Flow
    from daemon.agents.builtin.apidocs.scopes import Call, Module
    from daemon.agents.builtin.apidocs.values import Env

VERBS = {
    "get": "GET",
    "post": "POST",
    "put": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "del": "DELETE",
    "head": "HEAD",
    "options": "OPTIONS",
    "all": "ANY",
}
_NAMES = frozenset({*VERBS, "use", "route", "register", "mount", "prefix", "basePath", "includeRouter", "openapi"})
_PLAIN = frozenset({"string", "number", "template_string", "true", "false", "object", "array"})
_AUTOLOAD = frozenset({"@fastify/autoload", "fastify-autoload"})


class Routing:
    """Reads the registering calls of modules into a Graph."""

    def __init__(self, evaluator: Evaluator, flow: Flow) -> None:
        self.ev = evaluator
        self.flow = flow
        self.graph = Graph()

    def scan(self, module: Module) -> None:
        """Take in one module. What tsoa made of the controllers is left out: they are read themselves."""
        if b"auto-generated with tsoa" in module.source:
            return
        for call in module.calls:
            if call.node.type == "new_expression":
                self._made(module, call)
                continue
            callee = call.node.child_by_field_name("function")
            if callee is None:
                continue
            if callee.type == "identifier":
                self._made(module, call)
            elif callee.type == "subscript_expression":
                for env in self.flow.envs(call.scope):
                    self._indexed(module, call, callee, env)
            elif callee.type == "member_expression":
                name = text(callee.child_by_field_name("property"))
                if name in {"Router", "router"}:
                    self._made(module, call)
                elif name in _NAMES or (name in mapped.CALLS and mapped.PACKAGE in module.asked):
                    for env in self.flow.envs(call.scope):
                        self._called(module, call, callee, name, env)

    def _made(self, module: Module, call: Call) -> None:
        """``new Router({prefix: '/x'})``."""
        given = calling.arguments(call.node)
        maker = call.node.child_by_field_name("function") or call.node.child_by_field_name("constructor")
        if not given or given[0].type not in {"object", "identifier"}:
            return
        if not isinstance(self.ev.deref(self.ev.ask(module, maker, call.scope)), Ext | Cls):
            return
        for env in self.flow.envs(call.scope):
            options = [self.ev.ask(module, one, call.scope, env) for one in given[:2]]
            prefix = next((said for one in options if (said := self.ev.text_at(one, "prefix"))), "")
            router = self.ev.ask(module, call.node, call.scope, env) if prefix else None
            if isinstance(router, Router):
                self.graph.prefixes[router.key] = prefix

    def _indexed(self, module: Module, call: Call, callee: Node, env: Env) -> None:
        """``app[route.method](route.path, ...)``."""
        owner = self.ev.deref(self.ev.ask(module, callee.child_by_field_name("object"), call.scope, env))
        given = calling.arguments(call.node)
        if isinstance(owner, Router) and len(given) > 1 and not conditions.skipped(self.ev, module, call, env):
            name = self.ev.ask(module, callee.child_by_field_name("index"), call.scope, env)
            place = _Place(module, call, env, given)
            if not isinstance(name, str) or DYNAMIC in name:
                self._blind(place, "the method of this route is known only when the program runs")
            elif name.lower() in VERBS:
                self._verb(owner, name.lower(), place)

    def _called(self, module: Module, call: Call, callee: Node, name: str, env: Env) -> None:
        owner = self.ev.deref(self.ev.ask(module, callee.child_by_field_name("object"), call.scope, env))
        given = calling.arguments(call.node)
        if not isinstance(owner, Router | RoutePath) or (not given and not call.decorates):
            return
        if conditions.skipped(self.ev, module, call, env):  # asked last: most calls by these names are on no router
            return
        place = _Place(module, call, env, given)
        if isinstance(owner, RoutePath):
            if name in VERBS:
                for path in owner.paths:
                    self._route(owner.router, (VERBS[name],), path, place, handler=given[-1] if given else None)
        elif name in VERBS:
            self._verb(owner, name, place)
        elif name in mapped.CALLS:
            self._mapped(owner, place)
        else:
            getattr(self, f"_on_{name.lower()}")(owner, place)

    def _value(self, place: _Place, node: Node) -> Value:
        return self.ev.deref(self.ev.ask(place.module, node, place.call.scope, place.env))

    def _route(
        self,
        router: Router,
        methods: tuple[str, ...],
        path: str,
        place: _Place,
        *,
        handler: Node | None,
        options: Obj | None = None,
    ) -> None:
        if DYNAMIC in path:
            self._blind(place, f"the path of this {' '.join(methods)} route is made when the program runs")
            return
        self.graph.routes.append(
            Route(
                router=router,
                methods=methods,
                path=path,
                module=place.module,
                node=place.call.node,
                scope=place.call.scope,
                env=place.env,
                handler=place.call.decorates or handler,
                options=options,
            )
        )

    def _blind(self, place: _Place, reason: str) -> None:
        spot = BlindSpot(file=place.module.path, line=line_of(place.call.node), reason=reason)
        if spot not in self.graph.blind:
            self.graph.blind.append(spot)

    def _verb(self, router: Router, name: str, place: _Place) -> None:
        given = list(place.given)
        if len(given) < 2 and not place.call.decorates:
            return
        if given[0].type == "regex":
            self._blind(place, "the path of this route is a regular expression")
            return
        first = self._value(place, given[0])
        if router.kind == "koa-router" and len(given) > 2 and isinstance(self._value(place, given[1]), str):
            first = self._value(place, given[1])
        last = given[-1]
        options = next((one for one in (self._value(place, arg) for arg in given[1:3]) if isinstance(one, Obj)), None)
        if router.kind in {"unbound", "fastify"} and last.type == "object":
            if options is None or not {"handler", "schema", "preHandler"} & set(options.props):
                return
        elif last.type in _PLAIN and last.type != "array" and not place.call.decorates:
            return
        if isinstance(first, Func):
            return
        paths = self.ev.texts(first)
        if router.kind == "unbound" and not all(one == "" or one[0] in "/*:" for one in paths):
            return
        for path in paths:
            self._route(router, (VERBS[name],), path, place, handler=last, options=options)

    def _on_route(self, router: Router, place: _Place) -> None:
        values = [self._value(place, one) for one in place.given[:3]]
        if router.kind == "hono" and len(values) > 1 and isinstance(values[1], Router):
            self.graph.mount(values[1], router, self.ev.texts(values[0])[0], place.module.path)
            return
        options = next((one for one in values if isinstance(one, Obj)), None)
        if options is None:
            return
        urls = self.ev.member(options, "url" if "url" in options.props else "path")
        methods = tuple(one.upper() for one in self.ev.texts(self.ev.member(options, "method")) if one != DYNAMIC)
        handler = options.props.get("handler")
        node = handler.node if handler is not None and hasattr(handler, "node") else place.given[0]
        if methods and not isinstance(urls, Router):
            methods = tuple("ANY" if one in {"*", "ALL"} else one for one in methods)
            for path in self.ev.texts(urls):
                self._route(router, methods, path, place, handler=node, options=options)

    _on_openapi = _on_route

    def _on_use(self, router: Router, place: _Place) -> None:
        values = [self._value(place, one) for one in place.given[:20]]
        prefixes = [""]
        known = isinstance(values[0], str) or (isinstance(values[0], Arr) and self._only_texts(values[0]))
        if known or place.given[0].type == "template_string":
            prefixes = self.ev.texts(values[0])
        for node, value in zip(place.given, values, strict=False):
            for one in (
                [self.ev.deref(self.ev.force(item)) for item in value.items] if isinstance(value, Arr) else [value]
            ):
                self._use_one(router, prefixes, node, one, place)

    def _only_texts(self, value: Arr) -> bool:
        return bool(value.items) and all(isinstance(self.ev.force(one), str) for one in value.items)

    def _use_one(self, router: Router, prefixes: list[str], node: Node, value: Value, place: _Place) -> None:
        if node.type == "call_expression" and not isinstance(value, Router):
            inner = self._value(place, node.child_by_field_name("function") or node)
            given = calling.arguments(node)
            if isinstance(inner, Ext) and inner.package == "koa-mount" and given:
                value = self._value(place, given[-1])
                prefixes = self.ev.texts(self._value(place, given[0])) if len(given) > 1 else prefixes
        for prefix in prefixes:
            if isinstance(value, Router):
                self.graph.mount(value, router, prefix, place.module.path)
            elif node.type == "member_expression" and not isinstance(value, Ext | Func | Inst):
                member = text(node.child_by_field_name("property"))
                self.graph.loose.append((router, prefix, member, place.module.path))

    def _on_register(self, router: Router, place: _Place) -> None:
        values = [self._value(place, one) for one in place.given[:3]]
        options = values[1] if len(values) > 1 else None
        prefix = self.ev.text_at(options, "prefix") if isinstance(options, Obj) else ""
        target = values[0]
        if isinstance(target, Ext) and target.package in _AUTOLOAD and isinstance(options, Obj):
            folder = self.ev.text_at(options, "dir")
            prefix = self.ev.text_at(options, "options", "prefix")
            flat = self.ev.member(options, "dirNameRoutePrefix") is False
            found = Autoload(posixpath.normpath(folder), prefix, flat)
            self.graph.autoload.append((router, found, place.module.path))
        elif isinstance(target, Func) and not target.bare:
            child = plugin_router(place.module, place.call.node, place.call.scope, place.env)
            self.graph.mount(child, router, prefix, place.module.path)
        elif isinstance(target, str) and len(values) > 2:
            methods = tuple(one.upper() for one in self.ev.texts(values[1]) if one != DYNAMIC)
            self._route(router, methods, target, place, handler=place.given[-1])

    def _mapped(self, router: Router, place: _Place) -> None:
        target = self._value(place, place.given[0])
        if not isinstance(target, Cls | str) or (isinstance(target, str) and DYNAMIC in target):
            self._blind(place, "the classes that this router maps are known only when the program runs")
            return
        for route in mapped.routes(self.ev, router, target):
            if DYNAMIC in route.path:
                self._blind(place, "the path of a mapped method is made when the program runs")
            else:
                self.graph.routes.append(route)

    def _on_mount(self, router: Router, place: _Place) -> None:
        values = [self._value(place, one) for one in place.given[:2]]
        if len(values) > 1 and isinstance(values[1], Router):
            self.graph.mount(values[1], router, self.ev.texts(values[0])[0], place.module.path)

    def _on_prefix(self, router: Router, place: _Place) -> None:
        value = self._value(place, place.given[0])
        if isinstance(value, str):
            self.graph.prefixes[router.key] = value

    def _on_basepath(self, router: Router, place: _Place) -> None:
        child = self._value(place, place.call.node)
        value = self._value(place, place.given[0])
        if isinstance(child, Router) and isinstance(value, str):
            self.graph.mount(child, router, value, place.module.path)

    def _on_includerouter(self, router: Router, place: _Place) -> None:
        values = [self._value(place, one) for one in place.given[:2]]
        if isinstance(values[0], Router):
            prefix = self.ev.text_at(values[1], "prefix") if len(values) > 1 else ""
            self.graph.mount(values[0], router, prefix, place.module.path)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    module: Module
    call: Call
    env: Env
    given: list[Node]
