"""The one way in which bytes get into a workspace: stage, swap, compare what came out, and take all back if need be.

Nobody's bytes are ever lost. A file leaves its name only by an exchange or a rename that replaces nothing, and what
came out is looked at before it is dropped.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Protocol

from daemon.changes import files
from daemon.changes.disk import has_writer
from daemon.changes.journal import ApplyError, Journal, Phase
from daemon.changeset import FileType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemon.changes.disk import Disk
    from daemon.changes.files import Fact
    from daemon.changes.journal import Operation, Plan

_MOST = 256 * 1024 * 1024
_NO_SUCH_WAY = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Ledger(Protocol):
    """What an apply tells the ledger, so that its own writing is no news."""

    def expect(self, path: str, before: str | None, after: str | None) -> None:
        """From now on a path may show either of these hashes without that being news. Durable when it returns."""

    def settle(self, path: str, sha256: str | None) -> None:
        """The path shows this hash and no other is expected any more."""


class NoLedger:
    """For trees that nobody watches."""

    def expect(self, path: str, before: str | None, after: str | None) -> None:
        """Nothing to tell."""

    def settle(self, path: str, sha256: str | None) -> None:
        """Nothing to tell."""


class MovedError(Exception):
    """A path does not hold what the plan says it does. ``found`` is the hash seen, where one was."""

    def __init__(self, path: str, why: str, found: str | None = None) -> None:
        self.path = path
        self.why = why
        self.found = found
        super().__init__(f"{path}: {why}")


def alike(one: Fact | None, other: Fact | None) -> bool:
    """Whether two facts speak of the same content, type and mode."""
    if one is None or other is None:
        return one is other
    return (one.type, one.mode, one.sha256) == (other.type, other.mode, other.sha256)


class Transaction:
    """One plan on one open workspace."""

    def __init__(self, root: int, plan: Plan, journal: Journal, disk: Disk, ledger: Ledger) -> None:
        self._root = root
        self._plan = plan
        self._journal = journal
        self._disk = disk
        self._ledger = ledger

    @contextlib.contextmanager
    def _way(self, path: str) -> Iterator[tuple[int, str]]:
        """The directory and name of a path; a way or a file that is gone has moved."""
        try:
            with files.parent(self._root, path) as found:
                yield found
        except OSError as error:
            if error.errno in _NO_SUCH_WAY:
                raise MovedError(path, "the way to it is not what it was") from error
            raise

    def stage(self, blobs: Path) -> None:
        """Keep every file as it is now, and lay the new bytes beside it. Raises MovedError, ApplyError, OSError."""
        for path in self._plan.folders:
            with files.parent(self._root, path) as (above, name):
                self._disk.make_folder(above, name)
                self._disk.sync_folder(above)
        for operation in self._plan.operations:
            with self._way(operation.path) as (folder, name):
                original = _read(folder, name)
                if not alike(original[0] if original else None, operation.before):
                    raise MovedError(operation.path, "changed meanwhile", original[0].sha256 if original else None)
                if original is not None:
                    self._journal.keep(*original)
                if operation.after is not None:
                    self._lay(folder, name, operation, blobs)
                self._disk.sync_folder(folder)

    def _lay(self, folder: int, name: str, operation: Operation, blobs: Path) -> None:
        after = operation.after
        assert after is not None
        data = _blob(blobs, after)
        if after.type is FileType.SYMLINK:
            self._disk.link(folder, operation.temporary, data)
            return
        like = None
        with contextlib.ExitStack() as stack:
            if operation.before is not None and operation.before.type is FileType.FILE:
                like = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                stack.callback(os.close, like)
            self._disk.create(folder, operation.temporary, data, like=like, mode=after.mode)

    def swap(self) -> None:
        """Put every staged file in its place. Raises MovedError or OSError; what was swapped by then is."""
        for one in self._plan.operations:
            self._ledger.expect(one.path, _hash(one.before), _hash(one.after))
        self._journal.enter(Phase.SWAPPING)
        for one in self._plan.operations:
            with self._way(one.path) as (folder, name):
                self._swap(folder, name, one)
        for one in self._plan.operations:
            with self._way(one.path) as (folder, _):
                self._disk.sync_folder(folder)
        self._journal.enter(Phase.DONE)

    def _swap(self, folder: int, name: str, one: Operation) -> None:
        try:
            if one.before is None:
                self._disk.move(folder, one.temporary, name)
                return
            if one.after is None:
                self._disk.move(folder, name, one.temporary)
            else:
                self._disk.exchange(folder, one.temporary, name)
        except (FileExistsError, FileNotFoundError):
            raise MovedError(one.path, "changed meanwhile") from None
        came_out = files.fact(folder, one.temporary)
        if not alike(came_out, one.before):
            raise MovedError(one.path, "changed meanwhile", came_out.sha256 if came_out else None)
        if has_writer(folder, one.temporary):
            raise MovedError(one.path, "another program is writing it")

    def finish(self) -> bool:
        """Drop what came out; whether all of it is gone. A late writer's bytes are kept in the journal first."""
        clean = True
        for one in self._plan.operations:
            try:
                with files.parent(self._root, one.path) as (folder, _):
                    if one.before is not None:
                        self._drop(folder, one.temporary, one, known=one.before)
                    self._disk.sync_folder(folder)
            except OSError as error:
                clean = clean and error.errno in _NO_SUCH_WAY
            self._ledger.settle(one.path, _hash(one.after))
        return clean

    def take_back(self, *, swapped: bool) -> None:
        """Bring every path back to what it was, but for what a person made of it since. Can be repeated."""
        for one in reversed(self._plan.operations):
            try:
                with files.parent(self._root, one.path) as (folder, name):
                    if swapped:
                        self._take_back(folder, name, one)
                    elif one.after is not None:
                        self._disk.unlink(folder, one.temporary)
                    self._disk.sync_folder(folder)
            except OSError as error:
                if error.errno not in _NO_SUCH_WAY:
                    raise  # the folder is there: this must be done, now or at the next start
            self._ledger.settle(one.path, _hash(one.before))
        for path in reversed(self._plan.folders):
            with contextlib.suppress(OSError), files.parent(self._root, path) as (above, name):
                self._disk.remove_folder(above, name)

    def _take_back(self, folder: int, name: str, one: Operation) -> None:
        staged = files.fact(folder, one.temporary)
        if one.before is None:
            self._take_back_new(folder, name, one, staged)
        elif one.after is None:
            if staged is not None:
                self._put_back(folder, name, one)
        elif staged is not None:
            if not alike(staged, one.after) and alike(files.fact(folder, name), one.after):
                self._disk.exchange(folder, one.temporary, name)
                came_out = files.fact(folder, one.temporary)
                if not alike(came_out, one.after):  # a person wrote between the look and the swap: theirs goes back
                    self._disk.exchange(folder, one.temporary, name)
            self._drop(folder, one.temporary, one, known=one.after)

    def _take_back_new(self, folder: int, name: str, one: Operation, staged: Fact | None) -> None:
        if staged is not None:
            if alike(staged, one.after):
                self._disk.unlink(folder, one.temporary)
            else:
                self._put_back(folder, name, one)
            return
        if not alike(files.fact(folder, name), one.after):
            return
        self._disk.move(folder, name, one.temporary)
        if alike(files.fact(folder, one.temporary), one.after):
            self._disk.unlink(folder, one.temporary)
        else:
            self._put_back(folder, name, one)

    def _put_back(self, folder: int, name: str, one: Operation) -> None:
        try:
            self._disk.move(folder, one.temporary, name)
        except FileExistsError:  # somebody made a new one: that stays, and this is kept if nobody else has it
            self._drop(folder, one.temporary, one, known=one.after)

    def _drop(self, folder: int, name: str, one: Operation, *, known: Fact | None) -> None:
        """Remove a staged name; bytes that are neither the plan's old nor its new ones are rescued first."""
        try:
            lying = _read(folder, name)
        except MovedError:
            return  # a directory or something special: not ours to remove
        if lying is None:
            return
        if not alike(lying[0], known) and lying[0].sha256 not in (_hash(one.before), _hash(one.after)):
            self._journal.rescue(one.path, lying[1])
        self._disk.unlink(folder, name)


