from __future__ import annotations

import pytest

from daemon.agents.failure import RULES, classify, retry_after
from daemon.agents.port import FailureKind
from daemon.agents.probe import probe
from daemon.agents.registry import KINDS, READY_MADE, make
from daemon.agents.settings import AgentSettingsError
from daemon.choice import settings_of
from daemon.errors import NoSuchThingError
from hooks.workspace import load_workspace


@pytest.mark.parametrize("name", READY_MADE)
def test_every_ready_made_agent_can_be_made_without_settings(name, ask):
    agent = make(name)
    assert (agent.name, agent.kind) == (name, name)
    assert agent.program(ask()).argv


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("command", "acp")])
def test_a_name_of_ones_own_keeps_its_kind(kind):
    agent = make("house", {"kind": kind})
    assert (agent.name, agent.kind) == ("house", kind)


def test_a_name_nothing_answers_to_is_said_with_what_was_meant():
    with pytest.raises(NoSuchThingError, match="did you mean claude"):
        make("cluade")
    with pytest.raises(NoSuchThingError, match="define it under `agents:`"):
        make("command")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ["`kind` is missing"]),
        ({"kind": "bedrok"}, ["did you mean bedrock"]),
        ({"kind": "command"}, ["`command` is missing"]),
        ({"kind": "command", "command": []}, ["`command` must be"]),
        ({"kind": "command", "command": "a 'b"}, ["cannot be split"]),
        ({"kind": "command", "comand": "x", "timeout": 5, "network": "yes"},
         ["`command` is missing", "did you mean `command`", "`timeout`", "`network` must be"]),
        ({"kind": "claude", "env": {"A B": 1}, "pass_env": ["X-Y"], "model": 3}, ["`env`", "`pass_env`", "`model`"]),
        ({"kind": "kiro", "protocol": "http"}, ["one of acp, chat"]),
        ({"kind": "bedrock", "max_requests": 0}, ["`max_requests`"]),
        ({"kind": "builtin", "model": "x"}, ["`model` is not known"]),
    ],
)  # fmt: skip
def test_every_fault_of_the_settings_is_told_at_once(settings, said):
    with pytest.raises(AgentSettingsError) as error:
        make("mine", settings)
    for words in said:
        assert words in str(error.value)


HOOKS = """
agents:
  house: {kind: openai, endpoint: 'http://127.0.0.1:1/v1', model: m, api_key_env: K, max_tokens: 5, max_requests: 2}
  aws: {kind: bedrock, endpoint: 'http://127.0.0.1:2', model: m, region: eu-west-1, profile: p, env: {A: b}}
  one: {kind: claude, endpoint: 'http://127.0.0.1:3', model: m, args: [--x], timeout: 5m, network: true}
  two: {kind: codex, endpoint: 'http://127.0.0.1:4', api_key_env: K, command: [codex], pass_env: [P]}
  six: {kind: gemini, endpoint: 'http://127.0.0.1:5'}
  ten: {kind: copilot, endpoint: 'http://127.0.0.1:6', model: m}
  own: {kind: opencode, endpoint: 'http://127.0.0.1:7', model: m, api_key_env: K}
  mine: {kind: acp, command: [agent], model: m, network: false}
"""


def test_what_hooks_yaml_says_of_an_agent_reaches_its_program(tmp_path, ask):
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    (tmp_path / ".kiro/settings/hooks.yaml").write_text(HOOKS + "hooks: []\n")
    written = load_workspace(tmp_path).settings.agents
    assert len(written) == 8
    for number, (name, settings) in enumerate(written.items(), 1):
        program = make(name, settings_of(settings)).program(ask())
        said = " ".join([*program.argv, program.stdin.decode(), *map(str, program.env.items())])
        assert settings.endpoint is None or f"http://127.0.0.1:{number}" in said, name


