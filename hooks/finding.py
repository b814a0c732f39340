"""Finding: one thing a run reports about a place in a file. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How sure and how grave: error, warning, note (as in SARIF)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing a run reports. Lines and columns count from 1; ``line`` ``None`` speaks of the whole file.

    ``file`` is a POSIX path relative to the workspace root, or ``None`` when the finding is about no file.
    ``fingerprint`` stays the same while the finding is the same: rule, path, the line without white space, and which
    of several alike it is.
    """

    rule: str
    category: str
    level: Level
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    fingerprint: str = ""
    suppressed: bool = False


def fingerprint(*, rule: str, path: str, line_text: str, occurrence: int = 0) -> str:
    """A stable name for a finding, 16 hex digits; moving the line or re-indenting it does not change it."""
    bare = "".join(line_text.split())
    return hashlib.sha256(f"{rule}\0{path}\0{bare}\0{occurrence}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
