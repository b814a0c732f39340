"""Choice: which agent runs a hook. The first of ``agent`` and ``fallback`` that is allowed, installed and logged in."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from daemon.errors import HookdError
from daemon.runner import Chosen
from daemon.settings import network_allowed, permitted
from hooks.config import AgentSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from daemon.agents.needs import Availability
    from daemon.agents.port import Agent, Program, Request
    from daemon.settings import Settings, Verdict
    from daemon.workspace import Workspace
    from hooks.model import Hook


BELIEVED = 300.0
"""Seconds for which an agent that was to be had is taken to be had still."""
MOST_LOOKED = 256


class NoAgentError(HookdError):
    """None of a hook's agents can run."""


class _Offline:
    """An agent whose program gets no network, whatever it asks for."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.name, self.kind = agent.name, agent.kind
        self.result = agent.result

    def program(self, request: Request) -> Program:
        """The agent's own program, without the network."""
        return replace(self._agent.program(request), network=False)


class AgentChoice:
    """See ``daemon.runner.Agents``. ``look`` tells whether an agent is to be had; it is believed for a while, since
    to ask some of them costs a second.
    """

    def __init__(
        self,
        *,
        make: Callable[[str, Mapping[str, object] | None], Agent],
        shell: Agent,
        look: Callable[[Agent], Availability],
        steady: Callable[[], float],
        settings: Settings,
    ) -> None:
        self._make = make
        self._shell = shell
        self._look = look
        self._steady = steady
        self._looked: dict[str, tuple[float, Availability]] = {}
        self._settings = settings

    def choose(self, workspace: Workspace, hook: Hook, *, by_hand: bool, passed_over: Collection[str] = ()) -> Chosen:
        """The first agent without an obstacle; NoAgentError names every one that stood in the way."""
        obstacles = []
        for agent in self._candidates(workspace, hook):
            if agent.name in passed_over:
                continue
            verdict = permitted(self._settings, hook, self._as_written(workspace, hook, agent))
            obstacle = _forbidden(verdict, hook, by_hand=by_hand) or self._lacking(agent)
            if obstacle is None:
                return Chosen(
                    agent=agent if self._may_reach_out(workspace, hook, agent) else _Offline(agent),
                    version=self._available(agent).version,
                    approved=verdict.needs_approval,
                )
            obstacles.append(f"{agent.name}: {obstacle}")
        raise NoAgentError(f"hook {hook.name!r}", "; ".join(obstacles), "see `kiro-hookd agents`")

    def _lacking(self, agent: Agent) -> str | None:
        state = self._available(agent)
        return None if state.usable else f"{state.reason}; {state.remedy}"

    def _available(self, agent: Agent) -> Availability:
        key = repr(agent)  # its settings too: another definition is another agent
        known = self._looked.get(key)
        if known is None or self._steady() - known[0] > BELIEVED or not known[1].usable:
            known = (self._steady(), self._look(agent))
            if len(self._looked) > MOST_LOOKED:
                self._looked.clear()
            self._looked[key] = known
        return known[1]

    def _candidates(self, workspace: Workspace, hook: Hook) -> list[Agent]:
        if hook.command is not None:
            return [self._shell]
        return [self.named(workspace, name) for name in (hook.agent, *hook.fallback)]

    def named(self, workspace: Workspace, name: str) -> Agent:
        """The agent of this name: the workspace's own settings first, then the user's, then a ready-made one."""
        settings = self._settings_of(workspace, name)
        return self._make(name, None if settings is None else settings_of(settings))

    def _settings_of(self, workspace: Workspace, name: str) -> AgentSettings | None:
        return workspace.loaded.settings.agents.get(name) or self._settings.agents.get(name)

    def _as_written(self, workspace: Workspace, hook: Hook, agent: Agent) -> AgentSettings:
        """An agent as policy looks at it; a hook's own command counts as kind ``command``."""
        written = None if hook.command is not None else self._settings_of(workspace, agent.name)
        kind = "command" if hook.command is not None else agent.kind
        return written or AgentSettings(name=agent.name, kind=kind, origin=hook.origin)

    def _may_reach_out(self, workspace: Workspace, hook: Hook, agent: Agent) -> bool:
        """Whether policy leaves the agent's program the network, should it ask for it."""
        return network_allowed(self._settings, self._as_written(workspace, hook, agent), usual=True)


def _forbidden(verdict: Verdict, hook: Hook, *, by_hand: bool) -> str | None:
    """What policy says against a run, or ``None``."""
    if not verdict.allowed:
        return verdict.reason
    if verdict.needs_approval and not by_hand:
        return f"{verdict.reason}: `kiro-hookd fire {hook.name!r} FILE` is the approval"
    return None


def settings_of(settings: AgentSettings) -> dict[str, object]:
    """Agent settings as a mapping of what was written."""
    written: dict[str, Any] = {field.name: getattr(settings, field.name) for field in fields(settings)}
    written = {key: value for key, value in written.items() if key not in {"name", "origin"}}
    written["env"] = dict(settings.env)
    return {key: value for key, value in written.items() if value or value is False}
