"""A real ledger on a real database, a sink that records, and a plan of a few suffixes."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from daemon.state.database import Database
from daemon.watch.ledger import Ledger
from daemon.watch.watch import Watch

DEADLINE = 60.0


class SuffixPlan:
    """Concerns every file below the root with one of the suffixes, but for what lies below an ignored name."""

    def __init__(self, *suffixes, ignored=("node_modules", ".git"), settle=(0.05, 1.0)):
        self.suffixes = suffixes or (".txt",)
        self.ignored = frozenset(ignored)
        self.times = settle

    def concerns(self, path):
        return path.endswith(self.suffixes) and self.ignored.isdisjoint(path.split("/"))

    def may_hold(self, directory):
        return self.ignored.isdisjoint(directory.split("/"))

    def settle(self, path):
        return self.times

    def is_rule_file(self, path):
        return path.endswith((".gitignore", ".kiro/settings/hooks.yaml", ".git/info/exclude"))


class RecordingSink:
    """Keeps what was brought, and acknowledges it in the ledger as the daemon does. Can be told to refuse."""

    def __init__(self, ledger, database):
        self.ledger = ledger
        self.database = database
        self.news = []
        self.rules = []
        self.refusals = 0
        self.on_rules = None
        self._changed = threading.Condition()

    def accept(self, workspace, news):
        with self._changed:
            if self.refusals:
                self.refusals -= 1
                raise OSError("the sink is full")
            with self.database.transaction():
                self.ledger.record(workspace, [item.entry for item in news])
            self.news += [item.change for item in news]
            self._changed.notify_all()

    def rules_changed(self, workspace, paths):
        with self._changed:
            self.rules += paths
            self._changed.notify_all()
        if self.on_rules:
            self.on_rules(workspace, paths)

    def wait_for(self, predicate):
        with self._changed:
            assert self._changed.wait_for(predicate, DEADLINE), self.news[-20:]

    def take(self):
        with self._changed:
            news, self.news = self.news, []
            return news


class Bench:
    """A tree, a database, and a watch that can be stopped and started again over both."""

    plan_class = SuffixPlan

    def __init__(self, home):
        self.home = home
        self.root = home / "tree"
        self.root.mkdir()
        self.plan = SuffixPlan()
        self.database = Database(home / "state.db")
        self.ledger = Ledger(self.database)
        self.sink = RecordingSink(self.ledger, self.database)
        self.watch = None

    def start(self, plan=None, digest="", **options):
        self.plan = plan or self.plan
        self.watch = Watch(self.ledger, self.sink, probes=self.home / "probes", **options)
        self.watch.start()
        self.watch.add(self.root, self.plan, digest=digest)
        assert self.watch.wait_ready(DEADLINE)
        return self.watch

    def stop(self):
        if self.watch is not None:
            self.watch.stop()
            self.watch = None

    def crash(self):
        """Everything in memory is lost, what is on disk stays."""
        self.stop()
        self.database.close()
        self.database = Database(self.home / "state.db")
        self.ledger = Ledger(self.database)
        self.sink.ledger, self.sink.database = self.ledger, self.database

    def settle(self):
        assert self.watch.wait_idle(DEADLINE), self.watch.status()
        return self.sink.take()

    def told(self):
        """What was brought since the last time, once all is quiet: sorted (path, kind, cause)."""
        return sorted((c.path, c.kind.value, c.cause.value) for c in self.settle())

    def write(self, path, text="x"):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def git(self, *arguments, cwd=None):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_EDITOR": "true",
        }
        return subprocess.run(
            ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
            cwd=cwd or self.root,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.stop()
    bench.database.close()


@pytest.fixture
def started(bench):
    bench.start()
    return bench


@pytest.fixture
def suffix_plan():
    return SuffixPlan


@pytest.fixture
def deadline():
    return DEADLINE


def pytest_make_parametrize_id(config, val, argname):
    return val.__name__ if callable(val) else None


__all__ = ["Path"]
