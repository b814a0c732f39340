"""Decorators of classes and methods: of which package they are, and what those of the project's own apply. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling
from daemon.agents.builtin.apidocs.values import EMPTY, Arr, Env, Ext, Func, Lazy, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Module, Scope


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Decorator:
    """A decorator with its name as its package calls it, and its arguments."""

    name: str
    package: str
    arguments: tuple[Value, ...]
    node: Node


class Decorators:
    """Reads decorators through the evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.ev = evaluator

    def read(self, module: Module, nodes: list[Node], scope: Scope, depth: int = 0) -> list[Decorator]:
        """Each decorator of a package, in order; those of the project's own opened."""
        found = []
        for node in nodes:
            inner = node.named_children[0] if node.type == "decorator" and node.named_children else node
            called = inner.type == "call_expression"
            target = inner.child_by_field_name("function") if called else inner
            value = self.ev.deref(self.ev.ask(module, target, scope))
            given = calling.arguments(inner) if called else []
            values = tuple(self.ev.deref(self.ev.ask(module, one, scope)) for one in given[:4])
            if isinstance(value, Ext):
                found.append(Decorator(name=value.name, package=value.package, arguments=values, node=inner))
            elif isinstance(value, Func) and depth < 3:
                found.extend(self._composed(value, module, inner, scope, depth))
        return found

    def _composed(self, value: Func, module: Module, node: Node, scope: Scope, depth: int) -> list[Decorator]:
        """A decorator of the project's own: what it applies."""
        env = calling.entered(value, module, node, scope, EMPTY)
        found: list[Decorator] = []
        for returned, inner in value.info.returns[:5]:
            if returned.type != "call_expression":
                continue
            callee = self.ev.deref(self.ev.ask(value.module, returned.child_by_field_name("function"), inner, env))
            if isinstance(callee, Ext) and callee.name == "applyDecorators":
                for module_, one, scope_ in self._listed(value.module, calling.arguments(returned), inner, env):
                    found.extend(self._applied(module_, one, scope_, env))
            elif isinstance(callee, Ext | Func) and depth < 3:
                found.extend(self._applied(value.module, returned, inner, env))
        return found

    def _listed(self, module: Module, given: list[Node], scope: Scope, env: Env) -> list[tuple[Module, Node, Scope]]:
        """Arguments one by one, those of a spread array too: ``applyDecorators(...all)``."""
        found: list[tuple[Module, Node, Scope]] = []
        for one in given:
            inner = one.named_children[0] if one.type == "spread_element" and one.named_children else None
            spread = self.ev.deref(self.ev.ask(module, inner, scope, env)) if inner is not None else None
            if isinstance(spread, Arr):
                found.extend((item.module, item.node, item.scope) for item in spread.items if isinstance(item, Lazy))
            elif inner is None:
                found.append((module, one, scope))
        return found

    def _applied(self, module: Module, node: Node, scope: Scope, env: Env) -> list[Decorator]:
        if node.type != "call_expression":
            return []
        target = self.ev.ask(module, node.child_by_field_name("function"), scope, env)
        if not isinstance(target, Ext):
            return []
        values = tuple(self.ev.deref(self.ev.ask(module, one, scope, env)) for one in calling.arguments(node)[:4])
        return [Decorator(name=target.name, package=target.package, arguments=values, node=node)]
