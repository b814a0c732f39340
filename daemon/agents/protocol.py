"""The contract that every agent reduces to: one JSON request on stdin, one JSON result (or plain text) on stdout. Pure.

``docs/agents.md`` publishes it. The request is exact; the result is read with patience, since programs and models
write it: other spellings of the fields are understood, what cannot be understood is left out, and all of it is bounded.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemon.agents.port import Outcome, Result, Usage
from daemon.agents.text import clean, one_line, shorten
from hooks.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from daemon.agents.port import Document, Request

VERSION = 1
MAX_FINDINGS = 500
MAX_SUMMARY = 20_000
MAX_MESSAGE = 4_000
MAX_NAME = 200
MAX_PATH = 4_096
MAX_QUOTE = 1_000
MAX_NOTES = 100
_MAX_COUNT = 10**12

_ITEM: dict[str, Any] = {
    "rule": {"type": "string", "description": "short stable name of the rule, in kebab-case"},
    "category": {
        "type": "string",
        "description": "hardcoded-credential, missing-input-validation, iam-scope, injection, api-docs, or other",
    },
    "level": {"type": "string", "enum": [level.value for level in Level]},
    "message": {"type": "string", "description": "what is wrong and what to do about it, in a sentence or two"},
    "file": {"type": ["string", "null"], "description": "path relative to the workspace root; null for none"},
    "line": {"type": ["integer", "null"], "description": "counted from 1; null for the whole file"},
    "column": {"type": ["integer", "null"]},
    "end_line": {"type": ["integer", "null"]},
    "quote": {"type": ["string", "null"], "description": "the text of that line, copied exactly"},
}

FINDINGS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_FINDINGS,
    "items": {"type": "object", "properties": _ITEM, "required": ["message"]},
}
"""What a request offers as ``findings_schema``."""

RESULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"summary": {"type": "string"}, "findings": FINDINGS_SCHEMA},
    "required": ["summary", "findings"],
}

STRICT_RESULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "findings": {
            "type": "array",
            "items": {"type": "object", "properties": _ITEM, "required": list(_ITEM), "additionalProperties": False},
        },
    },
    "required": ["summary", "findings"],
    "additionalProperties": False,
}
"""The same for services that want every property required and no other allowed."""

_LEVELS = {
    **dict.fromkeys(("error", "critical", "blocker", "high", "severe", "fatal", "err"), Level.ERROR),
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "major"), Level.WARNING),
    **dict.fromkeys(("note", "info", "information", "informational", "low", "minor", "hint", "style"), Level.NOTE),
}
_NAMES: dict[str, tuple[str, ...]] = {
    "rule": ("rule", "rule_id", "ruleId", "check", "check_id", "code", "id"),
    "category": ("category", "type", "kind"),
    "level": ("level", "severity", "priority"),
    "message": ("message", "msg", "description", "text", "title", "detail", "details"),
    "file": ("file", "path", "filename", "file_path", "filePath", "uri"),
    "line": ("line", "start_line", "startLine", "line_number", "lineNumber", "lineno"),
    "column": ("column", "col", "start_column", "startColumn"),
    "end_line": ("end_line", "endLine", "line_end"),
    "quote": ("quote", "snippet", "line_text", "lineText", "source"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was understood of an agent's output. ``structured``: it was a result and not just text; ``broken`` says what
    is wrong with text that set out to be one. ``left_out`` counts entries that were no findings or too many.
    """

    summary: str = ""
    findings: tuple[Finding, ...] = ()
    quotes: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    structured: bool = False
    broken: str = ""
    left_out: int = 0
    notes: tuple[str, ...] = ()


def encode(request: Request) -> bytes:
    """The request as one line of JSON, ASCII only; a path that is not UTF-8 keeps its odd bytes as escapes."""
    body = {
        "v": VERSION,
        "hook": {"name": request.hook, "description": request.description, "action": request.action},
        "mode": request.mode.value,
        "prompt": request.prompt,
        "root": request.root,
        "changes": changes(request),
        "steering": _documents(request.steering),
        "context": _documents(request.context),
        "findings_schema": FINDINGS_SCHEMA,
    }
    return json.dumps(body).encode() + b"\n"


