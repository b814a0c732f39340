"""The ledger: the daemon's memory of what it has seen of the files that hooks concern."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from daemon.watch.port import Entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from daemon.state.database import Database

EARLIER_KEPT = 4
_COLUMNS = "directory, name, size, mtime_ns, ctime_ns, inode, sha256, earlier, born_empty"
_PUT = (
    "INSERT OR REPLACE INTO ledger_file (workspace, directory, name, size, mtime_ns, ctime_ns, inode, sha256, earlier,"
    " born_empty) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Stat(NamedTuple):
    """What ``lstat`` says of a file and the ledger keeps: equal values mean that nobody wrote to it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Ledger:
    """What is in here is not news.

    Promised: every writing method is on disk when it returns, unless it joined a transaction of the same thread, and
    then it is with that one; names that are not UTF-8 come back as they went in. Memory does not grow with the number
    of files. Safe to use from any thread. Not promised: that an entry is still true of the tree.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("ledger", "daemon.watch", ["ledger.sql"])
        self._ids: dict[str, int] = {}
        self._expected: dict[tuple[int, bytes], set[bytes]] = {}
        for row in database.query("SELECT workspace, path, sha256 FROM ledger_expected"):
            self._expected.setdefault((row["workspace"], row["path"]), set()).add(row["sha256"])

    # -- reading

    def get(self, workspace: Path, path: str) -> Entry | None:
        """What is remembered of one file, ``None`` when it is unknown (a deleted file is)."""
        directory, name = _split(path)
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM ledger_file WHERE workspace = ? AND directory = ? AND name = ?",  # noqa: S608 constant
            (self._id(workspace), directory, name),
        )
        return _entry(rows[0]) if rows else None

    def entries(self, workspace: Path) -> Mapping[str, Entry]:
        """Everything remembered of a workspace, in memory at once: for tests and small trees."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM ledger_file WHERE workspace = ?",  # noqa: S608 constant
            (self._id(workspace),),
        )
        return {entry.path: entry for entry in map(_entry, rows)}

    def stats(self, workspace: Path, directory: str) -> dict[str, Stat]:
        """The names directly in one directory with what ``lstat`` said when they were last recorded."""
        rows = self._database.query(
            "SELECT name, size, mtime_ns, ctime_ns, inode FROM ledger_file WHERE workspace = ? AND directory = ?",
            (self._id(workspace), os.fsencode(directory)),
        )
        return {os.fsdecode(row[0]): Stat(row[1], row[2], row[3], row[4]) for row in rows}

    def directories(self, workspace: Path, below: str = "") -> list[str]:
        """Every directory at or below ``below`` in which a file is remembered."""
        where, values = _below(below)
        rows = self._database.query(
            f"SELECT DISTINCT directory FROM ledger_file WHERE workspace = ?{where}",  # noqa: S608 constants
            (self._id(workspace), *values),
        )
        return [os.fsdecode(row[0]) for row in rows]

    def paths(self, workspace: Path, directory: str) -> list[str]:
        """The files remembered directly in one directory."""
        return [f"{directory}/{name}" if directory else name for name in self.stats(workspace, directory)]

    def holds(self, workspace: Path, below: str) -> bool:
        """Whether a file at or below this directory is remembered."""
        where, values = _below(below)
        return bool(
            self._database.query(
                f"SELECT 1 FROM ledger_file WHERE workspace = ?{where} LIMIT 1",  # noqa: S608 constants
                (self._id(workspace), *values),
            )
        )

    def unhashed(self, workspace: Path, after: str, limit: int) -> list[Entry]:
        """Up to ``limit`` files taken as read whose content has not been hashed yet, those that follow ``after`` in
        the ledger's order ("" is the beginning). Going on from the last one costs one pass over the ledger in all.
        """
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM ledger_file WHERE workspace = ? AND (directory, name) > (?, ?)"  # noqa: S608 constant
            " AND sha256 IS NULL ORDER BY directory, name LIMIT ?",
            (self._id(workspace), *_split(after), limit),
        )
        return [_entry(row) for row in rows]

    def read_before(self, workspace: Path) -> bool:
        """Whether a first reading of this workspace was finished once."""
        rows = self._database.query("SELECT read_before FROM ledger_workspace WHERE path = ?", (_key(workspace),))
        return bool(rows and rows[0][0])

    def note(self, workspace: Path, name: str) -> str:
        """A word the watch left itself about a workspace, ``""`` when there is none."""
        rows = self._database.query(
            "SELECT value FROM ledger_note WHERE workspace = ? AND name = ?", (self._id(workspace), name)
        )
        return str(rows[0][0]) if rows else ""

    # -- writing

    def record(self, workspace: Path, entries: Iterable[Entry]) -> None:
        """Remember these; an entry without a hash is forgotten. One transaction."""
        number = self._id(workspace)
        with self._database.transaction() as connection:
            for entry in entries:
                directory, name = _split(entry.path)
                if entry.sha256 is None:
                    connection.execute(
                        "DELETE FROM ledger_file WHERE workspace = ? AND directory = ? AND name = ?",
                        (number, directory, name),
                    )
                else:
                    connection.execute(_PUT, (number, directory, name, *_values(entry)))

    def take_as_read(self, workspace: Path, files: Iterable[tuple[str, str, Stat]]) -> None:
        """Remember files (directory, name, stat) by size and times alone; their content is to be hashed later."""
        number = self._id(workspace)
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO ledger_file (workspace, directory, name, size, mtime_ns, ctime_ns, inode)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                sorted((number, os.fsencode(directory), os.fsencode(name), *stat) for directory, name, stat in files),
            )

    def finish_reading(self, workspace: Path, notes: Mapping[str, str]) -> None:
        """The reading is whole, these notes with it: from here on a file unknown is a file created."""
        number = self._id(workspace)
        with self._database.transaction() as connection:
            connection.execute("UPDATE ledger_workspace SET read_before = 1 WHERE id = ?", (number,))
            for name, value in notes.items():
                self.set_note(workspace, name, value)

    def set_note(self, workspace: Path, name: str, value: str) -> None:
        """Leave a word; ``""`` takes it away."""
        number = self._id(workspace)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ledger_note WHERE workspace = ? AND name = ?", (number, name))
            if value:
                connection.execute("INSERT INTO ledger_note VALUES (?, ?, ?)", (number, name, value))

    def forget(self, workspace: Path) -> None:
        """Forget everything about a workspace; its next reading is a first one."""
        number = self._id(workspace)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ledger_workspace WHERE id = ?", (number,))
        self._ids.pop(str(workspace), None)
        self._expected = {key: hashes for key, hashes in self._expected.items() if key[0] != number}

    # -- what our own apply writes

    def expect(self, workspace: Path, path: str, hashes: Iterable[str | None]) -> None:
        """While these contents stand (``None``: that the file is gone), the file concerns nobody as an edit. Enter
        them before the first byte is written and ``unexpect`` them when the journal is closed and the news of the
        apply was accepted. Survives a crash.
        """
        number, key = self._id(workspace), os.fsencode(path)
        values = {bytes.fromhex(value or "") for value in hashes}
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO ledger_expected VALUES (?, ?, ?)", [(number, key, value) for value in values]
            )
        self._expected[number, key] = self._expected.get((number, key), set()) | values

    def unexpect(self, workspace: Path, path: str) -> None:
        """The journal is closed: from here on only the ledger's entry counts."""
        number, key = self._id(workspace), os.fsencode(path)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ledger_expected WHERE workspace = ? AND path = ?", (number, key))
        self._expected.pop((number, key), None)

    def expects(self, workspace: Path, path: str, sha256: str | None) -> bool:
        """Whether an apply under way may have left this content here."""
        if not self._expected:
            return False
        return bytes.fromhex(sha256 or "") in self._expected.get((self._id(workspace), os.fsencode(path)), ())

    def _id(self, workspace: Path) -> int:
        known = self._ids.get(str(workspace))
        if known is None:
            with self._database.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO ledger_workspace (path) VALUES (?)", (_key(workspace),))
                row = connection.execute(
                    "SELECT id FROM ledger_workspace WHERE path = ?", (_key(workspace),)
                ).fetchall()
            known = self._ids[str(workspace)] = int(row[0][0])
        return known


