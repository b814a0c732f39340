"""What the daemon weighs while a model is asked: ``python -m benchmarks.agents.memory [--kind openai] [--runs 3]``.

The real daemon (``python -m daemon run``) on a small trusted workspace with one hook, whose agent asks the scripted
model on the loopback device. Its resident memory is read when it is idle, every 20 ms while a run is under way (the
most counts; the model makes the run wait for a while), and after it; then whether a child is left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.agents.model_server import ModelServer
from daemon.control.client import Client, DaemonGoneError
from daemon.report.reader import ReportReader
from daemon.state.paths import from_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOOKD = [sys.executable, "-m", "daemon"]
ALLOWED = 5.0
"""MiB that a run may add to the idle daemon."""
HELD = 3.0
"""Seconds for which the model lets a run wait."""
HOOKS = """
agents:
  house:
    kind: {kind}
    model: scripted
    endpoint: {endpoint}
    {region}
    env: {env}
hooks:
  - name: Review
    trigger: manual
    agent: house
    action: 'Review the change. [[script {{"do": "findings", "file": "src/pay.ts", "wait": true}}]]'
"""


def workspace(root: Path, kind: str, url: str) -> None:
    aws = kind == "bedrock"
    keys = {"AWS_ACCESS_KEY_ID": "AKIDSCRIPTED", "AWS_SECRET_ACCESS_KEY": "scripted"}
    text = HOOKS.format(
        kind=kind,
        endpoint=url if aws else f"{url}/v1",
        region="region: eu-west-1" if aws else "",
        env=json.dumps(keys if aws else {"OPENAI_API_KEY": "scripted"}),
    )
    (root / "src").mkdir(parents=True)
    (root / "src/pay.ts").write_text("const a = 1;\nconst key = 'not-a-real-key';\n")
    (root / ".kiro/settings").mkdir(parents=True)
    (root / ".kiro/settings/hooks.yaml").write_text(text)


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``."""
    parents: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            parents.setdefault(parent, []).append(int(process.name))
    found, left = [], [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"waited for two minutes in vain: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def running(root: Path, env: dict[str, str], log: Path) -> Iterator[int]:
    """The daemon on the workspace; its process id."""
    subprocess.run([*HOOKD, "trust", str(root), "--yes"], env=env, check=True, capture_output=True)
    with log.open("wb") as stream:
        daemon = subprocess.Popen([*HOOKD, "run", str(root)], env=env, stderr=stream)
    client = Client(from_environment(env).socket)

    def answers() -> bool:
        with contextlib.suppress(DaemonGoneError):
            return bool(client.status()["running"])
        return False

    try:
        until("the daemon answers", answers)
        yield daemon.pid
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)


def one_run(pid: int, root: Path, env: dict[str, str], server: ModelServer, number: int) -> tuple[float, float, int]:
    """The most that the daemon weighed during a run, what its child weighed, and how many processes are left."""
    server.waiting.clear()
    server.go.clear()
    most, child, over = 0.0, 0.0, threading.Event()

    def look() -> None:
        nonlocal most
        while not over.is_set():
            most = max(most, resident(pid))
            time.sleep(0.02)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    fired = [*HOOKD, "fire", "Review", str(root / "src/pay.ts"), "-w", str(root)]
    fire = subprocess.run(fired, env=env, check=False, capture_output=True, text=True)
    if fire.returncode:
        sys.exit(f"fire said: {fire.stderr or fire.stdout}")
    until("the model is asked", server.waiting.is_set)
    time.sleep(HELD)
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            child = max(child, resident(process))
    server.go.set()
    reader = ReportReader(from_environment(env).workspace(root).reports)
    until("the report", lambda: len(list(reader.records())) > number)
    over.set()
    watcher.join()
    last = list(reader.records())[-1].value
    if last["outcome"] != "succeeded" or not last["findings"]:
        sys.exit(f"the run came to nothing: {last['outcome']}: {last['error']}")
    with contextlib.suppress(SystemExit):
        until("no child is left", lambda: not descendants(pid))
    return most, child, len(descendants(pid))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["bedrock", "openai"], default="bedrock")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    server = ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="agents-memory-", dir="/var/tmp") as folder:
        base = Path(folder)
        root = base / "work"
        workspace(root, asked.kind, server.url)
        env = {"PATH": os.environ["PATH"], "HOME": str(base / "home"), "XDG_RUNTIME_DIR": str(base / "run")}
        (base / "home").mkdir()
        (base / "run").mkdir(mode=0o700)
        with running(root, env, base / "daemon.log") as pid:
            time.sleep(3)
            idle = resident(pid)
            print(f"| {asked.kind} | daemon, MiB | above idle, MiB | largest child, MiB | processes left |")
            print("|---|---|---|---|---|")
            print(f"| idle | {idle:.1f} | - | - | {len(descendants(pid))} |")
            worst, left = 0.0, 0
            for number in range(asked.runs):
                most, child, here = one_run(pid, root, env, server, number)
                print(f"| run {number + 1} | {most:.1f} | {most - idle:.1f} | {child:.1f} | {here} |")
                worst, left = max(worst, most - idle), left + here
            print(f"| idle again | {resident(pid):.1f} | {resident(pid) - idle:.1f} | - | {len(descendants(pid))} |")
    return 0 if worst <= ALLOWED and not left else 1


if __name__ == "__main__":
    sys.exit(main())
