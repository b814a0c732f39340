"""A job: the durable unit of work, its states and its one transition table. Pure.

Every store of jobs obeys this table and no other; ``docs/architecture.md`` draws it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from daemon.errors import TransitionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hooks.model import Change


class State(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    SUCCEED = "succeed"
    BACK_OFF = "back off"  # failed, attempts left
    PUT_BACK = "put back"  # stopped, or its holder died: not a failure
    FAIL = "fail"
    SUPERSEDE = "supersede"
    CANCEL = "cancel"
    RETRY = "retry"


TRANSITIONS: dict[tuple[State, Move], State] = {
    (State.WAITING, Move.CLAIM): State.RUNNING,
    (State.RUNNING, Move.SUCCEED): State.SUCCEEDED,
    (State.RUNNING, Move.BACK_OFF): State.WAITING,
    (State.RUNNING, Move.PUT_BACK): State.WAITING,
    (State.RUNNING, Move.FAIL): State.FAILED,
    (State.FAILED, Move.RETRY): State.WAITING,
    (State.WAITING, Move.SUPERSEDE): State.SUPERSEDED,
    (State.WAITING, Move.CANCEL): State.CANCELLED,
    (State.RUNNING, Move.CANCEL): State.CANCELLED,
}

FINAL = frozenset({State.SUCCEEDED, State.SUPERSEDED, State.CANCELLED})


def after(state: State, move: Move) -> State:
    """The state that ``move`` leads to from ``state``; raises TransitionError where the table has none."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise TransitionError(f"a {state} job", f"cannot {move}", "see `kiro-hookd queue` for its state") from None


def sources(move: Move) -> tuple[State, ...]:
    """The states from which ``move`` may happen, as the table has them; what a store guards its updates with."""
    return tuple(state for state, possible in TRANSITIONS if possible is move)


def backoff(*, failures: int, base: float = 2.0, cap: float = 300.0, jitter: float) -> float:
    """Seconds to wait after the given number of failures; ``jitter`` in [0, 1) is the caller's chance.

    Doubles from ``base`` up to ``cap``, then between half and the whole of that.
    """
    whole: float = min(cap, base * 2.0 ** min(60, max(0, failures - 1)))
    return whole / 2 + whole / 2 * jitter


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job as it is handed to the queue. Times are seconds since the epoch.

    ``not_before`` holds it back (settle, cooldown). ``coalesce`` lets a later job of the same workspace, hook and
    path take its place while it waits; with ``together`` the later one takes over its changes too, and waits
    no longer than ``not_after`` after all. ``max_failures`` is how often it may fail before it is a dead letter.
    """

    workspace: str
    hook: str
    hook_digest: str
    changes: tuple[Change, ...]
    max_failures: int
    not_before: float = 0.0
    not_after: float | None = None
    coalesce: bool = True
    together: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job as the queue holds it.

    ``attempt`` counts claims, so it names a run; ``failures`` counts those that failed, so it decides retries.
    ``token`` is the claim's secret: whoever does not hold it cannot finish the job. ``reason`` says in words why it
    waits or how it ended.
    """

    id: int
    workspace: str
    hook: str
    hook_digest: str
    changes: tuple[Change, ...]
    state: State
    attempt: int
    failures: int
    max_failures: int
    not_before: float
    created: float
    updated: float
    token: str | None = None
    lease_until: float | None = None
    superseded_by: int | None = None
    reason: str = ""


def by_name(counts: Mapping[State, int]) -> dict[str, int]:
    """Counts of jobs with every state by its name, those a person looks for first."""
    first = (State.WAITING, State.RUNNING, State.FAILED)
    return {str(state): counts.get(state, 0) for state in (*first, *(state for state in State if state not in first))}
