"""YAML as a tree that knows its lines, built from events. Pure.

Nothing is constructed from tags, nothing recurses, aliases point at what they name; depth and size are bounded. JSON is
YAML enough to be read too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 512 * 1024
MAX_NODES = 60_000
MAX_DEPTH = 80


class TreeError(ValueError):
    """A text that is no YAML that we read. ``line`` counts from 1."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(reason)


@dataclass(slots=True, eq=False)
class Tree:
    """A scalar (``text``), a mapping (``fields``) or a list (``items``), by what it has; ``line`` counts from 1."""

    line: int
    text: str | None = None
    fields: dict[str, Tree] | None = None
    items: list[Tree] | None = None
    tag: str = ""
    _key: str | None = field(default=None, repr=False)

    def get(self, *names: str) -> Tree | None:
        """What is found by following field names."""
        at: Tree | None = self
        for name in names:
            at = at.fields.get(name) if at is not None and at.fields is not None else None
        return at

    def string(self, *names: str) -> str:
        """The scalar found by following field names, "" where there is none."""
        found = self.get(*names)
        return found.text or "" if found is not None else ""

    def pairs(self) -> list[tuple[str, Tree]]:
        """The fields of a mapping."""
        return list(self.fields.items()) if self.fields is not None else []

    def listed(self) -> list[Tree]:
        """The items of a list."""
        return self.items or []


def load(content: bytes) -> Tree:
    """Read one YAML (or JSON) document; raises TreeError."""
    import yaml  # noqa: PLC0415 - most projects have nothing for it to read

    if len(content) > MAX_BYTES:
        raise TreeError(f"is larger than {MAX_BYTES} bytes")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(content.decode("utf-8-sig", "replace"), Loader=loader))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        raise TreeError("is no YAML", mark.line + 1 if mark else None) from fault
    except (yaml.YAMLError, ValueError) as fault:
        raise TreeError(str(fault) if isinstance(fault, TreeError) else "is no YAML") from fault


def _build(events: Iterable[Any]) -> Tree:
    import yaml  # noqa: PLC0415 - as above

    root = Tree(line=1, items=[])
    anchors: dict[str, Tree] = {}
    stack, count = [root], 0
    for event in events:
        count += 1
        if count > MAX_NODES or len(stack) > MAX_DEPTH:
            raise TreeError("is nested too deep or too large")
        if isinstance(event, yaml.ScalarEvent):
            node = Tree(line=_line(event), text=event.value, tag=event.tag or "")
        elif isinstance(event, yaml.MappingStartEvent):
            node = Tree(line=_line(event), fields={}, tag=event.tag or "")
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Tree(line=_line(event), items=[], tag=event.tag or "")
        elif isinstance(event, yaml.AliasEvent):
            node = anchors.get(event.anchor or "", Tree(line=_line(event)))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
            continue
        elif isinstance(event, yaml.DocumentEndEvent):
            break
        else:
            continue
        if getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent):
            anchors[event.anchor] = node
        _place(stack[-1], node)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(node)
    return root.items[0] if root.items else Tree(line=1)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _place(parent: Tree, node: Tree) -> None:
    if parent.items is not None:
        parent.items.append(node)
    elif parent.fields is not None and parent._key is None:  # noqa: SLF001 - of this module
        parent._key = node.text if node.text is not None else "?"  # noqa: SLF001 - as above
    elif parent.fields is not None:
        key, parent._key = parent._key or "", None  # noqa: SLF001 - as above
        if key == "<<" and node.fields is not None:
            parent.fields.update({name: one for name, one in node.fields.items() if name not in parent.fields})
        else:
            parent.fields[key] = node
