from __future__ import annotations

import json
import stat

import pytest

from daemon.agents.builtin.review import external


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a program of this name on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def write(name: str, script: str) -> None:
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return write


def test_nothing_runs_unless_a_person_switched_it_on(monkeypatch):
    monkeypatch.delenv("KIRO_HOOKD_REVIEWERS", raising=False)
    assert external.switched_on() == ()
    monkeypatch.setenv("KIRO_HOOKD_REVIEWERS", "bandit, nonsense")
    assert external.switched_on() == ("bandit",)


def test_what_bandit_prints_becomes_findings(tmp_path, install):
    row = {"test_id": "B602", "filename": "./a.py", "line_number": 3, "issue_severity": "HIGH", "issue_text": "shell"}
    install("bandit", f"echo '{json.dumps({'results': [row]})}'; exit 1")
    result = external.run(tmp_path, ["a.py"], ["bandit"])
    assert [(f.rule, f.file, f.line, f.level.value) for f in result.findings] == [("bandit.B602", "a.py", 3, "error")]


def test_a_reviewer_that_is_missing_broken_or_late_is_a_note(tmp_path, install):
    install("bandit", "echo no json")
    install("checkov", "sleep 60")
    result = external.run(tmp_path, ["a.py", "a.tf"], ["semgrep", "bandit", "checkov"], seconds=0.3)
    assert result.findings == ()
    assert [note.split(":")[0] for note in result.notes] == ["semgrep", "bandit", "checkov"]
