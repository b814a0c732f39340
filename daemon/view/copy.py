"""Isolation ``copy``: a persistent copy of the workspace, and a program confined to it by Landlock and seccomp.

For machines that refuse user namespaces. The tree itself is out of the program's reach, for reading too. Modes, owners
and times cannot be changed at this level, so none of a change set's modes come from here.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.port import Exit
from daemon.changes import files
from daemon.changes.compare import Difference, change_set_of, inside_git, refreshed_by_git
from daemon.changeset import FileType
from daemon.view import confine, scratch
from daemon.view.errors import IsolationError
from daemon.view.gitdir import linked_repository
from daemon.view.overlay import settled_clock
from daemon.view.plain import names_in, nothing_ignored
from daemon.view.port import Isolation
from daemon.view.programs import located
from daemon.view.replica import Replica
from daemon.view.repositories import repositories_among
from daemon.view.running import run_guarded, why_failed
from daemon.view.sandbox import ROOT_ONLY
from daemon.view.surroundings import environment_of, private_home
from daemon.view.toolchain import SYSTEM, SYSTEM_LINKS, beneath, secrets_in, toolchains
from daemon.view.walk import Budget
from daemon.view.words import packed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator

    from daemon.agents.port import Program
    from daemon.changes.files import Fact
    from daemon.changeset import ChangeSet
    from daemon.view.overlay import Outside
    from daemon.view.plain import Ignored

STEP = "daemon.view.confine"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
_MOST_SLOTS = 64


class CopyViews:
    """Opens copies kept in ``above``, a private folder outside every workspace; each is used by one run at a time."""

    def __init__(self, above: Path, outside: Outside, *, ignored: Ignored = nothing_ignored) -> None:
        self._above = above
        self._outside = outside
        self._ignored = ignored
        self._replicas: dict[Path, Replica] = {}

    def refusal(self, workspace: Path) -> str:
        """Why this workspace cannot be copied and confined; "" when it can."""
        if self._above.resolve().is_relative_to(workspace.resolve()):
            return "the daemon's own state lies inside it"
        return confine.refusal()

    @contextlib.contextmanager
    def open(self, workspace: Path, *, paths: Collection[str], readable: Collection[str] = ()) -> Iterator[CopyView]:
        """The workspace's copy, brought up to date; ``paths`` need not be named for it."""
        del paths
        why = self.refusal(workspace)
        if why:
            raise IsolationError(str(workspace), why, "see `kiro-hookd doctor`")
        root = workspace.resolve()
        with self._slot(root) as slot:
            replica = self._replicas.setdefault(slot, Replica(slot))
            hidden = [str(p.relative_to(root)) for p in self._outside.hidden if p.is_relative_to(root)]
            replica.bring_up_to_date(root, readable=tuple(readable), hidden=hidden)
            for name in ("home", "tmp"):
                scratch.remove_tree(slot / name)
                (slot / name).mkdir(mode=0o700)
            settled_clock()  # so that whatever the program does bears a younger stamp than the copy
            yield CopyView(root=root, slot=slot, replica=replica, outside=self._outside, ignored=self._ignored(root))

    @contextlib.contextmanager
    def _slot(self, root: Path) -> Iterator[Path]:
        """The first copy of this workspace that no run is using."""
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
        for number in range(_MOST_SLOTS):
            slot = self._above / name / str(number)
            slot.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (slot / "lock").open("w") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield slot
                return
        raise IsolationError(str(root), f"{_MOST_SLOTS} runs are using its copies already", "lower `workers`")


