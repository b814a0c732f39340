"""What the source of events leaves for the watch: hints, never facts. Written by its thread, taken by the watch's.

A hint is a name in a directory. Any number of events about one name makes one hint, so that a flood costs memory by
names and not by events.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

MADE = 1  # the last event was the making of the name; its close has not come
DIRECTORY = 2  # an event about the name was one of a directory
LOCKED = 4  # git held an index lock when the last event came


@dataclass(slots=True)
class Hints:
    """What was hinted about one workspace since it was last taken.

    ``names``: key of the directory (the source's own) -> name -> bits. ``ended``: directories that are no longer
    watched. ``lost``: events were lost, anything may have changed. ``git``: something moved in a git directory.
    """

    names: dict[Hashable, dict[bytes, int]] = field(default_factory=dict)
    ended: set[Hashable] = field(default_factory=set)
    lost: bool = False
    git: bool = False

    def __bool__(self) -> bool:
        return bool(self.names or self.ended or self.lost or self.git)


class Inbox:
    """Where the watch's thread waits: for hints, for calls from other threads, for a time."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._woken = False

    def wake(self) -> None:
        """Let the waiting thread, or the next that waits, go on at once."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def wait(self, timeout: float | None) -> None:
        """Block until woken or until ``timeout`` seconds have passed (``None``: for as long as it takes)."""
        with self._condition:
            if not self._woken:
                self._condition.wait(timeout)
            self._woken = False


class HintBox:
    """The hints of one workspace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hints = Hints()
        self._locks: set[str] = set()

    @property
    def locks(self) -> frozenset[str]:
        """The git directories whose index is locked, as far as events tell."""
        with self._lock:
            return frozenset(self._locks)

    def name(self, directory: Hashable, name: bytes, *, made: bool, directory_event: bool) -> None:
        """Something happened to a name. ``made`` says that it was made and that a close may follow."""
        with self._lock:
            names = self._hints.names.get(directory)
            if names is None:
                names = self._hints.names[directory] = {}
            bits = names.get(name, 0) & DIRECTORY
            if made:
                bits |= MADE
            if directory_event:
                bits |= DIRECTORY
            if self._locks:
                bits |= LOCKED
            names[name] = bits

    def end(self, directory: Hashable) -> None:
        """A directory is no longer watched: it is gone, moved or unmounted."""
        with self._lock:
            self._hints.ended.add(directory)

    def lose(self) -> None:
        """Events were lost."""
        with self._lock:
            self._hints.lost = True

    def git(self, directory: str, *, locked: bool | None = None) -> None:
        """Something moved in a git directory; ``locked`` when it was its index lock that came or went."""
        with self._lock:
            self._hints.git = True
            if locked is True:
                self._locks.add(directory)
            elif locked is False:
                self._locks.discard(directory)

    def take(self) -> Hints:
        """Everything since the last time; the box is empty afterwards."""
        with self._lock:
            hints, self._hints = self._hints, Hints()
            return hints

    def waiting(self) -> bool:
        """Whether there is anything to take."""
        with self._lock:
            return bool(self._hints)
