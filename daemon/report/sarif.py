"""Reports as SARIF 2.1.0, for code scanning. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from daemon.report.record import timestamp
from daemon.report.sanitise import clean, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daemon.report.record import Json, Record

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"


def sarif(records: Iterable[Record], *, version: str) -> Json:
    """A SARIF log of these runs: one SARIF run a workspace, in it one invocation and the findings of each run.

    Paths are relative to the workspace root. Decisions are left out. ``version`` is that of kiro-hookd. Hand
    in ``current(records)`` for what still stands, the whole log for its history.
    """
    by_workspace: dict[str, list[Json]] = {}
    for record in records:
        if record.is_run:
            by_workspace.setdefault(record.value["workspace"], []).append(record.value)
    runs = [_run(workspace, values, version=version) for workspace, values in by_workspace.items()]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs or [_run(None, [], version=version)]}


def _run(workspace: str | None, values: Sequence[Json], *, version: str) -> Json:
    rules: dict[str, int] = {}
    descriptors: list[Json] = []
    results: list[Json] = []
    # Once one result says whether it is suppressed, all of a SARIF run must.
    suppressing = any(finding["suppressed"] for value in values for finding in value["findings"])
    for at, value in enumerate(values):
        for finding in value["findings"]:
            rule = line(finding["rule"]) or "finding"
            if rule not in rules:
                rules[rule] = len(rules)
                descriptors.append(_descriptor(rule, finding))
            result = _result(rule, rules[rule], finding, value, invocation=at)
            if suppressing:
                result["suppressions"] = [{"kind": "inSource"}] if finding["suppressed"] else []
            results.append(result)
    driver: Json = {"name": "kiro-hookd", "semanticVersion": version, "rules": descriptors}
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(value) for value in values],
        "results": results,
    }
    if workspace is not None:
        run["originalUriBaseIds"] = {_BASE: {"uri": f"file://{_uri(workspace).rstrip('/')}/"}}
    return run


def _descriptor(rule: str, finding: Json) -> Json:
    category = line(finding["category"])
    return {
        "id": rule,
        "shortDescription": {"text": (category or rule).replace("-", " ").capitalize()},
        "properties": {"tags": [category] if category else []},
    }


def _result(rule: str, index: int, finding: Json, value: Json, *, invocation: int) -> Json:
    result: Json = {
        "ruleId": rule,
        "ruleIndex": index,
        "level": finding["level"],
        "message": {"text": clean(finding["message"]) or rule},
        "provenance": {"invocationIndex": invocation},
        "properties": {"hook": line(value["hook"]), "report": value["id"], "category": finding["category"]},
    }
    if finding["fingerprint"]:
        result["partialFingerprints"] = {"kiroHookd/v1": finding["fingerprint"]}
    if finding["file"]:
        result["locations"] = [{"physicalLocation": _location(finding)}]
    return result


def _location(finding: Json) -> Json:
    location: Json = {"artifactLocation": {"uri": _uri(finding["file"]), "uriBaseId": _BASE}}
    start = finding["line"]
    if isinstance(start, int) and start >= 1:
        region: Json = {"startLine": start}
        if isinstance(finding["column"], int) and finding["column"] >= 1:
            region["startColumn"] = finding["column"]
        if isinstance(finding["end_line"], int) and finding["end_line"] >= start:
            region["endLine"] = finding["end_line"]
        location["region"] = region
    return location


def _invocation(value: Json) -> Json:
    succeeded = value["outcome"] == "succeeded"
    invocation: Json = {
        "executionSuccessful": succeeded,
        "startTimeUtc": value["started"],
        "endTimeUtc": _ended(value),
        "properties": {"hook": line(value["hook"]), "report": value["id"], "outcome": value["outcome"]},
    }
    if not succeeded:
        said = clean(value["error"] or f"the run {value['outcome'].replace('_', ' ')}")
        level = "warning" if value["outcome"] == "stopped" else "error"
        notification = {"level": level, "message": {"text": f"{line(value['hook'])}: {said}"}}
        invocation["toolExecutionNotifications"] = [{**notification, "descriptor": {"id": value["outcome"]}}]
    notes = [{"level": "note", "message": {"text": clean(note)}} for note in value.get("notes", ())]
    if notes:
        invocation.setdefault("toolExecutionNotifications", []).extend(notes)
    return invocation


def _ended(value: Json) -> str:
    return timestamp(datetime.fromisoformat(value["started"]).timestamp() + value["duration_s"])


def _uri(path: str) -> str:
    """A path as a URI reference; a colon in its first part would be taken for a scheme."""
    return quote(path, safe="/-._~!$&'()*+,;=@", errors="backslashreplace")
