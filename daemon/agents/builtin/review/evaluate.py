"""What an expression's value comes from; every sink inside it is looked at on the way."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import addresses, ambient, checkers, guards, ir, local_calls, sinks, sources, texts
from daemon.agents.builtin.review.calls import is_log, result_of
from daemon.agents.builtin.review.frames import ANY_KEY, Frame, Namer, key_of, owner_of, root_of
from daemon.agents.builtin.review.outcome import Outcome
from daemon.agents.builtin.review.sources import NOTHING, Facts, Origin
from daemon.agents.builtin.review.uses import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from daemon.agents.builtin.review.uses import Uses

STEP_CAP = 120_000
SECONDS = 1.0
_CALCULATES = re.compile(r"^Math\.(?:pow|sqrt|exp|hypot|log(?:2|10|1p)?)$")
_TABLES = {"Map", "dict", "list", "defaultdict", "Array"}
"""What makes a table or list that a module keeps."""
_FINDS_IN = {"find", "get", "filter", "at", "pop", "shift", "values", "items"}
"""Methods of such that give what is in it."""
_FILLED = {"Map", "Set", "URLSearchParams", "FormData"}
"""What is filled by ``set`` and ``add``."""
_ADDS = {"append", "push", "unshift", "extend", "appendleft"}
NO_TEXTS: Mapping[str, ir.Const | ir.Lambda] = MappingProxyType({})
"""What a call that writes down no text hands a function."""


class BudgetError(Exception):
    """The file takes too many steps to follow."""


def _made_anywhere(module: ir.Module) -> dict[str, ir.Expr]:
    """What variables of any function are made by, first come first kept: a function inside another sees the outer's."""
    made: dict[str, ir.Expr] = {}
    for statement in (statement for function in module.functions for statement in function.body):
        if not isinstance(statement, ir.Assign) or not isinstance(statement.value, ir.Call):
            continue
        if isinstance(statement.target, ir.Name):
            made.setdefault(statement.target.id, statement.value)
        elif isinstance(statement.target, ir.Record) and guards.tail_of(statement.value.func) == "require":
            for key, part in statement.target.entries:
                if isinstance(part, ir.Name) and isinstance(key, ir.Const) and isinstance(key.value, str):
                    taken = ir.Member(part.line, part.column, part.end_line, statement.value, key.value)
                    made.setdefault(part.id, taken)
    return made


