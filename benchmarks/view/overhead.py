"""What a view costs on a large repository, beside what one would use instead. Prints a table of milliseconds of wall
clock and of processor time; asserts nothing but that the programs ran.

"Ready (mounted)" is: opened, the namespaces and the overlay laid, `true` run inside, all of it taken down again.

python benchmarks/view/overhead.py [--files 100000] [--rounds 7] [--in DIRECTORY]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.port import Program
from daemon.changes.apply import Applied, apply
from daemon.process import StopSignal
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
    before = processor()
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return [(processor() - before) / rounds, *found]


def processor() -> float:
    """Milliseconds of processor time, of this process and of every child that was waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) * 1000


def row(name: str, measured: list[float]) -> None:
    used, *times = measured
    print(f"{name:62} {min(times):9.1f} {statistics.median(times):9.1f} {max(times):9.1f} {used:9.1f}", flush=True)


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
    print(f"{'milliseconds':62} {'least':>9} {'median':>9} {'most':>9} {'processor':>9}")
    views = choice.views.overlay
    idle = StopSignal()

    def empty() -> None:
        with views.open(root, paths=()):
            pass

    def mounted() -> None:
        with views.open(root, paths=()) as view:
            assert view.run(Program(argv=("true",)), stop=idle).code == 0

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
        row("overlay: opened and torn down, nothing mounted", timed(options.rounds, empty))
        row("overlay: ready (mounted) and torn down", timed(options.rounds, mounted))
        row("overlay: the same, a shell run in it, the change set read", timed(options.rounds, cycle("true")))
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
        row("copy: ready (confined) and torn down", timed(3, mounted))
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
