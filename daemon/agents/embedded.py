"""Kind ``builtin``: the parent's side of the embedded reviewer, which needs no network, login or other program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.command import shorter
from daemon.agents.failure import ended_badly, failure
from daemon.agents.interpreter import module_argv, read_only
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, Program
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Request, Result

KIND = "builtin"
MODULE = "daemon.agents.builtin"
SWITCH = "KIRO_HOOKD_REVIEWERS"
"""The variable by which the user switches on bandit, checkov or semgrep beside the builtin rules."""
OUTPUT_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedAgent:
    """The embedded reviewer, as a child process of its own."""

    name: str = KIND
    kind: str = KIND
    timeout: float | None = None

    @property
    def needs(self) -> Needs:
        """Nothing: it comes with this package."""
        return Needs()

    def program(self, request: Request) -> Program:
        """An isolated interpreter that runs it, with the request on stdin."""
        return Program(
            argv=module_argv(MODULE),
            stdin=protocol.encode(request),
            read_only=read_only(),
            pass_env=(SWITCH,),
            timeout=shorter(self.timeout, request.timeout),
            output_limit=OUTPUT_LIMIT,
        )

    def result(self, request: Request, end: Exit) -> Result:
        """Its result; it always prints one, so anything else is a fault of ours."""
        bad = ended_badly(self.name, end)
        if bad is not None:
            return bad
        answer = protocol.decode(end.stdout, root=request.root)
        if not answer.structured:
            return failure(self.name, FailureKind.OUTPUT_UNUSABLE, detail=answer.broken or answer.summary)
        return protocol.succeeded(answer)


def make(name: str, values: Mapping[str, object]) -> EmbeddedAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = EmbeddedAgent(name=name, timeout=settings.seconds("timeout"))
    settings.done()
    return agent
