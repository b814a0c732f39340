"""Puts findings in their place: on the line that they quote, and marked where they do not belong. Pure.

An agent's line numbers are often off by a few and sometimes invented. What it quotes is looked for near the line it
names; a line that does not exist is taken away and said. A finding outside the files the run was asked about is kept
and marked, since it may be right and may be noise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.protocol import MAX_MESSAGE
from daemon.agents.text import shorten
from hooks.finding import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.agents.port import Request, Result
    from hooks.finding import Finding

OUTSIDE = "[outside the changed files]"


def place(result: Result, request: Request, read: Callable[[str], str | None]) -> Result:
    """The result with every finding placed, marked and given its fingerprint; entries that are the same are one.

    ``read`` gives a workspace file's text as the agent saw it, or ``None`` when there is no such text file; it is
    asked once for each file.
    """
    texts: dict[str, list[str] | None] = {}
    seen: Counter[tuple[str, str | None, str]] = Counter()
    placed: dict[Finding, None] = {}
    quotes = result.quotes + ("",) * (len(result.findings) - len(result.quotes))
    for finding, quote in zip(result.findings, quotes, strict=False):
        if finding.file is not None and finding.file not in texts:
            text = read(finding.file)
            texts[finding.file] = None if text is None else text.splitlines()
        lines = texts.get(finding.file) if finding.file is not None else None
        at = _marked(_on_line(finding, quote, lines), request)
        placed[at] = None
    named = []
    for finding in placed:
        if finding.fingerprint:
            named.append(finding)
            continue
        lines = texts.get(finding.file) if finding.file is not None else None
        text = lines[finding.line - 1] if lines is not None and finding.line else finding.message
        key = (finding.rule, finding.file, "".join(text.split()))
        named.append(
            replace(
                finding,
                fingerprint=fingerprint(
                    rule=finding.rule, path=finding.file or "", line_text=text, occurrence=seen[key]
                ),
            )
        )
        seen[key] += 1
    return replace(result, findings=tuple(named), quotes=())


def _on_line(finding: Finding, quote: str, lines: list[str] | None) -> Finding:
    """The finding on the line it quotes, nearest to the one it names; without a line when that does not exist."""
    if finding.file is None:
        return finding
    if lines is None:
        return _lost(finding, f"[{finding.file} is no text file here]") if finding.line else finding
    wanted = _bare(quote.splitlines()[0]) if quote.strip() else ""
    if wanted:
        near = finding.line or 1
        hits = [number for number, line in enumerate(lines, 1) if wanted in _bare(line)]
        if hits:
            line = min(hits, key=lambda number: (abs(number - near), number))
            moved = line - (finding.line or line)
            end = finding.end_line + moved if finding.end_line else None
            return replace(
                finding,
                line=line,
                column=finding.column if moved == 0 else None,
                end_line=end if end and line <= end <= len(lines) else None,
            )
    if finding.line is not None and finding.line > len(lines):
        return _lost(finding, f"[line {finding.line} does not exist]")
    if finding.end_line is not None and finding.end_line > len(lines):
        return replace(finding, end_line=None)
    return finding


def _lost(finding: Finding, mark: str) -> Finding:
    return replace(finding, line=None, column=None, end_line=None, message=_with(finding.message, mark))


def _marked(finding: Finding, request: Request) -> Finding:
    """Marked when it is about a file that is neither changed, nor pointed at, nor named in the action."""
    path = finding.file
    if path is None or not request.changes or path in request.action:
        return finding
    if any(change.path == path for change in request.changes) or any(item.path == path for item in request.context):
        return finding
    return finding if OUTSIDE in finding.message else replace(finding, message=_with(finding.message, OUTSIDE))


def _with(message: str, mark: str) -> str:
    return f"{shorten(message, MAX_MESSAGE - len(mark) - 1)} {mark}"


def _bare(text: str) -> str:
    return "".join(text.split())
