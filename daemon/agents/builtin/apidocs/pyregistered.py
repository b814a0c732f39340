"""Routes and mounts as Python registers them: decorators, ``add_...`` calls, classes of methods, ``include``. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import pyflow
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot
from daemon.agents.builtin.apidocs.pymodule import Definition, Place, PyModule, Space
from daemon.agents.builtin.apidocs.pyrouters import Key, PyRouters, Router

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_MOUNTS = frozenset({"include_router", "register_blueprint", "mount", "add_namespace", "register_api"})
_ADDS = frozenset({"add_url_rule", "add_api_route", "add_resource"})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Route:
    """A route as it stands."""

    router: Key
    methods: tuple[str, ...]
    path: str
    module: PyModule
    space: Space
    line: int
    function: Definition | None
    call: ast.Call


class PyRegistrations(PyRouters):
    """Reads what modules register. ``routes`` is what was found, ``blind`` what could not be read."""

    def __init__(self, ev: PyEvaluator) -> None:
        super().__init__(ev)
        self.routes: list[Route] = []
        self.blind: list[BlindSpot] = []

    def scan(self, module: PyModule) -> None:
        """Take in one module."""
        for statement, space in module.statements:
            if isinstance(statement, Definition):
                for mark in statement.decorator_list:
                    self._decorated(module, space, mark, statement)
            elif isinstance(statement, ast.ClassDef):
                for mark in statement.decorator_list:
                    self._resource(module, space, mark, statement)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._called(module, space, statement.value)

    def _decorated(self, module: PyModule, space: Space, mark: ast.expr, function: Definition) -> None:
        if not isinstance(mark, ast.Call) or not isinstance(mark.func, ast.Attribute):
            return
        verb = mark.func.attr
        if verb not in _VERBS and verb not in {"route", "api_route"}:
            return
        router = self.router(Place(module, space, mark.func.value))
        if router is None:
            return
        methods = (verb.upper(),) if verb in _VERBS else self._methods(module, space, mark)
        path = mark.args[0] if mark.args else next((o.value for o in mark.keywords if o.arg in {"path", "rule"}), None)
        self._route(router, methods, path, Place(module, space, mark), function)

    def _methods(self, module: PyModule, space: Space, call: ast.Call, default: str = "GET") -> tuple[str, ...]:
        value = next((one.value for one in call.keywords if one.arg in {"methods", "method"}), None)
        if value is None and len(call.args) > 1 and isinstance(call.args[1], ast.List | ast.Tuple | ast.Constant):
            value = call.args[1]
        if isinstance(value, ast.Name | ast.Attribute):
            held = self.ev.place(Place(module, space, value))
            value = held.node if isinstance(held, Place) and isinstance(held.node, ast.expr) else value
        if isinstance(value, ast.List | ast.Tuple | ast.Set):
            texts = [self.ev.text(Place(module, space, one)) for one in value.elts]
            return tuple(one.upper() for one in texts if DYNAMIC not in one)
        text = self.ev.text(Place(module, space, value)) if value is not None else default
        return (text.upper(),) if DYNAMIC not in text else (default,)

    def _route(
        self, router: Router, methods: tuple[str, ...], path: ast.expr | None, at: Place, function: Definition | None
    ) -> None:
        call = at.node
        if not isinstance(call, ast.Call):
            return
        text = self.ev.text(Place(at.module, at.space, path)) if path is not None else ""
        if DYNAMIC in text or isinstance(path, ast.Call):
            reason = "the path of this route is made when the program runs"
            self.blind.append(BlindSpot(file=at.module.path, line=call.lineno, reason=reason))
            return
        line = function.lineno if function is not None else call.lineno
        self.routes.append(
            Route(
                router=router.key,
                methods=methods,
                path=text,
                module=at.module,
                space=at.space,
                line=line,
                function=function,
                call=call,
            )
        )

    def _resource(self, module: PyModule, space: Space, mark: ast.expr, klass: ast.ClassDef) -> None:
        """``@ns.route('/x') class X(Resource)``."""
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "route":
            router = self.router(Place(module, space, mark.func.value))
            if router is not None:
                self._class_routes(router, klass, mark.args, Place(module, space, mark), module)

    def _class_routes(
        self, router: Router, klass: ast.ClassDef, paths: list[ast.expr], at: Place, home: PyModule
    ) -> None:
        """One route for each method of a class that is named like a verb."""
        for path in paths:
            text = self.ev.text(Place(at.module, at.space, path))
            for one in klass.body:
                if isinstance(one, Definition) and one.name in _VERBS and isinstance(at.node, ast.Call):
                    constant = ast.copy_location(ast.Constant(text), path)
                    methods = (one.name.upper(),)
                    if DYNAMIC in text:
                        self._route(router, methods, path, at, one)
                        return
                    self._route(router, methods, constant, Place(home, at.space, at.node), one)

    def _called(self, module: PyModule, space: Space, call: ast.Call) -> None:
        if isinstance(call.func, ast.Call) and call.args:  # app.route('/x')(view)
            held = self.ev.place(Place(module, space, call.args[0]))
            if isinstance(held, Place) and isinstance(held.node, Definition):
                self._decorated(module, space, call.func, held.node)
        if not isinstance(call.func, ast.Attribute):
            return
        name = call.func.attr
        if name == "init_app" and call.args:
            self._attached(module, space, call.func.value, call.args[0])
        if name in _MOUNTS:
            for one in pyflow.unrolled(self.ev, module, space, call):
                self._mount(module, one, call, name)
        elif name in _ADDS:
            router = self.router(Place(module, space, call.func.value))
            if router is None and (name != "add_resource" or self._is_class(module, space, call)):
                reason = "what this route is added to is known only when the program runs"
                self.blind.append(BlindSpot(file=module.path, line=call.lineno, reason=reason))
            for one in pyflow.unrolled(self.ev, module, space, call) if router is not None else ():
                if router is not None:
                    self._added(router, module, *pyflow.handed(self.ev, module, one, call), name)

    def _is_class(self, module: PyModule, space: Space, call: ast.Call) -> bool:
        target = self.ev.place(Place(module, space, call.args[0])) if call.args else None
        return isinstance(target, Place) and isinstance(target.node, ast.ClassDef)

    def _attached(self, module: PyModule, space: Space, api: ast.expr, target: ast.expr) -> None:
        """``api.init_app(blueprint)`` of an API object that was made without one."""
        child, parent = self.router(Place(module, space, api)), self.router(Place(module, space, target))
        if child is not None and parent is not None and child.key != parent.key and not child.above:
            child.above.append((parent.key, "", False, module.path))

    def _added(self, router: Router, module: PyModule, space: Space, call: ast.Call, name: str) -> None:
        words = {one.arg: one.value for one in call.keywords}
        if name == "add_resource":
            target = self.ev.place(Place(module, space, call.args[0])) if call.args else None
            if isinstance(target, Place) and isinstance(target.node, ast.ClassDef):
                paths = list(call.args[1:])
                self._class_routes(router, target.node, paths, Place(module, space, call), target.module)
            return
        view = words.get("view_func") or words.get("endpoint") or (call.args[-1] if len(call.args) > 1 else None)
        path = call.args[0] if call.args else words.get("rule") or words.get("path")
        if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
            target = self.ev.place(Place(module, space, view.func.value))
            if isinstance(target, Place) and isinstance(target.node, ast.ClassDef) and path is not None:
                self._class_routes(router, target.node, [path], Place(module, space, call), target.module)
            return
        held = self.ev.place(Place(module, space, view)) if view is not None else None
        function = held.node if isinstance(held, Place) and isinstance(held.node, Definition) else None
        home = held.module if isinstance(held, Place) and function is not None else module
        self._route(router, self._methods(module, space, call), path, Place(home, space, call), function)

    def _mount(self, module: PyModule, space: Space, call: ast.Call, name: str) -> None:
        if not isinstance(call.func, ast.Attribute):
            return
        parent = self.router(Place(module, space, call.func.value))
        at = 1 if name == "mount" else 0
        words = {one.arg: one.value for one in call.keywords}
        target = (
            call.args[at] if len(call.args) > at else words.get("router") or words.get("app") or words.get("blueprint")
        )
        if target is None:
            return
        where = Place(module, space, call)
        prefix = self.word(where, call, "prefix", "url_prefix", "path")
        first = 0 if name == "mount" else 1
        if name in {"mount", "add_namespace", "include_router"} and len(call.args) > first:
            prefix = self.ev.text(Place(module, space, call.args[first]))
        if DYNAMIC in prefix:
            reason = "the prefix of this mount is made when the program runs; paths are given without it"
            self.blind.append(BlindSpot(file=module.path, line=call.lineno, reason=reason, hides=False))
            prefix = prefix.replace(DYNAMIC, "")
        child = self.router(Place(module, space, target))
        if child is None or (parent is None and not prefix):
            return
        if parent is None:  # something that is no application we know, but it has the child below a prefix
            key = (module.path, f"{space.name}:{ast.unparse(call.func.value)}", 0)
            parent = self.routers.setdefault(key, Router(key, child.kind, root=True))
        if child.key != parent.key:
            instead = bool(prefix) and child.kind == "flask"
            child.above.append((parent.key, prefix, instead, module.path))
