"""The daemon's life: trust, reload, broken configuration, pause, cancel, schedule, and commands with and without it."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import eventually

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

ONE = """
hooks:
  - name: Note
    trigger: [file_created, file_modified]
    pattern: 'src/**'
    command: '{command}'
    {more}
"""


def _one(machine: Machine, command: str = "true", more: str = "") -> None:
    machine.hooks(ONE.format(command=command, more=more))
    machine.trust()


def test_nothing_of_a_workspace_runs_before_it_is_trusted(machine: Machine) -> None:
    machine.hooks(ONE.format(command="touch ran", more=""))
    machine.hookd("run", str(machine.root), "--until-idle", code=1)
    assert "nobody has allowed" in machine.said
    machine.hookd("fire", "Note", code=1)
    assert machine.reports() == []


def test_trust_without_a_terminal_and_without_yes_allows_nothing(machine: Machine) -> None:
    machine.hooks(ONE.format(command="true", more=""))
    assert "command: 'true'" in machine.hookd("trust", code=1)
    machine.hookd("run", "--until-idle", code=1)


def test_a_changed_hook_waits_until_it_is_trusted_and_the_others_go_on(machine: Machine) -> None:
    _one(machine)
    with machine.daemon():
        machine.hooks(ONE.format(command="echo other", more="") + "  - {name: New, trigger: manual, command: 'true'}\n")
        eventually(lambda: machine.status()["workspaces"][0]["notices"], what="a notice")
        assert "trust" in machine.status()["workspaces"][0]["notices"][0]
        machine.hookd("fire", "New", code=1)
        machine.trust()
        eventually(lambda: not machine.status()["workspaces"][0]["notices"], what="the notice to go")
        assert machine.json("fire", "New", "--wait")[0]["outcome"] == "succeeded"


BROKEN = {
    "unknown key": "hooks:\n  - {name: a, trigger: manual, command: x, colour: red}\n",
    "tab": "hooks:\n\t- name: a\n",
    "duplicate key": "hooks: []\nhooks: []\n",
    "absolute path": "hooks:\n  - {name: a, trigger: file_created, pattern: /etc/*, command: x}\n",
    "question marks": "? " * 500_000,
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_hooks_file_is_told_and_the_last_good_hooks_go_on(machine: Machine, fault: str) -> None:
    _one(machine)
    with machine.daemon():
        machine.hooks(BROKEN[fault])
        eventually(lambda: machine.status()["workspaces"][0]["notices"], what="a notice")
        assert "hooks.yaml:" in machine.status()["workspaces"][0]["notices"][0]
        machine.write("src/a.ts", "a\n")
        assert machine.wait_for(1)[0]["outcome"] == "succeeded"


def test_a_hook_that_is_new_takes_what_is_there_as_read(machine: Machine) -> None:
    _one(machine)
    for number in range(20):
        machine.write(f"other/f{number}.ts", "a\n")
    with machine.daemon():
        machine.hooks(ONE.format(command="true", more="").replace("src/**", "{src,other}/**"))
        machine.trust()
        machine.barrier("other/new.ts", "Note")
    assert machine.changed() == [("Note", "created", "other/new.ts")]


def test_an_ignore_file_that_changes_is_obeyed_at_once(machine: Machine) -> None:
    _one(machine)
    with machine.daemon():
        machine.write(".gitignore", "src/build/\n")
        machine.write("src/a.ts", "a\n")
        machine.wait_for(1)
        machine.write("src/build/out.ts", "a\n")
        machine.barrier("src/b.ts", "Note")
    assert sorted(machine.changed()) == [("Note", "created", "src/a.ts"), ("Note", "created", "src/b.ts")]


def test_while_paused_changes_are_queued_and_nothing_runs_also_after_a_restart(machine: Machine) -> None:
    _one(machine)
    with machine.daemon():
        machine.hookd("pause")
        machine.write("src/a.ts", "a\n")
        eventually(lambda: machine.status()["queue"]["waiting"] == 1, what="the job to wait")
    with machine.daemon():
        assert machine.status()["paused"] == ["*"]
        assert machine.status()["queue"]["waiting"] == 1
        machine.hookd("resume")
        machine.wait_for(1)


def test_a_running_job_can_be_cancelled(machine: Machine) -> None:
    _one(machine, "sleep 600")
    with machine.daemon():
        machine.write("src/a.ts", "a\n")
        eventually(lambda: machine.status()["queue"]["running"] == 1, what="the job to run")
        [job] = machine.json("queue")
        machine.hookd("cancel", str(job["id"]))
        assert machine.wait_for(1)[0]["outcome"] == "stopped"
        eventually(lambda: machine.status()["queue"]["running"] == 0, what="the job to end")
    assert machine.json("queue", "--all")[0]["state"] == "cancelled"


def test_a_run_under_way_when_the_daemon_stops_goes_back_and_is_not_a_failure(machine: Machine) -> None:
    _one(machine, "sleep 600")
    with machine.daemon():
        machine.write("src/a.ts", "a\n")
        eventually(lambda: machine.status()["queue"]["running"] == 1, what="the job to run")
    [job] = machine.json("queue")
    assert (job["state"], job["failures"]) == ("waiting", 0)
    assert machine.reports()[0]["outcome"] == "stopped"


def test_fire_goes_through_the_daemon_or_without_it_and_says_the_same(machine: Machine) -> None:
    _one(machine)
    machine.write("src/a.ts", "a\n")
    [alone] = machine.json("fire", "Note", "src/a.ts", "--wait")
    with machine.daemon():
        [through] = machine.json("fire", "Note", "src/a.ts", "--wait")
    same = ("hook", "origin", "outcome", "changes", "mode", "summary")
    assert {key: alone[key] for key in same} == {key: through[key] for key in same}
    assert alone["changes"][0]["cause"] == "manual"
    machine.hookd("fire", "Nope", code=1)
    assert "'Note'" in machine.said
    machine.hookd("fire", "Note", "src/none.ts", code=1)


def test_firing_without_a_daemon_leaves_what_else_waits_alone(machine: Machine) -> None:
    _one(machine)
    machine.work()
    machine.hookd("pause")
    machine.write("src/a.ts", "a\n")
    machine.work()
    machine.hookd("resume")
    machine.json("fire", "Note", "--wait")
    assert [job["state"] for job in machine.json("queue")] == ["waiting"]


def test_a_second_daemon_is_told_about_the_first(machine: Machine) -> None:
    _one(machine)
    with machine.daemon() as daemon:
        machine.hookd("run", code=1)
        assert str(daemon.pid) in machine.said


def test_an_interrupted_daemon_says_so_by_its_exit_code(machine: Machine) -> None:
    _one(machine)
    with machine.daemon(expect_stop=130) as daemon:
        daemon.send_signal(signal.SIGINT)
        daemon.wait(60)


def test_a_workspace_that_is_trusted_later_is_watched_by_a_daemon_for_all(machine: Machine) -> None:
    _one(machine)
    later = machine.root.parent / "later"
    (later / ".kiro/settings").mkdir(parents=True)
    (later / ".kiro/settings/hooks.yaml").write_text(ONE.format(command="true", more=""))
    with machine.daemon(arguments=()):
        machine.hookd("fire", "Note", cwd=later, code=1)
        assert "kiro-hookd trust" in machine.said
        machine.hookd("trust", "--yes", cwd=later)
        paths = [workspace["path"] for workspace in machine.status()["workspaces"]]
        assert sorted(paths) == sorted([str(machine.root), str(later)])
        [report] = json.loads(machine.hookd("fire", "Note", "--wait", "--json", cwd=later))
        assert report["workspace"] == str(later)


def test_a_hangup_reads_the_configuration_again(machine: Machine) -> None:
    _one(machine)
    with machine.daemon() as daemon:
        daemon.send_signal(signal.SIGHUP)
        log = machine.home / "daemon.log"
        eventually(lambda: "rules.changed" in log.read_text(), what="the reload")
        machine.write("src/a.ts", "a\n")
        machine.wait_for(1)


def test_a_scheduled_hook_missed_while_nothing_ran_is_run_once(machine: Machine) -> None:
    machine.hooks("hooks:\n  - {name: Nightly, trigger: schedule, schedule: '* * * * *', command: 'true'}\n")
    machine.trust()
    machine.work()
    import sqlite3

    database = sqlite3.connect(machine.paths.database)
    database.execute("UPDATE fired SET fired = fired - 86400")
    database.commit()
    database.close()
    with machine.daemon():
        assert machine.wait_for(1)[0]["hook"] == "Nightly"


def test_status_says_what_is_watched_and_that_nothing_runs(machine: Machine) -> None:
    _one(machine)
    assert machine.json("status")["running"] is False
    with machine.daemon() as daemon:
        status = machine.json("status")
        assert (status["running"], status["pid"]) == (True, daemon.pid)
        assert status["workspaces"][0]["path"] == str(machine.root)
        assert status["watch"]["directories"] >= 1
        assert status["watch"]["unwatched"] == []
        assert {"waiting", "running", "failed"} <= status["queue"].keys()
    assert "not running" in machine.hookd("status")


def test_the_report_comes_in_every_format_and_follows(machine: Machine) -> None:
    _one(machine, "echo broken; exit 1")
    machine.write("src/a.ts", "a\n")
    machine.json("fire", "Note", "src/a.ts", "--wait")
    assert json.loads(machine.hookd("report", "--format", "json"))[0]["findings"][0]["level"] == "error"
    assert json.loads(machine.hookd("report", "--format", "sarif"))["version"] == "2.1.0"
    assert "Note" in machine.hookd("report", "--format", "markdown")
    assert "broken" in machine.hookd("report")
    record = machine.reports()[0]
    assert json.loads(machine.hookd("report", record["id"][-6:], "--json"))["id"] == record["id"]


def test_what_is_in_the_baseline_is_not_reported_again(machine: Machine) -> None:
    machine.hooks("hooks:\n  - {name: Review, trigger: manual, action: Review the Lambda for hardcoded credentials.}\n")
    machine.trust()
    machine.write("src/a.ts", "export const key = 'AKIA4SHOPDEMO7QX2MNB';\n")
    [first] = machine.json("fire", "Review", "src/a.ts", "--wait")
    assert first["findings"]
    machine.write(".kiro/hookd-baseline.json", machine.hookd("report", "--format", "baseline"))
    [second] = machine.json("fire", "Review", "src/a.ts", "--wait")
    assert second["findings"] == []


def test_nothing_is_written_to_home_outside_the_xdg_directories(machine: Machine) -> None:
    _one(machine)
    machine.write("src/a.ts", "a\n")
    machine.json("fire", "Note", "src/a.ts", "--wait")
    with machine.daemon():
        pass
    assert [path.name for path in machine.home.iterdir()] == ["daemon.log"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("statsu",), 2, "status"),
        (("queue", "--state", "sleeping"), 1, "waiting"),
        (("retry", "77"), 1, "77"),
        (("cancel", "x"), 2, "integer"),
        (("report", "nope"), 1, "nope"),
        (("check", "/"), 1, "init"),
    ],
)
def test_an_error_names_the_thing_and_the_remedy(
    machine: Machine, arguments: tuple[str, ...], code: int, says: str
) -> None:
    _one(machine)
    machine.hookd(*arguments, code=code)
    assert says in machine.said


def test_a_killed_daemon_leaves_a_lock_that_holds_nobody_up(machine: Machine) -> None:
    _one(machine)
    with machine.daemon(expect_stop=-signal.SIGKILL) as daemon:
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.wait()
    machine.work()


def test_init_writes_hooks_that_pass_check_and_leaves_an_existing_file_alone(machine: Machine) -> None:
    machine.write("src/functions/a.ts", "a\n")
    written = machine.json("init")
    assert written["hooks"]
    assert machine.json("check")["ok"] is True
    machine.hookd("init", code=1)
    assert "--force" in machine.said


def test_explain_names_the_rule_that_decides(machine: Machine) -> None:
    machine.hooks(ONE.format(command="true", more=""))
    machine.write(".gitignore", "*.log\n")
    [hook] = machine.json("explain", "src/a.log")["hooks"]
    assert hook["concerned"] is False
    assert ".gitignore:1" in hook["rule"]
    [hook] = machine.json("explain", "src/a.ts")["hooks"]
    assert hook["concerned"] is True
