"""The tree against the ledger: the first reading, the comparison, and the hashing that follows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.watch.content import Footing, UnreadableError, UnsettledError, look
from daemon.watch.verdict import stat_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path

    from daemon.watch.ledger import Ledger, Stat
    from daemon.watch.port import Entry
    from daemon.watch.tree import Tree

_AT_ONCE = 5000
"""Files entered in one transaction of the first reading: bounded memory, and other rooms get their turn."""
_HASHED_AT_ONCE = 500
"""Files hashed between two looks at what has come in: each ends with a write to disk, which costs more than they do."""
UNREADABLE = "0" * 64
"""Stands for the hash of a file whose content cannot be read, so that it is not tried for ever."""


def first(root: Path, tree: Tree, ledger: Ledger) -> None:
    """Take everything that stands in the tree as read. Durable when it returns; a reading that was broken off
    before is begun again.
    """
    if ledger.holds(root, ""):
        ledger.forget(root)
    files = ((directory, name, stat) for directory, found in tree.read() for name, stat in found.items())
    while batch := list(itertools.islice(files, _AT_ONCE)):
        ledger.take_as_read(root, batch)


def compare(
    root: Path,
    tree: Tree,
    ledger: Ledger,
    top: str,
    *,
    differs: Callable[[str], None],
    as_read: Callable[[str, Stat], bool],
) -> list[tuple[str, str, Stat]]:
    """Read the tree below ``top`` and call ``differs`` for each file that is not as the ledger has it, also those
    that are gone. Unknown files that ``as_read`` claims are returned instead.
    """
    newly: list[tuple[str, str, Stat]] = []
    read: set[str] = set()
    remembered = set(ledger.directories(root, top))
    for directory, found in tree.read(top):
        read.add(directory)
        known = ledger.stats(root, directory) if directory in remembered else {}
        prefix = f"{directory}/" if directory else ""
        for name, stat in found.items():
            before = known.pop(name, None)
            if before is None and as_read(prefix + name, stat):
                newly.append((directory, name, stat))
            elif before != stat:
                differs(prefix + name)
        for name in known:
            differs(prefix + name)
    for directory in remembered - read:
        if tree.hidden(directory):
            continue
        for path in ledger.paths(root, directory):
            differs(path)
    return newly


def hash_some(
    root: Path, base: str, ledger: Ledger, *, after: str, waiting: Container[str], differs: Callable[[str], None]
) -> str | None:
    """Hash some of the files that were taken as read, going on from ``after``; the last of them, ``None`` when there
    are no more. One that is no longer as it was taken, ``differs``; one that is ``waiting`` is hashed when it has
    settled.
    """
    entries = ledger.unhashed(root, after, _HASHED_AT_ONCE)
    hashed = list(_hashed(entries, base, Footing(base), waiting, differs))
    if hashed:
        ledger.record(root, hashed)
    return entries[-1].path if entries else None


def _hashed(
    entries: list[Entry], base: str, footing: Footing, waiting: Container[str], differs: Callable[[str], None]
) -> Iterator[Entry]:
    for entry in entries:
        if entry.path in waiting:
            continue
        try:
            seen = look(base, entry.path, footing)
        except UnsettledError:
            seen = None
        except UnreadableError:
            yield replace(entry, sha256=UNREADABLE)
            continue
        if seen is None or seen.stat != stat_of(entry):
            differs(entry.path)
        else:
            yield replace(entry, sha256=seen.sha256)
