"""Isolation ``none``: a throw-away copy of the files a run is about, and nothing that keeps a hostile program in.

For programs of our own (``builtin``) where the machine offers nothing better. The tree itself is never given away:
what the program edits is read from the copy.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.compare import Difference, change_set_of, inside_git, refreshed_by_git
from daemon.changeset import FileType
from daemon.view import scratch
from daemon.view.hidden import is_hidden
from daemon.view.port import Isolation
from daemon.view.running import run_guarded
from daemon.view.surroundings import environment_of, private_home
from daemon.view.walk import Budget, everything

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator

    from daemon.agents.port import Exit, Program
    from daemon.changes.files import Fact
    from daemon.changeset import ChangeSet

    Ignored = Callable[[Path], Callable[[str, bool], bool]]


def nothing_ignored(_: Path) -> Callable[[str, bool], bool]:
    """For trees without git."""
    return lambda _path, _directory: False


class PlainViews:
    """Opens throw-away copies in ``above``, a private folder outside every workspace."""

    def __init__(self, above: Path, *, ignored: Ignored = nothing_ignored) -> None:
        self._above = above
        self._ignored = ignored

    @contextlib.contextmanager
    def open(self, workspace: Path, *, paths: Collection[str], readable: Collection[str] = ()) -> Iterator[PlainView]:
        """A copy of the regular files among ``paths``; links, directories and hidden files are left out."""
        with scratch.folder(self._above) as folder:
            tree = folder / "tree"
            for name in ("tree", "home", "tmp"):
                (folder / name).mkdir(mode=0o700)
            before: dict[str, Fact] = {}
            with files.opened(workspace) as root:
                for path in dict.fromkeys(paths):
                    if is_hidden(path, readable=readable):
                        continue
                    fact = _copy(root, path, tree, folder / "blobs")
                    if fact is not None:
                        before[path] = fact
            yield PlainView(workspace, folder, before, self._ignored(workspace))


class PlainView:
    """An open throw-away copy."""

    def __init__(
        self, workspace: Path, folder: Path, before: dict[str, Fact], ignored: Callable[[str, bool], bool]
    ) -> None:
        self._workspace = workspace
        self._folder = folder
        self._before = before
        self._ignored = ignored

    @property
    def isolation(self) -> Isolation:
        """None: only fit for programs of our own."""
        return Isolation.NONE

    @property
    def root(self) -> str:
        """The copy's path."""
        return str(self._folder / "tree")

    def run(self, program: Program, *, stop: threading.Event) -> Exit:
        """Run a program in the copy."""
        home = self._folder / "home"
        env = environment_of(program, home=str(home), temporary=str(self._folder / "tmp"), base=os.environ)
        real = os.environ.get("HOME")
        with private_home(home, program.home_files, home=Path(real) if real else None):
            return run_guarded(program, program.argv, env=env, cwd=Path(self.root), stop=stop)

    def change_set(self, *, id: str, store: Path) -> ChangeSet:  # noqa: A002 - the word of the report log
        """What the copy now holds that it did not when it was made."""
        budget = Budget()
        with files.opened(Path(self.root)) as tree, files.opened(self._workspace) as live:
            after = dict(everything(tree, budget=budget, skip=self._skips))
            found = [self._difference(tree, live, path, store, budget) for path in sorted({*after, *self._before})]
            return change_set_of(found, id=id, names_beside=lambda path: names_in(live, path), overflow=budget.overflow)

    def _skips(self, path: str, directory: bool) -> bool:
        if inside_git(path):
            return refreshed_by_git(path)
        return path not in self._before and self._ignored(path, directory)

    def _difference(self, tree: int, live: int, path: str, store: Path, budget: Budget) -> Difference:
        before = self._before.get(path)
        after = budget.fact(tree, path, store)
        now = files.look(live, path) if before is None and after is not None else None
        moved = now is not None and now.type is not FileType.OTHER
        return Difference(path=path, before=before, after=after, moved=moved)


def names_in(root: int, path: str) -> tuple[str, ...]:
    """The names in a directory beneath ``root``; none when there is no such directory."""
    try:
        with files.directory(root, path) as fd:
            return tuple(os.listdir(fd))
    except (OSError, ValueError):
        return ()


def _copy(root: int, path: str, tree: Path, blobs: Path) -> Fact | None:
    """Copy one regular file out of the workspace, with its mode; ``None`` when it is none, or gone."""
    try:
        with files.parent(root, path) as (folder, name):
            if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                return None
            fact = files.fact(folder, name, copy_to=blobs)
    except (OSError, ValueError):
        return None
    if fact is None or fact.type is not FileType.FILE:
        return None
    target = tree / path
    target.parent.mkdir(parents=True, exist_ok=True)
    (blobs / fact.sha256).rename(target)
    target.chmod(fact.mode)
    return fact
