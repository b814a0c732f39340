"""Isolation ``overlay``: the live tree beneath a private upper layer, inside bubblewrap.

The program sees uncommitted and untracked files at the workspace's own path; what it writes lands in the upper layer.
The hidden files are whited out by a layer between. The tree beneath is no snapshot: a file that somebody changes while
the run is under way is told by its change time and marked as moved.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.port import Exit, Program
from daemon.process import StopSignal
from daemon.view import sandbox, scratch
from daemon.view.census import Census, file_system, is_directory, mounts_beneath
from daemon.view.errors import IsolationError
from daemon.view.gitdir import linked_repository, without_credentials
from daemon.view.hidden import is_hidden
from daemon.view.plain import nothing_ignored
from daemon.view.port import Isolation
from daemon.view.programs import located
from daemon.view.running import run_guarded, why_failed
from daemon.view.surroundings import environment_of, private_home
from daemon.view.toolchain import secrets_in, toolchains
from daemon.view.upper import Upper
from daemon.view.words import packed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterator

    from daemon.changeset import ChangeSet
    from daemon.view.plain import Ignored

STEP = "daemon.view.inner"
_FOREIGN_CLOCK = ("nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "glusterfs", "vboxsf", "afs", "lustre")
_NO_CHANGE_TIME = ("vfat", "exfat", "msdos", "ntfs", "ntfs3")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What surrounds every view: bubblewrap's path, the user's environment and HOME, and what is hidden from all."""

    bwrap: str
    environ: dict[str, str]
    home: Path | None
    hidden: tuple[Path, ...] = ()
    caps: sandbox.Caps = field(default_factory=sandbox.Caps)
    umask: int = 0o022
    version: tuple[int, ...] = (0, 8)


class OverlayViews:
    """Opens overlays over live trees; the layers lie in ``above``, a private folder outside every workspace."""

    def __init__(self, above: Path, outside: Outside, *, ignored: Ignored = nothing_ignored) -> None:
        self._above = above
        self._outside = outside
        self._ignored = ignored
        self._censuses: dict[Path, Census] = {}
        self._accepted: dict[tuple[Path, int], str] = {}

    def refusal(self, workspace: Path) -> str:
        """Why this workspace cannot be shown through an overlay; "" when it can. Tried once for each tree."""
        root = workspace.resolve()
        table = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        beneath = mounts_beneath(root, table)
        if beneath:
            return f"{beneath[0]} is a mount of its own"
        kind = file_system(root, table)
        if kind in _FOREIGN_CLOCK or kind in _NO_CHANGE_TIME or kind.startswith("fuse"):
            return f"a {kind} file system tells no change times that can be relied on"
        if self._above.resolve().is_relative_to(root):
            return "the daemon's own state lies inside it"
        key = (root, root.stat().st_dev)
        if key not in self._accepted:
            self._accepted[key] = self._try(root)
        return self._accepted[key]

    def _try(self, root: Path) -> str:
        with self.open(root, paths=()) as view:
            end = view.run(Program(argv=("true",), timeout=20), stop=StopSignal())
        return "" if end.code == 0 else end.error or f"the sandbox ended with {end.code}: {end.stderr[-300:]!r}"

    @contextlib.contextmanager
    def open(self, workspace: Path, *, paths: Collection[str], readable: Collection[str] = ()) -> Iterator[OverlayView]:
        """A fresh overlay of the whole workspace; ``paths`` need not be named for it."""
        del paths
        root = workspace.resolve()
        began = time.clock_gettime_ns(time.CLOCK_REALTIME)
        if not root.is_dir():
            raise IsolationError(str(workspace), "is no directory", "")
        census = self._censuses.setdefault(root, Census(root))
        with scratch.folder(self._above) as folder:
            for name in ("masks", "upper", "work", "merged", "home"):
                (folder / name).mkdir(mode=0o700)
            (folder / "upper").chmod(root.stat().st_mode & 0o7777)
            hidden = [path for path in census.secrets() if not _is_readable(root, path, readable)]
            hidden += [str(p.relative_to(root)) for p in self._outside.hidden if p.is_relative_to(root) and p != root]
            _mask(root, folder / "masks", hidden)
            yield OverlayView(
                root=root, folder=folder, outside=self._outside, ignored=self._ignored(root), hidden=hidden,
                opened=settled_clock(began),
            )  # fmt: skip


def _is_readable(root: Path, path: str, readable: Collection[str]) -> bool:
    """Whether a secret path stays visible because ``readable`` names it."""
    return not is_hidden(path, readable=readable, directory=is_directory(f"{root}/{path}"))


def settled_clock(since: int = 0) -> int:
    """Nanoseconds since the epoch on the clock that stamps files; whatever was changed before ``since`` (a time on the
    fine clock, in the same unit; 0 is now) has an older stamp, whatever is changed from now on has none.
    """
    since = since or time.clock_gettime_ns(time.CLOCK_REALTIME)
    while (coarse := time.clock_gettime_ns(_COARSE)) <= since:
        time.sleep(0.0005)
    return coarse


