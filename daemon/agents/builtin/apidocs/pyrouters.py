"""What routes are registered on in Python: applications, routers, blueprints, namespaces, resolvers. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.pyevaluate import Package
from daemon.agents.builtin.apidocs.pymodule import Definition, Place

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator
    from daemon.agents.builtin.apidocs.pymodule import PyModule

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
_HANDED = frozenset({"app", "application", "router", "api", "bp", "blueprint", "server"})
Key = tuple[str, str, int]


@dataclass(slots=True, eq=False)
class Router:
    """An application or a router, by where it is made. ``above``: parent, prefix, whether it replaces the own one."""

    key: Key
    kind: str
    root: bool
    prefix: str = ""
    above: list[tuple[Key, str, bool, str]] = field(default_factory=list)


class PyRouters:
    """Finds the router that an expression means."""

    def __init__(self, ev: PyEvaluator) -> None:
        self.ev = ev
        self.routers: dict[Key, Router] = {}

    def router(self, where: Place) -> Router | None:
        """The router that an expression means."""
        found = self._own(where) or self.ev.place(where)
        if isinstance(found, Package):
            found = self.ev.exported(found.path, "router")
        if not isinstance(found, Place) or not isinstance(found.node, ast.Call):
            return self._handed(where)
        call = found.node
        name = ast.unparse(call.func).rpartition(".")[2]
        kind = _MAKERS.get(name) or self._subclass(found, call)
        if kind is None:
            return self._returned(found, call)
        key = (found.module.path, found.space.name, call.lineno)
        if key not in self.routers:
            prefix = self.word(found, call, "prefix", "url_prefix", "path") if name not in _ROOTS else ""
            if name == "Namespace" and not prefix and call.args:  # what it is called is its path when it names none
                prefix = self.ev.text(Place(found.module, found.space, call.args[0]))
            self.routers[key] = Router(key, kind, name in _ROOTS or name.endswith("Resolver"), prefix)
            if name == "Api" and call.args:
                parent = self.router(Place(found.module, found.space, call.args[0]))
                if parent is not None:
                    self.routers[key].above.append((parent.key, "", False, found.module.path))
        return self.routers[key]

    def _own(self, where: Place) -> Place | None:
        """``self.router``: what a method of the class sets it to."""
        node, space = where.node, where.space
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name) or node.value.id != "self":
            return None
        while space.klass is None:
            if space.parent is None:
                return None
            space = space.parent
        for one in ast.walk(space.klass):
            if isinstance(one, ast.Assign) and any(ast.unparse(target) == ast.unparse(node) for target in one.targets):
                return Place(where.module, where.space, one.value)
        return None

    def _handed(self, where: Place) -> Router | None:
        """An application that a function is handed, nobody knows by whom."""
        name = where.node.id if isinstance(where.node, ast.Name) else ""
        holder = where.space.holder(name) if name else None
        if holder is None or holder.function is None or name not in holder.params:
            return None
        listed = [*holder.function.args.posonlyargs, *holder.function.args.args, *holder.function.args.kwonlyargs]
        annotation = listed[holder.params[name]].annotation
        kind = _MAKERS.get(ast.unparse(annotation).strip("'\"").rpartition(".")[2]) if annotation else None
        if kind is None and name.strip("_") in _HANDED:
            specs = {spec.partition(".")[0] for spec, _ in self.imports(where.module)}
            kind = next((one for one in ("fastapi", "flask") if one in specs), None)
        if kind is None:
            return None
        key = (where.module.path, f"{holder.name}({name})", 0)
        return self.routers.setdefault(key, Router(key, kind, root=True))

    def imports(self, module: PyModule) -> list[tuple[str, str]]:
        """What a module imports anywhere: module names and the names taken from them."""
        spaces = {id(space): space for _, space in module.statements}
        return [*module.top.imports.values(), *(one for space in spaces.values() for one in space.imports.values())]

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

    def word(self, where: Place, call: ast.Call, *names: str) -> str:
        """The text of the first keyword of a call that has one of these names."""
        value = next((one.value for one in call.keywords if one.arg in names), None)
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return ""
        return self.ev.text(Place(where.module, where.space, value))
