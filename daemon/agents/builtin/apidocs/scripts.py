"""Endpoints of TypeScript and JavaScript files. Pure: texts in, endpoints out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import assemble, script, unmounted
from daemon.agents.builtin.apidocs.bootstraps import Bootstraps
from daemon.agents.builtin.apidocs.cdk import Stacks
from daemon.agents.builtin.apidocs.decorated import Decorations
from daemon.agents.builtin.apidocs.endpoint import BlindSpot, Extraction
from daemon.agents.builtin.apidocs.evaluate import Evaluator
from daemon.agents.builtin.apidocs.flow import Flow
from daemon.agents.builtin.apidocs.handlers import Handlers
from daemon.agents.builtin.apidocs.resolve import Resolver
from daemon.agents.builtin.apidocs.routing import Routing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from daemon.agents.builtin.apidocs.scopes import Module

MAX_MODULES = 1_500
MANY = 4
"""A function that serves so many paths says nothing of any of them."""


class Scripts:
    """The scripts of a project. ``read`` gives a file's bytes, or ``None`` with the reason kept by the reader."""

    def __init__(self, read: Callable[[str], bytes | None], files: Collection[str]) -> None:
        self._read = read
        self.modules: dict[str, Module | None] = {}
        self.resolver = Resolver(self._text, files)
        self.ev = Evaluator(self.load, self.resolver, files)
        self.flow = Flow(self.ev)
        self.routing = Routing(self.ev, self.flow)
        self.handlers = Handlers(self.ev)
        self.decorations = Decorations(self.ev)
        self.stacks = Stacks(self.ev, self.flow)
        self.bootstraps = Bootstraps(self.ev, self._text, files)
        self.ev.setting = self.bootstraps.setting
        self._scanned: set[str] = set()
        self._reached: dict[str, set[str]] = {}

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
            self._reached.clear()
            if module is not None and b"registerAs" in module.source:
                self.bootstraps.register(module)
        return self.modules[path]

    def extract(self, wanted: Iterable[str]) -> Extraction:
        """Every endpoint of the files wanted and of what they lead to."""
        for path in wanted:
            self.load(path)
        for _ in range(3):
            self._scan(self.flow.scan)
            self.flow.settle()
        flowed = set(self._scanned)
        for stage in (self.routing.scan, self.decorations.scan, self.bootstraps.scan, self.stacks.scan):
            self._scanned = set()
            self._scan(stage)
        self._scanned |= flowed
        graph = self.routing.graph
        unmounted.autoloaded(self.ev, self.modules, graph)
        unmounted.loose(self.ev, self.modules, graph)
        found = Extraction(blind=[*graph.blind, *self.decorations.blind, *self.bootstraps.blind, *self.stacks.blind])
        self._add_routes(found)
        for action in self.decorations.actions:
            start = self.bootstraps.leading_to(action, self.reach)
            below = self.bootstraps.module_paths.get(id(action.controller), "")
            found.endpoints.extend(assemble.of_action(self.ev, action, start, below))
        self._confess(found)
        return found

    def _add_routes(self, found: Extraction) -> None:
        routes = [(one, self.handlers.of(one)) for one in self.handlers.answering(self.routing.graph.routes)]
        serves: dict[int, set[str]] = {}
        for route, handler in routes:
            if handler is not None:
                serves.setdefault(handler.info.uid, set()).add(route.path)
        for route, handler in routes:
            told = handler if handler and len(serves[handler.info.uid]) < MANY else None
            found.endpoints.extend(assemble.of_route(self.ev, self.routing.graph, route, told, found))

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

    def reach(self, path: str) -> set[str]:
        """The files that a file imports, directly or not, itself too."""
        if path in self._reached:
            return self._reached[path]
        seen, stack = {path}, [path]
        while stack:
            module = self.modules.get(stack.pop())
            for spec in module.asked if module else ():
                target = self.resolver.resolve(module.path, spec) if module and spec else None
                if target and target not in seen:
                    seen.add(target)
                    stack.append(target)
        self._reached[path] = seen
        return seen
