"""Service: start, stop, reload, readiness of the daemon. Parts are made by ``compose`` and handed in."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import structlog

from daemon.errors import HookdError
from daemon.job import State
from daemon.notify import notify, watchdog_interval
from daemon.schedule import TICK, SleepDetector
from daemon.signals import heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from daemon.control.server import ControlServer
    from daemon.crew import Crew
    from daemon.job import Job
    from daemon.operations import LocalOperations
    from daemon.pause import Pauses
    from daemon.queue.port import Queue
    from daemon.schedule import Schedule
    from daemon.watch.watch import Watch
    from daemon.worker import Worker
    from daemon.workspace import Workspace
    from daemon.workspaces import Workspaces

log = structlog.get_logger()

READY_TIMEOUT = 600.0
DAY = 86_400.0
KEEP_JOBS = 14 * DAY
KEEP_DEAD_LETTERS = 90 * DAY
NEAR = 60.0
"""``--until-idle`` waits for retries due within this many seconds."""


class Service:
    """One daemon. ``run`` blocks until it is stopped by a signal, by ``stop``, or by being idle when asked to be."""

    def __init__(
        self,
        *,
        operations: LocalOperations,
        control: ControlServer,
        queue: Queue,
        workspaces: Workspaces,
        watch: Watch,
        crew: Crew,
        worker: Worker,
        schedule: Schedule,
        pauses: Pauses,
        reported: Callable[[Job], Callable[[], None] | None],
        recover: Callable[[Workspace], None],
        forget_usage: Callable[[float], object],
        clock: Callable[[], float],
    ) -> None:
        self._operations = operations
        self._control = control
        self._queue = queue
        self._workspaces = workspaces
        self._watch = watch
        self._crew = crew
        self._worker = worker
        self._schedule = schedule
        self._pauses = pauses
        self._reported = reported
        self._recover = recover
        self._forget_usage = forget_usage
        self._clock = clock
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._reload_wanted = False
        self._roots: Callable[[], Iterable[Path]] = list
        self.interrupted = False
        self._sleep = SleepDetector()

    def run(self, roots: Callable[[], Iterable[Path]], *, until_idle: bool = False) -> list[Job]:
        """Start, serve, stop. Gives the jobs that ``until_idle`` leaves for later. ``roots`` is asked again when the
        configuration is read again: a workspace that is trusted by then is watched from then on.
        """
        left: list[Job] = []
        self._roots = roots
        with heard({signal.SIGTERM: self.stop, signal.SIGINT: self._interrupt, signal.SIGHUP: self.ask_reload}):
            try:
                self.start(roots())
                if until_idle:
                    left = self._work_until_idle()
                else:
                    self._serve()
            finally:
                self.shut_down()
        return left

    def start(self, roots: Iterable[Path]) -> None:
        """Recover what a crash left, then watch, then work, then answer ``running``."""
        self._settle_interrupted_runs()
        self._control.start()
        self._watch.start()
        for root in roots:
            self.open(root)
        self._watch.wait_ready(READY_TIMEOUT)
        self._crew.pause(self._pauses.current())
        self._crew.start()
        self._upkeep()
        self._schedule.start()
        self._operations.ready = True
        notify("READY=1", f"STATUS=watching {len(self._workspaces.all())} workspaces")
        log.info("daemon.ready", workspaces=[workspace.name for workspace in self._workspaces.all()])

    def open(self, root: Path) -> None:
        """Watch one more workspace. HookdError when it is not trusted."""
        workspace = self._workspaces.open(root)
        self._recover(workspace)
        self._watch.add(workspace.root, workspace.plan, digest=workspace.coverage)
        self._set_schedule(workspace.name)

    def reread(self, root: Path, paths: Iterable[str] = ()) -> None:
        """A workspace's hook or ignore files changed: read them, keep the last good hooks, plan the watches again."""
        log.info("rules.changed", workspace=str(root), paths=list(paths))
        workspace = self._workspaces.reread(root)
        self._watch.replan(workspace.root, workspace.plan, digest=workspace.coverage)
        self._set_schedule(workspace.name)

    def _set_schedule(self, name: str) -> None:
        workspace = self._workspaces.need(name)
        hooks = workspace.loaded.hooks
        self._schedule.set_hooks(name, [(hook.name, hook.schedule) for hook in hooks if hook.schedule and hook.enabled])

    def _settle_interrupted_runs(self) -> None:
        """A run whose report was written before a crash is not run again; every other one is put back."""
        for job in self._queue.jobs(states=[State.RUNNING]):
            finish = self._reported(job)
            if finish is not None:
                log.info("job.was_reported", job=job.id, attempt=job.attempt)
                finish()
        for job in self._queue.rescue(now=self._clock(), everything=True):
            log.info("job.put_back", job=job.id, attempt=job.attempt)

    def _upkeep(self) -> None:
        self._schedule.every(TICK, "clock", self._tick)
        self._schedule.every(3600.0, "retention", self._forget)
        interval = watchdog_interval()
        if interval is not None:
            self._schedule.every(interval, "watchdog", self._sign_of_life)

    def _tick(self) -> None:
        for job in self._queue.rescue(now=self._clock()):
            log.warning("job.lease_over", job=job.id, attempt=job.attempt)
        if jumped := self._sleep.jumped():
            log.info("clock.jumped", seconds=round(jumped, 1))
            self._watch.catch_up()
            self._schedule.recheck()
        # Once a minute the workers look for themselves, whatever was missed or could not be read.
        self._crew.wake()

    def _forget(self) -> None:
        now = self._clock()
        dropped = self._queue.forget(before=now - KEEP_JOBS, keep_failed_before=now - KEEP_DEAD_LETTERS)
        self._forget_usage(now)
        if dropped:
            log.info("queue.forgot", jobs=dropped)

    def _sign_of_life(self) -> None:
        if self._crew.alive() and self._watch.status().alive:
            notify("WATCHDOG=1")

    def _serve(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._stop.is_set():
                return
            if self._reload_wanted:
                self._reload_wanted = False
                self.reload()

    def reload(self) -> None:
        """Read every workspace again."""
        notify("RELOADING=1")
        known = {workspace.root for workspace in self._workspaces.all()}
        for root in self._roots():
            if root.resolve() not in known:
                try:
                    self.open(root)
                except (HookdError, OSError) as error:
                    log.warning("workspace.not_opened", workspace=str(root), reason=str(error))
        for workspace in self._workspaces.all():
            try:
                self.reread(workspace.root)
            except (HookdError, OSError) as error:
                log.warning("workspace.not_reread", workspace=workspace.name, reason=str(error))
        notify("READY=1")

    def _work_until_idle(self) -> list[Job]:
        while not self._stop.is_set():
            self._watch.wait_idle(READY_TIMEOUT)
            left = list(self._operations.wait_idle(stop=self._stop, horizon=NEAR))
            if self._watch.idle() and (self._stop.is_set() or self._crew.idle(horizon=NEAR)):
                return left
        return list(self._queue.jobs(states=[State.WAITING]))

    def stop(self) -> None:
        """Ask the service to end."""
        self._stop.set()
        self._asked.set()

    def _interrupt(self) -> None:
        self.interrupted = True
        self.stop()

    def ask_reload(self) -> None:
        """Ask the service to read all configuration again."""
        self._reload_wanted = True
        self._asked.set()

    def shut_down(self) -> None:
        """Answer no more, see no more, let runs stop and go back to waiting."""
        notify("STOPPING=1")
        self._operations.ready = False
        self._stop.set()
        self._control.stop()
        self._schedule.stop()
        self._watch.stop()
        self._crew.stop()
        log.info("daemon.stopped")
