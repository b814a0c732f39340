"""Any sequence of calls: the real queue and the one in memory go the same way, and the promises hold all along."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemon.errors import NoSuchThingError, TransitionError
from daemon.job import FINAL, TRANSITIONS, Job, NewJob, State
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from hooks.model import Cause, Change, ChangeKind
from tests.contract.memory_queue import MemoryQueue

if TYPE_CHECKING:
    from collections.abc import Callable

WORKSPACES = ["/w", "/v"]
changes = st.builds(
    Change,
    path=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from(ChangeKind),
    cause=st.just(Cause.EDIT),
    sha256=st.sampled_from(["1", "2", None]),
    first_content=st.booleans(),
)
each = st.lists(changes, min_size=0, max_size=1)
together = st.lists(changes, min_size=1, max_size=4)
delays = st.sampled_from([0.0, 0.0, 3.0, 10.0])


@st.composite
def new_jobs(draw: st.DrawFn) -> dict[str, Any]:
    gathered = draw(st.booleans())
    return {
        "workspace": draw(st.sampled_from(WORKSPACES)),
        "hook": draw(st.sampled_from(["h", "k"])),
        "hook_digest": "d",
        "changes": tuple(draw(together if gathered else each)),
        "max_failures": draw(st.integers(1, 3)),
        "together": gathered,
        "coalesce": draw(st.sampled_from([True, True, True, False])),
        "delay": draw(delays),
        "bound": draw(st.sampled_from([None, 5.0])),
    }


def bare(job: Job | None) -> Job | None:
    return job and replace(job, token=None if job.token is None else "held")


class QueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name) / "state.db")
        self.database.query("PRAGMA synchronous = OFF")  # no power is lost here
        self.real, self.model = SqliteQueue(self.database), MemoryQueue()
        self.now = 100.0
        self.claims: list[tuple[Job, Job]] = []
        self.states: dict[int, State] = {}
        self.attempts: dict[int, int] = {}
        self.added: list[tuple[int, Change]] = []
        self.forgotten_below = 0.0

    def teardown(self) -> None:
        assert self.database.check() == "ok"
        self.database.close()
        self.folder.cleanup()

    def both(self, call: Callable[[Any], Any]) -> tuple[Any, Any]:
        """The same call on both; they answer alike, also with an error."""

        def outcome(queue: Any) -> Any:
            try:
                return call(queue)
            except (TransitionError, NoSuchThingError) as error:
                return type(error)

        real, model = outcome(self.real), outcome(self.model)
        plain = [[bare(job) for job in each] if isinstance(each, list) else each for each in (real, model)]
        if isinstance(real, Job):
            plain = [bare(real), bare(model)]
        assert plain[0] == plain[1]
        return real, model

    @rule(specs=st.lists(new_jobs(), min_size=1, max_size=4))
    def add(self, specs: list[dict[str, Any]]) -> None:
        jobs = []
        for spec in specs:
            values = dict(spec)
            delay, bound = values.pop("delay"), values.pop("bound")
            not_after = None if bound is None else self.now + bound
            jobs.append(NewJob(not_before=self.now + delay, not_after=not_after, **values))
        stored, _ = self.both(lambda queue: queue.add(jobs, now=self.now))
        for job, new in zip(stored, jobs, strict=True):
            self.added += [(job.id, change) for change in new.changes]

    @rule(paused=st.sampled_from([(), (), ("/w",)]), only=st.sampled_from([None, None, range(0, 99, 2)]))
    def claim(self, paused: tuple[str, ...], only: range | None) -> None:
        real, model = self.both(lambda queue: queue.claim(now=self.now, lease=8.0, paused=paused, only=only))
        if real is not None:
            assert real.attempt == self.attempts.get(real.id, 0) + 1
            self.claims.append((real, model))

    @rule(how=st.sampled_from(["succeed", "back_off", "put_back", "fail"]))
    def run_the_next(self, how: str) -> None:
        """A claim and its end at once, so that much comes to an end."""
        real, model = self.both(lambda queue: queue.claim(now=self.now, lease=8.0))
        if real is None:
            return
        more = {"back_off": {"until": self.now, "reason": "r"}, "fail": {"reason": "r"}}.get(how, {})
        self.both(lambda queue: getattr(queue, how)(real if queue is self.real else model, now=self.now, **more))

    @rule(data=st.data(), how=st.sampled_from(["succeed", "back_off", "put_back", "wait", "fail", "renew"]))
    @precondition(lambda self: self.claims)
    def end(self, data: st.DataObject, how: str) -> None:
        claims = data.draw(st.sampled_from(self.claims))
        now, until = self.now, self.now + data.draw(delays)
        calls: dict[str, Callable[[Any, Job], Any]] = {
            "succeed": lambda queue, job: queue.succeed(job, now=now),
            "back_off": lambda queue, job: queue.back_off(job, now=now, until=until, reason="r"),
            "put_back": lambda queue, job: queue.put_back(job, now=now),
            "wait": lambda queue, job: queue.put_back(job, now=now, until=until),
            "fail": lambda queue, job: queue.fail(job, now=now, reason="r"),
            "renew": lambda queue, job: queue.renew(job, until=until),
        }
        before = self.real.jobs(limit=10_000)
        held = self.states.get(claims[0].id) is State.RUNNING and self.attempts[claims[0].id] == claims[0].attempt
        done, _ = self.both(lambda queue: calls[how](queue, claims[0 if queue is self.real else 1]))
        if not held:
            assert isinstance(done, type)
            assert self.real.jobs(limit=10_000) == before
        if how != "renew":
            self.claims = [kept for kept in self.claims if kept is not claims or data.draw(st.booleans())]

    @rule(data=st.data(), how=st.sampled_from(["cancel", "retry", "hold_back"]))
    @precondition(lambda self: self.states)
    def decide(self, data: st.DataObject, how: str) -> None:
        job = data.draw(st.sampled_from([*sorted(self.states), 9999]))
        until = self.now + data.draw(delays)
        if how == "hold_back":
            self.both(lambda queue: queue.hold_back(job, until=until, reason="held"))
        else:
            self.both(lambda queue: getattr(queue, how)(job, now=self.now))

    @rule(everything=st.booleans())
    def rescue(self, everything: bool) -> None:
        self.both(lambda queue: queue.rescue(now=self.now, everything=everything))

    @rule(hook=st.sampled_from([None, "h"]))
    def remove(self, hook: str | None) -> None:
        self.both(lambda queue: queue.cancel_where(workspace="/v", hook=hook, now=self.now, reason="gone"))

    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(age=st.sampled_from([10.0, 30.0]))
    def forget(self, age: float) -> None:
        before = self.now - age
        self.forgotten_below = max(self.forgotten_below, before)
        self.both(lambda queue: queue.forget(before=before, keep_failed_before=before - 10.0))

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = Database(Path(self.folder.name) / "state.db")
        self.database.query("PRAGMA synchronous = OFF")  # no power is lost here
        self.real = SqliteQueue(self.database)

    @invariant()
    def they_agree(self) -> None:
        real = self.real.jobs(limit=10_000)
        assert [bare(job) for job in real] == [bare(job) for job in self.model.jobs(limit=10_000)]
        assert self.real.counts() == self.model.counts()
        assert self.real.next_due(now=self.now) == self.model.next_due(now=self.now)
        for path in "abc":
            where = {"workspace": "/w", "hook": "h", "path": path}
            assert self.real.last_finished(**where) == self.model.last_finished(**where)

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        for job in self.real.jobs(limit=10_000):
            before = self.states.get(job.id)
            if before is not None and before is not job.state:
                steps = {(state, after) for (state, _), after in TRANSITIONS.items()}
                chained = {(a, d) for a, b in steps for c, d in steps if b is c}
                assert (before, job.state) in steps | chained
                assert before not in FINAL
            self.states[job.id] = job.state
            assert job.attempt >= self.attempts.get(job.id, 0)
            self.attempts[job.id] = job.attempt

    @invariant()
    def no_two_running_jobs_share_a_file(self) -> None:
        running = self.real.jobs(states=[State.RUNNING], limit=10_000)
        paths = [(job.workspace, change.path) for job in running for change in job.changes]
        assert len(paths) == len(set(paths))
        rows = self.database.query("SELECT count(*) AS held FROM running_paths")
        assert rows[0]["held"] == len(paths)

    @invariant()
    def no_change_is_lost(self) -> None:
        """Follow each added path along the jobs that took its place, to one that still has it."""
        jobs = {job.id: job for job in self.real.jobs(limit=10_000)}
        for job_id, change in self.added:
            job = jobs.get(job_id)
            while job is not None and job.superseded_by is not None:
                assert job.state is State.SUPERSEDED
                job = jobs.get(job.superseded_by)
            assert job is None or change.path in {each.path for each in job.changes}


QueueMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=False,
)
TestQueueMachine = QueueMachine.TestCase
