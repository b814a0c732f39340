"""Gathers what the flow finds: injections become hits at once, unchecked input at the end of each handler."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import sources
from daemon.agents.builtin.review.model import Hit
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.builtin.review import ir
    from daemon.agents.builtin.review.sources import Facts, Origin

_WORDS = {
    sources.BODY: "the request body", sources.QUERY: "the query string", sources.PATH: "the path",
    sources.HEADER: "the request headers", sources.FIELD: "the event", sources.EVENT: "the event",
    sources.REQUEST: "the request", sources.RECORD: "a record of the event",
    sources.STORED: "a store or another service", sources.PARAM: "a parameter",
}  # fmt: skip
_BY_NAME = {sources.FIELD, sources.RECORD}


@dataclass(slots=True)
class Entry:
    """One handler being followed: what was checked on the way.

    ``checked`` keeps, by root, the parts that were looked at ("" for the whole), and the step at which each was first;
    ``step`` counts the handler's own statements.
    """

    function: ir.Function
    checked: dict[str, dict[str, int]] = field(default_factory=dict)
    step: int = 0
    present: set[tuple[str, str]] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    called_from_outside: bool = True
    trusted: bool = False

    def vouch(self, root: str, part: str = "") -> None:
        """A part of what came in, or the whole of it, was looked at."""
        self.checked.setdefault(root, {}).setdefault(part, self.step)

    def knows(self, origin: Origin, step: int | None = None) -> bool:
        """Whether somebody looked at this very value, or at all that it is part of; by that step, if one is given."""
        looked = self.checked.get(origin.root, {})
        parts = [origin.names, "", *([] if origin.inner and origin.part in self.lists else [origin.part])]
        return self.trusted or any(part in looked and (step is None or looked[part] <= step) for part in parts)

    def knows_others(self, origin: Origin) -> bool:
        """Whether somebody looked at another part of the same input."""
        return origin.root in self.checked


@dataclass(frozen=True, slots=True)
class _Use:
    """A value of the caller's put to use: which statement, which origin, how gravely, and whether it was at least asked
    to be there.
    """

    at: int
    line: int
    column: int
    origin: Origin
    how: str
    store: bool
    weak: bool
    there: bool = False
    step: int = 0
    loose: bool = False
    """Whether it was told as weak where it was found."""


class Uses:
    """What one file's flow has found so far."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self._uses: list[_Use] = []
        self._entry: Entry | None = None
        self._site: ir.Expr | None = None
        self._kept: list[ir.Expr] = []
        self._seen: set[tuple[str, int, int]] = set()
        self._told: set[tuple[str, int, int]] = set()
        self._built: list[tuple[ir.Expr, list[Origin]]] = []
        self._paths: list[tuple[ir.Expr, list[Origin]]] = []
        self._confined: set[int] = set()

    def keep(self, expr: ir.Expr) -> None:
        """Hold on to an expression made on the way: its identity is used as a key."""
        self._kept.append(expr)

    def enter(self, entry: Entry) -> None:
        """A handler is about to be followed."""
        self._entry = entry
        self._uses = []
        self._site = None

    def through(self, call: ir.Expr) -> ir.Expr | None:
        """The handler calls a function of its file: what happens inside belongs to this call. Gives the one before."""
        before, self._site = self._site, call
        return before

    def back(self, before: ir.Expr | None) -> None:
        """The call has returned."""
        self._site = before

    # --- reported by the sinks

    def told(self, rule: str, origins: Iterable[Origin]) -> bool:
        """Whether all of these were told under a rule already, at some other place."""
        return all((rule, origin.line, origin.column) in self._told for origin in origins)

    def inject(
        self, rule: str, at: ir.Expr, origins: Iterable[Origin], what: str, *, level: Level | None = None
    ) -> None:
        """Input reaches a sink where it can do harm."""
        found = sorted(origins, key=lambda o: (o.kind in sources.WEAK, o.line, o.column, o.root, o.part))
        if not found:
            return
        first = found[0]
        self._told.update((rule, origin.line, origin.column) for origin in found)
        key = (rule, first.line, 0) if rule == "injection.html" else (rule, at.line, at.column)
        if key in self._seen and rule == "injection.html":
            self._reach_on(rule, first, at)
        if key not in self._seen:
            self._seen.add(key)
            if level is None and (first.kind in sources.WEAK or first.root == sources.OTHER_PART):
                level = Level.WARNING
            where = f" (line {first.line})" if first.line != at.line else ""
            self.hits.append(Hit(rule=rule, line=at.line, column=at.column, end_line=at.end_line, level=level,
                                 detail=f"{said(first)}{where} {_reach(first)} {what}."))  # fmt: skip
        if level is not Level.NOTE:
            self.use(at, frozenset(found), what, store=False)

    def _reach_on(self, rule: str, first: Origin, at: ir.Expr) -> None:
        """A page is told where it is put together; where it is answered with is still part of that place."""
        for number, hit in enumerate(self.hits):
            end = hit.end_line or hit.line
            if (
                hit.rule == rule
                and hit.line - _NEAR <= first.line <= end
                and hit.line <= at.end_line <= hit.line + _NEAR
            ):
                self.hits[number] = replace(hit, end_line=max(end, at.end_line))

    def built_sql(self, at: ir.Expr, origins: list[Origin]) -> None:
        """A statement was put together from input; whether it is seen to be run is asked at the end of the file."""
        self.use(at, frozenset(origins), "the text of an SQL statement", store=False)
        self._built.append((at, origins))

    def built_path(self, at: ir.Expr, origins: list[Origin]) -> None:
        """A path was joined from input; whether a file is seen to be used there is asked at the end of the file."""
        self._paths.append((at, origins))

    def confined(self, at: ir.Expr) -> None:
        """Somebody asked whether a path that was put together stays where it should."""
        self._confined.add(id(at))

    def finish(self) -> None:
        """Report statements and paths put together from input that nothing in this file was seen to use."""
        run = {hit.line for hit in self.hits if hit.rule == "injection.sql"}
        for at, origins in self._built:
            if not any(at.line - 6 <= line <= at.end_line + _RUN_WITHIN for line in run):
                self.inject("injection.sql", at, origins, "the text of an SQL statement")
        for at, origins in self._paths:
            if id(at) not in self._confined and not self.told("injection.path", origins):
                self.inject("injection.path", at, origins, "a path that is put together here", level=Level.WARNING)

    def use(self, at: ir.Expr, facts: Facts, how: str, *, store: bool, weak: bool = False) -> None:
        """Input is stored, sent on or used; whether it was checked is asked when the handler ends."""
        for origin in facts:
            if "check" not in origin.safe and origin.kind in sources.TAINTED:
                step = self._entry.step if self._entry is not None else 0
                self._uses.append(
                    _Use(id(self._site or at), at.line, at.column, origin, how, store, weak, step=step, loose=weak)
                )

    def hand_off(self, at: ir.Expr, facts: Facts, name: str) -> None:
        """The body goes to code of another file."""
        self.use(at, facts, f"`{name}`", store=True, weak=True)

    # --- at the end of a handler

    def leave(self) -> None:
        """Report, for each use, the first unchecked origin."""
        entry = self._entry
        if entry is None or entry.trusted:
            return
        groups: dict[int, list[_Use]] = {}
        for use in self._uses:
            if entry.knows(use.origin, use.step):
                continue
            use = replace(use, weak=use.weak or entry.knows_others(use.origin))  # noqa: PLW2901 - the same, seen in this light
            if use.store:
                asked = {part for root, part in entry.present if root == use.origin.root}
                there = bool(asked & {"*", use.origin.part})
                use = replace(use, weak=use.weak or bool(asked), there=there)  # noqa: PLW2901 - likewise
            groups.setdefault(use.at, []).append(use)
        for group in sorted(groups.values(), key=_gravity):
            self._report(group)

    def _report(self, group: list[_Use]) -> None:
        untold = [use for use in group if ("input", use.origin.line, 0) not in self._seen]
        first = min(untold or group, key=_order)
        if untold:
            self._seen.add(("input", first.origin.line, 0))
            self._tell(first, _place(first.origin, first.line))
        elif first.store and not first.weak and not self._shows(first.line):
            self._tell(first, (first.line, first.column, first.line))

    def _shows(self, line: int) -> bool:
        """Whether a finding about unchecked input stands close by."""
        hits = (hit for hit in self.hits if hit.rule.startswith("input."))
        return any(hit.line - _CLOSE <= line <= (hit.end_line or hit.line) + _CLOSE for hit in hits)

    def _tell(self, use: _Use, place: tuple[int, int, int]) -> None:
        origin, (line, column, end_line) = use.origin, place
        record = origin.kind in {sources.RECORD, sources.FIELD, sources.EVENT}
        rule = "input.unvalidated-record" if record else "input.unvalidated"
        where = f" on line {use.line}" if use.line != line else ""
        read = f" (line {origin.line})" if line > origin.line else ""
        checked = "no check but that it is there" if use.there else "no check of its shape"
        detail = f"{said(origin)}{read} {_reach(origin)} {use.how}{where} with {checked}."
        level = Level.NOTE if use.weak else None
        self.hits.append(Hit(rule=rule, level=level, detail=detail, line=line, column=column, end_line=end_line))


