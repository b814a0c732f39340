"""Intake: settled changes in, jobs out. The one place where the ledger is told that a change has been taken care of."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

from daemon.job import NewJob
from hooks.model import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from daemon.job import Job
    from daemon.queue.port import Queue
    from daemon.state.database import Database
    from daemon.watch.ledger import Ledger
    from daemon.watch.port import News
    from daemon.workspace import Workspace
    from hooks.model import Change, Hook, Match

log = structlog.get_logger()

LOOP_RUNS = 20
LOOP_WINDOW = 600.0
"""A hook that concerns one file more than LOOP_RUNS times in LOOP_WINDOW seconds waits the window out: something that
neither we nor a person does is writing in a circle."""


class Intake:
    """Stores the jobs that changes lead to and acknowledges the changes in the ledger, both or neither.

    ``reread`` is called with a workspace whose rule files changed; whoever runs the watch sets it.
    """

    def __init__(
        self,
        *,
        database: Database,
        queue: Queue,
        ledger: Ledger,
        workspace: Callable[[str], Workspace | None],
        clock: Callable[[], float],
        added: Callable[[], None],
    ) -> None:
        self._database = database
        self._queue = queue
        self._ledger = ledger
        self._workspace = workspace
        self._clock = clock
        self._added = added
        self.reread: Callable[[Path, Sequence[str]], object] = lambda _root, _paths: None
        self._loops = LoopGuard()

    def accept(self, workspace: Path, news: Sequence[News]) -> None:
        """The Sink of the watch: one transaction for all of ``news``."""
        known = self._workspace(str(workspace))
        changes = [item.change for item in news if item.change is not None]
        matches = known.matcher.match(changes) if known else []
        now = self._clock()
        with self._database.transaction():
            jobs = list(self._store(known, matches, now)) if known else []
            self._ledger.record(workspace, [item.entry for item in news])
        for job in jobs:
            log.info("job.added", job=job.id, hook=job.hook, paths=[change.path for change in job.changes])
        if jobs:
            self._added()

    def rules_changed(self, workspace: Path, paths: Sequence[str]) -> None:
        """A hook, ignore or steering file changed: have the workspace read again."""
        self.reread(workspace, paths)

    def _store(self, workspace: Workspace, matches: Sequence[Match], now: float) -> Iterator[Job]:
        plans = [plan for match in matches for plan in self._plans(workspace, match, now)]
        for job in self._queue.add(plans, now=now):
            until = max((self._loops.until(job, change.path, now) for change in job.changes), default=0.0)
            if until > now:
                reason = f"ran more than {LOOP_RUNS} times in {LOOP_WINDOW / 60:.0f} minutes on the same file: paused"
                log.warning("hook.looping", hook=job.hook, job=job.id, until=until)
                yield self._queue.hold_back(job.id, until=until, reason=reason)
            else:
                yield job

    def _plans(self, workspace: Workspace, match: Match, now: float) -> Iterator[NewJob]:
        hook = match.hook
        together = hook.batch is Batch.TOGETHER
        for changes in [match.changes] if together else [(change,) for change in match.changes]:
            cooled = self._cooled(workspace, hook, changes)
            yield NewJob(
                workspace=workspace.name,
                hook=hook.name,
                hook_digest=hook.digest,
                changes=changes,
                max_failures=hook.retries + 1,
                not_before=max(cooled, now + self._longer(workspace, hook, changes)),
                not_after=max(cooled, now + hook.settle_max),
                together=together,
            )

    def _longer(self, workspace: Workspace, hook: Hook, changes: Sequence[Change]) -> float:
        """What is left of this hook's own settle time after the one the watch has already waited."""
        waited = min(workspace.plan.settle(change.path)[0] for change in changes)
        return max(0.0, min(hook.settle, hook.settle_max) - waited)

    def _cooled(self, workspace: Workspace, hook: Hook, changes: Sequence[Change]) -> float:
        if not hook.cooldown:
            return 0.0
        ends = (
            self._queue.last_finished(workspace=workspace.name, hook=hook.name, path=change.path) for change in changes
        )
        return max((end + hook.cooldown for end in ends if end is not None), default=0.0)


class LoopGuard:
    """Counts how often a hook concerned a file lately. In memory: a restart forgives."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], deque[float]] = {}

    def until(self, job: Job, path: str, now: float) -> float:
        """Count one more; until when it has to wait, 0 when it need not."""
        if len(self._seen) > 10_000:
            self._seen = {key: times for key, times in self._seen.items() if times[-1] > now - LOOP_WINDOW}
        times = self._seen.setdefault((job.workspace, job.hook, path), deque(maxlen=LOOP_RUNS + 1))
        times.append(now)
        if len(times) > LOOP_RUNS and times[0] > now - LOOP_WINDOW:
            return times[0] + LOOP_WINDOW
        return 0.0
