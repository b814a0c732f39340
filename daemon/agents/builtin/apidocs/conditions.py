"""Whether a call is surely not reached with what is known of the names around it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.values import EMPTY

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Call, Module
    from daemon.agents.builtin.apidocs.values import Env, Value

MAX_UP = 60
MAX_BEFORE = 40
_LEAVES = frozenset({"return_statement", "continue_statement", "break_statement", "throw_statement"})


def skipped(ev: Evaluator, module: Module, call: Call, env: Env) -> bool:
    """Whether a condition around the call, or a way out before it, rules it out. Unknown conditions do not."""
    if env is EMPTY:
        return False

    def told(node: Node | None) -> Value:
        return ev.ask(module, node, call.scope, env)

    node = call.node
    for _ in range(MAX_UP):
        up = node.parent
        if up is None:
            return False
        kind = up.type
        if kind in {"if_statement", "ternary_expression"}:
            if _is(up, "consequence", node) and told(up.child_by_field_name("condition")) is False:
                return True
            if _is(up, "alternative", node) and told(up.child_by_field_name("condition")) is True:
                return True
        elif kind == "binary_expression" and _is(up, "right", node):
            ruled_out = {"&&": False, "||": True}.get((up.child_by_field_name("operator") or up).type)
            if ruled_out is not None and told(up.child_by_field_name("left")) is ruled_out:
                return True
        elif kind == "statement_block" and any(told(one) is True for one in _ways_out(node)):
            return True
        node = up
    return False


def _is(parent: Node, field: str, node: Node) -> bool:
    child = parent.child_by_field_name(field)
    return child is not None and child.id == node.id


def _ways_out(node: Node) -> list[Node]:
    """The conditions of ``if (...) return`` and its likes before a statement."""
    found: list[Node] = []
    before = node.prev_named_sibling
    while before is not None and len(found) < MAX_BEFORE:
        if before.type == "if_statement" and before.child_by_field_name("alternative") is None:
            body = before.child_by_field_name("consequence")
            if body is not None and body.type == "statement_block":
                body = body.named_children[-1] if body.named_children else None
            condition = before.child_by_field_name("condition")
            if body is not None and body.type in _LEAVES and condition is not None:
                found.append(condition)
        before = before.prev_named_sibling
    return found
