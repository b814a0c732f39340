"""Trust: nothing of a workspace runs before a person has allowed exactly these bytes.

What is allowed is a set of hashes per workspace, kept in the state directory and never in the repository. Several
stay valid side by side, so that a switch of branches does not ask again. When files change, the hooks that still are
what they were when allowed go on; the others wait.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from daemon.difference import FileBytes, describe
from daemon.errors import StateError
from daemon.state.paths import workspace_name
from daemon.trust.examine import VERSION, Examined, Looker, examine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hooks.config import AgentSettings, Loaded
    from hooks.model import Hook

MOST_ALLOWED: Final = 32
"""How many states of one workspace stay valid; the one longest not allowed again goes first."""


class Verdict(StrEnum):
    """What is known of a workspace's present files."""

    TRUSTED = "trusted"
    CHANGED = "changed"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """A file that differs from when the workspace was last allowed: ``added``, ``changed`` or ``removed``."""

    path: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustState:
    """Whether a workspace's hooks may run. ``waiting`` names those that may not; ``changed`` says why."""

    verdict: Verdict
    digest: str
    allowed_hooks: frozenset[str]
    waiting: tuple[str, ...] = ()
    changed: tuple[FileChange, ...] = ()

    def permits(self, hook: str) -> bool:
        """Whether the hook of this name may run."""
        return hook in self.allowed_hooks


