"""Hints from watchdog's own Observer, for systems whose notices are recursive by nature (macOS, Windows)."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

    from daemon.watch.hints import HintBox


class ObservedLine(FileSystemEventHandler):
    """A workspace's root, watched as a whole. Names in it are hinted by the directory's relative path."""

    def __init__(self, observer: BaseObserver, box: HintBox, root: str, wake: Callable[[], None]) -> None:
        self._observer = observer
        self._box = box
        self._root = root
        self._real = os.path.realpath(root)
        self._wake = wake
        self._watch: ObservedWatch | None = None

    def watch(self, absolute: str, key: str) -> int | None:
        """The first call watches the root with everything below it."""
        if self._watch is None:
            self._watch = self._observer.schedule(self, self._root, recursive=True)
        return None

    def unwatch(self, watches: Iterable[tuple[int, str]]) -> None:
        """There are no single watches to give back."""

    def watch_git(self, directory: str) -> None:
        """Seen with the rest, where it lies in the workspace."""

    def close(self) -> None:
        """Watch the root no longer."""
        if self._watch is not None:
            self._observer.unschedule(self._watch)
            self._watch = None

    def dispatch(self, event: FileSystemEvent) -> None:
        """An event becomes a hint for each path it names."""
        if event.event_type in {"opened", "closed_no_write"}:
            return
        for named in (event.src_path, event.dest_path):
            if named:
                self._hint(os.fsdecode(named), made=event.event_type == "created", directory=event.is_directory)
        self._wake()

    def _hint(self, absolute: str, *, made: bool, directory: bool) -> None:
        for base in (self._root, self._real):
            if absolute.startswith(base + os.sep):
                relative = absolute[len(base) + 1 :].replace(os.sep, "/")
                parent, _, name = relative.rpartition("/")
                if parent == ".git" or parent.endswith("/.git"):
                    lock = None if name != "index.lock" else os.path.lexists(absolute)
                    self._box.git(absolute.removesuffix(name).rstrip(os.sep), locked=lock)
                else:
                    changed = directory and not made and os.path.isdir(absolute)
                    if not changed:  # a directory that only says that something in it changed says nothing new
                        self._box.name(
                            parent, os.fsencode(name), made=made and not directory, directory_event=directory
                        )
                return


class ObservedSource:
    """watchdog's Observer for the system at hand."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._observer: BaseObserver = Observer()
        self._observer.start()

    def line(self, box: HintBox, root: str) -> ObservedLine:
        """A connection for a workspace."""
        return ObservedLine(self._observer, box, root, self._wake)

    def alive(self) -> bool:
        """Whether its threads run."""
        return self._observer.is_alive() and all(emitter.is_alive() for emitter in self._observer.emitters)

    def probe(self, timeout: float) -> bool:
        """Whether its threads run: there is no probe that tells more."""
        return self.alive()

    def stop(self) -> None:
        """End its threads."""
        self._observer.stop()
        self._observer.join(10)
