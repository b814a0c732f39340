"""A workspace as the daemon holds it: what its hook files say, read once, and the plan of what to watch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from daemon.errors import NoSuchThingError
from daemon.settings import Settings
from hooks.config import Loaded, load_workspace
from hooks.ignore import Ignore
from hooks.match import Matcher
from hooks.model import FILE_TRIGGERS
from hooks.plan import WatchPlan

if TYPE_CHECKING:
    from pathlib import Path

    from hooks.model import Hook


NO_SETTINGS = Settings()
LARGEST_SOURCE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One root and its hooks. ``root`` is a real path. A changed hook file makes a new value, never a changed one."""

    root: Path
    loaded: Loaded
    ignore: Ignore

    @property
    def name(self) -> str:
        """What jobs and reports call it: the root as text."""
        return str(self.root)

    @cached_property
    def matcher(self) -> Matcher:
        """The hooks, compiled once."""
        return Matcher(self.loaded.hooks)

    @cached_property
    def plan(self) -> WatchPlan:
        """What the watch is to look at."""
        return WatchPlan(self.matcher, self.ignore)

    @cached_property
    def coverage(self) -> str:
        """A digest of what the plan covers: when it is another than at the last reading, files are not new for it."""
        covers = hashlib.sha256()
        for hook in self.loaded.hooks:
            if hook.enabled and not FILE_TRIGGERS.isdisjoint(hook.triggers):
                covers.update(repr((hook.scope, hook.patterns)).encode("utf-8", "surrogatepass"))
        for rule in self.loaded.settings.ignore:
            covers.update(repr((rule.scope, rule.pattern)).encode("utf-8", "surrogatepass"))
        for source in sorted(self.ignore.sources()):
            try:
                covers.update(source.read_bytes()[:LARGEST_SOURCE])
            except OSError:
                covers.update(b"\0")
        return covers.hexdigest()

    def hook(self, name: str) -> Hook:
        """The hook of that name; NoSuchThingError names those there are."""
        for hook in self.loaded.hooks:
            if hook.name == name:
                return hook
        there = ", ".join(repr(hook.name) for hook in self.loaded.hooks) or "none"
        raise NoSuchThingError(f"hook {name!r}", f"is not in {self.root}", f"there is {there}")


def read_workspace(root: Path, *, home: Path, settings: Settings = NO_SETTINGS) -> Workspace:
    """Read a workspace's hook and ignore files. Faults are in ``loaded``; nothing here raises for bad content."""
    real = root.resolve(strict=True)
    ignore = Ignore(real, home=home)
    loaded = load_workspace(
        real,
        home=home,
        descend=lambda directory: not ignore.ignored(directory, is_dir=True),
        known_agents=settings.known_agents,
        default_agent=settings.agent or "builtin",
    )
    if loaded.settings.ignore:
        ignore = Ignore(real, loaded.settings.ignore, home=home)
    return Workspace(root=real, loaded=loaded, ignore=ignore)


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` that has a ``.kiro`` folder; NoSuchThingError when there is none."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / ".kiro").is_dir():
            return folder
    raise NoSuchThingError(
        f"a workspace at {start}", "no .kiro folder here or above", "run `kiro-hookd init` in the project's root"
    )
