"""Directories that git would take for a repository although they are not called ``.git``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from daemon.changes import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MARKS = ("HEAD", "objects", "refs")


def repositories_among(paths: Iterable[str], *layers: int) -> Iterator[str]:
    """The directories above these paths that hold what makes a repository, in any mix of the layers.

    An embedded bare repository has its own configuration and hooks, and git obeys both to whoever steps into it.
    """
    folders = {"/".join(parts[:depth]) for path in paths for parts in (path.split("/"),) for depth in range(len(parts))}
    for folder in sorted(folders):
        if ".git" in folder.split("/"):
            continue
        if all(any(_there(layer, f"{folder}/{mark}" if folder else mark) for layer in layers) for mark in _MARKS):
            yield folder or "."


def _there(root: int, path: str) -> bool:
    try:
        with files.parent(root, path) as (folder, name):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return True
    except OSError:
        return False
