"""``doctor``: what this machine offers and lacks, with remedies."""

from __future__ import annotations

from typing import Any

import click

from daemon.cli.desk import emit, json_option, safe


@click.command(
    help="Look at what kiro-hookd needs of this machine: state, sandbox, watches, git, agents. Changes nothing.\n\n"
    "Exit code 1 when something keeps it from working; a warning does not."
)
@json_option
def command(as_json: bool) -> int:
    from daemon.doctor import examine

    findings = [finding.to_json() for finding in examine()]
    emit(findings, as_json=as_json, text=_text)
    return 1 if any(finding["level"] == "error" for finding in findings) else 0


def _text(findings: list[dict[str, Any]]) -> str:
    marks = {"ok": "ok  ", "warning": "WARN", "error": "FAIL"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding['level']]}  {finding['topic']}: {safe(finding['says'])}")
        if finding["remedy"]:
            lines.append(f"      {safe(finding['remedy'])}")
    return "\n".join(lines)
