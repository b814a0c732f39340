"""Applying and undoing: all of the new or all of the old, at whatever step something dies, fails or interferes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.changes.apply import Applied, Conflict, Recovered, apply, recover, undo
from daemon.changes.disk import Disk
from daemon.changes.journal import STAGE_PREFIX, ApplyError
from daemon.changeset import ChangeSet, Edit, EditKind, FileType

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = {"src/a.ts": b"old a\r\n", "src/b.ts": b"old b\n", "gone.md": b"to be removed\n", "from.txt": b"to be renamed\n"}
NEW = {"src/a.ts": b"new a\r\n", "src/b.ts": b"new b\n", "deep/er/c.ts": b"created\n", "to.txt": b"to be renamed\n"}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Ground:
    """A workspace, a change set for it, and where its bytes and journals lie."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.tree = base / "tree"
        self.store = base / "store"
        self.journals = base / "journals"
        self.store.mkdir(parents=True)
        for path, data in OLD.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_bytes(data)
        for data in NEW.values():
            (self.store / sha(data)).write_bytes(data)
        (self.tree / "src/b.ts").chmod(0o640)
        self.set = ChangeSet(
            id="cs-1",
            edits=(
                self.modified("src/a.ts"),
                self.modified("src/b.ts", base_mode=0o640, mode=0o640),
                Edit(path="deep/er/c.ts", kind=EditKind.CREATED, sha256=sha(NEW["deep/er/c.ts"]), mode=0o644),
                Edit(path="gone.md", kind=EditKind.DELETED, base_sha256=sha(OLD["gone.md"]), base_mode=0o644),
                Edit(path="to.txt", old_path="from.txt", kind=EditKind.RENAMED, base_sha256=sha(OLD["from.txt"]),
                     sha256=sha(OLD["from.txt"]), base_mode=0o644, mode=0o644),
            ),
        )  # fmt: skip

    def modified(self, path: str, **more: int) -> Edit:
        modes = {"base_mode": 0o644, "mode": 0o644, **more}
        return Edit(path=path, kind=EditKind.MODIFIED, base_sha256=sha(OLD[path]), sha256=sha(NEW[path]), **modes)

    def apply(self, disk: Disk | None = None, **more: object) -> Applied | Conflict:
        change_set = more.pop("change_set", self.set)
        return apply(self.tree, change_set, store=self.store, journals=self.journals, disk=disk, **more)  # type: ignore[arg-type] # the caller's

    def undo(self, disk: Disk | None = None) -> Applied | Conflict:
        return undo("cs-1", journals=self.journals, disk=disk)

    def recover(self) -> list[Recovered]:
        return recover(self.journals)

    def files(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.tree)): p.read_bytes() for p in self.tree.rglob("*") if p.is_file()}

    def leftovers(self) -> list[str]:
        return [p.name for p in self.tree.rglob("*") if p.name.startswith(STAGE_PREFIX)]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


