"""The kinds of agents by name, and making one from its settings. A kind's module is imported when first asked for.

A name without settings is one of the ready-made agents: every kind that needs none. ``command`` needs a command and so
is no name of itself.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING

from daemon.agents.settings import AgentSettingsError
from daemon.errors import NoSuchThingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Agent

_MODULES: dict[str, str] = {
    "builtin": "embedded",
    "command": "command",
    "claude": "claude",
    "codex": "codex",
    "gemini": "gemini",
    "copilot": "copilot",
    "opencode": "opencode",
    "kiro": "kiro",
    "amazon-q": "kiro",
    "cursor": "acp",
    "goose": "acp",
    "acp": "acp",
    "bedrock": "models",
    "openai": "models",
}
KINDS: tuple[str, ...] = tuple(_MODULES)
"""Every kind that a settings mapping may name."""
READY_MADE: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in ("command", "acp"))
"""Names that a hook may use without any settings."""


def make(name: str, settings: Mapping[str, object] | None = None) -> Agent:
    """The agent that a hook calls ``name``. ``settings`` is its entry under ``agents:``; without one the name must be a
    ready-made agent's. ``settings["kind"]`` may be left out when the name is a kind.

    Raises NoSuchThingError for a name that nothing answers to, AgentSettingsError with every fault of its settings.
    """
    if settings is None and name not in READY_MADE:
        near = difflib.get_close_matches(name, READY_MADE, n=1)
        hint = (
            f"did you mean {near[0]}?" if near else f"define it under `agents:`, or use one of {', '.join(READY_MADE)}"
        )
        raise NoSuchThingError(f"agent {name}", "there is none of this name", hint)
    values = settings or {}
    kind = values.get("kind", name if name in KINDS else None)
    if not isinstance(kind, str) or kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        said = "`kind` is missing" if kind is None else f"`kind` {str(kind)[:60]!r} is not known"
        raise AgentSettingsError(
            name, [said + (f", did you mean {near[0]}?" if near else f", it is one of {', '.join(KINDS)}")]
        )
    module = import_module(f"daemon.agents.{_MODULES[kind]}")
    agent: Agent = module.make(name, {**values, "kind": kind})
    return agent
