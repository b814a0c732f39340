"""Recall and precision of the endpoints that the builtin agent finds.

    python -m benchmarks.endpoints TRUTH.json=CHECKOUT [TRUTH.json=CHECKOUT ...]

TRUTH.json names what is documented (``endpoints``) and what else the code is known to answer
(``undocumented_in_code`` or ``verifiable``), each ``{"method", "path"}``; ``root`` is the folder inside CHECKOUT. An
extra is an endpoint in none of these: it is printed with its place, so that it can be looked up.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from daemon.agents.builtin.apidocs.collect import collect
from daemon.agents.builtin.apidocs.project import Project


def _key(one: dict[str, str]) -> tuple[str, str]:
    path = re.sub(r":\w+|\{[^}]*\}", "{}", one["path"])
    return one["method"].upper(), "/" + path.strip("/")


def _score(truth: dict[str, Any], checkout: Path) -> tuple[int, int, int, int]:
    root = checkout / truth.get("root", ".")
    began = time.perf_counter()
    extraction, _ = collect(Project(root), frozenset())
    spent = time.perf_counter() - began
    seen: dict[tuple[str, str], str] = {}
    for one in extraction.endpoints:
        seen.setdefault(_key({"method": one.method, "path": one.path}), f"{one.file}:{one.line}")
    wanted = {_key(one) for one in truth["endpoints"]}
    known = {_key(one) for name in ("undocumented_in_code", "verifiable") for one in truth.get(name, [])}
    hits = {one for one in wanted if one in seen or ("ANY", one[1]) in seen}
    extras = sorted(set(seen) - wanted - known)
    right = len(seen) - len(extras)
    print(
        f"{truth['repo']}: {len(hits)}/{len(wanted)} found, {len(seen)} seen, {len(extras)} extra, {spent * 1e3:.0f} ms"
    )
    for method, path in sorted(wanted - hits):
        print(f"  missed  {method} {path}")
    for method, path in extras:
        print(f"  extra   {method} {path}  {seen[method, path]}")
    for spot in extraction.blind:
        print(f"  unseen  {spot}")
    return len(hits), len(wanted), right, len(seen)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endpoints", description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="+", metavar="TRUTH.json=CHECKOUT")
    totals = [0, 0, 0, 0]
    for pair in parser.parse_args().pairs:
        name, _, checkout = pair.partition("=")
        if not Path(name).is_file() or not Path(checkout or "?").is_dir():
            parser.error(f"{pair}: a file of documented endpoints, '=' and the project's folder are asked for")
        score = _score(json.loads(Path(name).read_text("utf-8")), Path(checkout))
        totals = [total + one for total, one in zip(totals, score, strict=True)]
    found, wanted, right, seen = totals
    recall, precision = found / max(wanted, 1), right / max(seen, 1)
    print(f"recall {found}/{wanted} = {recall:.3f}   precision {right}/{seen} = {precision:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
