"""Runs the agents that this machine has against a scripted model and prints a table of what they did.

    python -m benchmarks.agents [AGENT...] [--plain] [--json]

Nothing leaves the machine: the command starts itself again in a network namespace that has a loopback device and
nothing else, or, where that is not allowed, says so and goes on. Each run has an empty HOME and a fresh workspace with
hostile agent configuration in it, in the private view; or, with --plain, in a tree that nothing protects, so that the
table tells what an adapter does by itself. Agents below /tmp cannot be seen in the view.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.agents import scenes
from benchmarks.agents.model_server import ModelServer

INSIDE = "KIRO_HOOKD_BENCH_INSIDE"


def alone(module: str = "benchmarks.agents") -> None:
    """Start again where only the loopback device is."""
    if os.environ.get(INSIDE) or not shutil.which("unshare") or not shutil.which("ip"):
        return
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        print("no network namespace to be had here: the agents could reach the network", file=sys.stderr)
        return
    os.environ[INSIDE] = "1"
    script = 'ip link set lo up && exec "$@"'
    again = [sys.executable, "-m", module, *sys.argv[1:]]
    os.execvp("unshare", ["unshare", "-rn", "sh", "-c", script, "sh", *again])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("agents", nargs="*", help="only these")
    options.add_argument("--plain", action="store_true", help="without the private view")
    options.add_argument("--json", action="store_true", help="one JSON object for each agent")
    asked = options.parse_args()
    alone()
    server = ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    with tempfile.TemporaryDirectory(prefix="agents-bench-", dir="/var/tmp") as folder:
        for name, agent, availability in scenes.found(server.url):
            if asked.agents and name not in asked.agents:
                continue
            if not availability.installed:
                rows.append({"agent": name, "version": "not found", "remedy": availability.remedy})
                continue
            print(f"running {name} ...", file=sys.stderr)
            row = {"agent": name, "version": scenes.version(agent, availability)}
            for scene in scenes.SCENES:
                row[scene.title] = scenes.play(scene, agent, server, Path(folder), plain=asked.plain)
            rows.append(row)
    if asked.json:
        print("\n".join(json.dumps(row) for row in rows))
    else:
        print(table(rows))
    return 0 if all(value.startswith("ok") for row in rows for key, value in row.items() if key in scenes.TITLES) else 1


def table(rows: list[dict[str, str]]) -> str:
    heads = ["agent", "version", *scenes.TITLES]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row.get(head, "-") for head in heads) + " |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
