"""What the present state of a file is against the ledger: news, or nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.watch.ledger import EARLIER_KEPT, Stat
from daemon.watch.port import Entry, News
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A regular file as it was found, read whole between two equal looks. ``blob``: git's id of the bytes, if asked."""

    stat: Stat
    sha256: str
    blob: str = ""


def verdict(path: str, known: Entry | None, seen: Seen | None, cause: Cause) -> News | None:
    """The news of one settled file; ``None`` when there is none. ``change`` is ``None`` when only its times moved."""
    if seen is None:
        return None if known is None else _gone(known, cause)
    empty = seen.stat.size == 0
    entry = Entry(path=path, **seen.stat._asdict(), sha256=seen.sha256)
    if known is None:
        change = Change(path=path, kind=ChangeKind.CREATED, cause=cause, sha256=seen.sha256, empty=empty)
        return News(entry=replace(entry, born_empty=empty), change=change)
    same_times = stat_of(known) == seen.stat
    if known.sha256 == seen.sha256 or (known.sha256 == "" and same_times):
        if known.sha256 and same_times:
            return None
        return News(entry=replace(entry, earlier=known.earlier, born_empty=known.born_empty))
    change = Change(
        path=path,
        kind=ChangeKind.MODIFIED,
        cause=cause,
        sha256=seen.sha256,
        empty=empty,
        first_content=known.born_empty and not empty,
    )
    return News(entry=replace(entry, earlier=_earlier(known)), change=change)


def stat_of(entry: Entry) -> Stat:
    """The part of an entry that ``lstat`` can be compared with."""
    return Stat(entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)


def _gone(known: Entry, cause: Cause) -> News:
    return News(
        entry=Entry(path=known.path, earlier=_earlier(known)),
        change=Change(path=known.path, kind=ChangeKind.DELETED, cause=cause),
    )


def _earlier(known: Entry) -> tuple[str, ...]:
    hashes: Iterable[str] = (known.sha256, *known.earlier) if known.sha256 else known.earlier
    return tuple(hashes)[:EARLIER_KEPT]
