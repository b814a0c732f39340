"""Which paths must be there inside a view for a program to start: the links that lead to it, and its interpreter."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.view.toolchain import beneath, is_system

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_SHELLS = ("sh", "bash", "dash")
_NOT_THERE = "not found"
_MOST_HOPS = 16
_LINE = 256  # the kernel reads no more of a first line


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """``paths`` outside the workspace that are to be shown; ``needed``, where a link or a first line in the workspace
    leads, which is not shown for that; why the program cannot start, "" when nothing speaks against it.
    """

    paths: tuple[Path, ...] = ()
    needed: tuple[Path, ...] = ()
    error: str = ""

    def missing_from(self, shown: Collection[Path], root: Path) -> str:
        """Why the program cannot start where ``shown``, the system and the workspace are all there is."""
        for path in self.needed:
            if path.exists() and not is_system(path) and not beneath(path, (*shown, root)):
                return f"the workspace leads to {path}, which no view shows; add it to `read_only:` of the agent"
        return ""


def located(argv: Sequence[str], *, path: str, root: Path, hidden: Collection[Path]) -> Located:
    """Look a program up as ``execvp`` does, ``path`` being PATH; behind ``sh -c SCRIPT NAME`` the one given to the
    script too, if it is there: where it is not, the script says so itself.

    Of what lies in the workspace nothing is followed out of it: a repository must not decide what of HOME is shown.
    """
    first = _one(argv[0] if argv else "", path=path, root=root, hidden=hidden)
    if first.error or len(argv) < 5 or argv[1] != "-c" or Path(argv[0]).name not in _SHELLS:
        return first
    second = _one(argv[4], path=path, root=root, hidden=hidden)
    if not second.paths and not second.needed:
        return first
    return Located(paths=first.paths + second.paths, needed=first.needed + second.needed, error=second.error)


def _one(name: str, *, path: str, root: Path, hidden: Collection[Path]) -> Located:
    if not name:
        return Located(error="(no program): not found")
    if "/" not in name:
        found = shutil.which(name, path=path)
        if found is None:
            return Located(error=f"{name}: not found")
        name = found
    if not name.startswith("/"):
        return Located()
    hops: dict[Path, None] = {}
    needed: dict[Path, None] = {}
    error = _collect(Path(os.path.normpath(name)), hops, needed, path=path, root=root, depth=3)
    if error == _NOT_THERE:
        return Located(error=f"{name}: {error}")
    for hop in (*hops, *needed):
        above = next((one for one in hidden if hop.is_relative_to(one)), None)
        if above is not None:
            error = f"no agent may see {above}, where {hop} lies; install it somewhere else"
    return Located(paths=tuple(hops), needed=tuple(needed), error=f"{name}: {error}" if error else "")


def _collect(
    program: Path, hops: dict[Path, None], needed: dict[Path, None], *, path: str, root: Path, depth: int
) -> str:
    """Note every path on the way to a program and its interpreter; what is missing, "" when nothing is.

    From the first one in the workspace on, they are only needed.
    """
    last = program
    into = hops
    for hop in _way(program):
        if beneath(hop, (root,)):
            into = needed
        into[hop] = None
        last = hop
    if not last.exists():
        return _NOT_THERE if last == program else f"it is a link to {last}, which is not there"
    interpreter = _interpreter(last, path)
    if interpreter is None or interpreter in hops or depth == 0:
        return ""
    missing = _collect(interpreter, into, needed, path=path, root=root, depth=depth - 1)
    return f"its interpreter {interpreter}: {missing}" if missing else ""


def _way(path: Path) -> Iterator[Path]:
    """A path, what its link says, and so on to the last; and where all that really lies."""
    begun = path
    for _ in range(_MOST_HOPS):
        yield path
        try:
            path = Path(os.path.normpath(path.parent / path.readlink()))
        except OSError:
            break
    with contextlib.suppress(OSError, RuntimeError):
        if begun.exists():
            yield begun.resolve()


def _interpreter(script: Path, path: str) -> Path | None:
    """What a script's first line names, behind ``env`` too; ``None`` for anything else."""
    try:
        fd = os.open(script, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        line = os.read(fd, _LINE).partition(b"\n")[0]
    except OSError:
        return None
    finally:
        os.close(fd)
    words = os.fsdecode(line[2:]).split() if line.startswith(b"#!") else []
    if words and Path(words[0]).name == "env":
        name = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        found = shutil.which(name, path=path) if name else None
        words = [found] if found else []
    return Path(os.path.normpath(words[0])) if words and words[0].startswith("/") else None
