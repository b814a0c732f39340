"""Runs one program to its end: the only place where the daemon starts somebody else's program.

What is promised: when ``run_program`` returns, the program and everything it started are gone, whether they left the
process group or not. It returns within the deadline plus three times ``grace``, plus ten seconds: what was not killed
by then is told in ``error`` and left to the keeper (``daemon.reaper``), which goes on. That is what the kernel or a
debugger holds, or hundreds of forkers that leave their group at every fork and take all the processor time. No more
than one and a half times ``output_limit`` of each stream is ever held. Should the daemon die, even by SIGKILL, the
programs end too. Nothing but the run's own child is waited for, so several threads may run programs at once.

Not promised: that a program which is not in a process namespace cannot kill its keeper. It is then hunted by session
and by a mark in its environment; a hostile one can clear both. The view puts agents in a namespace from which the
keeper is out of reach.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.kept import Run, why_not
from daemon.program import Exit
from daemon.stop import StopSignal

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["MARK", "PASSED_ON", "StopSignal", "environment", "run_program"]

MARK = "KIRO_HOOKD_RUN"
"""Environment variable that tells a run's processes from all others."""

_HUNT_LASTS = 5.0  # seconds

PASSED_ON = (
    "PATH", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "USER", "LOGNAME", "SHELL", "COLORTERM", "NO_COLOR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE",
)  # fmt: skip
"""What every program gets of the daemon's environment: how to find programs, speak to a person, and reach the net."""


def environment(base: Mapping[str, str], allow: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    """The part of ``base`` that ``allow`` names (a trailing ``*`` stands for any ending), with ``extra`` over it."""
    rules = [re.escape(name[:-1]) + ".*" if name.endswith("*") else re.escape(name) for name in allow]
    allowed = re.compile("|".join(rules) or r"(?!)")
    return {name: value for name, value in base.items() if allowed.fullmatch(name)} | dict(extra)


def run_program(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str],
    stop: threading.Event,
    stdin: bytes = b"",
    timeout: float | None = None,
    grace: float = 2.0,
    output_limit: int = 4 * 1024 * 1024,
    pass_fds: tuple[int, ...] = (),
    step: str = "",
) -> Exit:
    """Run a program and tell how it ended. ``env`` is its whole environment; times are seconds. Never raises for
    what the program is or does: one that cannot be started gives an ``Exit`` whose ``code`` is ``None``.

    At the deadline, or when ``stop`` is set, its process group gets SIGINT, ``grace`` later SIGTERM, ``grace`` later
    everything it started gets SIGKILL.

    ``step`` names a module of ours whose ``main(argv)`` runs in the child and becomes the program (``daemon.reaper``).
    """
    began = time.monotonic()
    if stop.is_set():
        return Exit(code=None, stopped=True, error="stopped before it started")
    mark = secrets.token_hex(12)
    try:
        run = Run(argv, env={**env, MARK: mark}, cwd=cwd, stdin=stdin, limit=output_limit, pass_fds=pass_fds, step=step)
    except (OSError, ValueError) as error:
        return Exit(code=None, error=why_not(argv, error), duration=time.monotonic() - began)
    with run:
        with _waking(stop, run.wake):
            run.supervise(stop, deadline=None if timeout is None else began + timeout, grace=grace)
        if run.lost:
            _hunt(run.pid, mark)
        return run.exit(duration=time.monotonic() - began)


@contextlib.contextmanager
def _waking(stop: threading.Event, wake: Callable[[], None]) -> Iterator[None]:
    if not isinstance(stop, StopSignal):
        yield
        return
    with stop.heard_by(wake):
        yield


def _hunt(session: int | None, mark: str) -> None:
    """Kill what a lost keeper left, the program's session and whatever carries the run's mark, until two looks in turn
    find nobody alive, or ``_HUNT_LASTS``. Who clears both is not found.
    """
    needle = f"{MARK}={mark}".encode()
    strangers: set[str] = set()
    end = time.monotonic() + _HUNT_LASTS
    quiet = 0
    while quiet < 2 and time.monotonic() < end:
        quiet += 1
        for name in reversed(os.listdir("/proc")):  # the newest first: it has forked least
            if name in strangers:
                continue
            if name.isdigit() and _kill_if_left(int(name), session, needle):
                quiet = 0
            else:
                strangers.add(name)
        if quiet:
            strangers.clear()  # a number may be another's by now, and who is just being executed shows no mark
        time.sleep(0.001)  # the killed need a moment to be gone


def _kill_if_left(number: int, session: int | None, needle: bytes) -> bool:
    """Kill a process that is of the session or has the needle in its environment, and its group; whether it was one,
    and alive. Its group is all of this run: the keeper began a session of its own, and nobody joins one from outside.
    """
    with contextlib.suppress(OSError), _held(number) as kill:
        process = Path("/proc", str(number))
        state, _, group, its_session = process.joinpath("stat").read_bytes().rpartition(b")")[2].split()[:4]
        if state in (b"Z", b"X"):
            return False
        if int(its_session) != session and needle not in process.joinpath("environ").read_bytes().split(b"\0"):
            return False
        if int(group) not in (0, os.getpgrp()):
            with contextlib.suppress(OSError):
                os.killpg(int(group), signal.SIGKILL)  # in one stroke, which no fork can pass by
        kill()
        return True
    return False


@contextlib.contextmanager
def _held(number: int) -> Iterator[Callable[[], None]]:
    """How to kill the process that has this number now, and no later one; by number where there are no pidfds."""
    try:
        fd = os.pidfd_open(number)
    except ProcessLookupError:
        raise
    except (OSError, AttributeError):
        yield lambda: os.kill(number, signal.SIGKILL)
        return
    try:
        yield lambda: signal.pidfd_send_signal(fd, signal.SIGKILL)
    finally:
        os.close(fd)
