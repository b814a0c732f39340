"""The review's pure core: a file's text in, findings out, with their levels, markers and fingerprints."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.result import SkillResult
from daemon.agents.builtin.review import provider_keys, typed_secrets
from daemon.agents.builtin.review.model import CATEGORIES, Hit, Looked, Source
from daemon.agents.builtin.review.rules import RULES
from daemon.agents.builtin.review.suppress import suppressed
from hooks.finding import Finding, Level, fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TEXT_CAP = 512 * 1024
"""Characters of a file that are read at all."""

PARSE_CAP = 256 * 1024
"""Characters up to which a file is parsed; above it is only searched for keys of known providers."""

_PYTHON = (".py", ".pyi")
_SCRIPT = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_CONFIG = (".yml", ".yaml", ".json", ".template")
_TERRAFORM = (".tf", ".hcl", ".tfvars")
_POLICY_TEMPLATE = (".tpl", ".tftpl", ".json.j2")
"""Documents that Terraform or another tool fills in; those that begin as JSON are read as it."""
_TERRAFORM_TEMPLATE = (".tf.template", ".tf.tpl", ".hcl.tpl")
_ENV_TEMPLATE = re.compile(r"(?:^|/)\.env[^/]*\.template$")
_LOCKS = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|[jt]sconfig[\w.-]*\.json|tslint[\w.-]*\.json|\.eslintrc(?:\.json)?)$"
)


def review_file(
    path: str, text: str, siblings: Mapping[str, str] | None = None, *, categories: Collection[str] = CATEGORIES
) -> SkillResult:
    """Review one file. Never raises for any text; ``notes`` say what could not be seen.

    ``siblings`` are the texts of files it imports, by workspace path: a validator or schema kept there counts.
    """
    source = Source(path=path, text=text[:TEXT_CAP].removeprefix("\ufeff"), siblings=siblings or {})
    looked = _look(source)
    notes = list(looked.notes)
    if len(text) > TEXT_CAP:
        notes.append(f"{path}: only the first {TEXT_CAP // 1024} KiB were read.")
    lines = source.lines
    typed = typed_secrets.scan(lines, code=path.lower().endswith(_PYTHON + _SCRIPT), recorded=looked.recorded)
    hits = _distinct([*looked.hits, *provider_keys.scan_text(lines, looked.recorded), *typed], lines)
    findings = tuple(f for f in _findings(source, hits) if f.category in categories)
    return SkillResult(summary=_sentence(path, findings, notes), findings=findings, notes=tuple(notes))


def _look(source: Source) -> Looked:
    """Ask the reader for this kind of file."""
    name = source.path.lower()
    if len(source.text) > PARSE_CAP or _minified(source.text):
        return Looked(notes=(f"{source.path}: too large or minified to be parsed; only searched for known keys.",))
    if _no_text(source.text):
        return Looked(notes=(f"{source.path}: this is no text; only searched for known keys.",))
    if _LOCKS.search(name):
        return Looked()
    try:
        return _read(source, name)
    except RecursionError:
        return Looked(notes=(f"{source.path}: nested too deeply to be reviewed; only searched for known keys.",))


def _read(source: Source, name: str) -> Looked:
    # Each reader brings its own parser with it: only the one that this file needs is loaded.
    if name.endswith(_PYTHON):
        from daemon.agents.builtin.review.read_python import look  # noqa: PLC0415

        return _with_inline(look(source), source)
    if name.endswith(_SCRIPT):
        from daemon.agents.builtin.review.read_script import look  # noqa: PLC0415

        return _with_inline(look(source), source)
    if name.endswith(_TERRAFORM + _TERRAFORM_TEMPLATE):
        from daemon.agents.builtin.review.read_terraform import look  # noqa: PLC0415
    elif (name.endswith(_CONFIG) and not _ENV_TEMPLATE.search(name)) or (
        name.endswith(_POLICY_TEMPLATE) and source.text.lstrip().startswith("{")
    ):
        from daemon.agents.builtin.review.read_config import look  # noqa: PLC0415
    else:
        return Looked(notes=(f"{source.path}: no parser for this kind of file; only searched for known keys.",))
    return look(source)


def _with_inline(looked: Looked, source: Source) -> Looked:
    """A stack's own hits, and those of the functions written into it."""
    if "nline" not in source.text:
        return looked
    from daemon.agents.builtin.review.inline_code import look_in_program  # noqa: PLC0415 - seldom needed

    inside = look_in_program(source)
    return replace(looked, hits=(*looked.hits, *inside.hits), notes=(*looked.notes, *inside.notes))


def _no_text(text: str) -> bool:
    """Bytes that are no text, by its first part: control characters and what could not be decoded."""
    head = text[:8192]
    odd = sum(1 for letter in head if letter == "\ufffd" or (letter < " " and letter not in "\t\n\r\f\v"))
    return odd * 20 > len(head)


