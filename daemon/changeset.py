"""Change set: the edits a run made, with the hash of each file they were made from. Values only; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EditKind(StrEnum):
    """What an edit does to a file."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"


class ChangeSetState(StrEnum):
    """What has become of a change set. ``none``: the run edited nothing."""

    NONE = "none"
    SUGGESTED = "suggested"
    HELD = "held"
    APPLIED = "applied"
    REJECTED = "rejected"
    UNDONE = "undone"


class FileType(StrEnum):
    """What a path is."""

    FILE = "file"
    SYMLINK = "symlink"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One path's edit. Hashes are SHA-256 in hex of the content (of a link: its target); ``None`` where there is none.

    ``old_path`` is set for a rename. Modes are the permission bits. ``moved`` marks a file that somebody changed in the
    tree while the run was under way: what the agent started from is then unknown, and nobody may write over it.
    """

    path: str
    kind: EditKind
    base_sha256: str | None = None
    sha256: str | None = None
    old_path: str | None = None
    base_mode: int | None = None
    mode: int | None = None
    base_type: FileType = FileType.FILE
    type: FileType = FileType.FILE
    binary: bool = False
    moved: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSet:
    """The edits of one run. The new bytes lie in the change set's folder, named by their hash.

    ``repositories`` are the edited directories that git would take for a repository of their own, ``collisions``
    the new paths that differ from another name only by letter case or Unicode form. ``overflow`` says, when not
    empty, why there is more than the edits show; such a change set is never applied.
    """

    id: str
    edits: tuple[Edit, ...] = ()
    repositories: tuple[str, ...] = ()
    collisions: tuple[str, ...] = ()
    overflow: str = ""
