"""Floods, overflows and files that are written slowly."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from pathlib import Path

import pytest

from daemon.watch.inotify import InotifySource


def test_after_lost_events_every_file_s_final_state_is_told_once(started):
    for number in range(30):
        started.write(f"d{number % 3}/{number}.txt")
    started.told()
    workspace = next(iter(started.watch._workspaces.values()))
    gate = _Gate(started.watch)
    with gate:
        started.write("d0/0.txt", "new")
        (started.root / "d1/1.txt").unlink()
        started.write("fresh/deep/a.txt")
        (started.root / "d2").rename(started.root / "e2")
        os.mkdir(started.root / "d2")
        workspace.box.take()
        workspace.box.lose()
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


class _Gate:
    """Stops the watch's thread inside a turn."""

    def __init__(self, watch):
        self.watch, self.reached, self.open = watch, threading.Event(), threading.Event()

    def __enter__(self):
        self.watch._call(lambda: (self.reached.set(), self.open.wait(30)))
        assert self.reached.wait(30)

    def __exit__(self, *_):
        self.open.set()


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
            self._inotify.handle_event = lambda event: (read.wait(60), handle(event))

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


def test_an_install_storm_hides_no_save(started):
    stop = threading.Event()

    def storm():
        number = 0
        while not stop.is_set():
            number += 1
            for top in ("node_modules", "src"):
                base = started.root / top / f"p{number % 20}"
                for part in range(3):
                    (base / f"s{part}").mkdir(parents=True, exist_ok=True)
                    for file in range(5):
                        (base / f"s{part}" / f"{file}.js").write_text("x")
                shutil.rmtree(base)

    thread = threading.Thread(target=storm)
    thread.start()
    for number in range(60):
        started.write(f"hand/{number}.txt")
    stop.set()
    thread.join()
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


def test_a_file_written_slowly_is_one_change_when_it_is_whole(started):
    file = started.root / "big.txt"
    with file.open("w") as stream:
        for _ in range(4):
            stream.write("part\n")
            stream.flush()
            time.sleep(0.3)  # longer than the settle time, that is the point
            assert started.sink.take() == []
    (change,) = started.settle()
    assert change.kind == "created"
    assert file.stat().st_size == started.ledger.get(started.root, "big.txt").size


def test_a_slow_file_in_a_directory_that_was_just_made_is_one_change_as_well(started):
    (started.root / "new").mkdir()
    with (started.root / "new/big.txt").open("w") as stream:
        for _ in range(3):
            stream.write("part\n")
            stream.flush()
            time.sleep(0.3)  # longer than the settle time, that is the point
            assert started.sink.take() == []
    assert started.told() == [("new/big.txt", "created", "edit")]


def test_a_file_that_is_saved_without_pause_is_told_at_its_bound_and_at_its_end(bench, suffix_plan):
    bench.start(suffix_plan(settle=(0.2, 0.5)))
    end = time.monotonic() + 1.5
    number = 0
    while time.monotonic() < end:
        number += 1
        bench.write("a.txt", str(number))
    assert 2 <= len(bench.settle()) <= 9
    assert (bench.root / "a.txt").read_text() == str(number)
