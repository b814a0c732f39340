"""serverless.yml, SAM, CloudFormation and other YAML or JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import policy_text, statements
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq, walk
from daemon.agents.builtin.review.model import Hit, Looked
from daemon.agents.builtin.review.read_yaml import UnreadableError, parse

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Source

_OWN_VALUE = re.compile(r"^\$\{self:([\w.-]{1,200})(?:,[^}]*)?\}$")


def look(source: Source) -> Looked:
    """Statements and secrets of every document in the file."""
    json = source.path.lower().endswith(".json") or source.text.lstrip()[:1] in {"{", "["}
    try:
        documents = parse(source.text, json=json)
    except UnreadableError as error:
        return Looked(notes=(f"{source.path}: {error}; only searched for known keys.",))
    hits: list[Hit] = []
    for document in documents:
        _unfold(document)
        hits.extend(statements.find(document))
    return Looked(hits=tuple(hits))


def _unfold(root: Node) -> None:
    """Put in place what stands elsewhere in the document: ``${self:custom.x}``, and policies written as text."""
    for place in list(walk(root)):
        node = place.node
        if isinstance(node, Map):
            node.entries[:] = [(key, _meant(root, value)) for key, value in node.entries]
        elif isinstance(node, Seq):
            node.items[:] = [_meant(root, item) for item in node.items]


def _meant(root: Node, node: Node) -> Node:
    if not isinstance(node, Scalar):
        return _folded(node) or node
    own = _OWN_VALUE.match(node.text) if "${self:" in node.text else None
    if own:
        found = _under(root, own.group(1))
        if isinstance(found, Scalar) and found.literal:
            return Scalar(found.text, node.line, node.column, node.end_line, string=found.string)
        return found if isinstance(found, Seq) else node
    # The text of a block begins on the line after its ``|``.
    return policy_text.read(node.text, node.line + ("\n" in node.text)) or node


def _folded(node: Map | Seq) -> Scalar | None:
    """``Fn::Join`` and the long form of ``Fn::Sub`` as one text with holes, ``None`` for anything else."""
    name, body = node.tag.removeprefix("!"), node
    if isinstance(node, Map):
        if len(node.entries) != 1:
            return None
        key, value = node.entries[0]
        if isinstance(value, Scalar) and key.text == "Fn::Sub":
            return _text(value.text, node)
        if not isinstance(value, Seq):
            return None
        name, body = key.text.removeprefix("Fn::"), value
    if not isinstance(body, Seq) or not body.items:
        return None
    first = body.items[0]
    if name == "Sub" and isinstance(first, Scalar):
        return _text(first.text, node)
    parts = body.items[1] if name == "Join" and len(body.items) == 2 else None
    if not isinstance(parts, Seq) or not isinstance(first, Scalar):
        return None
    plain = [part.text if isinstance(part, Scalar) and part.literal else "${}" for part in parts.items]
    return _text(first.text.join(plain), node)


def _text(text: str, at: Node) -> Scalar:
    return Scalar(text, at.line, at.column, at.end_line, literal=False)


def _under(root: Node, path: str) -> Node | None:
    node: Node | None = root
    for name in path.split("."):
        node = node.get(name) if isinstance(node, Map) else None
    return node
