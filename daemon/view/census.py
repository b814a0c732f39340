"""What a workspace holds that a view must know beforehand: the hidden files. Kept, and brought up to date cheaply.

A directory whose own times stand still holds the same names as before, so that looking again costs one ``lstat`` a
directory. Content plays no part: hidden is hidden by name.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.view.hidden import is_secret, may_be_secret

if TYPE_CHECKING:
    from pathlib import Path

_YOUNG = 50_000_000  # nanoseconds: a directory this fresh may change again within the same tick of its clock


@dataclass(frozen=True, slots=True)
class _Folder:
    stamp: tuple[int, int, int]
    folders: tuple[str, ...]
    secrets: tuple[str, ...]


class Census:
    """The secret paths of one workspace. Safe to use from several threads; one reads at a time."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._known: dict[str, _Folder] = {}
        self._order: list[tuple[str, str]] = []
        self._guard = threading.Lock()

    def secrets(self) -> list[str]:
        """Every path that is hidden by its name, outermost only, as of now. ``.git`` is not looked into."""
        with self._guard:
            now = time.time_ns()
            if not self._known or not self._renew(now):
                self._known = self._walk(now)
                self._order = [(f"{self._root}/{prefix}"[:-1], prefix) for prefix in self._known]
            return [prefix + name for prefix, folder in self._known.items() for name in folder.secrets]

    def _renew(self, now: int) -> bool:
        """Read again the directories whose times have moved; whether there still are the same directories."""
        known = self._known
        lstat = os.lstat
        for path, prefix in self._order:
            before = known[prefix]
            try:
                seen = lstat(path)
            except OSError:
                return False
            inode, content, change = before.stamp
            if seen.st_ctime_ns == change and seen.st_ino == inode and seen.st_mtime_ns == content:
                continue
            folder = self._look(prefix, None, now)
            if folder is None or set(folder.folders) != set(before.folders):
                return False
            known[prefix] = folder
        return True

    def _walk(self, now: int) -> dict[str, _Folder]:
        fresh: dict[str, _Folder] = {}
        pending = [""]
        while pending:
            prefix = pending.pop()
            folder = self._look(prefix, self._known.get(prefix), now)
            if folder is not None:
                fresh[prefix] = folder
                pending += [f"{prefix}{name}/" for name in folder.folders]
        return fresh

    def _look(self, prefix: str, before: _Folder | None, now: int) -> _Folder | None:
        path = f"{self._root}/{prefix}"
        try:
            seen = os.lstat(path[:-1])
        except OSError:
            return None
        stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns)
        if before is not None and before.stamp == stamp:
            return before
        folders: list[str] = []
        secrets: list[str] = []
        with contextlib.suppress(OSError), os.scandir(path) as entries:  # what we may not read, no agent may
            for entry in entries:
                directory = entry.is_dir(follow_symlinks=False)
                if entry.name == ".git":
                    continue
                if may_be_secret(entry.name) and is_secret(prefix + entry.name, directory=directory):
                    secrets.append(entry.name)
                elif directory:
                    folders.append(entry.name)
        if now - max(seen.st_mtime_ns, seen.st_ctime_ns) < _YOUNG:
            stamp = (0, 0, 0)
        return _Folder(stamp, tuple(folders), tuple(secrets))


def mounts_beneath(root: Path, table: str) -> list[str]:
    """The mount points beneath a directory, from the text of ``/proc/self/mountinfo``."""
    above = str(root).rstrip("/") + "/"
    return [point for point, _ in _mounts(table) if point.startswith(above)]


def file_system(root: Path, table: str) -> str:
    """The type of the file system a path lies on, from the text of ``/proc/self/mountinfo``; "" when not told."""
    best, kind = "", ""
    for point, type_ in _mounts(table):
        inside = str(root) == point or str(root).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, type_
    return kind


def _mounts(table: str) -> list[tuple[str, str]]:
    found = []
    for line in table.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) > 4 and right:
            point = fields[4].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")
            found.append((point, right.split(" ")[0]))
    return found


def is_directory(path: str) -> bool:
    """Whether a path is a directory itself and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
