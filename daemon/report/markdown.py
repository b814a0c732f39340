"""Reports as Markdown, for code review. Pure.

Everything that somebody else wrote stands in a code span or a code block whose fence is longer than any run of back
quotes in it. There Markdown knows no HTML, no links, no images, no mentions and no references, so there is
nothing to escape and nothing to forget.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.report.sanitise import clean, line, visible
from daemon.report.segments import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemon.report.record import Json, Record

_TICKS = re.compile("`+")


def markdown(records: Iterable[Record]) -> str:
    """The reports, a section each, newest last; ends in a newline."""
    blocks = [
        block for record in records for block in (_run(record.value) if record.is_run else _decision(record.value))
    ]
    return "\n\n".join(["# Reports", *(blocks or ["There are none."])]) + "\n"


def code(text: str) -> str:
    """A code span of one line, whatever the text holds."""
    inside = line(text) or " "
    ticks = "`" * _longer_than_any_run(inside, least=1)
    pad = " " if inside[0] in "` " or inside[-1] in "` " else ""
    return f"{ticks}{pad}{inside}{pad}{ticks}"


def block(text: str) -> str:
    """A code block, whatever the text holds."""
    inside = clean(text).strip("\n")
    fence = "`" * _longer_than_any_run(inside, least=3)
    return f"{fence}text\n{inside}\n{fence}"


def _longer_than_any_run(text: str, *, least: int) -> int:
    return max(least, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))


def _run(value: Json) -> Iterator[str]:
    yield f"## {code(value['hook'])}: {value['outcome'].replace('_', ' ')}"
    model = f", model {code(value['model'])}" if value["model"] else ""
    facts = [
        f"report {code(value['id'])}, {value['started']}, {value['duration_s']:.2f} s",
        f"{value['mode']}, agent {code(value['agent'])}{model}, isolation {value['isolation']}",
        *(f"{change['kind']} {code(visible(change['path']))} ({change['cause']})" for change in value["changes"]),
    ]
    yield "\n".join(f"- {fact}" for fact in facts)
    if value["error"]:
        yield f"**Error**\n\n{block(value['error'])}"
    if value["summary"].strip():
        yield block(value["summary"])
    shown = [finding for finding in value["findings"] if not finding["suppressed"]]
    if shown:
        yield "\n".join(["**Findings**", "", *(_finding(finding) for finding in shown)])
    left_out = len(value["findings"]) - len(shown)
    if left_out:
        yield f"{left_out} suppressed."
    if value["change_set"]["state"] != "none":
        yield _change_set(value["change_set"])


def _finding(finding: Json) -> str:
    return f"- {finding['level']} {code(place(finding))} {code(finding['message'])} ({code(finding['rule'])})"


def _change_set(entry: Json) -> str:
    rows = [f"**Change set** {code(entry['id'])}: {entry['state']}", ""]
    rows += [f"- {file['kind']} {code(visible(file['path']))}" for file in entry["files"]]
    rows += [f"- because {code(reason)}" for reason in entry["reasons"]]
    return "\n".join(rows)


def _decision(value: Json) -> Iterator[str]:
    who = code(str(value["identity"].get("user") or "the daemon"))
    yield f"## Change set {code(value['change_set']['id'])}: {value['verdict']}"
    yield "\n".join([f"- by {who}, {value['at']}", *(f"- because {code(reason)}" for reason in value["reasons"])])
