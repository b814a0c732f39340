"""Edits that reach the tree: applied, held, undone, never in a circle, and reviewed once."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_main_road import EXAMPLES

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

HOOKS = """
protected: ['locked/**']
agents:
  editor: {{kind: command, command: [{python}, tools/edit.py]}}
hooks:
  - name: Fix
    trigger: [file_created, file_modified]
    pattern: 'src/**'
    action: Append a line.
    mode: {mode}
    agent: editor
  - name: Look
    trigger: [file_created, file_modified]
    pattern: '{{src,out}}/**'
    command: 'true'
"""
EDIT = """
import json, os, sys
request = json.load(sys.stdin)
exec(open("tools/what.py").read())
"""


def _editor(machine: Machine, what: str, *, mode: str = "auto-fix") -> None:
    machine.hooks(HOOKS.format(python=sys.executable, mode=mode))
    machine.write("tools/edit.py", EDIT)
    machine.write("tools/what.py", what)
    machine.write("out/a.md", "one\n")
    machine.trust()
    machine.work()


def _run(machine: Machine, hook: str) -> list[dict[str, object]]:
    return [report for report in machine.reports() if report["hook"] == hook]


def _state(machine: Machine) -> str:
    [report] = _run(machine, "Fix")
    change_set = report["change_set"]
    assert isinstance(change_set, dict)
    return str(change_set["state"])


APPEND = "open('out/a.md', 'a').write('two\\n')\n"


def test_an_edit_within_the_limits_is_applied_and_reviewed_once_by_advisory_hooks(machine: Machine) -> None:
    _editor(machine, APPEND)
    machine.write("src/a.ts", "a\n")
    machine.work()
    machine.work()
    assert (machine.root / "out/a.md").read_text() == "one\ntwo\n"
    assert _state(machine) == "applied"
    looked = [change for report in _run(machine, "Look") for change in report["changes"]]  # type: ignore[attr-defined]
    assert sorted((change["path"], change["cause"]) for change in looked) == [
        ("out/a.md", "apply"),
        ("src/a.ts", "catch-up"),
    ]


def test_an_advisory_hook_changes_nothing_until_a_person_applies_its_suggestion(machine: Machine) -> None:
    _editor(machine, APPEND, mode="advisory")
    machine.write("src/a.ts", "a\n")
    machine.work()
    assert (machine.root / "out/a.md").read_text() == "one\n"
    assert _state(machine) == "suggested"
    name = _run(machine, "Fix")[0]["change_set"]["id"]  # type: ignore[index]
    assert "+two" in machine.hookd("show", name)
    machine.hookd("apply", name)
    assert (machine.root / "out/a.md").read_text() == "one\ntwo\n"
    assert _state(machine) == "applied"
    machine.hookd("undo", name)
    assert (machine.root / "out/a.md").read_text() == "one\n"
    assert _state(machine) == "undone"
    machine.hookd("reject", name)
    machine.hookd("undo", name, code=1)
    assert "rejected" in machine.said
    assert machine.json("report", "--verify")["ok"] is True


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("os.makedirs('locked'); open('locked/x', 'w').write('x')", "protected"),
        ("os.makedirs('.github/workflows'); open('.github/workflows/ci.yml', 'w').write('x')", "protected"),
        ("open('Makefile', 'w').write('x')", "others execute"),
        ("[open(f'out/f{n}', 'w').write('x') for n in range(51)]", "files_per_change"),
    ],
)
def test_an_edit_beyond_the_limits_is_held_whole_with_its_reasons(machine: Machine, what: str, reason: str) -> None:
    _editor(machine, APPEND + what + "\n")
    machine.write("src/a.ts", "a\n")
    machine.work()
    assert (machine.root / "out/a.md").read_text() == "one\n"
    assert _state(machine) == "held"
    assert reason in json.dumps(_run(machine, "Fix")[0]["change_set"])


def test_a_persons_edit_is_never_undone(machine: Machine) -> None:
    _editor(machine, APPEND)
    person = machine.write("out/a.md", "mine\n")
    machine.write("src/a.ts", "a\n")
    machine.work()
    assert person.read_text() == "mine\ntwo\n"
    name = _run(machine, "Fix")[0]["change_set"]["id"]  # type: ignore[index]
    person.write_text("mine again\n")
    machine.hookd("undo", name, code=1)
    assert person.read_text() == "mine again\n"


def test_two_hooks_that_write_each_others_files_stop_by_themselves(machine: Machine) -> None:
    machine.hooks(
        f"agents:\n  editor: {{kind: command, command: [{sys.executable}, tools/edit.py]}}\n"
        "hooks:\n"
        "  - {name: A, trigger: file_modified, pattern: a.txt, action: x, mode: auto-fix, agent: editor}\n"
        "  - {name: B, trigger: file_modified, pattern: b.txt, action: x, mode: auto-fix, agent: editor}\n"
    )
    machine.write("tools/edit.py", EDIT)
    machine.write(
        "tools/what.py",
        "other = {'A': 'b.txt', 'B': 'a.txt'}[request['hook']['name']]\nopen(other, 'a').write('more\\n')\n",
    )
    machine.write("a.txt", "a\n")
    machine.write("b.txt", "b\n")
    machine.trust()
    with machine.daemon():
        machine.write("a.txt", "a, by hand\n")
        machine.wait_for(1)
        machine.write("b.txt", "b, by hand\n")
        machine.wait_for(2)
    machine.work()
    assert sorted(report["hook"] for report in machine.reports()) == ["A", "B"]


def test_two_controllers_saved_together_both_reach_the_api_reference(machine: Machine) -> None:
    shutil.copytree(EXAMPLES / "shop", machine.root, dirs_exist_ok=True)
    hooks = (machine.root / ".kiro/settings/hooks.yaml").read_text()
    machine.hooks(hooks.replace("    pattern: 'src/controllers", "    mode: auto-fix\n    pattern: 'src/controllers"))
    router = "import { Router } from 'express';\nexport const router = Router();\n"
    machine.write("src/controllers/carts.ts", router)
    machine.trust()
    machine.work()
    shutil.copy(EXAMPLES / "changes/src/controllers/orders.ts", machine.root / "src/controllers/orders.ts")
    machine.write("src/controllers/carts.ts", router + "router.get('/carts', (req, res) => res.json([]));\n")
    machine.work()
    reference = (machine.root / "docs/api-reference.md").read_text()
    assert "/orders/{orderId}/cancel" in reference, json.dumps(machine.reports(), indent=1)
    assert "/carts" in reference, json.dumps(machine.reports(), indent=1)
    assert {report["change_set"]["state"] for report in machine.reports()} == {"applied"}
