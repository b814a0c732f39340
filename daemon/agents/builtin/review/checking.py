"""Remembers what the tests of a handler's branches say about its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sinks, sources
from daemon.agents.builtin.review.frames import key_of

if TYPE_CHECKING:
    from daemon.agents.builtin.review.evaluate import Evaluation as Flow
    from daemon.agents.builtin.review.frames import Frame


def guard(flow: Flow, test: ir.Expr, frame: Frame, *, exits: bool) -> None:
    """Remember what a branch's test says about the values in it."""
    stack = [test]
    while stack:
        expr = stack.pop()
        asked = guards.tested(expr)
        if asked is not None:
            remember(flow, asked[0], asked[1], frame, exits=exits)
        if not isinstance(expr, ir.Lambda | ir.Member):
            stack.extend(ir.parts_of(expr))


def remember(flow: Flow, kind: str, subjects: list[ir.Expr], frame: Frame, *, exits: bool) -> None:
    """Enter one test: a check of a part covers its whole; a form test makes the value itself harmless."""
    validating = any(guards.checks_by_name(function.name) for function in flow.stack[-2:])
    for subject in subjects:
        facts = flow.facts(subject, frame)
        for origin in facts:
            inside = origin.steps > 0 or origin.kind in {sources.FIELD, sources.QUERY, sources.PATH}
            if kind in {"presence", "fields"} and not validating:
                if exits and (inside or kind == "fields"):
                    flow.entry.present.add(origin.root)
            elif inside or validating or kind in {"form", "range"}:
                flow.entry.checked.add(origin.root)
        key = key_of(subject)
        if kind == "form" and key and facts:
            frame.facts[key] = sources.made_safe(facts, *sinks.GUARDED)
