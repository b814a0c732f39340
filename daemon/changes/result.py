"""What an apply, an undo or a recovery came to. Values; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One path that was written, with the hashes it went from and to (``None``: no file)."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """Everything is in the tree, durable."""

    id: str
    files: tuple[Written, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A path that does not hold what the run started from. ``found`` is the hash it holds, where that is known."""

    path: str
    why: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Nothing was written: the tree has moved on. ``rescued`` names a folder with bytes of a person, if any."""

    id: str
    moved: tuple[Moved, ...]
    rescued: Path | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each path."""
        return tuple(f"{one.path}: {one.why}" for one in self.moved)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """What the start made of a journal a crash left: all of the new (``applied``) or all of the old."""

    id: str
    workspace: Path
    applied: bool
    undo: bool
    files: tuple[Written, ...]
    rescued: Path | None = None
