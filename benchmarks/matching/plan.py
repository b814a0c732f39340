"""What it costs to plan the watch of a large tree: which directories to watch, which files matter.

    python benchmarks/matching/plan.py [--directories 20000]

Makes a tree of empty files (half of the directories in an ignored `node_modules`), walks it as the watch does, and
prints processor times and resident memory. The bare walk without any decision stands beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hooks.ignore import Ignore
from hooks.match import Matcher
from hooks.model import Hook, Origin, Trigger
from hooks.plan import WatchPlan

if TYPE_CHECKING:
    from collections.abc import Callable


def make_tree(root: Path, directories: int) -> None:
    for number in range(directories):
        base = "node_modules" if number % 2 else "packages"
        place = root / base / f"group{number % 97}" / f"dir{number}"
        place.mkdir(parents=True)
        for name in ("index.ts", "index.test.ts", "style.css", "README.md", "data.json"):
            (place / name).touch()
    (root / ".git" / "info").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    common = [
        "node_modules/",
        "dist/",
        "*.log",
        ".env*",
        "!.env.example",
        "coverage/",
        "/build/",
        "**/__pycache__/",
        "*.py[cod]",
        "*.tmp",
    ]
    (root / ".gitignore").write_text("\n".join(common + [f"/generated/{number}/**" for number in range(40)]))


def walk(root: Path, may_hold: Callable[[str], bool], concerns: Callable[[str], bool]) -> tuple[int, int]:
    watched = wanted = 0
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        watched += 1
        with os.scandir(root / directory) as entries:
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if may_hold(path):
                        waiting.append(path)
                else:
                    wanted += concerns(path)
    return watched, wanted


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--directories", type=int, default=20_000)
    chosen = options.parse_args()
    triggers, origin = frozenset({Trigger.FILE_MODIFIED}), Origin(file="f", line=1)
    kinds = ["packages/**/*.ts", "**/*.{css,scss}", "docs/**", "!(x)/group1/**/*.md"]
    hooks = [Hook(name=kind, triggers=triggers, origin=origin, patterns=(kind, "!**/*.test.ts")) for kind in kinds]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        make_tree(root, chosen.directories)
        rows = []
        pruned = {".git", "node_modules"}
        started = time.process_time()
        counted = walk(
            root, lambda path: path.rpartition("/")[2] not in pruned, lambda path: path.endswith((".ts", ".css"))
        )
        rows.append(("bare walk, the same directories", time.process_time() - started, counted))
        before, started = resident(), time.process_time()
        plan = WatchPlan(Matcher(hooks), Ignore(root))
        counted = walk(root, plan.may_hold, plan.concerns)
        rows.append(("first walk, reading ignore files", time.process_time() - started, counted))
        started = time.process_time()
        counted = walk(root, plan.may_hold, plan.concerns)
        rows.append(("second walk", time.process_time() - started, counted))
        after = resident()
    for name, took, (watched, wanted) in rows:
        print(f"{name:<34} {took * 1000:8.0f} ms   {watched:>7,} directories watched, {wanted:>7,} files wanted")
    print(f"memory for the plan: {after - before:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
