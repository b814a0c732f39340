"""The operations of ``daemon.control.port``, done on the real parts: by the daemon for its callers, or by a command
that holds the lock itself.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon import __version__
from daemon.clock import iso
from daemon.errors import HookdError, NoSuchThingError
from daemon.job import FINAL, Job, NewJob, State, by_name
from daemon.pause import EVERYTHING
from hooks.model import Batch, Cause, Change, ChangeKind, Trigger

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from daemon.crew import Crew
    from daemon.pause import Pauses
    from daemon.queue.port import Queue
    from daemon.workspace import Workspace
    from daemon.workspaces import Workspaces
    from hooks.model import Hook

ENDED = FINAL | {State.FAILED}
_LOOK = 1.0
"""Seconds a main thread waits at a stretch: a Ctrl-C that the kernel hands to another thread does not wake it."""


class LocalOperations:
    """See ``Operations``. ``watch_status`` gives the ``watch`` part of the status, as JSON; ``alone`` says that a
    command stands in for the daemon, and works at nothing but what it was asked for.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        workspaces: Workspaces,
        crew: Crew,
        pauses: Pauses,
        decide: Callable[[Workspace, str, str], dict[str, Any]],
        watch_status: Callable[[], dict[str, Any]],
        hash_file: Callable[[Path, str], str | None],
        reload: Callable[[], None],
        clock: Callable[[], float],
        alone: bool = False,
    ) -> None:
        self._alone = alone
        self._queue = queue
        self._workspaces = workspaces
        self._crew = crew
        self._pauses = pauses
        self._decide = decide
        self._watch_status = watch_status
        self._hash_file = hash_file
        self._reload = reload
        self._clock = clock
        self._since = clock()
        self.ready = False

    def status(self) -> dict[str, Any]:
        return {
            "running": self.ready,
            "pid": os.getpid(),
            "version": __version__,
            "since": iso(self._since),
            "workspaces": self._workspaces.describe(),
            "queue": by_name(self._queue.counts()),
            "watch": self._watch_status(),
            "paused": self._pauses.current(),
        }

    def queue(self, *, states: Sequence[str] = (), workspace: str | None = None, limit: int = 100) -> dict[str, Any]:
        wanted = [_state(name) for name in states]
        jobs = self._queue.jobs(states=wanted, workspace=workspace, limit=limit)
        return {"jobs": [job_json(job) for job in jobs]}

    def retry(self, *, job: int) -> dict[str, Any]:
        again = self._queue.retry(job, now=self._clock())
        self._crew.wake()
        return job_json(again)

    def cancel(self, *, job: int) -> dict[str, Any]:
        cancelled = self._queue.cancel(job, now=self._clock())
        self._crew.cancel(job)
        return job_json(cancelled)

    def pause(self, *, workspace: str | None = None) -> dict[str, Any]:
        return self._now_paused(self._pauses.add(workspace, now=self._clock()))

    def resume(self, *, workspace: str | None = None) -> dict[str, Any]:
        if workspace is not None and EVERYTHING in self._pauses.current():
            raise HookdError(workspace, "everything is paused", "use `kiro-hookd resume` for all workspaces")
        return self._now_paused(self._pauses.remove(workspace))

    def _now_paused(self, paused: list[str]) -> dict[str, Any]:
        self._crew.pause(paused)
        return {"paused": paused}

    def fire(self, *, workspace: str, hook: str, files: Sequence[str] = ()) -> dict[str, Any]:
        where = self._workspaces.get(workspace) or self._workspaces.open(Path(workspace))
        jobs = self._queue.add(self.plan_fire(where, where.hook(hook), files), now=self._clock())
        if self._alone:
            self._crew.start(only=[job.id for job in jobs])
        self._crew.wake()
        return {"jobs": [job.id for job in jobs]}

    def plan_fire(
        self, workspace: Workspace, hook: Hook, files: Sequence[str], cause: Cause = Cause.MANUAL
    ) -> list[NewJob]:
        """The jobs of a hook fired by hand or by the clock: one attempt each, and nothing coalesces with them."""
        changes = [self._change(workspace, hook, path, cause) for path in files]
        each = changes and hook.batch is Batch.EACH
        return [
            NewJob(
                workspace=workspace.name,
                hook=hook.name,
                hook_digest=hook.digest,
                changes=tuple(batch),
                max_failures=1 if cause is Cause.MANUAL else hook.retries + 1,
                coalesce=False,
            )
            for batch in ([[change] for change in changes] if each else [changes])
        ]

    def _change(self, workspace: Workspace, hook: Hook, path: str, cause: Cause) -> Change:
        digest = self._hash_file(workspace.root, path)
        if digest is None:
            kind = ChangeKind.DELETED
            if Trigger.FILE_DELETED not in hook.triggers:
                raise NoSuchThingError(path, f"is not a file in {workspace.root}", "name files as seen from here")
        elif Trigger.FILE_CREATED in hook.triggers and Trigger.FILE_MODIFIED not in hook.triggers:
            kind = ChangeKind.CREATED
        else:
            kind = ChangeKind.MODIFIED
        return Change(path=path, kind=kind, cause=cause, sha256=digest)

    def ended(self, *, jobs: Sequence[int], timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + min(timeout, 3600.0)
        while True:
            turn = self._crew.turn
            now = [self._queue.get(job) for job in jobs]
            over = all(job.state in ENDED for job in now)
            left = deadline - time.monotonic()
            if over or left <= 0:
                return {"ended": over, "jobs": [job_json(job) for job in now]}
            self._crew.wait_turn(turn, timeout=min(left, _LOOK))

    def decide(self, *, workspace: str, change_set: str, verdict: str) -> dict[str, Any]:
        where = self._workspaces.get(workspace) or self._workspaces.open(Path(workspace))
        return self._decide(where, change_set, verdict)

    def reload(self) -> dict[str, Any]:
        self._reload()
        return {"workspaces": self._workspaces.describe()}

    def wait_idle(self, *, stop: threading.Event, horizon: float) -> Iterable[Job]:
        """Work the queue empty but for what is due later than ``horizon`` seconds; gives the jobs that are left."""
        self._crew.wait_idle(horizon=horizon, stop=stop)
        return self._queue.jobs(states=[State.WAITING, State.RUNNING])


def job_json(job: Job) -> dict[str, Any]:
    """A job as ``queue --json`` prints it."""
    return {
        "id": job.id,
        "workspace": job.workspace,
        "hook": job.hook,
        "state": str(job.state),
        "attempt": job.attempt,
        "failures": job.failures,
        "changes": [
            {"path": change.path, "kind": str(change.kind), "cause": str(change.cause), "sha256": change.sha256}
            for change in job.changes
        ],
        "not_before": iso(job.not_before) if job.not_before else None,
        "created": iso(job.created),
        "updated": iso(job.updated),
        "superseded_by": job.superseded_by,
        "reason": job.reason or None,
    }


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError:
        raise NoSuchThingError(f"state {name!r}", "is none a job can be in", f"use one of {', '.join(State)}") from None
