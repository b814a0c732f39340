"""A queue in memory: the simplest thing that keeps the port's promises. Shares no code with the real one but the pure
parts (the transition table and the folding of changes), and keeps jobs as values in a dict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.errors import NoSuchThingError, TransitionError
from daemon.job import FINAL, Job, Move, NewJob, State, after
from daemon.queue import coalesce

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    job: Job
    key: str | None
    together: bool
    not_after: float | None


class MemoryQueue:
    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}
        self._finished: dict[tuple[str, str, str], float] = {}
        self._last_id = 0
        self._claims = 0

    def add(self, jobs: Iterable[NewJob], *, now: float) -> list[Job]:
        ids = []
        for new in list(jobs):
            self._last_id += 1
            key = coalesce.key(new)
            changes, not_after = coalesce.newest(new.changes), new.not_after
            older = self._waiting_like(new.workspace, new.hook, key)
            if older:
                changes = coalesce.fold(older=older.job.changes, newer=changes, together=new.together)
                not_after = coalesce.bound(older.not_after, not_after)
                self._supersede(older, by=self._last_id, now=now)
            job = Job(
                id=self._last_id,
                workspace=new.workspace,
                hook=new.hook,
                hook_digest=new.hook_digest,
                changes=changes,
                state=State.WAITING,
                attempt=0,
                failures=0,
                max_failures=new.max_failures,
                not_before=coalesce.due(not_before=new.not_before, not_after=not_after),
                created=now,
                updated=now,
            )
            self._kept[job.id] = Kept(job=job, key=key, together=new.together, not_after=not_after)
            ids.append(job.id)
        return [self._kept[job_id].job for job_id in ids]

    def claim(
        self, *, now: float, lease: float, paused: Collection[str] = (), only: Collection[int] | None = None
    ) -> Job | None:
        taken = {(job.workspace, change.path) for job in self._all(State.RUNNING) for change in job.changes}
        for job in self._all(State.WAITING):
            paths = {(job.workspace, change.path) for change in job.changes}
            if (
                job.not_before <= now
                and job.workspace not in paused
                and not paths & taken
                and (only is None or job.id in only)
            ):
                self._claims += 1
                token = f"claim {self._claims}"
                return self._put(
                    job,
                    Move.CLAIM,
                    now=now,
                    reason=job.reason,
                    attempt=job.attempt + 1,
                    token=token,
                    lease_until=now + lease,
                )
        return None

    def renew(self, job: Job, *, until: float) -> None:
        kept = self._kept[self._held(job).id]
        self._kept[job.id] = replace(kept, job=replace(kept.job, lease_until=until))

    def succeed(self, job: Job, *, now: float) -> Job:
        return self._put(self._finish(self._held(job), now), Move.SUCCEED, now=now)

    def back_off(self, job: Job, *, now: float, until: float, reason: str) -> Job:
        held = self._finish(self._held(job), now)
        failures = held.failures + 1
        if failures >= held.max_failures:
            return self._put(held, Move.FAIL, now=now, failures=failures, reason=reason)
        return self._again(held, Move.BACK_OFF, now=now, failures=failures, not_before=until, reason=reason)

    def put_back(self, job: Job, *, now: float, until: float | None = None, reason: str = "") -> Job:
        held = self._held(job)
        not_before = held.not_before if until is None else until
        return self._again(held, Move.PUT_BACK, now=now, not_before=not_before, reason=reason)

    def fail(self, job: Job, *, now: float, reason: str) -> Job:
        held = self._finish(self._held(job), now)
        return self._put(held, Move.FAIL, now=now, failures=held.failures + 1, reason=reason)

    def cancel(self, job_id: int, *, now: float) -> Job:
        return self._put(self.get(job_id), Move.CANCEL, now=now, reason="cancelled")

    def cancel_where(self, *, workspace: str, hook: str | None = None, now: float, reason: str) -> list[Job]:
        wanted = [j for j in self._all(State.WAITING) if j.workspace == workspace and hook in (None, j.hook)]
        return [self._put(job, Move.CANCEL, now=now, reason=reason) for job in wanted]

    def retry(self, job_id: int, *, now: float) -> Job:
        return self._again(self.get(job_id), Move.RETRY, now=now, failures=0, not_before=now)

    def hold_back(self, job_id: int, *, until: float, reason: str) -> Job:
        job = self.get(job_id)
        if job.state is not State.WAITING:
            raise TransitionError("job", "does not wait")
        held = replace(job, not_before=max(job.not_before, until), reason=reason)
        self._kept[job_id] = replace(self._kept[job_id], job=held)
        return held

    def rescue(self, *, now: float, everything: bool = False) -> list[Job]:
        over = [j for j in self._all(State.RUNNING) if everything or (j.lease_until or 0) < now]
        return [self._again(job, Move.PUT_BACK, now=now, reason="its run was cut short") for job in over]

    def get(self, job_id: int) -> Job:
        if job_id not in self._kept:
            raise NoSuchThingError("job", "none")
        return self._kept[job_id].job

    def jobs(self, *, states: Collection[State] = (), workspace: str | None = None, limit: int = 1000) -> Sequence[Job]:
        return [job for job in self._all(*states) if workspace in (None, job.workspace)][:limit]

    def counts(self) -> Mapping[State, int]:
        return {state: len(self._all(state)) for state in State}

    def next_due(self, *, now: float, paused: Collection[str] = ()) -> float | None:
        waiting = (job for job in self._all(State.WAITING) if job.workspace not in paused)
        return min((max(now, job.not_before) for job in waiting), default=None)

    def last_finished(self, *, workspace: str, hook: str, path: str) -> float | None:
        return self._finished.get((workspace, hook, path))

    def forget(self, *, before: float, keep_failed_before: float) -> int:
        gone = [
            job.id
            for job in self._all()
            if (job.state in FINAL and job.updated < before)
            or (job.state is State.FAILED and job.updated < keep_failed_before)
        ]
        for job_id in gone:
            del self._kept[job_id]
        self._finished = {which: at for which, at in self._finished.items() if at >= before}
        return len(gone)

    def _all(self, *states: State) -> list[Job]:
        return [kept.job for _, kept in sorted(self._kept.items()) if not states or kept.job.state in states]

    def _held(self, job: Job) -> Job:
        held = self.get(job.id)
        if held.state is not State.RUNNING or held.token != job.token:
            raise TransitionError("job", "is not held by this claim")
        return held

    def _finish(self, job: Job, now: float) -> Job:
        for change in job.changes:
            which = (job.workspace, job.hook, change.path)
            self._finished[which] = max(now, self._finished.get(which, now))
        return job

    def _put(self, job: Job, move: Move, *, now: float, reason: str = "", **values: object) -> Job:
        moved = replace(job, **{"token": None, "lease_until": None, **values})  # type: ignore[arg-type]
        moved = replace(moved, state=after(job.state, move), updated=now, reason=reason)
        self._kept[job.id] = replace(self._kept[job.id], job=moved)
        return moved

    def _again(self, job: Job, move: Move, *, now: float, reason: str = "", **values: object) -> Job:
        kept = self._kept[job.id]
        other = self._waiting_like(job.workspace, job.hook, kept.key)
        moved = self._put(job, move, now=now, reason=reason, **values)
        if other is None:
            return moved
        older, newer = sorted((self._kept[job.id], other), key=lambda each: each.job.id)
        changes = coalesce.fold(older=older.job.changes, newer=newer.job.changes, together=newer.together)
        if newer is other:
            not_after = coalesce.bound(older.not_after, newer.not_after)
            not_before = coalesce.due(not_before=newer.job.not_before, not_after=not_after)
            newer = replace(newer, not_after=not_after, job=replace(newer.job, not_before=not_before))
        self._kept[newer.job.id] = replace(newer, job=replace(newer.job, changes=changes))
        self._supersede(older, by=newer.job.id, now=now)
        return self._kept[job.id].job

    def _supersede(self, kept: Kept, *, by: int, now: float) -> None:
        self._put(kept.job, Move.SUPERSEDE, now=now, reason=f"job {by} took its place", superseded_by=by)

    def _waiting_like(self, workspace: str, hook: str, key: str | None) -> Kept | None:
        for kept in self._kept.values():
            same = (kept.job.workspace, kept.job.hook, kept.key) == (workspace, hook, key)
            if key is not None and same and kept.job.state is State.WAITING:
                return kept
        return None
