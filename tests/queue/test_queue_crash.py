"""kill -9 anywhere: each call is done or not begun, nothing is lost, nothing runs twice unsaid."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.job import State
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from tests.contract.memory_queue import MemoryQueue
from tests.queue.crash_child import steps

CHILD = Path(__file__).with_name("crash_child.py")
ROOT = Path(__file__).parents[2]


def child(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(CHILD), *arguments], stdout=subprocess.PIPE, cwd=ROOT)


def snapshots() -> list[list[Any]]:
    """What the jobs are after each step of the work, as the simple queue has it."""
    queue = MemoryQueue()
    return [seen(queue), *(seen(queue) for _ in steps(queue))]


def seen(queue: Any) -> list[Any]:
    return [replace(job, token=job.token and "held") for job in queue.jobs(limit=1000)]


def test_killed_at_any_statement_a_call_is_done_or_not_begun(tmp_path: Path) -> None:
    expected = snapshots()
    with child("at", str(tmp_path)) as process:
        assert process.stdout is not None
        deaths = [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    assert len(deaths) > 100
    assert [death["killed"] for death in deaths] == [True] * (len(deaths) - 1) + [False]
    assert {death["done"] for death in deaths} == set(range(len(expected)))
    for death in deaths:
        database = Database(Path(death["database"]))
        assert database.check() == "ok"
        found = seen(SqliteQueue(database))
        database.close()
        assert found in expected[death["done"] : death["done"] + 2], f"killed at statement {death['statement']}"


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_killed_again_and_again_nothing_is_lost_and_nothing_runs_twice_unsaid(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "state.db"
    added: set[int] = set()
    finished: set[int] = set()
    runs: Counter[tuple[int, int]] = Counter()
    generations = 12 if seed == 1 else 200
    for generation in range(1, generations + 1):
        with child("work", str(path), str(generation)) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(chance.randrange(1, 60))]
            process.kill()
            # What stands in the pipe's buffer was said before the end too, so nothing that was durable is missed.
            said += process.stdout.read().splitlines()
        for line in said:
            note(line, added, finished, runs)
    database = Database(path)
    queue = SqliteQueue(database)
    assert database.check() == "ok"
    queue.rescue(now=1e9, everything=True)
    while job := queue.claim(now=1e9, lease=60.0):
        runs[job.id, job.attempt] += 1
        queue.succeed(job, now=1e9)
    jobs = {job.id: job for job in queue.jobs(limit=1_000_000)}
    database.close()
    assert added <= set(jobs)
    assert {job.state for job in jobs.values()} == {State.SUCCEEDED}
    assert added <= {job for job, _ in runs}
    assert max(runs.values()) == 1


def note(line: bytes, added: set[int], finished: set[int], runs: Counter[tuple[int, int]]) -> None:
    try:
        said = json.loads(line)
    except ValueError:  # the line it was killed in
        return
    added.update(said.get("added", ()))
    if "run" in said:
        assert said["run"][0] not in finished
        runs[said["run"][0], said["run"][1]] += 1
    if "finished" in said:
        finished.add(said["finished"])
