"""``check`` prints one table that a person can read, for every kind of hook file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from daemon.cli.check import command

EXAMPLE = Path(__file__).parents[2] / "examples/shop/.kiro/settings/hooks.yaml"

OLD = {
    "enabled": True,
    "name": "Test sync",
    "description": "Keeps tests beside sources",
    "version": "1",
    "when": {"type": "fileEdited", "patterns": ["src/**/*.ts", "!src/**/*.test.ts"]},
    "then": {"type": "askAgent", "prompt": "Update the tests of the changed file."},
}
IDE_ONLY = {
    "enabled": True,
    "name": "Greeting",
    "version": "1",
    "when": {"type": "promptSubmit"},
    "then": {"type": "askAgent", "prompt": "Say hello."},
}
NEW = {
    "version": "v1",
    "hooks": [
        {
            "name": "Lint on save",
            "trigger": "PostFileSave",
            "matcher": "\\.py$",
            "action": {"type": "command", "command": "ruff check {{filePath}}"},
            "timeout": 60,
            "enabled": True,
        },
        {
            "name": "By hand",
            "trigger": "Manual",
            "action": {"type": "agent", "prompt": "Explain the change."},
            "enabled": True,
        },
    ],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def _check(root: Path, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(command, [str(root), *options], standalone_mode=False)
    assert done.exception is None
    assert done.return_value == code
    return done.output


def _write(root: Path, path: str, value: Any) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value, indent=2))


def test_the_published_file_is_one_table_of_two_hooks(tmp_path: Path) -> None:
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    shutil.copy(EXAMPLE, tmp_path / ".kiro/settings/hooks.yaml")
    lines = _check(tmp_path).splitlines()
    assert lines[0].split() == ["HOOK", "WHEN", "WHERE", "MODE", "RUNS", "FROM"]
    assert "file_modified" in lines[1]
    assert ".kiro/settings/hooks.yaml:3" in lines[1]
    assert lines[-1].startswith("2 hooks, 0 faults")
    assert len({line.index("advisory") for line in lines[1:3]}) == 1


def test_an_old_folder_is_listed_with_what_needs_the_ide_and_what_asks_for_edits(tmp_path: Path) -> None:
    _write(tmp_path, ".kiro/hooks/test-sync.kiro.hook", OLD)
    _write(tmp_path, ".kiro/hooks/greeting.kiro.hook", IDE_ONLY)
    said = _check(tmp_path)
    assert "!src/**/*.test.ts" in said
    assert "needs the IDE: Greeting (promptSubmit" in said
    assert "ask for edits" in said
    assert "Test sync" in said
    [hook] = json.loads(_check(tmp_path, "--json"))["hooks"]
    assert (hook["imported"], hook["asks_for_edits"], hook["mode"]) == (True, True, "advisory")


def test_a_new_file_is_listed_with_its_commands_and_manual_hooks(tmp_path: Path) -> None:
    _write(tmp_path, ".kiro/hooks/team.json", NEW)
    said = _check(tmp_path)
    assert "Lint on save" in said
    assert "its command" in said
    assert "manual" in said
    assert ".kiro/hooks/team.json:" in said


def test_several_sources_at_once_are_one_table(tmp_path: Path) -> None:
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    shutil.copy(EXAMPLE, tmp_path / ".kiro/settings/hooks.yaml")
    _write(tmp_path, ".kiro/hooks/test-sync.kiro.hook", OLD)
    _write(tmp_path, ".kiro/hooks/team.json", NEW)
    assert "5 hooks" in _check(tmp_path)


def test_every_fault_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    _write(tmp_path, ".kiro/settings/hooks.yaml", "hooks:\n  - {nam: a, trigger: file_create, pattern: ''}\n")
    value = json.loads(_check(tmp_path, "--json", code=1))
    assert len(value["faults"]) >= 3
    assert all(fault["line"] == 2 and fault["column"] > 1 for fault in value["faults"])
    assert "did you mean" in json.dumps(value["faults"])
