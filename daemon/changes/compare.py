"""Before and after -> edits. The one place where a change set is made, whatever kind of view it is read from.

A view names the paths that may differ (*candidates*) and can tell what each was and what it is now; this module
decides what of that is an edit: what git ignores is none, what git itself refreshes is none, and a file that came
where an equal one went is a rename.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.changes.names import plain_path
from daemon.changeset import ChangeSet, Edit, EditKind, FileType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from daemon.changes.files import Fact

MOST_EDITS = 10_000
MOST_BYTES = 256 * 1024 * 1024
MOST_FILE_BYTES = 64 * 1024 * 1024

_GIT_REFRESHES = frozenset({"index", "index.lock", "orig_head", "fetch_head", "commit_editmsg", "gc.log", "gc.pid"})
_GIT_FOLDERS = frozenset({"objects", "logs"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One path before and after. ``moved``: the tree's own file changed meanwhile, so ``before`` is not the base."""

    path: str
    before: Fact | None
    after: Fact | None
    moved: bool = False


def refreshed_by_git(path: str) -> bool:
    """Whether git writes this path by itself (index, objects, logs of whatever repository), so that it says nothing."""
    parts = path.split("/")
    for n, part in enumerate(parts[:-1]):
        if part == ".git":
            below = parts[n + 1 :]
            if below[0] == "modules" and len(below) > 2:
                below = below[-1:] if below[-1].lower() in _GIT_REFRESHES else below[2:]
            return below[0].lower() in _GIT_REFRESHES or (below[0] in _GIT_FOLDERS and len(below) > 1)
    return False


def inside_git(path: str) -> bool:
    """Whether a path is ``.git`` or lies in one."""
    return ".git" in path.split("/")


def change_set_of(
    differences: Iterable[Difference],
    *,
    id: str,  # noqa: A002 - the word of the report log
    repositories: Iterable[str] = (),
    names_beside: Callable[[str], Iterable[str]] = lambda _: (),
    overflow: str = "",
) -> ChangeSet:
    """The change set of these differences. ``names_beside`` lists the names in a directory of the tree."""
    edits: list[Edit] = []
    for one in differences:
        edit = _edit(one)
        if edit is None:
            continue
        if len(edits) >= MOST_EDITS:
            overflow = overflow or f"more than {MOST_EDITS} files"
            break
        edits.append(edit)
    edits = _with_renames(edits)
    return ChangeSet(
        id=id,
        edits=tuple(sorted(edits, key=lambda e: e.path)),
        repositories=tuple(sorted(set(repositories))),
        collisions=tuple(_collisions(edits, names_beside)),
        overflow=overflow,
    )


def _edit(one: Difference) -> Edit | None:
    before, after = one.before, one.after
    if before is None and after is None:
        return None
    if before is not None and after is not None and not one.moved:
        same = (before.type, before.mode, before.sha256) == (after.type, after.mode, after.sha256)
        if same and before.type is not FileType.OTHER:
            return None
    kind = EditKind.CREATED if before is None else EditKind.DELETED if after is None else EditKind.MODIFIED
    return Edit(
        path=one.path,
        kind=kind,
        base_sha256=(before.sha256 or None) if before else None,
        sha256=(after.sha256 or None) if after else None,
        base_mode=before.mode if before else None,
        mode=after.mode if after else None,
        base_type=before.type if before else FileType.FILE,
        type=after.type if after else FileType.FILE,
        binary=bool((before and before.binary) or (after and after.binary)),
        moved=one.moved,
    )


def _with_renames(edits: list[Edit]) -> list[Edit]:
    """A file that went and an equal one that came are one rename; empty files are alike by chance and stay apart."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    gone: dict[str, list[Edit]] = {}
    for edit in edits:
        plain = edit.base_type is FileType.FILE and not edit.moved and edit.base_sha256 not in (None, empty)
        if edit.kind is EditKind.DELETED and plain and edit.base_sha256:
            gone.setdefault(edit.base_sha256, []).append(edit)
    result: list[Edit] = []
    taken: set[str] = set()
    for edit in edits:
        partners = gone.get(edit.sha256 or "") if edit.kind is EditKind.CREATED else None
        if partners and edit.type is FileType.FILE and not edit.moved:
            old = partners.pop()
            taken.add(old.path)
            edit = replace(  # noqa: PLW2901 - the same edit, under its better name
                edit,
                kind=EditKind.RENAMED,
                old_path=old.path,
                base_sha256=old.base_sha256,
                base_mode=old.base_mode,
                binary=edit.binary or old.binary,
            )
        result.append(edit)
    return [edit for edit in result if not (edit.kind is EditKind.DELETED and edit.path in taken)]


def _collisions(edits: Iterable[Edit], names_beside: Callable[[str], Iterable[str]]) -> list[str]:
    """New paths with a component that reads like another name in the same directory."""
    removed = {e.path for e in edits if e.kind is EditKind.DELETED} | {e.old_path for e in edits if e.old_path}
    listed: dict[str, dict[str, str]] = {}
    found = []
    for edit in edits:
        if edit.kind not in (EditKind.CREATED, EditKind.RENAMED):
            continue
        names = edit.path.split("/")
        for depth, name in enumerate(names):
            folder = "/".join(names[:depth])
            if folder not in listed:
                listed[folder] = {}
                for other in names_beside(folder):
                    if (f"{folder}/{other}" if folder else other) not in removed:
                        listed[folder].setdefault(plain_path(other), other)
            if listed[folder].get(plain_path(name), name) != name and name not in names_beside(folder):
                found.append(edit.path)
                break
    return found
