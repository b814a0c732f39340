"""The source for systems without inotify, here over the Observer this system has."""

from __future__ import annotations

from daemon.watch.observed import ObservedSource


def test_the_same_ledger_stands_behind_another_source(bench):
    bench.write("d/known.txt")
    bench.start(source=lambda _, inbox: ObservedSource(inbox.wake))
    with bench.held():  # this source tells of a file being emptied as well as of its new text
        bench.write("d/known.txt", "more")
        bench.write("d/new.txt")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 2)
    assert bench.told() == [("d/known.txt", "modified", "edit"), ("d/new.txt", "created", "edit")]
    (bench.root / "d").rename(bench.root / "e")
    bench.sink.wait_for(lambda: len(bench.sink.news) == 4)
    assert [change[:2] for change in bench.told()] == [
        ("d/known.txt", "deleted"),
        ("d/new.txt", "deleted"),
        ("e/known.txt", "created"),
        ("e/new.txt", "created"),
    ]
    (bench.root / "e/new.txt").unlink()
    bench.sink.wait_for(lambda: bench.sink.news)
    assert bench.told() == [("e/new.txt", "deleted", "edit")]
    assert bench.watch.status().alive
