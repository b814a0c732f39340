"""What cannot be watched, a source that dies or goes deaf, and what the status says."""

from __future__ import annotations

import errno
import os

import pytest

from daemon.watch.inotify import InotifyLine, InotifySource
from daemon.watch.scanned import ScannedSource


class Limited(InotifySource):
    """A kernel with room for a few watches."""

    room = 3

    def line(self, box, root):
        line = super().line(box, root)
        watch = line.watch

        def limited(absolute, key):
            if self.room <= 0:
                raise OSError(errno.ENOSPC, "inotify watch limit reached")
            self.room -= 1
            return watch(absolute, key)

        line.watch = limited
        return line


def test_directories_beyond_the_limit_are_said_with_the_remedy_and_scanned(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.SCAN", 0.2)
    for number in range(6):
        bench.write(f"d{number}/a.txt")
    bench.start(source=lambda probes, inbox: Limited(probes, inbox.wake))
    status = bench.watch.status()
    assert status.directories == 3
    assert len(status.unwatched) == 4
    assert "max_user_watches" in status.unwatched[0].remedy
    for number in range(6):
        bench.write(f"d{number}/a.txt", "more")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 6)
    assert bench.told() == [(f"d{number}/a.txt", "modified", "edit") for number in range(6)]


def test_a_limit_that_was_raised_is_noticed(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.SCAN", 0.1)
    for number in range(6):
        bench.write(f"d{number}/a.txt")
    sources = []

    def open_limited(probes, inbox):
        sources.append(Limited(probes, inbox.wake))
        return sources[-1]

    bench.start(source=open_limited)
    sources[0].room = 1000
    while bench.watch.status().unwatched:
        bench.watch.wait_idle(0.05)
    assert bench.watch.status().directories == 7


def test_a_system_without_an_instance_to_spare_is_scanned_and_said(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.SCAN", 0.1)
    bench.write("d/a.txt")
    bench.start(source=lambda *_: ScannedSource(OSError(errno.EMFILE, "inotify instance limit reached")))
    (unwatched,) = bench.watch.status().unwatched
    assert "max_user_instances" in unwatched.remedy
    bench.write("d/a.txt", "more")
    bench.write("e/b.txt")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 2)
    assert bench.told() == [("d/a.txt", "modified", "edit"), ("e/b.txt", "created", "edit")]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_directory_that_may_not_be_read_is_said(bench):
    bench.write("d/a.txt")
    (bench.root / "d").chmod(0)
    bench.start()
    (unwatched,) = bench.watch.status().unwatched
    (bench.root / "d").chmod(0o700)
    assert "permission" in unwatched.reason


@pytest.mark.parametrize("how", ["dies", "goes deaf"])
def test_a_source_that_stops_listening_is_replaced_and_nothing_is_lost(bench, monkeypatch, how):
    monkeypatch.setattr("daemon.watch.watch.TICK", 0.3)
    monkeypatch.setattr("daemon.watch.watch.PROBE_WAIT", 0.5)
    bench.write("d/a.txt")
    sources = []

    def open_source(probes, inbox):
        sources.append(InotifySource(probes, inbox.wake))
        return sources[-1]

    bench.start(source=open_source)
    bench.told()
    if how == "dies":
        sources[0]._inotify.close()
        sources[0]._observer.stop()
    else:
        sources[0]._inotify.handle_event = lambda event: None
    bench.write("d/a.txt", "more")
    bench.write("e/b.txt")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 2)
    assert len(sources) == 2
    assert sorted(change.path for change in bench.sink.take()) == ["d/a.txt", "e/b.txt"]
    bench.write("e/b.txt", "more")
    assert bench.told() == [("e/b.txt", "modified", "edit")]
    assert bench.watch.status().alive
    assert not bench.watch.status().deaf


def test_a_callback_that_fails_costs_a_comparison_and_not_the_reader(bench, monkeypatch):
    bench.start()
    original = InotifyLine.watch
    box = next(iter(bench.watch._workspaces.values())).box
    name = box.name
    failures = []

    def failing(*arguments, **options):
        if not failures:
            failures.append(1)
            raise KeyError("no such thing")
        name(*arguments, **options)

    monkeypatch.setattr(box, "name", failing)
    bench.write("a.txt")
    assert bench.told() == [("a.txt", "created", "edit")]
    assert failures
    assert original is InotifyLine.watch


