"""Reading a report log, beside the process that writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.errors import NoSuchThingError
from daemon.report import files
from daemon.report.chain import Head, fault, parse
from daemon.report.record import Record, joined

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_LEAST_PART = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What ``verify`` found. ``broken_seq`` is the first record that is not what was once written, ``why`` in words.

    ``first_seq`` above 1 says that the log's beginning is no longer kept. ``asides`` names torn ends that were
    repaired. A cut tail shows only against a ``Head`` kept elsewhere.
    """

    records: int
    first_seq: int
    head: Head
    broken_seq: int | None = None
    why: str = ""
    asides: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every record is what was once written, in its place."""
        return self.broken_seq is None


class ReportReader:
    """One workspace's reports, for reading. Nothing is written, locked or made; a log that is not there is empty.

    Promised: any number of readers beside the one writer; a record that is only half written yet is not seen.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def records(self, *, all: bool = False) -> Iterator[Record]:  # noqa: A002 - the word of the command line
        """The runs, oldest first, each with its change set's present state; with ``all`` every record as it stands in
        the chain, decisions too. A line that is no record is passed over: ``verify`` names it.
        """
        decisions = {} if all else self._decisions()
        for record in self._raw():
            if all:
                yield record
            elif record.is_run:
                yield _decided(record, decisions)

    def find(self, job: int, attempt: int) -> Record | None:
        """The run of this job and attempt, as it was written; ``None`` when there is none."""
        wanted = b',"job":%d,"kind":"run",' % job
        for _, raw in files.lines(self._directory):
            if wanted in raw:
                value = parse(raw)
                if (value["kind"], value.get("job"), value.get("attempt")) == ("run", job, attempt):
                    return Record(value=value)
        return None

    def get(self, part: str) -> Record:
        """The record with this id, or the only one whose id begins or ends like this (four characters at least);
        of a run, the id of its change set will do too. NoSuchThingError when there is none, or more than one.
        """
        found: dict[str, Record] = {}
        for record in self._raw():
            names = [record.id, *([record.change_set_id] if record.is_run and record.change_set_id else [])]
            if part in names:
                found = {record.id: record}
                break
            if len(part) >= _LEAST_PART and any(name.startswith(part) or name.endswith(part) for name in names):
                found[record.id] = record
        if not found:
            raise NoSuchThingError(f"report {part}", "there is none of that id", "`kiro-hookd report` lists them")
        if len(found) > 1:
            some = ", ".join(sorted(found)[:5])
            raise NoSuchThingError(f"report {part}", f"{len(found)} ids are like that", f"give more of it: {some}")
        record = next(iter(found.values()))
        return _decided(record, self._decisions()) if record.is_run else record

    def follow(self, *, after: int = 0, stop: threading.Event, poll: float = 0.5) -> Iterator[Record]:
        """Every record with a sequence above ``after``, then each new one as it comes, until ``stop`` is set.

        Looks every ``poll`` seconds, and reads only what has come since; a look at an unchanged log is one ``stat``.
        """
        seen, tail = after, files.Tail(self._directory)
        while not stop.is_set():
            for raw in tail.new_lines():
                record = _record(raw)
                if record is not None and record.seq > seen:
                    seen = record.seq
                    yield record
            stop.wait(poll)

    def head(self) -> Head:
        """The end of the chain, to be kept elsewhere."""
        head = Head()
        for record in self._raw():
            head = Head(seq=record.seq, hash=record.value["hash"])
        return head

    def verify(self, *, anchor: Head | None = None) -> Verification:
        """Read the whole chain. With ``anchor``, a head kept elsewhere, also whether that record is still there."""
        head, count, first_seq, why = Head(), 0, 1, ""
        passed = anchor is None or anchor.seq == 0
        for name, raw in files.lines(self._directory):
            found = fault(raw, head=head if count else None)
            if found:
                why = f"{name}: {found}"
                break
            value = parse(raw)
            first_seq = value["seq"] if count == 0 else first_seq
            head, count = Head(seq=value["seq"], hash=value["hash"]), count + 1
            passed = passed or head == anchor
        broken_seq = head.seq + 1 if why else None
        if not why and not passed and anchor is not None:
            why = f"record {anchor.seq}, noted elsewhere, is not here: the log was cut or replaced"
            broken_seq = min(anchor.seq, head.seq + 1)
        asides = tuple(path.name for path in files.asides(self._directory))
        return Verification(
            records=count, first_seq=first_seq, head=head, broken_seq=broken_seq, why=why, asides=asides
        )

    def _raw(self) -> Iterator[Record]:
        """Every record as it stands in the chain; lines that are none are passed over."""
        for _, raw in files.lines(self._directory):
            record = _record(raw)
            if record is not None:
                yield record

    def _decisions(self) -> dict[str, list[Record]]:
        """The decisions on each change set, oldest first."""
        found: dict[str, list[Record]] = {}
        for _, raw in files.lines(self._directory):
            # A look at the bytes first: decisions are few, and to parse every run for them takes twice as long.
            record = _record(raw) if b'"kind":"decision"' in raw else None
            if record is not None and not record.is_run and record.change_set_id:
                found.setdefault(record.change_set_id, []).append(record)
        return found


def _decided(run: Record, decisions: Mapping[str, Sequence[Record]]) -> Record:
    for decision in decisions.get(run.change_set_id or "", ()):
        run = joined(run, decision)
    return run


def _record(raw: bytes) -> Record | None:
    try:
        return Record(value=parse(raw))
    except ValueError:
        return None
