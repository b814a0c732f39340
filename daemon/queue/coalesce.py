"""How a newer job takes the place of a waiting one. Pure.

Two jobs may coalesce when they are of the same workspace and hook and have the same ``key``. A job of one file has that
file for its key, a ``together`` job has the hook alone, whatever its files. The two kinds never meet: when a hook's
``batch`` was edited while jobs waited, the waiting ones still run as they were made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hooks.model import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.job import NewJob
    from hooks.model import Change


def key(job: NewJob) -> str | None:
    """What a job shares with those whose place it may take; ``None`` when it may take none."""
    if not job.coalesce:
        return None
    if job.together:
        return "together"
    return "each\0" + "\0".join(sorted(change.path for change in job.changes))


def newest(changes: Iterable[Change]) -> tuple[Change, ...]:
    """One change a path, the last of each, folded as ``fold`` has it, in the order in which the paths came first."""
    by_path: dict[str, Change] = {}
    for change in changes:
        older = by_path.get(change.path)
        by_path[change.path] = change if older is None else _over(older, change)
    return tuple(by_path.values())


def fold(*, older: Iterable[Change], newer: Iterable[Change], together: bool) -> tuple[Change, ...]:
    """The changes of the newer job once it has taken the older one's place.

    A path that was created, or had its first content, and whose job never came to its end, stays so in the newer
    job, unless it was deleted since. With ``together`` the older job's other paths come along, before the newer ones.
    """
    newer = tuple(newer)
    if together:
        return newest((*older, *newer))
    known = {change.path: change for change in older}
    return tuple(_over(known[change.path], change) if change.path in known else change for change in newer)


def due(*, not_before: float, not_after: float | None) -> float:
    """When a job is due: held back by ``not_before``, but never beyond ``not_after``."""
    return not_before if not_after is None else min(not_before, not_after)


def bound(older: float | None, newer: float | None) -> float | None:
    """The ``not_after`` of a job that took another's place: the first of the two."""
    if older is None or newer is None:
        return newer if older is None else older
    return min(older, newer)


def _over(older: Change, newer: Change) -> Change:
    """The newer of two changes of one path; what makes it a creation is not lost."""
    if newer.kind is not ChangeKind.MODIFIED:
        return newer
    if older.kind is ChangeKind.CREATED:
        return replace(newer, kind=ChangeKind.CREATED)
    if older.kind is ChangeKind.MODIFIED and older.first_content:
        return replace(newer, first_content=True)
    return newer
