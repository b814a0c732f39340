"""Our watch beside what a user would pick instead, on the same trees, one after the other.

    python benchmarks/watch/run.py --peers DIRECTORY [--directories 20000 2000] [--idle 60] [--rounds 3] [--only NAME]

Prints Markdown. DIRECTORY holds the peers that are no system packages: ``venv`` (pip install watchdog watchfiles) and
``node_modules`` (npm install chokidar @parcel/watcher). What is not found is said and left out.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import trees

HERE = Path(__file__).parent / "contenders"
SETTLES = {"ours": 0.1, "watchfiles": 0.05, "@parcel/watcher": 0.05, "watchman": 0.02}
"""Seconds each waits by design before it says anything; taken off the notice times."""
READY_LIMIT = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


def contenders(peers):
    """name -> command, or the reason why it is left out."""
    python = peers / "venv/bin/python"
    node = shutil.which("node")
    found = {"ours": [sys.executable, str(HERE / "ours.py")]}
    for name, script, module in (
        ("watchdog Observer", "watchdog_observer.py", "watchdog"),
        ("watchfiles", "watchfiles_watch.py", "watchfiles"),
    ):
        there = (
            python.exists()
            and not subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode
        )
        found[name] = [str(python), str(HERE / script)] if there else f"no {module} in {peers}/venv"
    for name, script in (("chokidar", "chokidar.cjs"), ("@parcel/watcher", "parcel.cjs")):
        there = node and (peers / "node_modules" / name).exists()
        found[name] = [node, str(peers / script)] if there else f"no {name} in {peers}/node_modules"
        if there:
            shutil.copy(HERE / script, peers / script)
    for name in ("inotifywait", "watchman"):
        found[name] = [sys.executable, str(HERE / f"{name}.py")] if shutil.which(name) else f"no {name} on PATH"
    return found


class Child:
    """A contender at work: what it printed, what it costs."""

    def __init__(self, command, root, state):
        state.mkdir()
        self.notices = []
        self.marks = {}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*command, str(root), str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.pid = self.process.pid
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            first, _, rest = line.rstrip("\n").partition(" ")
            if first == "pid":
                self.pid = int(rest)
            elif first[0].isdigit():
                cause, _, path = rest.partition(" ")
                self.notices.append((float(first), cause, path))
            else:
                self.marks.setdefault(first, rest)

    def wait(self, mark, limit):
        end = time.monotonic() + limit
        while mark not in self.marks and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.002)
        return float(self.marks[mark]) - self.began if mark in self.marks else None

    def quiet(self, least=1.5, limit=60.0):
        """Until nothing was printed for a while."""
        end, count, since = time.monotonic() + limit, -1, time.monotonic()
        while time.monotonic() < end:
            if len(self.notices) != count:
                count, since = len(self.notices), time.monotonic()
            elif time.monotonic() - since > least:
                return
            time.sleep(0.02)

    def cpu(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def watches(self):
        return sum(
            info.read_text().count("inotify wd:")
            for info in Path(f"/proc/{self.pid}/fdinfo").iterdir()
            if info.exists()
        )

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def readiness(taken, root, scratch, rounds):
    """name -> the least seconds from the start of the process until it was ready, over rounds in which all take
    their turn, so that a busy moment of the machine does not hit one alone. Ours has its ledger on disk then."""
    times = {name: [] for name in taken}
    for number in range(rounds):
        for name, command in taken.items():
            child = Child(
                command, root, scratch / f"ready-{root.name}-{number}-{len(times[name])}-{list(taken).index(name)}"
            )
            times[name].append(child.wait("ready", READY_LIMIT))
            child.end()
    return {name: min((at for at in found if at is not None), default=None) for name, found in times.items()}


def measure(name, command, root, paths, state, idle):
    """One contender on one tree: figure -> value."""
    child = Child(command, root, state)
    figures = {}
    try:
        if child.wait("ready", READY_LIMIT) is None:
            return {"ended": f"not ready after {READY_LIMIT:.0f} s"}
        if name == "ours":
            child.wait("hashed", READY_LIMIT)
        time.sleep(1)
        figures["memory MiB"] = child.memory()
        figures["watches"] = child.watches()
        figures.update(saves(child, root, paths, SETTLES.get(name, 0.0)))
        figures.update(burst(child, root, paths))
        figures.update(checkout(child, root))
        figures.update(flood(child, root))
        before = child.cpu()
        time.sleep(idle)
        figures[f"idle CPU s in {idle:.0f} s"] = child.cpu() - before
        figures["memory at end MiB"] = child.memory()
    except OSError as error:
        figures["ended"] = str(error)
    finally:
        child.end()
    return figures


def saves(child, root, paths, settle):
    chosen = random.Random(1).sample(paths, 300)
    child.notices.clear()
    times = {}
    for number, path in enumerate(chosen):
        times[path] = time.monotonic()
        (root / path).write_text(f"save {number} {times[path]}\n")
        time.sleep(0.12)
    child.quiet()
    first = {}
    for at, _, path in list(child.notices):
        first.setdefault(path.removeprefix(f"{root}/"), at)
    late = sorted((first[path] - times[path] - settle) * 1000 for path in chosen if path in first)
    return {
        "saves seen of 300": len(late),
        "notice p50 ms": statistics.median(late) if late else None,
        "notice p99 ms": late[int(len(late) * 0.99) - 1] if late else None,
    }


def burst(child, root, paths):
    chosen = paths[:10_000]
    child.notices.clear()
    before = child.cpu()
    text = f"burst {time.monotonic()}\n"
    began = time.monotonic()
    for path in chosen:
        with open(root / path, "w") as stream:
            stream.write(text)
    child.quiet(2.0, 120)
    seen = [path.removeprefix(f"{root}/") for _, _, path in child.notices]
    distinct = set(seen) & set(chosen)
    return {
        f"burst seen of {len(chosen)}": len(distinct),
        "burst doubled": len(seen) - len(distinct),
        "burst last s": max((at for at, _, _ in child.notices), default=began) - began,
        "burst CPU s": child.cpu() - before,
    }


def checkout(child, root):
    trees.git(root, "checkout", "-qf", "start")
    child.quiet(2.0)
    child.notices.clear()
    before = child.cpu()
    trees.git(root, "checkout", "-q", "other")
    child.quiet(2.0)
    edits = sum(cause == "edit" for _, cause, _ in child.notices)
    figures = {"checkout told as edits": edits, "checkout CPU s": child.cpu() - before}
    trees.git(root, "checkout", "-q", "start")
    child.quiet(2.0)
    return figures


def flood(child, root):
    base = root / "node_modules/0/p0"
    child.notices.clear()
    before = child.cpu()
    for number in range(10_000):
        name = base / f"flood{number % 100}.ts"
        with open(name, "w") as stream:
            stream.write("x")
    child.quiet(1.0)
    return {"flood notices": len(child.notices), "flood CPU s": child.cpu() - before}


def table(results):
    """Markdown, one column a contender, each figure with its ratio to ours where one makes sense."""
    names = list(results)
    rows = list(dict.fromkeys(figure for figures in results.values() for figure in figures))
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for row in rows:
        ours = results["ours"].get(row) if "ours" in results else None
        cells = []
        for name in names:
            value = results[name].get(row)
            if value is None:
                cells.append("-")
            elif isinstance(value, str):
                cells.append(value)
            else:
                shown = f"{value:.0f}" if isinstance(value, int) or value >= 100 else f"{value:.2f}"
                ratio = f" ({value / ours:.1f}x)" if name != "ours" and ours and " of " not in row else ""
                cells.append(shown + ratio)
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=Path("watch-peers"))
    parser.add_argument("--directories", type=int, nargs="+", default=[20_000, 2_000])
    parser.add_argument("--idle", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+")
    options = parser.parse_args()
    found = contenders(options.peers.resolve())
    for name, command in found.items():
        print(f"- {name}: {'left out, ' + command if isinstance(command, str) else 'found'}", flush=True)
    with tempfile.TemporaryDirectory(prefix="watch-benchmark-") as scratch:
        for directories in options.directories:
            root = Path(scratch) / f"tree{directories}"
            root.mkdir()
            paths = trees.build(root, directories)
            results = {}
            taken = {name: command for name, command in found.items() if not isinstance(command, str)}
            taken = {name: command for name, command in taken.items() if not options.only or name in options.only}
            ready = readiness(taken, root, Path(scratch), options.rounds)
            for name, command in taken.items():
                state = Path(scratch) / f"state-{directories}-{len(results)}"
                results[name] = {"ready s": ready[name]} | measure(name, command, root, paths, state, options.idle)
                print(f"<!-- {name}: {results[name]} -->", file=sys.stderr, flush=True)
            print(f"\n### {directories} directories, {directories * trees.FILES_EACH} files, half of them ignored\n")
            print(table(results), flush=True)
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
