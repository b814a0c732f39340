"""The review's edge: reads the files of a request, and the neighbours they import, from the view."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.result import SkillResult
from daemon.agents.builtin.review import baseline, external
from daemon.agents.builtin.review.engine import TEXT_CAP, review_file
from daemon.agents.builtin.review.model import words
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from hooks.finding import Finding

FILES_CAP = 500
SIBLINGS_CAP = 12
SIBLING_BYTES = 64 * 1024

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""The marks that such a text begins with; they say which byte comes first."""

_SKIPPED = words(
    """
    .git node_modules .venv venv dist build cdk.out .aws-sam .serverless .terraform __pycache__ coverage .next
    """
)
_SUFFIXES = (".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".yml", ".yaml", ".json", ".template",
             ".tf")  # fmt: skip
_SCRIPT_IMPORT = re.compile(
    r"""(?:from\s*|require\(\s*|import\(\s*|import\s+)['"](\.{1,2}/[^'"\n]{0,200}|\.{1,2})['"]"""
)
_PYTHON_IMPORT = re.compile(r"^\s*from\s+(\.*[\w.]*)\s+import\s+|^\s*import\s+([\w.]+)", re.MULTILINE)
_ENDINGS = ("", ".ts", ".js", ".mjs", ".tsx", "/index.ts", "/index.js", ".json", ".schema.json")


def review_changes(root: Path, changes: Sequence[dict[str, Any]], *, categories: Collection[str]) -> SkillResult:
    """Review the changed files, or, when a hook ran without a change, what the workspace holds (capped)."""
    paths = [str(c["path"]) for c in changes if c.get("path") and c.get("kind") != "deleted"]
    notes: list[str] = []
    if not changes:
        paths = list(_all_files(root))
        if len(paths) >= FILES_CAP:
            notes.append(f"only the first {FILES_CAP} files of the workspace were reviewed.")
    known = baseline.load(root, notes)
    findings: list[Finding] = []
    dropped = 0
    for path in paths:
        text = _read(root, path, TEXT_CAP * 4 + 1)
        if text is None:
            notes.append(f"{path}: not a file of text that can be read.")
            continue
        result = review_file(path, text, siblings(root, path, text), categories=categories)
        fresh = [finding for finding in result.findings if finding.fingerprint not in known]
        dropped += len(result.findings) - len(fresh)
        findings.extend(fresh)
        notes.extend(result.notes)
    asked = external.switched_on()
    others = external.run(root, paths, asked) if asked else SkillResult(summary="")
    findings.extend(
        finding for finding in others.findings if finding.category in categories and finding.fingerprint not in known
    )
    notes.extend(others.notes)
    summary = " ".join(part for part in (_summary(paths, findings, dropped, notes), others.summary) if part)
    return SkillResult(summary=summary, findings=tuple(findings), notes=tuple(notes))


def siblings(root: Path, path: str, text: str) -> dict[str, str]:
    """The texts of the files that this one imports from beside it, by workspace path (capped in number and size)."""
    found: dict[str, str] = {}
    for candidate in _imported(path, text):
        if len(found) >= SIBLINGS_CAP:
            break
        if candidate not in found and candidate != path:
            neighbour = _read(root, candidate, SIBLING_BYTES)
            if neighbour is not None:
                found[candidate] = neighbour
    return found


def _imported(path: str, text: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    if path.endswith(".py"):
        for match in _PYTHON_IMPORT.finditer(text[:SIBLING_BYTES]):
            module = match.group(1) or match.group(2)
            bare = module.lstrip(".")
            up = "../" * max(len(module) - len(bare) - 1, 0)
            yield posixpath.normpath(posixpath.join(folder, up + bare.replace(".", "/") + ".py"))
        return
    for match in _SCRIPT_IMPORT.finditer(text[:SIBLING_BYTES]):
        target = match.group(1).removesuffix(".js")
        for ending in _ENDINGS:
            yield posixpath.normpath(posixpath.join(folder, target + ending))


def _read(root: Path, path: str, cap: int) -> str | None:
    """A file of the view, ``None`` for what is no regular file inside it."""
    if path.startswith(("/", "../")) or "/../" in path or "\0" in path:
        return None
    place = root / path
    try:
        if place.is_symlink() or not place.is_file():
            return None
        with place.open("rb") as file:
            content = file.read(cap)
    except OSError:
        return None
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:8192]:
        return None
    return content.decode("utf-8-sig", "replace")


def _all_files(root: Path) -> Iterator[str]:
    count = 0
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _SKIPPED)
        for name in sorted(files):
            if name.endswith(_SUFFIXES) and count < FILES_CAP:
                count += 1
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
        if count >= FILES_CAP:
            return


def _summary(paths: list[str], findings: list[Finding], dropped: int, notes: list[str]) -> str:
    if not paths:
        return "Security review: there was no file to review."
    files = paths[0] if len(paths) == 1 else f"{len(paths)} files"
    open_ones = [finding for finding in findings if not finding.suppressed]
    counts = Counter(finding.level for finding in open_ones)
    parts = [f"{counts[level]} {level.value}{'s' if counts[level] > 1 else ''}" for level in Level if counts[level]]
    said = ", ".join(parts) if parts else ("nothing found in what could be read" if notes else "no rule found anything")
    silent = [f"{len(findings) - len(open_ones)} suppressed in the source" if len(findings) > len(open_ones) else "",
              f"{dropped} known from the baseline" if dropped else ""]  # fmt: skip
    aside = "; ".join(part for part in silent if part)
    return (f"Security review of {files} (credentials, input, injection, IAM; within each file, offline): {said}"
            + (f" ({aside})" if aside else "") + ".")  # fmt: skip