def _gravity(group: list[_Use]) -> tuple[bool, bool]:
    """The gravest first: of one input one place is told, and others where it is kept unchecked far from there."""
    return all(use.weak for use in group), all(use.loose for use in group)


_RUN_WITHIN = 20
"""Lines below a statement within which one that is run is taken for it."""
_CLOSE = 6
"""Lines from a finding within which another place of the same is no news."""
_NEAR = 20
"""Lines between a body and the first part read off it that are shown as one place."""


def _place(origin: Origin, used: int) -> tuple[int, int, int]:
    """Line, column and last line of where a check belongs: from the input to its first part, or that part alone."""
    line, _, end_line = origin.read or (origin.line, origin.column, origin.end_line)
    if 0 <= used - origin.line <= _NEAR:
        return origin.line, origin.column, max(used, origin.end_line)
    near = 0 <= line - origin.line <= _NEAR
    if not near and origin.read:
        return origin.read
    return origin.line, origin.column, max(end_line, origin.end_line) if near else origin.end_line


def _order(use: _Use) -> tuple[int | str | tuple[int, ...], ...]:
    """Which of several values is spoken of; what is read first, so that every run says the same."""
    origin = use.origin
    read = origin.read or (0, 0, 0)
    return _rank(origin), origin.line, origin.column, read, origin.root, origin.part, use.line, use.column, use.how


def _rank(origin: Origin) -> int:
    """The body before its companions: a place to start checking."""
    return {sources.BODY: 0, sources.QUERY: 1, sources.FIELD: 1}.get(origin.kind, 2)


def _reach(origin: Origin) -> str:
    return "reach" if origin.kind == sources.HEADER else "reaches"


def said(origin: Origin) -> str:
    """An origin in words, as the beginning of a sentence."""
    if origin.kind in _BY_NAME and origin.root not in {"event", origin.kind}:
        return f"`{origin.root}` of the event"
    if origin.root == sources.OTHER_PART:
        return "A part of the request"
    if origin.root == sources.ARGUMENTS:
        return "An argument of the query"
    words = _WORDS.get(origin.kind, "input")
    return words[0].upper() + words[1:]
