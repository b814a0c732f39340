"""Changes in, jobs out, in one transaction with the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemon.intake import LOOP_RUNS, LOOP_WINDOW, Intake
from daemon.job import State
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from daemon.watch.ledger import Ledger
from daemon.watch.port import Entry, News
from daemon.workspace import read_workspace
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemon.job import Job

HOOKS = """
hooks:
  - name: Each
    trigger: [file_created, file_modified]
    pattern: 'src/**'
    action: look
  - name: Slow
    trigger: file_modified
    pattern: 'src/**'
    action: look
    settle: 3s
    settle_max: 20s
  - name: Together
    trigger: file_deleted
    pattern: 'src/**'
    action: look
    batch: together
  - name: Cooled
    trigger: file_modified
    pattern: 'cool/**'
    action: look
    cooldown: 30s
"""


class Desk:
    def __init__(self, root: Path, database: Database) -> None:
        self.now, self.woken = 1000.0, 0
        self.database = database
        self.queue, self.ledger = SqliteQueue(database), Ledger(database)
        (root / ".kiro/settings").mkdir(parents=True)
        (root / ".kiro/settings/hooks.yaml").write_text(HOOKS)
        self.workspace = read_workspace(root, home=root / "home")
        assert not self.workspace.loaded.faults
        self.reread: list[object] = []
        self.intake = Intake(
            database=database,
            queue=self.queue,
            ledger=self.ledger,
            workspace=lambda name: self.workspace if name == self.workspace.name else None,
            clock=lambda: self.now,
            added=self._added,
        )
        self.intake.reread = lambda root, paths: self.reread.append((root, list(paths)))

    def _added(self) -> None:
        self.woken += 1

    def news(self, path: str, kind: str = "modified", content: str = "a", cause: Cause = Cause.EDIT) -> News:
        sha256 = None if kind == "deleted" else content * 64
        change = Change(path=path, kind=ChangeKind(kind), cause=cause, sha256=sha256)
        return News(entry=Entry(path=path, sha256=sha256, size=1, mtime_ns=1, inode=1), change=change)

    def accept(self, *news: News) -> None:
        self.intake.accept(self.workspace.root, news)

    def waiting(self, hook: str) -> list[Job]:
        return [job for job in self.queue.jobs(states=[State.WAITING]) if job.hook == hook]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(tmp_path / "state.db")
    (tmp_path / "w").mkdir()
    yield Desk(tmp_path / "w", database)
    database.close()


def test_a_change_becomes_a_job_of_each_hook_it_concerns_and_an_entry_of_the_ledger(desk: Desk) -> None:
    desk.accept(desk.news("src/a.ts"))
    assert [job.hook for job in desk.queue.jobs()] == ["Each", "Slow"]
    assert desk.ledger.get(desk.workspace.root, "src/a.ts") is not None
    assert desk.woken == 1


def test_what_concerns_no_hook_is_remembered_and_wakes_nobody(desk: Desk) -> None:
    desk.accept(desk.news("doc/a.md"))
    assert desk.queue.jobs() == []
    assert desk.ledger.get(desk.workspace.root, "doc/a.md") is not None
    assert desk.woken == 0


def test_when_the_ledger_cannot_be_written_there_is_no_job_either(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(desk.ledger, "record", refuse)
    with pytest.raises(OSError, match="disk full"):
        desk.accept(desk.news("src/a.ts"))
    assert desk.queue.jobs() == []
    assert desk.woken == 0


def test_a_hook_with_a_longer_settle_time_waits_the_rest_of_it_and_starts_over_with_each_save(desk: Desk) -> None:
    desk.accept(desk.news("src/a.ts"))
    assert [job.not_before for job in desk.waiting("Slow")] == [1000 + 3 - 0.5]
    desk.now = 1002
    desk.accept(desk.news("src/a.ts", content="b"))
    assert [job.not_before for job in desk.waiting("Slow")] == [1002 + 3 - 0.5]


def test_a_hook_waits_no_longer_than_its_upper_bound(desk: Desk) -> None:
    for number in range(15):
        desk.now = 1000 + number * 2
        desk.accept(desk.news("src/a.ts", content=f"{number:x}"))
    [job] = desk.waiting("Slow")
    assert job.not_before <= 1020


def test_changes_that_settle_together_are_one_job_where_the_hook_says_so(desk: Desk) -> None:
    desk.accept(desk.news("src/a.ts", "deleted"), desk.news("src/b.ts", "deleted"))
    [job] = desk.waiting("Together")
    assert [change.path for change in job.changes] == ["src/a.ts", "src/b.ts"]


def test_a_cooldown_counts_from_the_end_of_the_last_run(desk: Desk) -> None:
    desk.accept(desk.news("cool/a.ts"))
    job = desk.queue.claim(now=desk.now, lease=60)
    assert job is not None
    desk.queue.succeed(job, now=1005)
    desk.now = 1010
    desk.accept(desk.news("cool/a.ts", content="b"))
    assert [job.not_before for job in desk.waiting("Cooled")] == [1035]


def test_a_hook_that_runs_in_a_circle_on_one_file_is_paused_with_a_reason(desk: Desk) -> None:
    for number in range(LOOP_RUNS + 1):
        desk.now = 1000 + number
        desk.accept(desk.news("src/a.ts", content=f"{number % 16:x}"))
    [job] = desk.waiting("Each")
    assert job.not_before == 1000 + LOOP_WINDOW
    assert "paused" in job.reason
    desk.accept(desk.news("src/b.ts"))
    assert all(job.not_before <= desk.now for job in desk.waiting("Each") if job.changes[0].path == "src/b.ts")


def test_news_of_a_workspace_that_is_closed_is_remembered_without_a_job(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    desk.intake.accept(other, [desk.news("src/a.ts")])
    assert desk.queue.jobs() == []


def test_a_changed_rule_file_has_the_workspace_read_again(desk: Desk) -> None:
    desk.intake.rules_changed(desk.workspace.root, [".gitignore"])
    assert desk.reread == [(desk.workspace.root, [".gitignore"])]


def test_a_hook_of_another_definition_gives_another_digest() -> None:
    from hooks.model import Hook, Origin, Trigger

    hook = Hook(name="a", triggers=frozenset({Trigger.MANUAL}), origin=Origin(file="x", line=1), action="b")
    assert hook.digest == replace(hook, origin=Origin(file="y", line=9)).digest
    assert hook.digest != replace(hook, action="c").digest
