"""The reviewers that are compared: the builtin review, and others where they are on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.review.matching import Prediction

HERE = Path(__file__).parent
INJECTION_TESTS = {
    "B102",
    "B301",
    "B302",
    "B307",
    "B506",
    "B602",
    "B604",
    "B605",
    "B608",
    "B609",
    "B701",
    "B310",
    "B403",
}
SECRET_TESTS = {"B105", "B106", "B107"}


def builtin(root: Path, names: list[str]) -> tuple[dict[str, list[Prediction]], list[float]]:
    """Our own review, as a library, with the neighbours the files import when they are there."""
    from daemon.agents.builtin.review import review_file
    from daemon.agents.builtin.review.files import siblings

    found, times = {}, []
    for name in names:
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        near = siblings(root, name, text)
        start = time.perf_counter()
        result = review_file(name, text, near)
        times.append(time.perf_counter() - start)
        found[name] = [
            Prediction(f.category, f.line or 1, f.end_line or f.line or 1, f.level.value, f.rule)
            for f in result.findings
        ]
    return found, times


def _json(argv: list[str], root: Path) -> dict:
    quiet = {**os.environ, "SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"}
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=900, check=False, env=quiet)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def bandit(root: Path, names: list[str]) -> dict[str, list[Prediction]]:
    files = [name for name in names if name.endswith(".py")]
    found: dict[str, list[Prediction]] = {}
    for result in _json(["bandit", "-q", "-f", "json", *files], root).get("results", []):
        test = result["test_id"]
        category = "injection" if test in INJECTION_TESTS else "hardcoded-credential" if test in SECRET_TESTS else None
        if category:
            line = result["line_number"]
            found.setdefault(_relative(result["filename"]), []).append(
                Prediction(category, line, max(result.get("line_range", [line])), rule=test)
            )
    return found


def detect_secrets(root: Path, names: list[str]) -> dict[str, list[Prediction]]:
    found: dict[str, list[Prediction]] = {}
    for name in names:
        results = _json(["detect-secrets", "scan", name], root).get("results", {})
        for items in results.values():
            found.setdefault(name, []).extend(
                Prediction("hardcoded-credential", i["line_number"], i["line_number"], rule=i["type"]) for i in items
            )
    return found


def semgrep(root: Path, names: list[str]) -> dict[str, list[Prediction]]:
    rules = HERE / "semgrep-rules.yml"
    data = _json(
        ["semgrep", "scan", "--config", str(rules), "--json", "--quiet", "--metrics=off", "--no-git-ignore", *names],
        root,
    )
    found: dict[str, list[Prediction]] = {}
    for result in data.get("results", []):
        category = result["extra"]["metadata"]["category"]
        found.setdefault(_relative(result["path"]), []).append(
            Prediction(category, result["start"]["line"], result["end"]["line"], rule=result["check_id"])
        )
    return found


def checkov(root: Path, names: list[str]) -> dict[str, list[Prediction]]:
    """checkov looks at folders: each configuration file gets one of its own."""
    found: dict[str, list[Prediction]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, name in enumerate(n for n in names if n.endswith((".tf", ".yml", ".yaml", ".json", ".template"))):
            place = Path(scratch) / str(number) / Path(name).name
            place.parent.mkdir()
            shutil.copy(root / name, place)
            data = _json(["checkov", "-f", str(place), "-o", "json", "--quiet", "--compact", "--skip-download"], root)
            for report in data if isinstance(data, list) else [data]:
                for check in report.get("results", {}).get("failed_checks", []) if report else []:
                    category = _checkov_category(check)
                    if category:
                        start, end = check["file_line_range"]
                        found.setdefault(name, []).append(Prediction(category, start, end, rule=check["check_id"]))
    return found


def _checkov_category(check: dict) -> str | None:
    title = check.get("check_name", "").lower()
    if (
        check["check_id"].startswith("CKV_SECRET")
        or "hard coded" in title
        or "hard-coded" in title
        or "secrets" in title
    ):
        return "hardcoded-credential"
    words = ("iam polic", "iam role", "wildcard", '"*"', "write access without", "privilege escalation",
             "permissions management", "administrat", "star", "credentials exposure", "data exfiltration")  # fmt: skip
    return "iam-scope" if any(word in title for word in words) else None


def _relative(path: str) -> str:
    return path.removeprefix("./")


OTHERS = {"semgrep": semgrep, "bandit": bandit, "checkov": checkov, "detect-secrets": detect_secrets}
