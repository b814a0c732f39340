"""Which level of isolation this machine offers, found by trying, and the views that go with it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.agents.port import Program
from daemon.process import StopSignal
from daemon.view import scratch
from daemon.view.copy import CopyViews
from daemon.view.errors import IsolationError
from daemon.view.overlay import Outside, OverlayViews
from daemon.view.plain import PlainViews, nothing_ignored
from daemon.view.port import Isolation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from daemon.view.plain import Ignored
    from daemon.view.port import View, Views

_SECRET_FOLDERS = (".ssh", ".aws", ".gnupg", ".kube", ".azure", ".config/gcloud", ".docker", ".password-store")


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a machine offers. ``overlay`` and ``copy`` say why that level does not hold, "" when it does."""

    overlay: str
    copy: str
    remedy: str = ""

    @property
    def level(self) -> Isolation:
        """The best level that holds; ``none`` means that only ``builtin`` may run."""
        if not self.overlay:
            return Isolation.OVERLAY
        return Isolation.COPY if not self.copy else Isolation.NONE


class ChosenViews:
    """The best view that this machine and the workspace at hand allow; refuses where none keeps the tree safe."""

    def __init__(self, probe: Callable[[], Probe], overlay: OverlayViews, copy: CopyViews) -> None:
        self._probing = probe
        self._guard = threading.Lock()
        self._probed: Probe | None = None
        self.overlay = overlay
        self.copy = copy

    @property
    def probe(self) -> Probe:
        """What the machine offers: tried when first asked, which takes some tenths of a second."""
        with self._guard:
            if self._probed is None:
                self._probed = self._probing()
            return self._probed

    def refusals(self, workspace: Path) -> tuple[str, str]:
        """Why not the overlay, and why not the copy, for this workspace; "" where it holds."""
        overlay = self.probe.overlay or self.overlay.refusal(workspace)
        return overlay, "" if not overlay else self.probe.copy or self.copy.refusal(workspace)

    @contextlib.contextmanager
    def open(self, workspace: Path, *, paths: Collection[str], readable: Collection[str] = ()) -> Iterator[View]:
        """A fresh view. Raises IsolationError where neither level holds."""
        overlay, copy = self.refusals(workspace)
        if overlay and copy:
            why = f"no agent can be kept from it (overlay: {overlay}; copy: {copy})"
            raise IsolationError(str(workspace), why, self.probe.remedy or "see `kiro-hookd doctor`")
        views: Views = self.copy if overlay else self.overlay
        with views.open(workspace, paths=paths, readable=readable) as view:
            yield view


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """``views`` for every agent; ``plain`` for ``builtin`` alone where ``views`` refuses."""

    views: ChosenViews
    plain: PlainViews

    @property
    def probe(self) -> Probe:
        """What the machine offers."""
        return self.views.probe


def choose(
    *,
    above: Path,
    environ: Mapping[str, str] | None = None,
    hidden: Sequence[Path] = (),
    ignored: Ignored = nothing_ignored,
    umask: int | None = None,
) -> Choice:
    """The views for this machine. ``above`` is a private folder for them, outside every workspace; ``hidden`` are
    directories no agent may see (the daemon's state). Only for the process that holds the daemon's lock: what a crash
    left in ``above`` is removed. Nothing is tried before the first view is opened or ``probe`` is asked for.
    """
    environ = dict(os.environ if environ is None else environ)
    for name in ("overlay", "plain", "probe"):
        sweep(above / name)
    home = _home(environ)
    bwrap = shutil.which("bwrap", path=environ.get("PATH", os.defpath)) or ""
    folders = tuple(home / name for name in _SECRET_FOLDERS) if home else ()
    outside = Outside(
        bwrap=bwrap, environ=dict(environ), home=home, hidden=(*(path.resolve() for path in hidden), *folders),
        umask=_umask() if umask is None else umask, version=_version(bwrap),
    )  # fmt: skip
    overlay = OverlayViews(above / "overlay", outside, ignored=ignored)
    copy = CopyViews(above / "copy", outside, ignored=ignored)
    views = ChosenViews(lambda: _probe(above, outside), overlay, copy)
    return Choice(views=views, plain=PlainViews(above / "plain", ignored=ignored))


def sweep(above: Path) -> None:
    """Remove the views a crash left. Only for the one process that holds the daemon's lock."""
    if above.is_dir():
        for path in above.iterdir():
            scratch.remove_tree(path)


def _probe(above: Path, outside: Outside) -> Probe:
    with scratch.folder(above / "probe") as folder:
        tree = folder / "tree"
        tree.mkdir()
        (tree / "file").touch()
        overlay = "bubblewrap (bwrap) is not installed" if not outside.bwrap else ""
        if not overlay:
            overlay = OverlayViews(folder / "views", outside).refusal(tree)
        copy = _try_copy(CopyViews(folder / "copy", outside), tree)
    return Probe(overlay=overlay, copy=copy, remedy=_remedy(outside) if overlay else "")


def _try_copy(views: CopyViews, tree: Path) -> str:
    try:
        with views.open(tree, paths=()) as view:
            end = view.run(Program(argv=("true",), timeout=20), stop=StopSignal())
    except (IsolationError, OSError) as error:
        return error.cause if isinstance(error, IsolationError) else str(error)
    return "" if end.code == 0 else end.error or f"a confined program ended with {end.code}"


def _remedy(outside: Outside) -> str:
    """What a person can do for the better level."""
    if not outside.bwrap:
        return "install bubblewrap (`apt install bubblewrap`, `dnf install bubblewrap`)"
    for name, wrong, remedy in (
        ("user/max_user_namespaces", "0", "`sysctl user.max_user_namespaces=15000` allows user namespaces"),
        ("kernel/unprivileged_userns_clone", "0", "`sysctl kernel.unprivileged_userns_clone=1` allows user namespaces"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1",
         "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor profile with `userns`, allows them"),
    ):  # fmt: skip
        with contextlib.suppress(OSError):
            if Path("/proc/sys", name).read_text().strip() == wrong:
                return remedy
    return "allow unprivileged user namespaces (in a container: run it with them, or use the copy)"


def _version(bwrap: str) -> tuple[int, ...]:
    if not bwrap:
        return ()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([bwrap, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
        found = re.search(r"(\d+)\.(\d+)", said)
        if found:
            return int(found[1]), int(found[2])
    return ()


def _home(environ: Mapping[str, str]) -> Path | None:
    """HOME, if it is one. A user without a passwd entry has none but in the environment."""
    home = Path(environ.get("HOME", ""))
    return home.resolve() if home.is_absolute() and home.is_dir() else None


def _umask() -> int:
    """The user's own umask, without setting it even for a moment."""
    found = re.search(r"(?m)^Umask:\s*([0-7]+)", Path("/proc/self/status").read_text())
    return int(found[1], 8) if found else 0o022
