"""Looks whether an agent is to be had on this machine: installed, which version, logged in. Runs no turn."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from daemon.agents.needs import Availability, Needs
from daemon.agents.text import one_line
from daemon.process import PASSED_ON, environment, run_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Agent

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?(?:[-+.][0-9A-Za-z.-]+)?")


@runtime_checkable
class Needy(Protocol):
    """An agent that says what it needs."""

    @property
    def needs(self) -> Needs:
        """What it needs of this machine."""


def probe(
    agent: Agent, *, environ: Mapping[str, str] | None = None, home: Path | None = None, timeout: float = 10.0
) -> Availability:
    """Whether ``agent`` is to be had. Runs its program once to ask for its version, in an empty HOME and folder, for at
    most ``timeout`` seconds. Never raises.
    """
    environ = os.environ if environ is None else environ
    home = home or Path(environ.get("HOME") or "/")
    needs = agent.needs if isinstance(agent, Needy) else Needs()
    if needs.module is not None and not _importable(needs.module):
        return Availability(
            installed=False,
            reason=f"the Python package {needs.module} is not installed",
            remedy=f"pip install 'kiro-hookd[{needs.extra}]'" if needs.extra else needs.install,
        )
    version = None
    if needs.executable is not None:
        path = shutil.which(needs.executable, path=environ.get("PATH"))
        if path is None and not _looked_for_in_the_workspace(needs.executable):
            return Availability(
                installed=False,
                reason=f"{needs.executable} is not on PATH",
                remedy=needs.install or f"install {needs.executable}",
            )
        if path is not None and needs.version is not None:
            version = _version(path, needs.version, environ, timeout)
    logged_in = _logged_in(needs, environ, home)
    return Availability(
        installed=True,
        version=version,
        logged_in=logged_in,
        reason="not logged in" if logged_in is False else "",
        remedy=needs.login if logged_in is False else "",
    )


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _looked_for_in_the_workspace(executable: str) -> bool:
    """Whether it is a path relative to the workspace, of which nothing is known here."""
    return "/" in executable and not executable.startswith("/")


def _logged_in(needs: Needs, environ: Mapping[str, str], home: Path) -> bool | None:
    if any(environ.get(name) for name in needs.login_env):
        return True
    if any((home / name).is_file() for name in needs.login_files):
        return True
    if needs.login_unknown or not (needs.login_env or needs.login_files):
        return None
    return False


def _version(path: str, args: tuple[str, ...], environ: Mapping[str, str], timeout: float) -> str | None:
    with tempfile.TemporaryDirectory(prefix="kiro-hookd-probe-") as folder:
        quiet = {"HOME": folder, "TMPDIR": folder, "XDG_CONFIG_HOME": folder, "DO_NOT_TRACK": "1", "CI": "1"}
        end = run_program(
            [path, *args],
            env=environment(environ, PASSED_ON, quiet),
            cwd=folder,
            stop=threading.Event(),
            timeout=timeout,
            grace=0.5,
            output_limit=64 * 1024,
        )
    text = (end.stdout or end.stderr).decode("utf-8", "replace")
    found = _VERSION.search(text)
    return found[0] if found else one_line(text, 60) or None
