"""Who calls whom, and so what the parameters of functions are bound to. Pure.

A plugin that is registered, a function that is handed the application, the body of a ``forEach``: each is looked at
once for every way it is entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, conditions
from daemon.agents.builtin.apidocs.scopes import text
from daemon.agents.builtin.apidocs.script import FUNCTIONS
from daemon.agents.builtin.apidocs.values import EMPTY, UNKNOWN, Arr, Cls, Env, Func, Lazy, Obj, Router, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Call, FunctionInfo, Module, Scope

MAX_ENVS = 200
MAX_ROUNDS = 3
_LEADING = frozenset({"identifier", "call_expression", "member_expression", "parenthesized_expression"})
_ITERATORS = frozenset({"forEach", "map", "flatMap", "each", "filter", "some", "every"})


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One way a function is entered. ``how``: call, each (once per item of an array), plugin (a new router).

    ``env`` is set where the call means this function only in that environment.
    """

    module: Module
    node: Node
    scope: Scope
    target: Func
    how: str
    env: Env | None = None


class Flow:
    """The calls of the modules looked at so far."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.ev = evaluator
        self._sites: dict[int, list[Site]] = {}
        self._envs: dict[int, list[Env]] = {}
        self._busy: set[int] = set()
        self._late: list[tuple[Module, Call, Node]] = []

    def scan(self, module: Module) -> None:
        """Take in the calls of a module."""
        for call in module.calls:
            if call.node.type == "new_expression":
                self._construct(module, call)
            else:
                self._call(module, call)
        for info in module.functions.values():
            if info.node.type == "for_in_statement":
                self._add(Site(module, info.returns[0][0], info.outer, Func(module, info, EMPTY), "each"))

    def settle(self) -> None:
        """Enter the functions that only a loop's variable leads to: ``require(`./${file}`)(app)``."""
        late, self._late = self._late, []
        for _ in range(MAX_ROUNDS if late else 0):
            added = False
            for module, call, callee in late:
                for env in self.envs(call.scope):
                    if env is EMPTY or conditions.skipped(self.ev, module, call, env):
                        continue
                    target = self.ev.deref(self.ev.ask(module, callee, call.scope, env))
                    if isinstance(target, Func):
                        site = Site(module, call.node, call.scope, target, "call", env)
                        added = self._add(site) or added
            self._envs.clear()
            if not added:
                return

    def _add(self, site: Site) -> bool:
        """Keep a way into a function; false when it is known, or one too many."""
        sites = self._sites.setdefault(site.target.info.uid, [])
        known = site.env is not None and any(
            one.node.id == site.node.id and one.env is not None and one.env.sites == site.env.sites for one in sites
        )
        if known or len(sites) >= MAX_ENVS:
            return False
        sites.append(site)
        return True

    def _construct(self, module: Module, call: Call) -> None:
        name = call.node.child_by_field_name("constructor")
        if name is None or name.type not in {"identifier", "member_expression"} or not calling.arguments(call.node):
            return
        target = self.ev.deref(self.ev.ask(module, name, call.scope))
        if isinstance(target, Cls):
            self._constructor(module, call, target)

    def _constructor(self, module: Module, call: Call, target: Cls) -> None:
        for owner, klass in self.ev.lineage(target.module, target.info):
            if "constructor" in klass.methods:
                func = Func(owner, klass.methods["constructor"], EMPTY)
                self._add(Site(module, call.node, call.scope, func, "call"))
                return

    def _call(self, module: Module, call: Call) -> None:
        callee = call.node.child_by_field_name("function")
        given = calling.arguments(call.node)
        if callee is None or not given:
            return
        name = text(callee.child_by_field_name("property")) if callee.type == "member_expression" else ""
        if callee.type == "super" and call.scope.klass is not None:
            bases = self.ev.lineage(module, call.scope.klass)[1:]
            if bases:
                self._constructor(module, call, Cls(*bases[0]))
        elif name in _ITERATORS and given[0].type in {*FUNCTIONS, "identifier"}:
            each = self.ev.deref(self.ev.ask(module, given[0], call.scope))
            array = callee.child_by_field_name("object")
            if isinstance(each, Func) and array is not None:
                self._add(Site(module, array, call.scope, Func(each.module, each.info, EMPTY), "each"))
        elif name == "register":
            plugin = self.ev.deref(self.ev.ask(module, given[0], call.scope))
            if isinstance(plugin, Func):
                self._add(Site(module, call.node, call.scope, plugin, "plugin"))
        elif callee.type in _LEADING and not _is_global(callee, call.scope):
            target = self.ev.deref(self.ev.ask(module, callee, call.scope))
            if isinstance(target, Func):
                self._add(Site(module, call.node, call.scope, target, "call"))
            elif call.scope.function is not None and module.computes:
                self._late.append((module, call, callee))

    def envs(self, scope: Scope) -> list[Env]:
        """Every environment that the code of a scope can run in; one empty one at least."""
        function = scope.function
        if function is None:
            return [EMPTY]
        known = self._envs.get(function.uid)
        if known is None:
            if function.uid in self._busy or len(self._busy) > 40:
                return [EMPTY]
            self._busy.add(function.uid)
            known = self._entered(function)[:MAX_ENVS]
            self._busy.discard(function.uid)
            self._envs[function.uid] = known
        return known

    def _entered(self, function: FunctionInfo) -> list[Env]:
        found: list[Env] = []
        around = self.envs(function.outer)
        for site in self._sites.get(function.uid, ()):
            for env in [site.env] if site.env is not None else self.envs(site.scope):
                found.extend(self._bind(site, env))
                if len(found) >= MAX_ENVS:
                    return found
        return found or around

    def _bind(self, site: Site, env: Env) -> list[Env]:
        if site.how == "each":
            return self._iterate(site, env)
        if site.how == "plugin":
            owner = self.ev.ask(site.module, _owner(site.node), site.scope, env)
            child = plugin_router(site.module, site.node, site.scope, env) if isinstance(owner, Router) else UNKNOWN
            child = owner if site.target.bare and isinstance(owner, Router) else child
            options = calling.arguments(site.node)[1:]
            entered = calling.entered(site.target, site.module, site.node, site.scope, env)
            values: dict[tuple[int, int], Value] = {(site.target.info.uid, 0): child}
            if options:
                values[site.target.info.uid, 1] = self.ev.ask(site.module, options[0], site.scope, env)
            return [Env({**env.values, **values}, {**env.sites, **entered.sites})]
        entered = calling.entered(site.target, site.module, site.node, site.scope, env)
        return [Env({**env.values, **entered.values}, {**env.sites, **entered.sites})]

    def _iterate(self, site: Site, env: Env) -> list[Env]:
        array = self.ev.deref(self.ev.ask(site.module, site.node, site.scope, env))
        if isinstance(array, Obj) or not isinstance(array, Arr):
            return []
        uid = site.target.info.uid
        found = []
        for index, item in enumerate(array.items[:MAX_ENVS]):
            bound: dict[tuple[int, int], Lazy | Value] = {**env.values, (uid, 0): item, (uid, 1): index}
            found.append(
                Env(
                    bound, {**env.sites, uid: f"{site.module.path}:{site.node.start_byte}:{site.node.end_byte}:{index}"}
                )
            )
        return found


def plugin_router(module: Module, node: Node, scope: Scope, env: Env) -> Router:
    """The router that a registered plugin is handed."""
    return Router((*calling.made_at(module, node, env, scope), "plugin"), "fastify")


def _is_global(callee: Node, scope: Scope) -> bool:
    """Whether a function is one of the language: ``JSON.parse``, ``setTimeout``."""
    node: Node | None = callee
    while node is not None and node.type == "member_expression":
        node = node.child_by_field_name("object")
    return node is not None and node.type == "identifier" and scope.find(text(node)) is None


def _owner(node: Node) -> Node | None:
    callee = node.child_by_field_name("function")
    return callee.child_by_field_name("object") if callee is not None else None
