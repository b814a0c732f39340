"""The workspaces that are open: opened by trust, read again when their rules change, kept on their last good hooks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from daemon.errors import NoSuchThingError, NotTrustedError
from daemon.trust import TrustStore, Verdict
from daemon.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.settings import Settings
    from hooks.config import Loaded
    from hooks.model import Hook

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Open:
    workspace: Workspace
    notices: tuple[str, ...] = ()


class Workspaces:
    """Every open workspace by its root. Safe to ask from several threads."""

    def __init__(self, *, home: Path, trust: TrustStore, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._trust = trust
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def open(self, root: Path) -> Workspace:
        """Read a workspace and keep it; NotTrustedError when nobody has ever allowed its hook files."""
        read = read_workspace(root, home=self._home, settings=self._settings)
        if self._trust.allowed(read.root, read.loaded, agents=self._settings.agents).verdict is Verdict.NEVER:
            remedy = f"look at them, then run `kiro-hookd trust {root}`"
            raise NotTrustedError(str(read.root), "nobody has allowed its hook files yet", remedy)
        return self._keep(read, None)

    def reread(self, root: Path) -> Workspace:
        """Read it again. A file that has become faulty keeps its last good hooks; a changed hook that nobody has
        allowed waits.
        """
        read = read_workspace(root, home=self._home, settings=self._settings)
        with self._lock:
            before = self._open.get(str(read.root))
        return self._keep(read, before)

    def _keep(self, read: Workspace, before: _Open | None) -> Workspace:
        notices = [str(fault) for fault in read.loaded.faults]
        hooks = list(read.loaded.hooks)
        if before is not None and read.loaded.faults:
            hooks = _last_good(read.loaded, before.workspace.loaded)
        state = self._trust.allowed(read.root, replace(read.loaded, hooks=tuple(hooks)), agents=self._settings.agents)
        allowed = [hook for hook in hooks if state.permits(hook.name)]
        if waiting := [hook.name for hook in hooks if not state.permits(hook.name)]:
            names = ", ".join(repr(name) for name in waiting)
            notices.append(f"hook files have changed: {names} wait until `kiro-hookd trust {read.root}`")
        workspace = replace(read, loaded=replace(read.loaded, hooks=tuple(allowed)))
        with self._lock:
            self._open[workspace.name] = _Open(workspace=workspace, notices=tuple(notices))
        for notice in notices:
            log.warning("workspace.notice", workspace=workspace.name, notice=notice)
        return workspace

    def get(self, name: str) -> Workspace | None:
        """The workspace with this root, if it is open."""
        with self._lock:
            found = self._open.get(name)
        return found.workspace if found else None

    def need(self, name: str) -> Workspace:
        """The workspace with this root; NoSuchThingError when it is not open."""
        found = self.get(name)
        if found is None:
            raise NoSuchThingError(name, "is not a workspace of this daemon", "see `kiro-hookd status`")
        return found

    def all(self) -> list[Workspace]:
        """Every open workspace."""
        with self._lock:
            return [held.workspace for held in self._open.values()]

    def describe(self) -> list[dict[str, Any]]:
        """The ``workspaces`` part of the status."""
        with self._lock:
            held = list(self._open.values())
        return [
            {"path": one.workspace.name, "hooks": len(one.workspace.loaded.hooks), "notices": list(one.notices)}
            for one in held
        ]


def _last_good(now: Loaded, before: Loaded) -> list[Hook]:
    """The hooks of the files that are good now, and of the faulty ones as they last were."""
    faulty = now.faulty_files
    names = {hook.name for hook in now.hooks}
    return [*now.hooks, *(hook for hook in before.hooks if hook.origin.file in faulty and hook.name not in names)]
