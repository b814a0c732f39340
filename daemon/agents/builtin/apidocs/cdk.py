"""Routes that CDK's stacks add to their gateways, as events of the functions behind them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling, conditions, constructs
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, METHODS, BlindSpot, normal_path
from daemon.agents.builtin.apidocs.lambdas import Event
from daemon.agents.builtin.apidocs.scopes import line_of, text
from daemon.agents.builtin.apidocs.values import Arr, Ext, LambdaFunction, Obj, Resource, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.flow import Flow
    from daemon.agents.builtin.apidocs.scopes import Call, Module
    from daemon.agents.builtin.apidocs.values import Env

_ADDS = frozenset({"addMethod", "addRoutes", "addProxy"})
_ANSWERS = {*METHODS, "ANY"} - {"OPTIONS"}
"""What a gateway answers; a preflight of its own is nobody's endpoint."""


class Stacks:
    """Reads the modules of a project that name CDK."""

    def __init__(self, evaluator: Evaluator, flow: Flow) -> None:
        self.ev = evaluator
        self.flow = flow
        self.events: list[Event] = []
        self.blind: list[BlindSpot] = []

    def scan(self, module: Module) -> None:
        """Take in one module."""
        if not any(constructs.is_cdk(one) for one in module.asked):
            return
        for call in module.calls:
            if call.node.type == "new_expression":
                self._proxied(module, call)
                continue
            callee = call.node.child_by_field_name("function")
            if callee is None or callee.type != "member_expression":
                continue
            name = text(callee.child_by_field_name("property"))
            for env in self.flow.envs(call.scope) if name in _ADDS else ():
                if not conditions.skipped(self.ev, module, call, env):
                    getattr(self, f"_on_{name.lower()}")(_Place(self.ev, module, call, env))

    def _on_addmethod(self, place: _Place) -> None:
        owner, given = place.owner(), place.given
        method = _method(given[0]) if given else ""
        if method and method not in _ANSWERS:
            return
        if not isinstance(owner, Resource):
            self._tell(place, "the resource of this route is known only when the stack is made")
        elif not method:
            self._tell(place, "the method of this route is known only when the stack is made")
        else:
            self._event(place, method, owner.path, given[1] if len(given) > 1 else None)

    def _on_addroutes(self, place: _Place) -> None:
        """A route of an HTTP API says its whole path; whose it is does not matter."""
        options = place.given[0] if place.given else None
        if not isinstance(options, Obj):
            self._tell(place, "the path of this route is known only when the stack is made")
            return
        listed = self.ev.deref(self.ev.member(options, "methods"))
        items = [self.ev.force(one) for one in listed.items] if isinstance(listed, Arr) else []
        methods = [_method(one) for one in items] if "methods" in options.props else ["ANY"]
        integration = self.ev.deref(self.ev.member(options, "integration"))
        for method in methods or [""]:
            if not method:
                self._tell(place, "the methods of this route are known only when the stack is made")
            elif method in _ANSWERS:
                path = self.ev.member(options, "path")
                self._event(place, method, path if isinstance(path, str) else DYNAMIC, integration)

    def _on_addproxy(self, place: _Place) -> None:
        owner, options = place.owner(), place.given[0] if place.given else None
        if not isinstance(owner, Resource):
            return
        if not isinstance(options, Obj):
            self._event(place, "ANY", f"{owner.path}/{{proxy+}}", None)
        elif self.ev.member(options, "anyMethod") is not False:
            behind = self.ev.deref(self.ev.member(options, "defaultIntegration"))
            self._event(place, "ANY", f"{owner.path}/{{proxy+}}", behind)

    def _proxied(self, module: Module, call: Call) -> None:
        """``new LambdaRestApi(...)`` hands everything to its function unless it says otherwise."""
        name = call.node.child_by_field_name("constructor")
        if name is None or not text(name).endswith("LambdaRestApi"):
            return
        for env in self.flow.envs(call.scope):
            place = _Place(self.ev, module, call, env)
            options = place.given[2] if len(place.given) > 2 else None
            if isinstance(options, Obj) and self.ev.member(options, "proxy") is not False:
                self._event(place, "ANY", "/{proxy+}", self.ev.deref(self.ev.member(options, "handler")))

    def _event(self, place: _Place, method: str, path: str, integration: Value | None) -> None:
        if DYNAMIC in path:
            self._tell(place, "the path of this route is known only when the stack is made")
            return
        event = Event(
            method=method,
            path=normal_path(path),
            file=place.module.path,
            line=line_of(place.named()),
            handler=integration.handler if isinstance(integration, LambdaFunction) else "",
        )
        if event not in self.events:
            self.events.append(event)

    def _tell(self, place: _Place, reason: str) -> None:
        spot = BlindSpot(file=place.module.path, line=line_of(place.named()), reason=reason)
        if spot not in self.blind:
            self.blind.append(spot)


def _method(value: Value) -> str:
    """``'GET'`` and ``HttpMethod.GET``; empty when it is neither."""
    name = value.name.rpartition(".")[2] if isinstance(value, Ext) else value
    return name.upper() if isinstance(name, str) and name.upper() in {*METHODS, "ANY"} else ""


class _Place:
    """A call in one of its environments."""

    def __init__(self, evaluator: Evaluator, module: Module, call: Call, env: Env) -> None:
        self.module = module
        self._ev = evaluator
        self._call = call
        self._env = env
        self.given = [self._value(one) for one in calling.arguments(call.node)[:3]]

    def _value(self, node: Node | None) -> Value:
        return self._ev.deref(self._ev.ask(self.module, node, self._call.scope, self._env))

    def owner(self) -> Value:
        """What the method is called on."""
        callee = self._call.node.child_by_field_name("function")
        return self._value(callee.child_by_field_name("object") if callee is not None else None)

    def named(self) -> Node:
        """The name that is called, so that each link of a chain has its own line."""
        callee = self._call.node.child_by_field_name("function")
        return (callee.child_by_field_name("property") if callee is not None else None) or self._call.node