class Counting(Disk):
    """Counts the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []

    def step(self, what: str) -> None:
        self.steps.append(what)


class At(Disk):
    """Does something at one step."""

    def __init__(self, number: int, act: Callable[[str], None]) -> None:
        super().__init__()
        self._left = number
        self._act = act

    def step(self, what: str) -> None:
        self._left -= 1
        if self._left == -1:
            self._act(what)


def steps_of(base: Path, *, undoing: bool) -> int:
    ground = Ground(base)
    disk = Counting()
    if undoing:
        ground.apply()
        ground.undo(disk)
    else:
        ground.apply(disk)
    return len(disk.steps)


def test_a_change_set_is_applied_with_line_ends_and_modes_kept(ground: Ground) -> None:
    applied = ground.apply()
    assert isinstance(applied, Applied)
    assert ground.files() == NEW
    assert (ground.tree / "src/b.ts").stat().st_mode & 0o777 == 0o640
    assert {one.path: one.after for one in applied.files} == {
        **{path: sha(data) for path, data in NEW.items()}, "gone.md": None, "from.txt": None,
    }  # fmt: skip
    assert not ground.leftovers()


def test_undo_brings_back_every_byte_and_mode_and_the_folders(ground: Ground) -> None:
    ground.apply()
    assert isinstance(ground.undo(), Applied)
    assert ground.files() == OLD
    assert (ground.tree / "src/b.ts").stat().st_mode & 0o777 == 0o640
    assert not (ground.tree / "deep").exists()
    with pytest.raises(ApplyError):
        ground.undo()


def test_a_change_set_can_be_applied_again_after_its_undo_but_not_twice(ground: Ground) -> None:
    ground.apply()
    with pytest.raises(ApplyError):
        ground.apply(change_set=ChangeSet(id="cs-1"))
    ground.undo()
    assert isinstance(ground.apply(), Applied)
    assert isinstance(ground.undo(), Applied)
    assert ground.files() == OLD


@pytest.mark.parametrize("path", ["src/a.ts", "src/b.ts", "gone.md", "from.txt"])
def test_one_file_that_moved_on_holds_the_whole_change_set(ground: Ground, path: str) -> None:
    (ground.tree / path).write_bytes(b"a person's\n")
    result = ground.apply()
    assert isinstance(result, Conflict)
    assert [(one.path, one.found) for one in result.moved] == [(path, sha(b"a person's\n"))]
    assert ground.files() == {**OLD, path: b"a person's\n"}


def test_a_file_where_the_agent_made_one_holds_the_whole_change_set(ground: Ground) -> None:
    (ground.tree / "to.txt").write_bytes(b"a person's\n")
    assert isinstance(ground.apply(), Conflict)
    assert ground.files() == {**OLD, "to.txt": b"a person's\n"}


def test_a_moved_base_is_never_written_over(ground: Ground) -> None:
    moved = Edit(
        path="src/a.ts", kind=EditKind.MODIFIED, base_sha256=sha(OLD["src/a.ts"]), sha256=sha(b"x"), moved=True
    )
    assert isinstance(ground.apply(change_set=ChangeSet(id="m", edits=(moved,))), Conflict)
    assert ground.files() == OLD


def test_an_edit_after_the_apply_keeps_undo_from_writing(ground: Ground) -> None:
    ground.apply()
    (ground.tree / "src/a.ts").write_bytes(b"a person's\n")
    assert isinstance(ground.undo(), Conflict)
    assert ground.files() == {**NEW, "src/a.ts": b"a person's\n"}


@pytest.mark.parametrize("way", ["link", "dangling", "file"])
def test_a_way_that_leads_over_a_link_is_not_taken(ground: Ground, way: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if way == "file":
        (ground.tree / "deep").write_bytes(b"a file\n")
    else:
        (ground.tree / "deep").symlink_to(elsewhere if way == "link" else tmp_path / "nowhere")
    before = ground.files()
    assert isinstance(ground.apply(), Conflict)
    assert ground.files() == before
    assert not list(elsewhere.iterdir())


def test_a_directory_swapped_for_a_link_between_two_steps_leads_nowhere(ground: Ground, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.ts").write_bytes(OLD["src/a.ts"])

    def swap(_: str) -> None:
        (ground.tree / "src").rename(tmp_path / "aside")
        (ground.tree / "src").symlink_to(elsewhere)

    count = steps_of(tmp_path / "count", undoing=False)
    for number in range(count):
        ground = Ground(tmp_path / f"g{number}")
        aside = tmp_path / "aside"
        with contextlib.suppress(ApplyError):
            ground.apply(At(number, swap))
        assert (elsewhere / "a.ts").read_bytes() == OLD["src/a.ts"]
        assert not any(p.name.startswith(STAGE_PREFIX) for p in elsewhere.iterdir())
        if aside.exists():
            aside.rename(tmp_path / f"aside{number}")


@pytest.mark.parametrize("undoing", [False, True], ids=["apply", "undo"])
def test_death_at_any_step_leaves_all_of_the_old_or_all_of_the_new(tmp_path: Path, undoing: bool) -> None:
    count = steps_of(tmp_path / "count", undoing=undoing)
    outcomes = set()
    for number in range(count):
        ground = Ground(tmp_path / str(number))
        if undoing:
            ground.apply()
        pid = os.fork()
        if pid == 0:
            die = At(number, lambda _: os.kill(os.getpid(), signal.SIGKILL))
            ground.undo(die) if undoing else ground.apply(die)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL, number
        ground.recover()
        found = ground.files()
        assert found in (OLD, NEW), (number, found)
        assert not ground.leftovers(), number
        assert ground.recover() == [], "a second start finds nothing to do"
        outcomes.add(found == OLD)
        if found == NEW and not undoing:
            assert isinstance(ground.undo(), Applied)
            assert ground.files() == OLD
    assert outcomes == {True, False}


@pytest.mark.parametrize("undoing", [False, True], ids=["apply", "undo"])
def test_a_death_during_recovery_is_recovered_too(tmp_path: Path, undoing: bool) -> None:
    first = steps_of(tmp_path / "count", undoing=undoing) * 2 // 3
    for number in range(12):
        ground = Ground(tmp_path / str(number))
        if undoing:
            ground.apply()
        for act in ("do", "recover"):
            pid = os.fork()
            if pid == 0:
                die = At(first if act == "do" else number, lambda _: os.kill(os.getpid(), signal.SIGKILL))
                if act == "recover":
                    recover(ground.journals, disk=die)
                else:
                    ground.undo(die) if undoing else ground.apply(die)
                os._exit(0)
            os.waitpid(pid, 0)
        ground.recover()
        assert ground.files() in (OLD, NEW), number
        assert not ground.leftovers(), number


@pytest.mark.parametrize("undoing", [False, True], ids=["apply", "undo"])
@pytest.mark.parametrize("how", [pytest.param("write", marks=pytest.mark.soak), "replace", "remove"])
def test_an_edit_by_a_person_at_any_step_survives(tmp_path: Path, undoing: bool, how: str) -> None:
    count = steps_of(tmp_path / "count", undoing=undoing)
    for number in range(count):
        ground = Ground(tmp_path / str(number))
        if undoing:
            ground.apply()
        target = ground.tree / "src/b.ts"

        def edit(_: str, target: Path = target) -> None:
            if how == "write":
                target.write_bytes(b"a person's\n")
            elif how == "replace":
                beside = target.with_name("b.ts.tmp~")
                beside.write_bytes(b"a person's\n")
                beside.replace(target)
            else:
                target.unlink()

        result = ground.undo(At(number, edit)) if undoing else ground.apply(At(number, edit))
        found = ground.files()
        mine = found.pop("src/b.ts", None)
        rest = [{p: d for p, d in side.items() if p != "src/b.ts"} for side in (OLD, NEW)]
        assert found in rest, (number, found)
        if how == "remove":
            assert mine in (None, OLD["src/b.ts"], NEW["src/b.ts"]), number
            assert mine is None or isinstance(result, Conflict), number
        else:
            assert mine == b"a person's\n", (number, result)
        assert not ground.leftovers(), number


def test_an_edit_between_a_crash_and_the_next_start_survives(tmp_path: Path) -> None:
    count = steps_of(tmp_path / "count", undoing=False)
    for number in range(count):
        ground = Ground(tmp_path / str(number))
        pid = os.fork()
        if pid == 0:
            ground.apply(At(number, lambda _: os.kill(os.getpid(), signal.SIGKILL)))
            os._exit(0)
        os.waitpid(pid, 0)
        (ground.tree / "src/a.ts").write_bytes(b"a person's\n")
        ground.recover()
        found = ground.files()
        assert found.pop("src/a.ts") == b"a person's\n", number
        assert found in [{p: d for p, d in side.items() if p != "src/a.ts"} for side in (OLD, NEW)], number
        assert not ground.leftovers(), number


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=["full", "read-only", "broken"])
def test_a_disk_that_fails_at_any_step_leaves_nothing_half_done(tmp_path: Path, number: int) -> None:
    def fail(_: str) -> None:
        raise OSError(number, os.strerror(number))

    for step in range(steps_of(tmp_path / "count", undoing=False)):
        ground = Ground(tmp_path / str(step))
        try:
            ground.apply(At(step, fail))
        except (ApplyError, OSError):
            ground.recover()
            assert ground.files() == OLD, step
        else:
            ground.recover()
            assert ground.files() == NEW, step
        assert not ground.leftovers()


class Recorder:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.expected: dict[str, tuple[str | None, str | None]] = {}
        self.settled: dict[str, str | None] = {}

    def expect(self, path: str, before: str | None, after: str | None) -> None:
        file = self.ground.tree / path
        assert (sha(file.read_bytes()) if file.exists() else None) == before, "told before anything is written"
        self.expected[path] = (before, after)

    def settle(self, path: str, sha256: str | None) -> None:
        self.settled[path] = sha256


def test_the_ledger_expects_both_hashes_before_the_first_write_and_one_in_the_end(ground: Ground) -> None:
    ledger = Recorder(ground)
    ground.apply(ledger=ledger)
    assert set(ledger.expected) == {*OLD, *NEW}
    assert ledger.settled == {path: after for path, (_, after) in ledger.expected.items()}


def test_the_ledger_is_told_when_all_is_taken_back(ground: Ground, tmp_path: Path) -> None:
    ledger = Recorder(ground)
    last = Counting()
    Ground(tmp_path / "count").apply(last)
    at = next(n for n, step in enumerate(last.steps) if step.startswith(("exchange", "move")))
    (result,) = [ground.apply(At(at + 1, lambda _: (ground.tree / "gone.md").write_bytes(b"p")), ledger=ledger)]
    assert isinstance(result, Conflict)
    assert ledger.settled == {path: before for path, (before, _) in ledger.expected.items()}


def test_a_file_that_another_program_holds_open_for_writing_is_left_to_it(ground: Ground) -> None:
    with (ground.tree / "src/a.ts").open("r+b") as writer:
        result = ground.apply()
        writer.write(b"LATE")
    if isinstance(result, Conflict):
        assert ground.files() == {**OLD, "src/a.ts": b"LATEa\r\n"}
    else:
        pytest.fail("the late write went into a file that is no longer there")
    with (ground.tree / "src/a.ts").open("rb"):
        (ground.tree / "src/a.ts").write_bytes(OLD["src/a.ts"])
        assert isinstance(ground.apply(), Applied), "one that only reads is no hindrance"


def test_a_file_with_several_names_is_left_alone(ground: Ground) -> None:
    os.link(ground.tree / "src/a.ts", ground.base / "other")
    assert isinstance(ground.apply(), Conflict)
    assert ground.files() == OLD


def test_a_store_that_was_tampered_with_is_not_believed(ground: Ground) -> None:
    (ground.store / sha(NEW["src/b.ts"])).write_bytes(b"evil\n")
    with pytest.raises(ApplyError):
        ground.apply()
    assert ground.files() == OLD
    (ground.store / sha(NEW["src/b.ts"])).unlink()
    (ground.store / sha(NEW["src/b.ts"])).symlink_to("/etc/passwd")
    with pytest.raises(ApplyError):
        ground.apply()
    assert ground.files() == OLD
    assert not ground.leftovers()


@pytest.mark.parametrize(
    "edit",
    [
        Edit(path=".git/hooks/pre-commit", kind=EditKind.CREATED, sha256=sha(b"x")),
        Edit(path="sub/.GIT/config", kind=EditKind.CREATED, sha256=sha(b"x")),
        Edit(path="../out", kind=EditKind.CREATED, sha256=sha(b"x")),
        Edit(path="/etc/x", kind=EditKind.CREATED, sha256=sha(b"x")),
        Edit(path="pipe", kind=EditKind.CREATED, type=FileType.OTHER),
    ],
    ids=lambda e: e.path,
)
def test_what_no_verdict_could_allow_is_not_written(ground: Ground, edit: Edit) -> None:
    with pytest.raises(ApplyError):
        ground.apply(change_set=ChangeSet(id="x", edits=(edit,)))
    assert ground.files() == OLD


def test_a_link_that_a_person_allows_is_made_and_undone(ground: Ground) -> None:
    (ground.store / sha(b"src/a.ts")).write_bytes(b"src/a.ts")
    link = Edit(path="link", kind=EditKind.CREATED, sha256=sha(b"src/a.ts"), type=FileType.SYMLINK, mode=0o777)
    assert isinstance(ground.apply(change_set=ChangeSet(id="cs-1", edits=(link,))), Applied)
    assert os.readlink(ground.tree / "link") == "src/a.ts"
    assert isinstance(ground.undo(), Applied)
    assert not os.path.lexists(ground.tree / "link")


def test_extended_attributes_of_a_file_are_kept(ground: Ground) -> None:
    try:
        os.setxattr(ground.tree / "src/a.ts", "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    ground.apply()
    assert os.getxattr(ground.tree / "src/a.ts", "user.note") == b"mine"


def test_names_that_are_no_utf8_are_applied(ground: Ground) -> None:
    name = os.fsdecode(b"caf\xe9 \n.txt")
    (ground.store / sha(b"x")).write_bytes(b"x")
    edit = Edit(path=name, kind=EditKind.CREATED, sha256=sha(b"x"), mode=0o644)
    assert isinstance(ground.apply(change_set=ChangeSet(id="cs-1", edits=(edit,))), Applied)
    assert (ground.tree / name).read_bytes() == b"x"
    assert isinstance(ground.undo(), Applied)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["src/a.ts", "src/b.ts", "gone.md", "from.txt", "to.txt", "deep/er/c.ts"]),
                  st.sampled_from(["write", "remove"]), st.integers(0, 60)),
        max_size=4,
    ),
    st.integers(0, 60),
)  # fmt: skip
def test_whatever_a_person_does_at_whatever_steps_is_there_in_the_end(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, int]], death: int
) -> None:
    """A person edits at several steps, then the daemon dies: the last thing written to a path is there or rescued."""
    ground = Ground(tmp_path_factory.mktemp("any"))

    class Person(Disk):
        count = -1

        def step(self, what: str) -> None:
            self.count += 1
            for n, (path, how, when) in enumerate(edits):
                target = ground.tree / path
                if when == self.count and how == "write" and target.parent.is_dir():
                    target.write_bytes(f"person {n}\n".encode())
                    (ground.base / f"wrote-{n}").touch()
                elif when == self.count and how == "remove":
                    target.unlink(missing_ok=True)
            if self.count == death:
                os._exit(9)

    pid = os.fork()
    if pid == 0:
        try:
            ground.apply(Person())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    ground.recover()
    kept = set(ground.files().values()) | {p.read_bytes() for p in ground.journals.rglob("*") if p.is_file()}
    for n, (path, _, when) in enumerate(edits):
        later = [m for m, (p, _, w) in enumerate(edits) if p == path and (w, m) > (when, n)]
        if (ground.base / f"wrote-{n}").exists() and not later:
            assert f"person {n}\n".encode() in kept, (n, path)
    assert not ground.leftovers()
