"""A configuration document as a tree of maps, lists and scalars that know their places. Pure.

YAML, JSON and Terraform are all read into it, and so are the object literals of a program, so that IAM statements and
secrets are judged by one set of rules. Walks are iterative: depth is the file's, never the interpreter's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Scalar:
    """A leaf. ``literal`` is false for what is only known when it is deployed (a reference, a template with holes).

    ``block`` says that its text stands on lines of its own, below the mark that opens it.
    """

    text: str
    line: int
    column: int
    end_line: int
    literal: bool = True
    tag: str = ""
    string: bool = True
    block: bool = False


@dataclass(slots=True)
class Seq:
    """A list."""

    line: int
    column: int
    end_line: int
    items: list[Node] = field(default_factory=list)
    tag: str = ""


@dataclass(slots=True)
class Map:
    """Keys and values in the order of the file; a key may occur twice. ``label`` names a block or a called function."""

    line: int
    column: int
    end_line: int
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    label: str = ""
    tag: str = ""

    def get(self, *names: str) -> Node | None:
        """The value under the first of these keys that is there (letter case counts)."""
        for name in names:
            for key, value in self.entries:
                if key.text == name:
                    return value
        return None


Node = Scalar | Seq | Map


@dataclass(frozen=True, slots=True)
class Place:
    """A node with the keys above it, outermost first (list items add nothing, a resource adds its AWS type)."""

    node: Node
    keys: tuple[str, ...]
    parent: Map | None


def walk(root: Node, *, limit: int = 200_000) -> Iterator[Place]:
    """Every node, parents first, in the order of the file. Shared nodes (aliases) are visited once."""
    stack = [Place(root, (), None)]
    seen: set[int] = set()
    while stack and limit > 0:
        limit -= 1
        place = stack.pop()
        node = place.node
        yield place
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Map):
            above = place.keys[-24:]
            kind = node.get("Type")
            if isinstance(kind, Scalar) and kind.text.startswith("AWS::"):
                above = (*above, kind.text)
            stack.extend(Place(value, (*above, key.text), node) for key, value in reversed(node.entries))
        else:
            stack.extend(Place(item, place.keys, place.parent) for item in reversed(node.items))


def put_at(root: Node, at: Scalar) -> Node:
    """The tree with every place in it moved to that of the text it was read from."""
    for place in walk(root):
        keys = [key for key, _ in place.node.entries] if isinstance(place.node, Map) else []
        nodes: list[Node] = [place.node, *keys]
        for node in nodes:
            node.line, node.column, node.end_line = at.line, at.column, at.end_line
    return root


def scalars(node: Node | None) -> list[Scalar]:
    """A scalar, or the scalars straight inside a list or set; anything else gives what can be read of it."""
    if node is None:
        return []
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Seq):
        found = []
        for item in node.items:
            if isinstance(item, Scalar):
                found.append(item)
            else:
                found.append(Scalar("<computed>", item.line, item.column, item.end_line, literal=False))
        return found
    return [Scalar("<computed>", node.line, node.column, node.end_line, literal=False)]
