"""How often the idle watch wakes up: voluntary context switches of all its threads over some minutes.

python benchmarks/watch/idle.py [--directories 2000] [--minutes 2]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import run
import trees


def switches(pid):
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directories", type=int, default=2_000)
    parser.add_argument("--minutes", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watch-idle-") as scratch:
        root = Path(scratch) / "tree"
        root.mkdir()
        trees.build(root, options.directories)
        child = run.Child(run.contenders(Path())["ours"], root, Path(scratch) / "state")
        child.wait("hashed", run.READY_LIMIT)
        time.sleep(5)
        before, cpu = switches(child.pid), child.cpu()
        time.sleep(options.minutes * 60)
        rate = (switches(child.pid) - before) / options.minutes
        print(f"{rate:.1f} wake-ups a minute, {child.cpu() - cpu:.2f} s of CPU, {child.memory():.1f} MiB")
        child.end()


if __name__ == "__main__":
    main()
