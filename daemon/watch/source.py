"""Where hints come from, whatever the system: the Protocols, and the choice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemon.watch.hints import HintBox, Inbox

_log = structlog.get_logger()


class Line(Protocol):
    """One workspace's connection to the source: hints about what it watches go into its box."""

    def watch(self, absolute: str, key: str) -> int | None:
        """Watch a directory, never through a link; ``None`` when this source needs no watch for each. Raises
        OSError: where the kernel refuses, it is said.
        """

    def unwatch(self, watches: Iterable[tuple[int, str]]) -> None:
        """Give watches back, each with the key it was taken with."""

    def watch_git(self, directory: str) -> None:
        """Tell the box what moves in this git directory. A second call is none. Raises OSError."""

    def close(self) -> None:
        """Give everything back but what ``unwatch`` is for."""


class Source(Protocol):
    """A source of hints for all workspaces."""

    def line(self, box: HintBox, root: str) -> Line:
        """A connection for a workspace."""

    def alive(self) -> bool:
        """Whether its threads run; ``probe`` tells whether they hear."""

    def probe(self, timeout: float) -> bool:
        """Cause an event and wait until it was read: all events before it have been read then."""

    def stop(self) -> None:
        """Give everything back."""


def open_source(probes: Path, inbox: Inbox) -> Source:
    """The best source this system has. One that cannot be opened is said and replaced by scanning."""
    from daemon.watch.scanned import ScannedSource  # noqa: PLC0415 only where it is needed

    if sys.platform != "linux":
        from daemon.watch.observed import ObservedSource  # noqa: PLC0415 only where it is needed

        return ObservedSource(inbox.wake)
    from daemon.watch.inotify import InotifySource  # noqa: PLC0415 it exists on Linux alone

    try:
        return InotifySource(probes, inbox.wake)
    except OSError as error:
        _log.warning("watch.scanning_only", error=str(error))
        return ScannedSource(error)
