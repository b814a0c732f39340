"""Which files of a workspace no agent sees. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.changes.lists import HIDDEN, HIDDEN_FILES, NOT_SECRET
from daemon.changes.names import Guard

if TYPE_CHECKING:
    from collections.abc import Collection

_HIDDEN = Guard(HIDDEN)
_HIDDEN_FILES = Guard(HIDDEN_FILES, beneath=False)
_NOT_SECRET = Guard(NOT_SECRET, beneath=False)


def is_secret(path: str, *, directory: bool = False) -> bool:
    """Whether a path is hidden when nobody asked for it."""
    if _HIDDEN.covers(path):
        return directory or not _NOT_SECRET.covers(path)
    return not directory and _HIDDEN_FILES.covers(path)


def may_be_secret(name: str) -> bool:
    """A quick look at a name alone; only when it is true need ``is_secret`` be asked about a path."""
    return _HIDDEN.may_end_in(name) or _HIDDEN_FILES.may_end_in(name)


def is_hidden(path: str, *, readable: Collection[str], directory: bool = False) -> bool:
    """Whether a path is hidden from a run whose hooks name ``readable`` (patterns)."""
    return is_secret(path, directory=directory) and not (readable and Guard(readable).covers(path))
