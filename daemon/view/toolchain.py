"""Which directories outside the workspace a program needs, so that it works as it does in its user's shell."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

SYSTEM = ("/usr", "/etc", "/opt", "/nix/store", "/gnu/store")
SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_STATEFUL = (".local", ".config", ".cache", ".ssh", ".aws", ".gnupg", "snap")
_CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                 "AWS_CA_BUNDLE")  # fmt: skip
_BESIDE = {".cargo": (".rustup",)}


def toolchains(
    environ: Mapping[str, str], home: Path | None, programs: Collection[Path] = (), *, root: Path | None = None
) -> tuple[Path, ...]:
    """Each directory of PATH with the version root behind it, this interpreter's, and the certificates of the user;
    of ``programs`` the same, or the file alone where its directory would show too much.

    Never HOME itself, never what holds state in it (``~/.local`` as a whole); the targets of links in ``~/.local/bin``
    come one by one. Directories of PATH in the workspace (``root``) are left out: they are shown with it, and a link
    there must not decide what else is.
    """
    found: dict[Path, None] = {}
    for word in environ.get("PATH", "").split(os.pathsep):
        if not word.startswith("/") or (root is not None and beneath(Path(word), (root,))):
            continue
        if Path(word).is_dir():
            found.update(dict.fromkeys(_behind(Path(word), home)))
    for program in programs:
        found.update(dict.fromkeys(_behind(program.parent, home)))
        if _too_much(program.parent, home):
            found[program] = None
    found[Path(sys.base_prefix)] = None
    for name in _CA_VARIABLES:
        if environ.get(name, "").startswith("/") and Path(environ[name]).exists():
            found[Path(environ[name])] = None
    alone = frozenset(programs)
    return tuple(path for path in found if not is_system(path) and (path in alone or not _too_much(path, home)))


def _behind(folder: Path, home: Path | None) -> Iterator[Path]:
    yield folder
    for way in {folder, folder.resolve()}:
        if way.name in ("bin", "shims", "sbin") and not _too_much(way.parent, home):
            yield way.parent
            if home is not None and way.parent.parent == home:
                yield from (home / beside for beside in _BESIDE.get(way.parent.name, ()) if (home / beside).is_dir())
    if home is not None and folder == home / ".local" / "bin":
        yield from _link_targets(folder, home)


def _link_targets(folder: Path, home: Path) -> Iterator[Path]:
    """What the links of a directory lead to: an environment's root where there is one, else the file alone."""
    for entry in folder.iterdir():
        if not entry.is_symlink():
            continue
        target = entry.resolve()
        if not target.exists() or not target.is_relative_to(home):
            continue
        root = target.parent.parent if target.parent.name == "bin" else target
        yield target if _too_much(root, home) else root


def _too_much(path: Path, home: Path | None) -> bool:
    """Whether to bind this would show what is none of a program's business."""
    if path == Path("/") or path.parent == Path("/") or path == Path("/usr/local"):
        return True
    if home is None:
        return False
    if home == path or home.is_relative_to(path):
        return True
    return (path.parent == home and path.name in _STATEFUL) or path == home / ".local" / "share"


def beneath(path: Path, places: Iterable[str | Path]) -> bool:
    """Whether a path is one of these places or lies in one; by its letters alone, and quicker than pathlib."""
    text = f"{path}/"
    return any(text.startswith(f"{place}/") for place in places)


def is_system(path: Path) -> bool:
    """Whether a path is shown to every program as part of the system."""
    return beneath(path, SYSTEM) or beneath(path, SYSTEM_LINKS)


def secrets_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files in toolchains that hold credentials all the same."""
    names = ("credentials", "credentials.toml", ".npmrc", ".pypirc", ".netrc", "etc/npmrc")
    return tuple(path / name for path in paths for name in names if (path / name).is_file())
