"""Routes and decorated methods as endpoints: their paths, their shape, their place. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import bodies, describe
from daemon.agents.builtin.apidocs.bootstraps import whole_paths
from daemon.agents.builtin.apidocs.endpoint import BlindSpot, Endpoint, normal_path
from daemon.agents.builtin.apidocs.scopes import line_of
from daemon.agents.builtin.apidocs.shape import Shape

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.bootstraps import Bootstrap
    from daemon.agents.builtin.apidocs.decorated import Action
    from daemon.agents.builtin.apidocs.endpoint import Extraction
    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.graph import Graph, Route
    from daemon.agents.builtin.apidocs.values import Func


def of_route(ev: Evaluator, graph: Graph, route: Route, handler: Func | None, found: Extraction) -> list[Endpoint]:
    """The endpoints of one route, one for each way down to it and each method; what is not known of it is told."""
    made: list[Endpoint] = []
    for prefix, via, rooted in graph.ways(route.router):
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
        shape = _shape(ev, route, handler, path)
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


def _shape(ev: Evaluator, route: Route, handler: Func | None, path: str) -> Shape:
    shape = Shape(path)
    if handler is not None:
        describe.of_handler(ev, handler.module, shape, handler.info)
        shape.summary = describe.summary_of(describe.doc_comment(handler.info.node))
    shape.summary = shape.summary or describe.summary_of(describe.doc_comment(route.node))
    bodies.of_middlewares(ev, shape, route)
    if route.options is not None:
        bodies.of_options(ev, shape, route.options)
    for name in ("summary", "description") if route.options is not None else ():
        said = ev.text_at(route.options, "schema", name) if route.options is not None else ""
        shape.summary = shape.summary or describe.first_sentence(said)
    return shape


def of_action(ev: Evaluator, action: Action, start: Bootstrap | None, module_path: str) -> list[Endpoint]:
    """The endpoints of one decorated method, with what stands in front of its controller."""
    made: dict[tuple[str, str], Endpoint] = {}
    for base in action.bases:
        for path in action.paths:
            if "\0" in base:
                continue
            for whole in whole_paths(action, start, module_path, base, path):
                shape = Shape(whole)
                describe.of_action(ev, shape, action)
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
