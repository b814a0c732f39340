"""From a saved file to a report, with the published hooks and the real command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Machine

EXAMPLES = Path(__file__).parents[2] / "examples"
SECURITY, DOCS = "Run security check on new Lambda", "Update API docs on controller change"

LAMBDA = "export const handler = async () => ({ statusCode: 204, body: '' });\n"

WATCH_ALL = """
hooks:
  - name: Note
    trigger: [file_created, file_modified, file_deleted]
    pattern: 'src/**/*.ts'
    command: 'true'
  - name: Barrier
    trigger: file_created
    pattern: 'barrier/**'
    command: 'true'
"""


@pytest.fixture
def shop(machine: Machine) -> Machine:
    shutil.copytree(EXAMPLES / "shop", machine.root, dirs_exist_ok=True)
    machine.trust()
    return machine


def test_the_published_hooks_pass_check_and_both_fire(shop: Machine) -> None:
    assert "0 faults" in shop.hookd("check")
    with shop.daemon():
        shutil.copytree(EXAMPLES / "changes/src", shop.root / "src", dirs_exist_ok=True)
        reports = {report["hook"]: report for report in shop.wait_for(2)}
        assert [report["outcome"] for report in reports.values()] == ["succeeded", "succeeded"]
        categories = {finding["category"] for finding in reports[SECURITY]["findings"]}
        assert {"hardcoded-credential", "missing-input-validation", "iam-scope"} <= categories
        assert all(finding["file"] == "src/functions/refund.ts" for finding in reports[SECURITY]["findings"])
        assert all(finding["line"] for finding in reports[SECURITY]["findings"])
        missing = [finding["message"] for finding in reports[DOCS]["findings"]]
        assert any("/orders/{orderId}/cancel" in message for message in missing)
        assert reports[DOCS]["mode"] == "advisory"


def test_a_second_save_of_a_new_lambda_gives_no_second_review(shop: Machine) -> None:
    with shop.daemon():
        shop.write("src/functions/one.ts", LAMBDA)
        shop.wait_for(1)
        shop.write("src/functions/one.ts", LAMBDA + "// again\n")
        shop.barrier("src/functions/two.ts", SECURITY)
    assert sorted((hook, path) for hook, _, path in shop.changed()) == [
        (SECURITY, "src/functions/one.ts"),
        (SECURITY, "src/functions/two.ts"),
    ]


def test_the_tree_is_as_it_was_after_an_advisory_run(shop: Machine) -> None:
    before = (shop.root / "docs/api-reference.md").read_bytes()
    shop.work()
    shutil.copytree(EXAMPLES / "changes/src", shop.root / "src", dirs_exist_ok=True)
    shop.work()
    assert len(shop.reports()) == 2
    assert (shop.root / "docs/api-reference.md").read_bytes() == before


def _shell(machine: Machine, line: str) -> None:
    subprocess.run(["/bin/sh", "-c", line], cwd=machine.root, env=machine.env, check=True, capture_output=True)


def _vim(machine: Machine, path: str) -> None:
    """What ``vim -u NONE`` does to a file that exists: probe, back up by rename, write anew, drop the backup."""
    if shutil.which("vim"):
        _shell(machine, f"vim -u NONE -n -es -c 'normal Go// vim' -c wq {path} </dev/null || true")
        return
    target = machine.root / path
    (target.parent / "4913").touch()
    (target.parent / "4913").unlink()
    backup = target.with_name(target.name + "~")
    target.rename(backup)
    target.write_text(backup.read_text() + "// vim\n")
    backup.unlink()


def _rename_over(machine: Machine, path: str) -> None:
    part = machine.root / "src" / ".part"
    part.write_text(LAMBDA + "// renamed over\n")
    os.replace(part, machine.root / path)


def _git_apply(machine: Machine, path: str) -> None:
    old, new = LAMBDA.rstrip("\n"), "export const handler = 1;"
    patch = f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n"
    subprocess.run(["git", "apply"], cwd=machine.root, env=machine.env, input=patch, text=True, check=True)


WRITERS: dict[str, Callable[[Machine, str], None]] = {
    "vim": _vim,
    "rename over": _rename_over,
    "cp": lambda machine, path: _shell(machine, f"printf 'export const x = 1;' > other && cp other {path}"),
    "git apply": _git_apply,
    "shell redirect": lambda machine, path: _shell(machine, f"echo '// redirected' > {path}"),
    "append": lambda machine, path: _shell(machine, f"echo '// appended' >> {path}"),
    "sed -i": lambda machine, path: _shell(machine, f"sed -i s/handler/main/ {path}"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_each_way_of_writing_a_known_file_gives_one_job_of_the_right_kind(machine: Machine, writer: str) -> None:
    machine.hooks(WATCH_ALL)
    machine.write("src/known.ts", LAMBDA)
    machine.trust()
    with machine.daemon():
        WRITERS[writer](machine, "src/known.ts")
        machine.barrier("barrier/1", "Barrier")
    assert sorted(machine.changed()) == [("Barrier", "created", "barrier/1"), ("Note", "modified", "src/known.ts")]


@pytest.mark.parametrize("writer", ["cp", "rename over", "shell redirect"])
def test_each_way_of_writing_a_new_file_gives_one_job_of_the_right_kind(machine: Machine, writer: str) -> None:
    machine.hooks(WATCH_ALL)
    machine.write("src/known.ts", LAMBDA)
    machine.trust()
    with machine.daemon():
        WRITERS[writer](machine, "src/new.ts")
        machine.barrier("barrier/1", "Barrier")
    assert sorted(machine.changed()) == [("Barrier", "created", "barrier/1"), ("Note", "created", "src/new.ts")]


def test_a_rename_is_a_deletion_and_a_creation(machine: Machine) -> None:
    machine.hooks(WATCH_ALL)
    machine.write("src/known.ts", LAMBDA)
    machine.trust()
    with machine.daemon():
        (machine.root / "src/known.ts").rename(machine.root / "src/moved.ts")
        machine.barrier("barrier/1", "Barrier")
    assert sorted(machine.changed()) == [
        ("Barrier", "created", "barrier/1"),
        ("Note", "created", "src/moved.ts"),
        ("Note", "deleted", "src/known.ts"),
    ]


def test_what_changed_while_the_daemon_was_down_is_caught_up_once(machine: Machine) -> None:
    machine.hooks(WATCH_ALL)
    machine.write("src/known.ts", LAMBDA)
    machine.trust()
    machine.work()
    machine.write("src/known.ts", "// edited\n")
    machine.write("src/new.ts", LAMBDA)
    machine.work()
    machine.work()
    assert sorted(machine.changed()) == [("Note", "created", "src/new.ts"), ("Note", "modified", "src/known.ts")]
    causes = {change["cause"] for report in machine.reports() for change in report["changes"]}
    assert causes == {"catch-up"}
