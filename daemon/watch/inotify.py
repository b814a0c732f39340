"""Hints from Linux inotify: an emitter of our own for watchdog, on its one inotify instance.

watchdog's recursive emitter follows moves and rebuilds itself after an overflow, and loses its way in both. This one
does neither: it watches the directories it is told to, hands every event on as a hint, and the watch reads the tree.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from watchdog.events import DirModifiedEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver, EventEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyFD, Mask, WatchDescriptor

from daemon.watch.mounts import refuse_silent, silent_mounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import EventQueue, ObservedWatch
    from watchdog.observers.inotify_c import InotifyEvent, WatchCallback

    from daemon.watch.hints import HintBox

_log = structlog.get_logger()

_MADE = InotifyConstants.IN_CREATE
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
_ISDIR = InotifyConstants.IN_ISDIR
_GONE = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
PROBE_MASK = Mask(InotifyConstants.IN_CREATE | InotifyConstants.IN_ONLYDIR)
_INDEX_LOCK = b"index.lock"
_EXCLUDE = b"exclude"


class TreeCallback:
    """Events of the watched directories of one workspace -> hints. Called by the reading thread; nothing escapes."""

    def __init__(self, box: HintBox) -> None:
        self._box = box

    def on_event(self, event: InotifyEvent) -> None:
        """An event about a name becomes a hint; one about the directory itself ends its watch."""
        mask = event.mask
        if event.name:
            made = bool(mask & _MADE) and not mask & _ISDIR
            self._box.name(event.wd, event.name, made=made, directory_event=bool(mask & _ISDIR))
        elif mask & _SELF:
            self._box.end(event.wd)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The directory is gone."""
        self._box.end(wd)

    def on_queue_overflow(self) -> None:
        """Events were lost."""
        self._box.lose()


