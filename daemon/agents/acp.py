"""Kinds ``acp``, ``cursor`` and ``goose``: any agent that speaks the Agent Client Protocol, version 1.

The talking is done by ``daemon.agents.drivers.acp``, inside the view, with the agent as its child. No ``fs`` and no
``terminal`` is offered, so an agent's own tools write into the view, where the change set is read from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from daemon.agents import driven
from daemon.agents.cli import Cli, ask
from daemon.agents.interpreter import module_argv
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

MODULE = "daemon.agents.drivers.acp"
NO_ENDPOINT = "`endpoint` has no meaning for an agent of this kind: its own configuration names its model service"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of an agent that speaks the protocol: its command, login, and the modes to choose from."""

    command: tuple[str, ...] = ()
    login_env: tuple[str, ...] = ()
    pass_env: tuple[str, ...] = ()
    home: tuple[HomeFile, ...] = ()
    install: str = ""
    login: str = ""
    modes: tuple[str, ...] = ()


KNOWN: dict[str, Known] = {
    "acp": Known(),
    "cursor": Known(
        command=("cursor-agent", "acp"),
        login_env=("CURSOR_API_KEY",),
        home=(HomeFile(path=".config/cursor/auth.json", write_back=True), HomeFile(path=".cursor/cli-config.json")),
        install="see cursor.com/cli",
        login="run `cursor-agent login`, or set CURSOR_API_KEY",
        modes=("agent",),
    ),
    "goose": Known(
        command=("goose", "acp"),
        pass_env=("GOOSE_*", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "OPENROUTER_API_KEY", "AWS_*"),
        home=(HomeFile(path=".config/goose/config.yaml"), HomeFile(path=".config/goose/secrets.yaml")),
        install="see the goose project's installation page",
        login="run `goose configure`",
        modes=("auto",),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AcpAgent:
    """An agent that speaks the protocol. ``mode`` is the id of the session mode to set; without one the first of the
    known modes that it offers.
    """

    name: str
    kind: str
    cli: Cli
    known: Known = field(default_factory=Known)
    mode: str = ""

    @property
    def needs(self) -> Needs:
        """The program, and its login where it is known what that is."""
        given = bool(set(self.known.login_env) & set(self.cli.env))
        files = tuple(file.path for file in self.known.home if file.write_back)
        return Needs(
            executable=self.cli.command[0],
            login_env=() if given else self.known.login_env,
            login_files=() if given else files,
            login_unknown=not self.known.login_env,
            install=self.known.install,
            login=self.known.login,
            module="acp",
            extra="acp",
        )

    def program(self, request: Request) -> Program:
        """The driver, with the agent's command line and what to ask on its stdin."""
        order = {
            "argv": [*self.cli.command, *self.cli.args],
            "root": request.root,
            "prompt": ask(request, tool=True),
            "mode": self.mode,
            "modes": list(self.known.modes),
            "model": self.cli.model,
        }
        known = self.known
        return replace(self.cli, command=module_argv(MODULE), args=()).start(
            request, stdin=json.dumps(order), pass_env=(*known.login_env, *known.pass_env), home=known.home
        )

    def result(self, request: Request, end: Exit) -> Result:
        """What the driver made of it."""
        remedies = {FailureKind.NOT_LOGGED_IN: self.known.login} if self.known.login else {}
        return driven.result(self.name, request, end, remedies=remedies)


def make(name: str, values: Mapping[str, object]) -> AcpAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    kind = str(values.get("kind") or "acp")
    known = KNOWN.get(kind, Known())
    agent = AcpAgent(
        name=name, kind=kind, cli=Cli.read(settings, *known.command), known=known, mode=settings.text("mode")
    )
    settings.require("command", agent.cli.command)
    if agent.cli.endpoint:
        settings.fault(NO_ENDPOINT)
    settings.done()
    return agent
