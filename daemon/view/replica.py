"""A persistent copy of a workspace, brought up to date before each run by comparing stamps.

For every path the manifest holds the stamp of the tree's file when it was copied, the stamp of the copy, and the hash
of what was copied. A stamp holds the change time, which no program can set: whatever an agent did to the copy shows.
Hidden files, sockets, pipes and devices are not copied.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changeset import FileType
from daemon.view import scratch
from daemon.view.gitdir import without_credentials
from daemon.view.hidden import is_hidden, may_be_secret
from daemon.view.walk import Budget, everything

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from daemon.changes.files import Fact

Stamp = tuple[int, int, int, int, int]


def stamp_of(seen: os.stat_result) -> Stamp:
    """What changes when a file does: inode, size, mode, time of content, time of change."""
    return (seen.st_ino, seen.st_size, seen.st_mode, seen.st_mtime_ns, seen.st_ctime_ns)


class Replica:
    """One copy in ``folder``: ``tree``, and the manifest beside it, out of the agent's reach."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self._file = folder / "manifest.json"
        self._entries: dict[str, tuple[Stamp | None, Stamp, Fact]] = {}

    def bring_up_to_date(self, root: Path, *, readable: Collection[str], hidden: Collection[str]) -> None:
        """Make the copy show what the tree shows now, but for what is hidden."""
        self._load()
        self.tree.mkdir(mode=0o700, exist_ok=True)
        config = without_credentials(root / ".git" / "config")
        with files.opened(root) as live, files.opened(self.tree) as copy:
            wanted: dict[str, Stamp] = {}
            folders: dict[str, int] = {}
            for path, seen in _walk(live, readable=readable, hidden=frozenset(hidden)):
                if stat.S_ISDIR(seen.st_mode):
                    folders[path] = seen.st_mode
                elif stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
                    wanted[path] = stamp_of(seen)
            changed = self._clear(copy, wanted, folders)
            for path, seen_stamp in wanted.items():
                known = self._entries.get(path)
                if known is None or known[0] != seen_stamp:
                    changed = True
                    self._copy(live, copy, path, given=config if path == ".git/config" else None)
        if changed:
            self._save()

    def _clear(self, copy: int, wanted: Collection[str], folders: Collection[str]) -> bool:
        """Remove from the copy what the tree has no more, and what an agent changed; make the directories that are
        missing. Whether there was anything to remove.
        """
        present: dict[str, Stamp] = {}
        extra: list[str] = []
        there: set[str] = set()
        for path, seen in _walk(copy):
            if stat.S_ISDIR(seen.st_mode):
                if path not in folders:
                    extra.append(path)
                there.add(path)
            else:
                present[path] = stamp_of(seen)
        for path in extra:
            if os.path.lexists(self.tree / path):
                scratch.remove_tree(self.tree / path)
        for path, now in present.items():
            known = self._entries.get(path)
            if path not in wanted or known is None or known[1] != now:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    (self.tree / path).unlink()
                self._entries.pop(path, None)
                extra.append(path)
        lost = set(self._entries) - set(present)
        for path in lost:
            del self._entries[path]
        for path in folders:
            if path not in there:
                with contextlib.suppress(FileExistsError):
                    (self.tree / path).mkdir(mode=0o755)
        return bool(extra or lost)

    def _copy(self, live: int, copy: int, path: str, *, given: bytes | None) -> None:
        with contextlib.suppress(OSError), files.parent(live, path) as (folder, name):
            before = stamp_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
            with files.parent(copy, path) as (target, _):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=target)
                self._write(folder, target, name, given)
                fact = files.fact(target, name)
                if fact is not None and given is None and fact.type is FileType.FILE:
                    fact = _with_mode(fact, stat.S_IMODE(before[2]))
                after = stamp_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
                if fact is not None:
                    mine = stamp_of(os.stat(name, dir_fd=target, follow_symlinks=False))
                    self._entries[path] = (before if before == after else None, mine, fact)

    @staticmethod
    def _write(folder: int, target: int, name: str, given: bytes | None) -> None:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(seen.st_mode):
            os.symlink(os.readlink(name, dir_fd=folder), name, dir_fd=target)
            return
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            out = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=target)
            try:
                if given is not None:
                    files.write_all(out, given)
                else:
                    while data := os.read(source, 1 << 20):
                        files.write_all(out, data)
                os.fchmod(out, stat.S_IMODE(seen.st_mode) & 0o777 | 0o600)
                os.utime(out, ns=(seen.st_atime_ns, seen.st_mtime_ns))
            finally:
                os.close(out)
        finally:
            os.close(source)

    def base(self, path: str) -> Fact | None:
        """What was copied to a path."""
        entry = self._entries.get(path)
        return entry[2] if entry else None

    def altered(self, budget: Budget) -> Iterator[str]:
        """Every path whose copy is no longer as it was made. Nothing may be running in it any more."""
        seen_paths = set()
        with files.opened(self.tree) as copy:
            for path, seen in everything(copy, budget=budget):
                seen_paths.add(path)
                entry = self._entries.get(path)
                if entry is None or entry[1] != stamp_of(seen):
                    yield path
        yield from set(self._entries) - seen_paths

    def _load(self) -> None:
        if self._entries or not self._file.exists():
            return
        try:
            for path, (live, mine, fact) in json.loads(self._file.read_bytes()).items():
                known = files.Fact(type=FileType(fact[0]), mode=fact[1], sha256=fact[2], size=fact[3], binary=fact[4])
                self._entries[path] = (tuple(live) if live else None, tuple(mine), known)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            self._entries = {}

    def _save(self) -> None:
        part = self._file.with_suffix(".part")
        rows = {
            path: (live, mine, (fact.type, fact.mode, fact.sha256, fact.size, fact.binary))
            for path, (live, mine, fact) in self._entries.items()
        }
        part.write_text(json.dumps(rows, separators=(",", ":")))
        part.replace(self._file)


def _with_mode(fact: Fact, mode: int) -> Fact:
    return files.Fact(type=fact.type, mode=mode, sha256=fact.sha256, size=fact.size, binary=fact.binary)


def _walk(
    root: int, *, readable: Collection[str] | None = None, hidden: Collection[str] = ()
) -> Iterator[tuple[str, os.stat_result]]:
    """Every entry beneath a directory, directories before what they hold; with ``readable`` the hidden are left out.
    Not deeper than a path can be named.
    """

    def kept_out(path: str, directory: bool) -> bool:
        if path in hidden:
            return True
        return (
            readable is not None
            and may_be_secret(path.rpartition("/")[2])
            and not path.startswith(".git/")
            and is_hidden(path, readable=readable, directory=directory)
        )

    return everything(root, budget=Budget(entries=sys.maxsize), skip=kept_out, directories=True)