class CopyView:
    """An open copy."""

    def __init__(
        self, *, root: Path, slot: Path, replica: Replica, outside: Outside, ignored: Callable[[str, bool], bool]
    ) -> None:
        self._root = root
        self._slot = slot
        self._replica = replica
        self._outside = outside
        self._ignored = ignored

    @property
    def isolation(self) -> Isolation:
        """Copy."""
        return Isolation.COPY

    @property
    def root(self) -> str:
        """The copy's path: it does not lie where the workspace does."""
        return str(self._replica.tree)

    def run(self, program: Program, *, stop: threading.Event) -> Exit:
        """Run a program confined to the copy."""
        home = self._slot / "home"
        env = {
            **_homes_of_tools(self._outside.home),
            **environment_of(program, home=str(home), temporary=str(self._slot / "tmp"), base=self._outside.environ),
        }
        found = located(
            program.argv, path=env.get("PATH", os.defpath), root=self._root,
            hidden=self._outside.hidden,
        )  # fmt: skip
        tools = toolchains(self._outside.environ, self._outside.home, found.paths, root=self._root)
        shown = (*tools, *map(Path, program.read_only))
        error = found.error or found.missing_from(shown, self._root)
        if program.argv and beneath(Path(program.argv[0]), (self._root,)):
            error = (
                f"{program.argv[0]}: a copy of the workspace lies elsewhere; name it from the workspace on (`./...`)"
            )
        if error:
            return Exit(code=None, error=error)
        status = self._slot / "status"
        fd = os.open(status, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            caps = self._outside.caps
            fields = {
                "read_write": [self.root, str(home), str(self._slot / "tmp"), *_DEVICES],
                "read_only": list(self._readable(program, shown)), "network": ["on" if program.network else ""],
                "umask": [str(self._outside.umask)], "processes": [str(caps.processes)],
                "file_bytes": [str(caps.file_bytes)], "data_bytes": [str(caps.data_bytes)], "status": [str(fd)],
            }  # fmt: skip
            words = packed(fields, list(program.argv))
            with private_home(home, program.home_files, home=self._outside.home):
                end = run_guarded(program, words, env=env, cwd=self._slot, stop=stop, pass_fds=(fd,), step=STEP)
        finally:
            os.close(fd)
        failed = why_failed(status.read_text(errors="replace"))
        return replace(end, code=None, error=failed) if failed and end.code == 125 else end

    def _readable(self, program: Program, shown: tuple[Path, ...]) -> Iterator[str]:
        yield "/proc"
        if program.network:
            yield str(Path("/etc/resolv.conf").resolve())
        repository = linked_repository(self._root)
        hidden = {*secrets_in(shown), *self._outside.hidden, *map(Path, ROOT_ONLY), self._root}
        for path in (*map(Path, (*SYSTEM, *SYSTEM_LINKS)), *shown):
            yield from _around(path, hidden)
        if repository is not None:
            yield str(repository)

    def change_set(self, *, id: str, store: Path) -> ChangeSet:  # noqa: A002 - the word of the report log
        """What the copy holds that it did not when it was brought up to date."""
        budget = Budget()
        with files.opened(Path(self.root)) as tree, files.opened(self._root) as live:
            found = []
            for path in self._replica.altered(budget):
                if refreshed_by_git(path) if inside_git(path) else self._ignored(path, False):
                    continue
                found.append(self._difference(tree, live, path, store, budget))
            return change_set_of(
                found,
                id=id,
                repositories=repositories_among((one.path for one in found if one.after), tree, live),
                names_beside=lambda path: names_in(live, path),
                overflow=budget.overflow,
            )

    def _difference(self, tree: int, live: int, path: str, store: Path, budget: Budget) -> Difference:
        before = self._replica.base(path)
        after = _without_mode(budget.fact(tree, path, store), before)
        now = files.look(live, path) if before is None and after is not None else None
        return Difference(path=path, before=before, after=after, moved=now is not None)


def _homes_of_tools(home: Path | None) -> dict[str, str]:
    """HOME is elsewhere here, so tools that find their own parts beneath it are told where these are."""
    names = {"RUSTUP_HOME": ".rustup", "PYENV_ROOT": ".pyenv", "NVM_DIR": ".nvm", "ASDF_DATA_DIR": ".asdf"}
    return {name: str(home / place) for name, place in names.items() if home is not None and (home / place).is_dir()}


def _without_mode(after: Fact | None, before: Fact | None) -> Fact | None:
    """The program could not change any mode here, so the one it left says nothing."""
    if after is None or after.type is not FileType.FILE:
        return after
    return replace(after, mode=before.mode if before is not None and before.type is FileType.FILE else 0o644)


def _around(path: Path, hidden: Collection[Path]) -> Iterator[str]:
    """A path, or what is in it, so that nothing hidden is beneath anything given: a rule opens all below it."""
    if path in hidden or any(path.is_relative_to(one) for one in hidden):
        return
    if not any(one.is_relative_to(path) for one in hidden if one.exists()):
        yield str(path)
        return
    with contextlib.suppress(OSError):
        for entry in sorted(path.iterdir()):
            if not entry.is_symlink():  # what it leads to is given by its own path, or not at all
                yield from _around(entry, hidden)
