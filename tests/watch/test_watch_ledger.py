"""The ledger on its own."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.watch.ledger import Stat
from daemon.watch.port import Entry

ROOT = Path("/somewhere")
NAMES = (
    st.binary(min_size=1, max_size=6)
    .filter(lambda raw: not {0, 47} & set(raw))
    .map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
HASHES = st.integers(0, 9).map(lambda number: sha256(bytes([number])).hexdigest())
ENTRIES = st.builds(
    Entry,
    path=st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    size=st.integers(0, 2**62),
    mtime_ns=st.integers(-(2**62), 2**62),
    ctime_ns=st.integers(-(2**62), 2**62),
    inode=st.integers(0, 2**62),
    sha256=HASHES | st.just(""),
    earlier=st.lists(HASHES, max_size=4).map(tuple),
    born_empty=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(entries=st.lists(ENTRIES, max_size=6, unique_by=lambda entry: entry.path))
def test_what_was_recorded_comes_back_as_it_went_in(bench, entries):
    bench.ledger.forget(ROOT)
    bench.ledger.record(ROOT, entries)
    assert bench.ledger.entries(ROOT) == {entry.path: entry for entry in entries}
    for entry in entries:
        assert bench.ledger.get(ROOT, entry.path) == entry
    found = {
        f"{directory}/{name}" if directory else name
        for directory in bench.ledger.directories(ROOT)
        for name in bench.ledger.stats(ROOT, directory)
    }
    assert found == {entry.path for entry in entries}


def test_an_entry_without_a_hash_is_forgotten(bench):
    bench.ledger.record(ROOT, [Entry(path="a", sha256="ab" * 32), Entry(path="d/b", sha256="ab" * 32)])
    bench.ledger.record(ROOT, [Entry(path="a")])
    assert list(bench.ledger.entries(ROOT)) == ["d/b"]


def test_recording_joins_a_transaction_of_the_caller(bench):
    bench.ledger.record(ROOT, [Entry(path="a", sha256="ab" * 32)])

    def fail():
        with bench.database.transaction():
            bench.ledger.record(ROOT, [Entry(path="b", sha256="ab" * 32)])
            raise RuntimeError("after the record")

    with pytest.raises(RuntimeError):
        fail()
    assert list(bench.ledger.entries(ROOT)) == ["a"]


def test_directories_below_one_do_not_take_in_its_neighbours(bench):
    names = ["d/a", "d-e/a", "d/e/a", "d0/a", "da/a", "a"]
    bench.ledger.record(ROOT, [Entry(path=name, sha256="ab" * 32) for name in names])
    assert sorted(bench.ledger.directories(ROOT, "d")) == ["d", "d/e"]
    assert bench.ledger.paths(ROOT, "d") == ["d/a"]
    assert len(bench.ledger.directories(ROOT)) == 6


def test_workspaces_are_kept_apart_and_forgotten_alone(bench):
    other = Path("/elsewhere")
    for root in (other, ROOT):  # whatever comes back may be given the number of the last one
        bench.ledger.record(root, [Entry(path="a", sha256="ab" * 32)])
        bench.ledger.set_note(root, "plan", "x")
        bench.ledger.expect(root, "a", [None])
    bench.ledger.forget(ROOT)
    assert bench.ledger.entries(ROOT) == {}
    assert bench.ledger.note(ROOT, "plan") == ""
    assert not bench.ledger.expects(ROOT, "a", None)
    assert bench.ledger.expects(other, "a", None)
    assert list(bench.ledger.entries(other)) == ["a"]


def test_a_first_reading_counts_only_once_it_is_whole(bench):
    bench.ledger.take_as_read(ROOT, [("d", "a", Stat(1, 2, 3, 4))])
    assert not bench.ledger.read_before(ROOT)
    bench.ledger.finish_reading(ROOT, {"plan": "x"})
    assert bench.ledger.read_before(ROOT)
    assert bench.ledger.note(ROOT, "plan") == "x"
    (entry,) = bench.ledger.unhashed(ROOT, "", 10)
    assert (entry.path, entry.sha256, entry.size) == ("d/a", "", 1)
    assert bench.ledger.unhashed(ROOT, "d/a", 10) == []


def test_what_is_expected_survives_a_crash_and_ends_when_said(bench):
    digest = sha256(b"x").hexdigest()
    bench.ledger.expect(bench.root, "a", [digest, None])
    bench.crash()
    assert bench.ledger.expects(bench.root, "a", digest)
    assert bench.ledger.expects(bench.root, "a", None)
    assert not bench.ledger.expects(bench.root, "a", sha256(b"y").hexdigest())
    bench.ledger.unexpect(bench.root, "a")
    assert not bench.ledger.expects(bench.root, "a", digest)
    bench.crash()
    assert not bench.ledger.expects(bench.root, "a", digest)


def test_the_schema_refuses_a_hash_of_the_wrong_length(bench):
    with pytest.raises(sqlite3.IntegrityError):
        bench.ledger.record(ROOT, [Entry(path="a", sha256="ab")])