class GitCallback:
    """Events of one git directory -> is its index locked, and did anything move in there."""

    def __init__(self, box: HintBox, directory: str) -> None:
        self._box = box
        self._directory = directory
        self.ended = False

    def on_event(self, event: InotifyEvent) -> None:
        """The index lock came or went, or something else moved."""
        if event.name == _INDEX_LOCK:
            self._box.git(self._directory, locked=not event.mask & _GONE)
        elif event.name:
            self._box.git(self._directory)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The git directory is gone, its lock with it."""
        self.ended = True
        self._box.git(self._directory, locked=False)

    def on_queue_overflow(self) -> None:
        """Events were lost."""
        self._box.lose()


class ExcludeCallback:
    """Events of a git directory's ``info`` -> a hint when its excludes changed: they are rules as ignore files are."""

    def __init__(self, box: HintBox, directory: str) -> None:
        self._box = box
        self._directory = directory
        self.ended = False

    def on_event(self, event: InotifyEvent) -> None:
        """Only the excludes matter."""
        if event.name == _EXCLUDE:
            self._box.name(self._directory, event.name, made=False, directory_event=False)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The directory is gone."""
        self.ended = True

    def on_queue_overflow(self) -> None:
        """Events were lost."""
        self._box.lose()


class ProbeCallback:
    """Sees the probe files; what was emitted before one has been read when it is seen."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._seen: set[bytes] = set()
        self._overflows = 0

    def on_event(self, event: InotifyEvent) -> None:
        """A probe that was made has been read."""
        if event.mask & _MADE:
            with self._condition:
                self._seen.add(event.name)
                self._condition.notify_all()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The probe directory is gone: the next probe will not be seen."""

    def on_queue_overflow(self) -> None:
        """A probe may have been lost with the rest."""
        with self._condition:
            self._overflows += 1
            self._condition.notify_all()

    def saw(self, name: bytes, write: Callable[[], None], timeout: float) -> bool:
        """Write a probe and wait until it was read; whether it was. One that an overflow may have swallowed is
        written again.
        """
        deadline = time.monotonic() + timeout
        with self._condition:
            while (left := deadline - time.monotonic()) > 0 and name not in self._seen:
                overflows = self._overflows
                write()
                self._condition.wait_for(lambda: name in self._seen or self._overflows != overflows, left)  # noqa: B023
            seen = name in self._seen
            self._seen.discard(name)
            return seen


class TreeEmitter(EventEmitter):
    """The reading thread. One for the process, whatever the number of workspaces."""

    def __init__(self, event_queue: EventQueue, watch: ObservedWatch, *, inotify: InotifyFD, **kwargs: Any) -> None:
        super().__init__(event_queue, watch, **kwargs)
        self._inotify = inotify
        self._news = DirModifiedEvent(watch.path)

    def queue_events(self, timeout: float) -> None:
        """Read what there is, leave it as hints, and say once that there are some."""
        events = self._inotify.read_events()
        for event in events:
            try:
                self._inotify.handle_event(event)
            except Exception:  # noqa: BLE001 a reader that dies is deaf: whatever it was, the tree is read again
                _log.exception("watch.event_failed", watch_event=repr(event))
                self._inotify.handle_event(_OVERFLOW)
        if events:
            self.queue_event(self._news)

    def on_thread_stop(self) -> None:
        """Give the instance back; the blocked read ends."""
        self._inotify.close()


class _Wake(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def dispatch(self, event: FileSystemEvent) -> None:
        self._wake()


class InotifySource:
    """The directories under watch. Raises OSError where the kernel refuses: nothing is swallowed."""

    def __init__(self, probes: Path, wake: Callable[[], None]) -> None:
        self._probes = probes
        self._count = 0
        self._probe = ProbeCallback()
        self._inotify = InotifyFD()
        self._observer = BaseObserver(TreeEmitter, inotify=self._inotify)
        self._observer.start()
        self._observer.schedule(_Wake(wake), str(probes))
        self._inotify.add_callback(os.fsencode(probes), PROBE_MASK, self._probe, CallbackId(0))

    def stop(self) -> None:
        """End both threads and give the instance back."""
        self._observer.stop()
        self._observer.join(10)

    def alive(self) -> bool:
        """Whether the threads run; ``probe`` tells whether they hear."""
        emitters = self._observer.emitters
        return self._observer.is_alive() and bool(emitters) and all(emitter.is_alive() for emitter in emitters)

    def probe(self, timeout: float) -> bool:
        """Write a probe file and wait until its event was read: all events before it have been read then."""
        self._count += 1
        probe = self._probes / f"probe-{os.getpid()}-{self._count}"

        def write() -> None:
            probe.touch()
            probe.unlink()

        try:
            return self._probe.saw(probe.name.encode(), write, timeout)
        except OSError as error:
            _log.warning("watch.probe_failed", error=str(error))
            return True  # the state directory is broken; the reader may well be sound

    def line(self, box: HintBox, root: str) -> InotifyLine:
        """A connection for a workspace; all share the one instance."""
        return InotifyLine(self._inotify, box, root)


class InotifyLine:
    """The watches of one workspace."""

    def __init__(self, inotify: InotifyFD, box: HintBox, root: str) -> None:
        self._inotify = inotify
        self._box = box
        self._root = root
        self._silent = silent_mounts(root)
        self._callback = TreeCallback(box)
        self._git: dict[str, tuple[WatchDescriptor, GitCallback | ExcludeCallback]] = {}

    def watch(self, absolute: str, key: str) -> int:
        """Watch a directory; its descriptor, which is the same for the same directory under another name."""
        if self._silent:
            refuse_silent(absolute, self._silent)
        return self._add(absolute, self._callback, key)

    def unwatch(self, watches: Iterable[tuple[int, str]]) -> None:
        """Give watches back."""
        self._inotify.remove_callbacks([(WatchDescriptor(wd), _number(self._callback, key)) for wd, key in watches])

    def watch_git(self, directory: str) -> None:
        """Tell the box about the index lock and whatever else moves in a git directory, and hint at its own excludes
        where it lies in the workspace.
        """
        self._enter_git(directory, GitCallback(self._box, directory))
        if directory.startswith(f"{self._root}/"):
            info = f"{directory}/info"
            with contextlib.suppress(FileNotFoundError):
                self._enter_git(info, ExcludeCallback(self._box, info[len(self._root) + 1 :]))

    def _enter_git(self, directory: str, callback: GitCallback | ExcludeCallback) -> None:
        key = f"{os.stat(directory).st_ino}/{directory}"
        if key not in self._git or self._git[key][1].ended:
            self._git[key] = (self._add(directory, callback, key), callback)

    def close(self) -> None:
        """Give the watches of the git directories back."""
        for key, (descriptor, callback) in self._git.items():
            self._inotify.remove_callbacks([(descriptor, _number(callback, key))])
        self._git.clear()

    def _add(self, absolute: str, callback: WatchCallback, key: str) -> WatchDescriptor:
        number = _number(callback, key)
        descriptor = self._inotify.add_callback(os.fsencode(absolute), MASK, callback, number)
        if descriptor == -1:  # watchdog passes over a refused permission
            self._inotify.remove_callbacks([(descriptor, number)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), absolute)
        return descriptor


def _number(callback: WatchCallback, key: str) -> CallbackId:
    """Unique within one watch: the same directory may be watched by two workspaces, or be met under two names."""
    return CallbackId(hash((id(callback), key)))


class _Overflow:
    """Stands for an overflow where an event could not be handled."""

    is_queue_overflow = True


_OVERFLOW: Any = _Overflow()
