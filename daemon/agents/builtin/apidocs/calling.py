"""What calls give: functions of the project entered, known functions of packages understood. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import constructs, folders, schemas, texts
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.scopes import text
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
    RoutePath,
    Router,
    Schema,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.asking import Evaluator
    from daemon.agents.builtin.apidocs.scopes import FunctionInfo, Module, Scope

_MAKERS = {
    ("express", "default"): "express",
    ("express", ""): "express",
    ("express", "express"): "express",
    ("express", "Router"): "router",
    ("express-promise-router", "default"): "router",
    ("express-promise-router", ""): "router",
    ("fastify", "default"): "fastify",
    ("fastify", ""): "fastify",
    ("fastify", "fastify"): "fastify",
    ("koa", "default"): "koa",
    ("koa", ""): "koa",
    ("hono", "Hono"): "hono",
    ("@hono/zod-openapi", "OpenAPIHono"): "hono",
    ("lambda-api", "default"): "fastify",
    ("lambda-api", ""): "fastify",
    ("restify", "createServer"): "express",
    ("polka", "default"): "express",
    ("polka", ""): "express",
}
_KOA_ROUTERS = frozenset({"koa-router", "@koa/router", "koa-joi-router", "koa-better-router"})
_ROUTER_NAME = re.compile(r"(?:^|\.|[a-z])Router$|^default$|^$")
_ROUTER_PACKAGE = re.compile(r"(?:koa|express)[\w/-]*-(?:router|decorators?)$|^(?:koa|express)-[\w-]*router")
"""Packages that give a router of their own with the methods of the usual one."""
_POWERTOOLS = "@aws-lambda-powertools/event-handler"
MAX_CHAIN = 120
MAX_TARGET = 200_000
_BARE_WRAPPERS = frozenset({"fastify-plugin"})
_GETTERS = frozenset({"get", "getOrThrow"})


def arguments(node: Node) -> list[Node]:
    """The argument expressions of a call."""
    listed = node.child_by_field_name("arguments")
    if listed is None or listed.type != "arguments":
        return []
    return [one for one in listed.named_children if one.type != "comment"]


def call(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    """The value of ``f(...)``."""
    callee = node.child_by_field_name("function")
    given = arguments(node)
    if callee is None:
        return UNKNOWN
    if callee.type == "import" or (text(callee) == "require" and scope.find("require") is None):
        spec = ev.value(module, given[0], scope, env) if given else UNKNOWN
        if not isinstance(spec, str) or DYNAMIC in spec:
            return UNKNOWN
        path = ev.file(folders.clean(spec)) if given[0].type != "string" and not spec.startswith(".") else None
        return Mod(path) if path else ev.imported(module.path, spec, "*")
    if callee.type == "member_expression":
        return _method(ev, module, node, scope, env)
    return _applied(ev, ev.deref(ev.value(module, callee, scope, env)), Lazy(module, node, scope, env))


def _applied(ev: Evaluator, target: Value, at: Lazy) -> Value:
    """The value of calling a known thing with the arguments of the call at a place."""
    module, node, scope, env = at.module, at.node, at.scope, at.env
    given = arguments(node)
    if isinstance(target, Ext):
        if target.package in _BARE_WRAPPERS and given:
            inner = ev.deref(ev.value(module, given[0], scope, env))
            return Func(inner.module, inner.info, inner.env, bare=True) if isinstance(inner, Func) else inner
        parts = [ev.value(module, one, scope, env) for one in given[:20]]
        if target.package in {"path", "url", "desm"} and given:
            if target.package == "desm" and isinstance(parts[0], str):
                parts[0] = posixpath.dirname(parts[0])
            return texts.of_path(target.name, parts, module, node)
        if constructs.is_cdk(target.package):
            return constructs.made(ev, target, [ev.deref(one) for one in parts], module.path)
        found = folders.listed(ev, target, parts)
        found = schemas.made(ev, target, parts) if isinstance(found, Unknown) else found
        if not isinstance(found, Unknown):
            return found
        return made(target, module, node, env, scope)
    if isinstance(target, Func):
        return returned(ev, target.module, target.info, entered(target, module, node, scope, env))
    return UNKNOWN


def construct(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    """The value of ``new C(...)``."""
    target = ev.deref(ev.value(module, node.child_by_field_name("constructor"), scope, env))
    if isinstance(target, Cls):
        return application(ev, target) or Inst(target)
    if not isinstance(target, Ext):
        return UNKNOWN
    if constructs.is_cdk(target.package):
        parts = [ev.deref(ev.value(module, one, scope, env)) for one in arguments(node)[:3]]
        return constructs.made(ev, target, parts, module.path)
    return made(target, module, node, env, scope)


def application(ev: Evaluator, target: Cls) -> Router | Resource | None:
    """The router that the instances of ``class App extends Koa`` are, the gateway of one that extends CDK's."""
    module, info = ev.lineage(target.module, target.info)[-1]
    if info.heritage is None:
        return None
    clause = next((one for one in info.heritage.named_children if one.type == "extends_clause"), info.heritage)
    base = clause.child_by_field_name("value") or (clause.named_children[0] if clause.named_children else None)
    found = ev.deref(ev.value(module, base, info.outer, EMPTY)) if base is not None else UNKNOWN
    if isinstance(found, Ext) and constructs.is_cdk(found.package):
        gateway = constructs.made(ev, found, [], module.path)
        return gateway if isinstance(gateway, Resource) else None
    if not isinstance(found, Ext) or (found.package, found.name) not in _MAKERS:
        return None
    router = made(found, target.module, target.info.node, EMPTY, target.info.outer)
    return router if isinstance(router, Router) else None


