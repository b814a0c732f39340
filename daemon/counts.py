"""The queue's counts without a daemon: read only, and with little imported, since a person waits for ``status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.errors import StateError
from daemon.job import by_name
from daemon.queue.sqlite import SqliteQueue
from daemon.state.database import Database

if TYPE_CHECKING:
    from daemon.state.paths import StatePaths


def read_counts(paths: StatePaths) -> dict[str, int]:
    """The counts of the state directory; all zero when there is no state yet."""
    if not paths.database.exists():
        return by_name({})
    try:
        database = Database(paths.database, read_only=True)
        try:
            return by_name(SqliteQueue(database).counts())
        finally:
            database.close()
    except StateError:
        return by_name({})
