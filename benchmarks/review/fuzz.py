"""What the review makes of files that nobody meant it to read, and how long it takes.

    python -m benchmarks.review.fuzz [FILES] [--rounds N] [--seed N]

FILES is a directory of real files to cut and mangle; without it small built-in seeds are used. Prints the number of
files, crashes (there must be none), and the times.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from daemon.agents.builtin.review import review_file

NAMES = ["a.py", "a.ts", "a.tsx", "a.js", "serverless.yml", "t.json", "main.tf", "x.bin"]
SEEDS = [
    "import os\ndef handler(event, context):\n    os.system(event['x'])\n" * 30,
    "export const h = async ({ body }: E) => { const { a = 1, ...r } = JSON.parse(body!); return eval(`${a}`); };\n"
    * 30,
    'Resources:\n  A:\n    Type: AWS::IAM::Role\n    Properties: {P: [{Effect: Allow, Action: "*", Resource: X}]}\n'
    * 10,
    'resource "a" "b" {\n  p = jsonencode({Action = "*"})\n}\n' * 30,
]


def mangled(text: str, dice: random.Random) -> str:
    kind = dice.randrange(5)
    if kind == 0:
        return text[: dice.randrange(len(text) + 1)]
    if kind == 1:
        start = dice.randrange(len(text) + 1)
        return text[:start] + text[min(len(text), start + dice.randrange(1, 200)) :]
    if kind == 2:
        letters = list(text)
        for _ in range(min(len(letters), 30)):
            letters[dice.randrange(len(letters))] = chr(dice.randrange(1, 0x3000))
        return "".join(letters)
    if kind == 3:
        return dice.randbytes(dice.randrange(1, 20_000)).decode("utf-8", "replace")
    return text.replace("\n", " ") * dice.randrange(1, 4)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review.fuzz")
    parser.add_argument("files", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    real = (
        [p for p in sorted(options.files.rglob("*")) if p.is_file() and p.stat().st_size < 200_000]
        if options.files
        else []
    )
    if options.files and not real:
        parser.error(f"{options.files}: no file under 200 kB is there to be mangled")
    seeds = [(p.name, p.read_text(encoding="utf-8", errors="replace")) for p in real] or list(
        zip(NAMES, SEEDS * 2, strict=False)
    )
    large = [
        ("bundle.min.js", "!function(e){var t={};" + "a[b]=c;" * 700_000 + "}()"),
        ("large.ts", "export const a = () => { f(g(1)); };\n" * 135_000),
        ("large.py", "x = {'a': [1, 2, 3]}\n" * 240_000),
        ("large.json", '[{"password": "abcdefgh1"}' + ',{"password": "abcdefgh1"}' * 190_000 + "]"),
        ("large.bin", dice.randbytes(5_000_000).decode("latin-1")),
    ]
    times, crashes = [], 0
    batch = [
        (dice.choice([name, *NAMES]), mangled(text, dice))
        for name, text in (dice.choice(seeds) for _ in range(options.rounds))
    ]
    for name, text in [*batch, *large]:
        start = time.process_time()
        try:
            review_file(name, text)
        except Exception as error:  # noqa: BLE001 - a crash of any kind is what is looked for
            crashes += 1
            print(f"crash: {name}: {type(error).__name__}: {error}")
        times.append((time.process_time() - start, name, len(text)))
    ordered = sorted(seconds for seconds, _, _ in times)
    print(f"{len(times)} files, {crashes} crashes; processor time: median {ordered[len(ordered) // 2] * 1000:.1f} ms, "
          f"p95 {ordered[int(len(ordered) * 0.95)] * 1000:.1f} ms, worst {ordered[-1] * 1000:.0f} ms")  # fmt: skip
    print("slowest of the batch:", ", ".join(f"{n} {z} characters {t * 1000:.0f} ms" for t, n, z in sorted(times)[-3:]))
    for seconds, name, size in times[-len(large) :]:
        print(f"  {name}: {size / 1e6:.1f} MB, {seconds * 1000:.0f} ms")
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
