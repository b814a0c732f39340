"""Reads an overlay's upper layer against the tree beneath it: whiteouts, opaque directories, copies and new files."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.compare import Difference, change_set_of, inside_git, refreshed_by_git
from daemon.changeset import FileType
from daemon.view.gitdir import without_credentials
from daemon.view.plain import names_in
from daemon.view.repositories import repositories_among
from daemon.view.scratch import open_locked
from daemon.view.walk import Budget, everything

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from daemon.changes.files import Fact
    from daemon.changeset import ChangeSet

_OPAQUE = "user.overlay.opaque"
_SECOND = 10**9


class Upper:
    """One reading of one upper layer. ``opened``: when the view was, in nanoseconds on the file system's clock."""

    def __init__(
        self, *, ignored: Callable[[str, bool], bool], hidden: Collection[str], opened: int, store: Path
    ) -> None:
        self._ignored = ignored
        self._hidden = frozenset(hidden)
        self._opened = opened
        self._store = store
        self._budget = Budget()
        self._paths: dict[str, None] = {}

    def change_set(self, upper: Path, root: Path, *, id: str) -> ChangeSet:  # noqa: A002 - the word of the report log
        """What differs. Nothing may be running in the view any more."""
        with files.opened(upper) as top, files.opened(root) as live:
            self._walk(top, live, "", opaque=False, depth=1)
            found = [self._difference(top, live, root, path) for path in sorted(self._paths)]
            changed = [one for one in found if one is not None]
            return change_set_of(
                changed,
                id=id,
                repositories=repositories_among((one.path for one in changed if one.after), top, live),
                names_beside=lambda path: names_in(live, path),
                overflow=self._budget.overflow,
            )

    def _walk(self, fd: int, live: int, prefix: str, *, opaque: bool, depth: int) -> None:
        """Note every path beneath an upper directory that may differ from the tree."""
        with os.scandir(fd) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        if opaque:
            for name in set(names_in(live, prefix.rstrip("/"))) - {name for name, _ in found}:
                self._gone(live, prefix + name)
        for name, is_directory in found:
            path = prefix + name
            if not self._concerns(path, is_directory) or not self._budget.enter(depth):
                continue
            if not is_directory:
                self._paths[path] = None
                self._gone(live, path)
                continue
            if not _is_directory(live, path):
                self._paths[path] = None  # where a file or a link was, or nothing
            below = open_locked(name, fd)
            try:
                self._walk(below, live, path + "/", opaque=opaque or _is_opaque(below), depth=depth + 1)
            finally:
                os.close(below)

    def _gone(self, live: int, path: str) -> None:
        """Note what the tree has at a path that the view no longer shows as it is: a file, or all of a directory."""
        if not _is_directory(live, path):
            if self._concerns(path, False) and files.look(live, path) is not None:
                self._paths[path] = None
            return
        with contextlib.suppress(OSError), files.directory(live, path) as fd:
            skip = lambda below, directory: not self._concerns(f"{path}/{below}", directory)  # noqa: E731
            for below, _ in everything(fd, budget=self._budget, skip=skip):
                self._paths[f"{path}/{below}"] = None

    def _concerns(self, path: str, is_directory: bool) -> bool:
        if inside_git(path):
            return not refreshed_by_git(path)
        return not self._ignored(path, is_directory)

    def _difference(self, top: int, live: int, root: Path, path: str) -> Difference | None:
        after = self._after(top, path)
        if self._is_hidden(path):
            if after is None:
                return None
            return Difference(path=path, before=None, after=after, moved=files.look(live, path) is not None)
        before = files.look(live, path)
        if before is not None and before.type is FileType.OTHER and _is_directory(live, path):
            before = None
        if path == ".git/config" and after is not None and self._is_as_shown(top, root):
            return None
        return Difference(path=path, before=before, after=after, moved=before is not None and self._moved(live, path))

    def _after(self, top: int, path: str) -> Fact | None:
        """What the view shows at a path of the upper layer; ``None`` for a whiteout or a directory."""
        try:
            with files.parent(top, path) as (folder, name):
                seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None
        if stat.S_ISDIR(seen.st_mode) or (stat.S_ISCHR(seen.st_mode) and seen.st_rdev == 0):
            return None
        return self._budget.fact(top, path, self._store)

    def _is_hidden(self, path: str) -> bool:
        parts = path.split("/")
        return any("/".join(parts[:depth]) in self._hidden for depth in range(1, len(parts) + 1))

    def _is_as_shown(self, top: int, root: Path) -> bool:
        """Whether git's configuration in the view is still the one that was shown without its passwords."""
        shown = without_credentials(root / ".git" / "config")
        if shown is None:
            return False
        with files.parent(top, ".git/config") as (folder, name):
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            with os.fdopen(fd, "rb") as file:
                return file.read(len(shown) + 1) == shown

    def _moved(self, live: int, path: str) -> bool:
        """Whether the tree's own file was changed since the view was opened. Looked at after its hash was taken."""
        try:
            with files.parent(live, path) as (folder, name):
                changed = os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime_ns
        except OSError:
            return True
        if changed % _SECOND == 0:  # a file system that stamps whole seconds
            return changed >= self._opened // _SECOND * _SECOND
        return changed >= self._opened


def _is_directory(root: int, path: str) -> bool:
    try:
        with files.parent(root, path) as (folder, name):
            return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _is_opaque(fd: int) -> bool:
    """Whether an upper directory hides all of the one beneath. An agent cannot set this mark through the overlay."""
    try:
        return os.getxattr(fd, _OPAQUE) == b"y"
    except OSError:
        return False