def _hash(fact: Fact | None) -> str | None:
    return None if fact is None else fact.sha256


def _read(folder: int, name: str) -> tuple[Fact, bytes] | None:
    """A file's or link's fact with its bytes. Raises MovedError for anything that is neither, or has other names."""
    try:
        fact = files.fact(folder, name, most=_MOST)
    except files.TooLargeError as error:
        raise MovedError(name, f"{error.size} bytes are more than an apply takes") from None
    if fact is None:
        return None
    if fact.type is FileType.OTHER:
        raise MovedError(name, "neither a file nor a link")
    if fact.type is FileType.SYMLINK:
        return fact, os.fsencode(os.readlink(name, dir_fd=folder))
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(fd, "rb") as file:
        return fact, file.read(_MOST)


def _blob(blobs: Path, after: Fact) -> bytes:
    """The new bytes, checked against their hash: what lies in a store is not believed."""
    try:
        fd = os.open(blobs / after.sha256, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ApplyError("the change set's store", f"{after.sha256[:12]} is missing ({error.strerror})") from error
    with os.fdopen(fd, "rb") as file:
        data = file.read(_MOST)
    if files.digest(data) != after.sha256:
        raise ApplyError("the change set's store", f"{after.sha256[:12]} is not what it was", "run the hook again")
    return data
