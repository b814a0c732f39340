"""A record laid out for a person, as pieces of text with a style each. Pure.

``text`` makes plain text of the pieces, ``styled`` the same with colours; the words are the same in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daemon.report.sanitise import clean, line, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.report.record import Json, Record


class Piece(NamedTuple):
    """Some text and how it looks: a style that rich knows, or nothing."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]
_OUTCOMES = {
    "succeeded": "green",
    "failed": "bold red",
    "timed_out": "bold red",
    "refused": "yellow",
    "stopped": "yellow",
}
_LEVELS = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_NEXT = {
    "suggested": "`kiro-hookd show {id}` shows it, `kiro-hookd apply {id}` applies it",
    "held": "`kiro-hookd show {id}` shows it; a person decides: `kiro-hookd apply {id}` or `kiro-hookd reject {id}`",
    "applied": "`kiro-hookd undo {id}` takes it back",
}


def lines(record: Record) -> Iterator[Line]:
    """The lines of a record. Safe for a terminal, whatever the log holds."""
    yield from _run(record.value) if record.is_run else _decision(record.value)


def place(finding: Json) -> str:
    """Where a finding is, as editors and terminals understand it: ``file:line:column``."""
    parts = [visible(finding["file"] or "(no file)")]
    if finding["line"] is not None:
        parts.append(str(finding["line"]))
        if finding["column"] is not None:
            parts.append(str(finding["column"]))
    return ":".join(parts)


def _run(value: Json) -> Iterator[Line]:
    outcome = value["outcome"]
    when = value["started"].replace("T", " ").removesuffix("Z").partition(".")[0] + "Z"
    model = f" ({line(value['model'])})" if value["model"] else ""
    yield (
        Piece(value["id"], "bold"),
        Piece("  "),
        Piece(when, "dim"),
        Piece("  "),
        Piece(line(value["hook"]), "bold"),
        Piece("  "),
        Piece(outcome.replace("_", " "), _OUTCOMES.get(outcome, "")),
    )
    facts = f"{value['mode']}, agent {line(value['agent'])}{model}, isolation {value['isolation']}, "
    yield (Piece(f"  {facts}{value['duration_s']:.2f} s, job {value['job']} attempt {value['attempt']}", "dim"),)
    for change in value["changes"]:
        cause = "" if change["cause"] == "edit" else f" ({change['cause']})"
        yield (Piece(f"  {change['kind']} {visible(change['path'])}{cause}"),)
    yield from _rows(value["error"] or "", "red")
    yield from _rows(value["summary"], "")
    for finding in value["findings"]:
        yield _finding(finding)
    yield from _change_set(value["change_set"])


def _rows(text: str, style: str) -> Iterator[Line]:
    """Text of several lines, each of them set in: none can pass for a line of the report's own."""
    for row in clean(text).strip().split("\n"):
        if row.strip():
            yield (Piece(f"  {row}", style),)


def _finding(finding: Json) -> Line:
    level = finding["level"]
    said = line(finding["message"])
    over = "suppressed" if finding["suppressed"] else "resolved" if finding.get("resolved") else ""
    end = f" [{line(finding['rule'])}]" + (f" ({over})" if over else "")
    style = "dim" if over else _LEVELS.get(level, "")
    return (
        Piece("  "),
        Piece(place(finding), "bold"),
        Piece(" "),
        Piece(level, style),
        Piece(f" {said}"),
        Piece(end, "dim"),
    )


def _change_set(entry: Json) -> Iterator[Line]:
    if entry["state"] == "none":
        return
    count = len(entry["files"])
    yield (Piece(f"  {entry['state']}: {count} file{'' if count == 1 else 's'}, change set {entry['id']}", "magenta"),)
    for file in entry["files"]:
        origin = f" (from {visible(file['old_path'])})" if file.get("old_path") else ""
        yield (Piece(f"    {file['kind']} {visible(file['path'])}{origin}"),)
    for reason in entry["reasons"]:
        yield (Piece(f"    because {line(reason)}"),)
    if entry["state"] in _NEXT:
        yield (Piece("    " + _NEXT[entry["state"]].format(id=entry["id"]), "dim"),)


def _decision(value: Json) -> Iterator[Line]:
    who = line(str(value["identity"].get("user") or "the daemon"))
    when = value["at"].replace("T", " ").removesuffix("Z").partition(".")[0] + "Z"
    verdict = f"change set {value['change_set']['id']} {value['verdict']} by {who}"
    yield (Piece(value["id"], "bold"), Piece("  "), Piece(when, "dim"), Piece(f"  {verdict}"))
    for reason in value["reasons"]:
        yield (Piece(f"    because {line(reason)}"),)
