"""What the view cannot do."""

from __future__ import annotations

from daemon.errors import HookdError


class IsolationError(HookdError):
    """The tree cannot be kept from an agent here: the run is refused."""
