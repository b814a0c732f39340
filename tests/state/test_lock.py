from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from daemon.errors import StateError, StateLockedError
from daemon.state import lock
from daemon.state.lock import Holder, hold, holder

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from daemon.state.lock import hold
with hold(Path(sys.argv[1]), socket=Path("/run/x/control.sock")):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_another_process_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with holding(path) as process:
        with pytest.raises(StateLockedError) as caught, hold(path):
            pytest.fail("held twice")
        assert caught.value.pid == process.pid
        assert str(process.pid) in str(caught.value)
        assert holder(path) == Holder(pid=process.pid, socket="/run/x/control.sock")
        process.communicate()
    assert holder(path) is None
    with hold(path):
        assert path.read_text() == f"{os.getpid()}\n\n"


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with holding(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert holder(path) is None
        with hold(path):
            assert path.read_text().startswith(f"{os.getpid()}\n")


def test_a_program_started_while_it_is_held_does_not_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with hold(path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with child:
        assert holder(path) is None
        child.kill()


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with hold(tmp_path / "lock"), pytest.raises(StateLockedError), hold(tmp_path / "lock"):
        pytest.fail("held twice")


def test_it_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), hold(tmp_path / "lock"):
        raise RuntimeError
    assert holder(tmp_path / "lock") is None


def test_a_look_never_keeps_a_daemon_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path):
        pass
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder(path)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            with hold(path):
                assert holder(path) == Holder(pid=os.getpid())
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_lock_file_that_was_removed_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed between opening and locking: the lock must be on the file that others will open."""
    path = tmp_path / "lock"
    real, removed = lock._lock, []

    def remove_first(descriptor: int) -> bool:
        if not removed:
            path.unlink()
            removed.append(True)
        return real(descriptor)

    monkeypatch.setattr(lock, "_lock", remove_first)
    with hold(path):
        assert holder(path) == Holder(pid=os.getpid())


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError), hold(tmp_path / "none" / "lock"):
        pytest.fail("held")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError), hold(tmp_path / "link"):
        pytest.fail("held")


def test_a_lock_that_was_never_made_is_held_by_nobody(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None
    assert list(tmp_path.iterdir()) == []
