from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from daemon.process import MARK, PASSED_ON, StopSignal, environment, run_program
from tests.process.waiting import SOON, Word, ended

ENV = environment(os.environ, PASSED_ON, {})


def run(*argv, cwd, stop=None, **more):
    more = {"timeout": SOON, "grace": 0.1} | more
    return run_program(argv, env=ENV, cwd=cwd, stop=stop or threading.Event(), **more)


def python(code, *args, cwd, **more):
    return run(sys.executable, "-S", "-c", code, *args, cwd=cwd, **more)


def past_its_deadline(one_run, was_ready):
    """A run that was ended at its deadline, and not before its program was ready: a busy machine needs a later one."""
    timeout = 0.5
    while not was_ready(end := one_run(timeout)):
        assert timeout < SOON, f"it never got ready: {end}"
        timeout *= 2
    return end


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != b"Z"


@pytest.fixture
def word(tmp_path):
    """What a program says when it is ready."""
    made = Word(tmp_path / "word")
    yield made
    made.close()


def test_output_error_and_exit_code_are_told(tmp_path):
    end = run("sh", "-c", "echo out; echo err >&2; exit 3", cwd=tmp_path)
    assert (end.code, end.stdout, end.stderr, end.error) == (3, b"out\n", b"err\n", "")
    assert (end.timed_out, end.stopped, end.truncated) == (False, False, False)


def test_the_working_directory_and_the_whole_environment_are_the_callers(tmp_path):
    end = run_program(["/usr/bin/env"], env={"ONLY": "this"}, cwd=tmp_path, stop=threading.Event(), timeout=SOON)
    names = {line.partition(b"=")[0].decode() for line in end.stdout.splitlines()}
    assert names - {"PWD", "LC_CTYPE"} == {"ONLY", MARK}
    assert run("pwd", cwd=tmp_path).stdout.decode().strip() == str(tmp_path)


def test_stdin_arrives_whole(tmp_path):
    data = os.urandom(3_000_000)
    assert run("cat", cwd=tmp_path, stdin=data, output_limit=8_000_000).stdout == data


def test_a_program_that_does_not_read_its_stdin_is_none_the_worse(tmp_path):
    end = run("sh", "-c", "exec <&-; echo done", cwd=tmp_path, stdin=b"x" * 5_000_000)
    assert (end.code, end.stdout) == (0, b"done\n")


def test_a_program_that_is_not_there_has_no_code_but_a_reason(tmp_path):
    end = run("no-such-program", cwd=tmp_path)
    assert (end.code, end.error) == (None, "no-such-program: not found")


def test_a_file_that_may_not_be_executed_has_no_code_but_a_reason(tmp_path):
    (tmp_path / "tool").write_text("no program")
    end = run(str(tmp_path / "tool"), cwd=tmp_path)
    assert end.code is None
    assert "ermission denied" in end.error


def test_a_working_directory_that_is_not_there_is_told_and_not_raised(tmp_path):
    end = run("true", cwd=tmp_path / "gone")
    assert end.code is None
    assert end.error


def test_a_signal_that_ended_it_is_a_negative_code(tmp_path):
    assert run("sh", "-c", "kill -SEGV $$", cwd=tmp_path).code == -signal.SIGSEGV


def test_output_beyond_the_limit_keeps_its_head_and_its_tail(tmp_path):
    end = python("print('head'); print('x' * 500_000); print('tail')", cwd=tmp_path, output_limit=10_000)
    assert end.truncated
    assert end.stdout.startswith(b"head\n")
    assert end.stdout.endswith(b"tail\n")
    assert len(end.stdout) < 10_100
    assert b"bytes left out" in end.stdout


def test_output_of_exactly_the_limit_is_whole(tmp_path):
    end = python("import sys; sys.stdout.write('x' * 10_000)", cwd=tmp_path, output_limit=10_000)
    assert (end.stdout, end.truncated) == (b"x" * 10_000, False)


