"""Archive: the report logs and change sets of all workspaces, opened as they are needed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from daemon.report.log import ReportLog

if TYPE_CHECKING:
    from daemon.report.record import DecisionDraft, Record, RunDraft
    from daemon.state.paths import StatePaths

log = structlog.get_logger()


class Archive:
    """One writer for every workspace's reports. Safe to use from several threads."""

    def __init__(self, paths: StatePaths) -> None:
        self._paths = paths
        self._logs: dict[str, ReportLog] = {}
        self._lock = threading.Lock()

    def append(self, workspace: str, draft: RunDraft | DecisionDraft) -> str:
        """Write a record, durable when it returns; its id. The second run of one job and attempt is not written."""
        return self.of(workspace).append(draft).id

    def find(self, workspace: str, job: int, attempt: int) -> Record | None:
        """The report of this attempt, if it was written."""
        return self.of(workspace).find(job, attempt)

    def change_sets(self, workspace: str) -> Path:
        """The folder in which a workspace's change sets are kept."""
        folder = self._paths.workspace(Path(workspace))
        folder.create()
        return folder.changesets

    def get(self, workspace: str, part: str) -> Record:
        """The record that an id names: a report's or a change set's, or a part of one."""
        return self.of(workspace).get(part)

    def of(self, workspace: str) -> ReportLog:
        """A workspace's log, open for writing."""
        with self._lock:
            if workspace not in self._logs:
                folder = self._paths.workspace(Path(workspace))
                folder.create()
                opened = ReportLog(folder.reports)
                if opened.repaired:
                    log.warning("report.tail_repaired", workspace=workspace, kept_in=opened.repaired)
                self._logs[workspace] = opened
            return self._logs[workspace]

    def close(self) -> None:
        """Close every log."""
        with self._lock:
            for opened in self._logs.values():
                opened.close()
            self._logs.clear()
