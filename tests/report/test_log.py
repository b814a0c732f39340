from __future__ import annotations

import errno
import json
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from daemon.changeset import ChangeSetState
from daemon.errors import NoSuchThingError, StateError
from daemon.report import files
from daemon.report.chain import START as NOTHING_BEFORE
from daemon.report.chain import Head, canonical, digest
from daemon.report.log import ReportLog
from daemon.report.reader import ReportReader
from tests.report.drafts import decision, run, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ReportLog]:
    log = ReportLog(tmp_path)
    yield log
    log.close()


def raw(directory: Path) -> list[bytes]:
    return (directory / "report.jsonl").read_bytes().splitlines()


def rewrite(directory: Path, lines: list[bytes]) -> None:
    (directory / "report.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


# --- writing


def test_a_record_is_one_line_with_its_place_in_the_chain(tmp_path: Path, log: ReportLog) -> None:
    first, second = log.append(run(1)), log.append(run(2))
    lines = [json.loads(line) for line in raw(tmp_path)]
    assert lines == [first.value, second.value]
    assert [line["v"] for line in lines] == [1, 1]
    assert [(line["seq"], line["prev"]) for line in lines] == [(1, NOTHING_BEFORE), (2, first.value["hash"])]
    assert second.value["hash"] == digest(second.value)
    assert first.id < second.id
    assert log.head() == Head(seq=2, hash=second.value["hash"])


def test_the_log_is_its_owners_alone(tmp_path: Path) -> None:
    log = ReportLog(tmp_path / "w", rotate_at=1)
    log.append(run(1))
    log.append(run(2))
    log.close()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "w").iterdir()}
    assert modes == {"report.jsonl": 0o600, "report-0000000001.jsonl": 0o600}
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700


def test_each_append_is_on_disk_before_it_returns(
    tmp_path: Path, log: ReportLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size) or real(descriptor))
    log.append(run(1))
    assert synced == [(tmp_path / "report.jsonl").stat().st_size]


def test_the_same_job_and_attempt_is_written_once(tmp_path: Path, log: ReportLog) -> None:
    first = log.append(run(7, 1))
    again = log.append(run(7, 1, summary="another text"))
    other = log.append(run(7, 2))
    assert (again, other.seq) == (first, 2)
    assert len(raw(tmp_path)) == 2
    assert log.find(7, 1) == first
    assert log.find(7, 3) is None
    assert log.find(99, 1) is None


def test_a_reopened_log_still_knows_what_it_holds(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=1)
    written = [log.append(run(job)) for job in range(1, 6)]
    log.close()
    log = ReportLog(tmp_path, rotate_at=1)
    assert log.append(run(2)) == written[1]
    assert log.append(run(6)).value["prev"] == written[-1].value["hash"]
    assert log.verify().ok
    log.close()


def test_jobs_of_long_ago_are_still_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.report.log._RECENT", 3)
    log = ReportLog(tmp_path)
    written = {job: log.append(run(job)) for job in (5, 1, 9, 2, 8, 3)}
    assert {job: log.append(run(job)) for job in written} == written
    log.close()
    log = ReportLog(tmp_path)
    assert {job: log.append(run(job)) for job in written} == written
    log.close()


def test_text_of_an_agent_is_not_taken_for_a_key(log: ReportLog) -> None:
    lie = ',"job":9,"kind":"run",'
    log.append(run(1, summary=lie, hook=lie, agent=lie))
    assert log.find(9, 1) is None
    assert log.append(run(9)).seq == 2


def test_threads_share_a_log(log: ReportLog) -> None:
    def work(first: int) -> None:
        for job in range(first, first + 20):
            log.append(run(job))

    threads = [threading.Thread(target=work, args=(at * 100,)) for at in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (log.verify().ok, log.verify().records) == (True, 80)


def test_an_append_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, log: ReportLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(run(1))
    before = (tmp_path / "report.jsonl").read_bytes()
    real, calls = os.write, []

    def short(descriptor: int, content: bytes) -> int:
        calls.append(len(content))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, bytes(content)[:100])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        with pytest.raises(StateError, match="No space left"):
            log.append(run(2))
    assert len(calls) == 2
    assert (tmp_path / "report.jsonl").read_bytes() == before
    assert log.append(run(2)).seq == 2
    assert log.verify().ok


