"""Who brought a change: a person, or git moving files about. Holds back what git is in the middle of."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import structlog

from daemon.watch import git

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from daemon.watch.hints import HintBox
    from daemon.watch.verdict import Seen

_log = structlog.get_logger()

HOLD = 30.0
"""Seconds an index lock holds changes back at most; one left by a git that died must not stop everything."""
GRACE = 0.3
"""Seconds between the end of a lock and the verdict: git moves HEAD after it has let go of the index."""

LATELY = 5.0
"""Seconds for which a repository counts as just made, and a stash as just made or dropped: its untracked files move
beside any lock."""
_NEVER = float("inf")


class GitWatcher(Protocol):
    """What is needed of the source of events for git directories."""

    def watch_git(self, directory: str) -> None:
        """Report what moves in this git directory to the workspace's box. Raises OSError."""


class How(Enum):
    """What is known of the moment a file was last touched: the index was locked, git was busy with something, or
    nobody saw it.
    """

    LOCKED = "locked"
    BESIDE = "beside"
    UNSEEN = "unseen"


@dataclass(slots=True)
class _Met:
    """A repository and what was known of it when all was quiet. Until ``fresh_until`` it is new: it came while the
    watch ran, so what stands in it is new to the workspace, whoever wrote it.
    """

    repository: git.Repository
    fresh_until: float
    head: str = ""
    format: str = ""
    marks: tuple[int, ...] = ()
    stashes: list[tuple[float, str]] = field(default_factory=list)


