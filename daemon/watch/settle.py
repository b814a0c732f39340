"""Which files are waiting for quiet, and until when. Pure: the clock is an argument."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hooks.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Waiting:
    """One file whose change has not settled. Times are seconds of the clock the caller uses.

    ``made`` says that its last notice was of its making (or that it was found) and that a close may follow;
    ``locked`` that git held an index lock at its last notice; ``unseen`` that nobody saw how it came about.
    """

    first: float
    due: float
    made: bool = False
    locked: bool = False
    unseen: bool = False
    cause: Cause = Cause.EDIT
    size: int = -1
    mtime_ns: int = -1
    still_since: float = 0.0


class Settling:
    """The files of one workspace that have not settled. A notice postpones a file by its settle time, but never
    beyond its bound, counted from the first notice.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, path: object) -> bool:
        return path in self._waiting

    def __iter__(self) -> Iterator[str]:
        return iter(self._waiting)

    def note(self, path: str, now: float, settle: tuple[float, float], *, closed: bool = False) -> Waiting:
        """A notice about this file came at ``now``. ``closed``: its writer is done; for a file that was waiting for
        that, the bound counts from here.
        """
        waiting = self._waiting.get(path)
        if waiting is None:
            waiting = self._waiting[path] = Waiting(first=now, due=now + settle[0])
            heapq.heappush(self._heap, (waiting.due, path))
        else:
            if closed and waiting.made:
                waiting.first = now
            due = max(now, min(now + settle[0], waiting.first + settle[1]))
            if due < waiting.due:
                heapq.heappush(self._heap, (due, path))
            waiting.due = due
        return waiting

    def put_back(self, path: str, waiting: Waiting, due: float) -> None:
        """Wait longer with a file that was taken; what came in meanwhile stands."""
        if path not in self._waiting:
            waiting.due = due
            self._waiting[path] = waiting
            heapq.heappush(self._heap, (due, path))

    def next(self) -> float | None:
        """When the next file is due at the earliest, ``None`` when nothing waits."""
        while self._heap:
            due, path = self._heap[0]
            waiting = self._waiting.get(path)
            if waiting is None or waiting.due < due:
                heapq.heappop(self._heap)
            elif waiting.due > due:
                heapq.heapreplace(self._heap, (waiting.due, path))
            else:
                return due
        return None

    def take(self, now: float, limit: int) -> list[tuple[str, Waiting]]:
        """Up to ``limit`` files that are due, earliest first; they wait no longer."""
        taken: list[tuple[str, Waiting]] = []
        while len(taken) < limit:
            due = self.next()
            if due is None or due > now:
                break
            path = heapq.heappop(self._heap)[1]
            taken.append((path, self._waiting.pop(path)))
        return taken
