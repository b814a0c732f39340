"""CDK statements put together step by step: ``p = new PolicyStatement(); p.addActions("s3:*"); p.addAllResources()``.

One function at a time, in the order of its text; what another function adds is not seen. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.review import constructs, guards, ir, statements
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq
from daemon.agents.builtin.review.frames import key_of

if TYPE_CHECKING:
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.model import Hit

_LISTS = {
    "addActions": "actions", "addAction": "actions", "add_actions": "actions", "add_action": "actions",
    "addResources": "resources", "addResource": "resources", "add_resources": "resources", "add_resource": "resources",
    "addNotActions": "not_actions", "add_not_actions": "not_actions",
    "addNotResources": "not_resources", "add_not_resources": "not_resources",
    "addPrincipals": "principals", "add_principals": "principals",
    "addArnPrincipal": "principals", "add_arn_principal": "principals",
    "addAwsAccountPrincipal": "principals", "add_aws_account_principal": "principals",
    "addServicePrincipal": "principals", "add_service_principal": "principals",
    "addFederatedPrincipal": "principals", "add_federated_principal": "principals",
}  # fmt: skip
_EVERYTHING = {"addAllResources": "resources", "add_all_resources": "resources",
               "addAnyPrincipal": "principals", "add_any_principal": "principals"}  # fmt: skip
_CONDITIONS = {"addCondition", "addConditions", "add_condition", "add_conditions", "addSourceAccountCondition",
               "addAccountCondition", "add_account_condition", "addSourceArnCondition"}  # fmt: skip
_STEPS = {*_LISTS, *_EVERYTHING, *_CONDITIONS}


class Builder:
    """The statements that one function builds."""

    def __init__(self) -> None:
        self._all: list[Map] = []
        self._named: dict[str, Map] = {}
        self._taken: set[int] = set()
        self._begun: dict[int, Map] = {}

    def step(self, expr: ir.Expr, frame: Frame) -> None:
        """Look at one expression; of a chain of calls the outermost comes first."""
        if not isinstance(expr, ir.Call) or id(expr) in self._taken:
            return
        tail = guards.tail_of(expr.func)
        if tail == "PolicyStatement":
            self._statement(expr, frame)
        if tail not in _STEPS:
            return
        chain: list[ir.Call] = []
        base: ir.Expr = expr
        while isinstance(base, ir.Call) and isinstance(base.func, ir.Member):
            if guards.tail_of(base.func) == "PolicyStatement":
                break
            self._taken.add(id(base))
            chain.append(base)
            base = base.func.base
        statement = self._statement(base, frame)
        for call in reversed(chain):
            _add(statement, call, frame)

    def assign(self, statement: ir.Assign, frame: Frame) -> None:
        """``p = new PolicyStatement({...})`` begins one, ``p.effect = Effect.DENY`` changes it."""
        target, value = statement.target, statement.value
        if isinstance(target, ir.Member) and target.name == "effect":
            named = self._named.get(key_of(target.base) or "")
            if named is not None:
                named.entries.insert(0, (_key("effect", value), constructs.to_tree(value, frame)))
            return
        name = key_of(target)
        base = value
        while isinstance(base, ir.Call) and isinstance(base.func, ir.Member) and base.func.name in _STEPS:
            base = base.func.base
        if name and isinstance(base, ir.Call) and guards.tail_of(base.func) == "PolicyStatement":
            self._named.pop(name, None)
            self._named[name] = self._statement(base, frame)

    def has(self, expr: ir.Expr) -> bool:
        """Whether an expression is part of a statement that was begun here (its options, say)."""
        return id(expr) in self._taken

    def finish(self) -> list[Hit]:
        """What is too wide in them."""
        return [hit for statement in self._all for hit in statements.find_here(statement)]

    def _statement(self, base: ir.Expr, frame: Frame) -> Map:
        name = key_of(base)
        if name and name in self._named:
            return self._named[name]
        if id(base) in self._begun:
            return self._begun[id(base)]
        made = Map(base.line, base.column, base.end_line, label="PolicyStatement")
        if isinstance(base, ir.Call) and guards.tail_of(base.func) == "PolicyStatement":
            self._taken.update(map(id, [base, *base.args]))
            made = constructs.call_tree(base, frame)
            denies = any(isinstance(arg, ir.Member) and arg.name.lower() == "deny" for arg in base.args)
            if denies:
                made.entries.append((_key("effect", base), Scalar("Deny", base.line, base.column, base.end_line)))
        self._all.append(made)
        self._begun[id(base)] = made
        if name:
            self._named[name] = made
        return made


def _add(statement: Map, call: ir.Call, frame: Frame) -> None:
    tail = guards.tail_of(call.func)
    if tail in _EVERYTHING:
        _extend(statement, _EVERYTHING[tail], [Scalar("*", call.line, call.column, call.end_line)], call)
    elif tail in _CONDITIONS:
        statement.entries.append((_key("condition", call), Scalar("<computed>", call.line, call.column, call.line)))
    elif tail in _LISTS:
        given: list[Node] = []
        for arg in [*call.args, *(value for _, value in call.kwargs)]:
            tree = constructs.to_tree(arg, frame)
            given.extend(tree.items if isinstance(tree, Seq) else [tree])
        _extend(statement, _LISTS[tail], given, call)


def _extend(statement: Map, name: str, given: list[Node], at: ir.Expr) -> None:
    """Add to a list of a statement, which its constructor may have begun in the other spelling."""
    here = statement.get(name, _OTHER_SPELLING.get(name, name))
    if isinstance(here, Seq):
        here.items.extend(given)
        return
    listed = Seq(at.line, at.column, at.end_line, [*([here] if here is not None else []), *given])
    statement.entries.insert(0, (_key(name, at), listed))


_OTHER_SPELLING = {"not_actions": "notActions", "not_resources": "notResources"}


def _key(name: str, at: ir.Expr) -> Scalar:
    return Scalar(name, at.line, at.column, at.line)
