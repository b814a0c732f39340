"""What a policy in a document is for, where the document tells: a permissions boundary, a VPC endpoint's policy. Pure.

A boundary gives nobody anything, it is the most that other policies can give. What an endpoint lets through still needs
the caller's own rights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.document import Map, Place, Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.agents.builtin.review.document import Node

_BOUNDARY = re.compile(r"boundar(?:y|ies)")
_COMES_WITH = re.compile(
    r"(?:with|without|enforce|require|check|missing|unless)(?:a|the|an)?(?:permissions?|iam)?boundar"
)
_INLINE = re.compile(
    r"^AWS::IAM::(?:Role|User|Group|Policy)$|^aws_iam_(?:role|user|group)(?:_policy)?$|^inline_policy$"
)
"""Policies that belong to one role: never a boundary, whatever they are called."""
_ENDPOINT = re.compile(
    r"^(?:AWS::EC2::VPCEndpoint|aws_vpc_endpoint(?:_policy)?)$|^vpc_?endpoints?$|^endpoints$", re.IGNORECASE
)
_CONTROLS = {"AWS::Organizations::Policy", "aws_organizations_policy"}
_CONTROL = re.compile(r"(?:^|[^a-z])scps?(?:[^a-z]|$)|service[-_]?control", re.IGNORECASE)
"""What an organization allows at most: it gives nobody anything either."""
_POLICY_KEYS = {"policy", "PolicyDocument", "policy_document"}
_SECTIONS = {"Resources": 1, "resource": 2, "data": 2, "functions": 1}
"""Where a file's named things stand, and of how many keys a name is made there."""
_REFERENCES = {"Ref", "Fn::GetAtt", "Fn::Sub"}
_TERRAFORM_NAME = re.compile(r"\baws_\w+\.[\w-]+")
_FIRST_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Purposes:
    """The names (see ``owner``) of policies that other parts of the document use as boundaries and for endpoints."""

    boundaries: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()

    def is_boundary(self, place: Place, path: str) -> bool:
        """Whether what stands at a place belongs to a permissions boundary."""
        if any(_INLINE.match(key) for key in place.keys):
            return False
        name = path.rsplit("/", 1)[-1]
        if place.keys[:1] == ("Statement",) and (names_boundary(name) or _CONTROL.search(name)):
            return True
        if any(key in _CONTROLS for key in place.keys):
            return True
        sid = place.node.get("Sid", "sid") if isinstance(place.node, Map) else None
        named = [*place.keys, sid.text if isinstance(sid, Scalar) else ""]
        return any(map(names_boundary, named)) or owner(place) in self.boundaries

    def is_endpoint(self, place: Place) -> bool:
        """Whether what stands at a place belongs to the policy of a VPC endpoint."""
        return any(_ENDPOINT.match(key) for key in place.keys) or owner(place) in self.endpoints


def names_boundary(name: str) -> bool:
    """Whether a name says that it is a permissions boundary (and not that something comes with one)."""
    bare = re.sub(r"[^a-z]", "", name[:200].lower())
    return bool(_BOUNDARY.search(bare)) and not _COMES_WITH.search(bare)


def owner(place: Place) -> str:
    """The resource, block or function a place belongs to, as its file names it; "" when the file names none."""
    keys = place.keys
    for section, names in _SECTIONS.items():
        if section in keys:
            start = keys.index(section) + 1
            return ".".join(keys[start : start + names])
    return ""


def read(root: Node) -> Purposes:
    """What the document says of its own policies; a policy may take its text from a document of another name."""
    boundaries: set[str] = set()
    endpoints: set[str] = set()
    documents: dict[str, set[str]] = {}
    for place in walk(root):
        node = place.node
        if not isinstance(node, Scalar) or not place.keys or (node.literal and place.keys[-1] not in _REFERENCES):
            continue
        if any(names_boundary(key) for key in place.keys[-2:]):
            boundaries.update(_names(node))
        elif _POLICY_KEYS.intersection(place.keys[-3:]):
            if any(_ENDPOINT.match(key) for key in place.keys):
                endpoints.update(_names(node))
            documents.setdefault(owner(place), set()).update(_names(node))
    for name in list(boundaries):
        boundaries.update(documents.get(name, ()))
    return Purposes(boundaries=frozenset(boundaries), endpoints=frozenset(endpoints))


def _names(node: Scalar) -> Iterator[str]:
    if "aws_" in node.text:
        yield from _TERRAFORM_NAME.findall(node.text)
    else:
        match = _FIRST_NAME.search(node.text)
        if match:
            yield match.group()
