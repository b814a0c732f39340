"""Decisions a second: which hooks does a path concern? Ours beside two loops, with 10, 100 and 1,000 hooks.

    python benchmarks/matching/decisions.py [--seconds 1.0] [--json]

The peers answer the same question in the way that first comes to mind: a loop of wcmatch's compiled matchers, and
one pathspec (simple backend) for each hook. Each is asked the same paths, until its time is over; what they say is
compared with ours first. Ratios are to ours with 10 hooks.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from typing import TYPE_CHECKING

import pathspec
from wcmatch import glob

from hooks.match import Matcher
from hooks.model import Hook, Origin, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable

FLAGS = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.EXTGLOB


def patterns(count: int) -> list[str]:
    """Patterns of the kinds that people write, each hook in a place of its own. No braces: pathspec has none."""
    kinds = [
        "src/area{n}/**/*.ts",
        "packages/pkg{n}/**",
        "**/*.kind{n}",
        "services/svc{n}/handlers/*.py",
        "docs/part{n}/**/*.md",
    ]
    return [kinds[number % len(kinds)].format(n=number) for number in range(count)]


def paths(count: int, hooks: int) -> list[str]:
    """As many paths, about two in three of which some hook covers."""
    chance = random.Random(7)
    kinds = [
        "src/area{n}/a/b/module{m}.ts",
        "packages/pkg{n}/src/index{m}.js",
        "web/pages/p{m}/view.kind{n}",
        "services/svc{n}/handlers/h{m}.py",
        "docs/part{n}/x/page{m}.md",
        "src/area{n}/a/style{m}.css",
        "services/svc{n}/lib/deep/h{m}.py",
        "assets/img/{n}/{m}.png",
    ]
    return [chance.choice(kinds).format(n=chance.randrange(hooks), m=number) for number in range(count)]


def matcher_of(written: list[str]) -> Matcher:
    triggers, origin = frozenset({Trigger.FILE_MODIFIED}), Origin(file="f", line=1)
    return Matcher([
        Hook(name=str(number), triggers=triggers, origin=origin, patterns=(pattern,), action="a")
        for number, pattern in enumerate(written)
    ])  # fmt: skip


def by_ours(matcher: Matcher, path: str) -> list[int]:
    return [int(one.hook.name) for one in matcher.explain(path) if one.matched]


def wcmatch_loop(written: list[str]) -> Callable[[str], list[int]]:
    compiled = [glob.compile(pattern, flags=FLAGS) for pattern in written]
    return lambda path: [number for number, one in enumerate(compiled) if one.match(path)]


def pathspec_loop(written: list[str]) -> Callable[[str], list[int]]:
    specs = [
        pathspec.PathSpec.from_lines(
            "gitignore", [f"/{pattern}" if not pattern.startswith("**") else pattern], backend="simple"
        )
        for pattern in written
    ]
    return lambda path: [number for number, one in enumerate(specs) if one.match_file(path)]


def rate(decide: Callable[[str], object], asked: list[str], seconds: float) -> float:
    """Decisions a second: the best of five slices of the time, for other work on the machine only ever takes away."""
    for path in asked[:500]:
        decide(path)
    best, at = 0.0, 0
    for _ in range(5):
        done, started = 0, time.perf_counter()
        while (took := time.perf_counter() - started) < seconds / 5:
            for path in asked[at : at + 50]:
                decide(path)
            done += 50
            at = (at + 50) % len(asked)
        best = max(best, done / took)
    return best


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=1.0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rows = []
    for count in (10, 100, 1000):
        written, asked = patterns(count), paths(5000, count)
        started = time.perf_counter()
        matcher = matcher_of(written)
        compiled_ms = (time.perf_counter() - started) * 1000
        peers = {"wcmatch, a loop": wcmatch_loop(written), "pathspec simple, a loop": pathspec_loop(written)}
        for path in asked[:100]:
            said = {name: decide(path) for name, decide in peers.items()}
            assert all(found == by_ours(matcher, path) for found in said.values()), (path, said, by_ours(matcher, path))
        row = {
            "hooks": count,
            "compile ms": round(compiled_ms, 1),
            "ours": rate(matcher.concerns, asked, chosen.seconds),
        }
        rows.append(row | {name: rate(decide, asked, chosen.seconds) for name, decide in peers.items()})
    if chosen.json:
        print(json.dumps(rows))
        return 0
    first = float(rows[0]["ours"])
    names = ["ours", "wcmatch, a loop", "pathspec simple, a loop"]
    print(f"{'hooks':>6} {'compile':>9}  " + "  ".join(f"{name:>28}" for name in names))
    for row in rows:
        cells = [f"{float(row[name]):>14,.0f}/s ({float(row[name]) / first:8.4f})" for name in names]
        print(f"{row['hooks']:>6} {row['compile ms']:>6} ms  " + "  ".join(f"{cell:>28}" for cell in cells))
    print(f"ours, 1,000 hooks to 10: {float(rows[-1]['ours']) / first:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
