"""What a view costs on a large repository, beside what one would use instead. Prints a table; asserts nothing.

python benchmarks/view/overhead.py [--files 100000] [--rounds 7] [--in DIRECTORY]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.port import Program
from daemon.changes.apply import Applied, apply
from daemon.view.choose import choose

if TYPE_CHECKING:
    from collections.abc import Callable

EDIT = "printf x >> 'd0/d0/f0.ts'"


def build(root: Path, files: int) -> None:
    per_folder, folders = 25, max(1, files // 25)
    for n in range(folders):
        folder = root / f"d{n % 40}" / f"d{n // 40}"
        folder.mkdir(parents=True, exist_ok=True)
        for m in range(per_folder):
            (folder / f"f{m}.ts").write_text(f"export const v{n} = {m};\n")
    (root / ".env").write_text("SECRET=1\n")
    line = ["git", "-c", "user.name=n", "-c", "user.email=e@x", "-c", "gc.auto=0"]
    for words in (["init", "-q", "--template="], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*line, *words], cwd=root, check=True)


def timed(rounds: int, work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found


def row(name: str, times: list[float]) -> None:
    print(f"{name:62} {min(times):9.1f} {statistics.median(times):9.1f} {max(times):9.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--in", dest="base", type=Path, default=None)
    parser.add_argument("--skip-copies", action="store_true", help="no `cp -a`, worktree or copy level")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.base) as name:
        measure(Path(name), options)


def measure(base: Path, options: argparse.Namespace) -> None:
    root = base / "tree"
    build(root, options.files)
    choice = choose(above=base / "views")
    print(f"{options.files} files; {choice.probe}")
    print(f"{'milliseconds':62} {'least':>9} {'median':>9} {'most':>9}")
    views = choice.views.overlay
    idle = threading.Event()

    def empty() -> None:
        with views.open(root, paths=()):
            pass

    def cycle(script: str) -> Callable[[], None]:
        def work() -> None:
            with views.open(root, paths=()) as view:
                view.run(Program(argv=("sh", "-c", script)), stop=idle)
                view.change_set(id="x", store=base / "store")

        return work

    def whole() -> None:
        with views.open(root, paths=()) as view:
            view.run(Program(argv=("sh", "-c", EDIT)), stop=idle)
            change_set = view.change_set(id=os.urandom(4).hex() + "x", store=base / "store")
        assert isinstance(apply(root, change_set, store=base / "store", journals=base / "journals"), Applied)

    if not choice.probe.overlay:
        row("overlay: first look at the whole tree (census), once", timed(1, empty))
        time.sleep(0.2)
        row("overlay: ready and torn down, nothing run", timed(options.rounds, empty))
        row("overlay: ready, sandbox and `true` run, read, torn down", timed(options.rounds, cycle("true")))
        row("overlay: the same with one edit", timed(options.rounds, cycle(EDIT)))
        row("overlay: the same, applied with journal and fsync", timed(options.rounds, whole))
    plain = ["sh", "-c", "true"]
    row("  of that: a bare subprocess", timed(options.rounds, lambda: subprocess.run(plain, check=True)))
    if options.skip_copies:
        return
    if not choice.probe.copy:
        views = choice.views.copy  # type: ignore[assignment] # the other level, the same port
        row("copy: first time", timed(1, empty))
        row("copy: brought up to date, nothing changed", timed(3, empty))
        row("copy: brought up to date, one edit, read", timed(3, cycle(EDIT)))
    row("cp -a and removal", timed(1, lambda: copy_all(root, base / "cp")))
    row("git worktree add and remove", timed(1, lambda: worktree(root, base / "wt")))


def copy_all(root: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(root), str(target)], check=True)
    shutil.rmtree(target)


def worktree(root: Path, target: Path) -> None:
    subprocess.run(["git", "worktree", "add", "-q", "--detach", str(target)], cwd=root, check=True)
    subprocess.run(["git", "worktree", "remove", "--force", str(target)], cwd=root, check=True)


if __name__ == "__main__":
    main()
