"""Trial: the agents a person could use, and one harmless run of one of them, away from every workspace and queue."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.agents.attend import attend
from daemon.agents.port import Request
from daemon.agents.registry import READY_MADE, make
from daemon.choice import settings_of
from daemon.errors import HookdError
from daemon.process import StopSignal
from daemon.settings import POLICY_FILE, load_settings, permitted
from daemon.view.choose import choose
from hooks.config import AgentSettings
from hooks.model import Hook, Mode, Origin, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.agents.port import Agent
    from daemon.settings import Settings
    from daemon.state.paths import StatePaths

TIMEOUT = 120.0
PROMPT = "This is a test of the connection. Change nothing and read nothing. Answer with the one word: ready"


class TrialError(HookdError):
    """An agent that may not be tried."""


def known_agents(paths: StatePaths) -> Iterator[tuple[str, Agent, str]]:
    """Each agent by its name: those that need no settings, and those of the user's configuration; with why the user's
    or the administrator's settings do not allow it, "" when they do.
    """
    settings = load_settings(paths.config, Path(POLICY_FILE))
    for name in (*READY_MADE, *settings.agents):
        yield name, _agent(settings, name), _obstacle(settings, name)


def try_agent(paths: StatePaths, name: str) -> dict[str, Any]:
    """Ask the agent for one word, in a private view of an empty folder. What came of it, as JSON.

    TrialError when it is not allowed, NoSuchThingError when there is none of this name, IsolationError when this
    machine can keep no program in.
    """
    settings = load_settings(paths.config, Path(POLICY_FILE))
    agent = _agent(settings, name)
    if obstacle := _obstacle(settings, name):
        raise TrialError(f"agent {name}", obstacle, "ask who wrote that file")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        (base / "empty").mkdir()
        chosen = choose(above=base / "views", hidden=(paths.state_dir, paths.config_dir))
        plain = agent.kind == "builtin" and all(chosen.views.refusals(base / "empty"))
        began = time.monotonic()
        with (chosen.plain if plain else chosen.views).open(base / "empty", paths=()) as view:
            request = Request(
                hook="agents test", mode=Mode.ADVISORY, prompt=PROMPT, action=PROMPT, root=view.root, timeout=TIMEOUT
            )
            stop = StopSignal()
            result = attend(agent, request, lambda program: view.run(program, stop=stop))
            isolation = view.isolation
    return {
        "agent": name,
        "kind": agent.kind,
        "outcome": str(result.outcome),
        "isolation": str(isolation),
        "model": result.model,
        "summary": result.summary,
        "error": result.error,
        "usage": {"input_tokens": result.usage.input_tokens, "output_tokens": result.usage.output_tokens},
        "seconds": round(time.monotonic() - began, 3),
    }


def _agent(settings: Settings, name: str) -> Agent:
    own = settings.agents.get(name)
    return make(name, None if own is None else settings_of(own))


def _obstacle(settings: Settings, name: str) -> str:
    origin = Origin(file="-", line=1)
    hook = Hook(name="agents test", triggers=frozenset({Trigger.MANUAL}), origin=origin, action=PROMPT)
    agent = _agent(settings, name)
    written = settings.agents.get(name) or AgentSettings(name=name, kind=agent.kind, origin=origin)
    verdict = permitted(settings, hook, written)
    return "" if verdict.allowed else verdict.reason
