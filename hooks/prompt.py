"""The prompt: what an agent is asked, put together from values. Pure.

Everything that comes from the repository stands in blocks that it cannot close, save the hook's own action, which a
person has allowed. When a prompt is larger than its budget, parts are cut in the order of ``CUT_FIRST``; the rules, the
task, the list of changes and the form of the answer never are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hooks.quoting import block, fence_for, quoted, sayable, without_secrets
from hooks.steering import Level
from hooks.wording import ANSWER, rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hooks.finding import Finding
    from hooks.model import Change, Hook
    from hooks.steering import Chosen

DEFAULT_BUDGET = 96 * 1024
LISTED_CHANGES = 200
LISTED_CONTEXT = 100
MOST_HINTS = 50
_LEAST_KEPT = 1024


class PartKind(StrEnum):
    """What a part of a prompt is."""

    RULES = "rules"
    TASK = "task"
    CHANGES = "changes"
    CONTEXT = "context"
    DIFF = "diff"
    FILE = "file"
    STEERING = "steering"
    OFFERED = "offered steering"
    REFERENCE = "referenced file"
    HINTS = "hints"
    FORMAT = "format"


CUT_FIRST = (
    "hints of the builtin analyzers",
    "the whole text of changed files",
    "the list of steering that is only offered",
    "files that steering points at",
    "the user's own steering",
    "differences",
    "the workspace's steering",
    "the packages' steering",
)
"""What is cut, in this order, until the prompt fits; within one line the largest first, down to its first kilobyte."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedFile:
    """A change and what is known of the file's content, given by the caller.

    ``diff`` is a unified difference and ``against`` says in words from what ("the content this hook saw last", "HEAD").
    ``text`` is the whole content, ``None`` when it is not to be handed over. ``note`` says what is missing and why.
    """

    change: Change
    diff: str | None = None
    against: str = ""
    text: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a prompt. ``origin`` is where it comes from; ``size`` is bytes of UTF-8, ``whole`` before any cut."""

    kind: PartKind
    origin: str
    text: str
    size: int
    whole: int

    @property
    def cut(self) -> bool:
        """Whether some of it was left out."""
        return self.size < self.whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """The exact text an agent gets, and the parts it is made of, in order: their texts joined are the text."""

    text: str
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Draft:
    """A part in the making. ``body`` is data and goes into a block; ``before`` introduces it in our own words."""

    kind: PartKind
    origin: str
    before: str = ""
    body: str | None = None
    rank: int | None = None
    where: str = ""
    cut_from: int = 0


def build_prompt(
    hook: Hook,
    files: Sequence[ChangedFile],
    *,
    steering: Sequence[Chosen] = (),
    context: Sequence[str] = (),
    hints: Sequence[Finding] = (),
    budget: int = DEFAULT_BUDGET,
) -> Prompt:
    """What an agent is asked to do about these changes. ``budget`` is bytes of UTF-8.

    A hook with a command instead of an action asks nothing: an empty prompt.
    """
    if hook.action is None:
        return Prompt(text="", parts=())
    drafts = [
        _Draft(PartKind.RULES, "kiro-hookd", rules(hook.mode)),
        _Draft(PartKind.TASK, str(hook.origin), _task(hook, files)),
        _Draft(PartKind.CHANGES, "the watch", _change_list(files)),
        *_content_drafts(files),
        *_steering_drafts(steering),
        *_context_drafts(hook, context),
        *_hint_drafts(hints),
        _Draft(PartKind.FORMAT, "kiro-hookd", ANSWER),
    ]
    for draft in drafts:
        draft.before = sayable(draft.before)
        draft.body = None if draft.body is None else sayable(draft.body)
    mark = fence_for([draft.before + (draft.body or "") for draft in drafts])
    whole = [_size(_written(draft, mark)) for draft in drafts]
    _fit(drafts, mark, budget)
    texts = [_written(draft, mark) for draft in drafts]
    parts = tuple(
        Part(kind=draft.kind, origin=draft.origin, text=text, size=_size(text), whole=max(size, _size(text)))
        for draft, text, size in zip(drafts, texts, whole, strict=True)
    )
    return Prompt(text="".join(texts), parts=parts)


def _task(hook: Hook, files: Sequence[ChangedFile]) -> str:
    path = quoted(files[0].change.path) if files else '""'
    action = (hook.action or "").replace("{{filePath}}", path)
    about = f"Hook: {quoted(hook.name)}\n"
    if hook.description:
        about += f"What it is for: {quoted(hook.description)}\n"
    return f"# Task\n\n{about}\n{action.strip()}\n\n"


def _change_list(files: Sequence[ChangedFile]) -> str:
    if not files:
        return "# Changes\n\nNone: the hook was run by hand or by its schedule. Look at the project itself.\n\n"
    lines = []
    for file in files[:LISTED_CHANGES]:
        change = file.change
        digest = f", sha256 {change.sha256}" if change.sha256 else ""
        note = f" ({file.note})" if file.note else ""
        lines.append(f"- {change.kind}: {quoted(change.path)} (cause: {change.cause}{digest}){note}\n")
    if len(files) > LISTED_CHANGES:
        lines.append(f"- and {len(files) - LISTED_CHANGES} more\n")
    return f"# Changes\n\n{''.join(lines)}\n"


def _content_drafts(files: Sequence[ChangedFile]) -> list[_Draft]:
    drafts = []
    for file in files[:LISTED_CHANGES]:
        path = file.change.path
        if file.diff:
            against = f"What changed since {file.against}:\n" if file.against else "What changed:\n"
            drafts.append(_Draft(PartKind.DIFF, path, against, file.diff, rank=5, where=path))
        if file.text is not None:
            drafts.append(_Draft(PartKind.FILE, path, "The file as it is now:\n", file.text, rank=1, where=path))
    return drafts


_STEERING_RANK = {Level.GLOBAL: 4, Level.WORKSPACE: 6, Level.PACKAGE: 7}
_OF_LEVEL = {Level.GLOBAL: "the user's own", Level.WORKSPACE: "the workspace's", Level.PACKAGE: "the package's"}


def _steering_drafts(steering: Sequence[Chosen]) -> list[_Draft]:
    """Steering in rising order of weight, each followed by the files it points at; then what is only offered."""
    drafts: list[_Draft] = []
    pointed_at: set[str] = set()
    for chosen in (one for one in steering if not one.listed):
        file = chosen.file
        before = "" if drafts else "# Steering\n\nWhere two of these contradict each other, the later one wins.\n\n"
        before += f"Steering, {_OF_LEVEL[file.level]} ({quoted(chosen.why)}):\n"
        rank = _STEERING_RANK[file.level]
        drafts.append(_Draft(PartKind.STEERING, file.path, before, file.text, rank=rank, where=file.path))
        for reference in file.references:
            if reference.text is None or reference.path is None or reference.path in pointed_at:
                continue
            pointed_at.add(reference.path)
            before = f"A file that {quoted(file.path)} points at:\n"
            drafts.append(
                _Draft(PartKind.REFERENCE, reference.path, before, reference.text, rank=3, where=reference.path)
            )
    offered = [chosen.file for chosen in steering if chosen.listed]
    if offered:
        lines = [f"{file.path}: {file.description or file.name}\n" for file in offered]
        before = "Further steering; read a file of it when its description fits the task:\n"
        drafts.append(_Draft(PartKind.OFFERED, offered[0].path, before, "".join(lines), rank=2))
    return drafts


def _context_drafts(hook: Hook, context: Sequence[str]) -> list[_Draft]:
    if not context:
        return []
    lines = [f"- {quoted(path)}\n" for path in context[:LISTED_CONTEXT]]
    if len(context) > LISTED_CONTEXT:
        lines.append(f"- and {len(context) - LISTED_CONTEXT} more\n")
    text = f"# Context\n\nRead these as well before you judge:\n{''.join(lines)}\n"
    return [_Draft(PartKind.CONTEXT, str(hook.origin), text)]


def _hint_drafts(hints: Sequence[Finding]) -> list[_Draft]:
    if not hints:
        return []
    lines = []
    for hint in hints[:MOST_HINTS]:
        place = f"{hint.file or 'no file'}{'' if hint.line is None else f':{hint.line}'}"
        lines.append(f"{place}: {hint.level} {hint.rule}: {without_secrets(hint.message)}\n")
    before = (
        "# Hints\n\nWhat a simple offline analysis saw. Nobody has verified it; some of it will be wrong, and it is "
        "never all there is. Look for yourself and report only what you have seen.\n"
    )
    return [_Draft(PartKind.HINTS, "builtin analyzers", before, "".join(lines), rank=0)]


def _written(draft: _Draft, mark: str) -> str:
    if draft.body is None:
        return draft.before
    text = draft.body
    if draft.cut_from:
        there = f"; read {quoted(draft.where)} for it" if draft.where and not draft.where.startswith("~") else ""
        text = f"{text}\n" if text and not text.endswith("\n") else text
        after = f"(cut to fit: {draft.cut_from - _size(draft.body)} of {draft.cut_from} bytes left out{there})\n\n"
    else:
        after = "\n"
    return draft.before + block(mark, what=draft.kind.value, origin=draft.origin, text=text) + after


def _fit(drafts: Sequence[_Draft], mark: str, budget: int) -> None:
    """Cut bodies, lowest rank first and the largest of a rank first, until the whole fits or nothing is left to cut."""
    over = sum(_size(_written(draft, mark)) for draft in drafts) - budget
    order = sorted(
        (draft for draft in drafts if draft.rank is not None and draft.body),
        key=lambda draft: (draft.rank or 0, -_size(draft.body or "")),
    )
    for least in (_LEAST_KEPT, 0):
        for draft in order:
            if over <= 0:
                return
            before = _size(_written(draft, mark))
            _shorten(draft, over, least)
            over -= before - _size(_written(draft, mark))


def _shorten(draft: _Draft, over: int, least: int) -> None:
    """Take ``over`` bytes and a little more from the body, but leave ``least``; whole lines where there are any."""
    data = (draft.body or "").encode()
    room_for_note = 0 if draft.cut_from else 120 + len(draft.where.encode()) * 2
    keep = max(least, len(data) - over - room_for_note)
    if keep >= len(data):
        return
    draft.cut_from = draft.cut_from or len(data)
    kept = data[:keep]
    line = kept.rfind(b"\n") + 1
    draft.body = (kept[:line] if line > keep // 2 else kept).decode("utf-8", "ignore")


def _size(text: str) -> int:
    return len(text.encode())
