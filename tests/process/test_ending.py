"""How everything a program left is ended: storms of forks, processes that cannot be ended at once, strangers."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from daemon import kept
from daemon.process import PASSED_ON, StopSignal, environment, run_program
from tests.process.waiting import SOON, Word, ended

ENV = environment(os.environ, PASSED_ON, {})
PTRACE_SEIZE = 0x4206


def state_of(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid):
    return state_of(pid) not in {"", "Z", "X"}


def words_of(pid):
    """A process's command line; nothing of one that ended while it was looked at."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def alive_with(word):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and word in words_of(pid) and alive(pid)]


def run_until(word, code, *words, cwd, **more):
    """Run Python code, and stop it at the word."""
    stop = StopSignal()

    def wait():
        word.heard()
        stop.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    argv = [sys.executable, "-S", "-c", code, *words]
    end = run_program(argv, env=ENV, cwd=cwd, stop=stop, timeout=None, grace=0.1, **more)
    waiting.join()
    return end


@pytest.fixture
def up(tmp_path):
    """What a program says when it is up."""
    word = Word(tmp_path / "up")
    yield word
    word.close()


@pytest.fixture
def stop(tmp_path):
    word = Word(tmp_path / "stop")
    yield word
    word.close()


@pytest.fixture
def calm(tmp_path):
    """A file that ends every storm when it is there: whatever becomes of a test, no storm is left on the machine."""
    file = tmp_path / "calm"
    yield file
    file.touch()


STORM = """
import os, signal, sys, time
calm, up, forkers, leave = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "leaving"
end = time.monotonic() + 120  # and if nobody is left to make the file

def storm():
    os.setsid()
    while time.monotonic() < end and not os.path.exists(calm):
        if os.fork():
            os._exit(0)
        if leave:
            os.setsid()
        time.sleep(0.001)
    os._exit(0)

for _ in range(forkers):
    if os.fork() == 0:
        storm()
open(up, "w").write("up")
signal.pause()
"""


@pytest.mark.parametrize("groups", ["keeping", "leaving"])
def test_a_program_that_forks_faster_than_it_is_killed_leaves_nobody(tmp_path, calm, up, groups):
    """Sixty forkers without end. Each is a new process every millisecond, in the same group or in one of its own."""
    end = run_until(up, STORM, str(calm), str(up.path), "60", groups, cwd=tmp_path)
    assert (end.stopped, end.error) == (True, "")
    assert alive_with(str(calm).encode()) == []


def test_a_storm_of_forks_is_ended_though_it_kills_its_keeper(tmp_path, calm):
    code = STORM.replace("signal.pause()", "os.kill(os.getppid(), 9)\nsignal.pause()")
    argv = [sys.executable, "-S", "-c", code, str(calm), str(tmp_path / "up"), "12", "keeping"]
    end = run_program(argv, env=ENV, cwd=tmp_path, stop=threading.Event())
    assert end.error == "its keeper was killed"
    assert alive_with(str(calm).encode()) == []


def test_a_program_that_stops_its_keeper_is_ended_all_the_same(tmp_path, up):
    stopping = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n"
    code = f"{stopping}open({str(up.path)!r}, 'w').write('up')\nsignal.pause()"
    end = run_until(up, code, "stops-its-keeper", cwd=tmp_path)
    assert (end.stopped, end.error) == (True, "")
    assert alive_with(str(up.path).encode()) == []


def test_what_cannot_be_ended_is_told_and_the_keeper_goes_on(tmp_path, up, stop, monkeypatch):
    """A dead process whose debugger does not let it go is as good as one in the kernel's hands."""
    monkeypatch.setattr(kept, "_UNKILLABLE", 0.2)
    go = tmp_path / "go"
    os.mkfifo(go)
    code = (
        f"import os, signal\nopen({str(up.path)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\n"
        f"open({str(go)!r}).read()\nsignal.pause()"
    )
    ends = []
    thread = threading.Thread(target=lambda: ends.append(run_until(stop, code, cwd=tmp_path)))
    thread.start()
    program, keeper = map(int, up.heard().split())
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(PTRACE_SEIZE, program, None, None) == 0, os.strerror(ctypes.get_errno())
    stop.path.write_text("stop")
    thread.join()
    assert (ends[0].stopped, ends[0].error) == (True, "it could not be killed")
    assert state_of(program) == "Z"
    assert alive(keeper)
    [reaper] = [thread for thread in threading.enumerate() if thread.name == "keeper"]
    os.waitpid(program, 0)  # as the debugger
    reaper.join(SOON)
    assert state_of(keeper) == ""


HUNT = """
import ctypes, os, signal, sys
sys.path.insert(0, sys.argv[1])
from daemon.hunt import Hunt
from daemon.reaper import PR_SET_CHILD_SUBREAPER

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
read, write = os.pipe()
for depth in range(3):
    if os.fork():
        if depth:
            os.write(write, b"%d " % os.getpid())
            signal.pause()
        break
    os.setsid()
else:
    os.write(write, b"%d " % os.getpid())
    signal.pause()
said = b""
while said.count(b" ") < 3:
    said += os.read(read, 100)
print(Hunt().look(), said.decode(), flush=True)
os.wait()
"""


def test_one_look_kills_the_children_of_those_it_kills_and_no_stranger(tmp_path):
    """Each in a session of its own, so that no stroke at a group could have hit them."""
    stranger = subprocess.Popen(["sleep", "1000"])
    try:
        packages = str(Path(kept.__file__).parents[1])
        said = subprocess.run(
            [sys.executable, "-S", "-c", HUNT, packages], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout.split()
        assert said[0] == "True"
        assert len(said) == 4
        ended(*said[1:])
        assert alive(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()
