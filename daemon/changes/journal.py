"""The journal of one apply or undo: what is to be done, how far it has come, and the bytes as they were before.

A folder of its own: ``plan.json``, ``phase``, ``pre/<sha256>``, ``rescued/``. Every write is durable before the next
step of the apply is taken.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from daemon.changes.files import Fact
from daemon.changeset import FileType
from daemon.errors import HookdError

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.changes.disk import Disk

STAGE_PREFIX = ".kiro-hookd."
"""How the names of staged files begin. They lie beside the file they are for; no watch and no view concerns them."""


class ApplyError(HookdError):
    """An apply or undo that could not be done. The tree is as it was, unless the message says otherwise."""


class Phase(StrEnum):
    """How far a journal has come. Up to ``swapping`` recovery gives all of the old, from ``done`` all of the new."""

    STAGING = "staging"
    SWAPPING = "swapping"
    DONE = "done"
    APPLIED = "applied"
    UNDONE = "undone"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One path from ``before`` to ``after`` (``None``: nothing there). ``temporary`` is the staged name beside it."""

    path: str
    temporary: str
    before: Fact | None
    after: Fact | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A whole apply (or undo, of the apply ``undoes``). ``folders`` are directories it makes, outermost first."""

    id: str
    workspace: str
    operations: tuple[Operation, ...]
    folders: tuple[str, ...] = ()
    undoes: str | None = None


class Journal:
    """One journal folder."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self.before = folder / "pre"
        self.rescued = folder / "rescued"
        self._disk = disk

    @property
    def phase(self) -> Phase | None:
        """``None`` when the journal was never begun."""
        try:
            return Phase((self.folder / "phase").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def begin(self, plan: Plan) -> None:
        """Write the plan down."""
        self.before.mkdir(parents=True, mode=0o700)
        self._disk.put(self.folder / "plan.json", json.dumps(asdict(plan)).encode())
        self.enter(Phase.STAGING)

    def enter(self, phase: Phase) -> None:
        """The next phase; durable when this returns."""
        self._disk.put(self.folder / "phase", phase.encode())

    def plan(self) -> Plan | None:
        """The plan, ``None`` when there is none that can be read."""
        try:
            return _plan(json.loads((self.folder / "plan.json").read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, fact: Fact, data: bytes) -> None:
        """Keep what a file was before."""
        if not (self.before / fact.sha256).exists():
            self._disk.put(self.before / fact.sha256, data)

    def rescue(self, path: str, data: bytes) -> None:
        """Keep bytes of a person that had to give way to newer ones of a person."""
        self.rescued.mkdir(exist_ok=True, mode=0o700)
        name = base64.urlsafe_b64encode(os.fsencode(path)).decode()[:180]
        self._disk.put(self.rescued / f"{len(list(self.rescued.iterdir()))}-{name}", data)

    def close(self) -> None:
        """The tree is as it was: drop the journal, unless it holds somebody's bytes."""
        if self.rescued.exists():
            self.enter(Phase.ROLLED_BACK)
        else:
            self._disk.step("drop journal")
            shutil.rmtree(self.folder, ignore_errors=True)


def _plan(value: dict[str, Any]) -> Plan:
    operations = tuple(
        Operation(**{**one, "before": _fact(one["before"]), "after": _fact(one["after"])})
        for one in value["operations"]
    )
    return Plan(**{**value, "operations": operations, "folders": tuple(value["folders"])})


def _fact(value: dict[str, Any] | None) -> Fact | None:
    return None if value is None else Fact(**{**value, "type": FileType(value["type"])})
