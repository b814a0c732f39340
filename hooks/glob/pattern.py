"""Glob: one compiled pattern. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import re2

from hooks.glob import automaton
from hooks.glob.braces import expand
from hooks.glob.faults import PatternFault
from hooks.glob.nodes import Text, ends_of, has_negation, regex_of
from hooks.glob.parse import Component, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REGEX_PREFIX = "re:"
LONGEST_PATTERN = 4096

# Characters that stand for themselves and are not repeated, as people write paths into regular expressions.
_LITERALS = re.compile(r"(?:(?:[\w/ -]|\\[./-])(?![*?+{]))*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Glob:
    """One compiled pattern. Make it with ``compile_pattern``.

    ``regex`` (RE2, for the whole path) matches every path that the pattern matches; when ``exact`` is false it matches
    more, and ``matches`` has the last word. ``directory_regex`` matches the directories below which a match may lie,
    ``""`` (the root) among them. ``within_regex`` matches the directories everything below which matches, ``None``
    when there are none. ``depth`` is the number of components a match may have at most, ``None`` for any.
    """

    pattern: str
    regex: str
    directory_regex: str
    within_regex: str | None
    exact: bool
    prefix: str
    depth: int | None
    _alternatives: tuple[tuple[Component, ...], ...] = field(default=(), repr=False)
    _searched: re2._Regexp | None = field(default=None, repr=False)
    _scope_length: int = 0

    @cached_property
    def _expression(self) -> re2._Regexp:
        return re2.compile(self.regex, automaton.options())

    @cached_property
    def _directories(self) -> re2._Regexp:
        return re2.compile(self.directory_regex, automaton.options())

    def matches(self, path: str) -> bool:
        """Whether the pattern covers this path."""
        if not self._expression.fullmatch(automaton.text_of(path)):
            return False
        return self.exact or self.confirms(path)

    def confirms(self, path: str) -> bool:
        """The last word on a path that ``regex`` let through."""
        if self.exact:
            return True
        if self._searched is not None:
            return bool(self._searched.fullmatch(automaton.text_of(path[self._scope_length :])))
        names = path.split("/")
        return any(_covers(components, names) for components in self._alternatives)

    def may_hold(self, directory: str) -> bool:
        """Whether a path below this directory could match; ``""`` is the root."""
        return bool(self._directories.fullmatch(automaton.text_of(directory)))


def compile_pattern(pattern: str, *, scope: str = "") -> Glob:
    """``pattern`` compiled; with ``scope`` (a directory in POSIX form) for the paths below that directory.

    Raises PatternFault for a pattern that is empty, absolute, leads upwards, is unbalanced, can never match, or is
    larger than anybody can have meant.
    """
    if not pattern.strip():
        raise PatternFault(pattern, 0, "this pattern is empty", "write `**` for every file")
    if len(pattern) > LONGEST_PATTERN:
        raise PatternFault(
            pattern, LONGEST_PATTERN, f"this pattern is longer than {LONGEST_PATTERN} characters", "write several"
        )
    if pattern.startswith(REGEX_PREFIX):
        return _from_regex(pattern, scope)
    spellings = [spelling for spelling in expand(pattern) if spelling.text] or expand("")
    alternatives = tuple(dict.fromkeys(parse(pattern, spelling) for spelling in spellings))
    return _from_components(pattern, scope, alternatives)


def split_negation(pattern: str) -> tuple[bool, str]:
    """Whether an item of a pattern list excludes, and the pattern itself. ``!(a)`` is a group, not an exclusion."""
    if pattern.startswith("!") and not pattern.startswith("!("):
        return True, pattern[1:]
    return False, pattern


def list_faults(patterns: Sequence[str]) -> list[tuple[int, PatternFault]]:
    """Every fault of a pattern list, with the index of its item; offsets count from the item's first character.

    Beside the faults of each pattern: a list that only excludes, and an item that a later one excludes altogether.
    """
    faults: list[tuple[int, PatternFault]] = []
    bare = [split_negation(pattern) for pattern in patterns]
    for index, (negated, text) in enumerate(bare):
        try:
            compile_pattern(text)
        except PatternFault as fault:
            moved = fault.offset + negated
            faults.append((index, PatternFault(patterns[index], moved, fault.reason, fault.remedy)))
    if patterns and all(negated for negated, _ in bare):
        reason = "this list can never match: it only excludes"
        faults.append((0, PatternFault(patterns[0], 0, reason, "begin it with what it is to cover, such as `**`")))
    for index, (negated, text) in enumerate(bare):
        later = [other for is_negated, other in bare[index + 1 :] if is_negated]
        if not negated and any(other in ("**", "**/*", text) for other in later):
            faults.append(
                (index, PatternFault(patterns[index], 0, "this can never match: a later item excludes it all"))
            )
    return sorted(faults, key=lambda item: (item[0], item[1].offset))


def _from_components(pattern: str, scope: str, alternatives: tuple[tuple[Component, ...], ...]) -> Glob:
    scoped = tuple(_scope_components(scope) + components for components in alternatives)
    depths = [None if any(one.nodes is None for one in components) else len(components) for components in scoped]
    within = [regex for components in scoped if (regex := _within(components)) is not None]
    return Glob(
        pattern=pattern,
        regex=_any_of(map(_path_regex, scoped)),
        directory_regex=_any_of(map(_directory_regex, scoped)),
        within_regex=_any_of(within) if within else None,
        exact=not any(has_negation(one.nodes or ()) for components in scoped for one in components),
        prefix=_common([_literal_directory(components) for components in scoped]),
        depth=None if None in depths else max(depth or 0 for depth in depths),
        _alternatives=scoped,
    )


def _from_regex(pattern: str, scope: str) -> Glob:
    written = pattern.removeprefix(REGEX_PREFIX)
    if not written:
        raise PatternFault(
            pattern, len(REGEX_PREFIX), "this regular expression is empty", "write `re:.` for every file"
        )
    try:
        searched = re2.compile(f"(?s:.*)(?:{written})(?s:.*)", automaton.options())
        re2.compile(written, automaton.options())
    except re2.error as error:
        raise PatternFault(
            pattern,
            len(REGEX_PREFIX),
            f"this is no regular expression that RE2 reads: {_said(error)}",
            "RE2 has no look-around and no back-references",
        ) from None
    directory = "/".join(filter(None, (scope, _anchored_directory(written))))
    below = _scope_components(directory)
    return Glob(
        pattern=pattern,
        # `^` must mean the start of what follows the scope, so there the expression itself has the last word.
        regex=_path_regex((*below, Component(None))) if scope else searched.pattern,
        directory_regex=_directory_regex((*below, Component(None))),
        within_regex=None,
        exact=not scope,
        prefix=directory,
        depth=None,
        _searched=searched,
        _scope_length=len(scope) + 1 if scope else 0,
    )


def _anchored_directory(written: str) -> str:
    """The directory that every match of an expression such as ``^src/functions/.*`` lies below; "" when none shows."""
    if not written.startswith("^") or "|" in written:
        return ""
    found = _LITERALS.match(written, 1)
    literal = found[0].replace("\\", "") if found else ""
    return literal.rpartition("/")[0]


def _said(error: Exception) -> str:
    reason = error.args[0] if error.args else "not an expression"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _scope_components(scope: str) -> tuple[Component, ...]:
    return tuple(Component((Text(name),)) for name in scope.split("/") if name)


def _any_of(expressions: Iterable[str]) -> str:
    unique = list(dict.fromkeys(expressions))
    return unique[0] if len(unique) == 1 else f"(?:{'|'.join(unique)})"


def _path_regex(components: tuple[Component, ...]) -> str:
    parts = []
    last = len(components) - 1
    for index, component in enumerate(components):
        if component.nodes is None:
            parts.append("(?s:.+)" if index == last else "(?:(?s:.*)/)?")
        else:
            parts.append(regex_of(component.nodes) + ("/" if index < last else ""))
    return "".join(parts)


def _directory_regex(components: tuple[Component, ...]) -> str:
    """The root, and each directory that a match could lie below."""
    opened, closed = "", ""
    for index, component in enumerate(components):
        if component.nodes is None:
            opened += "(?:/(?s:.+))?" if index else "(?s:.*)"
            break
        if index == len(components) - 1:
            break
        opened += f"(?:{'/' if index else ''}{regex_of(component.nodes)}"
        closed += ")?"
    return opened + closed


def _within(components: tuple[Component, ...]) -> str | None:
    """The directories everything below which matches: those of ``a/b/**``."""
    *above, last = components
    if last.nodes is not None or any(has_negation(one.nodes or ()) for one in above):
        return None
    if not above:
        return "(?s:.*)"
    return f"{_path_regex(tuple(above))}(?:/(?s:.+))?"


def _literal_directory(components: tuple[Component, ...]) -> str:
    names = []
    for component in components[:-1]:
        if component.literal is None:
            break
        names.append(component.literal)
    return "/".join(names)


def _common(directories: Sequence[str]) -> str:
    """The deepest directory that all of these lie in or are."""
    common = directories[0].split("/")
    for directory in directories[1:]:
        names = directory.split("/")
        same = 0
        while same < min(len(common), len(names)) and common[same] == names[same]:
            same += 1
        common = common[:same]
    return "/".join(common)


def _covers(components: Sequence[Component], names: Sequence[str]) -> bool:
    """Whether the components match the names; by the sets of places reached, so that no pattern can make it slow."""
    reached = {0}
    last = len(components) - 1
    for index, component in enumerate(components):
        if not reached:
            return False
        if component.nodes is None:
            reached = set(range(min(reached) + (index == last), len(names) + 1))
            continue
        nodes = component.nodes
        reached = {
            place + 1
            for place in reached
            if place < len(names) and len(names[place]) in ends_of(nodes, names[place], {0})
        }
    return len(names) in reached
