"""How long configuration takes to load: ``python benchmarks/config/load.py``.

Prints medians of several loads in a fresh directory tree; reading from a warm page cache. ``hooks.yaml`` files are
read with the C parser where PyYAML has it. Hostile files are timed one by one, since each must be told apart at once.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

began = time.perf_counter()
from hooks.config import load_hooks_file, load_workspace  # noqa: E402 - the import is timed
from hooks.yamltree import read_yaml  # noqa: E402

IMPORTED = time.perf_counter() - began

HOOK = """\
  - name: 'Review {package} number {number}'
    trigger: [file_created, file_modified]
    pattern: ['src/area{number}/**/*.{{ts,tsx}}', '!**/*.test.ts']
    cooldown: 30s
    action: |
      Look at the changed file and report hardcoded credentials, missing input validation
      and permissions that are too wide. Report findings without auto-fixing.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for package in range(50):
            file = root / f"packages/p{package}/.kiro/settings/hooks.yaml"
            file.parent.mkdir(parents=True)
            hooks = "".join(HOOK.format(package=package, number=number) for number in range(10))
            file.write_text(f"hooks:\n{hooks}")
        show("500 hooks over 50 hooks.yaml files", root, 500)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".kiro/hooks").mkdir(parents=True)
        for number in range(50):
            hooks = [
                {
                    "name": f"h{number}-{each}",
                    "trigger": "PostFileSave",
                    "matcher": f"src/area{each}/.*\\.(ts|tsx)$",
                    "action": {"type": "agent", "prompt": "Look at the changed file and report what is wrong." * 3},
                }
                for each in range(10)
            ]
            (root / f".kiro/hooks/f{number}.json").write_text(json.dumps({"version": "v1", "hooks": hooks}, indent=2))
        show("500 hooks over 50 v1 files of Kiro's", root, 500)
    one = "hooks:\n" + "".join(HOOK.format(package=0, number=number) for number in range(500))
    for pure in (False, True):
        times = timed(lambda pure=pure: read_yaml(one.encode(), pure=pure))
        print(f"{'500 hooks, one file, tree alone, ' + ('pure Python' if pure else 'C parser'):58} {times:7.1f} ms")
    print(f"{'importing hooks.config (once a process)':58} {IMPORTED * 1000:7.1f} ms")
    for name, text in {
        "1 MB of `? `": "? " * 500_000,
        "512 KB of `? `": "? " * 262_144,
        "512 KB of `[`": "[" * 524_288,
        "60,000 list items": "- a\n" * 60_000,
        "alias bomb": "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30)),
    }.items():
        slowest = max(timed(lambda text=text: load_hooks_file(text.encode(), name="x"), 5) for _ in range(1))
        print(f"{'refused: ' + name:58} {slowest:7.1f} ms")


def show(name: str, root: Path, hooks: int) -> None:
    loaded = load_workspace(root)
    assert len(loaded.hooks) == hooks, loaded.faults[:3]
    busy = timed(lambda: load_workspace(root), clock=time.process_time)
    print(f"{name:58} {timed(lambda: load_workspace(root)):7.1f} ms ({busy:.1f} ms of CPU)")


def timed(call, times: int = 15, clock=time.perf_counter) -> float:
    found = []
    for _ in range(times):
        start = clock()
        call()
        found.append(clock() - start)
    return statistics.median(found) * 1000


if __name__ == "__main__":
    main()
