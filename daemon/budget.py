"""Budgets and the circuit breaker: may a run start now, and if not, when and why. Pure decisions.

Both count over a sliding window, so that nothing bursts at midnight. A run counts from its start, its tokens from when
they are known; so runs that are under way together can go over a budget of tokens once, by what they use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR = 3600.0
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """One run that a budget counts: when it started (seconds since the epoch), and its input and output tokens.

    What was read from a cache does not count.
    """

    at: float
    tokens: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What ``whose`` (as in "the hook 'x'", "the workspace", "the user") may use; ``None`` means unlimited."""

    whose: str
    runs_per_hour: int | None = None
    tokens_per_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a run may start now. If not: when to ask again (seconds since the epoch), and why, in words."""

    allowed: bool
    until: float = 0.0
    reason: str = ""


ALLOWED = Verdict(allowed=True)


def decide(budgets: Iterable[tuple[Budget, Sequence[Used]]], *, now: float) -> Verdict:
    """Whether a run may start under all of these budgets, each with what was used under it in the last day.

    Not allowed: until the last of the budgets that are used up has room again, with all of them named.
    """
    waits = [wait for budget, used in budgets for wait in _waits(budget, used, now)]
    if not waits:
        return ALLOWED
    until = max(until for until, _ in waits)
    return Verdict(
        allowed=False, until=until, reason=f"{'; '.join(why for _, why in waits)}; waits until {_clock(until)}"
    )


def _waits(budget: Budget, used: Sequence[Used], now: float) -> Iterable[tuple[float, str]]:
    if budget.runs_per_hour is not None:
        starts = [(each.at, 1) for each in used]
        until = _room(starts, limit=budget.runs_per_hour, window=HOUR, now=now)
        if until is not None:
            yield until, f"{budget.whose} has used up its {budget.runs_per_hour} runs an hour"
    if budget.tokens_per_day is not None:
        until = _room([(each.at, each.tokens) for each in used], limit=budget.tokens_per_day, window=DAY, now=now)
        if until is not None:
            yield until, f"{budget.whose} has used up its {budget.tokens_per_day} tokens a day"


def _room(used: Iterable[tuple[float, int]], *, limit: int, window: float, now: float) -> float | None:
    """When less than ``limit`` stands in the window, if that is not now. A limit of 0 never has room: ask later."""
    inside = sorted((at, amount) for at, amount in used if at > now - window)
    total = sum(amount for _, amount in inside)
    if total < limit:
        return None
    for at, amount in inside:
        total -= amount
        if total < limit:
            return at + window
    return now + window


class Circuit(StrEnum):
    """Whether an agent may be asked. ``probing``: one run is under way to see whether it works again."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Breaker:
    """One agent's circuit. ``failures`` counts those in a row. ``until``: when a pause ends, or when a probe that
    nobody has heard of again is given up.
    """

    agent: str
    circuit: Circuit = Circuit.CLOSED
    failures: int = 0
    until: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How many failures in a row open the circuit, how long the first pause is, how long the longest, and how long a
    probe may take; in seconds. Each pause is twice the one before.
    """

    failures: int = 5
    pause: float = 60.0
    longest: float = 3600.0
    probe: float = 900.0


class Ended(StrEnum):
    """What a run says about its agent. ``neither``: it was stopped or refused, which says nothing."""

    WELL = "well"
    BADLY = "badly"
    NEITHER = "neither"


def ask(breaker: Breaker, *, now: float, patience: Patience) -> tuple[Verdict, Breaker]:
    """Whether a run with this agent may start, and the breaker as it is then: a pause that is over lets one run
    probe, and holds the others back until it has ended.
    """
    if breaker.circuit is Circuit.CLOSED:
        return ALLOWED, breaker
    if now >= breaker.until:
        return ALLOWED, replace(breaker, circuit=Circuit.PROBING, until=now + patience.probe)
    failed = f"agent {breaker.agent} failed {breaker.failures} times in a row"
    if breaker.circuit is Circuit.PROBING:
        soon = min(breaker.until, now + 5.0)
        return Verdict(allowed=False, until=soon, reason=f"{failed}; one run is trying whether it works again"), breaker
    return Verdict(
        allowed=False, until=breaker.until, reason=f"{failed}; is tried again at {_clock(breaker.until)}"
    ), breaker


def told(breaker: Breaker, ended: Ended, *, now: float, patience: Patience) -> Breaker:
    """The breaker after a run with this agent has ended."""
    if ended is Ended.WELL:
        return Breaker(agent=breaker.agent)
    if ended is Ended.NEITHER:
        over = breaker.circuit is Circuit.PROBING
        return replace(breaker, circuit=Circuit.OPEN, until=now) if over else breaker
    failures = breaker.failures + 1
    if failures < patience.failures:
        return replace(breaker, failures=failures)
    doubled = patience.pause * 2.0 ** min(failures - patience.failures, 30)
    return replace(breaker, circuit=Circuit.OPEN, failures=failures, until=now + min(patience.longest, doubled))


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%MZ")
