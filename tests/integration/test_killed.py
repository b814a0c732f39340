"""kill -9 at random moments: nothing accepted is lost, and nothing runs twice without its attempt saying so."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import eventually

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

HOOKS = """
hooks:
  - name: Note
    trigger: [file_created, file_modified]
    pattern: 'src/**'
    command: 'true'
    settle: 50ms
    limits: {runs_per_hour: 1000000}
limits: {runs_per_hour: 1000000}
"""


def _storm(machine: Machine, *, files: int, seed: int, done: threading.Event) -> None:
    """Create files and save each of them again, a few at a time, for as long as there are kills to come."""
    chance = random.Random(seed)
    for number in range(files):
        machine.write(f"src/d{number % 17}/f{number}.ts", f"first {number}\n")
        if number % 3 == 0:
            again = chance.randrange(number + 1)
            machine.write(f"src/d{again % 17}/f{again}.ts", f"again {number} {again}\n")
        if number % 20 == 0:
            time.sleep(chance.random() / 20)  # spread over the kills
    done.set()


def _start(machine: Machine) -> subprocess.Popen[bytes]:
    with (machine.home / "daemon.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", str(machine.root)], env=machine.env, stderr=log, cwd=machine.home
        )


def _kill_at_random(machine: Machine, *, kills: int, seed: int, done: threading.Event) -> int:
    chance, count = random.Random(seed), 0
    while count < kills or not done.is_set():
        daemon = _start(machine)
        try:
            daemon.wait(0.1 + chance.random() * 1.2)
            pytest.fail(f"the daemon ended by itself: {(machine.home / 'daemon.log').read_text()[-3000:]}")
        except subprocess.TimeoutExpired:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            count += 1
    return count


def _storm_and_kills(machine: Machine, *, files: int, kills: int, seed: int) -> None:
    machine.hooks(HOOKS)
    machine.trust()
    machine.work()
    done = threading.Event()
    storm = threading.Thread(target=_storm, args=(machine,), kwargs={"files": files, "seed": seed, "done": done})
    storm.start()
    killed = _kill_at_random(machine, kills=kills, seed=seed, done=done)
    storm.join()
    with machine.daemon():
        eventually(lambda: _finished(machine), what="the queue to be empty", patience=1800)
    assert killed >= kills
    _nothing_lost(machine, files)


def _finished(machine: Machine) -> bool:
    status = machine.status()
    return not status["queue"]["waiting"] and not status["queue"]["running"] and not status["watch"]["pending"]


def _nothing_lost(machine: Machine, files: int) -> None:
    reports = machine.reports()
    seen = {(change["path"], change["sha256"]) for report in reports for change in report["changes"]}
    content = {
        file.relative_to(machine.root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (machine.root / "src").rglob("*.ts")
    }
    assert len(content) == files
    assert sorted(item for item in content.items() if item not in seen) == []
    runs = Counter((report["job"], report["attempt"]) for report in reports)
    assert [run for run, count in runs.items() if count > 1] == []
    twice = Counter(report["job"] for report in reports if report["outcome"] == "succeeded")
    assert [job for job, count in twice.items() if count > 1] == []
    database = sqlite3.connect(machine.paths.database)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM jobs WHERE state = 'running'").fetchall() == [(0,)]
    finally:
        database.close()
    assert machine.json("report", "--verify")["ok"] is True


def test_a_daemon_killed_now_and_then_loses_nothing(machine: Machine) -> None:
    _storm_and_kills(machine, files=60, kills=6, seed=int(os.environ.get("SEED", "1")))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_daemon_killed_200_times_while_2000_files_are_saved_loses_nothing(machine: Machine) -> None:
    _storm_and_kills(machine, files=2000, kills=200, seed=int(os.environ.get("SEED", "2")))
