"""serverless.yml, SAM, CloudFormation and other YAML or JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import events, inline_code, policy_text, statements
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq, put_at, walk
from daemon.agents.builtin.review.model import Hit, Looked
from daemon.agents.builtin.review.read_yaml import UnreadableError, parse

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Source

_EDITORS = re.compile(r"(?:^|/)(?:\.vscode|\.devcontainer|\.idea|\.zed)/|(?:^|/)\.?devcontainer\.json$")
"""Settings of people's editors: that one is not valid is no news."""
_OWN_VALUE = re.compile(r"^\$\{self:([\w.-]{1,200})(?:,[^}]*)?\}$")


def look(source: Source) -> Looked:
    """Statements and secrets of every document in the file."""
    json = source.path.lower().endswith(".json") or source.text.lstrip()[:1] in {"{", "["}
    try:
        documents = parse(source.text, json=json)
    except UnreadableError as error:
        notes = () if _EDITORS.search(source.path) else (f"{source.path}: {error}; only searched for known keys.",)
        return Looked(notes=notes)
    hits: list[Hit] = []
    said: list[str] = []
    recorded: list[range] = []
    for document in documents:
        if json:
            recorded.extend(events.strike_out(document))
        recorded.extend(_unfold(document))
        hits.extend(statements.find(document, source.path))
        inside = inline_code.look(document, source)
        hits.extend(inside.hits)
        said.extend(inside.notes)
    return Looked(hits=tuple(hits), notes=tuple(said), recorded=tuple(recorded))


def _unfold(root: Node) -> list[range]:
    """Put in place what stands elsewhere in the document: ``${self:custom.x}``, and policies written as text.

    The lines of events written as text are given back.
    """
    recorded: list[range] = []
    for place in list(walk(root)):
        node = place.node
        if isinstance(node, Map):
            node.entries[:] = [(key, _meant(root, value, recorded)) for key, value in node.entries]
        elif isinstance(node, Seq):
            node.items[:] = [_meant(root, item, recorded) for item in node.items]
    return recorded


def _meant(root: Node, node: Node, recorded: list[range]) -> Node:
    everything = _everything(root, node)
    if everything is not None:
        return everything
    if not isinstance(node, Scalar):
        return _folded(node) or node
    own = _OWN_VALUE.match(node.text) if "${self:" in node.text else None
    if own:
        found = _under(root, own.group(1))
        if isinstance(found, Scalar) and found.literal:
            return Scalar(found.text, node.line, node.column, node.end_line, string=found.string)
        return found if isinstance(found, Seq) else node
    # The text of a block begins on the line after its ``|``; any other has one place, whatever line ends it holds.
    inside = policy_text.read(node.text, node.line + 1)
    if inside is None:
        return node
    if not node.block:
        put_at(inside, node)
    recorded.extend(events.strike_out(inside))
    return inside


def _everything(root: Node, node: Node) -> Scalar | None:
    """A reference to a parameter that is ``*`` unless somebody says otherwise."""
    named = node.get("Ref") if isinstance(node, Map) and len(node.entries) == 1 else node
    if not isinstance(named, Scalar) or (named is node and node.tag != "!Ref"):
        return None
    default = _under(root, f"Parameters.{named.text}.Default")
    if not isinstance(default, Scalar) or default.text != "*":
        return None
    return Scalar("*", node.line, node.column, node.end_line)


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
