"""Rows of the job tables and the values they stand for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.job import Job, State
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

LONGEST_REASON = 2000


def blob(name: str) -> bytes:
    """A name as it is stored. Every Python string comes back unchanged, also one that stands for bytes not UTF-8."""
    return name.encode("utf-8", "surrogatepass")


def name(stored: bytes) -> str:
    """A name as it was before it was stored."""
    return stored.decode("utf-8", "surrogatepass")


def sentence(reason: str) -> str:
    """A reason fit to be stored: whole characters, and of bounded length."""
    return reason.encode("utf-8", "backslashreplace").decode("utf-8")[:LONGEST_REASON]


def change_rows(job: int, changes: Iterable[Change]) -> list[tuple[object, ...]]:
    """The rows of ``job_changes`` for a job."""
    return [
        (
            job,
            position,
            blob(change.path),
            change.kind.value,
            change.cause.value,
            change.sha256,
            int(change.first_content),
            int(change.empty),
        )
        for position, change in enumerate(changes)
    ]


def change_from(row: sqlite3.Row) -> Change:
    """The change that a row of ``job_changes`` stands for."""
    return Change(
        path=name(row["path"]),
        kind=ChangeKind(row["kind"]),
        cause=Cause(row["cause"]),
        sha256=row["sha256"],
        first_content=bool(row["first_content"]),
        empty=bool(row["empty"]),
    )


def job_from(row: sqlite3.Row, changes: tuple[Change, ...]) -> Job:
    """The job that a row of ``jobs`` stands for."""
    return Job(
        id=row["id"],
        workspace=name(row["workspace"]),
        hook=name(row["hook"]),
        hook_digest=row["hook_digest"],
        changes=changes,
        state=State(row["state"]),
        attempt=row["attempt"],
        failures=row["failures"],
        max_failures=row["max_failures"],
        not_before=row["not_before"],
        created=row["created"],
        updated=row["updated"],
        token=row["token"],
        lease_until=row["lease_until"],
        superseded_by=row["superseded_by"],
        reason=row["reason"],
    )
