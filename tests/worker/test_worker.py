"""One claimed job, from request to report, with a real queue and fakes for the slow parts."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from daemon.agents.port import Exit, Outcome, Program, Request, Result
from daemon.changeset import ChangeSet, ChangeSetState, Edit, EditKind
from daemon.crew import Crew
from daemon.errors import HookdError, StateError
from daemon.job import NewJob, State
from daemon.queue.sqlite import SqliteQueue
from daemon.report.redact import Redactor
from daemon.runner import Chosen, Runner, Verdict
from daemon.state.database import Database
from daemon.view.port import Isolation
from daemon.worker import BASE_MOVED, Permission, Run, Worker
from daemon.workspace import read_workspace
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from daemon.job import Job
    from daemon.report.record import RunDraft

HOOKS = """
hooks:
  - {name: Look, trigger: [file_created, file_deleted], pattern: 'src/**', action: look}
"""


class FakeView:
    isolation = Isolation.OVERLAY
    root = "/view"
    edits: tuple[Edit, ...] = ()

    def run(self, program: Program, *, stop: threading.Event) -> Exit:
        if program.argv == ("wait",):
            stop.wait(30)
            return Exit(code=None, stopped=True)
        return Exit(code=0)

    def change_set(self, *, id: str, store: Path) -> ChangeSet:  # noqa: A002 - as the port has it
        return ChangeSet(id=id, edits=self.edits)


class Desk:
    """Everything the worker is handed, and what it did with it."""

    def __init__(self, root: Path, database: Database) -> None:
        (root / ".kiro/settings").mkdir(parents=True)
        (root / ".kiro/settings/hooks.yaml").write_text(HOOKS)
        (root / "src").mkdir()
        (root / "src/a.ts").write_text("a")
        self.workspace = read_workspace(root, home=root / "home")
        self.queue, self.view, self.now = SqliteQueue(database), FakeView(), 1000.0
        self.outcome = Result(outcome=Outcome.SUCCEEDED, summary="done")
        self.refused: str | None = None
        self.permission, self.verdict = Permission(), Verdict(state=ChangeSetState.SUGGESTED)
        self.argv: tuple[str, ...] = ("true",)
        self.obstacle: HookdError | None = None
        self.drafts: list[RunDraft] = []
        self.used_by: list[str] = []
        self.root = root
        self.worker = Worker(
            queue=self.queue,
            workspace=lambda name: self.workspace if name == self.workspace.name else None,
            runner=Runner(
                agents=self,
                requests=self,
                views=lambda _agent, _root: self,
                hinter=self,
                hands=self,
                redactor=Redactor(["hunter2-is-secret"]),
                change_sets=self.change_sets,
            ),
            gate=self,
            reports=self,
            identity={"user": "u"},
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    name = kind = "fake"

    def choose(self, _workspace: object, _hook: object, *, by_hand: bool, passed_over: object = ()) -> Chosen:
        if self.obstacle:
            raise self.obstacle
        return Chosen(agent=self, version="1.2", approved=by_hand)

    def head(self, _workspace: object) -> str | None:
        return None

    def program(self, _request: Request) -> Program:
        return Program(argv=self.argv)

    def result(self, _request: Request, end: Exit) -> Result:
        return Result(outcome=Outcome.STOPPED) if end.stopped else self.outcome

    def paths(self, _workspace: object, _hook: object, changes: Sequence[Change]) -> list[str]:
        return [change.path for change in changes]

    def read(self, _workspace: object, _path: str) -> None:
        return None

    def build(
        self, _workspace: object, _hook: object, _changes: object, *, agent: object, root: str, hints: object = ()
    ) -> Request:
        return Request(hook="Look", mode="advisory", prompt="look", root=root)  # type: ignore[arg-type] # a fake

    @contextmanager
    def open(self, _workspace: object, *, paths: object, readable: object = ()) -> Iterator[FakeView]:
        yield self.view

    def settle(self, _workspace: object, _hook: object, _change_set: object, _store: object) -> Verdict:
        return self.verdict

    def refusal(self, _workspace: object, _hook: object) -> str | None:
        return self.refused

    def admit(self, _workspace: object, _hook: object, _job: object, _agent: object, *, now: float) -> Permission:
        return self.permission

    def used(self, _job: object, agent: str, _result: object, *, now: float) -> None:
        self.used_by.append(agent)

    def append(self, _workspace: str, draft: RunDraft) -> str:
        self.drafts.append(draft)
        return f"report {len(self.drafts)}"

    def change_sets(self, _workspace: str) -> Path:
        return self.root.parent / "changesets"

    def add(self, path: str = "src/a.ts", *, hook: str = "Look", workspace: str | None = None, tries: int = 3) -> Job:
        change = Change(path=path, kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="a" * 64)
        where = workspace or self.workspace.name
        job = NewJob(workspace=where, hook=hook, hook_digest="d", changes=(change,), max_failures=tries)
        return self.queue.add([job], now=self.now)[0]

    def work(self) -> Job:
        job = self.queue.claim(now=self.now, lease=60)
        assert job is not None
        self.worker.work(Run(job=job))
        return self.queue.get(job.id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(tmp_path / "state.db")
    (tmp_path / "w").mkdir()
    yield Desk(tmp_path / "w", database)
    database.close()


def test_a_run_that_succeeds_is_reported_and_ends_its_job(desk: Desk) -> None:
    desk.add()
    assert desk.work().state is State.SUCCEEDED
    [draft] = desk.drafts
    assert (draft.outcome, draft.attempt, draft.isolation, draft.agent) == (
        Outcome.SUCCEEDED, 1, Isolation.OVERLAY, "fake",
    )  # fmt: skip
    assert draft.origin == "hooks.yaml:3"
    assert desk.used_by == ["fake"]


def test_a_secret_that_an_agent_prints_does_not_reach_the_report(desk: Desk) -> None:
    desk.outcome = Result(outcome=Outcome.SUCCEEDED, summary="the key is hunter2-is-secret")
    desk.add()
    desk.work()
    assert "hunter2" not in desk.drafts[0].summary
    assert desk.drafts[0].audit["redactions"] == 1


def test_what_it_edited_is_in_the_report_with_what_was_decided(desk: Desk) -> None:
    desk.view.edits = (Edit(path="docs/a.md", kind=EditKind.MODIFIED, base_sha256="a" * 64, sha256="b" * 64),)
    desk.verdict = Verdict(state=ChangeSetState.HELD, reasons=("too many",))
    desk.add()
    desk.work()
    entry = desk.drafts[0].change_set
    assert (entry.state, entry.reasons, [edit.path for edit in entry.edits]) == (
        ChangeSetState.HELD, ("too many",), ["docs/a.md"],
    )  # fmt: skip
    assert entry.id


def test_none_of_the_edits_of_a_failed_run_count(desk: Desk) -> None:
    desk.view.edits = (Edit(path="docs/a.md", kind=EditKind.MODIFIED),)
    desk.outcome = Result(outcome=Outcome.FAILED, error="no")
    desk.add()
    desk.work()
    assert desk.drafts[0].change_set.state is ChangeSetState.NONE


def test_a_failure_waits_for_another_attempt_until_they_are_used_up(desk: Desk) -> None:
    desk.outcome = Result(outcome=Outcome.FAILED, error="no")
    desk.add(tries=2)
    job = desk.work()
    assert job.state is State.WAITING
    assert job.not_before > desk.now
    desk.now = job.not_before
    assert desk.work().state is State.FAILED
    assert [draft.attempt for draft in desk.drafts] == [1, 2]


def test_a_failure_that_no_attempt_can_mend_is_not_tried_again(desk: Desk) -> None:
    desk.outcome = Result(outcome=Outcome.FAILED, error="no", retryable=False)
    desk.add()
    assert desk.work().state is State.FAILED


def test_an_agent_that_asks_for_patience_gets_it(desk: Desk) -> None:
    desk.outcome = Result(outcome=Outcome.FAILED, error="throttled", retry_after=77)
    desk.add()
    assert desk.work().not_before == 1077


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.REFUSED])
def test_what_timed_out_or_was_refused_is_not_tried_again(desk: Desk, outcome: Outcome) -> None:
    desk.outcome = Result(outcome=outcome, error="no")
    desk.add()
    assert desk.work().state is State.FAILED


def test_a_run_that_is_stopped_goes_back_to_waiting_and_is_no_failure(desk: Desk) -> None:
    desk.argv = ("wait",)
    desk.add()
    job = desk.queue.claim(now=desk.now, lease=60)
    assert job is not None
    run = Run(job=job)
    run.stop.set()
    desk.worker.work(run)
    again = desk.queue.get(job.id)
    assert (again.state, again.failures) == (State.WAITING, 0)
    assert desk.drafts[0].outcome is Outcome.STOPPED


def test_over_budget_it_waits_with_the_reason_and_no_report(desk: Desk) -> None:
    desk.permission = Permission(wait_until=5000, reason="60 runs in the last hour")
    desk.add()
    job = desk.work()
    assert (job.state, job.not_before, job.reason) == (State.WAITING, 5000, "60 runs in the last hour")
    assert desk.drafts == []


def test_what_policy_refuses_is_reported_as_refused(desk: Desk) -> None:
    desk.refused = "not trusted"
    desk.add()
    assert desk.work().state is State.FAILED
    assert (desk.drafts[0].outcome, desk.drafts[0].error) == (Outcome.REFUSED, "not trusted")


def test_when_no_agent_is_to_be_had_the_report_says_why(desk: Desk) -> None:
    desk.obstacle = HookdError("hook 'Look'", "kiro: not installed", "see `kiro-hookd agents`")
    desk.add()
    desk.work()
    assert desk.drafts[0].outcome is Outcome.REFUSED
    assert "not installed" in (desk.drafts[0].error or "")


def test_a_job_whose_file_is_gone_is_cancelled_without_a_report(desk: Desk) -> None:
    desk.add("src/gone.ts")
    assert desk.work().state is State.CANCELLED
    assert desk.drafts == []


def test_a_job_whose_hook_is_gone_is_cancelled_without_a_report(desk: Desk) -> None:
    desk.add(hook="Other")
    assert desk.work().state is State.CANCELLED


def test_a_job_of_a_workspace_that_is_not_open_waits(desk: Desk) -> None:
    desk.add(workspace="/elsewhere")
    assert desk.work().state is State.WAITING


def test_when_the_base_moved_by_an_apply_it_runs_once_more_and_then_is_held(desk: Desk) -> None:
    desk.view.edits = (Edit(path="docs/a.md", kind=EditKind.MODIFIED),)
    desk.verdict = Verdict(state=ChangeSetState.HELD, reasons=("docs/a.md changed",), again=True)
    desk.add()
    job = desk.work()
    assert (job.state, job.reason, desk.drafts) == (State.WAITING, BASE_MOVED, [])
    assert desk.work().state is State.SUCCEEDED
    assert desk.drafts[0].change_set.state is ChangeSetState.HELD


def test_a_job_cancelled_while_it_runs_stays_cancelled(desk: Desk) -> None:
    desk.add()
    job = desk.queue.claim(now=desk.now, lease=60)
    assert job is not None
    desk.queue.cancel(job.id, now=desk.now)
    desk.worker.work(Run(job=job))
    assert desk.queue.get(job.id).state is State.CANCELLED


def test_a_fault_of_ours_costs_an_attempt_and_not_the_daemon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "build", None)
    desk.add()
    job = desk.work()
    assert job.state is State.WAITING
    assert "TypeError" in job.reason


def test_the_crew_works_jobs_as_they_come_and_stops_the_one_under_way(desk: Desk) -> None:
    crew = Crew(queue=desk.queue, worker=desk.worker, size=2, clock=lambda: desk.now)
    crew.start()
    first = desk.add()
    crew.wake()
    assert crew.wait_idle(horizon=0, stop=threading.Event())
    assert desk.queue.get(first.id).state is State.SUCCEEDED
    desk.argv = ("wait",)
    second = desk.add()
    turn = crew.turn
    crew.wake()
    while desk.queue.get(second.id).state is State.WAITING:
        crew.wait_turn(turn, timeout=0.05)
    crew.stop()
    assert desk.queue.get(second.id).state is State.WAITING
    assert not crew.alive()


def test_a_paused_crew_claims_nothing_until_it_is_resumed(desk: Desk) -> None:
    crew = Crew(queue=desk.queue, worker=desk.worker, size=1, clock=lambda: desk.now)
    crew.pause([desk.workspace.name])
    crew.start()
    job = desk.add()
    crew.wake()
    assert crew.wait_idle(horizon=0, stop=threading.Event())
    assert desk.queue.get(job.id).state is State.WAITING
    crew.pause([])
    assert crew.wait_idle(horizon=0, stop=threading.Event())
    crew.stop()
    assert desk.queue.get(job.id).state is State.SUCCEEDED


def test_a_queue_that_cannot_be_read_for_a_while_ends_no_thread(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()

    def unreadable(**_arguments: object) -> None:
        looked.set()
        raise StateError("state.db", "disk I/O error")

    crew = Crew(queue=desk.queue, worker=desk.worker, size=1, clock=lambda: desk.now)
    with monkeypatch.context() as broken:
        broken.setattr(desk.queue, "claim", unreadable)
        broken.setattr(desk.queue, "next_due", unreadable)
        crew.start()
        assert looked.wait(20)
    job = desk.add()
    crew.wake()
    assert crew.wait_idle(horizon=0, stop=threading.Event())
    assert crew.alive()
    crew.stop()
    assert desk.queue.get(job.id).state is State.SUCCEEDED
