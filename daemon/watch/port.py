"""What the watch is told and what it hands on. Values and Protocols; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hooks.model import Change


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the ledger remembers of one file. ``sha256`` ``None`` says that it is gone, ``""`` that it was taken as
    read by size and times and that its content has not been hashed yet.

    ``earlier`` are the content hashes before this one, newest first, a few of them. ``born_empty`` says that it was
    created empty and has had no content since. ``ctime_ns`` gives away a write that put the modification time back.
    """

    path: str
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    sha256: str | None = None
    earlier: tuple[str, ...] = ()
    born_empty: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """A change and the ledger entry that acknowledges it. ``change`` is ``None`` for what is remembered silently."""

    entry: Entry
    change: Change | None = None


class Plan(Protocol):
    """What the hooks of one workspace want watched. Paths are POSIX, relative to the root."""

    def concerns(self, path: str) -> bool:
        """Whether a file here could matter to any hook: a pattern covers it and nothing ignores it."""

    def may_hold(self, directory: str) -> bool:
        """Whether anything below this directory could; ``""`` is the root."""

    def settle(self, path: str) -> tuple[float, float]:
        """Quiet time before a change of this file counts, and its upper bound, both in seconds."""

    def is_rule_file(self, path: str) -> bool:
        """Whether a change of this file changes the plan (hook, ignore and steering files)."""


class Sink(Protocol):
    """Where news goes. The watch calls it from one thread of its own."""

    def accept(self, workspace: Path, news: Sequence[News]) -> None:
        """Store what the news leads to and acknowledge it in the ledger, in one transaction. When this raises,
        nothing was acknowledged and the watch will bring the news again.
        """

    def rules_changed(self, workspace: Path, paths: Sequence[str]) -> None:
        """A rule file settled with new content; the workspace is to be read again."""