def test_what_could_not_be_taken_back_is_put_aside_by_the_next_append(tmp_path: Path) -> None:
    """/dev/full refuses every write as a full disk does."""
    log = ReportLog(tmp_path)
    log.append(run(1))
    full = os.open("/dev/full", os.O_RDWR)
    mine, log._descriptor = log._descriptor, full
    with pytest.raises(OSError, match="Invalid argument"):
        log._write(b"x")  # to take it back fails too, since this is no file
    log._descriptor = mine
    os.close(full)
    assert log._torn
    os.write(mine, b"half a rec")
    assert log.append(run(2)).seq == 2
    assert log.repaired is not None
    assert log.verify().ok
    log.close()


def test_a_log_that_was_moved_away_goes_on_in_a_new_file(tmp_path: Path, log: ReportLog) -> None:
    log.append(run(1))
    (tmp_path / "report.jsonl").rename(tmp_path / "elsewhere")
    assert log.append(run(2)).seq == 2
    assert [json.loads(line)["seq"] for line in raw(tmp_path)] == [2]


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").mkdir()
    with pytest.raises(StateError, match="cannot be written"):
        ReportLog(tmp_path)


# --- the torn end


@pytest.mark.parametrize("keep", [1, 10, 100, -1])
def test_a_torn_end_is_put_aside_and_said(tmp_path: Path, keep: int) -> None:
    log = ReportLog(tmp_path)
    log.append(run(1))
    whole = (tmp_path / "report.jsonl").read_bytes()
    log.append(run(2))
    log.close()
    content = (tmp_path / "report.jsonl").read_bytes()
    torn = content[len(whole) :][:keep]
    (tmp_path / "report.jsonl").write_bytes(whole + torn)
    assert [record.seq for record in ReportReader(tmp_path).records()] == [1]
    log = ReportLog(tmp_path)
    assert log.repaired is not None
    assert f"{len(torn)} bytes" in log.repaired
    (aside,) = files.asides(tmp_path)
    assert aside.read_bytes() == torn
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert log.append(run(2)).seq == 2
    assert (log.verify().ok, log.verify().asides) == (True, (aside.name,))
    log.close()
    log = ReportLog(tmp_path)
    assert log.repaired is None
    log.close()


def test_an_end_of_zeros_is_a_torn_end(tmp_path: Path) -> None:
    log = ReportLog(tmp_path)
    log.append(run(1))
    log.close()
    with (tmp_path / "report.jsonl").open("ab") as file:
        file.write(b"\0" * 70_000 + b"\n" + b"\0" * 5)
    log = ReportLog(tmp_path)
    assert (log.append(run(2)).seq, log.verify().ok) == (2, True)
    assert files.asides(tmp_path)[0].stat().st_size == 70_006
    log.close()


def test_two_torn_ends_are_both_kept(tmp_path: Path) -> None:
    for _ in range(2):
        log = ReportLog(tmp_path)
        log.append(run(1))
        log.close()
        with (tmp_path / "report.jsonl").open("ab") as file:
            file.write(b"half")
    ReportLog(tmp_path).close()
    assert [path.read_bytes() for path in files.asides(tmp_path)] == [b"half", b"half"]


# --- rotation


def test_rotation_carries_the_chain(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=3000)
    for job in range(1, 21):
        log.append(run(job))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) > 3
    assert names[0] == "report-0000000001.jsonl"
    assert [record.seq for record in log.records()] == list(range(1, 21))
    assert (log.verify().ok, log.verify().records) == (True, 20)
    assert log.find(1, 1) is not None
    log.close()


def test_a_rotated_file_that_is_missing_is_noticed(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=1)
    for job in range(1, 6):
        log.append(run(job))
    (tmp_path / "report-0000000003.jsonl").unlink()
    found = log.verify()
    assert (found.ok, found.broken_seq) == (False, 3)
    log.close()


