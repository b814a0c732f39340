"""A real repository under a real daemon: what git brings fires nothing, what a person edits does."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

HOOKS = """
hooks:
  - name: Note
    trigger: [file_created, file_modified, file_deleted]
    pattern: '{src,barrier}/**'
    command: 'true'
  - name: Even then
    trigger: file_modified
    pattern: 'src/**'
    command: 'true'
    on_checkout: run
"""


def _git(machine: Machine, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=machine.root, env=machine.env, check=True, capture_output=True)


def _repository(machine: Machine) -> None:
    _git(machine, "init", "-q", "-b", "main")
    machine.hooks(HOOKS)
    for number in range(40):
        machine.write(f"src/f{number}.ts", f"one {number}\n")
    _git(machine, "add", "-A")
    _git(machine, "commit", "-qm", "one")
    _git(machine, "checkout", "-qb", "other")
    for number in range(30):
        machine.write(f"src/f{number}.ts", f"two {number}\n")
    _git(machine, "commit", "-qam", "two")
    _git(machine, "checkout", "-q", "main")
    machine.trust()


def test_a_checkout_fires_nothing_but_the_hooks_that_ask_for_it_and_a_hand_edit_does(machine: Machine) -> None:
    _repository(machine)
    with machine.daemon():
        _git(machine, "checkout", "-q", "other")
        machine.write("src/f39.ts", "by hand\n")
        machine.barrier("barrier/1", "Note")
    changed = machine.changed()
    assert sorted(path for hook, _, path in changed if hook == "Note") == ["barrier/1", "src/f39.ts"]
    asked = [path for hook, _, path in changed if hook == "Even then"]
    assert len(asked) == 31
    causes = {change["path"]: change["cause"] for report in machine.reports() for change in report["changes"]}
    assert causes["src/f0.ts"] == "checkout"
    assert causes["src/f39.ts"] == "edit"


def test_a_stash_and_its_return_fire_nothing(machine: Machine) -> None:
    _repository(machine)
    with machine.daemon():
        machine.write("src/f1.ts", "by hand\n")
        machine.wait_for(2)
        _git(machine, "stash")
        machine.barrier("barrier/1", "Note")
        _git(machine, "stash", "pop")
        machine.barrier("barrier/2", "Note")
    assert sorted(path for hook, _, path in machine.changed() if hook == "Note") == [
        "barrier/1",
        "barrier/2",
        "src/f1.ts",
    ]
