"""Hands: what becomes of a change set. Kept as a suggestion, held, applied to the tree, rejected or undone.

What is applied is in the ledger before the first byte is written, and is brought to the hooks once, with cause
``apply``.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from daemon.changes.apply import Applied, Conflict, apply, recover, undo
from daemon.changes.codec import from_json, to_json
from daemon.changeset import ChangeSetState
from daemon.difference import FileBytes, describe
from daemon.errors import HookdError, NoSuchThingError
from daemon.limits import Decision, judge
from daemon.report.record import DecisionDraft
from daemon.runner import Verdict
from daemon.settings import effective_limits, effective_mode
from daemon.watch.content import Footing, UnreadableError, UnsettledError, look
from daemon.watch.verdict import verdict
from hooks.model import Cause, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from daemon.changes.apply import Moved
    from daemon.changeset import ChangeSet
    from daemon.report.record import Record
    from daemon.settings import Settings
    from daemon.state.paths import StatePaths, WorkspacePaths
    from daemon.watch.ledger import Ledger
    from daemon.watch.port import News
    from daemon.watch.verdict import Seen
    from daemon.workspace import Workspace
    from hooks.model import Hook

log = structlog.get_logger()

KEPT_FILE = "changeset.json"
REMEMBERED = 4096
"""So many of our own latest writes are told from a person's when a base has moved."""

NOT_OURS = "-"
"""Stands where no hash of ours is known; no file has it."""

OPEN = frozenset({ChangeSetState.SUGGESTED, ChangeSetState.HELD, ChangeSetState.UNDONE})


class DecisionError(HookdError):
    """A change set that cannot be decided upon like this."""


class Archive(Protocol):
    """The report log, where decisions are written."""

    def append(self, workspace: str, draft: DecisionDraft) -> str:
        """Durable when it returns."""

    def change_sets(self, workspace: str) -> Path:
        """The folder in which change sets are kept."""

    def get(self, workspace: str, part: str) -> Record:
        """The record an id (a report's or a change set's, or a part of it) names."""


