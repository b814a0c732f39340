"""A document as read, every node with its place: what the readers of YAML and of JSON have in common. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hooks.faults import Problem


@dataclass(kw_only=True, slots=True)
class Scalar:
    """A single value. ``inset`` is the column distance from the node's start to the value's first character when
    the value stands in the file letter by letter on one line, else ``None``.
    """

    line: int
    column: int
    value: str | int | float | bool | None
    inset: int | None = None


@dataclass(kw_only=True, slots=True)
class Items:
    """A list of nodes."""

    line: int
    column: int
    nodes: list[Node]


@dataclass(kw_only=True, slots=True)
class Mapping:
    """Keys and nodes, in the order of the file. Every key is text and stands once."""

    line: int
    column: int
    nodes: dict[str, tuple[Scalar, Node]]


Node: TypeAlias = Scalar | Items | Mapping


@dataclass(kw_only=True, slots=True)
class Tree:
    """A document: ``root`` is ``None`` when it could not be read to its end, and then ``problems`` is not empty."""

    root: Node | None
    problems: tuple[Problem, ...] = ()


def plain(node: Node) -> object:
    """The same as lists, dicts and values. As deep as the readers let a document be."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.nodes]
    return {key: plain(value) for key, (_, value) in node.nodes.items()}


def child(node: Node | None, *way: str | int) -> Node | None:
    """The node at the end of a way of keys and numbers, or ``None`` when there is none."""
    for step in way:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.nodes:
            node = node.nodes[step][1]
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.nodes):
            node = node.nodes[step]
        else:
            return None
    return node


def nearest(root: Node, way: Sequence[str | int]) -> Node:
    """The node at the end of a way, or the last one on it that exists."""
    for step in way:
        if (below := child(root, step)) is None:
            break
        root = below
    return root


def key_node(node: Node | None, key: str) -> Scalar | None:
    """The key itself, where it is written."""
    return node.nodes[key][0] if isinstance(node, Mapping) and key in node.nodes else None


def place(node: Node, offset: int | None = None) -> tuple[int, int]:
    """Line and column of a node; with ``offset`` of that character of its text, where it stands plainly on one line."""
    inside = 0
    if offset is not None and isinstance(node, Scalar) and node.inset is not None:
        inside = node.inset + offset
    return node.line, node.column + inside


def dotted(way: Sequence[str | int]) -> str:
    """A way as a person writes it: ``hooks[0].pattern[1]``."""
    text = ""
    for step in way:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
