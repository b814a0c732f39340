"""One workspace under watch: hints in, news out. Belongs to the watch's thread; nothing here starts one."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import structlog

from daemon.watch import reading
from daemon.watch.causes import Causes
from daemon.watch.examine import Examiner
from daemon.watch.hints import DIRECTORY, LOCKED, MADE
from daemon.watch.port import Entry
from daemon.watch.settle import Settling
from daemon.watch.status import TreeStatus
from daemon.watch.tree import Tree
from hooks.model import Cause

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.watch.hints import HintBox, Hints
    from daemon.watch.ledger import Ledger, Stat
    from daemon.watch.port import News, Plan, Sink
    from daemon.watch.settle import Waiting
    from daemon.watch.source import Line

_log = structlog.get_logger()

CHUNK = 1000
"""News brought in one transaction at most."""
RULE_SETTLE = (0.05, 1.0)
ALONE = 30.0
"""Seconds until a file that the sink refused by itself is brought again."""


class Workspace:
    """A tree, its ledger, and the files that have not settled."""

    def __init__(self, root: Path, plan: Plan, *, digest: str, ledger: Ledger, box: HintBox, line: Line) -> None:
        self.root = root
        self.box = box
        self.ready = False
        self.absent = False
        self.settling = Settling()
        self.tree = Tree(root, plan, line)
        self._digest = digest
        self._ledger = ledger
        self._causes = Causes(self.tree.base, box, line, self._note_of)
        self._device = 0
        self._hash_after: str | None = ""
        self._retry = 0.0
        self._failures = 0
        self._chunk = CHUNK
        self._examiner = Examiner(root, self.tree, ledger, self._causes, self.settling)

    # -- reading the tree

    def start(self, now: float, wall_ns: int) -> None:
        """Stand the watches and compare the tree with the ledger; a first time, take it as read. Durable after."""
        self._causes.meet_above()
        if not self._here():
            return
        if self._ledger.read_before(self.root):
            covered = self._note_of("plan") == self._digest
            since = 0 if covered else int(self._note_of("alive") or "0")
            self.reconcile(now, Cause.CATCH_UP, unseen=True, since=since)
        else:
            reading.first(self.root, self.tree, self._ledger)
        self._note_plan(wall_ns)
        self._meet(fresh=False)
        self.ready = True

    def replan(self, plan: Plan, digest: str, now: float, wall_ns: int) -> None:
        """Watch by another plan. Files that only the new one covers are taken as read, unless made since just now."""
        before, self.tree.plan = self.tree.plan, plan
        self._digest = digest
        if self.absent or not self.ready:
            return
        self.tree.prune()
        self.reconcile(now, Cause.EDIT, since=wall_ns, before=before)
        self._note_plan(wall_ns)
        self._hash_after = ""

    def reconcile(
        self,
        now: float,
        cause: Cause,
        *,
        top: str = "",
        locked: bool = False,
        unseen: bool = False,
        since: int = 0,
        before: Plan | None = None,
    ) -> None:
        """Compare the tree below ``top`` with the ledger; what differs waits to settle. With ``since`` (ns of the
        wall clock) files unknown and unchanged since then, which ``before`` did not concern, are taken as read.
        """
        dropped: list[Entry] = []

        def differs(path: str) -> None:
            waiting = self._note(path, now)
            if waiting is None:
                dropped.append(Entry(path=path))  # no hook asks for it any more; asked again, it is taken as read
            else:
                waiting.made, waiting.locked, waiting.unseen, waiting.cause = True, locked, unseen, cause

        def as_read(path: str, stat: Stat) -> bool:
            if not since or stat.ctime_ns >= since or path in self.settling:
                return False
            return before is None or not before.concerns(path)

        newly = reading.compare(self.root, self.tree, self._ledger, top, differs=differs, as_read=as_read)
        if dropped:
            self._ledger.record(self.root, dropped)
        if newly:
            self._ledger.take_as_read(self.root, newly)
            self._hash_after = ""

    def _note_plan(self, wall_ns: int) -> None:
        mount = "1" if os.path.ismount(self.tree.base) else ""
        self._ledger.finish_reading(self.root, {"plan": self._digest, "alive": str(wall_ns), "mount": mount})

    def _note_of(self, name: str) -> str:
        return self._ledger.note(self.root, name)

    def alive(self, wall_ns: int) -> None:
        """Remember until when this workspace was watched."""
        if self.ready:
            self._ledger.set_note(self.root, "alive", str(wall_ns))

    def _meet(self, *, fresh: bool) -> None:
        for directory in self.tree.repositories:
            self._causes.meet(directory, fresh=fresh)
        self.tree.repositories.clear()

    def _here(self) -> bool:
        """Whether the root is there. While it is not (unmounted, moved away), nothing is news."""
        here = self._stands()
        if here == self.absent:
            _log.info("watch.root_back" if here else "watch.root_absent", workspace=str(self.root))
        self.absent = not here
        return here

    def _stands(self) -> bool:
        base = self.tree.base
        try:
            if not os.path.isdir(base):
                return False
            device, around = os.stat(base).st_dev, os.stat(os.path.dirname(base)).st_dev
            was_mount = self._device not in {0, around} or (not self._device and bool(self._note_of("mount")))
            if was_mount and device == around:
                return False  # what was mounted here is not, and the mount point shows
            self._device = device
            return True
        except OSError:
            return False

    # -- hints

    def take_hints(self, hints: Hints, now: float) -> None:
        """Turn hints into files that wait and directories that are read again."""
        if hints.git:
            self._causes.stir(now)
        if hints.lost:
            self._causes.forget_locks()
            self.catch_up(now, Cause.EDIT)
            return
        again: dict[str, bool] = {}
        for watch in hints.ended:
            directory = self.tree.directory(watch)
            if directory is not None:
                again[directory] = False
        for key, names in hints.names.items():
            directory = self.tree.directory(key)
            if directory is not None:
                self._names(directory, names, again, now)
        if again:
            self._read_again(again, now)
        self._meet(fresh=True)

    def _names(self, directory: str, names: dict[bytes, int], again: dict[str, bool], now: float) -> None:
        prefix = f"{directory}/" if directory else ""
        for raw, bits in names.items():
            path = prefix + os.fsdecode(raw)
            if raw == b".git":
                self.tree.repositories.append(directory)
                continue
            if bits & DIRECTORY or path in self.tree:
                again[path] = bool(bits & LOCKED)
            if bits & DIRECTORY:
                continue
            waiting = self._note(path, now, closed=not bits & MADE)
            if waiting is not None:
                waiting.made, waiting.locked = bool(bits & MADE), bool(bits & LOCKED)
                waiting.unseen, waiting.cause = False, Cause.EDIT

    def _read_again(self, directories: dict[str, bool], now: float) -> None:
        """These directories came, went, or are others now: drop their watches and compare with the ledger."""
        if "" in directories:
            if self._here():
                self.reconcile(now, Cause.EDIT)
            return
        self.tree.drop(directories.keys())
        for directory, locked in sorted(directories.items()):
            if directory not in self.tree and self.tree.wanted(directory):
                self.reconcile(now, Cause.EDIT, top=directory, locked=locked)

    def catch_up(self, now: float, cause: Cause) -> None:
        """Trust no watch and no memory of events: everything is compared."""
        if self._here():
            self.reconcile(now, cause, unseen=True)
            self._meet(fresh=True)

    def connect(self, line: Line) -> None:
        """The source was started afresh: no former watch stands."""
        self.tree.connect(line)
        self._causes.connect(line)

    @property
    def scanned(self) -> bool:
        """Whether something here has to be scanned from time to time."""
        return self.absent or bool(self.tree.unwatched)

    def scan(self, now: float) -> None:
        """Look at what cannot be watched, and whether it can be by now."""
        if self.absent:
            if self._here() and self.ready:
                self.catch_up(now, Cause.CATCH_UP)
        elif self.tree.unwatched and self.ready:
            for top in self.tree.unwatched_tops():
                self.reconcile(now, Cause.EDIT, top=top)
            self._meet(fresh=True)

    def _note(self, path: str, now: float, *, closed: bool = False) -> Waiting | None:
        if self.tree.plan.concerns(path):
            settle = self.tree.plan.settle(path)
        elif self.tree.plan.is_rule_file(path):
            settle = RULE_SETTLE
        else:
            return None
        return self.settling.note(path, now, settle, closed=closed)

    # -- news

    def next(self) -> float | None:
        """When something is to be done here at the earliest, by the clock of ``now``; ``None``: nothing waits."""
        due = self.settling.next()
        return None if due is None or self.absent else max(due, self._retry)

    def bring(self, now: float, sink: Sink) -> bool:
        """Bring what is due, up to a chunk of it, to the sink; whether there was anything to do."""
        if now < self._retry or self.absent or (self.settling.next() or now + 1) > now:
            return False
        held = self._causes.held(now)
        if held is not None:
            self._retry = held
            return False
        if not self._here():
            return False
        taken = self.settling.take(now, self._chunk)
        news, rules = self._examiner.examine(taken, now)
        try:
            self._hand_over(news, rules, sink)
        except Exception:  # noqa: BLE001 whatever stops the sink, the news is kept and brought again
            self._refused(taken, now)
        else:
            self._failures, self._retry, self._chunk = 0, 0.0, min(CHUNK, self._chunk * 4)
        return True

    def _refused(self, taken: list[tuple[str, Waiting]], now: float) -> None:
        """The sink raised: try again later with fewer, so that one file it cannot bear does not hold up the rest."""
        self._failures += 1
        self._retry = now + min(30.0, 0.1 * 2 ** min(self._failures, 10))
        _log.exception("watch.news_refused", workspace=str(self.root), files=len(taken), again_in=self._retry - now)
        later = now + ALONE if len(taken) == 1 and len(self.settling) and self._failures > 3 else now
        for path, waiting in taken:
            self.settling.put_back(path, waiting, later)
        self._chunk = max(1, self._chunk // 4)

    def wake(self) -> None:
        """A lock came or went: look again at what it holds back."""
        if not self._failures:
            self._retry = 0.0

    def _hand_over(self, news: list[News], rules: list[str], sink: Sink) -> None:
        loud = [item for item in news if item.change is not None]
        silent = [item.entry for item in news if item.change is None]
        if loud:
            sink.accept(self.root, loud)
        if rules:
            sink.rules_changed(self.root, rules)
        if silent:
            self._ledger.record(self.root, silent)

    # -- when nothing is due

    def rest(self) -> bool:
        """Some of the work that can wait, when nothing waits for it; whether there may be more."""
        if not self.ready or self.absent:
            return False
        if not len(self.settling):
            for name, value in self._causes.quiet(time.monotonic()):
                self._ledger.set_note(self.root, name, value)
        if self._hash_after is not None:
            self._hash_after = reading.hash_some(
                self.root,
                self.tree.base,
                self._ledger,
                after=self._hash_after,
                waiting=self.settling,
                differs=self._differs,
            )
        return self.unhashed

    @property
    def unhashed(self) -> bool:
        """Whether there may be files whose content is still to be hashed."""
        return self._hash_after is not None

    def _differs(self, path: str) -> None:
        self._note(path, time.monotonic())

    def status(self) -> TreeStatus:
        """What is to be said of this workspace now."""
        return TreeStatus(
            ready=self.ready,
            absent=self.absent,
            directories=len(self.tree),
            pending=len(self.settling),
            unhashed=self.unhashed,
            unwatched=tuple(self.tree.unwatched[top] for top in self.tree.unwatched_tops()),
        )
