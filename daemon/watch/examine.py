"""Files that have settled: looked at, held against the ledger, and given their cause."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from daemon.watch.causes import Causes, How
from daemon.watch.content import Footing, UnreadableError, UnsettledError, being_written, glance, look
from daemon.watch.verdict import verdict
from hooks.model import Cause

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.watch.ledger import Ledger
    from daemon.watch.port import News
    from daemon.watch.settle import Settling, Waiting
    from daemon.watch.tree import Tree
    from daemon.watch.verdict import Seen

_log = structlog.get_logger()

STILL = 60.0
"""Seconds a file that somebody holds open may stay unchanged before it is taken as it is."""
OPEN_LOOK = 10.0
"""Seconds between two looks at a file that is held open; its close is noticed at once."""
OPEN_MAX = 3600.0
"""Seconds after which a file that is held open is taken as it is, however busily it is written."""
RESTLESS_MAX = 60.0
"""Seconds after which a file that is written without being made anew is taken between two writes."""


class Examiner:
    """What became of the files of one workspace. Reads them and the ledger; records nothing."""

    def __init__(self, root: Path, tree: Tree, ledger: Ledger, causes: Causes, settling: Settling) -> None:
        self._root = root
        self._tree = tree
        self._ledger = ledger
        self._causes = causes
        self._settling = settling

    def examine(self, taken: list[tuple[str, Waiting]], now: float) -> tuple[list[News], list[str]]:
        """The news of these files, and which of them are rule files with new content. What has not settled after
        all is put back.
        """
        return self._judge(self._look(taken, now), now)

    def _look(self, taken: list[tuple[str, Waiting]], now: float) -> list[tuple[str, Waiting, Seen | None]]:
        footing = Footing(self._tree.base)
        looked = []
        for path, waiting in taken:
            if waiting.locked and now < self._causes.grace():
                self._settling.put_back(path, waiting, self._causes.grace())
                continue
            later = self._still_open(path, waiting, now) if waiting.made else None
            if later is not None:
                self._settling.put_back(path, waiting, later)
                continue
            doubtful = waiting.locked or waiting.unseen or self._causes.stirred(now)
            blob = self._causes.blob_format(path, now) if doubtful else ""
            try:
                seen = look(self._tree.base, path, footing, blob=blob, restless=now - waiting.first > RESTLESS_MAX)
            except UnsettledError:
                self._settling.put_back(path, waiting, now + max(0.05, self._tree.plan.settle(path)[0]))
            except UnreadableError as error:
                _log.warning("watch.unreadable", workspace=str(self._root), path=path, error=str(error.__cause__))
            else:
                looked.append((path, waiting, seen))
        return looked

    def _still_open(self, path: str, waiting: Waiting, now: float) -> float | None:
        """When to look again at a file made whose close has not come, ``None`` when it may be taken."""
        if now - waiting.first > OPEN_MAX:
            return None
        stat = glance(self._tree.base, path)
        written = being_written(self._tree.base, path) if stat is not None else False
        if stat is None or written is False:
            return None
        if (stat.size, stat.mtime_ns) != (waiting.size, waiting.mtime_ns):
            waiting.size, waiting.mtime_ns, waiting.still_since = stat.size, stat.mtime_ns, now
        patience = STILL if written else max(2.0, self._tree.plan.settle(path)[0])
        if now - waiting.still_since >= patience:
            return None
        return now + (OPEN_LOOK if written else patience)

    def _judge(self, looked: list[tuple[str, Waiting, Seen | None]], now: float) -> tuple[list[News], list[str]]:
        news: list[News] = []
        rules: list[str] = []
        doubtful: dict[str, tuple[Waiting, Seen | None]] = {}
        for path, waiting, seen in looked:
            known = self._ledger.get(self._root, path)
            concerns = self._tree.plan.concerns(path)
            if not concerns and not self._tree.plan.is_rule_file(path):
                seen = None  # noqa: PLW2901 no hook asks for it any more: it is forgotten
            if self._ledger.expects(self._root, path, seen.sha256 if seen else None):
                continue
            item = verdict(path, known, seen, waiting.cause)
            if item is None:
                continue
            if item.change is not None and self._tree.plan.is_rule_file(path):
                rules.append(path)
            if not concerns:
                item = replace(item, change=None)
            elif item.change is not None and (waiting.locked or waiting.unseen or self._causes.stirred(now)):
                doubtful[path] = (waiting, seen)
            news.append(item)
        if doubtful:
            news = self._with_causes(news, doubtful, now)
        return news, rules

    def _with_causes(
        self, news: list[News], doubtful: dict[str, tuple[Waiting, Seen | None]], now: float
    ) -> list[News]:
        groups: dict[How, dict[str, Seen | None]] = {}
        for path, (waiting, seen) in doubtful.items():
            how = How.LOCKED if waiting.locked else How.UNSEEN if waiting.unseen else How.BESIDE
            groups.setdefault(how, {})[path] = seen
        checked_out: set[str] = set()
        for how, group in groups.items():
            present = {path: seen for path, seen in group.items() if seen is not None}
            checked_out |= self._causes.checked_out(present, group.keys() - present.keys(), how=how, now=now)
        return [
            replace(item, change=replace(item.change, cause=Cause.CHECKOUT))
            if item.change is not None and item.entry.path in checked_out
            else item
            for item in news
        ]
