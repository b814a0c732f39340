from __future__ import annotations

import sqlite3
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from daemon.errors import StateError
from daemon.state.database import Database, _statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE t (x INTEGER UNIQUE)")
    yield database
    database.close()


def values(database: Database) -> list[int]:
    return [row["x"] for row in database.query("SELECT x FROM t ORDER BY x")]


def put(database: Database, value: int, *, fail: bool = False) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO t VALUES (?)", (value,))
        if fail:
            raise RuntimeError


def test_it_is_durable_and_its_owners_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "a #?%b.db")
    assert database.query("PRAGMA journal_mode")[0][0] == "wal"
    assert database.query("PRAGMA synchronous")[0][0] == 2
    with database.transaction() as connection:
        connection.execute("CREATE TABLE t (x)")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert (modes, len(list(tmp_path.iterdir()))) == ({0o600}, 3)
    database.close()


def test_an_exception_undoes_everything(database: Database) -> None:
    with pytest.raises(RuntimeError):
        put(database, 1, fail=True)
    put(database, 2)
    assert values(database) == [2]


def test_an_exception_of_the_inner_that_the_outer_survives_undoes_the_inner_only(database: Database) -> None:
    with database.transaction():
        put(database, 1)
        with pytest.raises(RuntimeError):
            put(database, 2, fail=True)
        put(database, 3)
    assert values(database) == [1, 3]


def test_an_exception_of_the_outer_undoes_the_inner_too(database: Database) -> None:
    def outer() -> None:
        with database.transaction():
            put(database, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        outer()
    assert values(database) == []


def test_threads_wait_for_each_other(database: Database) -> None:
    def work(first: int) -> None:
        for value in range(first, first + 50):
            put(database, value)

    threads = [threading.Thread(target=work, args=(at * 1000,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values(database)) == 200


def test_a_full_disk_is_said_and_nothing_is_kept(database: Database) -> None:
    database.query("PRAGMA max_page_count = 8")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE big (x)")
    with pytest.raises(StateError, match="make room"), database.transaction() as connection:
        connection.execute("INSERT INTO big VALUES (zeroblob(1000000))")
    put(database, 1)
    assert (values(database), database.query("SELECT * FROM big"), database.check()) == ([1], [], "ok")


def test_a_fault_in_a_statement_stays_what_it_is(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.query("SELECT * FROM nowhere")


def test_looking_beside_the_writer_sees_what_is_durable_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    put(database, 1)
    reader = Database(tmp_path / "state.db", read_only=True)
    assert values(reader) == [1]
    with pytest.raises(StateError, match="readonly"):
        put(reader, 2)
    put(database, 3)
    assert values(reader) == [1, 3]
    reader.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_said(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StateError, match="start afresh"):
        Database(path, read_only=read_only).check()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "state.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StateError):
        Database(tmp_path / "state.db")
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_file_of_a_newer_program_is_refused(database: Database) -> None:
    database.migrate("queue", "daemon.queue", ["schema_1.sql"])
    database.migrate("queue", "daemon.queue", ["schema_1.sql"])
    with database.transaction() as connection:
        connection.execute("UPDATE migrations SET version = 9 WHERE room = 'queue'")
    with pytest.raises(StateError, match="newer kiro-hookd"):
        database.migrate("queue", "daemon.queue", ["schema_1.sql"])


def test_a_script_is_split_where_statements_end() -> None:
    table = "-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');\n"
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n"
    script = f"{table}{trigger}-- the end\n"
    assert list(_statements(script)) == [table, trigger]
    with pytest.raises(StateError, match="unfinished"):
        list(_statements("CREATE TABLE a (x)"))
