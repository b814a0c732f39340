"""A real daemon, in its own process, on its own HOME, over a real tree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.report.reader import ReportReader
from daemon.state.paths import from_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60.0
PUBLISHED = (Path(__file__).parents[2] / "examples/shop/.kiro/settings/hooks.yaml").read_text("utf-8")


def eventually(look: Callable[[], Any], *, what: str, patience: float = PATIENCE) -> Any:
    """The first true answer of ``look``; a failure that names ``what`` when none comes in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.02)
    pytest.fail(f"waited {patience:g} s in vain for {what}")


class Machine:
    """A user's machine: HOME, state, one workspace, and the command."""

    def __init__(self, base: Path) -> None:
        self.home, self.root = base / "home", base / "shop"
        self.home.mkdir(parents=True)
        self.root.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.env = {
            **kept,
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(base / "runtime"),
            "XDG_STATE_HOME": str(base / "state"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@localhost",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@localhost",
        }
        self.paths = from_environment(self.env)

    def hooks(self, text: str) -> None:
        """Write hooks.yaml."""
        self.write(".kiro/settings/hooks.yaml", text)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the workspace."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def hookd(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> str:
        """Run the command to its end; its stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "daemon", *arguments],
            env=self.env,
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.said = done.stderr
        return done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        """The same with ``--json``."""
        return json.loads(self.hookd(*arguments, "--json", code=code))

    def trust(self) -> None:
        self.hookd("trust", "--yes")

    def work(self) -> None:
        """Catch up and work the queue empty."""
        self.hookd("run", str(self.root), "--until-idle")

    @contextmanager
    def daemon(
        self, *, expect_stop: int | None = 0, arguments: tuple[str, ...] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A daemon that is running, for as long as the context lasts."""
        with (self.home / "daemon.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "daemon", "run", *((str(self.root),) if arguments is None else arguments)],
                env=self.env,
                stderr=log,
                cwd=self.home,
            )
        try:
            eventually(lambda: self._running(process), what="the daemon to run")
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            ended = process.wait(PATIENCE)
        if expect_stop is not None:
            assert ended == expect_stop, (self.home / "daemon.log").read_text()

    def _running(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, (self.home / "daemon.log").read_text()
        return bool(self.status()["running"])

    def status(self) -> dict[str, Any]:
        from daemon.control.client import Client, DaemonGoneError

        try:
            return Client(self.paths.socket).status()
        except DaemonGoneError:
            return {"running": False}

    def reports(self) -> list[dict[str, Any]]:
        """Every run so far."""
        return [record.value for record in ReportReader(self.paths.workspace(self.root).reports).records()]

    def changed(self) -> list[tuple[str, str, str]]:
        """(hook, kind, path) of every change of every run so far."""
        return [
            (report["hook"], change["kind"], change["path"])
            for report in self.reports()
            for change in report["changes"]
        ]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Every run, once there are so many."""
        return eventually(lambda: (r := self.reports()) and len(r) >= count and r, what=f"{count} reports")

    def barrier(self, path: str, hook: str) -> None:
        """Wait until everything written before now has been acted upon: a file written now settles later."""
        self.write(path, f"barrier {time.monotonic_ns()}\n")
        eventually(lambda: any(run[0] == hook and run[2] == path for run in self.changed()), what=f"the run on {path}")
        eventually(self._quiet, what="the queue to be empty")

    def _quiet(self) -> bool:
        queue = self.status()["queue"]
        return not queue["waiting"] and not queue["running"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