def changes(request: Request) -> list[dict[str, str | None]]:
    """The changes as the report log writes them."""
    return [
        {"path": change.path, "kind": change.kind.value, "cause": change.cause.value, "sha256": change.sha256}
        for change in request.changes
    ]


def _documents(documents: Iterable[Document]) -> list[dict[str, str]]:
    return [{"path": document.path, "text": document.text} for document in documents]


def decode(output: bytes | str, *, root: str) -> Answer:
    """Read a program's stdout or a model's last words. ``root`` is the view's root: paths below it are made relative.
    Never raises.
    """
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    found = result_in(text)
    if found is None:
        broken = _what_is_wrong(text)
        return Answer(summary=summary_of(text), broken=broken)
    return answer(found, root=root)


def answer(result: Mapping[str, Any], *, root: str) -> Answer:
    """Read a result that is an object already. Never raises."""
    items = result.get("findings")
    findings, quotes, left_out = _findings(items if isinstance(items, list) else [], root)
    summary = result.get("summary")
    model = result.get("model")
    return Answer(
        summary=summary_of(summary if isinstance(summary, str) else ""),
        findings=findings,
        quotes=quotes,
        usage=usage(result.get("usage")),
        model=one_line(model, MAX_NAME) if isinstance(model, str) and model else None,
        structured=True,
        left_out=left_out,
        notes=_notes(result.get("notes")),
    )


def _notes(value: object) -> tuple[str, ...]:
    """What an agent says it could not see: so many sentences of bounded length, and nothing that is no text."""
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return tuple(one_line(text, MAX_MESSAGE) for text in texts[:MAX_NOTES])


def succeeded(answer: Answer, *, usage: Usage | None = None, model: str | None = None) -> Result:
    """The result of a run that did its work. A result that could not be read is said in a finding, for a review whose
    findings were lost must not look like one that found nothing.
    """
    findings, summary = answer.findings, answer.summary
    if answer.broken:
        findings = (
            Finding(
                rule="unreadable-result",
                category="agent-output",
                level=Level.WARNING,
                message=f"The agent's result could not be read ({answer.broken}); findings in it are lost.",
            ),
        )
    if answer.left_out:
        summary = f"{summary}\n\n{answer.left_out} entries that were too many or no findings were left out.".strip()
    return Result(
        outcome=Outcome.SUCCEEDED,
        summary=summary,
        findings=findings,
        quotes=answer.quotes if not answer.broken else (),
        usage=usage or answer.usage,
        model=model or answer.model,
        notes=answer.notes,
    )


def summary_of(text: str) -> str:
    """Cleaned and bounded, its beginning and its end kept."""
    text = clean(text).strip()
    if len(text) <= MAX_SUMMARY:
        return text
    half = MAX_SUMMARY // 2 - 3
    return f"{text[:half]}\n…\n{text[-half:]}"


def usage(value: object) -> Usage:
    """Tokens and credits; what is no sensible number counts as nothing."""
    if not isinstance(value, dict):
        return Usage()
    return Usage(
        input_tokens=count(value.get("input_tokens")),
        output_tokens=count(value.get("output_tokens")),
        cache_read_tokens=count(value.get("cache_read_tokens")),
        credits=amount(value.get("credits")),
    )


def count(value: object) -> int:
    """A number of tokens, or 0."""
    number = amount(value)
    return 0 if number is None else int(number)


