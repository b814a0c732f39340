"""Waiting for quiet, and the verdict after it: pure values."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from daemon.watch.ledger import Stat
from daemon.watch.port import Entry
from daemon.watch.settle import Settling
from daemon.watch.verdict import Seen, verdict
from hooks.model import Cause

STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 3), st.booleans()), max_size=40)


@given(steps=STEPS)
@example(steps=[("a", 0.9, False)] * 9)
@example(steps=[("a", 0.9, False), ("b", 0.0, False)] * 9)
def test_every_noted_file_is_taken_once_when_quiet_or_at_its_bound(steps):
    settling, now = Settling(), 0.0
    first, last = {}, {}
    for path, wait, _ in steps:
        now += wait
        for taken, _waiting in settling.take(now, 10):
            assert now >= min(last[taken] + 1.0, first[taken] + 4.0) - 1e-9
            del first[taken], last[taken]
        settling.note(path, now, (1.0, 4.0))
        first.setdefault(path, now)
        last[path] = now
        due = settling.next()
        assert due is not None
        assert due <= min(max(min(last[p] + 1.0, first[p] + 4.0), last[p]) for p in first) + 1e-9
    assert sorted(path for path, _ in settling.take(now + 5, 10)) == sorted(first)
    assert settling.next() is None


@given(steps=STEPS)
def test_a_file_put_back_is_not_lost_however_it_is_noted_then(steps):
    settling, now = Settling(), 0.0
    noted = set()
    for path, wait, back in steps:
        now += wait
        for taken, waiting in settling.take(now, 10):
            noted.discard(taken)
            if back:
                settling.put_back(taken, waiting, now + 20)
                noted.add(taken)
        settling.note(path, now, (1.0, 4.0))
        noted.add(path)
    assert {path for path, _ in settling.take(now + 100, 10)} == noted


def test_no_more_than_asked_for_is_taken():
    settling = Settling()
    for path in "abc":
        settling.note(path, 0.0, (1.0, 4.0))
    assert len(settling.take(2.0, 2)) == 2
    assert len(settling) == 1


def seen(text="x" * 64, size=1, mtime=1):
    return Seen(stat=Stat(size, mtime, mtime, 1), sha256=text)


def entry(sha="x" * 64, mtime=1, **more):
    return Entry(path="a", size=1, mtime_ns=mtime, ctime_ns=mtime, inode=1, sha256=sha, **more)


def test_a_hash_the_ledger_remembers_last_is_no_news_and_one_before_it_is():
    assert verdict("a", entry(), seen(), Cause.EDIT) is None
    refreshed = verdict("a", entry(), seen(mtime=2), Cause.EDIT)
    assert refreshed.change is None
    assert refreshed.entry.mtime_ns == 2
    back = verdict("a", entry(sha="y" * 64, earlier=("x" * 64,)), seen(), Cause.EDIT)
    assert back.change.kind == "modified"
    assert back.entry.earlier == ("y" * 64, "x" * 64)


def test_a_file_not_hashed_yet_is_news_only_when_its_times_moved():
    assert verdict("a", entry(sha=""), seen(), Cause.EDIT).change is None
    assert verdict("a", entry(sha="", mtime=9), seen(), Cause.EDIT).change.kind == "modified"


def test_a_file_that_is_gone_is_news_only_when_it_was_known():
    assert verdict("a", None, None, Cause.EDIT) is None
    news = verdict("a", entry(), None, Cause.CATCH_UP)
    assert (news.change.kind, news.change.cause, news.entry.sha256) == ("deleted", "catch-up", None)


def test_only_a_few_hashes_are_kept():
    known = entry(sha="0" * 64, earlier=tuple(str(n) * 64 for n in range(1, 5)))
    assert len(verdict("a", known, seen(), Cause.EDIT).entry.earlier) == 4
