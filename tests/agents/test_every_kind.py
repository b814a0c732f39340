"""The contract, for every kind that a program of ours can play; the models behind an API have a module of their own."""

from __future__ import annotations

import pytest

from daemon.agents.port import Usage
from daemon.agents.registry import make
from tests.contract.agent_contract import AgentContract, Subject

KEY = {"ANTHROPIC_API_KEY": "scripted-key", "KIRO_API_KEY": "scripted-key", "GEMINI_API_KEY": "scripted-key"}
CREDIT = Usage(credits=0.125)
TURN = Usage(input_tokens=1000, output_tokens=10, cache_read_tokens=100)
NO_MODEL = frozenset({"edit", "prose", "hang", "crash", "fail"})
"""It asks no model and speaks no prose, and its edits are no answer to a prompt; tests of its own show those."""


def subjects():
    for kind in ("command", "claude", "codex", "gemini", "copilot", "opencode"):
        usage = Usage(
            input_tokens=1000, output_tokens=10, cache_read_tokens=100, credits=1 if kind == "copilot" else None
        )
        yield kind, ("speaking.py", kind), {}, usage
    yield "kiro", ("speaking.py", "kiro"), {"protocol": "chat"}, Usage(credits=0.25)
    yield "kiro", ("speaking.py", "kiro-stream"), {"protocol": "chat", "stream": True}, Usage(credits=0.25)
    yield "kiro", ("acp.py", "kiro"), {}, CREDIT
    yield "amazon-q", ("acp.py", "kiro"), {}, CREDIT
    for kind in ("acp", "cursor", "goose"):
        yield kind, ("acp.py",), {}, TURN


class TestEveryKind(AgentContract):
    @pytest.fixture(params=subjects(), ids=lambda case: f"{case[0]}-{case[1][-1]}")
    def subject(self, request, program):
        kind, (name, *args), settings, usage = request.param
        agent = make("house", {"kind": kind, "command": program(name, *args), "env": KEY, **settings})
        return Subject(agent=agent, usage=usage)


class TestBuiltin(AgentContract):
    @pytest.fixture
    def subject(self, root):
        key = "AKIA" + "QY5TXWFN3R7KZD2M"
        (root / "src/pay.ts").write_text(f"const a = 1;\nconst key = '{key}';\nconsole.log(a);\n")
        found = ("credential.provider-key", "hardcoded-credential", "error")
        action = "Review for hardcoded credentials."
        return Subject(
            agent=make("builtin"), usage=Usage(), finding=found, summary="1 error", action=action, cannot=NO_MODEL
        )
