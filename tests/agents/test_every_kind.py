"""The contract, for every kind that a program of ours can play; the models behind an API have a module of their own."""

from __future__ import annotations

import pytest

from daemon.agents.port import Usage
from daemon.agents.registry import make
from tests.contract.agent_contract import AgentContract, Subject

KEY = {"ANTHROPIC_API_KEY": "scripted-key", "KIRO_API_KEY": "scripted-key", "GEMINI_API_KEY": "scripted-key"}
CREDIT = Usage(credits=0.125)
SAME_DRIVER = frozenset({"edit", "prose", "hang", "crash", "fail"})
"""What one kind behind the protocol's driver shows for all of them."""


def subjects():
    for kind in ("command", "claude", "codex", "gemini", "copilot", "opencode"):
        usage = Usage(
            input_tokens=1000, output_tokens=10, cache_read_tokens=100, credits=1 if kind == "copilot" else None
        )
        yield kind, ("speaking.py", kind), {}, usage
    yield "kiro", ("speaking.py", "kiro"), {"protocol": "chat"}, Usage(credits=0.25)
    yield "kiro", ("acp.py", "kiro"), {}, CREDIT
    yield "amazon-q", ("acp.py", "kiro"), {}, CREDIT
    for kind in ("acp", "cursor", "goose"):
        yield kind, ("acp.py",), {}, Usage(input_tokens=1000, output_tokens=10, cache_read_tokens=100)


class TestEveryKind(AgentContract):
    @pytest.fixture(params=subjects(), ids=lambda case: f"{case[0]}-{case[1][0]}")
    def subject(self, request, program):
        kind, (name, *args), settings, usage = request.param
        agent = make("house", {"kind": kind, "command": program(name, *args), "env": KEY, **settings})
        cannot = SAME_DRIVER if kind in ("acp", "amazon-q", "cursor", "goose") else frozenset()
        return Subject(agent=agent, usage=usage, cannot=cannot)
