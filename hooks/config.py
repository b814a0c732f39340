"""Configuration of a workspace: every hooks.yaml in it and Kiro's own hook files, into one value.

The only room of ``hooks`` that reads files. Never raises for what the files hold; each is read once, and what was
read is kept beside what was made of it, so that trust is asked for exactly those bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hooks.faults import Fault, Notice
from hooks.fields import READY_AGENTS
from hooks.hooksfile import FEATURES, load_hooks_file
from hooks.loaded import AgentSettings, ConfigFile, Loaded, NeedsIde, PathRule, UsedKey, WorkspaceSettings
from hooks.workspace import HOOKS_FILE, descend_anywhere, load_workspace

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "FEATURES",
    "HOOKS_FILE",
    "READY_AGENTS",
    "AgentSettings",
    "ConfigFile",
    "Fault",
    "Loaded",
    "NeedsIde",
    "Notice",
    "PathRule",
    "UsedKey",
    "WorkspaceSettings",
    "descend_anywhere",
    "load_hooks_file",
    "load_workspace",
    "not_in_effect",
]

_SAID: Final = "has no effect yet in this version"


def not_in_effect(loaded: Loaded, built: frozenset[str]) -> tuple[Notice, ...]:
    """A notice for every optional part in use that is not among the features built (names as in ``FEATURES``).

    Raises ValueError when ``built`` names what is no feature.
    """
    return tuple(
        Notice(file=use.file, line=use.line, column=use.column, key=use.feature, message=f"`{_shown(use)}` {_SAID}")
        for use in loaded.used
        if use.feature not in _checked(built)
    )


def _checked(built: Collection[str]) -> Collection[str]:
    if strange := set(built) - FEATURES:
        raise ValueError(f"no such features: {', '.join(sorted(strange))}")
    return built


def _shown(use: UsedKey) -> str:
    owner, _, rest = use.feature.partition(".")
    return {"hook": rest, "trigger": f"trigger: {rest}", "agent": f"kind: {rest}"}.get(owner, use.feature)
