"""What a person has paused, remembered over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.state.database import Database

EVERYTHING = "*"


class Pauses:
    """The paused workspaces; ``*`` stands for all of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("pause", "daemon", ["pause.sql"])

    def current(self) -> list[str]:
        """What is paused now, sorted."""
        return [row["workspace"] for row in self._database.query("SELECT workspace FROM paused ORDER BY workspace")]

    def add(self, workspace: str | None, *, now: float) -> list[str]:
        """Pause a workspace, or everything."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO paused VALUES (?, ?)", (workspace or EVERYTHING, now))
        return self.current()

    def remove(self, workspace: str | None) -> list[str]:
        """Resume a workspace; with none named, everything that was paused."""
        with self._database.transaction() as connection:
            if workspace is None:
                connection.execute("DELETE FROM paused")
            else:
                connection.execute("DELETE FROM paused WHERE workspace = ?", (workspace,))
        return self.current()
