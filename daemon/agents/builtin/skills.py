"""Which of its skills the builtin agent is asked for, and the way from a request to a result."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.result import SkillResult
from daemon.agents.builtin.review.model import CATEGORIES, CREDENTIAL, IAM, INJECTION, INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from hooks.finding import Finding

VERSION = 1
REQUEST_CAP = 16 * 1024 * 1024
FRAMES = 6000
"""Calls that may be under way in the child: nesting is capped well below, following calls on top of it is not."""

_GENERAL = re.compile(r"\b(?:secur\w*|vulnerab\w*|owasp|sast|pentest\w*|exploit\w*|hardening|cwe)\b", re.IGNORECASE)
_ASKS = {
    CREDENTIAL: re.compile(r"\b(?:credential\w*|secrets?|api[ -]?keys?|passwords?|tokens?)\b", re.IGNORECASE),
    IAM: re.compile(r"\b(?:iam|permissions?|least[ -]privileges?|polic(?:y|ies))\b", re.IGNORECASE),
    INJECTION: re.compile(r"\b(?:injections?|ssrf|traversal|rce)\b", re.IGNORECASE),
    INPUT: re.compile(r"\b(?:(?:input|request|payload|body|event)s?[ -](?:validation|checks?|sanit\w+)|unvalidated|"
                      r"validat\w+[^.]{0,40}\b(?:input|request|payload|event)s?)\b", re.IGNORECASE),
}  # fmt: skip
_DOCS = re.compile(
    r"\bapi[ -](?:reference|docs?|documentation)\b|\bendpoints?\b|\bopenapi\b|\bswagger\b|"
    r"\bdocument\w*\b[^.]{0,60}\b(?:api|routes?|controllers?)\b|\b(?:routes?|controllers?)\b[^.]{0,60}\bdocument\w*\b|"
    r"api-reference",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"(?<![\w/.-])((?:[\w.-]+/)*[\w.-]+\.(?:md|mdx|markdown|ya?ml|json))(?![\w/])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an action text asks for. ``categories`` is empty when no review is wanted."""

    categories: tuple[str, ...] = ()
    docs: bool = False
    document: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether none of the skills is asked for."""
        return not self.categories and not self.docs


def asked_for(action: str, *, context: Sequence[str] = ()) -> Asked:
    """Read an action text. A general word (security, OWASP) asks for the whole review, a special one for its part."""
    docs = bool(_DOCS.search(action))
    general = bool(_GENERAL.search(action))
    named = tuple(category for category in CATEGORIES if _ASKS[category].search(action))
    if docs and not general and CREDENTIAL not in named and INJECTION not in named:
        named = ()
    document = None
    if docs:
        match = _DOCUMENT.search(action)
        document = match.group(1) if match else next((p for p in context if p.endswith((".md", ".mdx"))), None)
    return Asked(categories=CATEGORIES if general else named, docs=docs, document=document)


def perform(request: dict[str, Any], root: Path) -> SkillResult:
    """Do what a request asks, in the tree at ``root``. Only the reference upkeep writes there."""
    hook = request.get("hook")
    action = str(hook.get("action") or "") if isinstance(hook, dict) else ""
    asked = asked_for(action or str(request.get("prompt") or ""), context=_paths(request.get("context")))
    changes = [change for change in request.get("changes") or [] if isinstance(change, dict)]
    if asked.nothing:
        return SkillResult(summary=_DECLINED)
    results = []
    if asked.categories:
        from daemon.agents.builtin.review.files import review_changes  # noqa: PLC0415

        results.append(review_changes(root, changes, categories=asked.categories))
    if asked.docs:
        from daemon.agents.builtin.apidocs import refresh  # noqa: PLC0415

        mode = str(request.get("mode") or "advisory")
        results.append(
            refresh(
                root,
                changes=changes,
                action=action or str(request.get("prompt") or ""),
                mode=mode,
                document=asked.document,
            )
        )
    return SkillResult(
        summary=" ".join(result.summary for result in results),
        findings=tuple(finding for result in results for finding in result.findings),
        notes=tuple(note for result in results for note in result.notes),
    )


_DECLINED = (
    "The builtin agent reviews Lambda code for security and keeps an API reference up to date, and this action asks "
    "for neither: give the hook an agent with a model, for example `agent: claude` or `agent: bedrock` "
    "(`kiro-hookd agents` lists what is installed)."
)


def _paths(documents: object) -> list[str]:
    if not isinstance(documents, list):
        return []
    return [str(d["path"]) if isinstance(d, dict) and "path" in d else str(d) for d in documents]


def serve(stdin: BinaryIO, stdout: BinaryIO) -> int:
    """One request in, one result out. 0 when the work was done, 2 when the request is no request."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
    try:
        request = json.loads(stdin.read(REQUEST_CAP + 1)[: REQUEST_CAP + 1])
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        stdout.write(b'{"v": 1, "summary": "The request is not one JSON object.", "findings": [], "usage": {}}\n')
        return 2
    result = perform(request, Path.cwd())
    stdout.write(json.dumps(as_json(result), ensure_ascii=True).encode() + b"\n")
    return 0


def as_json(result: SkillResult) -> dict[str, Any]:
    """A result as agents print it. Notes are told in the summary too: it is all that some readers show."""
    summary = " ".join([result.summary, *(f"Not seen: {note}" for note in result.notes[:20])])
    findings = [_finding(finding) for finding in result.findings]
    return {"v": VERSION, "summary": summary, "findings": findings, "notes": list(result.notes), "usage": {}}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule, "category": finding.category, "level": finding.level.value, "message": finding.message,
        "file": finding.file, "line": finding.line, "column": finding.column, "end_line": finding.end_line,
        "fingerprint": finding.fingerprint, "suppressed": finding.suppressed,
    }  # fmt: skip
