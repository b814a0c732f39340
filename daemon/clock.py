"""Time as the daemon reads it. Decisions take ``now`` as an argument; this is where it comes from."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def iso(moment: float) -> str:
    """A moment as the report log writes it: UTC, milliseconds, ``Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
