"""What git would consult for one repository, found without trusting anything in it.

The only program run is ``git config``, which reads and prints; it starts no hook, no pager and no monitor.
"""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_FILE = 2 * 1024 * 1024
_CONFIG_SECONDS = 3.0
_PASSED = ("PATH", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository's own sources of rules, as absolute paths. ``excludes`` are in rising order of weight."""

    excludes: tuple[Path, ...] = ()
    fold: bool = False


def read_bounded(path: str | Path, *, follow: bool) -> bytes | None:
    """A regular file's first bytes (LARGEST_FILE at most, cut at a line); ``None`` when there is none to be read."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        if not os.access(path, os.F_OK):
            return None  # asked of every directory, and mostly so; much cheaper than an open that fails
        descriptor = os.open(path, flags)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) <= LARGEST_FILE else content[: content.rfind(b"\n", 0, LARGEST_FILE) + 1]


def git_directory(top: str | Path) -> Path | None:
    """The git directory of the work tree at ``top``; ``None`` when no repository begins there."""
    named = f"{os.fspath(top)}/.git"
    try:
        if not os.access(named, os.F_OK):
            return None  # as above
        mode = os.lstat(named).st_mode
    except (OSError, ValueError):
        return None
    there = Path(named)
    if stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
        return there if (there / "HEAD").is_symlink() or (there / "HEAD").exists() else None
    content = read_bounded(there, follow=False)
    if content is None or not content.startswith(b"gitdir: "):
        return None
    directory = Path(top, os.fsdecode(content.removeprefix(b"gitdir: ").rstrip(b"\r\n")))
    return directory.resolve() if directory.is_dir() else None


def read_repository(top: Path, git: Path | None, *, environ: Mapping[str, str], ask: bool = True) -> Repository:
    """The sources that hold for the whole of one repository; with no git directory, those of the user alone.

    Without ``ask`` git's configuration counts as empty. Raises TimeoutError when git does not answer.
    """
    configured = _configured(top, environ) if ask else {}
    excludes = []
    named = configured.get("core.excludesfile")
    if named is None:
        excludes.append(_default_excludes(environ))
    elif named:
        excludes.append(Path(top, named))
    if git is not None:
        excludes.append(_common_directory(git) / "info" / "exclude")
    fold = configured.get("core.ignorecase", "false").lower() in ("true", "yes", "on", "1")
    return Repository(excludes=tuple(excludes), fold=fold and git is not None)


def _common_directory(git: Path) -> Path:
    """Where a repository keeps what its work trees share."""
    content = read_bounded(git / "commondir", follow=False)
    return (git / os.fsdecode(content.rstrip(b"\r\n"))).resolve() if content else git


def _default_excludes(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "/"), ".config"))
    return Path(base, "git", "ignore")


def _configured(top: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Git's settings that bear on ignoring; empty when git is not there or cannot read them."""
    passed = {name: environ[name] for name in _PASSED if name in environ}
    passed |= {"HOME": environ.get("HOME", "/"), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "config", "-z", "--includes", "--type=path", "--get-regexp", r"^core\.(excludesfile|ignorecase)$"]
    try:
        done = subprocess.run(
            command,
            cwd=top,
            env=passed,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CONFIG_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"git did not say its settings within {_CONFIG_SECONDS:g} s") from None
    except OSError:
        return {}
    settings = {}
    for entry in done.stdout.split(b"\0"):
        name, divided, value = entry.partition(b"\n")
        if name:
            settings[name.decode("utf-8", "replace").lower()] = os.fsdecode(value) if divided else "true"
    return settings
