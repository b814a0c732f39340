"""A pattern without braces, read into path components. Pure."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from hooks.glob.faults import PatternFault
from hooks.glob.nodes import Group, Many, Node, One, OneOf, Text, literal, matches_nothing

if TYPE_CHECKING:
    from hooks.glob.braces import Spelling
    from hooks.glob.nodes import GroupKind

MOST_GROUPS = 32
MOST_GROUP_NESTING = 4
MOST_NEGATION_NESTING = 2
LONGEST_NAME = 255

_GROUP_KINDS = "?*+@!"
_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "ascii": "".join(map(chr, range(128))),
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "word": string.ascii_letters + string.digits + "_",
    "xdigit": string.hexdigits,
}


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a pattern; ``nodes`` is ``None`` for ``**``, which stands for any number of directories."""

    nodes: tuple[Node, ...] | None

    @property
    def literal(self) -> str | None:
        """The one name it matches, ``None`` when it is not just one."""
        return None if self.nodes is None else literal(self.nodes)


def parse(pattern: str, spelling: Spelling) -> tuple[Component, ...]:
    """The components of one expanded pattern. Raises PatternFault, with its offset in ``pattern`` as written."""
    reader = _Reader(pattern, spelling)
    components: list[Component] = []
    if spelling.text.startswith("/"):
        raise reader.fault(0, "this is an absolute path", "write it relative to the workspace's root")
    for start, end in reader.bounds():
        if start == end:
            continue  # a doubled slash says no more than one
        component = reader.component(start, end)
        if component.nodes is None and components and components[-1].nodes is None:
            continue
        components.append(component)
    if not components:
        raise reader.fault(0, "this pattern is empty", "write `**` for every file")
    if spelling.text.endswith("/"):
        raise reader.fault(
            len(spelling.text) - 1, "a pattern that ends in a slash can never match a file", "write `/**` at its end"
        )
    return tuple(components)


class _Reader:
    def __init__(self, pattern: str, spelling: Spelling) -> None:
        self.pattern = pattern
        self.text = spelling.text
        self.offsets = spelling.offsets
        self.groups = 0

    def fault(self, place: int, reason: str, remedy: str = "") -> PatternFault:
        """A fault at ``place`` in the expanded text, told by where that was written."""
        offset = self.offsets[min(place, len(self.offsets) - 1)] if self.offsets else 0
        return PatternFault(self.pattern, offset, reason, remedy)

    def bounds(self) -> list[tuple[int, int]]:
        """Where each component begins and ends. A slash always divides, whatever it stands in."""
        bounds, start = [], 0
        if self.text.startswith("./"):
            start = 2
        for place, character in enumerate(self.text):
            if character == "/" and place >= start:
                bounds.append((start, place))
                start = place + 1
        bounds.append((start, len(self.text)))
        return bounds

    def component(self, start: int, end: int) -> Component:
        """The component written from ``start`` to ``end``."""
        if self.text[start:end] == "**":
            return Component(None)
        nodes, _ = self.nodes(start, end, depth=0, negations=0)
        component = Component(tuple(nodes))
        name = component.literal
        if name == "..":
            raise self.fault(start, "`..` leads out of the workspace", "write the path relative to its root")
        if name == ".":
            raise self.fault(start, "`.` inside a pattern can never match", "leave it out")
        if name == ".git":
            raise self.fault(start, "this can never match: what is in `.git` is never watched")
        if name is not None and len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
            raise self.fault(start, f"this can never match: no name is longer than {LONGEST_NAME} bytes")
        if matches_nothing(nodes):
            raise self.fault(start, "this can never match: a set of characters in it holds none")
        return component

    def nodes(self, start: int, end: int, *, depth: int, negations: int) -> tuple[list[Node], int]:
        """The nodes from ``start`` and where they stopped: at ``end``, within a group at its ``|`` or ``)``."""
        nodes: list[Node] = []
        place = start
        while place < end:
            character = self.text[place]
            if depth and character in "|)":
                break
            if character in _GROUP_KINDS and self.text.startswith("(", place + 1) and place + 1 < end:
                node, place = self._group(place, end, depth=depth + 1, negations=negations + (character == "!"))
            elif character == "*":
                node, place = Many(), place + 1
            elif character == "?":
                node, place = One(), place + 1
            elif character == "[":
                node, place = self._set(place, end)
            else:
                node, place = self._plain(place, end)
            _append(nodes, node)
        return nodes, place

    def _plain(self, place: int, end: int) -> tuple[Node, int]:
        if self.text[place] == "\\":
            place += 1
            if place >= end:
                raise self.fault(place - 1, "nothing follows this backslash", r"write \\ for the character")
        if self.text[place] == "\0":
            raise self.fault(place, "this can never match: no name holds a NUL")
        return Text(self.text[place]), place + 1

    def _group(self, place: int, end: int, *, depth: int, negations: int) -> tuple[Node, int]:
        kind = cast("GroupKind", self.text[place])
        opened = place
        self.groups += 1
        if self.groups > MOST_GROUPS:
            raise self.fault(opened, f"more than {MOST_GROUPS} groups in one pattern", "write several patterns")
        if depth > MOST_GROUP_NESTING or negations > MOST_NEGATION_NESTING:
            raise self.fault(opened, "groups are nested too deep", "write several patterns")
        alternatives: list[tuple[Node, ...]] = []
        place += 1
        while True:
            nodes, place = self.nodes(place + 1, end, depth=depth, negations=negations)
            alternatives.append(tuple(nodes))
            if place >= end:
                reason = f"this `{kind}(` is not closed"
                if end < len(self.text):
                    reason += " before the slash"
                raise self.fault(opened, reason, f"close it, or write [{kind}]( for the characters")
            if self.text[place] == ")":
                return Group(kind, tuple(alternatives)), place + 1

    def _set(self, opened: int, end: int) -> tuple[Node, int]:
        place = opened + 1
        negated = place < end and self.text[place] in "!^"
        place += negated
        first = place
        ranges: list[tuple[int, int]] = []
        while place < end and (self.text[place] != "]" or place == first):
            named = self._named(place, end)
            if named is not None:
                ranges += [(ord(one), ord(one)) for one in _CLASSES[named]]
                place += len(named) + 4
                continue
            low, place = self._member(place, end)
            if place + 1 < end and self.text[place] == "-" and self.text[place + 1] != "]":
                high, place = self._member(place + 1, end)
                if low <= high:
                    ranges.append((low, high))
            else:
                ranges.append((low, low))
        if place >= end:
            raise self.fault(opened, "this `[` is never closed", r"write \[ for the character")
        return OneOf(tuple(ranges), negated), place + 1

    def _named(self, place: int, end: int) -> str | None:
        """The name of a class such as ``[:alpha:]`` that begins here."""
        if not self.text.startswith("[:", place):
            return None
        closed = self.text.find(":]", place + 2, end)
        if closed < 0:
            return None
        name = self.text[place + 2 : closed]
        if name not in _CLASSES:
            raise self.fault(place, f"there is no class of characters {name!r}", f"known are {', '.join(_CLASSES)}")
        return name

    def _member(self, place: int, end: int) -> tuple[int, int]:
        if self.text[place] == "\\" and place + 1 < end:
            place += 1
        return ord(self.text[place]), place + 1


def _append(nodes: list[Node], node: Node) -> None:
    """Add ``node``, joined with its neighbour where the two say no more than one."""
    last = nodes[-1] if nodes else None
    if isinstance(node, Text) and isinstance(last, Text):
        nodes[-1] = Text(last.text + node.text)
    elif not (isinstance(node, Many) and isinstance(last, Many)):
        nodes.append(node)
