"""state.db: one SQLite file, one writing process, one connection shared by threads under a lock."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote

from daemon.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "look at the disk",
    sqlite3.SQLITE_READONLY: "make the file writable",
    sqlite3.SQLITE_CANTOPEN: "make the file readable",
    sqlite3.SQLITE_BUSY: "end the other process that writes to it",
    sqlite3.SQLITE_CORRUPT: "move the file away to start afresh; reports are kept elsewhere",
    sqlite3.SQLITE_NOTADB: "move the file away to start afresh; reports are kept elsewhere",
}


class Database:
    """The daemon's durable memory.

    Promised: what ``transaction`` committed survives kill -9 and power loss (WAL, synchronous=FULL); transactions of
    different threads never interleave; one opened inside another of the same thread joins it, so that rooms can be
    written to together or not at all. The file is its owner's alone. Not promised: a second writing process; hold the
    state lock first. ``read_only`` is for looking in while another process writes: a transaction then fails.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._path = path
        try:
            if not read_only:
                # SQLite gives its own files the mode of the database, so this one open decides for all of them.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={'ro' if read_only else 'rw'}"
            self._connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=256
            )
            self._connection.row_factory = sqlite3.Row
            self._prepare(read_only=read_only)
        except (sqlite3.Error, OSError) as error:
            raise StateError(
                str(path), str(error), "move the file away to start afresh; reports are kept elsewhere"
            ) from error

    def _prepare(self, *, read_only: bool) -> None:
        pragmas = ["foreign_keys=ON", "temp_store=MEMORY"]
        if not read_only:
            pragmas += ["journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={16 * 1024 * 1024}"]
        for pragma in pragmas:
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        if not read_only:
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations"
                " (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE to COMMIT; an exception that leaves it undoes what was done in it.

        One inside another is a savepoint: an exception that leaves only the inner one undoes the inner part, one that
        leaves the outer undoes both. Nothing is durable before the outermost one has ended. StateError when the disk
        refuses to keep it; then nothing of it is kept.
        """
        with self._lock, self._faults():
            point = f"depth_{self._depth}"
            begin, undo, keep = (
                ("BEGIN IMMEDIATE", ("ROLLBACK",), "COMMIT")
                if self._depth == 0
                else (f"SAVEPOINT {point}", (f"ROLLBACK TO {point}", f"RELEASE {point}"), f"RELEASE {point}")
            )
            self._connection.execute(begin)
            self._depth += 1
            try:
                yield self._connection
                self._connection.execute(keep)
            except BaseException:
                # A full disk makes SQLite roll back by itself; then there is nothing left to undo.
                for statement in undo if self._connection.in_transaction else ():
                    self._connection.execute(statement)
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say in a sentence what the disk or another process did; a fault in our own SQL stays what it is."""
        try:
            yield
        except sqlite3.Error as error:
            remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF)
            if remedy is None:
                raise
            raise StateError(str(self._path), str(error), remedy) from error

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows of one reading statement, fetched whole."""
        with self._lock, self._faults():
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def migrate(self, room: str, package: str, scripts: Sequence[str]) -> None:
        """Bring a room's tables up to date: script n (a .sql file of ``package``) leads to version n, each atomic."""
        with self.transaction() as connection:
            row = connection.execute("SELECT version FROM migrations WHERE room = ?", (room,)).fetchall()
            version = row[0]["version"] if row else 0
            if version > len(scripts):
                raise StateError(
                    "state.db", f"was written by a newer kiro-hookd ({room} {version})", "update kiro-hookd"
                )
            for number, script in enumerate(scripts[version:], version + 1):
                for statement in _statements(resources.files(package).joinpath(script).read_text("utf-8")):
                    connection.execute(statement)
                connection.execute("INSERT OR REPLACE INTO migrations (room, version) VALUES (?, ?)", (room, number))

    def check(self) -> str:
        """``ok``, or what SQLite's integrity check found."""
        return "; ".join(str(row[0]) for row in self.query("PRAGMA integrity_check"))

    def close(self) -> None:
        """Close the file; a transaction under way in another thread is waited for."""
        with self._lock:
            self._connection.close()


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, split where SQLite says that one is complete."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip() and not all(
        part.lstrip().startswith("--") or not part.strip() for part in statement.splitlines()
    ):
        raise StateError("a schema script", f"ends in an unfinished statement: {statement.strip()[:60]}")
