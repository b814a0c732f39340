from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.settings import (
    Narrowing,
    Settings,
    effective_limits,
    effective_mode,
    load_settings,
    merge_settings,
    network_allowed,
    permitted,
)
from hooks.config import AgentSettings
from hooks.model import Hook, Limits, Mode, Origin, Trigger

if TYPE_CHECKING:
    from pathlib import Path

HERE = Origin(file="hooks.yaml", line=1)
HOOK = Hook(name="h", triggers=frozenset({Trigger.MANUAL}), origin=HERE, action="x", mode=Mode.AUTO_FIX)


def merged(config: str | None = None, policy: str | None = None) -> Settings:
    def content(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    return merge_settings(content(config), content(policy), config_name="config.yaml", policy_name="policy.yaml")


def agent(name: str, kind: str | None = None, **more: object) -> AgentSettings:
    return AgentSettings(name=name, kind=kind or name, origin=HERE, **more)


def test_without_files_everything_is_as_the_workspace_says():
    settings = merged()
    assert (settings.agent, settings.workers, settings.faults, settings.protected) == (None, 2, (), ())
    assert permitted(settings, HOOK, agent("claude")).allowed
    assert effective_mode(settings, HOOK) is Mode.AUTO_FIX
    assert effective_limits(settings, HOOK) == HOOK.limits
    assert network_allowed(settings, agent("claude"), usual=True)


def test_an_agent_that_the_policy_does_not_name_is_refused_with_the_file_that_says_so():
    verdict = permitted(merged(policy="agents_allowed: [builtin, kiro]\n"), HOOK, agent("claude"))
    assert (verdict.allowed, verdict.by) == (False, "policy.yaml")
    assert "allowed: builtin, kiro" in verdict.reason


def test_the_user_can_narrow_further_and_never_widen():
    settings = merged("agents_allowed: [builtin, claude]\n", "agents_allowed: [builtin, kiro]\n")
    assert permitted(settings, HOOK, agent("builtin")).allowed
    assert permitted(settings, HOOK, agent("kiro")).by == "config.yaml"
    assert permitted(settings, HOOK, agent("claude")).by == "policy.yaml"


def test_a_workspace_cannot_borrow_the_name_of_an_agent_of_the_user():
    settings = merged("agents: {house: {kind: bedrock}}\nagents_allowed: [house]\n")
    assert permitted(settings, HOOK, settings.agents["house"]).allowed
    assert not permitted(settings, HOOK, agent("house", "command")).allowed


def test_an_agent_counts_by_its_kind_whatever_it_is_called():
    settings = merged(policy="agents_allowed: [bedrock]\n")
    assert permitted(settings, HOOK, agent("anything", "bedrock")).allowed
    assert not permitted(settings, HOOK, agent("bedrock", "command")).allowed


def test_approval_is_asked_for_where_any_file_asks_for_it():
    settings = merged("agents_needing_approval: [codex]\n", "agents_needing_approval: [claude]\n")
    assert permitted(settings, HOOK, agent("claude")).needs_approval
    assert permitted(settings, HOOK, agent("codex")).by == "config.yaml"
    assert not permitted(settings, HOOK, agent("builtin")).needs_approval


def test_modes_limits_network_and_workers_are_only_ever_lowered():
    settings = merged(
        "limits: {runs_per_hour: 100, tokens_per_day: 5}\nworkers: 8\nprotected: 'a/**'\n",
        "highest_mode: advisory\nlimits: {runs_per_hour: 10}\nnetwork: false\nworkers: 4\nprotected: ['b/**']\n",
    )
    assert settings.faults == ()
    assert effective_mode(settings, HOOK) is Mode.ADVISORY
    assert effective_limits(settings, HOOK) == Limits(files_per_change=50, runs_per_hour=10, tokens_per_day=5)
    assert settings.limits == Limits(files_per_change=None, runs_per_hour=10, tokens_per_day=5)
    assert not network_allowed(settings, agent("claude", network=True), usual=True)
    assert settings.workers == 4
    assert [(rule.pattern, str(rule.origin)) for rule in settings.protected] == [
        ("b/**", "policy.yaml:5"),
        ("a/**", "config.yaml:3"),
    ]


def test_a_policy_caps_the_workers_and_does_not_raise_them():
    assert merged(policy="workers: 30\n").workers == 2


def test_the_network_is_what_the_agent_says_where_nothing_forbids_it():
    assert not network_allowed(merged(), agent("claude", network=False), usual=True)
    assert network_allowed(merged(), agent("mine", "command", network=True), usual=False)
    assert not network_allowed(merged(), agent("mine", "command"), usual=False)


@pytest.mark.parametrize("which", ["config", "policy"])
def test_a_file_with_a_fault_allows_nothing_until_it_is_put_right(which: str):
    settings = merged(**{which: "netwerk: false\n"})
    (fault,) = settings.faults
    assert str(fault) == f'{which}.yaml:1:1: unknown key "netwerk"; did you mean "network"?'
    assert not permitted(settings, HOOK, agent("builtin")).allowed
    assert effective_mode(settings, HOOK) is Mode.ADVISORY
    assert not network_allowed(settings, agent("claude"), usual=True)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("agents_allowed: builtin\n", "1:17", "expected a list"),
        ("agents_allowed: [a, a]\n", "1:17", "stands twice"),
        ("network: off\n", "1:10", "write false"),
        ("workers: 0\n", "1:10", "1 or more"),
        ("workers: 65\n", "1:10", "64 or less"),
        ("highest_mode: autofix\n", "1:15", 'did you mean "auto-fix"?'),
        ("protected: ['/etc']\n", "1:14", "absolute"),
        ("protected: '!a'\n", "1:12", "nothing shortens the list"),
        ("limits: {runs: 1}\n", "1:10", "unknown key"),
        ("hooks: []\n", "1:1", "unknown key"),
        ("agent: &a b\n", "1:8", "an anchor"),
        ("[]\n", "1:1", "a mapping"),
        ("agents_allowed: [nobody]\n", "1:18", "no agent is called"),
        ("agent: bedrok\n", "1:8", 'did you mean "bedrock"?'),
        ("agents: {x: {kind: openai}}\n", "1:10", "`endpoint` is missing"),
    ],
)
def test_a_fault_of_the_users_file_is_told_with_its_place(text: str, place: str, words: str):
    said = [str(fault) for fault in merged(text).faults]
    assert [line for line in said if line.startswith(f"config.yaml:{place}: ") and words in line], said


