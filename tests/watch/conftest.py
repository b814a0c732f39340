"""A real ledger on a real database, a sink that records, and a plan of a few suffixes."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import structlog

from daemon.state.database import Database
from daemon.watch.ledger import Ledger
from daemon.watch.watch import Watch

DEADLINE = 60.0
"""Seconds after which a wait was in vain. No test waits for them to pass."""


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
        self.deadline = DEADLINE
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
            assert self._changed.wait_for(predicate, self.deadline), self.news[-20:]

    def take(self):
        with self._changed:
            news, self.news = self.news, []
            return news


class Storm:
    """Does a step over and over from a thread of its own, for as long as a test acts in the midst of it."""

    def __init__(self, step):
        self._step = step
        self._done = 0
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._over:
            self._step(self._done)
            with self._changed:
                self._done += 1
                self._changed.notify_all()

    def reached(self, steps):
        """Wait until so many steps have been done; more follow."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._done >= steps, DEADLINE), self._done

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over = True
        self._thread.join()


class Bench:
    """A tree, a database, and a watch that can be stopped and started again over both."""

    def __init__(self, home):
        self.home = home
        self.root = home / "tree"
        self.root.mkdir()
        self.plan = SuffixPlan()
        self.database = Database(home / "state.db")
        self.ledger = Ledger(self.database)
        self.sink = RecordingSink(self.ledger, self.database)
        self.watch = None
        self.deadline = DEADLINE

    def start(self, plan=None, digest="", **options):
        self.plan = plan or self.plan
        self.watch = Watch(self.ledger, self.sink, probes=self.home / "probes", **options)
        self.watch.start()
        self.watch.add(self.root, self.plan, digest=digest)
        assert self.watch.wait_ready(self.deadline)

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

    @contextmanager
    def held(self):
        """The watch's thread stands still for as long as the block lasts: what happens in it is one state to it."""
        reached, ended = threading.Event(), threading.Event()
        self.watch._call(lambda: (reached.set(), ended.wait()))
        try:
            assert reached.wait(self.deadline)
            yield
        finally:
            ended.set()

    def read(self):
        """Wait until every event so far has been read, if not acted upon."""
        assert self.watch._source.probe(self.deadline)

    def until(self, predicate):
        """Wait until a turn of the watch's thread has ended that made this true."""
        with self.watch._changed:
            assert self.watch._changed.wait_for(predicate, self.deadline), self.watch.status()

    @property
    def workspace(self):
        return self.watch._workspaces[self.root]

    def settle(self):
        assert self.watch.wait_idle(self.deadline), self.watch.status()
        return self.sink.take()

    def told_before(self, path):
        """Write one more file and wait until it is told: whatever was noted before it and was due no later has been
        looked at since it was written. The paths told until then, this one's with them.
        """
        self.write(path)
        self.sink.wait_for(lambda: any(change.path == path for change in self.sink.news))
        return [change.path for change in self.sink.take()]

    def told(self):
        """What was brought since the last time, once all is quiet: sorted (path, kind, cause)."""
        return sorted((c.path, c.kind.value, c.cause.value) for c in self.settle())

    def write(self, path, text="x"):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def move_in(self, path, text="x"):
        """A file that comes whole from outside: one event, and no second one to make up for a loss of the first."""
        outside = self.home / "outside.part"
        outside.write_text(text)
        outside.rename(self.root / path)

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

    @contextmanager
    def git_halted_at(self, path, *arguments):
        """git is halted before it writes this file, its index locked and some of its work done, for as long as the
        block lasts. It has ended when this returns.
        """
        gate = self.home / "gate"
        gate.mkdir(exist_ok=True)
        for pipe in (gate / "here", gate / "on"):
            pipe.unlink(missing_ok=True)
            os.mkfifo(pipe)
        (gate / "armed").touch()
        (self.root / ".git/info").mkdir(exist_ok=True)
        (self.root / ".git/info/attributes").write_text(f"{path} filter=halt\n")
        halt = f"rm {gate}/armed 2>/dev/null || exec cat; echo >{gate}/here; cat {gate}/on; exec cat"
        here = os.open(gate / "here", os.O_RDWR)
        with ThreadPoolExecutor(1) as pool:
            git = pool.submit(self.git, "-c", f"filter.halt.smudge={halt}", *arguments)
            while not select.select([here], [], [], 0.05)[0]:
                assert not git.done(), "git never came to the file"
            os.close(here)
            try:
                assert (self.root / ".git/index.lock").exists()
                yield
            finally:
                os.close(os.open(gate / "on", os.O_WRONLY))
                git.result()


@pytest.fixture(autouse=True)
def plain_log():
    """A traceback drawn with every value in it costs more than the test that it stands in."""
    before = structlog.get_config()
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])
    yield
    structlog.configure(**before)


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
def storm_of():
    return Storm
