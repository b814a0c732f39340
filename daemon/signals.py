"""Signals of the operating system, heard on a thread of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@contextlib.contextmanager
def heard(on: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """While the context lasts, call ``on[number]`` for each signal that comes, whatever the main thread is doing. The
    former handlers come back afterwards. Off the main thread, where no handler can be set, nothing is heard.

    The interpreter calls a handler on the main thread and at its next step. The kernel may hand a signal to any other
    thread, which does not wake a main thread that waits for a lock; and a handler that takes a lock may find it held by
    the very step it interrupts. So the handler does nothing: the pipe that the interpreter writes each signal's number
    to, from whichever thread had it, is read here, and what is called may take locks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    thread = threading.Thread(target=_listen, args=(read, on), name="signals", daemon=True)
    thread.start()
    fd = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _nothing) for number in on}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(fd)
        os.close(write)
        thread.join()


def _listen(read: int, on: Mapping[int, Callable[[], None]]) -> None:
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while numbers := pipe.read(64):
            for number in numbers:
                if number in on:
                    on[number]()


def _nothing(*_: object) -> None:
    """An ignored signal would not be written to the pipe."""
