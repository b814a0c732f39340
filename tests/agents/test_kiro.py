from __future__ import annotations

import pytest

from daemon.agents.port import FailureKind, Outcome, Usage
from daemon.agents.registry import make


@pytest.fixture
def chat(program):
    def build(**settings):
        return make(
            "house", {"kind": "kiro", "protocol": "chat", "command": program("speaking.py", "kiro"), **settings}
        )

    return build


@pytest.fixture
def acp(program):
    def build(**env):
        return make("house", {"kind": "kiro", "command": program("acp.py", "kiro"), "env": env})

    return build


def test_an_invalid_key_exits_0_and_is_still_a_failure(chat, ask, ended):
    result = chat().result(ask(), ended("", stderr="\x1b[31mAuthentication failed.\x1b[0m\n"))
    assert (result.outcome, result.failure) == (Outcome.FAILED, FailureKind.NOT_LOGGED_IN)
    assert "KIRO_API_KEY" in result.error


def test_words_without_the_meter_are_no_success(chat, ask, ended):
    result = chat().result(ask(), ended("> I was about to", stderr="Warning: something"))
    assert result.failure is FailureKind.OUTPUT_UNUSABLE


def test_the_meter_makes_success_and_its_credits_are_counted(chat, ask, ended):
    result = chat().result(ask(), ended("> Fine.", stderr="tool noise 401\n ▸ Credits: 1.50 • Time: 12s\n"))
    assert (result.outcome, result.summary, result.usage) == (Outcome.SUCCEEDED, "Fine.", Usage(credits=1.5))


def test_without_credentials_the_chat_ends_at_once_and_does_not_wait_for_a_login(chat, play, ask, monkeypatch):
    monkeypatch.delenv("KIRO_API_KEY", raising=False)
    result = play(chat(), ask("[[do hang]]", timeout=None))
    assert result.failure is FailureKind.NOT_LOGGED_IN


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_login_that_has_expired_and_waits_for_a_device_is_no_timeout(chat, ask, ended, stream):
    prompt = "Open this URL: https://device.example/start\nand enter the code ABCD-EFGH\n"
    said = {"stdout": prompt, "stderr": ""} if stream == "stdout" else {"stdout": "", "stderr": prompt}
    result = chat().result(ask(), ended(**said, code=-9, timed_out=True))
    assert (result.failure, result.retryable) == (FailureKind.NOT_LOGGED_IN, False)
    assert "kiro-cli login" in result.error
    assert chat().result(ask(), ended("> Looking.", code=-9, timed_out=True)).failure is FailureKind.TIMED_OUT


def test_the_last_of_several_meters_counts_and_prose_about_credits_does_not(chat, ask, ended):
    meters = " ▸ Credits: 1.00 • Time: 2s\n ▸ Credits: 1.75 • Time: 3s\n"
    assert chat().result(ask(), ended("> Fine.", stderr=meters)).usage.credits == 1.75
    assert chat().result(ask(), ended("> Credits: 9.99")).failure is FailureKind.OUTPUT_UNUSABLE


def test_events_that_end_without_a_meter_are_no_success(chat, ask, ended):
    result = chat(stream=True).result(ask(), ended('{"type":"text","text":"I was about to"}\n'))
    assert result.failure is FailureKind.OUTPUT_UNUSABLE


def test_the_events_of_version_3_are_read(chat, ask, ended):
    events = (
        '{"type":"text","text":"Let me look."}\n{"type":"tool_use","name":"read"}\n{"type":"text","text":"Fine."}\n'
    )
    result = chat(stream=True).result(ask(), ended(events + '{"type":"result","usage":{"credits":0.5}}\n'))
    assert (result.outcome, result.summary, result.usage.credits) == (Outcome.SUCCEEDED, "Fine.", 0.5)
    failed = chat(stream=True).result(ask(), ended('{"type":"error","message":"429 Too Many Requests"}\n'))
    assert failed.failure is FailureKind.THROTTLED


def test_by_the_protocol_a_device_login_is_seen_and_not_waited_for(acp, play, ask, monkeypatch):
    monkeypatch.delenv("KIRO_API_KEY", raising=False)
    result = play(acp(), ask(timeout=None))
    assert result.failure is FailureKind.NOT_LOGGED_IN
    assert "kiro-cli login" in result.error


def test_by_the_protocol_an_invalid_key_that_exits_0_is_not_logged_in(acp, play, ask):
    assert play(acp(KIRO_API_KEY="invalid"), ask()).failure is FailureKind.NOT_LOGGED_IN


def test_credits_of_other_sessions_and_units_are_not_counted(acp, play, ask):
    assert play(acp(KIRO_API_KEY="good"), ask("[[do review]]")).usage == Usage(credits=0.125)


def test_the_old_name_says_what_became_of_it():
    assert "Kiro CLI" in make("amazon-q").needs.install


def test_the_login_store_is_never_written_back(chat, ask):
    assert [file.write_back for file in chat().program(ask()).home_files] == [False]
