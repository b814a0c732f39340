"""Whatever is done to a tree, in whatever order and with whatever crashes: what is told is what differs."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

FILES = st.sampled_from(
    ["a.txt", "b.txt", "d/a.txt", "d/e/a.txt", "d/e/b.txt", "f/a.txt", "node_modules/a.txt", "a.bin"]
)
DIRECTORIES = st.sampled_from(["d", "d/e", "f", "node_modules"])
TEXTS = st.sampled_from(["", "one", "two", "three"])


def make_machine(bench_class):  # noqa: C901 one machine, many small rules
    class Tree(RuleBasedStateMachine):
        """The model is a dictionary: what was told last. Between two looks the watch's thread is held, so that what
        happened in between is one state to it; the reader goes on reading."""

        def __init__(self):
            super().__init__()
            self.home = Path(tempfile.mkdtemp(prefix="watch-machine-"))
            self.bench = bench_class(self.home)
            self.told = {}
            for branch, text in (("main", "one"), ("other", "two")):
                if branch == "main":
                    self.bench.git("init", "-q")
                else:
                    self.bench.git("checkout", "-qb", "other")
                for name in ("a.txt", "d/tracked.txt", f"{branch}/only.txt"):
                    self.bench.write(name, f"{branch} {text}")
                self.bench.git("add", "-A")
                self.bench.git("commit", "-qm", branch)
            self.bench.start()
            self.told = self.standing()
            self.hold()

        def hold(self):
            self.held = ExitStack()
            self.held.enter_context(self.bench.held())

        def standing(self):
            root = self.bench.root
            return {
                str(file.relative_to(root)): file.read_text()
                for file in root.rglob("*.txt")
                if self.bench.plan.concerns(str(file.relative_to(root))) and file.is_file() and not file.is_symlink()
            }

        @rule(path=FILES, text=TEXTS)
        def write(self, path, text):
            self.bench.write(path, text)

        @rule(path=FILES, text=TEXTS)
        def save_atomically(self, path, text):
            self.bench.write(f"{path}.tmp", text)
            os.replace(self.bench.root / f"{path}.tmp", self.bench.root / path)

        @rule(path=FILES)
        def delete(self, path):
            (self.bench.root / path).unlink(missing_ok=True)

        @rule(path=FILES)
        def touch(self, path):
            if (self.bench.root / path).exists():
                os.utime(self.bench.root / path)

        @rule(old=FILES, new=FILES)
        def rename(self, old, new):
            if (self.bench.root / old).exists():
                (self.bench.root / new).parent.mkdir(parents=True, exist_ok=True)
                os.replace(self.bench.root / old, self.bench.root / new)

        @rule(old=DIRECTORIES, new=DIRECTORIES)
        def rename_directory(self, old, new):
            old, new = self.bench.root / old, self.bench.root / new
            if old.is_dir() and not new.exists() and not new.is_relative_to(old):
                new.parent.mkdir(parents=True, exist_ok=True)
                old.rename(new)

        @rule(directory=DIRECTORIES)
        def remove_directory(self, directory):
            shutil.rmtree(self.bench.root / directory, ignore_errors=True)

        @rule(branch=st.sampled_from(["main", "other"]))
        def checkout(self, branch):
            self.bench.git("checkout", "-qf", branch)

        @rule(read=st.booleans())
        def lose_events(self, read):
            """All that there are, or those that have been read by now."""
            if read:
                self.bench.read()
            self.bench.workspace.box.take()
            self.bench.workspace.box.lose()

        @rule(write=st.none() | st.tuples(FILES, TEXTS))
        def crash(self, write):
            """What happened since the last look is still untold when the watch dies, or most of it."""
            self.held.close()
            self.bench.stop()
            told_before = self.bench.sink.take()
            self.bench.crash()
            if write:
                self.bench.write(*write)
            self.bench.start()
            self.compare(told_before)
            self.hold()

        @rule()
        def look(self):
            self.held.close()
            self.compare([])
            self.hold()

        def compare(self, before):
            """Each change leads from what was told to what is next, and the last to what stands. Without a crash in
            between there is one a file."""
            changes = before + self.bench.settle()
            standing = self.standing()
            expected = {path: "created" for path in standing.keys() - self.told.keys()}  # noqa: C420 three of a kind
            expected |= {path: "deleted" for path in self.told.keys() - standing.keys()}  # noqa: C420 three of a kind
            expected |= {p: "modified" for p in standing.keys() & self.told.keys() if standing[p] != self.told[p]}
            if not before:
                assert sorted((change.path, change.kind.value) for change in changes) == sorted(expected.items())
            known = {path: sha256(text.encode()).hexdigest() for path, text in self.told.items()}
            for change in changes:
                assert (change.kind == "created") == (change.path not in known)
                assert known.pop(change.path, None) != change.sha256
                if change.sha256 is not None:
                    known[change.path] = change.sha256
            assert known == {path: sha256(text.encode()).hexdigest() for path, text in standing.items()}
            self.told = standing

        @invariant()
        def the_reader_lives(self):
            assert self.bench.watch.status().alive

        def teardown(self):
            self.held.close()
            self.compare([])
            assert self.bench.database.check() == "ok"
            self.bench.stop()
            self.bench.database.close()
            shutil.rmtree(self.home)

    return Tree


_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def _run(bench, examples, steps):
    case = make_machine(type(bench)).TestCase
    case.settings = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=_CHECKS, database=None
    )
    case().runTest()


def test_what_is_told_is_what_differs_whatever_was_done(bench):
    _run(bench, 8, 16)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_what_is_told_is_what_differs_whatever_was_done_at_length(bench):
    _run(bench, 60, 40)
