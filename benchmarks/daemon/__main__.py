"""What the running daemon costs: ``python -m benchmarks.daemon [--seconds 60]``.

A tree of 2,000 directories; idle wake-ups a minute (voluntary context switches of all threads), resident memory,
the time of ``status``, and the builtin agent from claim to report. Peers in the same run: watchdog's Observer on the
same tree, and the bare interpreter (what any Python command costs before it does anything).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daemon.control.client import Client, DaemonGoneError
from daemon.report.reader import ReportReader
from daemon.state.paths import from_environment

DIRECTORIES = 2_000
HOOKS = Path(__file__).parents[2] / "examples/shop/.kiro/settings/hooks.yaml"
LAMBDA = Path(__file__).parents[2] / "examples/changes/src/functions/refund.ts"
OBSERVER = """
import sys, time
from watchdog.events import FileSystemEventHandler, FileClosedEvent, FileCreatedEvent, FileMovedEvent
from watchdog.observers import Observer
observer = Observer()
observer.schedule(FileSystemEventHandler(), sys.argv[1], recursive=True,
                  event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent])
observer.start()
print("ready", flush=True)
time.sleep(3600)
"""


def tree(root: Path) -> None:
    for number in range(DIRECTORIES):
        folder = root / "src" / f"m{number % 50}" / f"d{number}"
        folder.mkdir(parents=True)
        (folder / "a.ts").write_text("export {};\n")
    (root / "src/functions").mkdir()
    (root / "src/controllers").mkdir()
    (root / ".kiro/settings").mkdir(parents=True)
    # Both published hooks, and one that makes every directory worth watching.
    everywhere = "\n  - name: All\n    trigger: file_deleted\n    pattern: '**/*.ts'\n    command: 'true'\n"
    (root / ".kiro/settings/hooks.yaml").write_text(HOOKS.read_text("utf-8") + everywhere)


def wakeups(pid: int) -> int:
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                count += int(line.split()[1])
    return count


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


def idle(pid: int, seconds: float) -> tuple[float, float]:
    before, used = wakeups(pid), processor(pid)
    time.sleep(seconds)
    return (wakeups(pid) - before) * 60 / seconds, (processor(pid) - used) * 60 / seconds


def timed(command: list[str], env: dict[str, str], times: int = 15) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, env=env, check=True, capture_output=True)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to look at an idle process")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        root = base / "tree"
        tree(root)
        env = {"PATH": os.environ["PATH"], "HOME": str(base / "home"), "XDG_RUNTIME_DIR": str(base / "run")}
        hookd = [sys.executable, "-m", "daemon"]
        subprocess.run([*hookd, "trust", str(root), "--yes"], env=env, check=True, capture_output=True)
        with (base / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen([*hookd, "run", str(root)], env=env, stderr=log)
        observer = subprocess.Popen([sys.executable, "-c", OBSERVER, str(root)], stdout=subprocess.PIPE)
        try:
            measure(daemon, observer, root, env, seconds)
        finally:
            for process in (daemon, observer):
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def measure(
    daemon: subprocess.Popen[bytes], observer: subprocess.Popen[bytes], root: Path, env: dict[str, str], seconds: float
) -> None:
    paths = from_environment(env)
    while not running(paths.socket):
        time.sleep(0.05)
    assert observer.stdout is not None
    observer.stdout.readline()
    time.sleep(3)
    ours, our_cpu = idle(daemon.pid, seconds)
    theirs, their_cpu = idle(observer.pid, min(seconds, 10))
    status = timed([sys.executable, "-m", "daemon", "status", "--json"], env)
    bare = timed([sys.executable, "-c", "pass"], env)
    builtin = runs(root, env)
    mine, other = resident(daemon.pid), resident(observer.pid)
    print(f"| measured ({DIRECTORIES} directories) | kiro-hookd | peer | ratio |")
    print("|---|---|---|---|")
    print(f"| idle wake-ups a minute | {ours:.1f} | {theirs:.1f} (watchdog Observer) | {ratio(ours, theirs)} |")
    print(
        f"| idle CPU, ms a minute | {our_cpu:.0f} | {their_cpu:.0f} (watchdog Observer) | {ratio(our_cpu, their_cpu)} |"
    )
    print(f"| resident memory, MiB | {mine:.1f} | {other:.1f} (watchdog Observer) | {ratio(mine, other)} |")
    print(f"| `status`, ms (median of 15) | {status:.0f} | {bare:.0f} (bare interpreter) | {ratio(status, bare)} |")
    print(f"| builtin, claim to report, ms | {builtin:.0f} | {bare:.0f} (bare interpreter) | {ratio(builtin, bare)} |")


def running(socket: Path) -> bool:
    try:
        return bool(Client(socket).status()["running"])
    except DaemonGoneError:
        return False


def runs(root: Path, env: dict[str, str]) -> float:
    """The median duration, in milliseconds, that the report log gives for 15 reviews of one new Lambda each."""
    for number in range(15):
        (root / f"src/functions/new{number}.ts").write_text(LAMBDA.read_text("utf-8"))
        reader = ReportReader(from_environment(env).workspace(root).reports)
        while len(list(reader.records())) <= number:
            time.sleep(0.05)
    records = [record.value for record in reader.records()]
    failed = [json.dumps(value["error"]) for value in records if value["outcome"] != "succeeded"]
    if failed:
        sys.exit(f"a run failed: {failed[0]}")
    return statistics.median(value["duration_s"] for value in records) * 1000


def ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}" if theirs else "-"


if __name__ == "__main__":
    main()
