"""Follows values from handlers' parameters through a file: assignments, calls within the file, guards.

Statements are followed once, in the order of the text; a guard counts from where it stands. What another file does is
judged by its name only.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ambient, checkers, checking, entries, guards, ir, sources, texts, wrapped
from daemon.agents.builtin.review.calls import names_are_known
from daemon.agents.builtin.review.evaluate import NO_TEXTS, BudgetError, Evaluation
from daemon.agents.builtin.review.frames import ANY_KEY, Frame, is_param, key_of, mentions, owner_of
from daemon.agents.builtin.review.sources import KEYS, NOTHING, Facts, Origin
from daemon.agents.builtin.review.uses import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BudgetError", "Flow"]

CALL_DEPTH = 6
_TAKEN = 4
"""Names and loops between an item and the list it came from."""

_KEPT = re.compile(r"(?P<all>(?:^|\.)app\.locals\.)|(?:^|(?:req|request|ctx|self\.request)\.)session\.")
"""Where frameworks keep what all requests see, or those of one caller."""


class Flow(Evaluation):
    """One file being followed. What it finds goes to ``uses``."""

    # --- the whole file

    def follow(self) -> None:
        """Follow the module, every handler, and then what no handler called. Raises ``BudgetError``."""
        top = self.top
        self._collect_fields()
        self._wrapped = wrapped.behind_a_check(self.module)
        self._run(self.module.top, top)
        functions = [(f, entries.given(f, self.module)) for f in self.module.functions]
        for function, facts in functions:
            if facts is not None:
                self._follow_entry(function, facts, top)
        for function, facts in functions:
            if facts is None and id(function) not in self._followed:
                weak = [self._weak(param) for param in function.params]
                asks = ambient.asks(function, self.module)  # It reads the request that is being answered.
                self._follow_entry(function, weak, top, called_from_outside=asks)

    def _weak(self, param: ir.Param) -> Facts:
        at = param.target
        if isinstance(at, ir.Name) and at.id in {"self", "cls", "this"}:
            return NOTHING
        if param.annotation in {"int", "float", "bool", "number", "boolean"}:
            return NOTHING
        return frozenset({Origin(sources.PARAM, "param", at.line, at.column, at.end_line)})

    def _follow_entry(
        self, function: ir.Function, facts: list[Facts], top: Frame, *, called_from_outside: bool = True
    ) -> None:
        self.entry = Entry(function, called_from_outside=called_from_outside)
        self._done.clear()
        if id(function) in self._wrapped or any(self._decorator_validates(d, top) for d in function.decorators):
            facts = [sources.made_safe(fact, "check") for fact in facts]
            self.entry.trusted = True
        self.uses.enter(self.entry)
        self.call(function, facts, top)
        self.uses.leave()

    def _decorator_validates(self, decorator: ir.Expr, top: Frame) -> bool:
        if isinstance(decorator, ir.Mix):
            return any(self._decorator_validates(part, top) for part in decorator.parts)
        func = decorator.func if isinstance(decorator, ir.Call) else decorator
        tail = guards.tail_of(func)
        if isinstance(decorator, ir.Call) and tail in guards.USES:
            return any(guards.is_made_to_validate(arg) for arg in decorator.args)
        return checkers.decorator_validates(self.namer.name(func, top), tail, self.module.imports)

    def _collect_fields(self) -> None:
        """``this.client = new X()`` in any method says what ``this.client`` is in all of them."""
        for function in [self.module.top, *self.module.functions]:
            for statement in function.body:
                if not isinstance(statement, ir.Assign) or not isinstance(statement.target, ir.Member):
                    continue
                key = key_of(statement.target)
                if key and key.startswith(("this.", "self.", "cls.")) and not isinstance(statement.value, ir.Const):
                    value = statement.value
                    if not (isinstance(value, ir.Name) and any(is_param(p, value.id) for p in function.params)):
                        self.fields.setdefault(key, value)

    # --- functions and statements

    def call(
        self,
        function: ir.Function,
        facts: list[Facts],
        scope: Frame,
        written: Mapping[str, ir.Const | ir.Lambda] = NO_TEXTS,
    ) -> Facts:
        """See ``Evaluation``."""
        key = (id(function), tuple(facts))
        told = {name: text.value if isinstance(text, ir.Const) else id(text.function) for name, text in written.items()}
        done = (*key, tuple(sorted((name, str(text)) for name, text in told.items())))
        if done in self._done:
            return self._done[done]
        if len(self.stack) >= CALL_DEPTH or function in self.stack:
            return frozenset().union(*facts) if facts else NOTHING
        self._done[done] = NOTHING
        frame = Frame(function, parent=scope)
        padded = [*facts, *([NOTHING] * len(function.params))]
        for param, fact in zip(function.params, padded, strict=False):
            self._bind(param.target, fact, None, frame, weak=False)
        frame.values.update(written)
        result = self._run(function, frame)
        self._done[done] = result
        self.left[key] = [
            frame.facts.get(param.target.id, fact) if isinstance(param.target, ir.Name) else fact
            for param, fact in zip(function.params, padded, strict=False)
        ]
        return result

    def asked(self, test: ir.Expr, frame: Frame) -> None:
        """See ``Evaluation``."""
        checking.guard(self, test, frame, exits=False)

    def _run(self, function: ir.Function, frame: Frame) -> Facts:
        self.stack.append(function)
        self._followed.add(id(function))
        result: Facts = NOTHING
        for statement in function.body:
            result |= self._statement(statement, frame)
        self.stack.pop()
        return result

    def _statement(self, statement: ir.Stmt, frame: Frame) -> Facts:
        if len(self.stack) == 1:
            self.entry.step += 1
        if frame.pending or frame.refused:
            frame.join(statement.depth)
        if isinstance(statement, ir.Assign):
            self._assign(statement, frame)
        elif isinstance(statement, ir.Do):
            self.facts(statement.value, frame)
        elif isinstance(statement, ir.Else):
            frame.otherwise(statement.depth)
        elif isinstance(statement, ir.Guard):
            self.facts(statement.test, frame)
            within = statement.depth + 1 if statement.leaves or not statement.exits else None
            checking.guard(self, statement.test, frame, exits=statement.exits, within=within, leaves=statement.leaves)
        elif isinstance(statement, ir.Loop):
            self._loop(statement, frame)
        elif isinstance(statement, ir.Return):
            found = self.facts(statement.value, frame)
            if len(self.stack) == 1:
                texts.look_at_answer(self, self.stack[0], statement.value, frame)
            if len(self.stack) > 1 and _is_answer(statement.value, self.stack[-1]):
                checking.guard(self, statement.value, frame, exits=True)
            return found
        return NOTHING

    def _loop(self, statement: ir.Loop, frame: Frame) -> None:
        values = sources.deeper(self.facts(statement.values, frame))
        target = statement.target
        named = self._names_of(statement.values, frame) if isinstance(target, ir.Listing) else None
        if named is not None and isinstance(target, ir.Listing) and len(target.items) > 1:
            self._bind(target.items[0], named, None, frame, weak=False)
            target = target.items[1]
        self._bind(target, values, None, frame, weak=False)
        if isinstance(target, ir.Name):
            frame.taken_from[target.id] = statement.values

    def _names_of(self, expr: ir.Expr, frame: Frame) -> Facts | None:
        """The origins of what comes first of each item: ``enumerate(items)`` gives a number, the items of an object
        its names. ``None`` when it cannot be told from what comes second.
        """
        if not isinstance(expr, ir.Call):
            return None
        if isinstance(expr.func, ir.Name):
            return NOTHING if expr.func.id == "enumerate" else None
        if isinstance(expr.func, ir.Member) and expr.func.name == "items" and not expr.args:
            return self._keys(expr.func.base, frame)
        if self.namer.name(expr.func, frame) == "Object.entries" and expr.args:
            return self._keys(expr.args[0], frame)
        return None

    def _keys(self, expr: ir.Expr, frame: Frame) -> Facts | None:
        """The origins of an object's names."""
        if names_are_known(expr, self, frame) or self._filled_by_name(expr, frame):
            return NOTHING
        made = frame.value(expr.id) if isinstance(expr, ir.Name) else None
        if isinstance(made, ir.Record) and made.entries and isinstance(expr, ir.Name):
            if ANY_KEY in owner_of(frame, expr.id).added.get(expr.id, {}):
                return None
            # ``{k: v for k, v in body.items() if k in ALLOWED}``
            keys = [key for key, _ in made.entries if key is not None]
            return (
                frozenset().union(*(self.facts(key, frame) for key in keys)) if len(keys) == len(made.entries) else None
            )
        given = self.facts(expr, frame)
        return frozenset(replace(origin, part=KEYS) if not origin.part else origin for origin in given)

    def _filled_by_name(self, expr: ir.Expr, frame: Frame) -> bool:
        """``update[FIELDS[key]] = value``: made empty here, and filled under names that the input does not choose."""
        made = frame.value(expr.id) if isinstance(expr, ir.Name) else None
        if not isinstance(expr, ir.Name) or not isinstance(made, ir.Record) or made.entries:
            return False
        return ANY_KEY not in owner_of(frame, expr.id).added.get(expr.id, {})

    def _assign(self, statement: ir.Assign, frame: Frame) -> None:
        facts = self.facts(statement.value, frame)
        value = statement.value
        if statement.augmented and isinstance(statement.target, ir.Name) and isinstance(value, ir.Concat):
            earlier = frame.value(statement.target.id)
            if earlier is not None:
                value = ir.Concat(value.line, value.column, value.end_line, [earlier, *value.parts[1:]])
                frame.cache[id(value)] = facts
                self.uses.keep(value)
        weak = statement.depth > 0 and not statement.declares and not mentions(statement.value, statement.target)
        if weak and isinstance(statement.target, ir.Name) and statement.target.id in frame.facts:
            frame.branch(statement.target.id, statement.depth, facts)
            if facts or not isinstance(value, ir.Const):
                frame.values[statement.target.id] = value
            return
        new = statement.declares or self.module.language == "python"
        self._bind(statement.target, facts, value, frame, weak=weak, new=new)

    def _bind(
        self, target: ir.Expr, facts: Facts, value: ir.Expr | None, frame: Frame, *, weak: bool, new: bool = True
    ) -> None:
        if isinstance(target, ir.Name):
            # A function of Python's that gives a name a value has a variable of that name of its own.
            own = new or target.id in frame.facts
            owner = frame if own else owner_of(frame, target.id)
            owner.facts[target.id] = facts | owner.facts.get(target.id, NOTHING) if weak else facts
            if value is not None and not (weak and not facts and owner.facts[target.id]):
                owner.values[target.id] = value
            elif value is None:
                owner.values.pop(target.id, None)
        elif isinstance(target, ir.Record):
            for key, part in target.entries:
                self._bind_part(key, part, facts, value, frame)
        elif isinstance(target, ir.Listing):
            for part in target.items:
                self._bind(part, sources.deeper(facts), None, frame, weak=weak)
        elif isinstance(target, ir.Member | ir.Index):
            self._bind_member(target, facts, value, frame, weak=weak)

    def _bind_part(self, key: ir.Expr | None, part: ir.Expr, facts: Facts, value: ir.Expr | None, frame: Frame) -> None:
        """One name of a destructuring pattern."""
        name = key.value if isinstance(key, ir.Const) else None
        if not isinstance(name, str):
            self._bind(part, facts, None, frame, weak=False)
            return
        read = self.member(facts, name, part)
        taken = ir.Member(part.line, part.column, part.end_line, value, name) if value is not None else None
        if taken is not None:
            self.uses.keep(taken)
            if isinstance(value, ir.Name) and value.id == "this":  # ``const { ctx } = this``
                read |= self.facts(taken, frame)
        self._bind(part, read, taken, frame, weak=False)

    def _bind_member(
        self, target: ir.Member | ir.Index, facts: Facts, value: ir.Expr | None, frame: Frame, *, weak: bool
    ) -> None:
        """Writing into an object makes the object carry what was written."""
        earlier = self.facts(target, frame)
        key = key_of(target)
        self._look_at_written(target, facts, frame)
        if key and (facts or not weak):
            frame.facts[key] = facts | earlier if weak else facts
            if value is not None:
                frame.values[key] = value
            if kept := _KEPT.search(key):
                given = frozenset(o for o in facts if o.kind in sources.GIVEN)
                what = "`app.locals`, which every request shares" if kept["all"] else "the session"
                self.uses.use(target, given, what, store=True, weak=True)
            if key.startswith(("this.", "self.")):
                self.field_facts[key] = self.field_facts.get(key, NOTHING) | facts
        base: ir.Expr = target
        extra = self.facts(target.key, frame) if isinstance(target, ir.Index) else NOTHING
        while isinstance(base, ir.Member | ir.Index):
            base = base.base
        if isinstance(base, ir.Name) and base.id not in {"this", "self", "module", "exports"} and (facts or extra):
            owner = owner_of(frame, base.id)
            if isinstance(target, ir.Index):
                self.keep_in_memory(target, base.id, facts | extra, frame)
                self._copy_deep(target, facts, extra)
                named = frozenset(o for o in extra if o.kind in sources.FROM_CALLER and o.part)
                if facts and not any(o.kind in sources.FROM_CALLER for o in earlier):
                    self.uses.use(target, named, "an object, under the name that it chooses", store=True, weak=True)
            _add(owner, base, target, facts, extra)
            for name in (base.id, *self._listed_in(base.id, frame)):
                owner = owner_of(frame, name)
                owner.facts[name] = owner.facts.get(name, NOTHING) | facts | extra

    def _listed_in(self, name: str, frame: Frame) -> list[str]:
        """The lists that a value was taken out of, item by item: what is written into it is in them as well."""
        lists: list[str] = []
        for _ in range(_TAKEN):
            value = frame.value(name)
            listed = frame.taken_from.get(name) if value is None else value
            if not isinstance(listed, ir.Name) or listed.id in {name, *lists}:
                break
            lists += [listed.id] if value is None else []
            name = listed.id
        return lists

    def _look_at_written(self, target: ir.Member | ir.Index, facts: Facts, frame: Frame) -> None:
        """What is written into a page, or into a row that the program keeps."""
        if isinstance(target, ir.Member) and target.name in {"innerHTML", "outerHTML"}:
            shown = sources.of_kinds(facts, texts.FROM_A_BROWSER, "template")
            self.uses.inject("injection.html", target, shown, f"`{target.name}` without being escaped")
        if facts and (kept := self.kept_row(target.base, frame)):
            given = frozenset(o for o in facts if o.kind in sources.GIVEN)
            self.uses.use(target, given, f"a row of `{kept}`, which the program keeps", store=True, weak=True)

    def _copy_deep(self, target: ir.Index, facts: Facts, names: Facts) -> None:
        """``target[key] = source[key]`` in a function that calls itself: any path in what came in is written,
        ``__proto__`` among them.
        """
        function = self.stack[-1] if len(self.stack) > 1 else None
        roots = {origin.root for origin in names}
        given = frozenset(o for o in facts if o.kind in sources.GIVEN and o.root in roots)
        if function is None or not given:
            return
        calls = (expr for expr in ir.every_expression(function) if isinstance(expr, ir.Call))
        if any(guards.tail_of(call.func) == function.name for call in calls):
            self.uses.use(target, given, "an object, under any name that is in it", store=False)


def _add(owner: Frame, base: ir.Name, target: ir.Member | ir.Index, facts: Facts, names: Facts) -> None:
    """Keep under which name of a variable something was written, ``names`` being the origins of a name chosen."""
    part: ir.Expr = target
    while isinstance(part, ir.Member | ir.Index) and part.base is not base:
        part = part.base
    if isinstance(part, ir.Member):
        new = facts - owner.facts.get(base.id, NOTHING)
        added = owner.added.setdefault(base.id, {})
        added[part.name] = new if part is target else added.get(part.name, NOTHING) | new
    if isinstance(target, ir.Index) and names:
        owner.added.setdefault(base.id, {})[ANY_KEY] = names


def _is_answer(expr: ir.Expr, function: ir.Function) -> bool:
    """Whether a function gives back yes or no: ``typeof x.a === "string" && x.b.length < 9``; one that is named after
    checking may as well ask ``HOSTS.includes(x)``.
    """
    while isinstance(expr, ir.Choice) and expr.options:
        expr = expr.options[-1]
    asks = isinstance(expr, ir.Call) and guards.tail_of(expr.func) in {*guards.STRONG, *guards.MEMBERSHIP}
    return isinstance(expr, ir.Verdict) or (asks and checkers.checks_by_name(function.name))
