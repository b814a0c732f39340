"""Apply, undo and recover: change sets in and out of a workspace, all or nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.changes import files
from daemon.changes.disk import Disk
from daemon.changes.journal import ApplyError, Journal, Operation, Phase, Plan
from daemon.changes.planning import missing_folders, operations_for, refuse_the_impossible, temporary
from daemon.changes.result import Applied, Conflict, Moved, Recovered, Written
from daemon.changes.transaction import MovedError, NoLedger, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.changes.transaction import Ledger
    from daemon.changeset import ChangeSet

__all__ = ["Applied", "Conflict", "Moved", "Recovered", "Written", "apply", "recover", "undo"]

_NO_LEDGER = NoLedger()


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
    refuse_the_impossible(change_set)
    known = [Moved(path=e.path, why="changed while the run was under way", expected=None, found=None)
             for e in change_set.edits if e.moved]  # fmt: skip
    if known:
        return Conflict(id=change_set.id, moved=tuple(known))
    disk = disk or Disk()
    with _exclusive(journals), _opened(workspace) as root:
        operations, moved = operations_for(root, change_set)
        if moved:
            return Conflict(id=change_set.id, moved=tuple(moved))
        plan = Plan(
            id=change_set.id, workspace=str(workspace), operations=tuple(operations),
            folders=tuple(missing_folders(root, operations)),
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
            Operation(path=one.path, temporary=temporary(), before=one.after, after=one.before)
            for one in reversed(done.operations)
        )
        with _opened(Path(done.workspace)) as root:
            plan = Plan(
                id=f"{change_set_id}.undo", workspace=done.workspace, operations=operations, undoes=change_set_id,
                folders=tuple(missing_folders(root, operations)),
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
