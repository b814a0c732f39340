"""The watch: one thread that turns hints about all workspaces into news, and looks after the source of events."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import structlog

from daemon.watch.hints import HintBox, Inbox
from daemon.watch.source import open_source
from daemon.watch.status import TreeStatus, Unwatched, WatchStatus
from daemon.watch.workspace import Workspace
from hooks.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemon.watch.ledger import Ledger
    from daemon.watch.port import Plan, Sink
    from daemon.watch.source import Line, Source

_log = structlog.get_logger()

TICK = 120.0
"""Seconds between two looks at the source's health; nothing else wakes an idle watch."""
SCAN = 15.0
"""Seconds between two scans of what cannot be watched, where there is such a thing."""
PROBE_WAIT = 10.0
"""Seconds after which a probe that was not seen means that the source is deaf."""
TROUBLE = 5.0
"""Seconds of rest after a turn that failed."""
GAP = 5.0
"""Seconds by which the clocks may part before everything is compared."""


class Watch:
    """Watches workspaces and brings news of their files to the sink, from one thread of its own.

    Promised: a change of a file that a plan concerns is brought, whatever made it, once, when the file has settled,
    also after a crash, an overflow, or while nobody watched; what the sink refuses is brought again. Content that
    the ledger knows is no news. Not promised: every state in between, and the order of different files.

    ``probes`` is a directory of the daemon's own (it is made) in which small files are written to hear whether the
    source still listens; it must lie on a file system that has inotify.
    """

    def __init__(
        self, ledger: Ledger, sink: Sink, *, probes: Path, source: Callable[[Path, Inbox], Source] = open_source
    ) -> None:
        self._ledger = ledger
        self._sink = sink
        self._probes = probes
        self._open = source
        self._inbox = Inbox()
        self._lines: dict[Path, Line] = {}
        self._workspaces: dict[Path, Workspace] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._after: list[Callable[[], None]] = []
        self._busy = False
        self._stopping = False
        self._deaf = False
        self._overflows = 0
        self._tick_at = time.monotonic() + TICK
        self._scan_at = 0.0
        self._trouble_until = 0.0
        self._offset: float | None = None
        self._statuses: dict[Path, TreeStatus] = {}
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    # -- called from any thread

    def start(self) -> None:
        """Open the source of events and start the thread. Raises OSError when the probe directory cannot be made."""
        self._probes.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._probes.glob("probe-*"):
            left.unlink(missing_ok=True)
        self._source = self._open(self._probes, self._inbox)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What had not settled is found again at the next start."""
        self._stopping = True
        self._inbox.wake()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()
        if self._source is not None:
            self._source.stop()
            self._source = None

    def add(self, workspace: Path, plan: Plan, *, digest: str = "") -> None:
        """Watch a workspace from now on; returns at once, ``wait_ready`` waits.

        ``digest`` names what the plan covers: when it is another than at the last reading, files that are unknown
        and older than that reading are taken as read instead of created.
        """
        with self._changed:
            self._statuses[workspace] = TreeStatus(
                ready=False, absent=False, directories=0, pending=0, unhashed=True, unwatched=()
            )
        self._call(lambda: self._add(workspace, plan, digest))

    def replan(self, workspace: Path, plan: Plan, *, digest: str = "") -> None:
        """Watch by another plan; files that only the new one covers are taken as read. Returns at once; may be
        called from ``Sink.rules_changed``.
        """
        since = time.time_ns()

        def replan() -> None:
            if workspace in self._workspaces:
                self._workspaces[workspace].replan(plan, digest, time.monotonic(), since)

        self._call(replan)

    def remove(self, workspace: Path) -> None:
        """Watch this workspace no longer; the ledger remembers it. Returns at once."""

        def remove() -> None:
            removed = self._workspaces.pop(workspace, None)
            if removed is not None:
                removed.alive(time.time_ns())
                removed.tree.drop({""})
                self._lines.pop(workspace).close()
            with self._changed:
                self._statuses.pop(workspace, None)

        self._call(remove)

    def catch_up(self) -> None:
        """Compare everything with the ledger (after a suspend, a clock jump, from time to time). Returns at once."""
        self._call(lambda: self._catch_up(Cause.CATCH_UP))

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until the watches of every workspace stand and their reading is durable; whether they do."""
        with self._changed:
            return self._changed.wait_for(lambda: all(status.ready for status in self._statuses.values()), timeout)

    def idle(self) -> bool:
        """Whether, as far as is known here, nothing is unread, waits to settle or is to be hashed."""
        with self._changed:
            return self._idle()

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until everything that happened before this call has been brought to the sink; whether it has."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._stopping:
            left = PROBE_WAIT if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return False
            source = self._source
            if source is None or not source.probe(min(left, PROBE_WAIT)):
                continue  # it is being started afresh, and everything compared
            self._turn(left)
            with self._changed:
                if self._changed.wait_for(self._idle, left):
                    return True
        return False

    def status(self) -> WatchStatus:
        """What is watched and how well, as of the thread's last turn."""
        source = self._source
        with self._changed:
            trees = dict(self._statuses)
        return WatchStatus(
            alive=self._thread.is_alive() and source is not None and source.alive(),
            deaf=self._deaf,
            directories=sum(tree.directories for tree in trees.values()),
            pending=sum(tree.pending for tree in trees.values()),
            overflows=self._overflows,
            unwatched=tuple(
                Unwatched(path=str(root / part.path), reason=part.reason, remedy=part.remedy)
                for root, tree in trees.items()
                for part in tree.unwatched
            ),
            workspaces={str(root): tree for root, tree in trees.items()},
        )

    def _idle(self) -> bool:
        quiet = all(
            status.absent or (status.ready and not status.pending and not status.unhashed)
            for status in self._statuses.values()
        )
        return quiet and not self._busy and not self._calls and not self._hinted()

    def _call(self, call: Callable[[], None]) -> None:
        with self._changed:
            self._calls.append(call)
        self._inbox.wake()

    def _turn(self, timeout: float | None) -> bool:
        """Wait until the thread has taken every hint there is now; whether it has."""
        done = threading.Event()
        self._call(lambda: self._after.append(done.set))
        return done.wait(timeout)

    def _hinted(self) -> bool:
        return any(workspace.box.waiting() for workspace in list(self._workspaces.values()))

    # -- the thread

    def _run(self) -> None:
        while not self._stopping:
            self._busy = True
            try:
                again = self._work()
            except Exception:  # noqa: BLE001 the watch outlives whatever happens in one turn, and compares everything
                _log.exception("watch.turn_failed")
                self._trouble_until = time.monotonic() + TROUBLE
                again = False
            self._publish()
            self._inbox.wait(0.0 if again else self._patience())
        for workspace in self._workspaces.values():
            workspace.alive(time.time_ns())

    def _work(self) -> bool:
        """One turn; whether there is more to do at once."""
        now = time.monotonic()
        if now < self._trouble_until:
            return False
        if self._trouble_until:
            self._trouble_until = 0.0
            self._catch_up(Cause.EDIT)
        while self._calls:
            self._calls.popleft()()
        for workspace in self._workspaces.values():
            if not workspace.ready and not workspace.absent:
                workspace.start(time.monotonic(), time.time_ns())
            self._take_hints(workspace)
        self._look_after(now)
        again = False
        for workspace in list(self._workspaces.values()):
            again |= workspace.bring(time.monotonic(), self._sink)
        return again or any([workspace.rest() for workspace in self._workspaces.values()])  # noqa: C419 each gets its turn

    def _take_hints(self, workspace: Workspace) -> None:
        hints = workspace.box.take()
        if not hints:
            return
        if hints.lost:
            self._overflows += 1
            _log.warning("watch.events_lost", workspace=str(workspace.root))
        if hints.git:
            workspace.wake()
        workspace.take_hints(hints, time.monotonic())

    def _add(self, root: Path, plan: Plan, digest: str) -> None:
        box = HintBox()
        if root in self._workspaces or self._source is None:
            return
        line = self._lines[root] = self._source.line(box, str(root))
        self._workspaces[root] = Workspace(root, plan, digest=digest, ledger=self._ledger, box=box, line=line)

    def _catch_up(self, cause: Cause) -> None:
        for workspace in self._workspaces.values():
            if workspace.ready:
                workspace.catch_up(time.monotonic(), cause)

    def _look_after(self, now: float) -> None:
        """The source's health, the clock, and what must be scanned because it cannot be watched."""
        if now >= self._tick_at:
            self._tick_at = now + TICK
            self._notice_gap(now)
            source = self._source
            if source is not None and not (source.alive() and source.probe(PROBE_WAIT)):
                self._reopen(source)
        if now >= self._scan_at:
            for workspace in self._workspaces.values():
                workspace.scan(now)
            self._scan_at = now + max(SCAN, 10 * (time.monotonic() - now))

    def _notice_gap(self, now: float) -> None:
        """The monotonic clock stands still in a suspend and the wall clock does not."""
        offset = time.time() - now
        if self._offset is not None and abs(offset - self._offset) > GAP:
            _log.info("watch.clock_gap", seconds=round(offset - self._offset, 1))
            self._catch_up(Cause.CATCH_UP)
        self._offset = offset

    def _reopen(self, source: Source) -> None:
        """The source is dead or deaf: start another and compare everything."""
        _log.error("watch.deaf", alive=source.alive())
        self._deaf = True
        for line in self._lines.values():
            line.close()
        source.stop()
        self._source = fresh = self._open(self._probes, self._inbox)
        for root, workspace in self._workspaces.items():
            line = self._lines[root] = fresh.line(workspace.box, str(root))
            workspace.connect(line)
        self._catch_up(Cause.EDIT)
        self._deaf = not fresh.probe(PROBE_WAIT)

    def _patience(self) -> float:
        """Seconds until there is something to do if nothing happens."""
        due = [self._tick_at, *filter(None, [workspace.next() for workspace in self._workspaces.values()])]
        if any(workspace.scanned for workspace in self._workspaces.values()):
            due.append(self._scan_at)
        if self._trouble_until:
            due = [self._trouble_until]
        return max(0.0, min(due) - time.monotonic())

    def _publish(self) -> None:
        after, self._after = self._after, []
        with self._changed:
            self._busy = False
            for root, workspace in self._workspaces.items():
                self._statuses[root] = workspace.status()
            self._changed.notify_all()
        for done in after:
            done()
