# ruff: noqa: SIM105 - contextlib alone would take longer to import than all that is needed here
"""The keeper of one child process: started by ``daemon.process``, one for each run, as an interpreter of its own.

It makes itself the subreaper of everything the program starts, so that a process which leaves the group, by ``setsid``
or by forking twice, becomes its child and not init's. It passes on the signals it is told to, says how the program
ended, ends what the program left behind (``daemon.hunt``), and is gone. When the daemon dies, even by SIGKILL, the
control pipe closes and the keeper ends everything.

It must start in a few milliseconds, so that it imports built-in modules and ``ctypes``, and nothing else but the step.
A **step** is a module with a function ``main(words)`` that prepares the child, in the child, and becomes the program
itself: it lays namespaces or limits around it without one more interpreter.

Spoken on the status pipe, a line each: ``started PID``, ``failed ERRNO`` (nothing was run), ``exit CODE`` (negative for
a signal), ``gone`` (nothing is left). Read from the control pipe, a byte each: ``I``, ``T`` (signal the program's
group), ``K`` (end everything now); its closing means ``K``.
"""

import _signal as signal  # type: ignore[import-not-found] # what the module signal wraps, without enum: half the start
import ctypes
import os
import select
import sys
import time

from daemon.hunt import Hunt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LINGER = 0.2
"""Seconds that processes the program left behind get to end by themselves: a `tee` at the end of a pipeline."""
_MOST_AT_ONCE = 1000
"""Children to collect before anything else is looked at."""
_LEAST_PAUSE, _MOST_PAUSE = 0.01, 1.0
"""Seconds between two looks at what does not die: in the kernel's hands, a debugger's, or another user's."""


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _start(argv: list[str], step: str) -> int:
    """Start the program in a session of its own; its process id. Raises OSError when it cannot be executed; a step
    has ways of its own to say so, and is not waited for.
    """
    failure_read, failure_write = os.pipe()  # closed by a successful exec, so reading it tells how the exec went
    pid = os.fork()
    if pid == 0:
        _become(argv, step, failure_write)
    os.close(failure_write)
    with os.fdopen(failure_read, "rb") as pipe:
        failure = pipe.read()
    if failure:
        os.waitpid(pid, 0)
        raise OSError(int(failure), os.strerror(int(failure)))
    return pid


def _become(argv: list[str], step: str, failure: int) -> "NoReturn":
    """In the child: become the program, or write the error number and end."""
    code = 127
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        if step:
            os.close(failure)
            __import__(step)
            code = sys.modules[step].main(argv)
        else:
            os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2 if step else failure, (repr(error) if step else str(error.errno or 0)).encode())
    except Exception as error:  # noqa: BLE001 - nobody above this child would ever hear of it
        os.write(2, repr(error).encode())
    finally:
        os._exit(code)


class Keeper:
    """Waits for the program and for orders, and reaps whatever becomes its child."""

    def __init__(self, pid: int, control: int, status: int) -> None:
        self._pid = pid
        self._control = control
        self._status = status
        self._code: int | None = None
        self._hunt = Hunt()
        self._more = False  # there may be more children to collect
        self._wake, write = os.pipe()
        for end in (self._wake, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._poll.register(control, select.POLLIN)

    def keep(self) -> None:
        """Until the program has ended and nothing of it is left."""
        while self._reap() and self._code is None:
            if self._wait(None):
                self._end_all()
        deadline = time.monotonic() + LINGER
        while self._reap():
            left = deadline - time.monotonic()
            if left <= 0 or self._wait(left):
                self._end_all()

    def _reap(self) -> bool:
        """Collect the children that have ended; whether any child is left. Says how the program ended, once."""
        for _ in range(_MOST_AT_ONCE):  # an order must be heard though they end faster than they are collected
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            self._more = pid != 0
            if not self._more:
                return True
            self._hunt.waited_for(pid)
            if pid == self._pid and self._code is None:
                self._code = os.waitstatus_to_exitcode(status)
                _say(self._status, f"exit {self._code}")
        return True

    def _wait(self, seconds: float | None) -> bool:
        """Wait for a child's end or an order and carry it out; whether everything is to be ended now."""
        if self._more:
            seconds = 0
        for fd, _ in self._poll.poll(None if seconds is None else seconds * 1000):
            if fd == self._wake:
                self._awake()
                continue
            orders = os.read(self._control, 64)
            if not orders or b"K" in orders:
                self._poll.unregister(self._control)
                return True
            for order in orders if self._code is None else b"":  # the number may be another group's by now
                try:
                    os.killpg(self._pid, signal.SIGINT if order == ord("I") else signal.SIGTERM)
                except (ProcessLookupError, PermissionError):
                    pass
        return False

    def _end_all(self) -> None:
        """Kill everything below, look by look, until nothing is left. Orders can say no more than is being done.

        While a look finds anybody new, the dead are not collected: where the number of processes is limited, each of
        them keeps a place that could be forked into.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # waited for below, without a handler for each
        pause = _LEAST_PAUSE
        while True:
            while self._hunt.look() and self._hunt.held < _MOST_AT_ONCE:
                pause = _LEAST_PAUSE
            if not self._reap():
                return
            if not self._more and signal.sigtimedwait({signal.SIGCHLD}, pause) is None:
                pause = min(2 * pause, _MOST_PAUSE)

    def _awake(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass


def _say(status: int, line: str) -> None:
    try:
        os.write(status, line.encode() + b"\n")
    except OSError:  # the daemon may be gone; there is still work to do
        pass


def main() -> int:
    """``STATUS_FD CONTROL_FD STEP PROGRAM [ARGUMENT...]``; an empty ``STEP`` is none."""
    status, control, step, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    for fd in (status, control):
        os.set_inheritable(fd, False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # only the daemon decides when a run ends
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        pid = _start(argv, step)
    except OSError as error:
        _say(status, f"failed {error.errno or 0}")
        return 1
    _say(status, f"started {pid}")
    nothing = os.open(os.devnull, os.O_RDWR)  # the pipes are the program's: ours would hold them open
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    Keeper(pid, control, status).keep()
    _say(status, "gone")
    return 0
