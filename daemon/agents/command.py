"""Kind ``command``: any program that reads a request and prints a result. The contract is in ``docs/agents.md``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.failure import ended_badly
from daemon.agents.needs import Needs
from daemon.agents.port import Program
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Request, Result

KIND = "command"


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandAgent:
    """A program of the user's. It sees the workspace's root as its working directory, and no network unless told."""

    name: str
    command: tuple[str, ...]
    kind: str = KIND
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    network: bool = False
    timeout: float | None = None

    @property
    def needs(self) -> Needs:
        """The program itself; only it knows how to tell its version."""
        return Needs(executable=self.command[0], version=None)

    def program(self, request: Request) -> Program:
        """The command, with the request on its stdin."""
        return Program(
            argv=self.command,
            stdin=protocol.encode(request),
            env=self.env,
            pass_env=self.pass_env,
            read_only=self.read_only,
            network=self.network,
            timeout=shorter(self.timeout, request.timeout),
        )

    def result(self, request: Request, end: Exit) -> Result:
        """Exit 0 is success, whatever was printed; everything else is a failure."""
        bad = ended_badly(self.name, end)
        return bad or protocol.succeeded(protocol.decode(end.stdout, root=request.root))


def shorter(one: float | None, other: float | None) -> float | None:
    """The shorter of two times, either of which may be unlimited."""
    return min(one, other) if one is not None and other is not None else one if other is None else other


def make(name: str, values: Mapping[str, object]) -> CommandAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    command = settings.command("command")
    agent = CommandAgent(
        name=name,
        command=command,
        env=settings.variables("env"),
        pass_env=settings.variable_names("pass_env"),
        read_only=settings.words("read_only"),
        network=settings.flag("network", default=False),
        timeout=settings.seconds("timeout"),
    )
    settings.require("command", command)
    settings.done()
    return agent
