"""The queue port: what the daemon asks of any queue. One contract suite is run against every one of them.

All times are seconds since the epoch, handed in by the caller; a queue reads no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from daemon.job import Job, NewJob, State


class Queue(Protocol):
    """Durable jobs. Every method that changes something is on disk when it returns.

    Guarded by state and token: a call about a claim that is no longer the newest raises TransitionError and changes
    nothing.
    """

    def add(self, jobs: Iterable[NewJob], *, now: float) -> list[Job]:
        """Store jobs, in order, all or none. A job that may coalesce takes the place of a waiting one of the
        same workspace, hook and path (that becomes superseded): it keeps ``created`` in the kind of a path that
        was created and not yet run, and merges the changes when ``together``.
        """

    def claim(
        self, *, now: float, lease: float, paused: Collection[str] = (), only: Collection[int] | None = None
    ) -> Job | None:
        """The oldest job that is due and none of whose paths is in a running job of its workspace, now running;
        ``None`` when there is none. Jobs of workspaces in ``paused`` are passed over; with ``only``, all but these.
        The reason it waited for stays with it while it runs.
        """

    def renew(self, job: Job, *, until: float) -> None:
        """Move the end of the claim's lease."""

    def succeed(self, job: Job, *, now: float) -> Job:
        """Running -> succeeded."""

    def back_off(self, job: Job, *, now: float, until: float, reason: str) -> Job:
        """Running -> waiting with one failure more; -> failed when the failures are used up. When a newer job
        of the same workspace, hook and path waits already, this one becomes superseded instead.
        """

    def put_back(self, job: Job, *, now: float, until: float | None = None, reason: str = "") -> Job:
        """Running -> waiting, no failure counted (superseded when a newer one waits already)."""

    def fail(self, job: Job, *, now: float, reason: str) -> Job:
        """Running -> failed, a dead letter."""

    def cancel(self, job_id: int, *, now: float) -> Job:
        """Waiting or running -> cancelled. The claim of a running job is void from here on."""

    def cancel_where(self, *, workspace: str, hook: str | None = None, now: float, reason: str) -> list[Job]:
        """Cancel the waiting jobs of a workspace, or of one hook of it, that is no more; running ones come to
        their end.
        """

    def retry(self, job_id: int, *, now: float) -> Job:
        """Failed -> waiting, its failures forgotten (superseded when a newer one waits already)."""

    def hold_back(self, job_id: int, *, until: float, reason: str) -> Job:
        """Let a waiting job wait longer, with the reason shown; its state stays."""

    def rescue(self, *, now: float, everything: bool = False) -> list[Job]:
        """Put back running jobs whose lease is over (at start-up: all of them) and return them."""

    def get(self, job_id: int) -> Job:
        """One job; NoSuchThingError when there is none."""

    def jobs(self, *, states: Collection[State] = (), workspace: str | None = None, limit: int = 1000) -> Sequence[Job]:
        """Jobs, oldest first."""

    def counts(self) -> Mapping[State, int]:
        """How many jobs are in each state, every state named."""

    def next_due(self, *, now: float, paused: Collection[str] = ()) -> float | None:
        """When the next waiting job of a workspace not in ``paused`` is due (``now`` when one is), or ``None`` when
        none waits. One that is due may still be passed over by ``claim`` while its file is in a running job: whoever
        waits for a job also wakes when one ends.
        """

    def last_finished(self, *, workspace: str, hook: str, path: str) -> float | None:
        """When a run of this hook on this path last ended, for the cooldown; ``None`` when none is remembered."""

    def forget(self, *, before: float, keep_failed_before: float) -> int:
        """Retention: drop ended jobs last touched before ``before`` (dead letters: ``keep_failed_before``)."""
