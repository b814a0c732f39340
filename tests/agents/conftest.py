from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from daemon.agents.attend import attend
from daemon.agents.interpreter import module_argv
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


class Warm:
    """A process with the libraries of the drivers loaded (``programs/warm.py``), started when it is first needed."""

    def __init__(self):
        self._process = None
        self._address = f"kiro-hookd-tests-{secrets.token_hex(8)}"

    def instead(self, argv):
        """The command line that runs a driver there; any other command line as it is."""
        if argv not in (module_argv("daemon.agents.drivers.model"), module_argv("daemon.agents.drivers.acp")):
            return argv
        if self._process is None:
            line = [sys.executable, "-I", "-X", "utf8", str(PROGRAMS / "warm.py"), "serve", self._address]
            self._process = subprocess.Popen(line, stdout=subprocess.PIPE)
            assert self._process.stdout.readline() == b"ready\n"
        return [sys.executable, "-I", "-S", str(PROGRAMS / "warm.py"), "run", self._address, argv[-1]]

    def end(self):
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture(scope="session")
def warm():
    process = Warm()
    yield process
    process.end()


@pytest.fixture
def run_as_it_is(tmp_path, root):
    """Runs programs in the workspace, with an empty HOME."""
    home = tmp_path / "home"
    home.mkdir()

    def go(program, argv=None):
        own = {"HOME": str(home), "TMPDIR": str(home), **program.env}
        return run_program(
            argv or program.argv,
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
def run(run_as_it_is, warm):
    """As ``run_as_it_is``, with drivers of ours in a fork of a process that has their libraries loaded."""
    return lambda program: run_as_it_is(program, warm.instead(program.argv))


@pytest.fixture
def play(run):
    return lambda agent, request: attend(agent, request, run)


@pytest.fixture
def play_as_it_is(run_as_it_is):
    """As ``play``, with drivers started just as the daemon starts them."""
    return lambda agent, request: attend(agent, request, run_as_it_is)


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
