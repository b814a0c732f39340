"""Apply, undo and recover: change sets in and out of a workspace, all or nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.compare import inside_git
from daemon.changes.disk import Disk
from daemon.changes.files import Fact
from daemon.changes.journal import STAGE_PREFIX, ApplyError, Journal, Operation, Phase, Plan
from daemon.changes.transaction import MovedError, NoLedger, Transaction
from daemon.changeset import EditKind, FileType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemon.changes.transaction import Ledger
    from daemon.changeset import ChangeSet, Edit

_NO_LEDGER = NoLedger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One path that was written, with the hashes it went from and to (``None``: no file)."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """Everything is in the tree, durable."""

    id: str
    files: tuple[Written, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A path that does not hold what the run started from. ``found`` is the hash it holds, where that is known."""

    path: str
    why: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Nothing was written: the tree has moved on. ``rescued`` names a folder with bytes of a person, if any."""

    id: str
    moved: tuple[Moved, ...]
    rescued: Path | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each path."""
        return tuple(f"{one.path}: {one.why}" for one in self.moved)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """What the start made of a journal a crash left: all of the new (``applied``) or all of the old."""

    id: str
    workspace: Path
    applied: bool
    undo: bool
    files: tuple[Written, ...]
    rescued: Path | None = None


def apply(
    workspace: Path,
    change_set: ChangeSet,
    *,
    store: Path,
    journals: Path,
    ledger: Ledger = _NO_LEDGER,
    disk: Disk | None = None,
) -> Applied | Conflict:
    """Write a change set into a workspace as one transaction.

    Whether it may be applied is not asked here (``daemon.limits``), but nothing in ``.git`` and nothing special is ever
    written. The journal stays for ``undo``. Raises ApplyError when it cannot be done; the tree is then as it was.
    """
    _refuse_the_impossible(change_set)
    known = [Moved(path=e.path, why="changed while the run was under way", expected=None, found=None)
             for e in change_set.edits if e.moved]  # fmt: skip
    if known:
        return Conflict(id=change_set.id, moved=tuple(known))
    disk = disk or Disk()
    with _exclusive(journals), _opened(workspace) as root:
        operations, moved = _operations(root, change_set)
        if moved:
            return Conflict(id=change_set.id, moved=tuple(moved))
        plan = Plan(
            id=change_set.id, workspace=str(workspace), operations=tuple(operations),
            folders=tuple(_missing_folders(root, operations)),
        )  # fmt: skip
        return _run(root, plan, blobs=store, journals=journals, ledger=ledger, disk=disk)


def undo(
    change_set_id: str, *, journals: Path, ledger: Ledger = _NO_LEDGER, disk: Disk | None = None
) -> Applied | Conflict:
    """Bring back what an applied change set replaced, under the same compare. Raises ApplyError."""
    disk = disk or Disk()
    with _exclusive(journals):
        journal = Journal(_folder(journals, change_set_id), disk)
        done = journal.plan()
        if done is None or journal.phase not in (Phase.APPLIED, Phase.DONE):
            raise ApplyError(f"change set {change_set_id}", "it is not applied", "see `kiro-hookd show`")
        operations = tuple(
            Operation(path=one.path, temporary=_temporary(), before=one.after, after=one.before)
            for one in reversed(done.operations)
        )
        with _opened(Path(done.workspace)) as root:
            plan = Plan(
                id=f"{change_set_id}.undo", workspace=done.workspace, operations=operations, undoes=change_set_id,
                folders=tuple(_missing_folders(root, operations)),
            )  # fmt: skip
            result = _run(root, plan, blobs=journal.before, journals=journals, ledger=ledger, disk=disk)
            if isinstance(result, Applied):
                for folder in reversed(done.folders):
                    with contextlib.suppress(OSError), files.parent(root, folder) as (above, name):
                        disk.remove_folder(above, name)
            return result


def recover(journals: Path, *, ledger: Ledger = _NO_LEDGER, disk: Disk | None = None) -> list[Recovered]:
    """Finish or take back whatever a crash left, before anything else is done to a workspace.

    A journal whose workspace cannot be opened now is left for a later start. Raises ApplyError where the tree could
    not be brought back (a full disk, a read-only one): nothing else should be applied until that is mended.
    """
    disk = disk or Disk()
    found = []
    with _exclusive(journals):
        for folder in sorted(path for path in journals.iterdir() if path.is_dir()):
            journal = Journal(folder, disk)
            if journal.phase in (Phase.APPLIED, Phase.UNDONE, Phase.ROLLED_BACK):
                continue
            plan = journal.plan()
            if plan is None or journal.phase is None:
                journal.close()  # died before anything was staged
                continue
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), files.opened(Path(plan.workspace)) as root:
                found.append(_recover(root, plan, journal, disk, ledger))
    return found