@pytest.mark.parametrize("kind", ["acp", "kiro", "cursor", "goose"])
def test_an_endpoint_that_nothing_would_obey_is_a_fault(kind):
    with pytest.raises(AgentSettingsError, match="`endpoint` has no meaning"):
        make("mine", {"kind": kind, "command": ["x"], "endpoint": "http://127.0.0.1:1"})


def test_the_shorter_of_two_timeouts_holds(ask):
    agent = make("mine", {"kind": "command", "command": "true", "timeout": "5s"})
    assert agent.program(ask(timeout=60.0)).timeout == 5
    assert agent.program(ask(timeout=2.0)).timeout == 2
    assert agent.program(ask(timeout=None)).timeout == 5


def test_a_command_has_no_network_unless_told(ask):
    assert not make("mine", {"kind": "command", "command": "true"}).program(ask()).network
    assert make("mine", {"kind": "command", "command": "true", "network": True}).program(ask()).network


def tool(folder, text):
    path = folder / "claude"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)}


def test_a_probe_tells_version_and_login(tmp_path):
    environ = tool(tmp_path, 'echo "2.1.197 (Claude Code)"')
    found = probe(make("claude"), environ=environ)
    assert (found.installed, found.version, found.logged_in, found.usable) == (True, "2.1.197", False, False)
    assert "/login" in found.remedy
    assert probe(make("claude"), environ=environ | {"ANTHROPIC_API_KEY": "x"}).usable
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude/.credentials.json").write_text("{}")
    assert probe(make("claude"), environ=environ).usable


def test_a_probe_of_a_program_that_is_not_there_says_how_to_get_it(tmp_path):
    found = probe(make("claude"), environ={"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert (found.installed, found.usable) == (False, False)
    assert "npm install" in found.remedy


def test_a_probe_does_not_hang_with_its_program(tmp_path):
    found = probe(make("claude"), environ=tool(tmp_path, "sleep 1000"), timeout=0.2)
    assert (found.installed, found.version) == (True, None)


def test_the_embedded_agent_is_always_to_be_had(tmp_path):
    assert probe(make("builtin"), environ={"PATH": "", "HOME": str(tmp_path)}).usable


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("API Error: 401 invalid x-api-key", FailureKind.NOT_LOGGED_IN),
        ("Not logged in · Please run /login", FailureKind.NOT_LOGGED_IN),
        ("Error: No authentication information found.", FailureKind.NOT_LOGGED_IN),
        ("NoCredentialsError: Unable to locate credentials", FailureKind.NOT_LOGGED_IN),
        ("The SSO session associated with this profile has expired", FailureKind.NOT_LOGGED_IN),
        ("Your credit balance is too low", FailureKind.OVER_QUOTA),
        ('{"code": "insufficient_quota"} 429', FailureKind.OVER_QUOTA),
        ("ThrottlingException: slow down", FailureKind.THROTTLED),
        ("529 overloaded_error", FailureKind.THROTTLED),
        ("stream disconnected before completion", FailureKind.MODEL_ERROR),
        ("Connection failed: error sending request", FailureKind.MODEL_ERROR),
        ("connect ECONNREFUSED 127.0.0.1:1", FailureKind.MODEL_ERROR),
        ("bwrap: execvp codex: No such file or directory", FailureKind.NOT_INSTALLED),
        ("kiro-hookd: 5: exec: codex: not found", FailureKind.NOT_INSTALLED),
        ("sh: 2: claude: not found", FailureKind.NOT_INSTALLED),
        ("blocked by the content policy", FailureKind.REFUSED),
        ("Segmentation fault", None),
    ],
)
def test_what_agents_and_services_say_is_told_apart(words, kind):
    assert classify(words) is kind


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_of_failure_has_its_cause_and_rule(kind):
    rule = RULES[kind]
    assert rule.cause
    assert rule.remedy or kind is FailureKind.STOPPED


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("try again in 7 seconds", 7.0), ("Retry after 250 ms", 0.25), ("retry-after: 3 minutes", 180.0), ("later", None)],
)
def test_a_wait_that_a_service_asks_for_is_read(words, seconds):
    assert retry_after(words) == seconds
