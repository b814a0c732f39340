"""What one path component of a pattern is made of, as RE2 text and as a bounded matcher. Pure.

RE2 has no "anything but". A pattern with ``!(...)`` goes into the automaton as a wider expression, and what that lets
through is looked at once more here, over sets of end positions: polynomial in the length of a name, never exponential.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hooks.glob.automaton import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

GroupKind = Literal["?", "*", "+", "@", "!"]

_NOT_SLASH = "[^/]"


@dataclass(frozen=True, slots=True)
class Text:
    """These characters."""

    text: str

    def regex(self) -> str:
        """As RE2."""
        return re2_escape(self.text)

    def ends(self, name: str, start: int) -> set[int]:
        """Where a match that begins at ``start`` can end."""
        return {start + len(self.text)} if name.startswith(self.text, start) else set()


@dataclass(frozen=True, slots=True)
class One:
    """Any one character."""

    def regex(self) -> str:
        """As RE2."""
        return _NOT_SLASH

    def ends(self, name: str, start: int) -> set[int]:
        """Where a match that begins at ``start`` can end."""
        return {start + 1} if start < len(name) else set()


@dataclass(frozen=True, slots=True)
class Many:
    """Any characters, or none."""

    def regex(self) -> str:
        """As RE2."""
        return f"{_NOT_SLASH}*"

    def ends(self, name: str, start: int) -> set[int]:
        """Where a match that begins at ``start`` can end."""
        return set(range(start, len(name) + 1))


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character in (or, negated, outside) these ranges of code points; never a slash."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool

    def regex(self) -> str:
        """As RE2."""
        ranges = [*self.ranges, (47, 47)] if self.negated else _without_slash(self.ranges)
        inside = "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in ranges)
        return f"[{'^' if self.negated else ''}{inside}]"

    def ends(self, name: str, start: int) -> set[int]:
        """Where a match that begins at ``start`` can end."""
        if start >= len(name):
            return set()
        inside = any(low <= ord(name[start]) <= high for low, high in self.ranges)
        return {start + 1} if inside != self.negated else set()


@dataclass(frozen=True, slots=True)
class Group:
    """An extended group: ``?(a|b)``, ``*(a|b)``, ``+(a|b)``, ``@(a|b)`` or ``!(a|b)``."""

    kind: GroupKind
    alternatives: tuple[tuple[Node, ...], ...]

    def regex(self) -> str:
        """As RE2; wider than the truth for ``!``."""
        if self.kind == "!":
            return f"{_NOT_SLASH}*"
        inside = "|".join(regex_of(nodes) for nodes in self.alternatives)
        return f"(?:{inside}){'' if self.kind == '@' else self.kind}"

    def ends(self, name: str, start: int) -> set[int]:
        """Where a match that begins at ``start`` can end."""
        once = self._once(name, {start})
        match self.kind:
            case "@":
                return once
            case "?":
                return once | {start}
            case "!":
                return set(range(start, len(name) + 1)) - once
        reached, fresh = set(once), once
        while fresh := self._once(name, fresh) - reached:
            reached |= fresh
        return reached | {start} if self.kind == "*" else reached

    def _once(self, name: str, starts: set[int]) -> set[int]:
        found: set[int] = set()
        for nodes in self.alternatives:
            found |= ends_of(nodes, name, starts)
        return found


Node = Text | One | Many | OneOf | Group


def regex_of(nodes: Iterable[Node]) -> str:
    """These nodes one after the other, as RE2."""
    return "".join(node.regex() for node in nodes)


def ends_of(nodes: Iterable[Node], name: str, starts: set[int]) -> set[int]:
    """Where a match of these nodes that begins at one of ``starts`` can end."""
    for node in nodes:
        if not starts:
            break
        starts = set(range(min(starts), len(name) + 1)) if isinstance(node, Many) else _after(node, name, starts)
    return starts


def _after(node: Node, name: str, starts: set[int]) -> set[int]:
    found: set[int] = set()
    for start in starts:
        found |= node.ends(name, start)
    return found


def has_negation(nodes: Iterable[Node]) -> bool:
    """Whether the RE2 text of these nodes lets through more than they mean."""
    return any(
        isinstance(node, Group) and (node.kind == "!" or any(map(has_negation, node.alternatives))) for node in nodes
    )


def matches_nothing(nodes: Iterable[Node]) -> bool:
    """Whether no name at all can match, as far as that shows: a set of characters that holds none."""
    return any(
        (isinstance(node, OneOf) and not node.negated and not _without_slash(node.ranges))
        or (
            isinstance(node, Group) and node.kind in "@+" and all(matches_nothing(nodes) for nodes in node.alternatives)
        )
        for node in nodes
    )


def literal(nodes: Iterable[Node]) -> str | None:
    """The one name these nodes match, ``None`` when it is not just one."""
    texts = []
    for node in nodes:
        if not isinstance(node, Text):
            return None
        texts.append(node.text)
    return "".join(texts)


def re2_escape(text: str) -> str:
    """``text`` as RE2 for just itself."""
    return re.sub(r"[^\w/ -]", _escaped, text_of(text), flags=re.ASCII)


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{{{ord(found[0]):x}}}"


def _without_slash(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    kept = []
    for low, high in ranges:
        kept += [(a, b) for a, b in ((low, min(high, 46)), (max(low, 48), high)) if a <= b]
    return kept
