"""What names, members and exports stand for, as far as that can be known without running anything. Pure.

They are followed through scopes, imports, fields and the returns of functions. Bounded in depth and in steps; past a
bound the answer is UNKNOWN, never a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, constructs, expressions
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.literal import as_text, enumerated
from daemon.agents.builtin.apidocs.values import (
    EMPTY,
    UNKNOWN,
    Arr,
    Cls,
    Env,
    Ext,
    Func,
    Inst,
    Lazy,
    Mod,
    Obj,
    Resource,
    Router,
    Schema,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.resolve import Resolver
    from daemon.agents.builtin.apidocs.scopes import Binding, ClassInfo, Export, FunctionInfo, Module, Scope

MAX_DEPTH = 70
QUERY_STEPS = 4_000
TOTAL_STEPS = 300_000
_ROUTER_TYPE = re.compile(
    r"\b(?:Express|Application|Router|IRouter|FastifyInstance|Koa|Hono|OpenAPIHono|FastifyTypebox|API)\b"
)
_ROUTER_NAMES = frozenset({"app", "router", "server", "fastify", "instance"})


class Evaluator:
    """Evaluates expressions of a project's modules. ``load`` is how it reaches other files,
    ``setting`` how it asks for what the project registers under a name.
    """

    def __init__(self, load: Callable[[str], Module | None], resolver: Resolver, files: Collection[str]) -> None:
        self.load = load
        self.resolve = resolver.resolve
        self._resolver = resolver
        self.files = files
        self.setting: Callable[[str], Value] = lambda _: UNKNOWN
        self.exhausted = False
        self.active: dict[int, int] = {}
        self._total = TOTAL_STEPS
        self._query = QUERY_STEPS
        self._memo: dict[tuple[int, int], Value] = {}
        self._depth = 0

    def ask(self, module: Module, node: Node | None, scope: Scope, env: Env = EMPTY) -> Value:
        """The value of an expression; a question of its own, with a budget of its own."""
        self._query = QUERY_STEPS
        return self.value(module, node, scope, env)

    def force(self, one: Lazy | Value) -> Value:
        """Look at what was put off."""
        return self.value(one.module, one.node, one.scope, one.env) if isinstance(one, Lazy) else one

    def value(self, module: Module, node: Node | None, scope: Scope, env: Env) -> Value:
        """The value of an expression, inside a question."""
        if node is None:
            return UNKNOWN
        if scope.function is None and env is not EMPTY:
            env = EMPTY
        memo = (id(module), node.id) if env is EMPTY and self._depth < MAX_DEPTH // 2 else None
        if memo is not None and memo in self._memo:
            return self._memo[memo]
        if not self._may_go_on():
            return UNKNOWN
        self._depth += 1
        try:
            found = expressions.meaning(self, module, node, scope, env)
        finally:
            self._depth -= 1
        if memo is not None and self._query > 0:
            self._memo[memo] = found
        return found

    def _may_go_on(self) -> bool:
        self._query -= 1
        self._total -= 1
        if self._total < 0:
            self.exhausted = True
        return self._query >= 0 and self._total >= 0 and self._depth < MAX_DEPTH

    def bound(self, module: Module, binding: Binding, env: Env) -> Value:
        """What a name stands for."""
        kind = binding.kind
        if kind == "func" and binding.function is not None:
            return Func(module, binding.function, env)
        if kind == "class" and binding.klass is not None:
            return Cls(module, binding.klass)
        if kind == "import":
            return self.imported(module.path, binding.spec, binding.name)
        if kind == "enum" and binding.node is not None:
            return enumerated(module, binding)
        if kind == "param" and binding.function is not None:
            return self._parameter(module, binding, binding.function, env)
        if binding.node is None or binding.scope is None:
            routed = bool(binding.annotation) and bool(_ROUTER_TYPE.search(binding.annotation))
            return Router((module.path, "var", binding.annotation), "unbound") if routed else UNKNOWN
        found = self.picked(self.value(module, binding.node, binding.scope, env), binding.pick)
        return UNKNOWN if binding.again and isinstance(found, Resource) else found

    def _parameter(self, module: Module, binding: Binding, function: FunctionInfo, env: Env) -> Value:
        given = env.values.get((function.uid, binding.index))
        if given is not None:
            found = self.picked(self.force(given), binding.pick)
            if not isinstance(found, Unknown):
                return found
        if binding.node is not None and binding.scope is not None:
            return self.picked(self.value(module, binding.node, binding.scope, env), binding.pick)
        if binding.pick:
            return UNKNOWN
        named = binding.name in _ROUTER_NAMES
        routed = bool(_ROUTER_TYPE.search(binding.annotation)) if binding.annotation else named
        unbound = Router((module.path, function.node.start_byte, binding.index), "unbound")
        return unbound if routed else constructs.typed(binding.annotation)

    def picked(self, value: Value, pick: tuple[str | int, ...]) -> Value:
        """Follow a destructuring pattern."""
        for step in pick:
            value = self.member(value, step)
        return value

    def member(self, owner: Value, name: str | int) -> Value:
        """``owner.name``."""
        if isinstance(owner, Obj):
            return self.force(owner.props[str(name)]) if str(name) in owner.props else UNKNOWN
        if isinstance(owner, Arr):
            known = isinstance(name, int) and 0 <= name < len(owner.items)
            return self.force(owner.items[int(name)]) if known else UNKNOWN
        if isinstance(owner, Mod):
            return self.exported(owner.path, str(name))
        if isinstance(owner, Resource):
            return constructs.member(owner, str(name))
        if isinstance(owner, Ext):
            return Ext(owner.package, str(name) if owner.name in {"", "default"} else f"{owner.name}.{name}")
        if isinstance(owner, Inst):
            return self.of_class(owner.cls.module, owner.cls.info, str(name))
        if isinstance(owner, Cls):
            return self.of_class(owner.module, owner.info, str(name))
        if isinstance(owner, Schema) and owner.fields is not None and name in {"shape", "properties"}:
            return Schema(owner.kind, owner.optional, owner.fields)
        if isinstance(owner, Schema) and owner.fields is not None:
            return self.force(owner.fields[str(name)]) if str(name) in owner.fields else UNKNOWN
        return UNKNOWN

    def of_class(self, module: Module, info: ClassInfo, name: str) -> Value:
        """A field or method of a class or of what it extends."""
        for owner, klass in self.lineage(module, info):
            if name in klass.fields:
                node, scope = klass.fields[name]
                return self.value(owner, node, scope, EMPTY)
            if name in klass.injected:
                return self.bound(owner, klass.injected[name], EMPTY)
            if name in klass.methods:
                method = klass.methods[name]
                if any(child.type == "get" for child in method.node.children):
                    return calling.returned(self, owner, method, EMPTY)
                return Func(owner, method, EMPTY)
        return UNKNOWN

    def lineage(self, module: Module, info: ClassInfo) -> list[tuple[Module, ClassInfo]]:
        """The class and what it extends, nearest first; at most eight."""
        found = [(module, info)]
        while info.heritage is not None and len(found) < 8:
            clause = next((one for one in info.heritage.named_children if one.type == "extends_clause"), info.heritage)
            target = clause.child_by_field_name("value") or (
                clause.named_children[0] if clause.named_children else None
            )
            base = self.deref(self.value(module, target, info.outer, EMPTY))
            if not isinstance(base, Cls) or any(base.info is known for _, known in found):
                break
            module, info = base.module, base.info
            found.append((module, info))
        return found

    def imported(self, importer: str, spec: str, name: str) -> Value:
        """What an import statement brings."""
        target = self.resolve(importer, spec)
        if target is None:
            package = spec.removeprefix("node:")
            return UNKNOWN if package == "process" else Ext(package, "" if name == "*" else name)
        return Mod(target) if name == "*" else self.exported(target, name)

    def exported(self, path: str, name: str, seen: frozenset[str] = frozenset()) -> Value:
        """What a module gives out under a name."""
        module = self.load(path)
        if module is None or path in seen or len(seen) > 20 or not self._may_go_on():
            return UNKNOWN
        self._depth += 1
        try:
            return self._exported(module, path, name, seen)
        finally:
            self._depth -= 1

    def _exported(self, module: Module, path: str, name: str, seen: frozenset[str]) -> Value:
        export = module.exports.get(name)
        if export is not None:
            return self._export(module, export)
        whole = module.exports.get("=")
        if name == "default":
            return self._export(module, whole) if whole else Mod(path) if not module.stars else UNKNOWN
        if whole is not None:
            return self.member(self._export(module, whole), name)
        for spec in module.stars:
            target = self.resolve(path, spec)
            found = self.exported(target, name, seen | {path}) if target else UNKNOWN
            if not isinstance(found, Unknown):
                return found
        return UNKNOWN

    def _export(self, module: Module, export: Export) -> Value:
        if export.node is not None and export.scope is not None:
            return self.value(module, export.node, export.scope, EMPTY)
        if export.spec:
            return self.imported(module.path, export.spec, export.name)
        binding = module.top.find(export.name)
        return self.bound(module, binding, EMPTY) if binding is not None and self._may_go_on() else UNKNOWN

    def file(self, path: str) -> str | None:
        """See ``Resolver.file``."""
        return self._resolver.file(path)

    def deref(self, value: Value) -> Value:
        """A module used as a value: what it exports as a whole, or by default."""
        if isinstance(value, Mod):
            module = self.load(value.path)
            whole = module.exports.get("=") or module.exports.get("default") if module else None
            return self._export(module, whole) if module and whole else value
        return value

    def text_at(self, owner: Value, *names: str) -> str:
        """The text found by following properties, "" where there is none."""
        for name in names:
            owner = self.deref(self.member(owner, name))
        return owner if isinstance(owner, str) else ""

    def texts(self, value: Value) -> list[str]:
        """A text or an array of texts, as a list; what is unknown is DYNAMIC."""
        if isinstance(value, Arr):
            return [as_text(self.force(one)) for one in value.items] + ([DYNAMIC] if value.open else [])
        return [as_text(value)]