class TrustStore:
    """What a person has allowed, one private file per workspace.

    Promised: a write is whole or not at all and durable when it returns; a store that is damaged, or that others could
    have written to, allows nothing.
    """

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir / "trust"
        self._read: dict[Path, tuple[tuple[int, ...], dict[str, Any]]] = {}

    def allowed(self, root: Path, loaded: Loaded, *, agents: Mapping[str, AgentSettings] | None = None) -> TrustState:
        """Whether the hooks of a workspace may run, as its files are at this moment."""
        return self.state(examine(root, loaded, agents=agents))

    def permits(
        self, root: Path, loaded: Loaded, hook: Hook, *, agents: Mapping[str, AgentSettings] | None = None
    ) -> bool:
        """Whether this one hook may run at this moment: as ``allowed`` says, without looking at the others."""
        looker = Looker(os.path.realpath(root), loaded, agents or {})
        return looker.hook(hook) in _fingerprints(self._records(looker.root))

    def state(self, examined: Examined) -> TrustState:
        """The same for a workspace already looked at."""
        records = self._records(examined.root)
        if any(record["digest"] == examined.digest for record in records):
            return TrustState(verdict=Verdict.TRUSTED, digest=examined.digest, allowed_hooks=frozenset(examined.hooks))
        known = _fingerprints(records)
        going_on = frozenset(name for name, fingerprint in examined.hooks.items() if fingerprint in known)
        return TrustState(
            verdict=Verdict.CHANGED if records else Verdict.NEVER,
            digest=examined.digest,
            allowed_hooks=going_on,
            waiting=tuple(name for name in examined.hooks if name not in going_on),
            changed=tuple(_changes(records[-1]["files"] if records else {}, examined)),
        )

    def allow(self, examined: Examined, *, now: float) -> TrustState:
        """Allow exactly what was looked at. ``now`` is seconds since 1970. Raises StateError when it cannot be kept."""
        with self._locked():
            held = self._held(examined.root)
            records = [record for record in held["allowed"] if record["digest"] != examined.digest]
            files = {file.path: file.sha256 for file in examined.files}
            records.append({"digest": examined.digest, "at": now, "hooks": dict(examined.hooks), "files": files})
            records = records[-MOST_ALLOWED:]
            kept = {**held["contents"], **_contents(examined.files)}
            # Only the last state is compared with, so only its bytes are kept.
            held = {
                "v": VERSION,
                "root": examined.root,
                "allowed": records,
                "contents": {sha256: kept[sha256] for sha256 in files.values() if sha256 in kept},
            }
            self._write(self._path(examined.root), held)
        return self.state(examined)

    def forget(self, root: Path) -> bool:
        """Allow nothing of this workspace any more. Whether anything was allowed."""
        path = self._path(os.path.realpath(root))
        with self._locked():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            except OSError as error:
                raise StateError(str(path), error.strerror or str(error), "remove the file yourself") from error
        return True

    def workspaces(self) -> tuple[str, ...]:
        """The real paths of all workspaces of which anything was allowed, in order."""
        roots = set()
        for path in self._directory.glob("*.json") if self._directory.is_dir() else ():
            root = self._document(path).get("root")
            if isinstance(root, str) and self._path(root) == path:
                roots.add(root)
        return tuple(sorted(roots))

    def difference(self, examined: Examined) -> str:
        """What changed since the workspace was last allowed, as an escaped unified difference of every file; all of
        it when nothing was. Safe to print: no control or bidirectional character of a file survives.
        """
        held = self._held(examined.root)
        before: dict[str, FileBytes] = {}
        if held["allowed"]:
            for path, sha256 in held["allowed"][-1]["files"].items():
                kept = held["contents"].get(sha256)
                content = base64.b64decode(kept) if isinstance(kept, str) else None
                before[path] = FileBytes(path=path, sha256=sha256, content=content)
        return describe(before, {file.path: file for file in examined.files})

    def _path(self, root: str) -> Path:
        return self._directory / f"{workspace_name(root)}.json"

    def _records(self, root: str) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self._held(root)["allowed"]
        return records

    def _held(self, root: str) -> dict[str, Any]:
        document = self._document(self._path(root))
        nothing: dict[str, Any] = {"allowed": [], "contents": {}}
        if document.get("v") != VERSION or document.get("root") != root:
            return nothing
        records, contents = document.get("allowed"), document.get("contents")
        if not isinstance(records, list) or not isinstance(contents, dict) or not all(map(_is_record, records)):
            return nothing
        return {"allowed": records, "contents": contents}

    def _document(self, path: Path) -> dict[str, Any]:
        """The file's object; empty when there is none, or when anybody else could have written it."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                    return {}
                sign = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                if (known := self._read.get(path)) and known[0] == sign:
                    return known[1]
                document = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(document, dict):
            return {}
        self._read[path] = (sign, document)
        return document

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.mkdir(mode=0o700, exist_ok=True)
            self._directory.chmod(0o700)
            handle = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateError(
                str(self._directory), error.strerror or str(error), "make it a directory of yours"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, path: Path, document: dict[str, Any]) -> None:
        try:
            handle, part = tempfile.mkstemp(dir=self._directory, prefix=".part-")
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    json.dump(document, file)
                    file.flush()
                    os.fsync(handle)
                os.replace(part, path)
            except BaseException:
                os.unlink(part)
                raise
            folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StateError(str(path), error.strerror or str(error), "free some space or make it writable") from error


def _fingerprints(records: Iterable[dict[str, Any]]) -> frozenset[str]:
    return frozenset(fingerprint for record in records for fingerprint in record["hooks"].values())


def _is_record(record: object) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("digest"), str)
        and all(
            isinstance(record.get(key), dict) and all(isinstance(value, str) for value in record[key].values())
            for key in ("hooks", "files")
        )
    )


def _contents(files: Iterable[FileBytes]) -> dict[str, str]:
    return {file.sha256: base64.b64encode(file.content).decode() for file in files if file.content is not None}


def _changes(before: Mapping[str, str], examined: Examined) -> Iterator[FileChange]:
    now = {file.path: file.sha256 for file in examined.files}
    for path in sorted(before.keys() | now.keys()):
        if path not in now:
            yield FileChange(path=path, kind="removed")
        elif path not in before:
            yield FileChange(path=path, kind="added")
        elif before[path] != now[path]:
            yield FileChange(path=path, kind="changed")
