"""Which agent runs a hook, under what the user and the administrator allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from daemon.agents.needs import Availability
from daemon.agents.port import Exit, Outcome, Program, Request, Result
from daemon.choice import AgentChoice, NoAgentError
from daemon.settings import merge_settings
from daemon.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOOKS = """
agents:
  house: {kind: bedrock, model: m}
hooks:
  - {name: One, trigger: manual, action: look, agent: kiro, fallback: [house, builtin]}
  - {name: Shell, trigger: manual, command: 'true'}
"""


@dataclass(frozen=True)
class FakeAgent:
    name: str
    kind: str

    def program(self, request: Request) -> Program:
        return Program(argv=("true",), network=True)

    def result(self, request: Request, end: Exit) -> Result:
        return Result(outcome=Outcome.SUCCEEDED)


def _choice(config: str = "", policy: str = "", lacking: frozenset[str] = frozenset()) -> AgentChoice:
    looked: list[str] = []

    def make(name: str, settings: Mapping[str, object] | None) -> FakeAgent:
        return FakeAgent(name, str(settings["kind"]) if settings else name)

    def look(agent: object) -> Availability:
        assert isinstance(agent, FakeAgent)
        looked.append(agent.name)
        here = agent.name not in lacking
        return Availability(installed=here, version="1", reason="" if here else "not installed", remedy="install it")

    settings = merge_settings(
        config.encode() or None, policy.encode() or None, config_name="config.yaml", policy_name="policy.yaml"
    )
    assert not settings.faults
    return AgentChoice(make=make, shell=FakeAgent("shell", "shell"), look=look, steady=lambda: 0.0, settings=settings)


def _choose(tmp_path: Path, choice: AgentChoice, hook: str = "One", *, by_hand: bool = False) -> object:
    (tmp_path / ".kiro/settings").mkdir(parents=True, exist_ok=True)
    (tmp_path / ".kiro/settings/hooks.yaml").write_text(HOOKS)
    workspace = read_workspace(tmp_path, home=tmp_path / "home")
    assert not workspace.loaded.faults
    return choice.choose(workspace, workspace.hook(hook), by_hand=by_hand)


def test_the_first_agent_that_is_to_be_had_runs(tmp_path: Path) -> None:
    assert _choose(tmp_path, _choice()).agent.name == "kiro"  # type: ignore[attr-defined]
    assert _choose(tmp_path, _choice(lacking=frozenset({"kiro"}))).agent.kind == "bedrock"  # type: ignore[attr-defined]


def test_when_none_is_every_one_is_named_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(NoAgentError, match=r"kiro: not installed; install it; house: .*; builtin: "):
        _choose(tmp_path, _choice(lacking=frozenset({"kiro", "house", "builtin"})))


def test_what_policy_does_not_allow_is_passed_over(tmp_path: Path) -> None:
    chosen = _choose(tmp_path, _choice(policy="agents_allowed: [builtin]\n"))
    assert chosen.agent.name == "builtin"  # type: ignore[attr-defined]


def test_a_shell_command_counts_as_kind_command(tmp_path: Path) -> None:
    with pytest.raises(NoAgentError, match="not allowed by"):
        _choose(tmp_path, _choice(policy="agents_allowed: [builtin]\n"), "Shell")
    _choose(tmp_path, _choice(policy="agents_allowed: [command]\n"), "Shell")


def test_an_agent_that_needs_approval_runs_only_when_a_person_asks(tmp_path: Path) -> None:
    choice = _choice(policy="agents_allowed: [kiro]\nagents_needing_approval: [kiro]\n")
    with pytest.raises(NoAgentError, match="is the approval"):
        _choose(tmp_path, choice)
    assert _choose(tmp_path, choice, by_hand=True).approved is True  # type: ignore[attr-defined]


def test_where_policy_forbids_the_network_a_program_gets_none(tmp_path: Path) -> None:
    request = Request(hook="One", mode="advisory", prompt="", root="/")  # type: ignore[arg-type] # a fake
    free = _choose(tmp_path, _choice()).agent.program(request)  # type: ignore[attr-defined]
    kept = _choose(tmp_path, _choice(config="network: false\n")).agent.program(request)  # type: ignore[attr-defined]
    assert (free.network, kept.network) == (True, False)