def test_a_log_whose_beginning_is_no_longer_kept_says_where_it_begins(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=1)
    for job in range(1, 6):
        log.append(run(job))
    (tmp_path / "report-0000000001.jsonl").unlink()
    assert (log.verify().ok, log.verify().first_seq, log.verify().records) == (True, 2, 4)
    log.close()


def test_a_reader_beside_a_writer_that_rotates_sees_each_record_once(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=2000)
    reader = ReportReader(tmp_path)
    writing = threading.Thread(target=lambda: [log.append(run(job)) for job in range(1, 61)])
    writing.start()
    while writing.is_alive():
        seqs = [record.seq for record in reader.records()]
        assert seqs == list(range(1, len(seqs) + 1))
    writing.join()
    assert len(list(reader.records())) == 60
    log.close()


# --- reading


def test_a_log_that_is_not_there_is_empty_and_stays_so(tmp_path: Path) -> None:
    reader = ReportReader(tmp_path / "none")
    assert list(reader.records()) == []
    assert (reader.head(), reader.verify().ok) == (Head(), True)
    assert not (tmp_path / "none").exists()


def test_runs_are_shown_with_their_change_sets_present_state(log: ReportLog) -> None:
    log.append(run(1, change_set=suggestion("cs1")))
    log.append(run(2, change_set=suggestion("cs2")))
    log.append(run(3))
    log.append(decision("cs1", ChangeSetState.APPLIED))
    log.append(decision("cs1", ChangeSetState.UNDONE, reasons=("it broke the build",)))
    shown = list(log.records())
    assert [record.value["change_set"]["state"] for record in shown] == ["undone", "suggested", "none"]
    assert shown[0].value["change_set"]["reasons"] == ["the hook is advisory", "it broke the build"]
    everything = list(log.records(all=True))
    assert [record.value["kind"] for record in everything] == ["run", "run", "run", "decision", "decision"]
    assert everything[0].value["change_set"]["state"] == "suggested"


def test_a_record_is_found_by_its_id_a_part_of_it_or_its_change_set(log: ReportLog) -> None:
    first = log.append(run(1, change_set=suggestion("cs1-abcd")))
    second = log.append(run(2))
    decided = log.append(decision("cs1-abcd"))
    assert log.get(first.id).seq == 1
    assert log.get(second.id[-4:]).seq == 2
    assert log.get("cs1-a").seq == 1
    assert log.get("cs1-abcd").value["change_set"]["state"] == "applied"
    assert log.get(decided.id) == decided


@pytest.mark.parametrize("part", ["nothing", "", "x", "zzzzzzzzzzzz"])
def test_an_id_that_nothing_has_is_said(log: ReportLog, part: str) -> None:
    log.append(run(1))
    with pytest.raises(NoSuchThingError, match="none of that id"):
        log.get(part)


def test_a_part_that_several_ids_share_is_said_with_the_ids(log: ReportLog) -> None:
    first, second = log.append(run(1, started=5.0)), log.append(run(2, started=5.0))
    with pytest.raises(NoSuchThingError, match=f"{first.id}, {second.id}"):
        log.get(first.id[:7])


def test_following_gives_what_is_there_and_then_each_new_record(tmp_path: Path) -> None:
    log = ReportLog(tmp_path, rotate_at=2500)
    for job in range(1, 4):
        log.append(run(job))
    stop, seen, moved = threading.Event(), [], threading.Condition()

    def follow() -> None:
        for record in ReportReader(tmp_path).follow(after=1, stop=stop, poll=0.005):
            with moved:
                seen.append(record.seq)
                moved.notify()

    thread = threading.Thread(target=follow)
    thread.start()
    for job in range(4, 12):
        log.append(run(job))
        with moved:
            assert moved.wait_for(lambda job=job: job in seen, timeout=30)
    stop.set()
    thread.join()
    assert seen == list(range(2, 12))
    assert len(files.rotated(tmp_path)) > 1
    log.close()


