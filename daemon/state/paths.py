"""Where the daemon keeps things: the XDG directories, and nothing else in HOME. Pure but for ``create``."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLICATION = "kiro-hookd"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspacePaths:
    """What is kept of one workspace, below the state directory."""

    directory: Path

    @property
    def reports(self) -> Path:
        """The report log's directory; ``report.jsonl`` lies in it, beside its rotated parts."""
        return self.directory

    @property
    def changesets(self) -> Path:
        """The folder of change sets, one folder each, named by its id."""
        return self.directory / "changesets"

    def create(self) -> None:
        """Make the directories, for their owner alone."""
        _private(self.directory)
        _private(self.changesets)


@dataclass(frozen=True, kw_only=True, slots=True)
class StatePaths:
    """The three directories, each ending in ``kiro-hookd``. Values: nothing is looked up or made.

    ``runtime_dir`` lies inside ``state_dir`` when the system has no runtime directory.
    """

    state_dir: Path
    runtime_dir: Path
    config_dir: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.state_dir / "state.db"

    @property
    def lock(self) -> Path:
        """The file whose lock makes a process the one that writes."""
        return self.state_dir / "daemon.lock"

    @property
    def socket(self) -> Path:
        """The control socket. May be longer than a socket address holds: go through ``socket_address``."""
        return self.runtime_dir / "control.sock"

    @property
    def config(self) -> Path:
        """The user's own configuration."""
        return self.config_dir / "config.yaml"

    @property
    def workspaces(self) -> Path:
        """The parent of all workspaces' directories."""
        return self.state_dir / "workspaces"

    def workspace(self, root: Path) -> WorkspacePaths:
        """What is kept of the workspace with this root. Links in ``root`` are resolved, so every way leads to one."""
        return WorkspacePaths(directory=self.workspaces / workspace_name(os.path.realpath(root)))

    def create(self) -> None:
        """Make the state and the runtime directory, for their owner alone; StateError when they are someone else's."""
        for directory in (self.state_dir, self.workspaces, self.runtime_dir):
            _private(directory)


def workspace_name(real_path: str) -> str:
    """A directory name for a workspace: stable, different for every real path, and readable.

    The last part of the path in plain letters, then 12 hex digits of the SHA-256 of the whole.
    """
    last = real_path.rstrip("/").rpartition("/")[2].lower()
    slug = re.sub(r"[^a-z0-9]+", "-", last).strip("-")[:32].rstrip("-") or "workspace"
    return f"{slug}-{hashlib.sha256(os.fsencode(real_path)).hexdigest()[:12]}"


def user_home() -> Path:
    """The user's HOME. A user without one and without a passwd entry has a folder that is not there."""
    named = _absolute(os.environ.get("HOME"))
    if named is not None:
        return named
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("/nonexistent")


def from_environment(env: Mapping[str, str], *, home: Path | None = None) -> StatePaths:
    """The directories that an environment asks for. Pure.

    As the XDG rules have it, a variable that is empty or relative counts as unset. ``home`` is the fallback when
    HOME is unset (a user without a passwd entry has none). StateError when nothing says where to write.
    """
    state = _base(env, "XDG_STATE_HOME", home, ".local/state") / APPLICATION
    runtime = _absolute(env.get("XDG_RUNTIME_DIR"))
    return StatePaths(
        state_dir=state,
        runtime_dir=runtime / APPLICATION if runtime else state / "run",
        config_dir=_base(env, "XDG_CONFIG_HOME", home, ".config") / APPLICATION,
    )


def _base(env: Mapping[str, str], variable: str, home: Path | None, below: str) -> Path:
    named = _absolute(env.get(variable))
    if named:
        return named
    own = _absolute(env.get("HOME")) or home
    if own is None:
        raise StateError("the state directory", "neither HOME nor " + variable + " is set", f"set {variable}")
    return own / below


def _absolute(value: str | None) -> Path | None:
    return Path(value) if value and value.startswith("/") else None


def _private(directory: Path) -> None:
    """Make a directory 0700, its parents too where missing, and refuse one that belongs to someone else."""
    try:
        for parent in reversed(directory.parents):
            if not parent.exists():
                parent.mkdir(mode=0o700, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        status = directory.stat()
        if status.st_uid != os.geteuid():
            raise StateError(str(directory), f"belongs to user {status.st_uid}", "remove it, or set XDG_STATE_HOME")
        if status.st_mode & 0o077:
            directory.chmod(0o700)
    except OSError as error:
        remedy = "make it writable, or set XDG_STATE_HOME (and XDG_RUNTIME_DIR) to a directory of yours"
        raise StateError(str(directory), error.strerror or str(error), remedy) from error
