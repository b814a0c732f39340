"""Roles that whoever has an account with a shared issuer of tokens may assume: no condition says whose tokens. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.document import Map, Scalar, walk
from daemon.agents.builtin.review.model import Hit
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Node

_SHARED = re.compile(
    r"(?:token\.actions\.githubusercontent\.com|gitlab\.com|oidc\.circleci\.com|app\.terraform\.io|"
    r"api\.bitbucket\.org|agent\.buildkite\.com)"
)
"""Issuers that give tokens to everybody's builds."""
_SUBJECT = re.compile(
    r":(?:sub|repository|repository_owner\w*|repository_id|actor_id|job_workflow_ref|project_path|namespace_path)$"
)
"""What a token says of whose build it is."""
_WIDE = re.compile(r"^(?:repo|project_path|organization)?:?(?:\*|\*/\*)(?::\*)*$")


def find(principals: Node | None, conditions: list[Node]) -> Hit | None:
    """The hit for a shared issuer among the principals whose tokens no condition tells apart."""
    if principals is None:
        return None
    issuer = next(
        (p.node for p in walk(principals) if isinstance(p.node, Scalar) and _SHARED.search(p.node.text)), None
    )
    federated = any(isinstance(p.node, Scalar) and "openid_connect" in p.node.text for p in walk(principals))
    if issuer is None and federated:
        issuer = next(
            (name for condition in conditions for name in _names(condition) if _SHARED.search(name.text)), None
        )
    if not isinstance(issuer, Scalar) or any(_says_whose(condition) for condition in conditions):
        return None
    return Hit(rule="iam.wildcard-principal", line=issuer.line, column=issuer.column, end_line=issuer.end_line,
               level=Level.ERROR, detail="Any build of any account of this issuer may assume this role: no condition "
               "says whose (`sub`).")  # fmt: skip


def _names(condition: Node) -> list[Scalar]:
    """What a condition asks about: its keys, or the ``variable`` of Terraform's blocks."""
    maps = [place.node for place in walk(condition) if isinstance(place.node, Map)]
    variables = [variable for node in maps if isinstance(variable := node.get("variable"), Scalar)]
    return [*variables, *(key for node in maps for key, _ in node.entries)]


def _says_whose(condition: Node) -> bool:
    """Whether a condition names an owner; one that is computed is believed."""
    for place in walk(condition):
        node = place.node
        if isinstance(node, Map):
            variable = node.get("variable")
            asked = [(key.text, value) for key, value in node.entries]
            if isinstance(variable, Scalar):
                asked.append((variable.text, node.get("values") or variable))
            if any(_SUBJECT.search(name) and not _everybody(value) for name, value in asked):
                return True
        elif isinstance(node, Scalar) and not node.literal and place.parent is None:
            return True
    return False


def _everybody(value: Node) -> bool:
    texts = [place.node.text for place in walk(value) if isinstance(place.node, Scalar)]
    return bool(texts) and all(_WIDE.match(text) for text in texts)
