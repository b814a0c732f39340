"""What the queue does in a second, and what a user would pick instead does in the same run.

    .venv/bin/python benchmarks/queue/queue_speed.py [--jobs 5000] [--directory DIR]

Each job is claimed and finished in two durable transactions. A peer that is not installed is skipped; to have them:
``pip install litequeue persist-queue`` into an environment, and run this file with that environment's
``site-packages`` on PYTHONPATH. Read the ratios: fsync is most of it, and differs from disk to disk.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.job import NewJob
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def new(number: int) -> NewJob:
    change = Change(path=f"src/functions/f{number}.ts", kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="ab" * 32)
    return NewJob(workspace="/home/dev/shop", hook="review", hook_digest="d", changes=(change,), max_failures=3)


@contextlib.contextmanager
def fresh(directory: str | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        yield Path(folder)


def show(what: str, count: int, seconds: float, remark: str = "") -> None:
    print(f"{what:<58}{count / seconds:>10,.0f} /s   {remark}", flush=True)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_fsync(directory: Path) -> None:
    descriptor = os.open(directory / "file", os.O_CREAT | os.O_WRONLY)

    def work() -> None:
        for _ in range(300):
            os.write(descriptor, b"x" * 4096)
            os.fsync(descriptor)

    show("the disk: append 4 KiB and fsync", 300, timed(work))
    os.close(descriptor)


def ours(directory: Path, jobs: int, *, synchronous: str) -> None:
    database = Database(directory / f"{synchronous}.db")
    database.query(f"PRAGMA synchronous = {synchronous}")
    queue = SqliteQueue(database)

    def add() -> None:
        for start in range(0, jobs, 100):
            queue.add([new(number) for number in range(start, min(start + 100, jobs))], now=1.0)

    def work() -> None:
        for _ in range(min(jobs, 2000)):
            job = queue.claim(now=2.0, lease=60.0)
            assert job is not None
            queue.succeed(job, now=3.0)

    show(f"kiro-hookd, add in hundreds, {synchronous}", jobs, timed(add))
    show(f"kiro-hookd, claim + finish, {synchronous}", min(jobs, 2000), timed(work))
    database.close()


def among_many(directory: Path) -> None:
    """A claim among 100,000 waiting jobs, and beside 100,000 that are not due."""
    for name, not_before in (("waiting", 0.0), ("held back", 1e12)):
        database = Database(directory / f"{name}.db")
        database.query("PRAGMA synchronous = OFF")
        queue = SqliteQueue(database)
        many = [
            NewJob(
                workspace="/w", hook="h", hook_digest="d", max_failures=1, not_before=not_before, changes=new(n).changes
            )
            for n in range(100_000)
        ]
        for start in range(0, len(many), 5000):
            queue.add(many[start : start + 5000], now=0.0)
        queue.add([new(200_000 + number) for number in range(300)], now=0.0)
        queue.claim(now=1.0, lease=60.0)
        samples = [timed(lambda queue=queue: queue.claim(now=1.0, lease=60.0)) * 1e6 for _ in range(200)]
        looks = [timed(lambda queue=queue: (queue.next_due(now=1.0), queue.counts())) * 1e3 for _ in range(5)]
        print(
            f"{f'kiro-hookd, one claim beside 100,000 {name}, no fsync':<58}{statistics.median(samples):>10,.0f} us"
            f"   status query {statistics.median(looks):.1f} ms",
            flush=True,
        )
        database.close()


def peer_litequeue(directory: Path, jobs: int) -> None:
    from litequeue import LiteQueue

    queue = LiteQueue(str(directory / "litequeue.db"))

    def work() -> None:
        for _ in range(jobs):
            message = queue.pop()
            assert message is not None
            queue.done(message.message_id)

    show("litequeue, put one by one", jobs, timed(lambda: [queue.put(str(number)) for number in range(jobs)]))
    with contextlib.suppress(AttributeError):
        level = queue.conn.execute("PRAGMA synchronous").fetchone()[0]
    show("litequeue, pop + done", jobs, timed(work), f"synchronous = {level}, no order per file, no leases")


def peer_persist_queue(directory: Path, jobs: int) -> None:
    from persistqueue import SQLiteAckQueue

    queue = SQLiteAckQueue(str(directory / "persist"), auto_commit=True, multithreading=True)

    def work() -> None:
        for _ in range(jobs):
            queue.ack(queue.get())

    show(
        "persist-queue (ack queue), put one by one", jobs, timed(lambda: [queue.put(number) for number in range(jobs)])
    )
    show("persist-queue (ack queue), get + ack", jobs, timed(work), "no order per file, no leases")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--directory", help="where the files go; the disk that is measured")
    options = parser.parse_args()
    with fresh(options.directory) as directory:
        bare_fsync(directory)
        for synchronous in ("FULL", "NORMAL", "OFF"):
            ours(directory, options.jobs, synchronous=synchronous)
        among_many(directory)
        for peer in (peer_litequeue, peer_persist_queue):
            try:
                peer(directory, min(options.jobs, 1000))
            except ImportError as error:
                print(f"{peer.__name__}: skipped, {error}")


if __name__ == "__main__":
    main()
