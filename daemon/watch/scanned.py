"""No source at all: everything is found by scanning, and the reason is said of every directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.watch.hints import HintBox


class ScannedLine:
    """Refuses every watch with the same reason, so that the tree is scanned."""

    def __init__(self, reason: OSError) -> None:
        self._reason = reason

    def watch(self, absolute: str, key: str) -> int | None:
        """Refused."""
        raise OSError(self._reason.errno, self._reason.strerror)

    def unwatch(self, watches: Iterable[tuple[int, str]]) -> None:
        """None was given."""

    def watch_git(self, directory: str) -> None:
        """Not to be seen: what git moves counts as seen by nobody."""

    def close(self) -> None:
        """There is nothing to give back."""


class ScannedSource:
    """Stands in where the system's own source cannot be opened."""

    def __init__(self, reason: OSError) -> None:
        self._reason = reason

    def line(self, box: HintBox, root: str) -> ScannedLine:
        """A connection that refuses."""
        return ScannedLine(self._reason)

    def alive(self) -> bool:
        """It has no thread that could die."""
        return True

    def probe(self, timeout: float) -> bool:
        """There is nothing unread."""
        return True

    def stop(self) -> None:
        """There is nothing to give back."""