def amount(value: object) -> float | None:
    """A sensible number that is not negative, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= _MAX_COUNT else None


def _findings(items: list[Any], root: str) -> tuple[tuple[Finding, ...], tuple[str, ...], int]:
    pairs = [pair for item in items[: 4 * MAX_FINDINGS] if (pair := _finding(item, root)) is not None]
    kept = pairs[:MAX_FINDINGS]
    return tuple(finding for finding, _ in kept), tuple(quote for _, quote in kept), len(items) - len(kept)


def _finding(item: object, root: str) -> tuple[Finding, str] | None:
    """One entry, or ``None`` when it says nothing."""
    if isinstance(item, str):
        item = {"message": item}
    if not isinstance(item, dict):
        return None
    value = {
        name: next((item[key] for key in keys if item.get(key) is not None), None) for name, keys in _NAMES.items()
    }
    message = clean(value["message"]).strip() if isinstance(value["message"], str) else ""
    if not message:
        return None
    file, astray = _path(value["file"], root)
    line = _line(value["line"])
    end_line = _line(value["end_line"])
    finding = Finding(
        rule=_name(value["rule"]) or "review",
        category=_name(value["category"]) or "review",
        level=_LEVELS.get(str(value["level"]).strip().lower(), Level.WARNING),
        message=shorten(f"{message} [{astray}]" if astray else message, MAX_MESSAGE),
        file=file,
        line=line if file else None,
        column=_line(value["column"]) if file and line else None,
        end_line=end_line if file and line and end_line and end_line >= line else None,
    )
    quote = value["quote"]
    return finding, shorten(clean(quote).strip(), MAX_QUOTE) if isinstance(quote, str) else ""


def _name(value: object) -> str:
    return one_line(value, MAX_NAME) if isinstance(value, str) else ""


def _line(value: object) -> int | None:
    """A line or column number, also from "12" or "12-14"; ``None`` for anything else."""
    if isinstance(value, str):
        digits = re.match(r"\s*L?(\d{1,9})\b", value)
        value = int(digits[1]) if digits else None
    number = count(value)
    return number or None


def _path(value: object, root: str) -> tuple[str | None, str]:
    """The path relative to the root, or ``None`` and what to say of a path that does not lie in the workspace."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_PATH or "\0" in value:
        return None, ""
    path = value.strip().removeprefix("file://")
    absolute = posixpath.normpath(posixpath.join(root, path))
    home = posixpath.normpath(root)
    inside = absolute.startswith(home.rstrip("/") + "/")
    if not inside:
        return None, "" if absolute == home else f"about {one_line(value, 200)}, which is outside the workspace"
    return absolute[len(home.rstrip("/")) + 1 :], ""


def result_in(text: str) -> Mapping[str, Any] | None:
    """The result that a text is, or ends with, or holds between fences; ``None`` for plain text."""
    text = text.lstrip("\ufeff").strip()
    for piece in _pieces(text):
        try:
            value = json.loads(piece)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            value = {"findings": value}
        if isinstance(value, dict) and ("findings" in value or "summary" in value):
            return value
    return None


def _pieces(text: str) -> Iterator[str]:
    """Where a result may stand, likeliest first."""
    yield text
    fenced: list[str] = re.findall(r"^[ \t]*```[\w-]*[ \t]*\n(.*?)^[ \t]*```", text, re.DOTALL | re.MULTILINE)
    yield from reversed(fenced[-5:])
    starts = [match.start() for match in re.finditer(r"^[ \t]*[{\[]", text, re.MULTILINE)]
    for start in [*starts[:5], *starts[-5:]]:
        piece = text[start:].strip()
        yield piece
        try:
            _, end = json.JSONDecoder().raw_decode(piece)
        except (ValueError, RecursionError):
            continue
        yield piece[:end]


def _what_is_wrong(text: str) -> str:
    """Why a text that sets out to be a JSON object is none; empty for plain text and for other JSON."""
    text = text.lstrip("\ufeff").strip()
    if not re.match(r'\{\s*"', text):
        return ""
    try:
        json.loads(text)
    except ValueError as error:
        return one_line(str(error), 120)
    except RecursionError:
        return "nested too deeply"
    return ""
