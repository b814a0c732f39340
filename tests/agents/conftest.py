from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from daemon.agents.attend import attend
from daemon.agents.port import Exit, Request
from daemon.process import PASSED_ON, environment, run_program
from hooks.model import Cause, Change, ChangeKind, Mode

PROGRAMS = Path(__file__).parent / "programs"
TEXT = "const a = 1;\nconst key = 'secret';\nconsole.log(a);\n"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "pay.ts").write_text(TEXT)
    return folder


@pytest.fixture
def ask(root):
    def make(prompt="Review the change.", *, mode=Mode.ADVISORY, paths=("src/pay.ts",), **more):
        changes = tuple(
            Change(path=path, kind=ChangeKind.MODIFIED, cause=Cause.EDIT, sha256="0" * 64) for path in paths
        )
        more.setdefault("timeout", 60.0)
        return Request(hook="the hook", mode=mode, prompt=prompt, root=str(root), changes=changes, **more)

    return make


@pytest.fixture
def run(tmp_path, root):
    """Runs programs in the workspace, with an empty HOME."""
    home = tmp_path / "home"
    home.mkdir()

    def go(program):
        own = {"HOME": str(home), "TMPDIR": str(home), **program.env}
        return run_program(
            program.argv,
            env=environment(os.environ, (*PASSED_ON, *program.pass_env), own),
            cwd=root,
            stop=threading.Event(),
            stdin=program.stdin,
            timeout=program.timeout,
            grace=0.1,
            output_limit=program.output_limit,
        )

    return go


@pytest.fixture
def play(run):
    def go(agent, request):
        return attend(agent, request, run)

    return go


@pytest.fixture
def program():
    """The command line of one of the small programs beside this file."""

    def find(name, *args):
        return [sys.executable, "-I", "-S", str(PROGRAMS / name), *args]

    return find


def ended(stdout="", *, code=0, stderr="", **more):
    return Exit(code=code, stdout=stdout.encode(), stderr=stderr.encode(), **more)


@pytest.fixture(name="ended")
def _ended():
    return ended
