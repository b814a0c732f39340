"""Limits: may a change set be applied without asking? Pure; every reason is given, not the first alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from daemon.changes.lists import FOR_A_PERSON, PROTECTED
from daemon.changes.names import Guard, has_hidden_characters, plain_path
from daemon.changeset import EditKind, FileType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemon.changeset import ChangeSet, Edit


class Decision(StrEnum):
    """What may become of a change set. ``hold``: a person may still apply it. ``refuse``: nobody may, here."""

    APPLY = "apply"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The decision on a whole change set, with each reason as a sentence a person can read."""

    decision: Decision
    reasons: tuple[str, ...] = ()


_BUILT_IN = Guard(PROTECTED)
_PERSON = Guard(FOR_A_PERSON)
_MOST_REASONS = 100


def judge(change_set: ChangeSet, *, files_per_change: int | None, protected: Iterable[str] = ()) -> Verdict:
    """Decide on a change set, all or nothing.

    ``protected`` comes on top of the built-in list and cannot shorten it. ``files_per_change`` ``None`` means no limit.
    Says nothing about budgets or about whether the base still stands: that is the apply's to see.
    """
    refused = list(dict.fromkeys(_refusals(change_set, Guard(protected))))
    held = list(dict.fromkeys(_holds(change_set, files_per_change)))
    decision = Decision.REFUSE if refused else Decision.HOLD if held else Decision.APPLY
    reasons = refused + held
    if len(reasons) > _MOST_REASONS:
        reasons = [*reasons[:_MOST_REASONS], f"and {len(reasons) - _MOST_REASONS} further reasons"]
    return Verdict(decision=decision, reasons=tuple(reasons))


def is_protected(path: str, protected: Iterable[str] = ()) -> str | None:
    """The pattern that keeps a path from every agent, or ``None``."""
    return _BUILT_IN.naming(path) or Guard(protected).naming(path)


def _paths(edit: Edit) -> tuple[str, ...]:
    return (edit.path,) if edit.old_path is None else (edit.old_path, edit.path)


def _refusals(change_set: ChangeSet, protected: Guard) -> Iterator[str]:
    if change_set.overflow:
        yield f"the change set is not whole: {change_set.overflow}"
    for repository in change_set.repositories:
        yield f"{repository}: git would take it for a repository of its own"
    paths = {path for edit in change_set.edits for path in _paths(edit)}
    for path in sorted(paths):
        above = path.rpartition("/")[0]
        while above:
            if above in paths:
                yield f"{above}: a file and a directory change places"
            above = above.rpartition("/")[0]
    for edit in change_set.edits:
        for path in _paths(edit):
            if _goes_astray(path):
                yield f"{path}: not a path inside the workspace"
            pattern = _BUILT_IN.naming(path)
            if pattern is not None:
                yield f"{path}: protected (built-in: {pattern})"
            elif (pattern := protected.naming(path)) is not None:
                yield f"{path}: protected ({pattern})"
        if FileType.OTHER in (edit.type, edit.base_type):
            yield f"{edit.path}: a special file"


def _holds(change_set: ChangeSet, most: int | None) -> Iterator[str]:
    if most is not None and len(change_set.edits) > most:
        yield f"{len(change_set.edits)} files, more than the {most} allowed (files_per_change)"
    for path in change_set.collisions:
        yield f"{path}: differs from another name only by letter case or Unicode form"
    yield from _twins(change_set)
    for edit in change_set.edits:
        for path in _paths(edit):
            pattern = _PERSON.naming(path)
            if pattern is not None:
                yield f"{path}: others execute or obey it ({pattern})"
            if has_hidden_characters(path):
                yield f"{path}: control, bidirectional or invisible characters in the name"
            if plain_path(path).rpartition("/")[2] == "head":
                yield f"{path}: part of what makes a directory a git repository"
        yield from _content(edit)


def _content(edit: Edit) -> Iterator[str]:
    if edit.moved:
        yield f"{edit.path}: changed in the tree while the run was under way"
    if edit.binary:
        yield f"{edit.path}: binary"
    if edit.type is FileType.SYMLINK and edit.kind is not EditKind.DELETED:
        yield f"{edit.path}: a symbolic link"
    elif edit.base_type is FileType.SYMLINK:
        yield f"{edit.path}: was a symbolic link"
    if edit.kind is EditKind.DELETED:
        return
    before, after = edit.base_mode, edit.mode
    if after is not None and before is not None and before != after:
        yield f"{edit.path}: mode {before:04o} becomes {after:04o}"
    elif after is not None and before is None and (after & 0o7113 or not after & 0o400):
        yield f"{edit.path}: new with mode {after:04o}"
    elif after is not None and after & 0o7111:
        yield f"{edit.path}: executable"


def _twins(change_set: ChangeSet) -> Iterator[str]:
    seen: dict[str, str] = {}
    for edit in change_set.edits:
        if edit.kind is EditKind.DELETED:
            continue
        parts = edit.path.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            other = seen.setdefault(plain_path(path), path)
            if other != path:
                yield f"{path}: differs from {other} only by letter case or Unicode form"


def _goes_astray(path: str) -> bool:
    return not path or path.startswith("/") or "\0" in path or any(p in ("", ".", "..") for p in path.split("/"))
