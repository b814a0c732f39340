"""Runs a program in a view and keeps an eye on the disk: the one resource no limit of a process bounds."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.process import StopSignal, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from daemon.agents.port import Exit, Program

MOST_WRITTEN = 8 * 1024**3
LEAST_LEFT = 256 * 1024**2
_TICK = 0.25


def run_guarded(
    program: Program,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stop: threading.Event,
    pass_fds: tuple[int, ...] = (),
    step: str = "",
) -> Exit:
    """Run ``argv`` for a program, by way of ``step`` where one is named. A program that fills the disk of ``cwd`` is
    ended, and the exit says so.

    Measured is the free space, so that another's writing counts too: better a run too few than a full disk.
    """
    inner = StopSignal()
    full = ""

    def watch(over: threading.Event) -> None:
        nonlocal full
        free = _free(cwd)
        while not over.wait(_TICK):
            now = _free(cwd)
            if free - now > MOST_WRITTEN or (now < LEAST_LEFT < free):
                full = f"it used up {max(0, free - now) // 1024**2} MiB of the disk"
                inner.set()
                return

    with _forwarded(stop, inner), _thread(watch):
        end = run_program(
            argv, env=env, cwd=cwd, stop=inner, stdin=program.stdin, timeout=program.timeout,
            output_limit=program.output_limit, pass_fds=pass_fds, step=step,
        )  # fmt: skip
    if full and not stop.is_set():
        return replace(end, code=end.code or -9, stopped=False, error=full)
    return end


def why_failed(said: str) -> str:
    """What a step wrote about its failure, for a person; "" when it wrote none."""
    failed = re.match(r"failed (\d+) ([^\n]*)", said)
    return f"{failed[2]}: {os.strerror(int(failed[1]))}" if failed else ""


def _free(path: Path) -> int:
    seen = os.statvfs(path)
    return seen.f_bavail * seen.f_frsize


@contextlib.contextmanager
def _thread(watch: object) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=watch, args=(over,), name="disk", daemon=True)  # type: ignore[arg-type] # callable
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _forwarded(stop: threading.Event, inner: StopSignal) -> Iterator[None]:
    """Have ``inner`` set when ``stop`` is, at once where it can wake us and within a quarter second where not."""
    if isinstance(stop, StopSignal):
        with stop.heard_by(inner.set):
            yield
        return
    if stop.is_set():
        inner.set()

    def relay(over: threading.Event) -> None:
        while not over.wait(0.05):
            if stop.is_set():
                inner.set()
                return

    with _thread(relay):
        yield
