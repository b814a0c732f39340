"""Precision and recall of the security review on labelled files.

    python -m benchmarks.review LABELS.jsonl FILES [--near N] [--notes] [--wrong] [--only builtin]

LABELS has one JSON object a line: repo, path, expected [{category, lines}], neutral [category]. FILES holds the files
as ``owner__name/path``. Nothing is downloaded. Other reviewers are run when they are on PATH.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.review import engines, matching

CATEGORIES = ("injection", "missing-input-validation", "iam-scope", "hardcoded-credential")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review")
    parser.add_argument("labels", type=Path)
    parser.add_argument("files", type=Path)
    parser.add_argument("--near", type=int, default=matching.NEAR)
    parser.add_argument("--notes", action="store_true", help="count notes in every category")
    parser.add_argument("--wrong", action="store_true", help="list what was wrong and what was missed")
    parser.add_argument("--only", choices=["builtin"], help="leave the other reviewers out")
    options = parser.parse_args()
    if not options.labels.is_file():
        parser.error(f"{options.labels}: no such file of labels, one JSON object a line")
    labels = [json.loads(line) for line in options.labels.read_text(encoding="utf-8").splitlines() if line.strip()]
    names = {f"{label['repo'].replace('/', '__')}/{label['path']}": label for label in labels}
    present = [name for name in names if (options.files / name).is_file()]
    if not present:
        parser.error(f"none of the {len(labels)} files of {options.labels} is in {options.files}: "
                     "put them there as owner__name/path")  # fmt: skip
    print(f"{len(labels)} labelled files, {len(present)} present; a match: same category within {options.near} lines")
    found, times = engines.builtin(options.files, present)
    report("builtin", names, present, found, options)
    ordered = sorted(times)
    print(f"  time a file: median {statistics.median(ordered) * 1000:.1f} ms, "
          f"p95 {ordered[int(len(ordered) * 0.95) - 1] * 1000:.1f} ms, worst {ordered[-1] * 1000:.1f} ms")  # fmt: skip
    for name, run in () if options.only else engines.OTHERS.items():
        if shutil.which(name) is None:
            print(f"{name}: not on PATH, left out")
            continue
        report(name, names, present, run(options.files, present), options)
    return 0


def report(engine: str, names: dict, present: list[str], found: dict, options: argparse.Namespace) -> None:
    tallies = {category: matching.Tally() for category in CATEGORIES}
    for name in present:
        matching.score(names[name], found.get(name, []), tallies, near=options.near, notes=options.notes)
    print(f"{engine}:")
    for category, tally in tallies.items():
        print(f"  {category:26} precision {_share(tally.precision)} ({tally.right}/{tally.right + tally.wrong})  "
              f"recall {_share(tally.recall)} ({tally.met}/{tally.met + tally.missed}), "
              f"by expectation {_share(tally.expected_recall)} ({tally.expected_met}/{tally.expected})  "
              f"| by file: precision {_share(tally.file_precision)} recall {_share(tally.file_recall)}")  # fmt: skip
        if options.wrong and engine == "builtin":
            for place in tally.wrong_places:
                print(f"      wrong:  {place}")
            for place in tally.missed_places:
                print(f"      missed: {place}")


def _share(value: float | None) -> str:
    return " n/a" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
