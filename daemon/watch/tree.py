"""The directories of one workspace: which are watched, and what stands in them now."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Protocol, cast

from daemon.watch.content import Footing, stat_of
from daemon.watch.status import Unwatched

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator
    from pathlib import Path

    from daemon.watch.ledger import Stat
    from daemon.watch.port import Plan

_RULE_ROOMS = frozenset({"settings", "hooks", "steering"})
_NO_SUCH = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Watcher(Protocol):
    """What the tree needs of the source of events. ``key`` names one watch among those of the tree."""

    def watch(self, absolute: str, key: str) -> int | None:
        """Watch it; ``None`` when this source needs no watch for each. Raises OSError."""

    def unwatch(self, watches: Iterable[tuple[int, str]]) -> None:
        """Give watches back."""


class Tree:
    """The watched directories of a workspace. Belongs to the watch's thread.

    Memory: one path, two numbers and two dictionary places for each watched directory, nothing for a file.
    """

    def __init__(self, root: Path, plan: Plan, watcher: Watcher) -> None:
        self.base = os.fspath(root)
        self.plan = plan
        self.unwatched: dict[str, Unwatched] = {}
        self.unreadable: set[str] = set()
        self.repositories: list[str] = []
        self._watcher = watcher
        self._by_path: dict[str, int] = {}
        self._by_watch: dict[int, str] = {}
        self._checked: set[str] | None = None
        self._generation = 0

    def __len__(self) -> int:
        return len(self._by_path)

    def __contains__(self, directory: str) -> bool:
        return directory in self._by_path

    def directory(self, key: Hashable) -> str | None:
        """The directory a hint speaks of, ``None`` when its watch was given back meanwhile. A source that watches
        the tree as a whole names directories by their paths.
        """
        return key if isinstance(key, str) else self._by_watch.get(cast("int", key))

    def connect(self, watcher: Watcher) -> None:
        """Another source, in which no watch stands yet."""
        self._watcher = watcher
        self._by_path.clear()
        self._by_watch.clear()

    def unwatched_tops(self) -> list[str]:
        """The unwatched directories that lie in no other one."""
        return [
            path for path in self.unwatched if not path or not _is_below(path.rpartition("/")[0], self.unwatched.keys())
        ]

    def wanted(self, directory: str) -> bool:
        """Whether this directory is to be watched: it can hold a match, or rule files live in it."""
        return not directory or self.plan.may_hold(directory) or _is_rule_room(directory)

    def read(self, top: str = "") -> Iterator[tuple[str, dict[str, Stat]]]:
        """Watch and list ``top`` and all wanted directories below it: each with the files in it that matter.

        A directory is watched before it is listed, so that nothing can be made in between unseen. What cannot be
        watched is listed all the same and stands in ``unwatched``; what cannot be listed is not handed out.
        """
        if not top:
            yield from self._read_all()
        else:
            yield from self._read(top)

    def _read_all(self) -> Iterator[tuple[str, dict[str, Stat]]]:
        """As ``read``, but what stood before is checked: a directory may have been moved away and another have
        taken its place while events were lost. Watching again tells, and costs no event; giving all watches back
        would cost one each, and so overflow the queue that had just overflowed.
        """
        self._checked = set()
        self._generation += 1
        self.repositories.clear()
        self.unwatched.clear()
        self.unreadable.clear()
        yield from self._read("")
        checked, self._checked = self._checked, None
        stale = [(path, watch) for path, watch in self._by_path.items() if path not in checked]
        self._watcher.unwatch([(watch, self._key(path, self._generation - 1)) for path, watch in stale])
        for path, watch in stale:
            del self._by_path[path]
            if self._by_watch.get(watch) == path:
                del self._by_watch[watch]

    def _read(self, top: str) -> Iterator[tuple[str, dict[str, Stat]]]:
        stack = [top] if not top or Footing(self.base)(top.rpartition("/")[0]) else []
        while stack:
            directory = stack.pop()
            self.unreadable.discard(directory)
            absolute = f"{self.base}/{directory}" if directory else self.base
            if not self._watch(directory, absolute):
                continue
            try:
                with os.scandir(absolute) as listing:
                    files = self._list(directory, listing, stack)
            except OSError as error:
                if error.errno in _NO_SUCH:
                    self.drop({directory})
                else:
                    self.unwatched[directory] = Unwatched.of(directory, error)
                    self.unreadable.add(directory)
            else:
                yield directory, files

    def hidden(self, directory: str) -> bool:
        """Whether this directory cannot be looked into: what is in it is unknown, not gone."""
        return bool(self.unreadable) and _is_below(directory, self.unreadable)

    def _list(self, directory: str, listing: Iterator[os.DirEntry[str]], stack: list[str]) -> dict[str, Stat]:
        files: dict[str, Stat] = {}
        prefix = f"{directory}/" if directory else ""
        concerns, is_rule_file = self.plan.concerns, self.plan.is_rule_file
        for entry in listing:
            name = entry.name
            if name == ".git":
                self.repositories.append(directory)
                continue
            path = prefix + name
            if entry.is_dir(follow_symlinks=False):
                if self.wanted(path):
                    stack.append(path)
            elif entry.is_file(follow_symlinks=False) and (concerns(path) or is_rule_file(path)):
                try:
                    files[name] = stat_of(entry.stat(follow_symlinks=False))
                except OSError:
                    continue  # gone since it was listed; its event comes
        return files

    def _watch(self, directory: str, absolute: str) -> bool:
        """Whether the directory is there (and watched now, or known as unwatched)."""
        before = self._by_path.get(directory)
        if before is not None and (self._checked is None or directory in self._checked):
            return True
        try:
            watch = self._watcher.watch(absolute, self._key(directory, self._generation))
        except OSError as error:
            if error.errno in _NO_SUCH:
                self.unwatched.pop(directory, None)
                return False
            self.unwatched[directory] = Unwatched.of(directory, error)
            return _is_real(absolute)
        self.unwatched.pop(directory, None)
        if watch is None:
            return _is_real(absolute)
        self._stand(directory, watch, before)
        return True

    def _stand(self, directory: str, watch: int, before: int | None) -> None:
        """Enter a watch; take back the one that stood for this directory, and the name this one stood for."""
        former = self._by_watch.get(watch)
        if before is not None:
            self._watcher.unwatch([(before, self._key(directory, self._generation - 1))])
            self._by_watch.pop(before, None)
        if former is not None and former != directory and self._by_path.get(former) == watch:
            del self._by_path[former]
            checked = self._checked is None or former in self._checked
            self._watcher.unwatch([(watch, self._key(former, self._generation - (not checked)))])
        self._by_path[directory] = watch
        self._by_watch[watch] = directory
        if self._checked is not None:
            self._checked.add(directory)

    @staticmethod
    def _key(directory: str, generation: int) -> str:
        return f"{generation}/{directory}"

    def drop(self, tops: Collection[str]) -> None:
        """Give back the watches of these directories and everything below them."""
        tops = {top for top in tops if top in self._by_path or self.unwatched}
        if not tops:
            return
        for path in [path for path in self.unwatched if _is_below(path, tops)]:
            del self.unwatched[path]
        gone = [path for path in self._by_path if _is_below(path, tops)]
        self._watcher.unwatch([(self._by_path[path], self._key(path, self._generation)) for path in gone])
        for path in gone:
            self._by_watch.pop(self._by_path.pop(path), None)

    def prune(self) -> None:
        """Give back the watches that the present plan has no use for."""
        self.drop({path for path in self._by_path if not self.wanted(path)})


def _is_below(path: str, tops: Collection[str]) -> bool:
    """Whether a path is one of these or below one of them."""
    while path not in tops:
        if not path:
            return False
        path = path.rpartition("/")[0]
    return True


def _is_real(absolute: str) -> bool:
    return os.path.isdir(absolute) and not os.path.islink(absolute)


def _is_rule_room(directory: str) -> bool:
    parent, _, name = directory.rpartition("/")
    return name == ".kiro" or (name in _RULE_ROOMS and parent.rpartition("/")[2] == ".kiro")
