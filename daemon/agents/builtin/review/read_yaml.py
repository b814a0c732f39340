"""YAML and JSON into a document tree, from parser events: no recursion, no aliases unfolded, no tag constructed."""

from __future__ import annotations

import re
from typing import Any

from daemon.agents.builtin.review import repairs
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq

DEPTH_CAP = 120
NODE_CAP = 120_000
_HOLES = re.compile(r"\$\{|\{\{")
_TABS = re.compile(r"^[ \t]*\t[ \t]*", re.MULTILINE)


class UnreadableError(Exception):
    """The text is not what its name says; the message is for people."""


def parse(text: str, *, json: bool = False, first_line: int = 1) -> list[Node]:
    """The documents of a text. Raises ``UnreadableError`` with a line where it can be said.

    ``first_line`` is the line of a larger file on which the text begins. What only strict readers refuse (comments in
    JSON, unknown escapes and tabs in YAML, holes of a template) is read all the same.
    """
    failed: UnreadableError | None = None
    for attempt in repairs.of_json(text) if json else repairs.of_yaml(text):
        try:
            return _parse(attempt, json=json, first_line=first_line)
        except UnreadableError as error:
            failed = failed or error
    raise failed or UnreadableError("not readable as YAML")


def _parse(text: str, *, json: bool, first_line: int) -> list[Node]:
    import yaml  # noqa: PLC0415 - needed only for files of this kind

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if json:
        text = _TABS.sub(lambda match: " " * len(match.group()), text).replace("\t", " ")
    builder = _Builder(first_line - 1)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event, yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + first_line}" if mark is not None else "an unknown place"
        raise UnreadableError(f"not valid {'JSON' if json else 'YAML'} at {place}") from error
    except (ValueError, RecursionError, UnicodeError) as error:
        raise UnreadableError("not readable as YAML") from error
    return builder.documents


class _Builder:
    """Builds the tree event by event; a stack instead of calls."""

    def __init__(self, offset: int) -> None:
        self.documents: list[Node] = []
        self._offset = offset
        self._stack: list[tuple[Map | Seq, list[Scalar | None]]] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Any, yaml: Any) -> None:
        self._count += 1
        if self._count > NODE_CAP or len(self._stack) > DEPTH_CAP:
            raise UnreadableError(f"more than {NODE_CAP} nodes or {DEPTH_CAP} levels")
        start = getattr(event, "start_mark", None)
        line = (start.line if start else 0) + 1 + self._offset
        column = (start.column if start else 0) + 1
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event, line, column), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._anchors.get(event.anchor, Scalar("", line, column, line, literal=False)), None)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(Map(line, column, line, tag=event.tag or ""), event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(Seq(line, column, line, tag=event.tag or ""), event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node, _ = self._stack.pop()
            node.end_line = max(node.line, line if event.start_mark.column else line - 1)

    def _scalar(self, event: Any, line: int, column: int) -> Scalar:
        tag = event.tag or ""
        holes = bool(_HOLES.search(event.value)) or tag.startswith("!")
        literal = not holes or (tag == "!Sub" and "${" not in event.value)
        block = event.style in {"|", ">"}
        string = event.style is not None or not re.fullmatch(r"[-+.\d]*|true|false|yes|no|null|~", event.value)
        return Scalar(event.value, line, column, line if block else event.end_mark.line + 1 + self._offset,
                      literal=literal, tag="" if tag == "!Sub" else tag, string=string, block=block)  # fmt: skip

    def _open(self, node: Map | Seq, anchor: str | None) -> None:
        self._add(node, anchor)
        self._stack.append((node, [None]))

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._stack:
            self.documents.append(node)
            return
        parent, pending = self._stack[-1]
        if isinstance(parent, Seq):
            parent.items.append(node)
        elif pending[0] is None:
            pending[0] = node if isinstance(node, Scalar) else Scalar("<key>", node.line, node.column, node.line)
        else:
            parent.entries.append((pending[0], node))
            pending[0] = None