def test_following_a_log_that_is_not_there_yet_waits_for_it(tmp_path: Path) -> None:
    seen: list[int] = []
    looked, stop = threading.Event(), threading.Event()

    class Looking(threading.Event):
        """Tells that a look found nothing."""

        def wait(self, timeout: float | None = None) -> bool:
            looked.set()
            return stop.wait(timeout)

        def is_set(self) -> bool:
            return stop.is_set()

    def follow() -> None:
        for record in ReportReader(tmp_path / "w").follow(stop=Looking(), poll=0.005):
            seen.append(record.seq)
            stop.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert looked.wait(30)
    log = ReportLog(tmp_path / "w")
    log.append(run(1))
    log.close()
    thread.join(30)
    assert seen == [1]


# --- verifying


def tamper_text(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"looked at one file", b"looked at two files"), *lines[2:]]


def tamper_hash(lines: list[bytes]) -> list[bytes]:
    value = json.loads(lines[1])
    value["outcome"] = "failed"
    value["hash"] = digest(value)
    return [lines[0], canonical(value), *lines[2:]]


TAMPERINGS = {
    "a text was changed": (tamper_text, 2),
    "a record was changed and hashed anew": (tamper_hash, 3),
    "a record was taken out": (lambda lines: [lines[0], *lines[2:]], 2),
    "two were swapped": (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
    "one was doubled": (lambda lines: [lines[0], lines[1], lines[1], *lines[2:]], 3),
    "a line was put in": (lambda lines: [lines[0], b'{"kind":"run"}', *lines[1:]], 2),
    "the spelling was changed": (lambda lines: [lines[0], lines[1].replace(b'":', b'": ', 1), *lines[2:]], 2),
    "a key was doubled": (lambda lines: [lines[0], lines[1].replace(b"{", b'{"agent":"x",', 1), *lines[2:]], 2),
    "a number that is none": (
        lambda lines: [lines[0], lines[1].replace(b'"attempt":1', b'"attempt":NaN'), *lines[2:]],
        2,
    ),
    "a deep nest": (lambda lines: [lines[0], b"[" * 100_000, *lines[1:]], 2),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_what_was_changed_is_found_at_the_first_broken_place(tmp_path: Path, log: ReportLog, how: str) -> None:
    for job in range(1, 5):
        log.append(run(job))
    assert log.verify().ok
    tamper, broken = TAMPERINGS[how]
    rewrite(tmp_path, tamper(raw(tmp_path)))
    found = log.verify()
    assert (found.ok, found.broken_seq) == (False, broken)
    assert found.why.startswith("report.jsonl: ")
    assert found.records == broken - 1


def test_a_cut_tail_shows_against_a_head_kept_elsewhere(tmp_path: Path, log: ReportLog) -> None:
    for job in range(1, 5):
        log.append(run(job))
    anchor = log.head()
    assert log.verify(anchor=anchor).ok
    rewrite(tmp_path, raw(tmp_path)[:2])
    assert log.verify().ok
    found = log.verify(anchor=anchor)
    assert (found.ok, found.broken_seq) == (False, 3)
    assert "was cut or replaced" in found.why


def test_a_log_written_anew_shows_against_a_head_kept_elsewhere(tmp_path: Path, log: ReportLog) -> None:
    log.append(run(1))
    anchor = log.head()
    other = ReportLog(tmp_path / "other")
    other.append(run(1, summary="something else"))
    other.close()
    assert ReportReader(tmp_path / "other").verify(anchor=anchor).broken_seq == 1


def test_the_hash_can_be_computed_without_this_program(tmp_path: Path, log: ReportLog) -> None:
    """By the recipe in the documentation, with nothing but a JSON library."""
    import hashlib

    log.append(run(1, summary="größer\u2026"))
    value = json.loads(raw(tmp_path)[0])
    claimed = value.pop("hash")
    spelt = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert hashlib.sha256(spelt.encode()).hexdigest() == claimed


def test_a_log_with_a_tampered_end_goes_on_and_stays_broken(tmp_path: Path) -> None:
    log = ReportLog(tmp_path)
    log.append(run(1))
    log.append(run(2))
    log.close()
    rewrite(tmp_path, tamper_text(raw(tmp_path)))
    log = ReportLog(tmp_path)
    assert log.repaired is None
    assert log.append(run(3)).seq == 3
    assert log.verify().broken_seq == 2
    log.close()