def made(target: Ext, module: Module, node: Node, env: Env, scope: Scope) -> Value:
    """A router, when the package's function makes one."""
    kind = _MAKERS.get((target.package, target.name))
    if kind is None and target.package in _KOA_ROUTERS and target.name in {"", "default", "Router"}:
        kind = "koa-router"
    if kind is None and _ROUTER_NAME.search(target.name) and _ROUTER_PACKAGE.search(target.package):
        kind = "koa-router" if "koa" in target.package else "router"
    if kind is None and target.package.startswith(_POWERTOOLS) and target.name == "Router":
        kind = "powertools"
    return Router(made_at(module, node, env, scope), kind) if kind else UNKNOWN


def made_at(module: Module, node: Node, env: Env, scope: Scope) -> tuple[object, ...]:
    """The key of a router: where it is made, and by which calls of the functions around that place."""
    sites = []
    function = scope.function
    while function is not None:
        if function.uid in env.sites:
            sites.append(env.sites[function.uid])
        function = function.outer.function
    return (module.path, node.start_byte, node.end_byte, *sites)


def entered(target: Func, module: Module, node: Node, scope: Scope, env: Env) -> Env:
    """The environment inside a function that is called here. A call without arguments binds nothing."""
    given = arguments(node)
    if not given:
        return target.env
    values: dict[tuple[int, int], Lazy | Value] = dict(target.env.values)
    for index, one in enumerate(given[: len(target.info.parameters) + 1]):
        if one.type == "spread_element":
            break
        values[target.info.uid, index] = Lazy(module, one, scope, env)
    return Env(values, {**target.env.sites, target.info.uid: f"{module.path}:{node.start_byte}:{node.end_byte}"})


def returned(ev: Evaluator, module: Module, info: FunctionInfo, env: Env) -> Value:
    """What a function returns: the first of its returns that can be known."""
    if ev.active.get(info.uid, 0) >= 2:
        return UNKNOWN
    ev.active[info.uid] = ev.active.get(info.uid, 0) + 1
    try:
        for node, scope in info.returns[:20]:
            found = ev.value(module, node, scope, env)
            if not isinstance(found, Unknown):
                return found
    finally:
        ev.active[info.uid] -= 1
    return UNKNOWN


def _chain(node: Node) -> list[Node]:
    """A chain of calls on each other's results, first call first; [] when it is too long to be followed."""
    found = [node]
    while len(found) < MAX_CHAIN:
        callee = found[-1].child_by_field_name("function")
        target = callee.child_by_field_name("object") if callee is not None else None
        inner = (
            target.child_by_field_name("function") if target is not None and target.type == "call_expression" else None
        )
        if target is None or inner is None or inner.type != "member_expression":
            return found[::-1]
        found.append(target)
    return []


