"""Walking what an agent left behind: bounded in depth, number and bytes, whatever it built to make us stumble."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.compare import MOST_BYTES, MOST_EDITS, MOST_FILE_BYTES
from daemon.changeset import FileType
from daemon.view.scratch import open_locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from daemon.changes.files import Fact

DEEPEST = 200
MOST_ENTRIES = 500_000


class Budget:
    """How much of a view is read; ``overflow`` says, once something was left out, why."""

    def __init__(self, *, entries: int = MOST_ENTRIES, size: int = MOST_BYTES) -> None:
        self.overflow = ""
        self._entries = entries
        self._bytes = size
        self._kept = 0

    def enter(self, depth: int) -> bool:
        """Whether one more entry at this depth may be read."""
        self._entries -= 1
        if self._entries < 0:
            self.overflow = self.overflow or f"more than {MOST_ENTRIES} entries in the view"
        elif depth > DEEPEST:
            self.overflow = self.overflow or f"directories nested deeper than {DEEPEST}"
            return False
        return self._entries >= 0

    def fact(self, root: int, path: str, store: Path | None) -> Fact | None:
        """What lies at a path of the view, its bytes put under ``store``; a directory is nothing."""
        if self._kept > MOST_EDITS:
            store = None
        try:
            with files.parent(root, path) as (folder, name):
                found = files.fact(folder, name, copy_to=store, most=min(MOST_FILE_BYTES, max(0, self._bytes)))
        except files.TooLargeError as error:
            self.overflow = self.overflow or f"{path}: {error.size} bytes, more than is kept of a change set"
            return files.Fact(type=FileType.FILE, mode=0o644, sha256="", size=error.size, binary=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if found is not None and store is not None:
            self._bytes -= found.size
            self._kept += 1
        return found


def everything(
    root: int,
    *,
    budget: Budget,
    skip: Callable[[str, bool], bool] = lambda _path, _directory: False,
    directories: bool = False,
) -> Iterator[tuple[str, os.stat_result]]:
    """Every entry beneath an open directory with its ``lstat``, in no order; follows no link. Directories themselves
    only when asked for, and then before what they hold. What vanishes meanwhile is left out.
    """
    below = [("", os.dup(root), _listed(root))]
    try:
        while below:
            prefix, fd, entries = below[-1]
            entry = next(entries, None)
            if entry is None:
                os.close(below.pop()[1])
                continue
            name, is_directory = entry
            if skip(prefix + name, is_directory) or not budget.enter(len(below)):
                continue
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                if directories or not is_directory:
                    yield prefix + name, os.stat(name, dir_fd=fd, follow_symlinks=False)
                if is_directory:
                    deeper = open_locked(name, fd)
                    below.append((f"{prefix}{name}/", deeper, _listed(deeper)))
    finally:
        for _, fd, _ in below:
            os.close(fd)


def _listed(fd: int) -> Iterator[tuple[str, bool]]:
    with os.scandir(fd) as entries:
        return iter([(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries])
