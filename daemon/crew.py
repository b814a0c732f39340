"""Crew: the threads that claim jobs and have the worker run them, a run each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from daemon.errors import HookdError
from daemon.worker import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daemon.job import Job
    from daemon.queue.port import Queue
    from daemon.worker import Worker

log = structlog.get_logger()

PATIENCE = 5.0
"""Seconds until another look at a queue that could not be read."""
LEASE = 24 * 3600.0
"""Seconds a claim holds. One process claims and puts everything back at its start; this is for a thread that died."""


class Crew:
    """The threads that claim and work. Woken when a job is added or falls due; asleep otherwise."""

    def __init__(self, *, queue: Queue, worker: Worker, size: int, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._worker = worker
        self._clock = clock
        self._condition = threading.Condition()
        self._runs: dict[int, Run] = {}
        self._paused: frozenset[str] = frozenset()
        self._stopping = False
        self._only: Collection[int] | None = None
        self._turn = 0
        self._threads = [threading.Thread(target=self._loop, name=f"worker-{number}") for number in range(size)]

    def start(self, *, only: Collection[int] | None = None) -> None:
        """Start claiming: every job, or ``only`` these."""
        self._only = only
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be something to claim."""
        with self._condition:
            self._turn += 1
            self._condition.notify_all()

    def pause(self, workspaces: Sequence[str]) -> None:
        """Claim nothing of these workspaces; ``*`` stands for all. Runs under way go on."""
        with self._condition:
            self._paused = frozenset(workspaces)
        self.wake()

    def cancel(self, job_id: int) -> None:
        """Stop the run of a job, if one is under way here."""
        with self._condition:
            run = self._runs.get(job_id)
        if run:
            run.stop.set()

    def stop(self) -> None:
        """Stop every run (their jobs go back to waiting) and end the threads."""
        with self._condition:
            self._stopping = True
            runs = list(self._runs.values())
            self._condition.notify_all()
        for run in runs:
            run.stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def alive(self) -> bool:
        """Whether every thread still does its work."""
        return all(thread.is_alive() for thread in self._threads)

    def idle(self, *, horizon: float) -> bool:
        """Whether nothing runs and nothing that may run is due within ``horizon`` seconds."""
        with self._condition:
            now = self._clock()
            due = None if "*" in self._paused else self._queue.next_due(now=now, paused=self._paused)
            return not self._runs and (due is None or due > now + horizon)

    def wait_idle(self, *, horizon: float, stop: threading.Event) -> bool:
        """Wait until ``idle``; False when ``stop`` was set before."""
        while not stop.is_set():
            turn = self.turn
            if self.idle(horizon=horizon):
                return True
            self.wait_turn(turn, timeout=1.0)
        return False

    @property
    def turn(self) -> int:
        """A number that grows whenever a run ends or a job is added."""
        return self._turn

    def wait_turn(self, turn: int, *, timeout: float) -> None:
        """Wait until ``turn`` has grown beyond the one given, at most ``timeout`` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn != turn, timeout=timeout)

    def _loop(self) -> None:
        while True:
            run = self._next()
            if run is None:
                return
            self._worker.work(run)
            with self._condition:
                del self._runs[run.job.id]
                self._turn += 1
                self._condition.notify_all()

    def _next(self) -> Run | None:
        """Wait for a job and claim it; ``None`` at the end."""
        while True:
            with self._condition:
                if self._stopping:
                    return None
                turn, now = self._turn, self._clock()
                job = None if "*" in self._paused else self._claim(now)
                if job is not None:
                    run = Run(job=job)
                    self._runs[job.id] = run
                    return run
                due = self._due(now)
                if self._turn == turn:
                    # A due job that could not be claimed waits for a running one to end, which wakes us.
                    self._condition.wait(timeout=None if due is None or due <= now else due - now)

    def _due(self, now: float) -> float | None:
        """When to look again of ourselves; soon when the queue cannot be read, so that no thread ends for it."""
        if "*" in self._paused:
            return None
        try:
            return self._queue.next_due(now=now, paused=self._paused)
        except HookdError as error:
            log.warning("queue.not_readable", reason=str(error))
            return now + PATIENCE

    def _claim(self, now: float) -> Job | None:
        try:
            return self._queue.claim(now=now, lease=LEASE, paused=self._paused, only=self._only)
        except HookdError as error:
            log.warning("queue.claim_failed", reason=str(error))
            return None
