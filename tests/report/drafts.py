"""Drafts of records for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.agents.port import Outcome, Usage
from daemon.changeset import ChangeSetState, Edit, EditKind
from daemon.report.record import ChangeSetEntry, DecisionDraft, Record, RunDraft
from daemon.view.port import Isolation
from hooks.finding import Finding, Level
from hooks.model import Cause, Change, ChangeKind, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

START = 1_800_000_000.0


def finding(message: str = "a key stands in the source", **more: Any) -> Finding:
    values: dict[str, Any] = {
        "rule": "hardcoded-credential",
        "category": "hardcoded-credential",
        "level": Level.ERROR,
        "file": "src/functions/pay.ts",
        "line": 3,
        "column": 7,
        "end_line": 3,
        "fingerprint": "0123456789abcdef",
        **more,
    }
    return Finding(message=message, **values)


def change(path: str = "src/functions/pay.ts") -> Change:
    return Change(path=path, kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="ab" * 32)


def run(job: int = 1, attempt: int = 1, **more: Any) -> RunDraft:
    values: dict[str, Any] = {
        "workspace": "/home/dev/shop",
        "hook": "Run security check on new Lambda",
        "origin": "hooks.yaml:9",
        "mode": Mode.ADVISORY,
        "agent": "builtin",
        "isolation": Isolation.OVERLAY,
        "outcome": Outcome.SUCCEEDED,
        "started": START + job,
        "duration": 0.21,
        "identity": {"user": "dev", "uid": 1000, "host": "desk"},
        "changes": (change(),),
        "summary": "looked at one file",
        "findings": (finding(),),
        "usage": Usage(input_tokens=10, output_tokens=5),
        **more,
    }
    return RunDraft(job=job, attempt=attempt, **values)


def suggestion(name: str = "cs1", state: ChangeSetState = ChangeSetState.SUGGESTED) -> ChangeSetEntry:
    edit = Edit(path="docs/api.md", kind=EditKind.MODIFIED, base_sha256="aa" * 32, sha256="bb" * 32)
    return ChangeSetEntry(id=name, state=state, edits=(edit,), reasons=("the hook is advisory",))


def decision(change_set: str = "cs1", state: ChangeSetState = ChangeSetState.APPLIED, **more: Any) -> DecisionDraft:
    values: dict[str, Any] = {"workspace": "/home/dev/shop", "identity": {"user": "dev"}, "at": START + 999, **more}
    return DecisionDraft(change_set=change_set, state=state, **values)


def record(draft: RunDraft | DecisionDraft, seq: int = 1) -> Record:
    """A record as it would come from a log."""
    return Record(value={"v": 1, "id": f"id{seq}", "seq": seq, "prev": "", "hash": "", **draft.to_json()})


def records(drafts: Iterable[RunDraft | DecisionDraft]) -> list[Record]:
    return [record(draft, seq) for seq, draft in enumerate(drafts, 1)]