def _key(workspace: Path) -> bytes:
    return os.fsencode(workspace)


def _split(path: str) -> tuple[bytes, bytes]:
    directory, _, name = path.rpartition("/")
    return os.fsencode(directory), os.fsencode(name)


def _join(directory: bytes, name: bytes) -> str:
    return os.fsdecode(directory + b"/" + name if directory else name)


def _below(directory: str) -> tuple[str, tuple[bytes, ...]]:
    """The SQL and its values for "at or below this directory"; "0" is what follows "/"."""
    if not directory:
        return "", ()
    key = os.fsencode(directory)
    return " AND (directory = ? OR (directory > ? AND directory < ?))", (key, key + b"/", key + b"0")


def _values(entry: Entry) -> Iterator[object]:
    yield from (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
    yield bytes.fromhex(entry.sha256) if entry.sha256 else None
    yield b"".join(map(bytes.fromhex, entry.earlier[:EARLIER_KEPT]))
    yield int(entry.born_empty)


def _entry(row: sqlite3.Row) -> Entry:
    earlier = row["earlier"].hex()
    return Entry(
        path=_join(row["directory"], row["name"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        ctime_ns=row["ctime_ns"],
        inode=row["inode"],
        sha256=row["sha256"].hex() if row["sha256"] is not None else "",
        earlier=tuple(earlier[i : i + 64] for i in range(0, len(earlier), 64)),
        born_empty=bool(row["born_empty"]),
    )
