"""What this machine offers and lacks. Looks only; every look is bounded and none raises."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.probe import probe
from daemon.agents.registry import READY_MADE, make
from daemon.errors import HookdError
from daemon.state.lock import holder
from daemon.state.paths import from_environment, user_home
from daemon.view.choose import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENOUGH_WATCHES = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """One thing looked at. ``level``: ``ok``, ``warning`` (works, but) or ``error`` (does not)."""

    topic: str
    level: str
    says: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """As ``doctor --json`` prints it."""
        return {"topic": self.topic, "level": self.level, "says": self.says, "remedy": self.remedy}


def examine() -> list[Remark]:
    """Everything, in the order a person should read it."""
    looks: tuple[Callable[[], Iterator[Remark]], ...] = (_python, _state, _sqlite, _watches, _isolation, _git, _agents)
    return [remark for look in looks for remark in look()]


def _python() -> Iterator[Remark]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Remark(topic="python", level="ok", says=f"{version} at {sys.executable}")


def _state() -> Iterator[Remark]:
    try:
        paths = from_environment(os.environ, home=user_home())
    except HookdError as error:
        yield Remark(topic="state", level="error", says=f"{error.thing}: {error.cause}", remedy=error.remedy)
        return
    place = paths.state_dir
    above = next(folder for folder in (place, *place.parents) if folder.exists())
    if not os.access(above, os.W_OK):
        yield Remark(topic="state", level="error", says=f"{above} is not writable", remedy="set XDG_STATE_HOME")
        return
    free = shutil.disk_usage(above).free // 2**20
    level, remedy = ("ok", "") if free > 200 else ("warning", "free some space: reports and change sets are kept there")
    yield Remark(topic="state", level=level, says=f"{place}, {free} MiB free", remedy=remedy)
    who = holder(paths.lock)
    yield Remark(topic="daemon", level="ok", says=f"runs as process {who.pid}" if who else "not running")


def _sqlite() -> Iterator[Remark]:
    if sqlite3.sqlite_version_info < (3, 38):
        remedy = "use a Python with a newer SQLite"
        yield Remark(topic="sqlite", level="error", says=f"{sqlite3.sqlite_version} is too old", remedy=remedy)
    elif sqlite3.sqlite_version_info < (3, 51, 3):
        says = (
            f"{sqlite3.sqlite_version}; two writers at once could meet its WAL-reset bug, so one process alone writes"
        )
        yield Remark(topic="sqlite", level="ok", says=says)
    else:
        yield Remark(topic="sqlite", level="ok", says=sqlite3.sqlite_version)


def _watches() -> Iterator[Remark]:
    most = _number("/proc/sys/fs/inotify/max_user_watches")
    if most is None:
        yield Remark(topic="watch", level="warning", says="no inotify here: the tree is observed in a slower way")
        return
    events = _number("/proc/sys/fs/inotify/max_queued_events")
    level, remedy = "ok", ""
    if most < ENOUGH_WATCHES:
        level, remedy = "warning", "sudo sysctl fs.inotify.max_user_watches=524288"
    says = f"inotify, at most {most} directories and {events} queued events"
    yield Remark(topic="watch", level=level, says=says, remedy=remedy)


def _isolation() -> Iterator[Remark]:
    with tempfile.TemporaryDirectory() as above:
        offered = choose(above=Path(above)).probe
    if not offered.overlay:
        yield Remark(topic="isolation", level="ok", says="overlay: agents see a copy-on-write view, in bubblewrap")
    elif not offered.copy:
        says = f"copy: agents work on a copy, confined by Landlock, since {offered.overlay}"
        yield Remark(topic="isolation", level="warning", says=says, remedy=offered.remedy)
    else:
        says = f"none: only `builtin` may run (overlay: {offered.overlay}; copy: {offered.copy})"
        yield Remark(topic="isolation", level="error", says=says, remedy=offered.remedy)


def _agents() -> Iterator[Remark]:
    there = [name for name in READY_MADE if name != "builtin" and probe(make(name)).usable]
    says = f"builtin, {', '.join(there)}" if there else "builtin alone; `kiro-hookd agents` says how to have others"
    yield Remark(topic="agents", level="ok", says=says)


def _git() -> Iterator[Remark]:
    git = shutil.which("git")
    if git is None:
        says, remedy = "not installed: what a checkout brings counts as an edit", "install git"
        yield Remark(topic="git", level="warning", says=says, remedy=remedy)
    else:
        yield Remark(topic="git", level="ok", says=git)


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text("ascii"))
    except (OSError, ValueError):
        return None
