"""Which findings still stand, and which a later run no longer sees. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daemon.report.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable


def current(records: Iterable[Record]) -> list[Record]:
    """The runs that still say something, oldest first: each without the findings that a later run made obsolete.

    A finding is obsolete once a later run of the same workspace and hook succeeded on its file, or, for a
    finding about no file, on one of the changed paths it came from; or when a later run's finding has the same
    fingerprint. A run is left out when a later one succeeded on all of its paths.
    """
    newest_first: list[Record] = []
    covered: set[tuple[str, str, str]] = set()
    reported: set[tuple[str | None, ...]] = set()
    for record in reversed([record for record in records if record.is_run]):
        value = record.value
        whose = (value["workspace"], value["hook"])
        # A scheduled or manual run may be about no file in particular: then about the hook as a whole.
        paths = {change["path"] for change in value["changes"]} or {""}
        if all((*whose, path) in covered for path in paths):
            continue
        standing = []
        for finding in value["findings"]:
            about = [finding["file"]] if finding["file"] else sorted(paths)
            name = (*whose, finding["rule"], finding["file"], finding["fingerprint"] or finding["message"])
            if name in reported or all((*whose, path) in covered for path in about):
                continue
            standing.append((name, finding))
        reported.update(name for name, _ in standing)
        newest_first.append(Record(value={**value, "findings": [finding for _, finding in standing]}))
        if value["outcome"] == "succeeded":
            covered.update((*whose, path) for path in paths)
    return newest_first[::-1]


def resolved(records: Iterable[Record]) -> list[Record]:
    """The same records with ``resolved`` in every finding: whether a later run of the hook succeeded on its file and
    did not report it again. Decisions are passed on as they are.
    """
    given = list(records)
    covered: set[tuple[str, str, str]] = set()
    reported: set[tuple[str | None, ...]] = set()
    marked: list[Record] = []
    for record in reversed(given):
        if not record.is_run:
            marked.append(record)
            continue
        value = record.value
        whose = (value["workspace"], value["hook"])
        paths = {change["path"] for change in value["changes"]} or {""}
        findings = []
        for finding in value["findings"]:
            about = [finding["file"]] if finding["file"] else sorted(paths)
            name = (*whose, finding["rule"], finding["file"], finding["fingerprint"] or finding["message"])
            gone = name not in reported and all((*whose, path) in covered for path in about)
            findings.append({**finding, "resolved": gone})
            if not gone:
                reported.add(name)
        marked.append(Record(value={**value, "findings": findings}))
        if value["outcome"] == "succeeded":
            covered.update((*whose, path) for path in paths)
    return marked[::-1]


def baseline(records: Iterable[Record]) -> str:
    """What still stands as a baseline file (see docs/builtin.md): the same text for the same findings."""
    entries = {
        finding["fingerprint"]: {key: finding[key] for key in ("fingerprint", "rule", "file")}
        for record in current(records)
        for finding in record.value["findings"]
        if finding["fingerprint"]
    }
    ordered = sorted(entries.values(), key=lambda entry: [str(value) for value in entry.values()])
    return json.dumps({"v": 1, "fingerprints": ordered}, indent=2)
