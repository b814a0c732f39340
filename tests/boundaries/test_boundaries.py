"""The house's walls: import-linter's contracts, what is imported when, and which words are used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("hooks", "daemon")


def test_every_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("daemon.cli", {"boto3", "rich", "pydantic", "watchdog", "structlog", "apscheduler", "sqlite3", "tree_sitter"}),
        ("daemon.cli.status", {"boto3", "rich", "pydantic", "watchdog", "structlog", "apscheduler", "sqlite3"}),
        ("daemon.control.client", {"click", "pydantic", "structlog"}),
        ("daemon.log, daemon.compose", {"boto3", "rich", "tree_sitter", "pydantic_ai", "acp", "openai"}),
        ("daemon.agents.builtin", {"pydantic", "watchdog", "structlog", "boto3"}),
    ],
)
def test_what_is_heavy_is_imported_only_when_it_is_used(module: str, never: set[str]) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert never & set(done.stdout.split()) == set()


def test_the_tree_speaks_of_the_project_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    bad = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|/work/(?:main|shared)")
    here = Path(__file__).relative_to(ROOT).as_posix()
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if name != here and path.is_file() and path.stat().st_size < 2_000_000:
            found += [f"{name}: {hit}" for hit in bad.findall(path.read_text("utf-8", "replace"))]
    assert found == []


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    lock = (ROOT / "constraints.txt").read_text("ascii")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line for line in pinned)


def test_no_group_is_repeated_possessively() -> None:
    """Python's ``re`` before 3.11.5 sometimes takes too much in ``(...)*+`` (its issue 100061), as a redaction did."""
    lines = [
        line
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"""\br[f]?["']""", line)
    ]
    assert lines
    assert [line for line in lines if re.search(r"\)(?:[*+?]|\{[\d,]+\})\+", line)] == []
