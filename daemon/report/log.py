"""Writing the report log of one workspace: append-only, hash-chained JSON lines."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from daemon.errors import StateError
from daemon.report import files
from daemon.report.chain import Head, canonical, link, parse
from daemon.report.ids import new_id
from daemon.report.reader import ReportReader
from daemon.report.record import VERSION, DecisionDraft, Record, RunDraft

if TYPE_CHECKING:
    from pathlib import Path

ROTATE_AT = 16 * 1024 * 1024
_RECENT = 4096
# In canonical JSON a quotation mark inside a string is escaped, so these cannot match text of an agent's.
_JOB = re.compile(rb',"job":(\d+),"kind":"run",')
_ATTEMPT = re.compile(rb',"attempt":(\d+),"audit":\{')


class ReportLog(ReportReader):
    """One workspace's reports, for reading and appending.

    Promised: a record that ``append`` returned is on disk and stays; its place, its text and its order are fixed by the
    chain; an append that failed half way leaves nothing behind; threads may share it. Not promised: a second writing
    process (hold the state lock); that a tail cut off by someone who may write here is seen, unless ``head``
    was kept elsewhere.

    Opening repairs a torn end (power was lost in the middle of an append): it is put aside in a file of its own, and
    ``repaired`` says so in a sentence.
    """

    def __init__(self, directory: Path, *, rotate_at: int = ROTATE_AT) -> None:
        super().__init__(directory)
        self._rotate_at = rotate_at
        self._lock = threading.Lock()
        self._end, self._last_id, self._torn = Head(), "", False
        self._recent: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._newest_forgotten = -1
        self.repaired: str | None = None
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor: int = self._open_current()
            self._repair()
            self._learn()
        except OSError as error:
            raise self._fault(error) from error

    def append(self, draft: RunDraft | DecisionDraft) -> Record:
        """Write a record; it is on disk when this returns. A second run of the same job and attempt is not written:
        the first is returned. StateError when the disk refuses it; nothing is left behind then.
        """
        with self._lock:
            if isinstance(draft, RunDraft) and (known := self.find(draft.job, draft.attempt)):
                return known
            name = new_id(now=draft.ended, last=self._last_id)
            value = link({"v": VERSION, "id": name, **draft.to_json()}, head=self._end)
            try:
                self._make_ready()
                self._write(canonical(value) + b"\n")
            except OSError as error:
                raise self._fault(error) from error
            self._end, self._last_id = Head(seq=value["seq"], hash=value["hash"]), name
            if isinstance(draft, RunDraft):
                self._note(draft.job, draft.attempt)
            return Record(value=value)

    def find(self, job: int, attempt: int) -> Record | None:
        """The run of this job and attempt, as it was written; ``None`` when there is none.

        A new one is known to be new without a look at the files, as long as its job is not very old.
        """
        if job > self._newest_forgotten and (job, attempt) not in self._recent:
            return None
        return super().find(job, attempt)

    def head(self) -> Head:
        """The end of the chain, to be kept elsewhere."""
        return self._end

    def close(self) -> None:
        """Close the file; what was appended is on disk already."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def _open_current(self) -> int:
        path = self._directory / files.CURRENT
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        files.sync_directory(self._directory)
        return descriptor

    def _repair(self) -> None:
        """Put aside what stands after the last whole record; nothing is thrown away."""
        whole, size = files.whole_lines(self._descriptor, is_line=_is_record)
        self._torn = False
        if whole == size:
            return
        torn = os.pread(self._descriptor, size - whole, whole)
        aside = self._directory / files.aside_name(self._directory)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            files.write_all(descriptor, torn)
        finally:
            os.close(descriptor)
        files.sync_directory(self._directory)
        os.ftruncate(self._descriptor, whole)
        os.fsync(self._descriptor)
        self.repaired = f"the end of {files.CURRENT} was torn: {len(torn)} bytes were put aside in {aside.name}"

    def _learn(self) -> None:
        """Read the log once, for the end of the chain and the runs that it holds."""
        last = b""
        for _, raw in files.lines(self._directory):
            job, attempt = _JOB.search(raw), _ATTEMPT.search(raw)
            if job and attempt:
                self._note(int(job.group(1)), int(attempt.group(1)))
            last = raw
        if last and not _is_record(last):  # Somebody wrote into a rotated file: go on from the last record there is.
            last = b""
            for _, raw in files.lines(self._directory):
                last = raw if _is_record(raw) else last
        if last:
            value = parse(last)
            self._end, self._last_id = Head(seq=value["seq"], hash=value["hash"]), value["id"]

    def _note(self, job: int, attempt: int) -> None:
        """Remember a run that was written, the newest few thousand only."""
        self._recent[job, attempt] = None
        if len(self._recent) > _RECENT:
            (forgotten, _), _ = self._recent.popitem(last=False)
            self._newest_forgotten = max(self._newest_forgotten, forgotten)

    def _make_ready(self) -> None:
        """Let the current file be there, whole and not too long; a full one is rotated, and the chain goes on."""
        if self._descriptor < 0:
            raise StateError(str(self._directory), "the report log is closed")
        path = self._directory / files.CURRENT
        status = os.fstat(self._descriptor)
        full = status.st_size >= self._rotate_at
        if full:
            first = files.first_line(self._descriptor)
            seq = parse(first)["seq"] if _is_record(first) else self._end.seq
            path.rename(self._directory / files.rotated_name(self._directory, seq))
        if full or not path.exists() or path.stat().st_ino != status.st_ino:
            descriptor = self._open_current()
            os.close(self._descriptor)
            self._descriptor = descriptor
        if self._torn:
            self._repair()

    def _write(self, content: bytes) -> None:
        """Append, or leave nothing behind."""
        before = os.fstat(self._descriptor).st_size
        try:
            files.write_all(self._descriptor, content)
        except OSError:
            self._torn = True  # in case the next line fails too
            os.ftruncate(self._descriptor, before)
            self._torn = False
            raise

    def _fault(self, error: OSError) -> StateError:
        remedy = "make room on the disk, or make the directory writable"
        return StateError(str(self._directory), f"the report log cannot be written ({error.strerror})", remedy)


def _is_record(raw: bytes) -> bool:
    try:
        parse(raw)
    except ValueError:
        return False
    return True
