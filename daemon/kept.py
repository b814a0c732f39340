"""One program under its keeper (``daemon.reaper``): its pipes, its deadline, and what came out of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from daemon.program import Exit
from daemon.stop import StopSignal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGES = str(Path(__file__).parents[1])
_KEEPER = "import sys; sys.path.append(sys.argv.pop(1)); from daemon.reaper import main; sys.exit(main())"
"""Imported, and not run as a script, so that it is compiled once and not at every start."""

_CHUNK = 256 * 1024
_TICK = 0.25  # seconds between looks at a stop that cannot wake us
_UNKILLABLE = 10.0  # seconds the keeper has to kill everything, before the run no longer waits for it
_CUT = b"\n[... %d bytes left out ...]\n"


class _Sink:
    """Keeps the first and the last part of a stream, and counts what lay between."""

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if len(data) >= self._half:
            self._left_out += len(self._tail) + len(data) - self._half
            self._tail[:] = data[-self._half :]
            return
        self._tail += data
        if len(self._tail) > 2 * self._half:  # cut now and then: each byte is moved once, not once a read
            self._cut()

    def _cut(self) -> None:
        over = len(self._tail) - self._half
        if over > 0:
            del self._tail[:over]
            self._left_out += over

    def value(self) -> tuple[bytes, bool]:
        self._cut()
        if not self._left_out:
            return bytes(self._head + self._tail), False
        return bytes(self._head) + _CUT % self._left_out + bytes(self._tail), True


class Run:
    """A program that was started; a context that leaves no process of it and no open file behind."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str],
        stdin: bytes,
        limit: int,
        pass_fds: tuple[int, ...],
        step: str,
    ) -> None:
        self.kept = False
        self.lost = False
        self.pid: int | None = None
        self._code: int | None = None
        self._error = ""
        self._argv = argv
        self._words = b""
        self._timed_out = self._stopped = self._given_up = False
        self._sinks: dict[int, _Sink] = {}
        self._stdin = memoryview(stdin)
        self._open: set[int] = set()
        self._poll = select.poll()
        with contextlib.ExitStack() as undo:
            status_read, status_write = self._pipe(undo)
            control_read, self._control = self._pipe(undo)
            self._wake_read, self._wake_write = self._pipe(undo)
            starter = (sys.executable, "-I", "-S", "-c", _KEEPER, _PACKAGES)
            self._keeper = subprocess.Popen(
                [*starter, str(status_write), str(control_read), step, *argv],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=env, cwd=cwd,
                start_new_session=True, pass_fds=(status_write, control_read, *pass_fds),
            )  # fmt: skip
            undo.pop_all()
        for theirs in (status_write, control_read):
            self._close(theirs)
        self._status = status_read
        self._watch(limit)

    def _pipe(self, undo: contextlib.ExitStack) -> tuple[int, int]:
        pipe = os.pipe()
        for end in pipe:
            self._open.add(end)
            undo.callback(self._close, end)
        return pipe

    def _watch(self, limit: int) -> None:
        assert self._keeper.stdin
        assert self._keeper.stdout
        assert self._keeper.stderr
        self._in = self._keeper.stdin.fileno()
        self._out = self._keeper.stdout.fileno()
        self._err = self._keeper.stderr.fileno()
        for fd in (self._out, self._err):
            self._sinks[fd] = _Sink(limit)
            with contextlib.suppress(OSError):  # the user's pipe budget may be used up
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _CHUNK)
        self._open |= {self._in, self._out, self._err}
        for fd in (self._in, self._out, self._err, self._status, self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        for fd in (self._out, self._err, self._status, self._wake_read):
            self._poll.register(fd, select.POLLIN)
        if self._stdin:
            self._poll.register(self._in, select.POLLOUT)
        else:
            self._close(self._in)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self._control)  # tells a keeper that is still there to end everything
        for fd in tuple(self._open):
            self._close(fd)
        if self.kept or self.lost:
            self._keeper.kill()  # it has nothing left to do but to end
            self._keeper.wait()
            return
        try:
            self._keeper.wait(0 if self._given_up else _UNKILLABLE)
        except subprocess.TimeoutExpired:  # it alone knows what is left, so that it goes on, and is waited for aside
            threading.Thread(target=self._keeper.wait, name="keeper", daemon=True).start()

    def wake(self) -> None:
        """Make ``supervise`` look at its stop again. From any thread."""
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b".")

    def supervise(self, stop: threading.Event, *, deadline: float | None, grace: float) -> None:
        """Until the keeper is gone: feed, drain, and end the program step by step when its time is up."""
        steps = ["I", "T", "K"]
        due = deadline
        ending = False
        tick = None if isinstance(stop, StopSignal) else _TICK
        while self._status in self._open:
            now = time.monotonic()
            if not ending and stop.is_set() and self._code is None:
                self._stopped = ending = True
                due = now
            if due is not None and now >= due:
                if not ending:
                    self._timed_out = ending = self._code is None
                if not steps:
                    self._given_up = True
                    self._error = "it could not be killed"
                    break
                step = steps.pop(0)
                self._order(step)
                due = now + (grace if step != "K" else _UNKILLABLE)
            wait = None if due is None else max(0.0, due - time.monotonic())
            if tick is not None and not ending:
                wait = tick if wait is None else min(wait, tick)
            self._turn(wait)
        self._drain()

    def _order(self, step: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control, step.encode())
        self._keeper.send_signal(signal.SIGCONT)  # its program may have stopped it

    def _turn(self, wait: float | None) -> None:
        """Wait for something to happen and take it up."""
        for fd, _ in self._poll.poll(None if wait is None else wait * 1000 + 1):
            if fd == self._in:
                self._feed()
            elif fd in self._sinks:
                self._read(fd)
            elif fd == self._status:
                self._listen()
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 64)

    def _feed(self) -> None:
        try:
            self._stdin = self._stdin[os.write(self._in, self._stdin[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._stdin = self._stdin[:0]  # it does not want to read; that is its business
        if not self._stdin:
            self._close(self._in)

    def _read(self, fd: int) -> bool:
        """Take what is there; whether there may be more."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._sinks[fd].add(data)
        else:
            self._close(fd)
        return bool(data)

    def _listen(self) -> None:
        """What the keeper says; its silence, when the pipe closes, that it is gone."""
        data = os.read(self._status, 4096)
        self._words += data
        *lines, self._words = self._words.split(b"\n")
        for line in lines:
            word, _, number = line.partition(b" ")
            if word == b"started":
                self.pid = int(number)
            elif word == b"failed":
                self._error = why_not(self._argv, OSError(int(number), os.strerror(int(number))))
                self.kept = True
            elif word == b"exit":
                self._code = int(number)
            elif word == b"gone":
                self.kept = True
        if not data:
            self._close(self._status)
            self.lost = not self.kept

    def _drain(self) -> None:
        """What the pipes still hold. Nobody is left to write, unless a program out of our reach was handed a pipe, so
        no more is read than a pipe can hold.
        """
        for fd in (self._out, self._err):
            for _ in range(64):
                if fd not in self._open or not self._read(fd):
                    break

    def _close(self, fd: int) -> None:
        if fd not in self._open:
            return
        self._open.discard(fd)
        with contextlib.suppress(KeyError):
            self._poll.unregister(fd)
        for pipe in (self._keeper.stdin, self._keeper.stdout, self._keeper.stderr) if hasattr(self, "_keeper") else ():
            if pipe is not None and not pipe.closed and pipe.fileno() == fd:
                pipe.close()
                return
        os.close(fd)

    def exit(self, *, duration: float) -> Exit:
        """How it ended. A program whose keeper was lost counts as killed."""
        stdout, cut_out = self._sinks[self._out].value()
        stderr, cut_err = self._sinks[self._err].value()
        code = self._code if self._code is not None or self.pid is None else -signal.SIGKILL
        error = self._error or ("" if self.kept else "its keeper was killed")
        return Exit(
            code=code, stdout=stdout, stderr=stderr, truncated=cut_out or cut_err, timed_out=self._timed_out,
            stopped=self._stopped, error=error, duration=duration,
        )  # fmt: skip


def why_not(argv: Sequence[str], error: Exception) -> str:
    """Why a program could not be started, with the program's name."""
    name = argv[0] if argv else "(no program)"
    if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) == 2:
        return f"{name}: not found"
    return f"{name}: {getattr(error, 'strerror', None) or error}"
