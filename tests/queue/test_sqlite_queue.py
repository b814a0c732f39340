from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from daemon.job import TRANSITIONS, State
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from tests.contract.queue_contract import QueueContract, add, change, claim, new

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    database.query("PRAGMA synchronous = OFF")  # no power is lost here
    yield database
    assert database.check() == "ok"
    database.close()


@pytest.fixture
def queue(database: Database) -> SqliteQueue:
    return SqliteQueue(database)


class TestSqliteQueue(QueueContract):
    """The contract, on a real file."""


def test_jobs_outlive_the_process(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    add(SqliteQueue(database), new(), new(change("b")))
    running = claim(SqliteQueue(database))
    database.close()
    database = Database(tmp_path / "state.db")
    queue = SqliteQueue(database)
    assert [job.id for job in queue.rescue(now=1.0, everything=True)] == [running.id]
    assert claim(queue, now=1.0).attempt == 2
    database.close()


def test_the_schema_knows_the_states_of_the_table_and_no_others(database: Database, queue: SqliteQueue) -> None:
    (job,) = add(queue, new())
    reached = {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values())
    assert reached == set(State)
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute("UPDATE jobs SET state = 'sleeping' WHERE id = ?", (job.id,))


@pytest.mark.parametrize(
    "fault",
    [
        "token = 't'",
        "lease_until = 1.0",
        "state = 'running'",
        "state = 'superseded'",
        "superseded_by = 99",
        "failures = 1",
        "attempt = -1",
        "attempt = 9, failures = 4",
        "state = 'succeeded'",
        "state = 'failed'",
        "max_failures = 0",
        "not_before = 'soon'",
    ],
)
def test_the_schema_refuses_what_the_invariants_forbid(database: Database, queue: SqliteQueue, fault: str) -> None:
    (job,) = add(queue, new())
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute(f"UPDATE jobs SET {fault} WHERE id = ?", (job.id,))
    assert queue.get(job.id) == job


def test_a_room_written_together_with_jobs_is_written_with_them_or_not_at_all(
    database: Database, queue: SqliteQueue
) -> None:
    with database.transaction() as connection:
        connection.execute("CREATE TABLE seen (path TEXT)")

    def half_way() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO seen VALUES ('a')")
            queue.add([new()], now=0.0)
            raise RuntimeError("before the end")

    with pytest.raises(RuntimeError):
        half_way()
    assert (database.query("SELECT * FROM seen"), list(queue.jobs())) == ([], [])
    with database.transaction() as connection:
        connection.execute("INSERT INTO seen VALUES ('a')")
        queue.add([new()], now=0.0)
    assert (len(database.query("SELECT * FROM seen")), len(queue.jobs())) == (1, 1)


def test_threads_share_a_queue_and_no_job_goes_to_two_of_them(queue: SqliteQueue) -> None:
    queue.add([new(change(f"f{number}")) for number in range(200)], now=0.0)
    claimed: list[int] = []

    def work() -> None:
        while job := queue.claim(now=0.0, lease=60.0):
            claimed.append(job.id)
            queue.succeed(job, now=1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [job.id for job in queue.jobs(states=[State.SUCCEEDED])]
    assert len(claimed) == 200


def test_retention_works_through_more_than_one_portion(queue: SqliteQueue) -> None:
    queue.add([new(change(f"f{number}")) for number in range(4500)], now=0.0)
    queue.cancel_where(workspace="/w", now=1.0, reason="")
    assert queue.forget(before=2.0, keep_failed_before=2.0) == 4500
    assert not queue.jobs()


def test_a_claim_among_many_looks_at_few(database: Database, queue: SqliteQueue) -> None:
    """Counted in steps of SQLite's machine, so that no clock decides."""
    queue.add([new(change(f"ahead{number}"), not_before=1e9) for number in range(3000)], now=0.0)
    queue.add([new(change(f"f{number}")) for number in range(3000)], now=0.0)
    claim(queue)  # promotes
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with database.transaction() as connection:
        connection.set_progress_handler(step, 100)
        job = claim(queue)
        connection.set_progress_handler(None, 0)
    assert job.changes[0].path == "f1"
    assert steps < 30


def test_a_long_or_unspeakable_reason_is_kept_within_bounds(queue: SqliteQueue) -> None:
    add(queue, new())
    failed = queue.fail(claim(queue), now=1.0, reason="\ud800\udcff" + "x" * 10_000)
    assert len(failed.reason) == 2000
    assert failed.reason.startswith("\\ud800\\udcff")