def test_a_turn_that_fails_is_made_up_for(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.TROUBLE", 0.1)
    bench.start()
    workspace = next(iter(bench.watch._workspaces.values()))
    take, failures = workspace.take_hints, []

    def failing(hints, now):
        if not failures:
            failures.append(1)
            raise RuntimeError("a fault")
        take(hints, now)

    monkeypatch.setattr(workspace, "take_hints", failing)
    bench.write("a.txt")
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("a.txt", "created", "edit")]


def test_a_gap_between_the_clocks_means_a_comparison(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.TICK", 0.2)
    bench.start()
    box = next(iter(bench.watch._workspaces.values())).box
    monkeypatch.setattr(box, "name", lambda *a, **k: None)
    while bench.watch._offset is None:
        bench.watch.wait_idle(0.1)
    bench.write("a.txt")
    bench.watch._offset -= 100
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("a.txt", "created", "catch-up")]


def test_an_idle_watch_rests(bench):
    bench.start()
    bench.told()
    turns = []
    work = bench.watch._work
    bench.watch._work = lambda: turns.append(1) or work()
    bench.watch.wait_idle(10)
    turns.clear()
    assert bench.watch._patience() > 30
    assert not turns


def test_a_file_system_that_keeps_silent_is_recognised_said_and_scanned(bench, monkeypatch):
    mountinfo = bench.home / "mountinfo"
    point = str(bench.root / "far").replace("t", "\\164")
    mountinfo.write_text(
        "21 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
        f"22 21 0:40 / {point} rw shared:7 - fuse.sshfs far: rw\n"
        "23 21 0:41 / /somewhere/else rw - nfs4 far: rw\n"
    )
    monkeypatch.setattr("daemon.watch.mounts.MOUNTINFO", mountinfo)
    monkeypatch.setattr("daemon.watch.watch.SCAN", 0.1)
    bench.write("far/d/a.txt")
    bench.write("near/a.txt")
    bench.start()
    (unwatched,) = bench.watch.status().unwatched
    assert unwatched.path.endswith("/far")
    assert "fuse.sshfs" in unwatched.reason
    assert bench.watch.status().directories == 2
    bench.write("far/d/a.txt", "more")
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("far/d/a.txt", "modified", "edit")]


def test_one_file_the_sink_cannot_bear_does_not_hold_up_the_rest(bench):
    bench.start()
    accept = bench.sink.accept

    def picky(workspace, news):
        if any(item.entry.path == "bad.txt" for item in news):
            raise ValueError("cannot bear it")
        accept(workspace, news)

    bench.sink.accept = picky
    for number in range(20):
        bench.write(f"{number}.txt")
    bench.write("bad.txt")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 20)
    assert "bad.txt" not in bench.ledger.entries(bench.root)
    assert bench.watch.status().pending == 1


def test_what_lies_in_a_directory_that_cannot_be_read_is_unknown_and_not_gone(bench, monkeypatch):
    bench.write("d/a.txt")
    bench.start()
    bench.told()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("/d"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    bench.watch.catch_up()
    assert bench.told() == []
    (unwatched,) = bench.watch.status().unwatched
    assert unwatched.reason == "permission denied"
    monkeypatch.undo()
    bench.watch.catch_up()
    assert bench.told() == []
    assert bench.watch.status().unwatched == ()


def test_a_lock_that_ended_unseen_holds_nothing_for_long(bench):
    bench.git("init", "-q")
    bench.start()
    lock = bench.root / ".git/index.lock"
    box = next(iter(bench.watch._workspaces.values())).box
    lock.touch()
    while not box.locks:
        bench.watch.wait_idle(0.05)
    name, box.git = box.git, lambda *a, **k: None
    lock.unlink()
    bench.watch.wait_idle(0.1)
    box.git = name
    box.lose()
    bench.write("a.txt")
    assert bench.told() == [("a.txt", "created", "edit")]
    assert box.locks == frozenset()