class Hands:
    """The only part that writes into a workspace. Safe to use from several threads."""

    def __init__(
        self,
        *,
        paths: StatePaths,
        settings: Settings,
        ledger: Ledger,
        accept: Callable[[Path, Sequence[News]], None],
        archive: Archive,
        identity: Mapping[str, str | int | None],
        clock: Callable[[], float],
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._ledger = ledger
        self._accept = accept
        self._archive = archive
        self._identity = identity
        self._clock = clock
        self._guard = threading.Lock()
        self._ours: OrderedDict[tuple[str, str], str | None] = OrderedDict()

    def settle(self, workspace: Workspace, hook: Hook, change_set: ChangeSet, store: Path) -> Verdict:
        """See ``daemon.runner.Hands``. The change set lies beside its bytes from here on, whatever is decided."""
        _keep(change_set, store)
        if effective_mode(self._settings, hook) is Mode.ADVISORY:
            return Verdict(state=ChangeSetState.SUGGESTED, reasons=self._lowered(hook))
        moved = [edit.path for edit in change_set.edits if edit.moved]
        if moved and all(self._is_ours(workspace, path) for path in moved):
            return Verdict(state=ChangeSetState.HELD, reasons=_changed(moved), again=True)
        decision = judge(
            change_set,
            files_per_change=effective_limits(self._settings, hook).files_per_change,
            protected=self._protected(workspace),
        )
        if decision.decision is not Decision.APPLY:
            return Verdict(state=ChangeSetState.HELD, reasons=decision.reasons)
        try:
            done = self._apply(workspace, change_set, store)
        except HookdError as error:
            return Verdict(state=ChangeSetState.HELD, reasons=(str(error),))
        if isinstance(done, Conflict):
            again = bool(done.moved) and all(self._moved_by_us(workspace, one) for one in done.moved)
            return Verdict(state=ChangeSetState.HELD, reasons=done.reasons, again=again)
        return Verdict(state=ChangeSetState.APPLIED)

    def _lowered(self, hook: Hook) -> tuple[str, ...]:
        if hook.mode is Mode.ADVISORY:
            return ()
        return ("the user's or the administrator's settings allow no mode above advisory",)

    def decide(self, workspace: Workspace, part: str, verb: str) -> dict[str, Any]:
        """A person's decision: ``apply``, ``reject`` or ``undo``; the state afterwards, and the reasons."""
        record = self._archive.get(workspace.name, part)
        entry = record.value.get("change_set") or {}
        if not record.is_run or not entry.get("id"):
            raise NoSuchThingError(f"report {part}", "has no change set", "see `kiro-hookd report`")
        state = ChangeSetState(entry["state"])
        return {"apply": self._person_applies, "reject": self._person_rejects, "undo": self._person_undoes}[verb](
            workspace, entry["id"], state
        )

    def _person_applies(self, workspace: Workspace, name: str, state: ChangeSetState) -> dict[str, Any]:
        _require(name, "apply", state, OPEN | {ChangeSetState.REJECTED})
        store = self._archive.change_sets(workspace.name) / name
        change_set = _kept(store, name)
        decision = judge(change_set, files_per_change=None, protected=self._protected(workspace))
        if decision.decision is Decision.REFUSE:
            return {"state": str(state), "reasons": list(decision.reasons)}
        done = self._apply(workspace, change_set, store)
        if isinstance(done, Conflict):
            return {"state": str(state), "reasons": list(done.reasons)}
        return self._decided(workspace, name, ChangeSetState.APPLIED)

    def _person_rejects(self, workspace: Workspace, name: str, state: ChangeSetState) -> dict[str, Any]:
        _require(name, "reject", state, OPEN)
        return self._decided(workspace, name, ChangeSetState.REJECTED)

    def _person_undoes(self, workspace: Workspace, name: str, state: ChangeSetState) -> dict[str, Any]:
        _require(name, "undo", state, {ChangeSetState.APPLIED})
        done = undo(name, journals=self._journals(workspace), ledger=_ApplyLedger(self, workspace))
        if isinstance(done, Conflict):
            return {"state": str(state), "reasons": list(done.reasons)}
        return self._decided(workspace, name, ChangeSetState.UNDONE)

    def _decided(
        self, workspace: Workspace, name: str, state: ChangeSetState, reasons: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        draft = DecisionDraft(
            workspace=workspace.name,
            change_set=name,
            state=state,
            identity=self._identity,
            at=self._clock(),
            reasons=reasons,
        )
        self._archive.append(workspace.name, draft)
        log.info("change_set.decided", workspace=workspace.name, change_set=name, state=str(state))
        return {"state": str(state), "reasons": list(reasons)}

    def recover(self, workspace: Workspace) -> None:
        """Finish or take back what a crash left of an apply, before anything else is done to the workspace."""
        for found in recover(self._journals(workspace), ledger=_ApplyLedger(self, workspace)):
            log.warning("apply.recovered", workspace=workspace.name, change_set=found.id, applied=found.applied)
            if found.applied:
                state = ChangeSetState.UNDONE if found.undo else ChangeSetState.APPLIED
                self._decided(workspace, found.id, state, ("finished after a crash",))

    def _apply(self, workspace: Workspace, change_set: ChangeSet, store: Path) -> Applied | Conflict:
        return apply(
            workspace.root,
            change_set,
            store=store,
            journals=self._journals(workspace),
            ledger=_ApplyLedger(self, workspace),
        )

    def _journals(self, workspace: Workspace) -> Path:
        folder = self._paths.workspace(workspace.root).directory / "journals"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _protected(self, workspace: Workspace) -> list[str]:
        rules = (*workspace.loaded.settings.protected, *self._settings.protected)
        return [f"{rule.scope}/{rule.pattern}" if rule.scope else rule.pattern for rule in rules]

    def _is_ours(self, workspace: Workspace, path: str) -> bool:
        with self._guard:
            ours = self._ours.get((workspace.name, path), NOT_OURS)
        return ours == _hash(_look(workspace.root, path))

    def _moved_by_us(self, workspace: Workspace, moved: Moved) -> bool:
        return self._is_ours(workspace, moved.path)

    def expect(self, workspace: Workspace, path: str, before: str | None, after: str | None) -> None:
        """Enter what an apply may leave at a path before it is written: in the ledger, and among our own writes, so
        that another worker whose base this moves knows at once whose doing it is.
        """
        self._ledger.expect(workspace.root, path, (before, after))
        with self._guard:
            self._ours[workspace.name, path] = after
            self._ours.move_to_end((workspace.name, path))
            while len(self._ours) > REMEMBERED:
                self._ours.popitem(last=False)

    def written(self, workspace: Workspace, path: str, sha256: str | None) -> None:
        """A path of an apply is in the tree: bring it to the hooks once, and expect nothing else of it any more.

        When somebody has written there since, that is theirs, and the watch brings it as the edit it is.
        """
        if workspace.plan.concerns(path):
            seen = _look(workspace.root, path)
            if (seen.sha256 if seen else None) == sha256:
                news = verdict(path, self._ledger.get(workspace.root, path), seen, Cause.APPLY)
                if news is not None:
                    self._accept(workspace.root, [news])
        self._ledger.unexpect(workspace.root, path)


class _ApplyLedger:
    """The ledger as an apply of one workspace sees it; see ``daemon.changes.transaction.Ledger``."""

    def __init__(self, hands: Hands, workspace: Workspace) -> None:
        self._hands = hands
        self._workspace = workspace

    def expect(self, path: str, before: str | None, after: str | None) -> None:
        self._hands.expect(self._workspace, path, before, after)

    def settle(self, path: str, sha256: str | None) -> None:
        self._hands.written(self._workspace, path, sha256)


def difference(root: Path, paths: WorkspacePaths, name: str) -> str:
    """What a change set does, as an escaped unified difference; safe to print.

    What a file was before is shown where the tree still holds it, or where it was kept when the change set was applied.
    """
    store = paths.changesets / name
    before: dict[str, FileBytes] = {}
    after: dict[str, FileBytes] = {}
    for edit in _kept(store, name).edits:
        old = edit.old_path or edit.path
        if edit.base_sha256 is not None:
            kept = _bytes(paths.directory / "journals" / name / "pre" / edit.base_sha256) or _bytes(root / old)
            known = kept is not None and hashlib.sha256(kept).hexdigest() == edit.base_sha256
            before[old] = FileBytes(path=old, sha256=edit.base_sha256, content=kept if known else None)
        if edit.sha256 is not None:
            after[edit.path] = FileBytes(path=edit.path, sha256=edit.sha256, content=_bytes(store / edit.sha256))
    return describe(before, after)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def _require(
    name: str, verb: str, state: ChangeSetState, states: frozenset[ChangeSetState] | set[ChangeSetState]
) -> None:
    if state not in states:
        raise DecisionError(
            f"change set {name}", f"is {state}, so there is nothing to {verb}", "see `kiro-hookd report`"
        )


def _changed(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{path}: changed in the tree while the run was under way" for path in paths)


def _keep(change_set: ChangeSet, store: Path) -> None:
    """Write the change set beside its bytes, durably."""
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = store / f"{KEPT_FILE}.part"
    with part.open("w", encoding="ascii") as file:
        json.dump(to_json(change_set), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(store / KEPT_FILE)


def _kept(store: Path, name: str) -> ChangeSet:
    try:
        return from_json(json.loads((store / KEPT_FILE).read_text("ascii")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoSuchThingError(
            f"change set {name}", f"cannot be read ({error})", "its report still names the files"
        ) from error


def _look(root: Path, path: str) -> Seen | None:
    """The file as it is; ``None`` when there is none, or when it does not hold still: then it is not as we left it."""
    try:
        return look(str(root), path, Footing(str(root)))
    except (UnsettledError, UnreadableError):
        return None


def _hash(seen: Seen | None) -> str | None:
    return seen.sha256 if seen else None
