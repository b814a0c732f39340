"""Configuration of a workspace: every hooks.yaml in it and Kiro's own hook files, into one value.

The only room of ``hooks`` that reads files. Never raises for what the files hold; each is read once, and what was
read is kept beside what was made of it, so that trust is asked for exactly those bytes.
"""

from __future__ import annotations

from hooks.faults import Fault, Notice
from hooks.fields import READY_AGENTS
from hooks.hooksfile import load_hooks_file
from hooks.loaded import AgentSettings, ConfigFile, Loaded, NeedsIde, PathRule, UsedKey, WorkspaceSettings
from hooks.workspace import HOOKS_FILE, descend_anywhere, load_workspace

__all__ = [
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
]
