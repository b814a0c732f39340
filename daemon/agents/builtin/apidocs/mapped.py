"""Classes of decorated methods that a router takes in: koa-swagger-decorator's ``map`` and ``mapDir``. Pure."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import folders
from daemon.agents.builtin.apidocs.decorators import Decorators
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, METHODS
from daemon.agents.builtin.apidocs.graph import Route
from daemon.agents.builtin.apidocs.values import EMPTY, Cls, Obj

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.decorators import Decorator
    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import ClassInfo, Module
    from daemon.agents.builtin.apidocs.values import Router, Value

PACKAGE = "koa-swagger-decorator"
CALLS = frozenset({"map", "mapDir", "applyRoute"})
_PREFIXES = frozenset({"prefix", "controller"})


def routes(ev: Evaluator, router: Router, target: Cls | str) -> list[Route]:
    """The routes of a class, or of every class below a folder. What is unknown of a path is DYNAMIC."""
    if isinstance(target, Cls):
        return _of_class(ev, router, target.module, target.info)
    start = f"{folders.clean(target)}/".lstrip("/")
    modules = [module for path in sorted(ev.files) if path.startswith(start) and (module := ev.load(path))]
    return [route for module in modules for klass in module.classes for route in _of_class(ev, router, module, klass)]


def _of_class(ev: Evaluator, router: Router, module: Module, klass: ClassInfo) -> list[Route]:
    decorators = Decorators(ev)
    marks = [one for one in decorators.read(module, klass.decorators, klass.outer) if one.package == PACKAGE]
    base = next((_text(one.arguments) for one in marks if one.name in _PREFIXES), "")
    found = []
    for function, nodes in klass.members:
        for mark in decorators.read(module, nodes, klass.scope) if nodes else ():
            told = _told(ev, mark) if mark.package == PACKAGE else None
            if told is not None and told[0].upper() in METHODS:
                route = Route(
                    router=router,
                    methods=(told[0].upper(),),
                    path=posixpath.join("/", base.strip("/"), told[1].strip("/")),
                    module=module,
                    node=mark.node,
                    scope=klass.scope,
                    env=EMPTY,
                    handler=function.node,
                )
                found.append(route)
    return found


def _told(ev: Evaluator, mark: Decorator) -> tuple[str, str] | None:
    """``@request('get', '/x')`` and ``@routeConfig({ method: 'get', path: '/x' })`` as method and path."""
    if mark.name == "request" and len(mark.arguments) > 1:
        return _text(mark.arguments), _text(mark.arguments[1:])
    if mark.name == "routeConfig" and mark.arguments and isinstance(mark.arguments[0], Obj):
        method, path = (_text((ev.deref(ev.member(mark.arguments[0], one)),)) for one in ("method", "path"))
        return method, path
    return None


def _text(given: tuple[Value, ...]) -> str:
    first = given[0] if given else ""
    return first if isinstance(first, str) else DYNAMIC
