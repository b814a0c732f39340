"""What git put there, and what a person did. Plumbing only, bounded in time, and deaf to the repository's own wishes.

A repository is untrusted: nothing it configures may run (no fsmonitor, hooks, filters, pagers, transports), and
nothing here takes a lock in it or writes to it.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from daemon.watch.ledger import Stat
    from daemon.watch.verdict import Seen

_log = structlog.get_logger()

TIMEOUT = 30.0
_PLUMBING = (
    "git",
    "--no-optional-locks",
    "--no-pager",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "protocol.allow=never",
)
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "TMPDIR")
_PATHS_A_CALL = 500
_MIDST = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


class GitError(Exception):
    """git did not answer; what it said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A working tree and its own git directory (that of a linked worktree or submodule, where it is one)."""

    work: str
    directory: str

    @property
    def lock(self) -> str:
        """The file that stands while git writes the index and, in a checkout, the working tree."""
        return f"{self.directory}/index.lock"


def find(work: str) -> Repository | None:
    """The repository whose working tree starts at this directory, if there is one."""
    place = f"{work}/.git"
    try:
        if not os.path.isdir(place):
            with open(place, "rb") as file:
                word, _, target = file.read(4096).partition(b": ")
            if word != b"gitdir":
                return None
            place = os.path.normpath(os.path.join(work, os.fsdecode(target.rstrip(b"\n"))))
        return Repository(work=work, directory=place) if os.path.exists(f"{place}/HEAD") else None
    except OSError:
        return None


def find_above(directory: str) -> Repository | None:
    """The repository this directory is in without being its top."""
    parent = os.path.dirname(directory)
    while parent != directory:
        if os.path.lexists(f"{parent}/.git"):
            return find(parent)
        directory, parent = parent, os.path.dirname(parent)
    return None


def marks(repository: Repository) -> tuple[int, ...]:
    """Times and sizes of the files that change when HEAD moves; equal ones mean that it did not. Empty where the
    repository keeps no such files.
    """
    result: list[int] = []
    try:
        for name in ("HEAD", "logs/HEAD", "index"):
            status = os.stat(f"{repository.directory}/{name}")
            result += (status.st_mtime_ns, status.st_size)
    except OSError:
        return ()
    return tuple(result)


def head(repository: Repository) -> str:
    """The commit that HEAD means, "" when there is none yet."""
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", "HEAD").strip().decode()
    except GitError:
        return ""


def object_format(repository: Repository) -> str:
    """sha1 or sha256."""
    return _git(repository, "rev-parse", "--show-object-format").strip().decode() or "sha1"


def stash(repository: Repository) -> str:
    """The commit that stands for the newest stash, "" when there is none."""
    try:
        return _git(repository, "rev-parse", "--verify", "--quiet", "refs/stash").strip().decode()
    except GitError:
        return ""


def placed(repository: Repository, present: Mapping[str, Seen], gone: Collection[str]) -> set[str]:
    """Which of these files (paths relative to the working tree), all of them last touched while the index was
    locked, git has put there or taken away. Raises GitError.

    git only ever writes what is in its object store, and a person's new text is not. A file whose bytes on disk are
    not those of its object (line ends, filters) is told by the times git entered in the index when it wrote it. What
    is gone was taken by git unless the index still has it (a person's rm) or HEAD does (git rm, which is a wish;
    but not in the midst of a merge or its like, where HEAD is yet to follow).
    """
    files = [path for path in present if "\n" not in path]
    missing = [path for path in gone if "\n" not in path]
    asked = [present[path].blob.encode() for path in files]
    asked += [os.fsencode(f"{place}:{path}") for path in missing for place in ("", "HEAD")]
    there = [bool(oid) for oid in _oids(repository, asked)]
    result = {path for path, exists in zip(files, there, strict=False) if exists}
    places = there[len(files) :]
    midst = any(os.path.lexists(f"{repository.directory}/{name}") for name in _MIDST)
    for number, path in enumerate(missing):
        in_index, in_head = places[2 * number : 2 * number + 2]
        if not in_index and (midst or not in_head):
            result.add(path)
    rest = [path for path in files if path not in result]
    entered = _index_times(repository, rest)
    result.update(path for path in rest if path in entered and _agrees(entered[path], present[path].stat))
    return result


def stashed(
    repository: Repository, stashes: Collection[str], present: Mapping[str, Seen], gone: Collection[str]
) -> set[str]:
    """Which of these files are as one of these stashes has them, or were put away by it: untracked files, which git
    moves without locking the index, and deletions. Raises GitError.
    """
    paths = [path for path in (*present, *gone) if "\n" not in path]
    result: set[str] = set()
    for commit in stashes:
        asked = [os.fsencode(f"{commit}{parent}:{path}") for path in paths for parent in ("", "^1", "^3")]
        oids = _oids(repository, asked)
        for number, path in enumerate(paths):
            kept, base, untracked = oids[3 * number : 3 * number + 3]
            if path in present:
                if present[path].blob in {kept, untracked} - {""}:
                    result.add(path)
            elif untracked or (base and not kept):
                result.add(path)
    return result


def moved(repository: Repository, old: str, present: Mapping[str, Seen], gone: Collection[str]) -> set[str]:
    """Which of these files are as a move of HEAD away from ``old`` left them, and not as a commit made here did.
    For what nobody saw. Raises GitError.
    """
    paths = [path for path in (*present, *gone) if "\n" not in path]
    asked = [os.fsencode(f"{place}:{path}") for path in paths for place in (old, "HEAD")]
    oids = _oids(repository, asked)
    result = set()
    for number, path in enumerate(paths):
        before, after = oids[2 * number : 2 * number + 2]
        wanted = present[path].blob if path in present else ""
        if before != after and after == wanted:
            result.add(path)
    return result - _committed(repository, old)


def _committed(repository: Repository, old: str) -> set[str]:
    """The files that commits made here (and not fetched, merged or moved to) since ``old`` have changed."""
    try:
        log = _git(repository, "reflog", "show", "--no-show-signature", "--format=%H %gs", "HEAD")
    except GitError:
        return set()
    result: set[str] = set()
    for line in log.decode("utf-8", "replace").splitlines():
        oid, _, message = line.partition(" ")
        if oid == old:
            break
        if message.startswith("commit"):
            names = _git(repository, "diff-tree", "-r", "-z", "--name-only", "--no-commit-id", "--root", oid)
            result.update(os.fsdecode(name) for name in names.split(b"\0") if name)
    return result


def _oids(repository: Repository, names: Iterable[bytes]) -> list[str]:
    """The object id each name means, "" for one that means none."""
    asked = b"".join(name + b"\n" for name in names)
    if not asked:
        return []
    answer = _git(repository, "cat-file", "--batch-check=%(objectname)", stdin=asked)
    return [line.decode() if b" " not in line else "" for line in answer.splitlines()]


def _index_times(repository: Repository, paths: list[str]) -> dict[str, tuple[int, int, int]]:
    """Size, modification time (ns) and inode as the index has them, of the files it knows."""
    result: dict[str, tuple[int, int, int]] = {}
    for start in range(0, len(paths), _PATHS_A_CALL):
        listing = _git(repository, "ls-files", "-z", "--debug", "--", *paths[start : start + _PATHS_A_CALL])
        result.update(_parse_debug(listing))
    return result


def _parse_debug(listing: bytes) -> Iterable[tuple[str, tuple[int, int, int]]]:
    """``ls-files --debug``: a name, NUL, then lines of "  key: value" pairs separated by tabs."""
    name, _, rest = listing.partition(b"\0")
    while rest:
        fields: dict[bytes, bytes] = {}
        while rest.startswith(b"  "):
            line, _, rest = rest.partition(b"\n")
            for pair in line.strip().split(b"\t"):
                key, _, value = pair.partition(b": ")
                fields[key] = value
        seconds, _, nanoseconds = fields.get(b"mtime", b"0:0").partition(b":")
        times = int(seconds) * 1_000_000_000 + int(nanoseconds or b"0")
        yield os.fsdecode(name), (int(fields.get(b"size", b"0")), times, int(fields.get(b"ino", b"0")))
        name, _, rest = rest.partition(b"\0")


def _agrees(entered: tuple[int, int, int], stat: Stat) -> bool:
    """The index keeps 32 bits of size and inode."""
    size, mtime_ns, inode = entered
    return size == stat.size & 0xFFFFFFFF and mtime_ns == stat.mtime_ns and inode == stat.inode & 0xFFFFFFFF


def _git(repository: Repository, *arguments: str, stdin: bytes = b"") -> bytes:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    command = [*_PLUMBING, f"--git-dir={repository.directory}", f"--work-tree={repository.work}", *arguments]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            cwd=repository.work,
            env=environment,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(str(error)) from error
    if done.returncode != 0:
        raise GitError(done.stderr.decode("utf-8", "replace").strip() or f"exit {done.returncode}")
    return done.stdout


def committed_text(repository: Repository, path: str, *, largest: int) -> bytes | None:
    """What HEAD has of a file (path relative to the working tree), ``None`` when it has none, or more than ``largest``
    bytes of it.
    """
    try:
        size = int(_git(repository, "cat-file", "-s", f"HEAD:{path}"))
        return _git(repository, "cat-file", "blob", f"HEAD:{path}") if size <= largest else None
    except (GitError, ValueError):
        return None