def _recover(root: int, plan: Plan, journal: Journal, disk: Disk, ledger: Ledger) -> Recovered:
    transaction = Transaction(root, plan, journal, disk, ledger)
    applied = journal.phase is Phase.DONE
    try:
        if applied:
            if transaction.finish():
                _conclude(plan, journal, disk)
        else:
            transaction.take_back(swapped=journal.phase is Phase.SWAPPING)
    except OSError as error:
        raise ApplyError(plan.workspace, f"a broken-off apply could not be taken back ({error})",
                         "mend that and start again") from error  # fmt: skip
    rescued = journal.rescued if journal.rescued.exists() else None
    if not applied:
        journal.close()
    return Recovered(
        id=plan.undoes or plan.id, workspace=Path(plan.workspace), applied=applied, undo=plan.undoes is not None,
        files=_written(plan), rescued=rescued,
    )  # fmt: skip


def _run(root: int, plan: Plan, *, blobs: Path, journals: Path, ledger: Ledger, disk: Disk) -> Applied | Conflict:
    journal = Journal(_folder(journals, plan.id), disk)
    if journal.phase is not None:
        if journal.phase not in (Phase.UNDONE, Phase.ROLLED_BACK):
            raise ApplyError(f"change set {plan.id}", f"it is {journal.phase} already")
        journal.folder.rename(journal.folder.with_name(f"{journal.folder.name}.{secrets.token_hex(4)}"))
    transaction = Transaction(root, plan, journal, disk, ledger)
    try:
        journal.begin(plan)
        transaction.stage(blobs)
        transaction.swap()
    except MovedError as error:
        _take_back(transaction, journal)
        moved = Moved(path=error.path, why=error.why, expected=_expected(plan, error.path), found=error.found)
        return Conflict(id=plan.id, moved=(moved,), rescued=journal.rescued if journal.rescued.exists() else None)
    except (OSError, ApplyError) as error:
        if not _is_done(journal):
            _take_back(transaction, journal)
            raise error if isinstance(error, ApplyError) else _failed(plan, error) from error
    if transaction.finish():
        with contextlib.suppress(OSError):  # it is in the tree; the journal is brought to its end at the next start
            _conclude(plan, journal, disk)
    return Applied(id=plan.id, files=_written(plan))


def _is_done(journal: Journal) -> bool:
    return journal.phase is Phase.DONE


def _take_back(transaction: Transaction, journal: Journal) -> None:
    try:
        transaction.take_back(swapped=journal.phase is Phase.SWAPPING)
        journal.close()
    except OSError as error:
        raise ApplyError("the workspace", f"an apply could not be taken back ({error})",
                         "mend that and restart the daemon: it will be, first of all") from error  # fmt: skip


def _conclude(plan: Plan, journal: Journal, disk: Disk) -> None:
    if plan.undoes is not None:
        Journal(_folder(journal.folder.parent, plan.undoes), disk).enter(Phase.UNDONE)
        journal.enter(Phase.UNDONE)
    else:
        journal.enter(Phase.APPLIED)


def _failed(plan: Plan, error: OSError) -> ApplyError:
    return ApplyError(
        plan.workspace, f"the change set could not be written ({error})", "nothing was changed; mend that"
    )


def _expected(plan: Plan, path: str) -> str | None:
    for one in plan.operations:
        if one.path == path and one.before is not None:
            return one.before.sha256
    return None


def _written(plan: Plan) -> tuple[Written, ...]:
    return tuple(
        Written(
            path=one.path,
            before=one.before.sha256 if one.before else None,
            after=one.after.sha256 if one.after else None,
        )
        for one in plan.operations
    )


def _refuse_the_impossible(change_set: ChangeSet) -> None:
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


def _operations(root: int, change_set: ChangeSet) -> tuple[list[Operation], list[Moved]]:
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
            operations.append(Operation(path=path, temporary=_temporary(), before=before, after=after))
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


def _missing_folders(root: int, operations: Iterable[Operation]) -> Iterator[str]:
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


def _temporary() -> str:
    return f"{STAGE_PREFIX}{secrets.token_hex(8)}.tmp"


def _folder(journals: Path, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}", name):
        raise ApplyError(f"change set {name!r}", "that is no change set's name")
    return journals / name


@contextlib.contextmanager
def _opened(workspace: Path) -> Iterator[int]:
    try:
        root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ApplyError(str(workspace), f"cannot be opened ({error.strerror})") from error
    try:
        yield root
    finally:
        os.close(root)


@contextlib.contextmanager
def _exclusive(journals: Path) -> Iterator[None]:
    """One apply at a time, whichever process and thread."""
    journals.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (journals / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