class Causes:
    """The repositories that a workspace is in or has in it."""

    def __init__(self, base: str, box: HintBox, watcher: GitWatcher, notes: Callable[[str], str]) -> None:
        self._base = base
        self._box = box
        self._watcher = watcher
        self._notes = notes
        self._met: dict[str, _Met] = {}
        self._lock_since: float | None = None
        self._released = float("-inf")
        self._stirred = True

    def connect(self, watcher: GitWatcher) -> None:
        """The source was started afresh."""
        self._watcher = watcher
        for met in list(self._met.values()):
            self._enter(met.repository, fresh=False)

    def meet_above(self) -> None:
        """Look for a repository that the workspace lies in."""
        repository = git.find_above(self._base)
        if repository is not None:
            self._enter(repository, fresh=False)

    def meet(self, directory: str, *, fresh: bool) -> None:
        """A ``.git`` was met in this directory of the workspace."""
        repository = git.find(f"{self._base}/{directory}" if directory else self._base)
        if repository is not None:
            self._enter(repository, fresh=fresh)

    def _enter(self, repository: git.Repository, *, fresh: bool) -> None:
        met = self._met.get(repository.directory)
        if met is not None and met.repository != repository:
            met = None
        try:
            self._watcher.watch_git(repository.directory)
        except OSError as error:
            _log.warning("watch.git_unwatched", repository=repository.directory, error=str(error))
        if os.path.lexists(repository.lock):
            self._box.git(repository.directory, locked=True)
        if met is None:
            head = self._notes(_note(repository))
            self._met[repository.directory] = _Met(
                repository=repository, fresh_until=_NEVER if fresh else -_NEVER, head=head
            )
            self._stirred = True

    def stir(self, now: float) -> None:
        """Something moved in a git directory."""
        self._stirred = True
        if not self._box.locks:
            self._released = now

    def forget_locks(self) -> None:
        """Events were lost: a lock that is not there has ended unseen."""
        for directory in self._box.locks:
            if not os.path.lexists(f"{directory}/index.lock"):
                self._box.git(directory, locked=False)

    def held(self, now: float) -> float | None:
        """Until when everything waits because git is at work, ``None`` when it need not."""
        locks = [lock for lock in self._box.locks if os.path.lexists(f"{lock}/index.lock")]
        if not locks:
            self._lock_since = None
            return None
        if self._lock_since is None:
            self._lock_since = now
        until = self._lock_since + HOLD
        return until if now < until else None

    def grace(self) -> float:
        """Until when changes that came under a lock wait after its end."""
        return self._released + GRACE

    def blob_format(self, path: str, now: float) -> str:
        """The hash by which the repository of this file names contents, "" where it is in none."""
        met = self._of(path)
        if met is None or now < met.fresh_until:
            return ""
        if not met.format:
            try:
                met.format = git.object_format(met.repository)
            except git.GitError as error:
                _log.warning("watch.git_silent", repository=met.repository.directory, error=str(error))
                del self._met[met.repository.directory]
                return ""
        return met.format

    def stirred(self, now: float) -> bool:
        """Whether git has moved anything lately."""
        return self._stirred or now < self._released + LATELY

    def checked_out(self, present: Mapping[str, Seen], gone: Collection[str], *, how: How, now: float) -> set[str]:
        """Which of these changed files git has put there or taken away. What git does not answer for counts as
        edited: rather one job too many than a lost one.
        """
        result: set[str] = set()
        for met, files, missing in self._by_repository(present, gone, now):
            names = {self._name(met, path): path for path in (*files, *missing)}
            asked = {name: files[path] for name, path in names.items() if path in files}
            absent = [name for name, path in names.items() if path not in files]
            try:
                result.update(names[name] for name in self._ask(met, asked, absent, how, now))
            except git.GitError as error:
                _log.warning("watch.git_silent", repository=met.repository.directory, error=str(error))
        return result

    def _ask(self, met: _Met, files: Mapping[str, Seen], missing: Collection[str], how: How, now: float) -> set[str]:
        placed: set[str] = set()
        if how is How.LOCKED:
            placed |= git.placed(met.repository, files, missing)
        if how is How.UNSEEN and met.head:
            placed |= git.moved(met.repository, met.head, files, missing)
        fresh, known = self._stashes(met, now)
        rest = {path: seen for path, seen in files.items() if path not in placed}
        absent = [path for path in missing if path not in placed]
        if how is not How.UNSEEN and known and (rest or absent):
            placed |= git.stashed(met.repository, known, rest, absent if how is How.LOCKED else ())
            if absent:
                placed |= git.stashed(met.repository, fresh, {}, absent)
        return placed

    @staticmethod
    def _stashes(met: _Met, now: float) -> tuple[set[str], set[str]]:
        """The stashes made lately, and those with the present one and the one dropped lately."""
        present = git.stash(met.repository)
        if not met.stashes:
            met.stashes.append((float("-inf"), present))
        elif met.stashes[-1][1] != present:
            met.stashes.append((now, present))
        del met.stashes[:-8]
        fresh = {oid for since, oid in met.stashes if since > now - LATELY} - {""}
        dropped = {before for (_, before), (until, _) in itertools.pairwise(met.stashes) if until > now - LATELY}
        return fresh, (fresh | dropped | {present}) - {""}

    def _name(self, met: _Met, path: str) -> str:
        """How the repository calls a file of the workspace."""
        return f"{self._base}/{path}"[len(met.repository.work) + 1 :]

    def quiet(self, now: float) -> Iterator[tuple[str, str]]:
        """Nothing is waiting: what stands now is known. Notes to keep (name, value) where HEAD has moved."""
        if not self._stirred or self._box.locks:
            return
        self._stirred = False
        for directory, met in list(self._met.items()):
            if not os.path.exists(f"{directory}/HEAD"):
                del self._met[directory]
                continue
            marks = git.marks(met.repository)
            if marks and marks == met.marks:
                continue  # an index was refreshed, nothing has moved
            met.marks = marks
            head = git.head(met.repository)
            self._stashes(met, now)
            if met.fresh_until == _NEVER and head and os.path.exists(f"{directory}/index"):
                met.fresh_until = now + LATELY  # what its making wrote may not have been read yet
            if head != met.head:
                met.head = head
                yield _note(met.repository), head

    def _of(self, path: str) -> _Met | None:
        """The innermost repository a file lies in."""
        absolute = f"{self._base}/{path}"
        best = None
        for met in self._met.values():
            work = met.repository.work
            if absolute.startswith(f"{work}/") and (best is None or len(work) > len(best.repository.work)):
                best = met
        return best

    def _by_repository(
        self, present: Mapping[str, Seen], gone: Collection[str], now: float
    ) -> Iterator[tuple[_Met, dict[str, Seen], list[str]]]:
        sorted_out: dict[str, tuple[_Met, dict[str, Seen], list[str]]] = {}
        for path in (*present, *gone):
            met = self._of(path)
            if met is None or now < met.fresh_until:
                continue
            entry = sorted_out.setdefault(met.repository.directory, (met, {}, []))
            if path in present:
                entry[1][path] = present[path]
            else:
                entry[2].append(path)
        yield from sorted_out.values()


def _note(repository: git.Repository) -> str:
    return "head:" + os.fsencode(repository.directory).decode("utf-8", "backslashreplace")
