"""Other reviewers, when they are installed and a person has switched them on: semgrep, bandit, checkov.

Each is a child process with a deadline; what it prints is turned into findings of our form. None is ever asked to
fetch rules: semgrep runs only with a configuration file of the workspace's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.result import SkillResult
from hooks.finding import Finding, Level, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAMES = ("semgrep", "bandit", "checkov")
SECONDS = 60.0
_LEVELS = {"ERROR": Level.ERROR, "HIGH": Level.ERROR, "WARNING": Level.WARNING, "MEDIUM": Level.WARNING}
_SEMGREP_CONFIGS = (".semgrep.yml", ".semgrep.yaml", ".semgrep")
_CATEGORIES = {"CKV_SECRET": "hardcoded-credential", "B105": "hardcoded-credential", "B106": "hardcoded-credential",
               "B107": "hardcoded-credential", "CKV_AWS": "iam-scope"}  # fmt: skip


def switched_on() -> tuple[str, ...]:
    """The reviewers named in ``KIRO_HOOKD_REVIEWERS`` (separated by commas); none by default."""
    asked = {name.strip() for name in os.environ.get("KIRO_HOOKD_REVIEWERS", "").split(",")}
    return tuple(name for name in NAMES if name in asked)


def run(root: Path, paths: Sequence[str], engines: Sequence[str], *, seconds: float = SECONDS) -> SkillResult:
    """Run these reviewers on these files of the view. One that is missing, late or broken becomes a note."""
    findings: list[Finding] = []
    notes: list[str] = []
    for engine in engines:
        argv = _argv(engine, root, paths)
        if argv is None:
            notes.append(f"{engine}: not installed, or nothing here for it to read.")
            continue
        output = _output(engine, argv, root, seconds, notes)
        if output is not None:
            findings.extend(_findings(engine, output, root))
    said = f"{', '.join(engines)} ran too." if engines else ""
    return SkillResult(summary=said, findings=tuple(findings), notes=tuple(notes))


def _argv(engine: str, root: Path, paths: Sequence[str]) -> list[str] | None:
    program = shutil.which(engine)
    if program is None or not paths:
        return None
    files = [f"./{path}" for path in paths]
    if engine == "bandit":
        python = [file for file in files if file.endswith(".py")]
        return [program, "-q", "-f", "json", *python] if python else None
    if engine == "checkov":
        templates = [arg for file in files if file.endswith((".tf", ".yml", ".yaml", ".json")) for arg in ("-f", file)]
        return [program, "-o", "json", "--quiet", "--compact", "--skip-download", *templates] if templates else None
    config = next((name for name in _SEMGREP_CONFIGS if (root / name).exists()), None)
    if config is None:
        return None
    return [program, "scan", "--config", config, "--json", "--quiet", "--metrics=off", *files]


def _output(engine: str, argv: list[str], root: Path, seconds: float, notes: list[str]) -> Any:
    """What a reviewer printed, as JSON; ``None`` and a note when that did not work."""
    try:
        done = subprocess.run(
            argv, cwd=root, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        notes.append(f"{engine}: stopped after {seconds:g} s.")
        return None
    except OSError as error:
        notes.append(f"{engine}: could not be started ({error.strerror}).")
        return None
    try:
        return json.loads(done.stdout)
    except ValueError:
        notes.append(f"{engine}: ended with {done.returncode} and printed no JSON.")
        return None


def _findings(engine: str, output: Any, root: Path) -> Iterator[Finding]:
    for number, (rule, path, line, level, message) in enumerate(_ROWS[engine](output)):
        if number >= 500:
            return
        name = os.path.normpath(os.path.relpath(path, root) if os.path.isabs(path) else path)
        category = next(
            (c for prefix, c in _CATEGORIES.items() if rule.startswith(prefix)),
            "injection" if engine == "bandit" else engine,
        )
        yield Finding(rule=f"{engine}.{rule}", category=category, level=_LEVELS.get(level.upper(), Level.NOTE),
                      message=message[:500], file=name, line=line or None,
                      fingerprint=fingerprint(rule=f"{engine}.{rule}", path=name, line_text=str(line)))  # fmt: skip


_Row = tuple[str, str, int, str, str]


def _semgrep(output: Any) -> Iterator[_Row]:
    for item in output.get("results", []):
        extra = item.get("extra", {})
        yield (
            str(item["check_id"]),
            str(item["path"]),
            int(item["start"]["line"]),
            str(extra.get("severity", "")),
            str(extra.get("message", "")),
        )


def _bandit(output: Any) -> Iterator[_Row]:
    for item in output.get("results", []):
        yield (
            str(item["test_id"]),
            str(item["filename"]),
            int(item["line_number"]),
            str(item["issue_severity"]),
            str(item["issue_text"]),
        )


def _checkov(output: Any) -> Iterator[_Row]:
    for report in output if isinstance(output, list) else [output]:
        for item in report.get("results", {}).get("failed_checks", []) if isinstance(report, dict) else []:
            yield (str(item["check_id"]), str(item["file_path"]).lstrip("/"), int(item["file_line_range"][0]),
                   str(item.get("severity") or "MEDIUM"), str(item["check_name"]))  # fmt: skip


_ROWS = {"semgrep": _semgrep, "bandit": _bandit, "checkov": _checkov}
