"""Rights that Terraform gives away in Google's and Microsoft's clouds: to everybody, or all of them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.document import Map, Scalar, scalars, walk
from daemon.agents.builtin.review.model import Hit
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Node

_GOOGLE = re.compile(r"^google_\w+_iam_(?:binding|member|policy)$")
_EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
_CALLS = re.compile(r"\.invoker$")
"""Roles that only call a function: a public interface is there to be called."""
_BASIC = {"roles/owner": None, "roles/editor": Level.WARNING}
_MICROSOFT = {"Owner": None, "Contributor": Level.WARNING}


def find(root: Node) -> list[Hit]:
    """What is too wide, in the order of the file."""
    hits = []
    for place in walk(root):
        node = place.node
        if not isinstance(node, Map) or place.keys[:1] != ("resource",):
            continue
        kind = place.keys[1] if len(place.keys) > 1 else ""
        if _GOOGLE.match(kind) and node.get("role") is not None:
            hits.extend(_of_google(node))
        elif kind == "azurerm_role_definition" and place.keys[-1] == "permissions":
            hits.extend(_every_action(node))
        elif kind == "azurerm_role_assignment":
            hits.extend(_whole(node.get("role_definition_name"), _MICROSOFT))
    return hits


def _of_google(node: Map) -> list[Hit]:
    role = node.get("role")
    named = [*scalars(node.get("members")), *scalars(node.get("member"))]
    anyone = next((member for member in named if member.text in _EVERYBODY), None)
    if anyone is None:
        return _whole(role, _BASIC)
    called = isinstance(role, Scalar) and _CALLS.search(role.text) is not None
    return [Hit(rule="iam.wildcard-principal", line=anyone.line, column=anyone.column, end_line=anyone.end_line,
                level=Level.NOTE if called else None,
                detail=f"`{anyone.text}` holds this role: anyone, or anyone with an account.")]  # fmt: skip


def _whole(role: Node | None, wide: dict[str, Level | None]) -> list[Hit]:
    if not isinstance(role, Scalar) or role.text not in wide:
        return []
    return [Hit(rule="iam.admin-policy", line=role.line, column=role.column, end_line=role.end_line,
                level=wide[role.text], detail=f"`{role.text}` gives nearly every right.")]  # fmt: skip


def _every_action(node: Map) -> list[Hit]:
    every = next((action for action in scalars(node.get("actions")) if action.text == "*"), None)
    if every is None:
        return []
    return [Hit(rule="iam.action-wildcard", line=every.line, column=every.column, end_line=every.end_line,
                detail="Allows every action (`*`) in its scope.")]  # fmt: skip
