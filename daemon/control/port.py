"""What can be asked of a daemon: the verbs that change something, and its status. Answers are plain JSON values.

The daemon answers over the control socket; without one, the command line takes the lock and answers itself. Both sides
are this Protocol, so a verb is written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Operations(Protocol):
    """Every method may raise HookdError."""

    def status(self) -> dict[str, Any]:
        """The daemon and its work, as ``status --json`` prints it."""

    def queue(self, *, states: Sequence[str] = (), workspace: str | None = None, limit: int = 100) -> dict[str, Any]:
        """``{"jobs": [...]}``, oldest first."""

    def retry(self, *, job: int) -> dict[str, Any]:
        """Put a failed job back; the job."""

    def cancel(self, *, job: int) -> dict[str, Any]:
        """Cancel a waiting or running job; the job."""

    def pause(self, *, workspace: str | None = None) -> dict[str, Any]:
        """Claim nothing more (of one workspace, or at all) until ``resume``; ``{"paused": [...]}``."""

    def resume(self, *, workspace: str | None = None) -> dict[str, Any]:
        """Undo ``pause``; ``{"paused": [...]}``."""

    def fire(self, *, workspace: str, hook: str, files: Sequence[str] = ()) -> dict[str, Any]:
        """Queue a run of a hook now; ``{"jobs": [id, ...]}``."""

    def ended(self, *, jobs: Sequence[int], timeout: float) -> dict[str, Any]:
        """Wait, at most ``timeout`` seconds, for jobs to end; ``{"ended": bool, "jobs": [...]}``."""

    def decide(self, *, workspace: str, change_set: str, verdict: str) -> dict[str, Any]:
        """Apply, reject or undo a change set; ``{"state": ..., "reasons": [...]}``."""

    def reload(self) -> dict[str, Any]:
        """Read every workspace's hook files again; ``{"workspaces": [...]}``."""


VERBS = ("status", "queue", "retry", "cancel", "pause", "resume", "fire", "ended", "decide", "reload")
