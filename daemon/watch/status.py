"""What the watch says of itself. Values."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEDIES = {
    errno.ENOSPC: (
        "the system's limit of inotify watches is reached",
        "raise it: `sudo sysctl fs.inotify.max_user_watches=1048576` (and put it into /etc/sysctl.d)",
    ),
    errno.EMFILE: (
        "the user's limit of inotify instances is reached",
        "raise it: `sudo sysctl fs.inotify.max_user_instances=512` (and put it into /etc/sysctl.d)",
    ),
    errno.ENFILE: ("the system's limit of open files is reached", "raise it: `sudo sysctl fs.file-max=2097152`"),
    errno.EACCES: ("permission denied", "let the daemon's user read and enter it, or ignore it"),
    errno.EPERM: ("permission denied", "let the daemon's user read and enter it, or ignore it"),
    errno.EOPNOTSUPP: ("", "it is scanned instead; keep the workspace on a local disk for notice at once"),
    errno.ENOMEM: ("the kernel has no memory for another watch", "free memory, or ignore what need not be watched"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwatched:
    """A directory that is scanned from time to time because it cannot be watched, with the reason and the remedy."""

    path: str
    reason: str
    remedy: str

    @classmethod
    def of(cls, path: str, error: OSError) -> Self:
        """From what the kernel said."""
        reason, remedy = _REMEDIES.get(
            error.errno or 0, (error.strerror or str(error), "look at the directory; it is scanned meanwhile")
        )
        return cls(path=path, reason=reason or error.strerror or str(error), remedy=remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeStatus:
    """One workspace. ``directories`` is the number of watches taken, ``pending`` of files that have not settled,
    ``unhashed`` whether files taken as read are still to be hashed. ``absent``: its root is not there.
    """

    ready: bool
    absent: bool
    directories: int
    pending: int
    unhashed: bool
    unwatched: tuple[Unwatched, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchStatus:
    """The whole watch. ``deaf`` says that the last probe was not seen and that the source is being started afresh."""

    alive: bool
    deaf: bool
    directories: int
    pending: int
    overflows: int
    unwatched: tuple[Unwatched, ...]
    workspaces: Mapping[str, TreeStatus]

    @property
    def ready(self) -> bool:
        """Whether the watches of every workspace stand and their first reading is durable."""
        return all(tree.ready for tree in self.workspaces.values())