_COARSE = 5  # CLOCK_REALTIME_COARSE: the kernel's own; the standard library has no name for it


def _mask(root: Path, masks: Path, hidden: Collection[str]) -> None:
    """A layer in which every hidden path is whited out, and git's configuration is without passwords."""
    for path in hidden:
        _folders(root, masks, path)
        with contextlib.suppress(FileExistsError):
            os.mknod(masks / path, 0o20000, 0)
    config = without_credentials(root / ".git" / "config")
    if config is not None:
        _folders(root, masks, ".git/config")
        (masks / ".git" / "config").write_bytes(config)
    shutil.copystat(root, masks)


def _folders(root: Path, masks: Path, path: str) -> None:
    """The directories above a path, as the tree has them: the uppermost layer's attributes are what is seen."""
    missing = [p for p in reversed(Path(path).parents) if p != Path() and not (masks / p).is_dir()]
    for folder in missing:
        (masks / folder).mkdir()
        with contextlib.suppress(OSError):
            seen = (root / folder).stat()
            (masks / folder).chmod(seen.st_mode & 0o7777 | 0o700)
            os.utime(masks / folder, ns=(seen.st_atime_ns, seen.st_mtime_ns))


class OverlayView:
    """An open overlay."""

    def __init__(
        self,
        *,
        root: Path,
        folder: Path,
        outside: Outside,
        ignored: Callable[[str, bool], bool],
        hidden: Collection[str],
        opened: int,
    ) -> None:
        self._root = root
        self._folder = folder
        self._outside = outside
        self._ignored = ignored
        self._hidden = frozenset(hidden)
        self._opened = opened
        self._began = time.time_ns() - time.monotonic_ns()

    @property
    def isolation(self) -> Isolation:
        """Overlay."""
        return Isolation.OVERLAY

    @property
    def root(self) -> str:
        """The workspace's own path: inside, the view lies there."""
        return str(self._root)

    def run(self, program: Program, *, stop: threading.Event) -> Exit:
        """Run a program in the sandbox. A code above 128 may stand for a signal (128 + its number)."""
        home_at = sandbox.home_for(self._root, self._outside.home)
        env = environment_of(program, home=str(home_at), temporary="/tmp", base=self._outside.environ)  # noqa: S108
        found = located(
            program.argv, path=env.get("PATH", os.defpath), root=self._root,
            hidden=self._outside.hidden,
        )  # fmt: skip
        layout = self._layout(program, home_at, found.paths)
        error = found.error or found.missing_from(layout.read_only, self._root)
        if error:
            return Exit(code=None, error=error)
        status = self._folder / "status"
        status.unlink(missing_ok=True)
        line = sandbox.command_line(
            self._outside.bwrap, layout, program.argv,
            caps=self._outside.caps, umask=self._outside.umask, version=self._outside.version,
        )  # fmt: skip
        fields = {place: [str(self._folder / place)] for place in ("upper", "work", "merged", "status")}
        fields["lower"] = [str(self._folder / "masks"), str(self._root)]
        with private_home(self._folder / "home", program.home_files, home=self._outside.home):
            end = run_guarded(program, packed(fields, line), env=env, cwd=self._folder, stop=stop, step=STEP)
        return _judged(end, status)

    def _layout(self, program: Program, home_at: Path, paths: tuple[Path, ...]) -> sandbox.Layout:
        tools = toolchains(self._outside.environ, self._outside.home, paths, root=self._root)
        repository = linked_repository(self._root)
        shown = (*tools, *map(Path, program.read_only), *((repository,) if repository else ()))
        return sandbox.Layout(
            tree=self._folder / "merged", root=self._root, home=self._folder / "home", home_at=home_at,
            read_only=shown, hidden=(*secrets_in(tools), *self._outside.hidden), network=program.network,
        )  # fmt: skip

    def change_set(self, *, id: str, store: Path) -> ChangeSet:  # noqa: A002 - the word of the report log
        """What the upper layer holds that the tree does not."""
        opened = self._opened
        if time.time_ns() - time.monotonic_ns() < self._began - 1_000_000:
            opened = 0  # the clock was set back: no stamp tells anything, so every edited file counts as moved
        (self._folder / "upper").chmod(0o700)  # the program may have shut us out of it
        upper = Upper(ignored=self._ignored, hidden=self._hidden, opened=opened, store=store)
        return upper.change_set(self._folder / "upper", self._root, id=id)


def _judged(end: Exit, status: Path) -> Exit:
    """The exit, unless it was the sandbox that failed and not the program."""
    if end.code is None or end.code <= 0 or end.timed_out or end.stopped:
        return end
    try:
        said = status.read_text(errors="replace")
    except OSError:
        said = ""
    if '"exit-code"' in said:
        return end
    why = why_failed(said) or end.stderr[-300:].decode(errors="replace").strip()
    return replace(end, code=None, error=f"the sandbox did not start ({why or 'no reason given'})")
