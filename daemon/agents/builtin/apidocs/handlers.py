"""Which function answers a route: through wrappers, adapters and arrays of middlewares. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling
from daemon.agents.builtin.apidocs.values import Arr, Func, Inst, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.graph import Route

_COMMANDS = ("handle", "execute", "invoke", "run")
_SILENT = frozenset({"ANY", "OPTIONS", "HEAD"})
"""Methods that say nothing of which others a path answers."""


class Handlers:
    """Finds the functions behind routes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.ev = evaluator

    def answering(self, routes: list[Route]) -> list[Route]:
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
            handlers = [self.of(one) for one in same[:20]] if len(same) > 1 else []
            at = next((at for at, one in enumerate(handlers) if one and len(one.info.parameters) < 3), len(same) - 1)
            kept.append(same[at])
        return kept

    def of(self, route: Route) -> Func | None:
        """The function that answers a route; ``None`` where it cannot be followed."""
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