def test_a_gibibyte_of_output_is_drained_in_bounded_memory(tmp_path):
    code = (
        "import os, re, sys, threading\n"
        "from daemon.process import run_program\n"
        "end = run_program(['head', '-c', str(2**30), '/dev/zero'], env=dict(os.environ), cwd='/', "
        "stop=threading.Event(), timeout=100, output_limit=2**20)\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "print(end.code, end.truncated, peak)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said[:2] == ["0", "True"]
    assert int(said[2]) < 80 * 1024  # KiB: the interpreter, one MiB of output twice, and the pipes' buffers


def test_a_run_ends_when_its_program_exits_and_not_when_its_pipes_close(tmp_path):
    end = run("sh", "-c", "sleep 1000 & echo out", cwd=tmp_path, timeout=None)  # else the test's own deadline ends it
    assert (end.code, end.stdout) == (0, b"out\n")


def test_a_child_that_outlives_the_program_is_ended(tmp_path):
    end = run("sh", "-c", "sleep 1000 & echo $!", cwd=tmp_path)
    assert not alive(int(end.stdout))


ESCAPE = """
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setpgid(0, 0)
        os.write(1, str(os.getpid()).encode())
        for fd in (0, 1, 2):
            os.close(fd)
        signal.pause()
    os._exit(0)
os.wait()
{then}
"""


def test_a_grandchild_in_a_session_of_its_own_is_ended_too(tmp_path):
    end = python(ESCAPE.format(then=""), cwd=tmp_path)
    assert end.code == 0
    assert not alive(int(end.stdout))


def test_a_grandchild_in_a_session_of_its_own_is_ended_at_the_deadline(tmp_path):
    end = past_its_deadline(
        lambda timeout: python(ESCAPE.format(then="signal.pause()"), cwd=tmp_path, timeout=timeout),
        lambda end: end.stdout,
    )
    assert end.timed_out
    assert not alive(int(end.stdout))


def test_at_the_deadline_a_program_may_tidy_up_on_sigint(tmp_path):
    script = "trap 'echo tidy; exit 5' INT; echo ready; while :; do sleep 0.01; done"
    end = past_its_deadline(
        lambda timeout: run("sh", "-c", script, cwd=tmp_path, timeout=timeout, grace=SOON), lambda end: end.stdout
    )
    assert (end.timed_out, end.code, end.stdout) == (True, 5, b"ready\ntidy\n")


def test_a_program_deaf_to_int_and_term_is_killed(tmp_path):
    script = (
        "import signal\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\nprint('deaf', flush=True)\nsignal.pause()"
    )
    end = past_its_deadline(lambda timeout: python(script, cwd=tmp_path, timeout=timeout), lambda end: end.stdout)
    assert (end.timed_out, end.code, end.stdout) == (True, -signal.SIGKILL, b"deaf\n")


@pytest.mark.parametrize("kind", [threading.Event, StopSignal])
def test_a_stop_ends_the_run_and_is_no_timeout(tmp_path, word, kind):
    stop = kind()

    def later():
        word.heard()
        stop.set()

    thread = threading.Thread(target=later)
    thread.start()
    end = run("sh", "-c", "echo started >word; exec sleep 1000", cwd=tmp_path, stop=stop, timeout=None)
    thread.join()
    assert (end.stopped, end.timed_out) == (True, False)


def test_a_run_that_is_stopped_already_starts_nothing(tmp_path):
    stop = threading.Event()
    stop.set()
    end = run("touch", "here", cwd=tmp_path, stop=stop)
    assert end.stopped
    assert not (tmp_path / "here").exists()


def test_killing_the_keeper_saves_nobody(tmp_path):
    code = (
        "import os, signal, subprocess\n"
        "child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "os.write(1, str(child.pid).encode())\n"
        "os.kill(os.getppid(), 9)\n"
        "signal.pause()\n"
    )
    end = python(code, cwd=tmp_path)
    assert (end.code, end.error) == (-signal.SIGKILL, "its keeper was killed")
    assert not alive(int(end.stdout))


def test_a_daemon_that_is_killed_takes_its_programs_with_it(tmp_path, word):
    code = (
        "import os, threading\n"
        "from daemon.process import run_program\n"
        "run_program(['sh', '-c', 'setsid sleep 1000 & echo $! $$ >word; wait'], "
        f"env=dict(os.environ), cwd={str(tmp_path)!r}, stop=threading.Event())\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", code])
    pids = word.heard().split()
    assert all(alive(pid) for pid in pids)
    daemon.kill()
    daemon.wait()
    ended(*pids)


