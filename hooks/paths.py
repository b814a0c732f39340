"""What a path in a configuration file may look like. Pure. Patterns are looked at by hooks.glob."""

from __future__ import annotations

import re
from typing import Final

from hooks.faults import quoted

LONGEST: Final = 1000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = re.compile(r"\\(?=[A-Za-z0-9_])")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class PathError(ValueError):
    """Why a text is no path within the workspace. ``offset`` counts characters from 0."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def check_pattern(pattern: str) -> None:
    """Raise PathError for what hooks.glob reads and nobody means: paths as other systems and shells write them."""
    bare = pattern.removeprefix("!")
    shift = len(pattern) - len(bare)
    if bare.startswith("re:"):
        return
    if bare.startswith("~/") or _DRIVE.match(bare):
        raise PathError(shift, f"{quoted(pattern)} is absolute and can never match; write it relative to the root")
    if match := _SEPARATOR.search(bare):
        raise PathError(shift + match.start(), f"{quoted(pattern)}: write `/` between directories, not a backslash")


def check_path(path: str) -> None:
    """Raise PathError unless this can be a POSIX path within the workspace."""
    if not path.strip():
        raise PathError(0, "expected a path relative to the workspace, found an empty one")
    if len(path) > LONGEST:
        raise PathError(0, f"too long: {len(path)} characters; the limit is {LONGEST}")
    if match := _CONTROL.search(path):
        raise PathError(match.start(), f"a path cannot hold the character U+{ord(match[0]):04X} here")
    if path.startswith(("/", "~")) or _DRIVE.match(path):
        raise PathError(0, f"{quoted(path)} is absolute; write it relative to the workspace's root")
    offset = 0
    for part in path.split("/"):
        if part == "..":
            raise PathError(offset, f"{quoted(path)} leaves the workspace by `..`")
        offset += len(part) + 1