def test_a_policy_may_name_agents_it_cannot_see_and_is_told_so():
    settings = merged(policy="agents_allowed: [house]\n")
    assert settings.faults == ()
    assert 'policy.yaml:1:18: `agents_allowed`: no agent is called "house"' in str(settings.warnings[0])


def test_an_empty_file_narrows_nothing():
    assert permitted(merged("", "# nothing\n"), HOOK, agent("claude")).allowed


def test_the_files_are_read_where_they_are(tmp_path: Path):
    config, policy = tmp_path / "config.yaml", tmp_path / "policy.yaml"
    assert load_settings(config, policy).narrowings == ()
    config.write_text("agent: kiro\n")
    policy.write_text("network: false\n")
    settings = load_settings(config, policy)
    assert (settings.agent, settings.faults) == ("kiro", ())
    assert not network_allowed(settings, agent("kiro"), usual=True)


def test_a_policy_that_cannot_be_read_allows_nothing(tmp_path: Path):
    (tmp_path / "policy.yaml").mkdir()
    settings = load_settings(tmp_path / "config.yaml", tmp_path / "policy.yaml")
    assert len(settings.faults) == 1
    assert not permitted(settings, HOOK, agent("builtin")).allowed


KINDS = st.sampled_from(["builtin", "kiro", "claude", "command"])
NARROWINGS = st.builds(
    Narrowing,
    by=st.sampled_from(["a", "b"]),
    allowed=st.none() | st.frozensets(KINDS),
    approval=st.frozensets(KINDS),
    highest_mode=st.sampled_from(Mode),
    network=st.booleans(),
    broken=st.booleans(),
    limits=st.builds(Limits, runs_per_hour=st.none() | st.integers(1, 9), tokens_per_day=st.none() | st.integers(1, 9)),
)


@given(few=st.lists(NARROWINGS, max_size=3), more=NARROWINGS, kind=KINDS, own=st.none() | st.booleans())
def test_a_further_file_never_allows_more(few: list[Narrowing], more: Narrowing, kind: str, own: bool | None):
    before, after = Settings(narrowings=tuple(few)), Settings(narrowings=(*few, more))
    one = agent("x", kind, network=own)
    assert permitted(before, HOOK, one).allowed or not permitted(after, HOOK, one).allowed
    assert not (permitted(before, HOOK, one).needs_approval and permitted(after, HOOK, one) == _free())
    assert effective_mode(before, HOOK) is Mode.AUTO_FIX or effective_mode(after, HOOK) is Mode.ADVISORY
    assert network_allowed(before, one, usual=True) or not network_allowed(after, one, usual=True)
    lower, upper = effective_limits(after, HOOK), effective_limits(before, HOOK)
    for key in ("files_per_change", "runs_per_hour", "tokens_per_day"):
        assert getattr(upper, key) is None or getattr(lower, key) <= getattr(upper, key)


def _free():
    return permitted(Settings(), HOOK, agent("builtin"))


@given(content=st.binary(max_size=200))
def test_any_bytes_give_settings_or_faults(content: bytes):
    settings = merge_settings(content, content, config_name="c", policy_name="p")
    assert all(fault.line >= 1 and fault.column >= 1 for fault in settings.faults)
