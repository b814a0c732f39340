"""The values every room speaks in: hooks, changes and matches. Pure; nothing here reads or writes.

Paths are POSIX paths relative to the workspace root. A name that is not UTF-8 is held as Python holds it
(``surrogateescape``), so that it survives the way through the queue and back to the file system.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Literal


class Trigger(StrEnum):
    """What makes a hook run."""

    FILE_CREATED = "file_created"
    FILE_MODIFIED = "file_modified"
    FILE_DELETED = "file_deleted"
    SCHEDULE = "schedule"
    MANUAL = "manual"


FILE_TRIGGERS = frozenset({Trigger.FILE_CREATED, Trigger.FILE_MODIFIED, Trigger.FILE_DELETED})


class Mode(StrEnum):
    """How far a run may reach: advisory never touches the tree, auto-fix may through the limits."""

    ADVISORY = "advisory"
    AUTO_FIX = "auto-fix"


class ChangeKind(StrEnum):
    """What became of a file."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


class Cause(StrEnum):
    """Who or what brought a change."""

    EDIT = "edit"
    CHECKOUT = "checkout"
    CATCH_UP = "catch-up"
    APPLY = "apply"
    MANUAL = "manual"
    SCHEDULE = "schedule"


class Batch(StrEnum):
    """Whether changes that settled together make one job or one each."""

    EACH = "each"
    TOGETHER = "together"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a hook was written: a file (as a person would name it) and a place in it, both counted from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a hook may use up. ``None`` means unlimited."""

    files_per_change: int | None = 50
    runs_per_hour: int | None = 60
    tokens_per_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A named rule: trigger, pattern, mode, agent, action. Times are seconds.

    ``patterns`` are relative to ``scope``, the POSIX path of the package the hook was written for ("" for the
    workspace root); one that begins with ``!`` takes files out again, one that begins with ``re:`` (or ``!re:``) is an
    RE2 regular expression searched for in the path, as Kiro's newer files have it. ``pattern_origins`` says where each
    of them was written, when that is known. Exactly one of ``action`` and ``command`` is set. ``timeout`` ``None``
    means no deadline.
    """

    name: str
    triggers: frozenset[Trigger]
    origin: Origin
    patterns: tuple[str, ...] = ()
    action: str | None = None
    command: str | None = None
    description: str = ""
    enabled: bool = True
    schedule: str | None = None
    scope: str = ""
    mode: Mode = Mode.ADVISORY
    agent: str = "builtin"
    fallback: tuple[str, ...] = ()
    batch: Batch = Batch.EACH
    settle: float = 0.5
    settle_max: float = 10.0
    cooldown: float = 0.0
    timeout: float | None = 600.0
    retries: int = 2
    context: tuple[str, ...] = ()
    on_checkout: Literal["skip", "run"] = "skip"
    catch_up: Literal["skip", "run"] = "run"
    when_empty: Literal["wait", "run"] = "wait"
    limits: Limits = field(default_factory=Limits)
    pattern_origins: tuple[Origin, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what the hook does; where it was written does not count."""
        fields = asdict(self)
        del fields["origin"], fields["pattern_origins"]
        fields["triggers"] = sorted(self.triggers)
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is left of events once a file has settled.

    ``sha256`` is the content's hash in hex, ``None`` when the file is gone. ``first_content`` marks a
    modification that gave an empty new file its first content: for a hook that waits out empty files
    (``when_empty: wait``) that is the creation. ``empty`` marks a file whose content is empty.
    """

    path: str
    kind: ChangeKind
    cause: Cause
    sha256: str | None = None
    first_content: bool = False
    empty: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A hook and the changes that concern it: what one job is made of. Never without a change for a file trigger."""

    hook: Hook
    changes: tuple[Change, ...]