def _minified(text: str) -> bool:
    """A bundle: what a person wrote is not in it."""
    lines = text.count("\n") + 1
    return len(text) > 8 * 1024 and (len(text) / lines > 500 or max(map(len, text.splitlines()), default=0) > 30_000)


def _distinct(hits: list[Hit], lines: list[str]) -> list[Hit]:
    """In the order of the file, one hit a rule and place; a key known by itself outranks the name it is given.

    A line may hold several secrets (an access key and the secret beside it): for those the place is the literal.
    """
    known: dict[int, list[int]] = {}
    spoken = {hit.line for hit in hits if hit.rule.startswith("credential.") and hit.rule != "credential.argument"}
    named: dict[int, list[Hit]] = {}
    for hit in hits:
        if hit.rule in _BY_NAME:
            named.setdefault(hit.line, []).append(hit)
        elif hit.rule.startswith("credential.") and hit.level is not Level.NOTE:
            known.setdefault(hit.line, []).append(hit.column)
    seen: set[tuple[str, int, int]] = set()
    kept = []
    for hit in sorted(hits, key=lambda h: (h.line, h.column, h.rule, h.level is Level.NOTE)):
        credential = hit.rule.startswith("credential.")
        if hit.rule in _BY_NAME and _covers(hit, lines, known.get(hit.line, [])):
            continue
        noted = credential and hit.level is Level.NOTE and hit.rule not in _BY_NAME
        if noted and any(_covers(other, lines, [hit.column]) for other in named.get(hit.line, [])):
            continue  # What its name says of a literal outranks what is only noted of it.
        if hit.rule == "credential.argument":
            # One call, one telling: the key may be wrapped in other calls that take it as theirs.
            if hit.line in spoken:
                continue
            spoken.add(hit.line)
        key = ("credential", hit.line, hit.column) if credential else (hit.rule, hit.line, 0)
        if key not in seen:
            seen.add(key)
            kept.append(hit)
    return kept


def _covers(hit: Hit, lines: list[str], columns: list[int]) -> bool:
    """Whether the literal at a hit's place holds one of these columns of its line."""
    if not columns or not 0 < hit.line <= len(lines):
        return False
    line, start = lines[hit.line - 1], max(hit.column - 1, 0)
    match = _LITERAL.match(line, start)
    end = match.end() if match else len(line)
    return any(start < column <= end for column in columns)


# A quoted literal with its prefix, or what stands there unquoted.
_LITERAL = re.compile(r"""\w{0,2}("|'|`)(?:\\.|(?!\1)[^\\])*\1|[^\s,;}\])]+""")
_BY_NAME = {"credential.assigned", "credential.argument"}


def _findings(source: Source, hits: list[Hit]) -> list[Finding]:
    lines = source.lines
    occurrences: Counter[tuple[str, str]] = Counter()
    findings = []
    for hit in hits:
        rule = RULES[hit.rule]
        line = min(max(hit.line, 1), max(len(lines), 1))
        text = lines[line - 1] if lines else ""
        bare = "".join(text.split())
        finding = Finding(
            rule=rule.id,
            category=rule.category,
            level=_level(source.path, hit),
            message=f"{hit.detail} {rule.remedy} (CWE-{rule.cwe}, {rule.anchor})",
            file=source.path,
            line=line,
            column=max(hit.column, 1),
            end_line=max(line, min(hit.end_line or line, len(lines) or 1)),
            suppressed=suppressed(lines, line, rule=rule.id, category=rule.category),
        )
        mark = fingerprint(rule=rule.id, path=source.path, line_text=text, occurrence=occurrences[rule.id, bare])
        occurrences[rule.id, bare] += 1
        findings.append(replace(finding, fingerprint=mark))
    return findings


_TEST_FILE = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|\.(?:test|spec|e2e)\.[mc]?[jt]sx?$|(?:^|/)__(?:tests|mocks)__/|(?:^|/)(?:tests?/(?:[\w-]+/)?|jest[.-])set-?up[\w.-]*\.[mc]?[jt]s$"
)


def _level(path: str, hit: Hit) -> Level:
    """The hit's own level or its rule's; in a test, a literal beside a secret name is most often a stand-in."""
    if hit.rule in {*_BY_NAME, "credential.in-text"} and _TEST_FILE.search(path):
        return Level.NOTE
    return hit.level or RULES[hit.rule].level


def _sentence(path: str, findings: tuple[Finding, ...], notes: list[str]) -> str:
    open_ones = [finding for finding in findings if not finding.suppressed]
    if open_ones:
        counts = Counter(finding.level for finding in open_ones)
        parts = [f"{counts[level]} {level.value}{'s' if counts[level] > 1 else ''}" for level in Level if counts[level]]
        return f"{path}: {', '.join(parts)}."
    if notes:
        return f"{path}: nothing found in what could be read."
    return f"{path}: none of the review's rules found anything."
