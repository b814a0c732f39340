from __future__ import annotations

from pathlib import Path

import pytest

from daemon.agents.port import FailureKind, Outcome, Usage
from daemon.agents.registry import make
from hooks.model import Mode


@pytest.fixture
def agent(program):
    def build(*args, kind="acp", **settings):
        return make("house", {"kind": kind, "command": program("acp.py", *args), **settings})

    return build


def test_findings_handed_over_by_the_tool_are_taken(agent, play, ask):
    result = play(agent(), ask("[[do tool]]"))
    assert [finding.rule for finding in result.findings] == ["key"]
    assert result.summary == "one key"


def test_prose_is_asked_for_once_more_in_the_same_session_and_kept_as_the_summary(agent, play, ask):
    result = play(agent(), ask("[[do prose]]"))
    assert [finding.rule for finding in result.findings] == ["key"]
    assert result.summary.startswith("I did it in mode")
    assert result.usage == Usage(input_tokens=2000, output_tokens=20, cache_read_tokens=200)


@pytest.fixture(params=["acp", "kiro", "cursor", "goose"])
def each(request, agent):
    """An agent of each kind that speaks the protocol."""
    if request.param == "kiro":
        return agent("kiro", kind="kiro", env={"KIRO_API_KEY": "scripted-key"})
    return agent(kind=request.param)


def test_unknown_updates_other_sessions_and_lines_that_are_no_messages_are_survived(each, play, ask):
    result = play(each, ask("[[do noise]]"))
    assert [finding.rule for finding in result.findings] == ["key"]
    assert "another session" not in result.summary


def test_permissions_are_granted_and_nothing_of_the_clients_is_offered(each, play, ask, root):
    result = play(each, ask("[[do asks]]"))
    assert result.summary == "asked and answered"
    assert not (root / "PWNED").exists()


def test_a_message_of_megabytes_on_one_line_is_taken(agent, play, ask):
    result = play(agent(), ask("[[do big]]"))
    assert result.outcome is Outcome.SUCCEEDED


def test_a_refusal_is_told_apart_and_not_retried(each, play, ask):
    result = play(each, ask("[[do refusal]]"))
    assert (result.failure, result.retryable) == (FailureKind.REFUSED, False)


@pytest.mark.parametrize(("do", "reason"), [("limit", "max_tokens"), ("strange", "a_reason_of_tomorrow")])
def test_other_stop_reasons_are_said_and_cost_nothing(each, play, ask, do, reason):
    result = play(each, ask(f"[[do {do}]]"))
    assert result.outcome is Outcome.SUCCEEDED
    assert reason in result.summary


def test_the_mode_is_set_and_a_model_that_cannot_be_set_is_said(agent, play, ask):
    result = play(agent(kind="cursor", model="m9"), ask("[[do words]]", mode=Mode.AUTO_FIX))
    assert "in mode agent" in result.summary
    assert "The model m9 could not be set" in result.summary
    assert "in mode auto" in play(agent(mode="auto"), ask("[[do words]]")).summary


def test_an_agent_that_wants_a_login_first_is_not_logged_in(agent, play, ask):
    result = play(agent("locked", kind="cursor"), ask())
    assert result.failure is FailureKind.NOT_LOGGED_IN
    assert "cursor-agent login" in result.error


@pytest.mark.parametrize("env", [{"KIRO_API_KEY": "invalid"}, {}], ids=["invalid key", "device login"])
def test_cursor_that_exits_0_for_its_key_or_waits_for_a_login_is_not_logged_in(agent, play, ask, monkeypatch, env):
    monkeypatch.delenv("KIRO_API_KEY", raising=False)
    result = play(agent("kiro", kind="cursor", env=env), ask(timeout=None))
    assert (result.failure, result.retryable) == (FailureKind.NOT_LOGGED_IN, False)
    assert "cursor-agent login" in result.error


def test_another_version_of_the_protocol_is_said(agent, play, ask):
    result = play(agent("v2"), ask())
    assert result.failure is FailureKind.OUTPUT_UNUSABLE
    assert "version 2" in result.error


def test_an_agent_that_is_not_there_is_not_installed(play, ask):
    result = play(make("house", {"kind": "acp", "command": ["no-such-agent"]}), ask())
    assert result.failure is FailureKind.NOT_INSTALLED


@pytest.mark.parametrize(("do", "seconds"), [("tool", 60.0), ("hang", 1.0)])
def test_no_process_of_an_agent_outlives_its_run(agent, play_as_it_is, ask, root, do, seconds):
    result = play_as_it_is(agent(), ask(f"[[do {do}]]", timeout=seconds))
    assert result.outcome is (Outcome.TIMED_OUT if do == "hang" else Outcome.SUCCEEDED)
    mine = str(root).encode()
    left = [path for path in Path("/proc").glob("[0-9]*/cwd") if _target(path) == mine.decode()]
    assert left == []


def _target(path):
    try:
        return str(path.readlink())
    except OSError:
        return ""
