"""From a change set to the steps of a transaction: each path is compared with what the run started from."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.compare import inside_git
from daemon.changes.files import Fact
from daemon.changes.journal import STAGE_PREFIX, ApplyError, Operation
from daemon.changes.result import Moved
from daemon.changes.transaction import MovedError
from daemon.changeset import EditKind, FileType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemon.changeset import ChangeSet, Edit


def refuse_the_impossible(change_set: ChangeSet) -> None:
    """Raise ApplyError for a change set that is never written, whatever the tree holds."""
    thing = f"change set {change_set.id}"
    if change_set.overflow:
        raise ApplyError(thing, f"it is not whole ({change_set.overflow})")
    ways: set[str] = set()
    for edit in change_set.edits:
        for path in filter(None, (edit.path, edit.old_path)):
            try:
                files.parts(path)
            except ValueError as error:
                raise ApplyError(thing, str(error)) from None
            if inside_git(path.lower()):
                raise ApplyError(thing, f"{path} belongs to git")
            ways.add(path)
        if FileType.OTHER in (edit.type, edit.base_type):
            raise ApplyError(thing, f"{edit.path} is a special file")
    for path in ways:
        if any(str(above) in ways for above in Path(path).parents):
            raise ApplyError(thing, f"{path}: a file and a directory change places", "make this change by hand")


def operations_for(root: int, change_set: ChangeSet) -> tuple[list[Operation], list[Moved]]:
    """The steps of a change set, and the paths that do not hold what the run started from."""
    operations: list[Operation] = []
    moved: list[Moved] = []
    for edit in change_set.edits:
        for path, base, after in _steps(edit):
            try:
                before = _present(root, path, base)
            except MovedError as error:
                moved.append(Moved(path=path, why=error.why, expected=base, found=error.found))
                continue
            if after is not None and before is not None and after.type is before.type and edit.mode == edit.base_mode:
                after = replace(after, mode=before.mode)  # noqa: PLW2901 - the run did not touch the mode: theirs stays
            operations.append(Operation(path=path, temporary=temporary(), before=before, after=after))
    return operations, moved


def _steps(edit: Edit) -> Iterator[tuple[str, str | None, Fact | None]]:
    """An edit as paths with the hash each must hold and what it shall hold."""
    after = None
    if edit.sha256 is not None and edit.kind is not EditKind.DELETED:
        mode = 0o777 if edit.type is FileType.SYMLINK else (edit.mode if edit.mode is not None else 0o644) & 0o7777
        after = Fact(type=edit.type, mode=mode, sha256=edit.sha256, size=0)
    if edit.kind is EditKind.RENAMED and edit.old_path is not None:
        yield edit.old_path, edit.base_sha256, None
        yield edit.path, None, after
    else:
        yield edit.path, edit.base_sha256, after


def _present(root: int, path: str, base: str | None) -> Fact | None:
    """What lies at a path, when it is what the run started from. Raises MovedError."""
    seen = None
    try:
        with files.parent(root, path) as (folder, name):
            fact = files.fact(folder, name)
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False) if fact else None
    except FileNotFoundError:
        fact = None
    except OSError as error:
        raise MovedError(path, f"the way to it is not what it was ({error.strerror})") from error
    if (fact.sha256 if fact else None) != base:
        raise MovedError(path, "changed meanwhile" if fact else "gone meanwhile", fact.sha256 if fact else None)
    if seen is not None and seen.st_nlink > 1:
        raise MovedError(path, f"it has {seen.st_nlink} names (hard links), and writing would part them", base)
    if seen is not None and seen.st_uid != os.geteuid() != 0:
        raise MovedError(path, "it belongs to another user, and writing would make it ours", base)
    return fact


def missing_folders(root: int, operations: Iterable[Operation]) -> Iterator[str]:
    """Directories that must be made, outermost first."""
    seen: set[str] = set()
    for one in operations:
        names = one.path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            folder = "/".join(names[:depth])
            if folder in seen or one.after is None:
                continue
            seen.add(folder)
            if files.look(root, folder) is None:
                yield folder


def temporary() -> str:
    """A new name for staged bytes."""
    return f"{STAGE_PREFIX}{secrets.token_hex(8)}.tmp"
