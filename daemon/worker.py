"""Worker: one claimed job, from claim to finish: may it run, run it, report it, move the job on.

The worker knows ports only; the real parts are handed in by ``compose``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from daemon.agents.port import Outcome, Result
from daemon.errors import HookdError, TransitionError
from daemon.job import backoff
from daemon.process import StopSignal
from daemon.runner import Account
from hooks.model import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.agents.port import Agent
    from daemon.job import Job
    from daemon.queue.port import Queue
    from daemon.report.record import RunDraft
    from daemon.runner import Runner
    from daemon.workspace import Workspace
    from hooks.model import Hook

log = structlog.get_logger()

BASE_MOVED = "the file was changed by an apply meanwhile: running again on the present content"


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """Whether a run may start. ``wait_until`` (seconds since the epoch) puts it off, for the ``reason``."""

    wait_until: float | None = None
    reason: str = ""


class Gate(Protocol):
    """Trust, policy, budgets and circuit breakers."""

    def refusal(self, workspace: Workspace, hook: Hook) -> str | None:
        """Why this hook may not run at all, asked before anything its workspace names is looked at or started."""

    def admit(self, workspace: Workspace, hook: Hook, job: Job, agent: Agent, *, now: float) -> Permission:
        """Whether this run may start now; when it may, it is booked."""

    def used(self, job: Job, agent: str, result: Result, *, now: float) -> None:
        """Book what a run used and how its agent fared."""


class Reports(Protocol):
    """The report log of each workspace."""

    def append(self, workspace: str, draft: RunDraft) -> str:
        """Durable when it returns; a second one for the same job and attempt changes nothing. Gives the report's id."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One attempt under way."""

    job: Job
    stop: StopSignal = field(default_factory=StopSignal)


class Worker:
    """Runs claimed jobs to their end. Safe to use from several threads, one job each."""

    def __init__(
        self,
        *,
        queue: Queue,
        workspace: Callable[[str], Workspace | None],
        runner: Runner,
        gate: Gate,
        reports: Reports,
        identity: Mapping[str, str | int | None],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._workspace = workspace
        self._runner = runner
        self._gate = gate
        self._reports = reports
        self._identity = identity
        self._clock = clock
        self._chance = chance

    def work(self, run: Run) -> None:
        """Run a claimed job. Never raises: what goes wrong is in the report, the queue and the log."""
        job = run.job
        try:
            self._work(run)
        except TransitionError as error:
            log.info("job.claim_void", job=job.id, attempt=job.attempt, reason=str(error))
        except Exception as error:
            log.exception("job.broke", job=job.id, hook=job.hook, attempt=job.attempt)
            self._finish_broken(job, f"{type(error).__name__}: {error}")

    def _work(self, run: Run) -> None:
        job, now = run.job, self._clock()
        workspace = self._workspace(job.workspace)
        if workspace is None:
            self._queue.put_back(job, now=now, until=now + 60, reason="its workspace is not open here")
            return
        hook = next((hook for hook in workspace.loaded.hooks if hook.name == job.hook), None)
        stale = _stale(workspace, hook, job)
        if hook is None or stale:
            self._queue.cancel(job.id, now=now)
            log.info("job.stale", job=job.id, hook=job.hook, reason=stale)
            return
        account = Account(workspace=workspace, hook=hook, job=job, started=now)
        refusal = self._gate.refusal(workspace, hook)
        if refusal is not None:
            account.refuse(refusal)
        elif not self._attempts(run, account):
            return
        if account.verdict.again and job.reason != BASE_MOVED:
            self._queue.put_back(job, now=self._clock(), reason=BASE_MOVED)
            log.info("job.base_moved", job=job.id, hook=job.hook)
            return
        self._report_and_finish(account)

    def _attempts(self, run: Run, account: Account) -> bool:
        """Ask the hook's agents, the next one only where one is not to be had. False when the job has to wait."""
        job, passed_over = run.job, list[str]()
        while True:
            agent = self._runner.choose(account, passed_over=passed_over)
            if agent is None:
                return True
            now = self._clock()
            permission = self._gate.admit(account.workspace, account.hook, job, agent, now=now)
            if permission.wait_until is not None:
                self._queue.put_back(job, now=now, until=permission.wait_until, reason=permission.reason)
                log.info("job.waits", job=job.id, hook=job.hook, reason=permission.reason)
                return False
            try:
                self._runner.attempt(account, agent, stop=run.stop)
            finally:
                self._gate.used(job, agent.name, account.result, now=self._clock())
            if not self._runner.falls_back(account):
                return True
            passed_over.append(agent.name)
            log.info("agent.passed_over", job=job.id, agent=agent.name, reason=account.result.error)

    def _report_and_finish(self, account: Account) -> None:
        job, result = account.job, account.result
        draft = account.draft(ended=self._clock(), identity=self._identity)
        report = self._reports.append(job.workspace, draft)
        self.finish(job, outcome=result.outcome, error=result.error, retry=result)
        log.info(
            "job.done",
            job=job.id,
            attempt=job.attempt,
            hook=job.hook,
            agent=account.agent,
            outcome=str(result.outcome),
            findings=len(result.findings),
            change_set=str(draft.change_set.state),
            report=report,
            seconds=round(draft.duration, 3),
            error=result.error,
        )

    def finish(self, job: Job, *, outcome: Outcome, error: str | None, retry: Result | None = None) -> None:
        """Move a job on by how its run ended. Also used at start for a run whose report was written before a crash."""
        now = self._clock()
        if outcome is Outcome.SUCCEEDED:
            self._queue.succeed(job, now=now)
        elif outcome is Outcome.STOPPED:
            self._queue.put_back(job, now=now, reason="stopped")
        elif outcome is Outcome.FAILED and (retry is None or retry.retryable):
            asked = retry.retry_after if retry else None
            wait = asked if asked is not None else backoff(failures=job.failures + 1, jitter=self._chance())
            self._queue.back_off(job, now=now, until=now + wait, reason=error or "failed")
        else:
            self._queue.fail(job, now=now, reason=error or str(outcome))

    def _finish_broken(self, job: Job, reason: str) -> None:
        try:
            now = self._clock()
            self._queue.back_off(
                job, now=now, until=now + backoff(failures=job.failures + 1, jitter=self._chance()), reason=reason
            )
        except HookdError as error:
            log.warning("job.not_finished", job=job.id, reason=str(error))


def _stale(workspace: Workspace, hook: Hook | None, job: Job) -> str:
    """Why a claimed job has nothing to do any more, or ""."""
    if hook is None or not hook.enabled:
        return "its hook is gone"
    gone = [
        change
        for change in job.changes
        if change.kind is not ChangeKind.DELETED and not _exists(workspace, change.path)
    ]
    if gone and len(gone) == len(job.changes):
        return "its files are gone"
    return ""


def _exists(workspace: Workspace, path: str) -> bool:
    try:
        (workspace.root / path).lstat()
    except OSError:
        return False
    return True
