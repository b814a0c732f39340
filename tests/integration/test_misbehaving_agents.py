"""Agents that do what agents do when they go wrong: the run ends with the right outcome, and nothing is left."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import eventually

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

HOOKS = """
agents:
  odd: {{kind: command, command: [{python}, tools/agent.py], timeout: {timeout}}}
hooks:
  - name: Odd
    trigger: [manual, file_created]
    pattern: 'src/**'
    action: Do as you do.
    agent: odd
    retries: 0
"""


def _odd(machine: Machine, program: str, *, timeout: str = "30s") -> None:
    machine.hooks(HOOKS.format(python=sys.executable, timeout=timeout))
    machine.write("tools/agent.py", program)
    machine.write("src/a.ts", "a\n")
    machine.trust()


def _fire(machine: Machine, *, code: int) -> dict[str, object]:
    reports = machine.json("fire", "Odd", "src/a.ts", "--wait", code=code)
    assert len(reports) == 1
    report: dict[str, object] = reports[0]
    return report


def _alive(marker: str) -> list[str]:
    """Processes whose environment or command line holds the marker."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                if marker.encode() in (process / "cmdline").read_bytes():
                    found.append(process.name)
            except OSError:
                continue
    return found


def test_one_that_hangs_and_ignores_signals_is_timed_out(machine: Machine) -> None:
    marker = f"hang-{os.getpid()}-{machine.root.parent.name}"
    _odd(
        machine,
        "import signal, subprocess, sys\n"
        "for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\n"
        f"child = [sys.executable, '-c', 'import signal; signal.pause()', '{marker}']\n"
        "subprocess.Popen(child, start_new_session=True)\n"
        "signal.pause()\n",
        timeout="2s",
    )
    report = _fire(machine, code=1)
    assert report["outcome"] == "timed_out"
    assert eventually(lambda: not _alive(marker), what="its children to be gone")
    assert machine.json("queue", "--all")[0]["state"] == "failed"


def test_one_that_prints_a_gibibyte_is_cut_and_not_believed_to_be_short(machine: Machine) -> None:
    _odd(
        machine,
        "import sys\nblock = b'x' * (1 << 20)\nfor _ in range(1024): sys.stdout.buffer.write(block)\n",
        timeout="100s",
    )
    report = _fire(machine, code=0)
    assert report["outcome"] == "succeeded"
    assert len(json.dumps(report)) < 200_000


def test_one_whose_grandchild_outlives_it_ends_when_it_ends(machine: Machine) -> None:
    marker = f"orphan-{os.getpid()}-{machine.root.parent.name}"
    _odd(
        machine,
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import signal; signal.pause()', '{marker}'])\n"
        "    os._exit(0)\n"
        "print('done')\n",
    )
    report = _fire(machine, code=0)
    assert report["outcome"] == "succeeded"
    assert report["summary"] == "done"
    assert eventually(lambda: not _alive(marker), what="the grandchild to be gone")


def test_one_that_exits_3_has_failed(machine: Machine) -> None:
    _odd(machine, "import sys\nprint('no luck', file=sys.stderr)\nsys.exit(3)\n")
    report = _fire(machine, code=1)
    assert report["outcome"] == "failed"
    assert "3" in str(report["error"])
    assert "no luck" in str(report["error"])


@pytest.mark.parametrize("said", ['{"summary": "half', "[[[", '{"findings": 7}', "\\udcff\\0\\x1b[2J"])
def test_one_that_prints_broken_json_ends_with_its_words_kept(machine: Machine, said: str) -> None:
    _odd(machine, f"import sys\nsys.stdout.buffer.write('''{said}'''.encode('utf-8', 'surrogateescape'))\n")
    reports = json.loads(machine.hookd("fire", "Odd", "src/a.ts", "--wait", "--json", code=0))
    assert reports[0]["outcome"] == "succeeded"
    assert [finding for finding in reports[0]["findings"] if finding["file"]] == []
    assert "\x1b" not in reports[0]["summary"]


def test_a_failure_is_retried_and_then_kept_as_a_dead_letter_until_a_person_retries_it(machine: Machine) -> None:
    _odd(machine, "import sys\nsys.exit(3)\n")
    machine.hooks((machine.root / ".kiro/settings/hooks.yaml").read_text().replace("retries: 0", "retries: 1"))
    machine.trust()
    machine.work()
    machine.write("src/b.ts", "b\n")
    machine.work()
    assert [(report["attempt"], report["outcome"]) for report in machine.reports()] == [(1, "failed"), (2, "failed")]
    [job] = machine.json("queue")
    assert job["state"] == "failed"
    machine.write("tools/agent.py", "print('fine now')\n")
    machine.trust()
    machine.hookd("retry", str(job["id"]))
    machine.work()
    assert machine.reports()[-1]["outcome"] == "succeeded"
    assert machine.reports()[-1]["attempt"] == 3


def test_the_daemon_is_well_after_all_of_that(machine: Machine) -> None:
    _odd(machine, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    with machine.daemon():
        report = _fire(machine, code=1)
        assert report["outcome"] == "failed"
        machine.write("tools/agent.py", "print('fine')\n")
        machine.trust()
        assert _fire(machine, code=0)["summary"] == "fine"
