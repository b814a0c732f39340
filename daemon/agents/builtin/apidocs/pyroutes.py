"""Endpoints of Python files: FastAPI, Flask and powertools' resolvers. Pure: texts in, endpoints out."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import pydescribe, pymodule
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot, Endpoint, Extraction, normal_path
from daemon.agents.builtin.apidocs.pymodule import Definition, Package, Place, PyEvaluator, PyModule, Space

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from daemon.agents.builtin.apidocs.lambdas import Event

_MAKERS = {
    "FastAPI": "fastapi",
    "APIRouter": "fastapi",
    "Flask": "flask",
    "Quart": "flask",
    "OpenAPI": "flask",
    "APIFlask": "flask",
    "Blueprint": "flask",
    "APIBlueprint": "flask",
    "Api": "flask",
    "Namespace": "flask",
    "APIGatewayRestResolver": "powertools",
    "APIGatewayHttpResolver": "powertools",
    "ApiGatewayResolver": "powertools",
    "ALBResolver": "powertools",
    "LambdaFunctionUrlResolver": "powertools",
    "VPCLatticeResolver": "powertools",
    "VPCLatticeV2Resolver": "powertools",
    "Router": "powertools",
    "Chalice": "flask",
}
_ROOTS = frozenset({"FastAPI", "Flask", "Quart", "OpenAPI", "APIFlask", "Chalice"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_MOUNTS = frozenset({"include_router", "register_blueprint", "mount", "add_namespace", "register_api"})
MAX_WAYS = 40
Key = tuple[str, str, int]


@dataclass(slots=True, eq=False)
class Router:
    """An application or a router, by where it is made. ``above``: parent, prefix, whether it replaces the own one."""

    key: Key
    kind: str
    root: bool
    prefix: str = ""
    above: list[tuple[Key, str, bool, str]] = field(default_factory=list)


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


class Pythons:
    """The Python files of a project."""

    def __init__(self, read: Callable[[str], bytes | None], files: Collection[str]) -> None:
        self._read = read
        self.modules: dict[str, PyModule | None] = {}
        self.ev = PyEvaluator(self.load, files)
        self.routers: dict[Key, Router] = {}
        self.routes: list[Route] = []
        self.blind: list[BlindSpot] = []

    def load(self, path: str) -> PyModule | None:
        """Parse a file once."""
        if path not in self.modules:
            content = self._read(path) if path.endswith(".py") and len(self.modules) < 1500 else None
            self.modules[path] = pymodule.parse(path, content) if content is not None else None
        return self.modules[path]

    def extract(self, wanted: Iterable[str]) -> Extraction:
        """Every endpoint of the files wanted and of what they lead to."""
        for path in wanted:
            self.load(path)
        done: set[str] = set()
        while True:
            new = [path for path, module in self.modules.items() if module and path not in done]
            if not new:
                break
            for path in new:
                done.add(path)
                module = self.modules[path]
                if module is not None:
                    self._scan(module)
        found = Extraction(blind=self.blind)
        for path, module in self.modules.items():
            if module is not None and module.broken:
                reason = "is no Python from here; its endpoints are not known"
                found.blind.append(BlindSpot(file=path, line=module.broken, reason=reason))
        for route in self.routes:
            found.endpoints.extend(self._endpoints(route))
        return found

    def of_event(self, event: Event) -> Endpoint | None:
        """The endpoint of a configuration's event when a Python function handles it."""
        stem, _, name = event.handler.rpartition(".")
        path = self.ev.module_path("", "/" + stem) if stem else None
        if path is None:
            return None
        held = self.ev.exported(path, name)
        function = held.node if isinstance(held, Place) and isinstance(held.node, Definition) else None
        shape = pydescribe.of_handler(event.path, function, event.summary)
        return Endpoint(
            method=event.method,
            path=event.path,
            file=path,
            line=function.lineno if function is not None else 1,
            parameters=shape.listed(),
            summary=shape.summary,
            handler=name,
            via=(event.file,),
        )

    def router(self, where: Place) -> Router | None:
        """The router that an expression means."""
        found = self.ev.place(where)
        if isinstance(found, Package):
            found = self.ev.exported(found.path, "router")
        if not isinstance(found, Place) or not isinstance(found.node, ast.Call):
            return None
        call = found.node
        name = ast.unparse(call.func).rpartition(".")[2]
        kind = _MAKERS.get(name) or self._subclass(found, call)
        if kind is None:
            return self._returned(found, call)
        key = (found.module.path, found.space.name, call.lineno)
        if key not in self.routers:
            prefix = self._word(found, call, "prefix", "url_prefix", "path") if name not in _ROOTS else ""
            self.routers[key] = Router(key, kind, name in _ROOTS or name.endswith("Resolver"), prefix)
            if name == "Api" and call.args:
                parent = self.router(Place(found.module, found.space, call.args[0]))
                if parent is not None:
                    self.routers[key].above.append((parent.key, "", False, found.module.path))
        return self.routers[key]

    def _subclass(self, where: Place, call: ast.Call) -> str | None:
        target = self.ev.place(Place(where.module, where.space, call.func))
        if isinstance(target, tuple):
            return _MAKERS.get(target[1].rpartition(".")[2])
        if isinstance(target, Place) and isinstance(target.node, ast.ClassDef):
            names = [ast.unparse(base).rpartition(".")[2] for base in target.node.bases]
            return next((_MAKERS[one] for one in names if one in _MAKERS), None)
        return None

    def _returned(self, where: Place, call: ast.Call) -> Router | None:
        """``create_app()``: the router that the function returns."""
        target = self.ev.place(Place(where.module, where.space, call.func))
        if not isinstance(target, Place) or not isinstance(target.node, Definition):
            return None
        inner = f"{target.space.name}.{target.node.name}"
        for statement, space in target.module.statements:
            if isinstance(statement, ast.Return) and space.name == inner and isinstance(statement.value, ast.Name):
                held = space.names.get(statement.value.id)
                if isinstance(held, ast.Call) and ast.unparse(held.func) != ast.unparse(call.func):
                    return self.router(Place(target.module, space, held))
        return None

    def _word(self, where: Place, call: ast.Call, *names: str) -> str:
        value = next((one.value for one in call.keywords if one.arg in names), None)
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return ""
        return self.ev.text(Place(where.module, where.space, value))

    def _scan(self, module: PyModule) -> None:
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
        if not isinstance(call.func, ast.Attribute):
            return
        name = call.func.attr
        if name in _MOUNTS:
            self._mount(module, space, call, name)
        elif name in {"add_url_rule", "add_api_route", "add_resource"}:
            router = self.router(Place(module, space, call.func.value))
            if router is not None:
                self._added(router, module, space, call, name)

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
        if parent is None or target is None:
            return
        where = Place(module, space, call)
        prefix = self._word(where, call, "prefix", "url_prefix", "path")
        if name == "mount" and call.args:
            prefix = self.ev.text(Place(module, space, call.args[0]))
        if DYNAMIC in prefix:
            reason = "the prefix of this mount is made when the program runs; paths are given without it"
            self.blind.append(BlindSpot(file=module.path, line=call.lineno, reason=reason, hides=False))
            prefix = prefix.replace(DYNAMIC, "")
        for one in self._targets(module, space, target):
            child = self.router(one)
            if child is not None and child.key != parent.key:
                instead = bool(prefix) and child.kind == "flask"
                child.above.append((parent.key, prefix, instead, module.path))

    def _targets(self, module: PyModule, space: Space, target: ast.expr) -> list[Place]:
        """What is mounted; a loop's variable stands for every item of a literal list."""
        if isinstance(target, ast.Name):
            holder = space.holder(target.id)
            listed = holder.loops.get(target.id) if holder is not None else None
            if isinstance(listed, ast.Name):
                held = self.ev.place(Place(module, space, listed))
                if isinstance(held, Place) and isinstance(held.node, ast.List | ast.Tuple):
                    return [Place(held.module, held.space, one) for one in held.node.elts]
            if isinstance(listed, ast.List | ast.Tuple):
                return [Place(module, space, one) for one in listed.elts]
        return [Place(module, space, target)]

    def _ways(self, router: Router) -> list[tuple[str, tuple[str, ...]]]:
        done: list[tuple[str, tuple[str, ...]]] = []
        stack: list[tuple[Router, str, tuple[str, ...], frozenset[Key], bool]] = [
            (router, "", (), frozenset([router.key]), False)
        ]
        while stack and len(done) < MAX_WAYS:
            at, path, files, seen, replaced = stack.pop()
            own = "" if replaced else at.prefix.replace(DYNAMIC, "")
            if not at.above:
                done.append((f"{own}/{path}", files))
            for key, prefix, instead, file in reversed(at.above):
                parent = self.routers[key]
                if key not in seen:
                    kept = "" if instead else own
                    stack.append((parent, f"{prefix}/{kept}/{path}", (*files, file), seen | {key}, False))
        return done

    def _endpoints(self, route: Route) -> list[Endpoint]:
        router = self.routers[route.router]
        made: list[Endpoint] = []
        for prefix, via in self._ways(router):
            path = normal_path(prefix, route.path)
            shape = pydescribe.describe(self.ev, route, path, router.kind)
            made.extend(
                Endpoint(
                    method="ANY" if method in {"*", "ANY"} else method,
                    path=path,
                    file=route.module.path,
                    line=route.line,
                    parameters=shape.listed(),
                    request=shape.request,
                    response=shape.response,
                    summary=shape.summary,
                    handler=route.function.name if route.function else "",
                    via=tuple(dict.fromkeys(one for one in via if one != route.module.path)),
                )
                for method in route.methods
            )
        return made