def test_no_other_child_of_the_daemon_is_waited_for(tmp_path):
    other = subprocess.Popen(["sh", "-c", "exit 7"])
    ended(other.pid)
    run("sh", "-c", "sleep 1000 & exit 0", cwd=tmp_path)
    assert other.wait() == 7


def test_two_runs_side_by_side_do_not_end_each_others_programs(tmp_path, word):
    ends = {}
    os.mkfifo(tmp_path / "go")

    def one(name, script):
        ends[name] = run("sh", "-c", script, cwd=tmp_path)

    slow = threading.Thread(target=one, args=("slow", "echo up >word; read go <go; setsid sleep 0.01; echo well"))
    slow.start()
    word.heard()
    one("quick", "setsid sleep 1000 & exit 4")
    (tmp_path / "go").write_text("go\n")
    slow.join()
    assert (ends["quick"].code, ends["slow"].code, ends["slow"].stdout) == (4, 0, b"well\n")


def test_nothing_but_the_three_streams_is_handed_to_a_program(tmp_path):
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        end = python("import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])", cwd=tmp_path)
    assert end.stdout == b"[0, 1, 2]\n"


def test_a_file_that_is_passed_on_purpose_arrives(tmp_path):
    (tmp_path / "list").write_text("passed")
    with (tmp_path / "list").open() as file:
        end = python(f"import os; print(os.read({file.fileno()}, 99))", cwd=tmp_path, pass_fds=(file.fileno(),))
    assert end.stdout == b"b'passed'\n"


def test_runs_leave_no_open_files_behind(tmp_path):
    run("true", cwd=tmp_path)
    before = set(os.listdir("/proc/self/fd"))
    run("sh", "-c", "sleep 1000 & exit 1", cwd=tmp_path, stdin=b"x" * 100_000)
    run("no-such-program", cwd=tmp_path)
    run("true", cwd=tmp_path / "gone")
    assert set(os.listdir("/proc/self/fd")) == before


def test_an_environment_is_what_the_list_allows_and_what_is_added():
    base = {"PATH": "/bin", "AWS_PROFILE": "x", "AWS_REGION": "y", "SECRET": "z"}
    assert environment(base, ("PATH", "AWS_*"), {"PATH": "/own", "NEW": "1"}) == {
        "PATH": "/own",
        "AWS_PROFILE": "x",
        "AWS_REGION": "y",
        "NEW": "1",
    }
    assert environment(base, (), {}) == {}


def test_a_step_prepares_the_child_and_says_in_its_own_way_what_failed(tmp_path):
    status = tmp_path / "status"
    words = [
        f"status={status}",
        "lower=/never there",
        "upper=/u",
        "work=/w",
        "merged=/m",
        "--",
        "/bin/true",
        "{status}",
    ]
    end = run(*words, cwd=tmp_path, step="daemon.view.inner")
    assert end.code == 125
    assert status.read_text().startswith("failed ")


def test_a_step_that_cannot_be_imported_runs_nothing_and_is_told(tmp_path):
    end = run("touch", "here", cwd=tmp_path, step="daemon.no_such_step")
    assert end.code not in (0, None)
    assert b"no_such_step" in end.stderr
    assert not (tmp_path / "here").exists()
