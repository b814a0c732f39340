"""What configuration comes to: hooks, faults, and the settings of a workspace. Values only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from hooks.model import Hook, Limits, Mode, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hooks.faults import Fault, Notice

_K = TypeVar("_K")
_V = TypeVar("_V")


def frozen_map(mapping: Mapping[_K, _V] | None = None) -> Mapping[_K, _V]:
    """A mapping that nobody can change."""
    return MappingProxyType(dict(mapping or {}))


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSettings:
    """An agent under a name of its own, as written under ``agents:``. What was not written is ``None`` or empty.

    ``timeout`` is seconds. ``origin`` says where it was written.
    """

    name: str
    kind: str
    origin: Origin
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    model: str | None = None
    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None
    api_key_env: str | None = None
    timeout: float | None = None
    network: bool | None = None
    env: Mapping[str, str] = field(default_factory=frozen_map)
    pass_env: tuple[str, ...] = ()
    max_tokens: int | None = None
    max_requests: int | None = None
    max_output_tokens: int | None = None
    attempts: int | None = None
    shell: bool | None = None
    read_only: tuple[str, ...] = ()
    mode: str | None = None
    protocol: str | None = None
    stream: bool | None = None
    tools: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PathRule:
    """One pattern of ``ignore``, ``protected`` or ``readable``, relative to ``scope`` ("" for the workspace root)."""

    pattern: str
    scope: str
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceSettings:
    """What the workspace's own files set beside hooks. ``agent`` is ``None`` when they name no default.

    ``limits`` are the workspace's budgets, from the root's file. ``modes`` are those of the root's file.
    """

    agent: str | None = None
    ignore: tuple[PathRule, ...] = ()
    protected: tuple[PathRule, ...] = ()
    readable: tuple[PathRule, ...] = ()
    limits: Limits = field(default_factory=Limits)
    modes: Mapping[str, Mode] = field(default_factory=frozen_map)
    agents: Mapping[str, AgentSettings] = field(default_factory=frozen_map)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """One file that was read for hooks, with exactly the bytes that were read.

    ``path`` is relative to the workspace root; ``personal`` marks a file of the user's HOME, shown as ``~/...``.
    """

    path: str
    content: bytes = field(repr=False)
    personal: bool = False

    @property
    def sha256(self) -> str:
        """The content's hash in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedKey:
    """An optional key that a file uses: its feature (``hook.cooldown``, ``limits.tokens_per_day``) and its place."""

    feature: str
    file: str
    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedsIde:
    """A hook of Kiro's that only an IDE can run: listed, never an error."""

    name: str
    trigger: str
    origin: Origin
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """All that configuration files say. A file with a fault adds none of its hooks and settings; the others count."""

    hooks: tuple[Hook, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Notice, ...] = ()
    settings: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    files: tuple[ConfigFile, ...] = ()
    needs_ide: tuple[NeedsIde, ...] = ()
    used: tuple[UsedKey, ...] = ()

    @property
    def faulty_files(self) -> frozenset[str]:
        """The files that have a fault: their last good hooks may be kept in use."""
        return frozenset(fault.file for fault in self.faults)
