"""The agents verb: who is there, who is allowed, and one harmless run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Machine


def _config(machine: Machine, text: str) -> None:
    machine.paths.config_dir.mkdir(parents=True)
    machine.paths.config.write_text(text)


def test_every_agent_is_listed_with_whether_it_is_there_and_allowed(machine: Machine) -> None:
    _config(machine, "agents_allowed: [builtin]\n")
    rows = {row["name"]: row for row in machine.json("agents")}
    assert (rows["builtin"]["installed"], rows["builtin"]["allowed"]) == (True, True)
    assert rows["claude"]["allowed"] is False
    assert "config.yaml" in rows["claude"]["reason"]


def test_a_harmless_run_tells_whether_an_agent_works(machine: Machine, tmp_path: Path) -> None:
    program = tmp_path / "agent.py"
    program.write_text("import json, sys\nprint('heard: ' + json.load(sys.stdin)['prompt'][-5:])\n")
    _config(
        machine,
        f"agents:\n  mine: {{kind: command, command: [{sys.executable}, {program}], read_only: [{tmp_path}]}}\n",
    )
    said = machine.json("agents", "test", "mine")
    assert (said["outcome"], said["summary"]) == ("succeeded", "heard: ready")
    assert machine.json("agents", "test", "builtin")["outcome"] == "succeeded"
    machine.hookd("agents", "test", "nobody", code=1)
    assert "nobody" in machine.said


def test_what_is_not_allowed_is_not_tried(machine: Machine) -> None:
    _config(machine, "agents_allowed: [kiro]\n")
    machine.hookd("agents", "test", "builtin", code=1)
    assert "not allowed" in machine.said