def _method(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    """The value of ``owner.name(...)``; a chain of them on a router is followed from its start."""
    chain = _chain(node)
    if len(chain) < 4:
        return _of_method(ev, module, node, scope, env) if chain else UNKNOWN
    owner = _of_method(ev, module, chain[0], scope, env)
    for one in chain[1:]:
        callee = one.child_by_field_name("function")
        if isinstance(owner, Router):
            name = text(callee.child_by_field_name("property")) if callee is not None else ""
            owner = _of_router(ev, owner, name, Lazy(module, one, scope, env))
        elif not isinstance(owner, RoutePath):
            return _of_method(ev, module, node, scope, env)
    return owner


def _of_method(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    callee = node.child_by_field_name("function")
    if callee is None:
        return UNKNOWN
    target, name = callee.child_by_field_name("object"), text(callee.child_by_field_name("property"))
    given = arguments(node)
    if target is not None and target.end_byte - target.start_byte > MAX_TARGET:
        return UNKNOWN
    if target is not None and text(target) == "Object" and given:
        return _of_object(ev, name, ev.deref(ev.value(module, given[0], scope, env)))
    owner = ev.deref(ev.value(module, target, scope, env))
    if isinstance(owner, Router):
        return _of_router(ev, owner, name, Lazy(module, node, scope, env))
    if isinstance(owner, RoutePath):
        return owner
    if isinstance(owner, Resource):
        return constructs.called(owner, name, [ev.value(module, one, scope, env) for one in given[:2]])
    if isinstance(owner, Schema):
        return schemas.refined(ev, owner, name, [ev.value(module, one, scope, env) for one in given[:20]])
    if isinstance(owner, Func) and name == "bind":
        return owner
    if isinstance(owner, str | Arr):
        values = [ev.value(module, one, scope, env) for one in given[:20]]
        return (
            texts.of_text(owner, name, values, given)
            if isinstance(owner, str)
            else texts.of_array(ev, owner, name, values)
        )
    if name == "test" and given and (found := texts.pattern(target)) is not None:
        tested = ev.value(module, given[0], scope, env)
        return found.search(tested) is not None if isinstance(tested, str) and DYNAMIC not in tested else UNKNOWN
    if isinstance(owner, Unknown | Inst) and name in _GETTERS and given:
        return _setting(ev, [ev.value(module, one, scope, env) for one in given[:2]])
    return _applied(ev, ev.deref(ev.member(owner, name)), Lazy(module, node, scope, env))


def _setting(ev: Evaluator, given: list[Value]) -> Value:
    """``config.get('app.prefix', '/api')``: what the project registers under the key, else the default."""
    key = given[0]
    found = ev.setting(key) if isinstance(key, str) and DYNAMIC not in key else UNKNOWN
    default = given[1] if len(given) > 1 and isinstance(given[1], str) else UNKNOWN
    return default if isinstance(found, Unknown) else found


def _of_router(ev: Evaluator, owner: Router, name: str, at: Lazy) -> Value:
    given = arguments(at.node)
    if name == "route" and len(given) == 1 and owner.kind not in {"fastify", "hono"}:
        first = ev.value(at.module, given[0], at.scope, at.env)
        return (
            RoutePath(owner, tuple(ev.texts(first))) if isinstance(first, str | Arr) else RoutePath(owner, (DYNAMIC,))
        )
    if name == "basePath":
        return Router((*owner.key, "base", at.node.start_byte), owner.kind)
    return owner


def _of_object(ev: Evaluator, name: str, value: Value) -> Value:
    if isinstance(value, Mod):
        module = ev.load(value.path)
        names = [one for one in module.exports if one not in {"default", "="}] if module else []
        value = Obj({one: ev.exported(value.path, one) for one in names}, module, module.root) if module else UNKNOWN
    if not isinstance(value, Obj):
        return UNKNOWN
    if name == "values":
        return Arr(tuple(value.props.values()), open=value.open)
    if name == "keys":
        return Arr(tuple(value.props), open=value.open)
    if name == "entries":
        return Arr(tuple(Arr((key, one)) for key, one in value.props.items()), open=value.open)
    return value if name in {"freeze", "seal", "assign"} else UNKNOWN
