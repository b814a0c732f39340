"""Signals are heard whichever thread the kernel hands them to."""

from __future__ import annotations

import os
import signal
import threading

from daemon.signals import heard

PATIENCE = 60.0


def test_a_signal_that_another_thread_gets_is_heard_while_the_main_thread_waits() -> None:
    came, go = threading.Event(), threading.Event()

    def get_one() -> None:
        go.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    other = threading.Thread(target=get_one)
    with heard({signal.SIGTERM: came.set}):
        other.start()
        go.set()
        assert came.wait(PATIENCE)
    other.join()


def test_what_is_called_may_wait_for_a_lock_that_the_main_thread_holds() -> None:
    lock, came = threading.Lock(), threading.Event()

    def take() -> None:
        with lock:
            came.set()

    with heard({signal.SIGTERM: take}):
        with lock:
            os.kill(os.getpid(), signal.SIGTERM)
        assert came.wait(PATIENCE)


def test_each_signal_is_told_from_the_others_and_the_former_handlers_come_back() -> None:
    heard_of: list[int] = []
    last = threading.Event()
    mine = signal.signal(signal.SIGUSR1, lambda *_: None)
    before = signal.getsignal(signal.SIGHUP)
    try:
        with heard({signal.SIGHUP: lambda: heard_of.append(1), signal.SIGTERM: last.set}):
            for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM):
                os.kill(os.getpid(), number)
            assert last.wait(PATIENCE)
        assert heard_of == [1]
        assert signal.getsignal(signal.SIGHUP) is before
    finally:
        signal.signal(signal.SIGUSR1, mine)


def test_off_the_main_thread_nothing_is_set() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def look() -> None:
        with heard({signal.SIGTERM: lambda: None}):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
