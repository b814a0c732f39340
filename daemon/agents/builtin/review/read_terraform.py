"""Terraform into the document tree: blocks, objects, ``jsonencode`` and policies written as text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import other_clouds, policy_text, statements
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq
from daemon.agents.builtin.review.model import Looked
from daemon.agents.builtin.review.parsing import parse

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax
    from tree_sitter import Parser

    from daemon.agents.builtin.review.model import Source

DEPTH_CAP = 80
_QUOTED = re.compile(r'(?m)^([ \t]*)"([A-Za-z_][\w-]*)"([ \t]*=[ \t])')
"""Names in quotes, as Terraform wrote them before its version 0.12: ``"statement" = {``."""


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter  # noqa: PLC0415 - loaded for Terraform only
    import tree_sitter_hcl  # noqa: PLC0415 - likewise

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def look(source: Source) -> Looked:
    """Statements and secrets of a Terraform file."""
    root = parse(_parser(), source.text)
    if root is None:
        return Looked(notes=(f"{source.path}: could not be parsed in time; only searched for known keys.",))
    if root.has_error:
        root = parse(_parser(), _QUOTED.sub(r"\1 \2 \3", source.text)) or root
    notes: list[str] = []
    if root.has_error:
        notes.append(f"{source.path}: not all of it is valid Terraform; read around that.")
    reader = _Reader(_locals(root))
    tree = reader.body(root, 0)
    if reader.cut:
        notes.append(f"{source.path}: nested deeper than {DEPTH_CAP} levels; what is below was not read.")
    return Looked(hits=(*statements.find(tree), *other_clouds.find(tree)), notes=tuple(notes))


_LOCAL = re.compile(r"^local\.(?P<name>[\w-]+)$")
_HANDS_THROUGH = {"jsonencode", "toset", "tolist", "sensitive", "nonsensitive", "base64encode", "yamlencode"}
_PUTS_TOGETHER = {"concat", "flatten", "compact", "distinct", "setunion", "coalescelist"}


def _flat(items: list[Node]) -> list[Node]:
    """Lists within a list taken apart, as ``flatten`` does; ``concat`` is given lists only."""
    return [inner for item in items for inner in (_flat(item.items) if isinstance(item, Seq) else [item])]


def _locals(root: Syntax) -> dict[str, Syntax]:
    """The values of a file's ``locals``, by their names."""
    found = {}
    bodies = [child for child in root.named_children if child.type == "body"]
    for block in (child for body in bodies for child in body.named_children if child.type == "block"):
        if block.named_children and _text(block.named_children[0]) == "locals":
            inner = [child for child in block.named_children if child.type == "body"]
            for attribute in (child for body in inner for child in body.named_children if child.type == "attribute"):
                if len(attribute.named_children) >= 2:
                    found[_text(attribute.named_children[0])] = attribute.named_children[-1]
    return found


def _moved(node: Node, line: int, column: int, end: int) -> Node | None:
    """A text or a list of texts as if it stood elsewhere, ``None`` for anything else."""
    if isinstance(node, Scalar):
        return replace(node, line=line, column=column, end_line=end) if node.literal else None
    if isinstance(node, Seq) and node.items and all(isinstance(item, Scalar) and item.literal for item in node.items):
        items: list[Node] = [replace(item, line=line, column=column, end_line=end) for item in node.items]
        return Seq(line, column, end, items)
    return None


class _Reader:
    def __init__(self, local: dict[str, Syntax]) -> None:
        self.cut = False
        self._local = local

    def body(self, node: Syntax, depth: int) -> Map:
        """The attributes and blocks inside a node."""
        made = Map(node.start_point[0] + 1, node.start_point[1] + 1, node.end_point[0] + 1)
        if depth > DEPTH_CAP:
            self.cut = True
            return made
        for child in node.named_children:
            if child.type == "body":
                made.entries.extend(self.body(child, depth + 1).entries)
            elif child.type == "attribute":
                parts = child.named_children
                if len(parts) >= 2:
                    made.entries.append((_key(parts[0]), self.value(parts[-1], depth + 1)))
            elif child.type == "block":
                self._block(child, made, depth)
        return made

    def _block(self, node: Syntax, into: Map, depth: int) -> None:
        labels = [child for child in node.named_children if child.type in {"identifier", "string_lit"}]
        bodies = [child for child in node.named_children if child.type == "body"]
        inner: Node = (
            self.body(bodies[0], depth + 1) if bodies else Map(node.start_point[0] + 1, 1, node.end_point[0] + 1)
        )
        if isinstance(inner, Map):
            inner.label = _text(labels[0]) if labels else ""
            content = inner.get("content") if inner.label == "dynamic" else None
            if isinstance(content, Map) and len(labels) > 1:  # ``dynamic "statement" {content {...}}`` is a statement
                content.label = _text(labels[1])
                into.entries.append((_key(labels[1]), content))
                return
        for label in reversed(labels[1:]):
            wrapped = Map(inner.line, inner.column, inner.end_line)
            wrapped.entries.append((_key(label), inner))
            inner = wrapped
        if labels:
            into.entries.append((_key(labels[0]), inner))

    def value(self, node: Syntax, depth: int) -> Node:
        """An expression."""
        while (
            node.type in {"expression", "collection_value", "literal_value", "template_expr", "for_expr"}
            and len(node.named_children) == 1
        ):
            node = node.named_children[0]
        line, column, end = node.start_point[0] + 1, node.start_point[1] + 1, node.end_point[0] + 1
        if depth > DEPTH_CAP:
            self.cut = True
            return Scalar("<computed>", line, column, end, literal=False)
        if node.type == "object":
            made = Map(line, column, end)
            for element in node.named_children:
                parts = element.named_children
                if element.type == "object_elem" and len(parts) >= 2:
                    made.entries.append((_key(parts[0]), self.value(parts[-1], depth + 1)))
            return made
        if node.type == "tuple":
            items = [child for child in node.named_children if child.type == "expression"]
            return Seq(line, column, end, [self.value(item, depth + 1) for item in items])
        if node.type == "function_call":
            return self._call(node, depth)
        if node.type == "conditional":
            return Seq(line, column, end, _flat([self.value(part, depth + 1) for part in node.named_children[1:]]))
        if node.type in {"for_tuple_expr", "for_object_expr"}:
            return Seq(line, column, end, [self.value(node.named_children[-2], depth + 1)])
        if node.type == "heredoc_template":
            return _policy_text(node, line, column, end)
        return self._of_a_local(node, depth) or _scalar(node, line, column, end)

    def _of_a_local(self, node: Syntax, depth: int) -> Node | None:
        """The texts that ``local.actions`` stands for, ``None`` for anything else."""
        named = _LOCAL.match(_text(node)) if node.type == "expression" else None
        value = self._local.get(named["name"]) if named else None
        if value is None:
            return None
        return _moved(
            self.value(value, depth + 1), node.start_point[0] + 1, node.start_point[1] + 1, node.end_point[0] + 1
        )

    def _call(self, node: Syntax, depth: int) -> Node:
        name = _text(node.named_children[0]) if node.named_children else ""
        arguments = [
            a for child in node.named_children if child.type == "function_arguments" for a in child.named_children
        ]
        place = (node.start_point[0] + 1, node.start_point[1] + 1, node.end_point[0] + 1)
        if name in _HANDS_THROUGH and arguments:
            return self.value(arguments[0], depth + 1)
        if name in _PUTS_TOGETHER and arguments:
            return Seq(*place, _flat([self.value(argument, depth + 1) for argument in arguments]))
        if name == "merge" and arguments:
            given = [self.value(argument, depth + 1) for argument in arguments]
            return Map(*place, [entry for tree in given if isinstance(tree, Map) for entry in tree.entries])
        return Scalar("<computed>", *place, literal=False)


def _text(node: Syntax) -> str:
    raw = (node.text or b"")[:4000].decode("utf-8", "replace")
    return raw[1:-1] if raw[:1] == '"' and raw[-1:] == '"' and len(raw) > 1 else raw


def _key(node: Syntax) -> Scalar:
    line = node.start_point[0] + 1
    return Scalar(_text(node).strip("()"), line, node.start_point[1] + 1, line)


def _scalar(node: Syntax, line: int, column: int, end: int) -> Node:
    if node.type in {"string_lit", "quoted_template", "numeric_lit", "bool_lit"}:
        text = _text(node)
        policy = policy_text.read(text.replace('\\"', '"').replace("\\n", " "), line) if text[:1] == "{" else None
        return policy or Scalar(
            text, line, column, end, literal="${" not in text, string=node.type in {"string_lit", "quoted_template"}
        )
    return Scalar(_text(node)[:200], line, column, end, literal=False)


def _policy_text(node: Syntax, line: int, column: int, end: int) -> Node:
    """A heredoc: read as a document when it is one, else one scalar."""
    raw = (node.text or b"").decode("utf-8", "replace")
    inner = raw.partition("\n")[2].rpartition("\n")[0]
    return policy_text.read(inner, line + 1) or Scalar(inner, line, column, end, literal=False)
