"""The API docs skill: read the project, bring the document up to date, say what drifted and what could not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.apidocs import choose, encoding, openapi
from daemon.agents.builtin.apidocs.collect import collect
from daemon.agents.builtin.apidocs.document import Notice, Plan, Planner
from daemon.agents.builtin.apidocs.project import Project
from daemon.agents.builtin.apidocs.writing import DocumentError, read_document, write_document
from daemon.agents.builtin.result import SkillResult
from hooks.finding import Finding, Level, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemon.agents.builtin.apidocs.endpoint import Extraction
    from daemon.agents.builtin.apidocs.openapi import Drift

MAX_DOCUMENT = 4 * 1024 * 1024
MAX_NOTES = 12
_LEVELS = {"parameter": Level.NOTE, "stale": Level.NOTE, "openapi-stale": Level.NOTE}


def refresh(root: Path, *, changes: Iterable[Any], action: str, mode: str, document: str | None = None) -> SkillResult:
    """Bring the API reference below ``root`` up to date with what ``changes`` concern.

    ``changes`` are values or mappings with a ``path``. The document is written in place in either mode: ``root`` is a
    private view. Nothing else is written, and nothing through a link.
    """
    changed = frozenset(path for path in map(_path_of, changes) if path)
    if document is not None and not choose.is_markdown(document):
        action, document = f"{action} {document}", None  # an OpenAPI document is compared, never written
    project = Project(root)
    extraction, whole = collect(project, changed)
    seen = _Seen(extraction, changed, project, whole=whole)
    drifts = _drifts(seen, action)
    notes = [*_capped(project.notes), *seen.notes(), *(one.fault for one in drifts if one.fault)]
    path = choose.document_for(action, project.files, document)
    named = any(one.path.rpartition("/")[2] in action for one in drifts)
    unwanted = document is None and choose.named_document(action) is None
    if unwanted and path not in project.files:
        keys = {one.key for one in extraction.endpoints}
        path = (choose.describing(keys, project.files, project.read) if keys else None) or path
    if drifts and unwanted and (named or path not in project.files):
        names = ", ".join(one.path for one in drifts)
        summary = f"{names} compared with the code: {len(seen.scope)} endpoints concerned."
        return SkillResult(summary=summary, findings=_drift_findings(drifts), notes=_once(notes))
    try:
        content = read_document(root, path, MAX_DOCUMENT)
        text, code = encoding.decode(content or b"")
        plan = seen.plan(text, action, new=content is None)
        written = plan.text != text
        if written and path.endswith(".mdx"):
            notes.append(f"{path} was not written: MDX has no room for the markers that entries stand between.")
            written = False
        if written:
            write_document(root, path, code.encode(plan.text))
    except DocumentError as fault:
        summary = f"The API reference was not refreshed: {fault}."
        return SkillResult(summary=summary, findings=_drift_findings(drifts), notes=_once(notes))
    findings = (*_findings(plan, path, mode), *_drift_findings(drifts))
    summary = _summary(path, seen, plan, new=content is None, written=written)
    return SkillResult(summary=summary, findings=findings, notes=_once(notes))


def _capped(notes: list[str]) -> list[str]:
    more = len(notes) - MAX_NOTES
    return notes if more <= 0 else [*notes[:MAX_NOTES], f"{more} further places were not read or not understood."]


def _once(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))


def _path_of(change: Any) -> str:
    found = change.get("path") if isinstance(change, dict) else getattr(change, "path", change)
    return found if isinstance(found, str) else ""


class _Seen:
    """What the code showed, and how far that can be relied on."""

    def __init__(self, extraction: Extraction, changed: frozenset[str], project: Project, *, whole: bool) -> None:
        self.extraction = extraction
        self.changed = changed
        self.project = project
        self.whole = whole
        self.scope = [one for one in extraction.endpoints if one.file in changed or changed.intersection(one.via)]
        self.unseen = {one.file for one in extraction.blind if one.hides}
        self.all = whole and not self.unseen and not project.notes and bool(extraction.endpoints)

    def judged(self, source: str) -> bool:
        """Whether an entry of this source may be called removed when the code shows no such endpoint."""
        if source in self.unseen or "" in self.unseen:
            return False
        return source in self.changed or source not in self.project.files or self.all

    def plan(self, text: str, action: str, *, new: bool) -> Plan:
        planner = Planner(
            text,
            every=self.extraction.endpoints,
            scope=self.extraction.endpoints if new else self.scope,
            judged=self.judged,
            delete=choose.wants_deletion(action),
            whole=self.all,
        )
        return planner.run()

    def notes(self) -> list[str]:
        spots = sorted(
            set(self.extraction.blind), key=lambda one: (one.file not in self.changed, one.file, one.line or 0)
        )
        notes = _capped([f"{spot}." for spot in spots])
        if not self.whole:
            notes.append("The project is large: only the changed files and those that lead to them were read.")
        return notes


def _drifts(seen: _Seen, action: str) -> list[Drift]:
    found = []
    for path in openapi.documents(seen.project.read, seen.project.files, action):
        content = seen.project.read(path) or b""
        every = seen.extraction.endpoints
        found.append(openapi.compare(path, content, every=every, scope=seen.scope, whole=seen.all))
    return found


def _drift_findings(drifts: list[Drift]) -> tuple[Finding, ...]:
    found = []
    for drift in drifts:
        for one in drift.missing:
            message = f"{one.method} {one.path} is missing from {drift.path}"
            found.append(_finding("openapi-missing", message, (one.file, one.line), drift.path + one.method + one.path))
        for operation in drift.stale:
            name = f"{operation.method} {operation.path}"
            message = f"{name} is described here, but no route in the code answers it"
            found.append(_finding("openapi-stale", message, (drift.path, operation.line), name))
    return tuple(found)


def _finding(kind: str, message: str, place: tuple[str, int | None], name: str, occurrence: int = 0) -> Finding:
    file, line = place
    rule = f"api-docs/{kind}"
    return Finding(
        rule=rule,
        category="api-docs",
        level=_LEVELS.get(kind, Level.WARNING),
        message=message,
        file=file,
        line=line,
        fingerprint=fingerprint(rule=rule, path=file, line_text=name, occurrence=occurrence),
    )


def _findings(plan: Plan, path: str, mode: str) -> tuple[Finding, ...]:
    seen: dict[tuple[str, str, str], int] = {}
    found = []
    for one in plan.notices:
        at_code = one.kind in {"missing", "changed", "parameter"} and one.endpoint is not None
        file = one.endpoint.file if at_code and one.endpoint else path
        line = one.endpoint.line if at_code and one.endpoint else one.line
        name = f"{one.method} {one.path}"
        occurrence = seen.get((one.kind, file, name), 0)
        seen[one.kind, file, name] = occurrence + 1
        found.append(_finding(one.kind, _message(one, path, mode), (file, line), name, occurrence))
    return tuple(found)


def _message(one: Notice, path: str, mode: str) -> str:
    name = f"{one.method} {one.path}"
    verb = "is" if mode == "auto-fix" else "is suggested to be"
    if one.kind == "missing":
        return f"{name} is missing from {path}; an entry {verb} added"
    if one.kind == "changed":
        reason = "is back in the code" if one.detail else "has changed since it was documented"
        return f"{name} {reason}; its entry in {path}:{one.line} {verb} brought up to date"
    if one.kind == "removed":
        fate = "deleted" if one.deleted else "marked removed"
        return f"{name} is documented here but {one.detail}; its entry {verb} {fate}"
    if one.kind == "conflict":
        where = f" ({one.endpoint.file}:{one.endpoint.line})" if one.endpoint else ""
        return f"{name}{where}: {one.detail}; it was left as it is, bring it up to date by hand"
    if one.kind == "parameter":
        return f"{name}: its description in {path}:{one.line} {one.detail}"
    return f"{name} is described here, but no route in the code answers it"


def _summary(path: str, seen: _Seen, plan: Plan, *, new: bool, written: bool) -> str:
    if not seen.extraction.endpoints and not plan.notices:
        return "No endpoints were recognised in this project; the API reference was left as it is."
    counts = {
        kind: sum(one.kind == kind for one in plan.notices) for kind in ("missing", "changed", "removed", "conflict")
    }
    drift = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    if new and written:
        return f"There was no API reference; {path} was made with {counts['missing']} endpoints."
    concerned = f"{len(seen.scope)} endpoint{'' if len(seen.scope) == 1 else 's'} concerned"
    state = "refreshed" if written else "left as it is"
    return f"{path} compared with the code: {concerned}, {drift or 'nothing to change'}; the document was {state}."
