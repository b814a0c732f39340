"""The values of the report log, and the JSON that stands for them. Pure.

What an agent said is cleaned on its way into a record, so that no reader of the log has to.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from daemon.agents.port import Outcome, Usage
from daemon.changeset import ChangeSetState
from daemon.report.sanitise import clean, line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.changeset import Edit
    from daemon.view.port import Isolation
    from hooks.finding import Finding
    from hooks.model import Change, Mode

VERSION = 1
MOST_FINDINGS = 1000
_CATEGORY = re.compile(r"[^a-z0-9]+")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSetEntry:
    """What a record says of a change set: not the bytes, but what they would do and what was decided."""

    id: str | None = None
    state: ChangeSetState = ChangeSetState.NONE
    edits: tuple[Edit, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDraft:
    """A run, as it is handed to the log. Times are seconds since the epoch, ``duration`` seconds.

    ``identity`` says who ran it (``user``, ``uid``, ``host``, later the identity of a sign-on); ``audit`` what else an
    auditor asks for (``hook_digest``, ``agent_kind``, ``agent_version``, ``prompt_sha256``, ``repository``, ``head``,
    ``redactions``). ``error`` is one sentence with its remedy when the outcome is not ``succeeded``.
    """

    workspace: str
    hook: str
    origin: str
    mode: Mode
    agent: str
    isolation: Isolation
    job: int
    attempt: int
    outcome: Outcome
    started: float
    duration: float
    model: str | None = None
    identity: Mapping[str, str | int | None] = field(default_factory=dict)
    audit: Mapping[str, str | int | None] = field(default_factory=dict)
    error: str | None = None
    changes: tuple[Change, ...] = ()
    summary: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    change_set: ChangeSetEntry = field(default_factory=ChangeSetEntry)
    usage: Usage = field(default_factory=Usage)

    @property
    def ended(self) -> float:
        """When the record is made."""
        return self.started + self.duration

    def to_json(self) -> Json:
        """The record but for what the log adds (``v``, ``id``, ``seq``, ``prev``, ``hash``); every key present."""
        return {
            "kind": "run",
            "workspace": visible(self.workspace),
            "hook": line(self.hook),
            "origin": visible(self.origin),
            "mode": self.mode.value,
            "agent": line(self.agent),
            "model": None if self.model is None else line(self.model, limit=200),
            "isolation": self.isolation.value,
            "identity": _plain(self.identity),
            "audit": {**_plain(self.audit), "findings_left_out": max(0, len(self.findings) - MOST_FINDINGS)},
            "job": self.job,
            "attempt": self.attempt,
            "outcome": self.outcome.value,
            "error": None if self.error is None else clean(self.error, limit=4000),
            "changes": [_change(change) for change in self.changes],
            "summary": clean(self.summary),
            **({"notes": [line(note) for note in self.notes]} if self.notes else {}),
            "findings": [_finding(finding) for finding in _bounded(self.findings)],
            "change_set": _change_set(self.change_set),
            "usage": {
                "input_tokens": self.usage.input_tokens,
                "output_tokens": self.usage.output_tokens,
                "cache_read_tokens": self.usage.cache_read_tokens,
                "credits": _finite(self.usage.credits),
            },
            "started": timestamp(self.started),
            "duration_s": round(self.duration, 3),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionDraft:
    """A decision on a change set, by a person or by the daemon itself. ``at`` is seconds since the epoch.

    ``state`` is what the change set is from here on; ``identity`` says who decided.
    """

    workspace: str
    change_set: str
    state: ChangeSetState
    identity: Mapping[str, str | int | None]
    at: float
    reasons: tuple[str, ...] = ()

    @property
    def ended(self) -> float:
        """When the record is made."""
        return self.at

    def to_json(self) -> Json:
        """The record but for what the log adds; every key present."""
        return {
            "kind": "decision",
            "workspace": visible(self.workspace),
            "change_set": {"id": self.change_set, "state": self.state.value},
            "verdict": self.state.value,
            "reasons": [line(reason) for reason in self.reasons],
            "identity": _plain(self.identity),
            "at": timestamp(self.at),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of the log. ``value`` is its JSON object; treat it as frozen.

    Of a run that was joined with later decisions, ``value`` differs from what stands in the chain.
    """

    value: Json

    @property
    def id(self) -> str:
        """Its name: short, sortable by time, unique."""
        return str(self.value["id"])

    @property
    def seq(self) -> int:
        """Its place in the chain, from 1."""
        return int(self.value["seq"])

    @property
    def is_run(self) -> bool:
        """Whether it is a run; else it is a decision."""
        return bool(self.value["kind"] == "run")

    @property
    def change_set_id(self) -> str | None:
        """The change set it speaks of."""
        found: str | None = self.value["change_set"]["id"]
        return found


def joined(run: Record, decision: Record) -> Record:
    """A run as it stands after a decision on its change set."""
    of_run, of_decision = run.value["change_set"], decision.value
    reasons = [*of_run["reasons"], *(each for each in of_decision["reasons"] if each not in of_run["reasons"])]
    return Record(value={**run.value, "change_set": {**of_run, "state": of_decision["verdict"], "reasons": reasons}})


def timestamp(at: float) -> str:
    """Seconds since the epoch as the log writes a time: UTC, to the millisecond."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(fields: Mapping[str, str | int | None]) -> Json:
    return {line(key): line(value) if isinstance(value, str) else value for key, value in fields.items()}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _change(change: Change) -> Json:
    return {
        "path": visible(change.path),
        "kind": change.kind.value,
        "cause": change.cause.value,
        "sha256": change.sha256,
    }


def _bounded(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """At most so many findings that a reader and the log can bear; the gravest stay."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    grave = {"error": 0, "warning": 1, "note": 2}
    kept = sorted(range(len(findings)), key=lambda at: (grave[findings[at].level.value], at))[:MOST_FINDINGS]
    return tuple(findings[at] for at in sorted(kept))


def _finding(finding: Finding) -> Json:
    return {
        "rule": line(finding.rule, limit=100),
        "category": _CATEGORY.sub("-", line(finding.category, limit=100).lower()).strip("-"),
        "level": finding.level.value,
        "message": clean(finding.message, limit=4000),
        "file": None if finding.file is None else visible(finding.file[:4096]),
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "fingerprint": line(finding.fingerprint, limit=100),
        "suppressed": finding.suppressed,
    }


def _change_set(entry: ChangeSetEntry) -> Json:
    return {
        "id": entry.id,
        "state": entry.state.value,
        "files": [_edit(edit) for edit in entry.edits],
        "reasons": [line(reason) for reason in entry.reasons],
    }


def _edit(edit: Edit) -> Json:
    shown: Json = {
        "path": visible(edit.path),
        "kind": edit.kind.value,
        "base_sha256": edit.base_sha256,
        "sha256": edit.sha256,
    }
    return shown if edit.old_path is None else {**shown, "old_path": visible(edit.old_path)}
