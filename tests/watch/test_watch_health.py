"""What cannot be watched, a source that dies or goes deaf, and what the status says."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from daemon.watch.inotify import InotifySource
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
    bench.until(lambda: not bench.watch.status().unwatched)
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


def test_a_directory_that_may_not_be_read_is_said(bench):
    bench.write("d/a.txt")
    (bench.root / "d").chmod(0)
    if os.access(bench.root / "d", os.R_OK):
        pytest.skip("nothing is forbidden to root")
    bench.start()
    (unwatched,) = bench.watch.status().unwatched
    (bench.root / "d").chmod(0o700)
    assert "permission" in unwatched.reason


@pytest.mark.parametrize("how", ["dies", "goes deaf"])
def test_a_source_that_stops_listening_is_replaced_and_nothing_is_lost(bench, monkeypatch, how):
    monkeypatch.setattr("daemon.watch.watch.PROBE_WAIT", bench.deadline)
    bench.write("d/a.txt")
    sources = []

    def open_source(probes, inbox):
        sources.append(InotifySource(probes, inbox.wake))
        return sources[-1]

    bench.start(source=open_source)
    bench.told()
    if how == "dies":
        sources[0].stop()
        assert not sources[0].alive()
    else:
        sources[0]._inotify.handle_event = lambda event: None
    probe = sources[0].probe
    monkeypatch.setattr(sources[0], "probe", lambda _: probe(0.1))  # it would be in vain however long it is waited
    bench.write("d/a.txt", "more")
    bench.write("e/b.txt")
    bench.watch._call(lambda: setattr(bench.watch, "_tick_at", 0.0))
    bench.sink.wait_for(lambda: len(bench.sink.news) == 2)
    assert len(sources) == 2
    assert bench.told() == [("d/a.txt", "modified", "edit"), ("e/b.txt", "created", "edit")]
    bench.write("e/b.txt", "more")
    assert bench.told() == [("e/b.txt", "modified", "edit")]
    assert bench.watch.status().alive
    assert not bench.watch.status().deaf


def test_a_callback_that_fails_costs_a_comparison_and_not_the_reader(bench, monkeypatch):
    bench.start()
    box = bench.workspace.box
    name = box.name
    failures = []

    def failing(*arguments, **options):
        if not failures:
            failures.append(1)
            raise KeyError("no such thing")
        name(*arguments, **options)

    monkeypatch.setattr(box, "name", failing)
    bench.move_in("a.txt")
    assert bench.told() == [("a.txt", "created", "edit")]
    assert failures


def test_a_turn_that_fails_is_made_up_for(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.TROUBLE", 0.1)
    bench.start()
    workspace = bench.workspace
    take, failures = workspace.take_hints, []

    def failing(hints, now):
        if not failures:
            failures.append(1)
            raise RuntimeError("a fault")
        take(hints, now)

    monkeypatch.setattr(workspace, "take_hints", failing)
    bench.move_in("a.txt")
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("a.txt", "created", "edit")]
    assert failures


def test_a_gap_between_the_clocks_means_a_comparison(bench, monkeypatch):
    monkeypatch.setattr("daemon.watch.watch.TICK", 0.2)
    bench.start()
    box = bench.workspace.box
    monkeypatch.setattr(box, "name", lambda *a, **k: None)
    bench.until(lambda: bench.watch._offset is not None)
    bench.write("a.txt")
    bench.watch._call(lambda: setattr(bench.watch, "_offset", bench.watch._offset - 100))
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("a.txt", "created", "catch-up")]


def test_an_idle_watch_rests(started):
    rests = threading.Event()
    wait = started.watch._inbox.wait
    started.watch._inbox.wait = lambda seconds: (rests.set() if seconds > 30 else None, wait(seconds))
    started.write("a.txt")
    assert started.told() == [("a.txt", "created", "edit")]
    rests.clear()
    started.watch._inbox.wake()
    assert rests.wait(started.deadline)


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
    bench.until(lambda: bench.watch.status().pending == 1)
    assert "bad.txt" not in bench.ledger.entries(bench.root)


def test_what_lies_in_a_directory_that_cannot_be_read_is_unknown_and_not_gone(bench, monkeypatch):
    bench.write("d/a.txt")
    bench.start()
    bench.told()

    def refusing(call, where):
        def refused(path, *arguments, **options):
            if str(path).startswith(where):
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return call(path, *arguments, **options)

        return refused

    monkeypatch.setattr(os, "scandir", refusing(os.scandir, f"{bench.root}/d"))
    monkeypatch.setattr(os, "lstat", refusing(os.lstat, f"{bench.root}/d/"))
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
    box = bench.workspace.box
    lock.touch()
    bench.read()
    assert box.locks
    tell, box.git = box.git, lambda *a, **k: None
    lock.unlink()
    bench.read()
    assert box.locks
    box.git = tell
    box.lose()
    bench.write("a.txt")
    assert bench.told() == [("a.txt", "created", "edit")]
    assert box.locks == frozenset()
