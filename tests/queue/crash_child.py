"""A process that works on a queue and dies. Run as a program; says on stdout what was durable, a line each.

``at DIRECTORY``: dies once at each SQL statement of a fixed piece of work, on a fresh database each time.
``work DATABASE GENERATION``: works without end, until somebody kills it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from daemon.job import Job, NewJob
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from hooks.model import Cause, Change, ChangeKind


def new(path: str, **more: Any) -> NewJob:
    change = Change(path=path, kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="1")
    return NewJob(workspace="/w", hook="h", hook_digest="d", changes=(change,), max_failures=2, **more)


def steps(queue: Any) -> Any:
    """A piece of work that touches every transition; yields after each call. The same for any queue."""
    held: dict[str, Job] = {}

    def claim(name: str, now: float) -> None:
        job = queue.claim(now=now, lease=5.0)
        assert job is not None
        held[name] = job

    calls = [
        lambda: queue.add([new("a"), new("b"), new("c")], now=1.0),
        lambda: claim("a", 1.0),
        lambda: queue.add([new("b"), new("a")], now=2.0),  # supersedes b, waits behind a
        lambda: queue.succeed(held["a"], now=3.0),
        lambda: claim("c", 3.0),
        lambda: queue.back_off(held["c"], now=4.0, until=4.0, reason="no"),
        lambda: claim("c", 5.0),
        lambda: queue.renew(held["c"], until=50.0),
        lambda: queue.back_off(held["c"], now=6.0, until=6.0, reason="no"),  # a dead letter
        lambda: queue.retry(held["c"].id, now=7.0),
        lambda: claim("c", 7.0),
        lambda: queue.add([new("c")], now=8.0),
        lambda: queue.put_back(held["c"], now=9.0),  # gives way to the newer one
        lambda: claim("b", 9.0),
        lambda: queue.rescue(now=9.0, everything=True),
        lambda: queue.cancel_where(workspace="/w", now=10.0, reason="gone"),
        lambda: queue.forget(before=5.0, keep_failed_before=5.0),
    ]
    for call in calls:
        call()
        yield


def say(**fields: Any) -> None:
    os.write(1, json.dumps(fields).encode() + b"\n")


def die_at(statement: int, path: Path) -> bool:
    """Work until the given SQL statement is about to run, then be gone. ``False`` when there are not so many."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        database = Database(path)
        database.query("PRAGMA synchronous = OFF")  # a killed process loses no page that it has written
        left = statement

        def count(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        queue = SqliteQueue(database)
        database._connection.set_trace_callback(count)
        for _ in steps(queue):
            os.write(write, b".")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        done = len(pipe.read())
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    say(statement=statement, done=done, killed=killed, database=str(path))
    return killed


def work(path: Path, generation: int) -> None:
    """Add, claim, run and finish; ``run`` is said before a job is finished, as a report is written before it."""
    chance = random.Random(generation)
    queue = SqliteQueue(Database(path))
    queue.rescue(now=float(generation), everything=True)
    number = 0
    while True:
        now = generation + number / 1e6
        number += 1
        if chance.random() < 0.5:
            added = queue.add([new(f"{generation}-{number}-{each}", coalesce=False) for each in range(2)], now=now)
            say(added=[job.id for job in added])
            continue
        job = queue.claim(now=now, lease=60.0)
        if job is None:
            continue
        say(run=[job.id, job.attempt])
        how = chance.choice(["succeed", "succeed", "back_off", "put_back"])
        if how == "succeed":
            queue.succeed(job, now=now)
            say(finished=job.id)
        elif how == "back_off" and job.failures == 0:
            queue.back_off(job, now=now, until=now, reason="no")
        else:
            queue.put_back(job, now=now)


if __name__ == "__main__":
    if sys.argv[1] == "at":
        folder, statement = Path(sys.argv[2]), 1
        empty = Database(folder / "empty.db")
        SqliteQueue(empty)
        empty.close()
        while die_at(statement, shutil.copyfile(folder / "empty.db", folder / f"{statement}.db")):
            statement += 1
    else:
        work(Path(sys.argv[2]), int(sys.argv[3]))
