"""Floods, overflows and files that are written slowly."""

from __future__ import annotations

import os
import random
import shutil
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from daemon.watch.content import being_written
from daemon.watch.inotify import InotifySource


def test_after_lost_events_every_file_s_final_state_is_told_once(started):
    for number in range(30):
        started.write(f"d{number % 3}/{number}.txt")
    started.told()
    box = started.workspace.box
    with started.held():
        started.write("d0/0.txt", "new")
        (started.root / "d1/1.txt").unlink()
        started.write("fresh/deep/a.txt")
        (started.root / "d2").rename(started.root / "e2")
        os.mkdir(started.root / "d2")
        started.read()
        box.take()
        box.lose()
    told = started.told()
    moved = [f"{number}.txt" for number in range(30) if number % 3 == 2]
    assert told == sorted(
        [("d0/0.txt", "modified", "edit"), ("d1/1.txt", "deleted", "edit"), ("fresh/deep/a.txt", "created", "edit")]
        + [(f"d2/{name}", "deleted", "edit") for name in moved]
        + [(f"e2/{name}", "created", "edit") for name in moved]
    )
    assert started.watch.status().overflows == 1
    started.write("d2/again.txt")
    started.write("e2/again.txt")
    assert started.told() == [("d2/again.txt", "created", "edit"), ("e2/again.txt", "created", "edit")]


def test_a_kernel_queue_that_overflows_loses_nothing(bench):
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 20_000:
        pytest.skip("the queue of this system is too long for a test")
    read = threading.Event()
    read.set()

    class SlowSource(InotifySource):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            handle = self._inotify.handle_event
            self._inotify.handle_event = lambda event: (read.wait(bench.deadline), handle(event))

    bench.start(source=lambda probes, inbox: SlowSource(probes, inbox.wake))
    read.clear()
    for _ in range(limit // 2 + 1500):
        for name in ("a.txt", "b.txt"):
            os.close(os.open(bench.root / name, os.O_WRONLY | os.O_CREAT))
    for number in range(300):
        bench.write(f"{number}.txt", str(number))
    read.set()
    expected = ["a.txt", "b.txt"] + [f"{number}.txt" for number in range(300)]
    assert [path for path, _, _ in bench.told()] == sorted(expected)
    assert bench.watch.status().overflows >= 1
    bench.write("1.txt", "after")
    assert bench.told() == [("1.txt", "modified", "edit")]


def test_an_install_storm_hides_no_save(started, storm_of):
    def install(step):
        for top in ("node_modules", "src"):
            base = started.root / top / f"p{step % 20}"
            for part in range(3):
                (base / f"s{part}").mkdir(parents=True, exist_ok=True)
                for file in range(5):
                    (base / f"s{part}" / f"{file}.js").write_text("x")
            shutil.rmtree(base)

    with storm_of(install) as storm:
        for number in range(60):
            storm.reached(number)
            started.write(f"hand/{number}.txt")
    for number in range(60, 120):
        started.write(f"hand/{number}.txt")
    assert started.told() == sorted((f"hand/{number}.txt", "created", "edit") for number in range(120))


@pytest.mark.parametrize("seed", range(3))
def test_directories_moved_in_and_out_at_random_never_stop_the_reader(started, tmp_path, seed):
    chance = random.Random(seed)
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(6):
        started.write(f"t{number}/a/b/{number}.txt", str(number))
    places = [started.root, started.root / "x", started.root / "x/y", outside]
    (started.root / "x/y").mkdir(parents=True)
    for _ in range(150):
        source, target = chance.choice(places), chance.choice(places)
        names = [entry for entry in os.listdir(source) if entry.startswith("t")]
        if names:
            name = chance.choice(names)
            if not (target / name).exists():
                (source / name).rename(target / name)
    started.settle()
    assert started.watch.status().alive
    standing = {str(file.relative_to(started.root)) for file in started.root.rglob("*.txt")}
    assert set(started.ledger.entries(started.root)) == standing
    for path in standing:
        started.write(path, "by hand")
    assert started.told() == sorted((path, "modified", "edit") for path in standing)


@pytest.fixture
def leases(started):
    """Where the kernel gives no leases, a file may count as done that is still being written."""
    with (started.root / "held.open").open("w"):
        if being_written(str(started.root), "held.open") is None:
            pytest.skip("this file system tells nobody who writes a file")


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize("directory", ["", "new/"], ids=["in the root", "in a directory just made"])
def test_a_file_written_slowly_is_one_change_when_it_is_whole(bench, monkeypatch, suffix_plan, directory):
    """Each sentinel is told once the open file has been looked at, its settle time and its bound behind it."""
    monkeypatch.setattr("daemon.watch.examine.OPEN_LOOK", 0.01)
    bench.plan.times = (0.05, 0.05)
    if directory:
        (bench.root / directory).mkdir()
    file = bench.root / directory / "big.txt"
    with file.open("w") as stream:
        for number in range(4):
            stream.write("part\n")
            stream.flush()
            assert bench.told_before(f"{directory}{number}.txt") == [f"{directory}{number}.txt"]
    (change,) = bench.settle()
    assert (change.path, change.kind) == (f"{directory}big.txt", "created")
    assert file.stat().st_size == bench.ledger.get(bench.root, f"{directory}big.txt").size


def test_a_file_that_is_saved_without_pause_is_told_at_its_bound_and_at_its_end(bench, storm_of):
    """Quiet takes an hour here: what is told during the saves is told at the bound."""
    bench.plan.times = (3600.0, 0.3)
    bench.start()
    with storm_of(lambda step: bench.write("a.txt", str(step))):
        bench.sink.wait_for(lambda: len(bench.sink.news) >= 3)
    bench.plan.times = (0.05, 0.3)
    bench.write("a.txt", "the end")
    told = bench.settle()
    assert {change.path for change in told} == {"a.txt"}
    assert told[-1].sha256 == sha256(b"the end").hexdigest()


def test_a_file_that_is_saved_again_and_again_waits_for_its_quiet_and_not_for_that_of_others(bench):
    bench.plan.settle = lambda path: (3600.0, 3600.0) if path == "a.txt" else (0.05, 0.05)
    bench.start()
    for number in range(3):
        bench.write("a.txt", str(number))
        assert bench.told_before(f"{number}.txt") == [f"{number}.txt"]
    bench.plan.settle = lambda _: (0.05, 0.05)
    bench.write("a.txt", "the end")
    assert bench.told() == [("a.txt", "created", "edit")]