class Evaluation(ABC):
    """The state of one file being followed, and the evaluation of its expressions."""

    def __init__(self, module: ir.Module, uses: Uses, validators: Collection[str] = ()) -> None:
        self.module = module
        self.uses = uses
        self.fields: dict[str, ir.Expr] = {}
        self.field_facts: dict[str, Facts] = {}
        self.namer = Namer(module, self.fields, _made_anywhere(module))
        self.top = Frame(module.top)
        self.entry = Entry(module.top)
        self.validators = validators
        self.service = sources.sent_by_service(module.text)
        self._steps = 0
        self._deadline = time.thread_time() + SECONDS
        self._muted = False
        self._said: dict[str, bool] = {}
        self.stack: list[ir.Function] = []
        self.left: dict[tuple[int, tuple[Facts, ...]], list[Facts]] = {}
        """What the parameters of each call of a function of this file held when it returned."""
        self._done: dict[tuple[int, tuple[Facts, ...], tuple[tuple[str, str], ...]], Facts] = {}
        self._followed: set[int] = set()
        self.promises: list[tuple[str, set[Origin]]] = []
        self.kept: dict[int, Facts] = {}
        self.by_name: dict[str, ir.Function] = {}
        self.methods = {(function.owner, function.name): function for function in reversed(module.functions)}
        for function in module.functions:
            self.by_name.setdefault(function.name, function)

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether the file's text holds the pattern anywhere; asked once a pattern."""
        known = self._said.get(pattern.pattern)
        if known is None:
            known = self._said[pattern.pattern] = pattern.search(self.module.text) is not None
        return known

    @abstractmethod
    def call(
        self,
        function: ir.Function,
        facts: list[Facts],
        scope: Frame,
        written: Mapping[str, ir.Const | ir.Lambda] = NO_TEXTS,
    ) -> Facts:
        """What a function of this file gives back for arguments of these origins; ``written`` are the texts that
        the call writes down, by parameter. Statements are followed elsewhere.
        """

    @abstractmethod
    def asked(self, test: ir.Expr, frame: Frame) -> None:
        """A value was chosen by this test; what it says is remembered elsewhere."""

    def facts(self, expr: ir.Expr, frame: Frame) -> Facts:
        """The origins of an expression's value; sinks inside it are looked at on the way."""
        cached = frame.cache.get(id(expr))
        if cached is not None:
            return cached
        self._steps += 1
        if self._steps > STEP_CAP or (self._steps % 1024 == 0 and time.thread_time() > self._deadline):
            raise BudgetError
        found = self._evaluate(expr, frame)
        frame.cache[id(expr)] = found
        return found

    def _evaluate(self, expr: ir.Expr, frame: Frame) -> Facts:
        if isinstance(expr, ir.Const | ir.Lambda):
            return NOTHING
        if isinstance(expr, ir.Name):
            return self._name(expr, frame)
        if isinstance(expr, ir.Member):
            return self._read_member(expr, frame)
        if isinstance(expr, ir.Call):
            return self._call(expr, frame)
        if isinstance(expr, ir.Verdict):
            for part in expr.parts:
                self.facts(part, frame)
            return NOTHING
        if isinstance(expr, ir.Choice):
            return self._choice(expr, frame)
        if isinstance(expr, ir.Concat):
            return self._concat(expr, frame)
        if isinstance(expr, ir.Index):
            # The key chooses, it does not flow: what comes out is what was put in.
            self.facts(expr.key, frame)
            return self.facts(expr.base, frame)
        if isinstance(expr, ir.Record):
            texts.look_at_response(self, expr, frame)
            texts.look_at_mail(self, expr, frame)
        return frozenset().union(*(self.facts(part, frame) for part in ir.parts_of(expr)))

    def _choice(self, expr: ir.Choice, frame: Frame) -> Facts:
        if expr.test is not None:
            self.facts(expr.test, frame)
            # ``typeof x === "string" ? JSON.parse(x) : x`` asks how to read it, not what it is.
            reads = any(isinstance(o, ir.Call) and guards.tail_of(o.func) in {"parse", "loads"} for o in expr.options)
            # ``known.includes(x) ? "a" : x`` lets through what is not among them.
            others = guards.is_membership(expr.test) and not self.facts(expr.options[0], frame)
            frame.cache.pop(id(expr.options[0]), None)  # The test may say more of it.
            if expr.test is not expr.options[0] and not reads and not others:
                self.asked(expr.test, frame)
        return frozenset().union(*(self.facts(option, frame) for option in expr.options))

    def _concat(self, expr: ir.Concat, frame: Frame) -> Facts:
        """What is put behind a text that is not the input's no longer chooses the host of an address."""
        found: Facts = NOTHING
        before = ""
        for part in expr.parts:
            facts = self.facts(part, frame)
            if isinstance(part, ir.Const):
                before += str(part.value)[:200]
            elif not facts:
                before += "\0"
            elif addresses.fixes_host(before, facts):
                facts = sources.made_safe(facts, sources.HOST_FIXED)
            found |= facts
        frame.cache[id(expr)] = found  # The look below asks for it again.
        if found and not self._muted:
            texts.look(self, expr, frame)
        return found

    def _name(self, expr: ir.Name, frame: Frame) -> Facts:
        known = frame.fact(expr.id)
        if known is not None:
            return known
        return ambient.named(self, expr)

    def _read_member(self, expr: ir.Member, frame: Frame) -> Facts:
        kept = ambient.member(self, expr, frame)
        if kept is not None:
            return kept
        base = self.facts(expr.base, frame)
        key = key_of(expr)
        if key:
            known = frame.fact(key)
            if known is None:
                known = self.field_facts.get(key)
            if known is not None:
                return known
            if key in ambient.HELD and not base and self.says(ambient.LAMBDA):
                return frozenset({Origin(sources.EVENT, "event", expr.line, expr.column, expr.end_line)})
        if isinstance(expr.base, ir.Name) and base:
            added = owner_of(frame, expr.base.id).added.get(expr.base.id, {})
            others = (facts for name, facts in added.items() if name not in {expr.name, ANY_KEY})
            base -= frozenset().union(*others)
            made = frame.value(expr.base.id)
            if isinstance(made, ir.Record):
                return self._out_of_a_record(made, base, expr, frame)
        return self.member(base, expr.name, expr)

    def _out_of_a_record(self, made: ir.Record, base: Facts, expr: ir.Member, frame: Frame) -> Facts:
        """A name of this file's own, under which a part of the input was put: that part, and none of the others."""
        found = frozenset(replace(o, inner="") for o in self.member(base, expr.name, expr))
        there: Facts = NOTHING
        for key, value in reversed(made.entries):
            if isinstance(key, ir.Const) and key.value != expr.name:
                continue
            there |= self.facts(value, frame)  # What is spread behind a name may take its place.
            if isinstance(key, ir.Const):
                break
        else:
            return found
        places = {(o.line, o.column) for o in there}
        elsewhere = {(o.line, o.column) for _, value in made.entries for o in self.facts(value, frame)} - places
        return frozenset(o for o in found if (o.line, o.column) not in elsewhere)

    def member(self, base: Facts, name: str, at: ir.Expr) -> Facts:
        """What reading a member of a value gives."""
        if name == "length" or (name == "size" and not any(o.kind in sources.FROM_CALLER for o in base)):
            return NOTHING
        found: set[Origin] = set()
        if name in {"current_request", "current_event"}:
            found |= sources.context_part(name, at)
        checked_value = name == "value" and all("check" in origin.safe for origin in base)
        if checked_value and base:
            return NOTHING  # An enumeration's, in what a model has checked.
        for origin in base:
            if origin.kind == sources.EVENT:
                found |= sources.event_part(name, origin, at, service=self.service)
            elif origin.kind == sources.REQUEST:
                # Express looks for ``req.param("x")`` in the path, the body and the query.
                anywhere = name == "param" and self.says(ambient.EXPRESS)
                python = self.module.language == "python"
                found |= sources.request_part("query" if anywhere else name, origin, at, python=python)
            elif origin.kind == sources.CONTEXT:
                found |= sources.context_part(name, at)
            elif origin.kind in sources.WEAK:
                found.add(origin)
            else:
                # A part is told where it is read when the whole was read in the same function.
                here = len(self.stack) == 1 or (self.stack and self.stack[-1].line <= origin.line <= at.line)
                found |= sources.record_part(name, origin, at if here else None)
        return frozenset(found)

    # --- calls

    def _call(self, expr: ir.Call, frame: Frame) -> Facts:
        dotted = self.namer.name(expr.func, frame)
        receiver = self.facts(expr.func.base, frame) if isinstance(expr.func, ir.Member) else NOTHING
        if isinstance(expr.func, ir.Call):
            self.facts(expr.func, frame)
        muted = self._muted
        # What a tag gets are the text's parts, one by one: it binds or escapes them.
        self._muted = muted or is_log(dotted) or (expr.tagged and guards.tail_of(expr.func) != "raw")
        arguments = [self.facts(arg, frame) for arg in expr.args]
        named = {name: self.facts(value, frame) for name, value in expr.kwargs}
        self._muted = muted
        if not muted and any(arguments):
            texts.look_at_call(self, expr, dotted, frame)
        if ir.is_arithmetic(expr) or _CALCULATES.match(dotted):
            computed = frozenset().union(*arguments)
            values = frozenset(o for o in computed if o.kind == sources.FIELD or (o.kind in sources.GIVEN and o.part))
            self.uses.use(expr, values, "a calculation", store=False, weak=True)
        promised = local_calls.promised(self, expr, dotted, arguments, frame)
        if promised is not None:
            return promised
        local_calls.callbacks(self, expr, receiver, arguments, frame)
        tail = guards.tail_of(expr.func)
        if isinstance(expr.func, ir.Member):
            self._fill(expr, root_of(expr.func.base), [receiver, *arguments], frame)
        part = ambient.called(self, expr, dotted, tail)
        if part is None and isinstance(expr.func, ir.Member) and receiver:
            part = local_calls.read_by_call(self, expr, receiver, tail)
        if part is not None:
            return part
        local = local_calls.local(self, expr, frame)
        if local is not None and not self.entry.called_from_outside:
            # Nobody is known to call this one: each function of its kind is looked at by itself.
            return frozenset().union(*arguments, *named.values())
        if local is not None:
            return self._call_here(local, expr, arguments, named, frame)
        chosen = local_calls.of_a_table(self, expr, frame) if self.entry.called_from_outside else []
        if chosen:
            return frozenset().union(*(self._call_here(one, expr, arguments, named, frame) for one in chosen))
        sinks.look(self, expr, dotted, frame)
        return result_of(Outcome(expr=expr, dotted=dotted, tail=tail, receiver=receiver, arguments=arguments,
                                 named=named, validates=self._validates(dotted, tail) or guards.takes_a_schema(expr)),
                         self, frame)  # fmt: skip

    def _call_here(
        self, local: ir.Function, expr: ir.Call, arguments: list[Facts], named: dict[str, Facts], frame: Frame
    ) -> Facts:
        """A call of a function of this file."""
        ordered = local_calls.ordered_arguments(local, arguments, named)
        written = local_calls.written_down(local, expr)
        if len(self.stack) > 1:
            result = self.call(local, ordered, local_calls.scope(self, local, frame), written)
        else:
            before = self.uses.through(expr)
            result = self.call(local, ordered, local_calls.scope(self, local, frame), written)
            self.uses.back(before)
        if local.name in {"__init__", "constructor"}:
            result |= frozenset().union(*ordered)  # What is made holds what it was made of.
        local_calls.come_back(self, expr, local, ordered, frame)
        for sink, pattern in guards.SAFE_FOR.items():
            if pattern.search(guards.tail_of(expr.func)):
                result = sources.made_safe(result, sink)
        return sources.read_at(result, expr, frozenset().union(*ordered))

    def _fill(self, expr: ir.Call, filled: ir.Name | None, given: list[Facts], frame: Frame) -> None:
        """``list.append(x)``, ``table.set(key, x)``: a list holds what was put in, and so does the module's table.

        ``given`` are the origins of what it held and of the arguments.
        """
        tail = guards.tail_of(expr.func)
        arguments: Facts = frozenset().union(*given[1:])
        if tail == "set" and len(given) == 3 and given[2]:
            self.keep_in_memory(expr, filled.id if filled is not None else "", given[2], frame)
            if filled is not None and self._is_table(filled.id, frame):
                self.top.facts[filled.id] = self.top.facts.get(filled.id, NOTHING) | given[2]
        made = frame.value(filled.id) if filled is not None and tail in {"set", "add"} else None
        adds = tail in _ADDS or (isinstance(made, ir.Call) and guards.tail_of(made.func) in _FILLED)
        if adds and arguments and filled is not None:
            owner = owner_of(frame, filled.id)
            owner.facts[filled.id] = owner.facts.get(filled.id, NOTHING).union(*given)
            self.keep_in_memory(expr, filled.id, arguments, frame)

    def keep_in_memory(self, at: ir.Expr, name: str, facts: Facts, frame: Frame) -> None:
        """What is put into a list or table of the module's is kept from one request to the next."""
        kept = self.top.values.get(name) or self.top.values.get(f"exports.{name}")
        if frame is not self.top and isinstance(kept, ir.Listing | ir.Record | ir.Call):
            given = frozenset(o for o in facts if o.kind in sources.GIVEN)
            self.uses.use(at, given, f"`{name}`, which the program keeps", store=True, weak=True)

    def kept_row(self, expr: ir.Expr, frame: Frame, left: int = 8) -> str:
        """The list or table of the module's that a value was found in, "" for any other value: ``users.find(...)``,
        ``users[id]``, ``for user in users``.
        """
        found_in: ir.Expr | None = None
        if isinstance(expr, ir.Name):
            found_in = frame.value(expr.id) or frame.taken_from.get(expr.id)
        elif isinstance(expr, ir.Index) or (isinstance(expr, ir.Member) and not isinstance(expr.base, ir.Name)):
            found_in = expr.base
        elif isinstance(expr, ir.Member):
            found_in = frame.value(expr.base.id) if isinstance(expr.base, ir.Name) else None
        elif isinstance(expr, ir.Listing) and len(expr.items) == 1:
            found_in = expr.items[0]
        elif isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name in _FINDS_IN:
            found_in = expr.func.base
        elif isinstance(expr, ir.Call) and guards.tail_of(expr.func) in {"next", "filter", "list"} and expr.args:
            found_in = expr.args[-1] if guards.tail_of(expr.func) == "filter" else expr.args[0]
        if found_in is None or left <= 0:
            return ""
        if isinstance(found_in, ir.Name) and self._is_table(found_in.id, frame):
            return found_in.id
        return self.kept_row(found_in, frame, left - 1)

    def _is_table(self, name: str, frame: Frame) -> bool:
        """Whether a name is that of a list or table that the module keeps."""
        kept = self.top.values.get(name)
        if kept is None or frame is self.top or frame.value(name) is not kept:
            return False
        return isinstance(kept, ir.Listing | ir.Record) or (
            isinstance(kept, ir.Call) and guards.tail_of(kept.func) in _TABLES
        )

    def _validates(self, dotted: str, tail: str) -> bool:
        return tail in self.validators or checkers.validates(dotted, tail, self.module.imports)
