"""The queue in state.db."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from daemon.errors import NoSuchThingError, TransitionError
from daemon.job import Move, State, after, sources
from daemon.queue import coalesce
from daemon.queue import statements as sql
from daemon.queue.rows import blob, change_from, change_rows, job_from, sentence

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from daemon.job import Job, NewJob
    from daemon.state.database import Database
    from hooks.model import Change

SCRIPTS = ("schema_1.sql",)


class SqliteQueue:
    """``daemon.queue.port.Queue`` over a Database. What a method promises is said there.

    Each method is one transaction, or part of the caller's, so that a room can be written together with the jobs
    it gives rise to. Safe to share between threads. Only the process that holds the state lock may have one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("queue", "daemon.queue", SCRIPTS)

    def add(self, jobs: Iterable[NewJob], *, now: float) -> list[Job]:
        """Insert the jobs; each waiting one that gives way is superseded in the same transaction."""
        ids: list[int] = []
        with self._database.transaction() as connection:
            last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").fetchall()
            following = (last[0]["seq"] if last else 0) + 1
            for job_id, job in enumerate(jobs, following):
                self._add(connection, job_id, job, now=now)
                ids.append(job_id)
            return self._load(connection, ids)

    def claim(
        self, *, now: float, lease: float, paused: Collection[str] = (), only: Collection[int] | None = None
    ) -> Job | None:
        """Promote what is due, then take the oldest whose paths are free."""
        if only is not None and not only:
            return None
        among, listed = sql.among(only)
        oldest_free = sql.OLDEST_FREE % (", ".join("?" * len(paused)), among)
        with self._database.transaction() as connection:
            connection.execute(sql.PROMOTE, (now,))
            found = connection.execute(oldest_free, [*map(blob, paused), *listed]).fetchall()
            if not found:
                return None
            row = found[0]
            connection.execute(sql.TAKE_PATHS, (row["workspace"], row["id"]))
            claimed = {"attempt": row["attempt"] + 1, "token": secrets.token_hex(16), "lease_until": now + lease}
            return self._move(connection, row, Move.CLAIM, now=now, reason=row["reason"], **claimed)

    def renew(self, job: Job, *, until: float) -> None:
        """Move the lease's end."""
        with self._database.transaction() as connection:
            self._held(connection, job)
            connection.execute(f"UPDATE jobs SET lease_until = ? WHERE id = ? AND {sql.RUNNING}", (until, job.id))  # noqa: S608

    def succeed(self, job: Job, *, now: float) -> Job:
        """The run did its work."""
        with self._database.transaction() as connection:
            row = self._held(connection, job)
            self._finished(connection, row, now=now)
            return self._move(connection, row, Move.SUCCEED, now=now, reason="")

    def back_off(self, job: Job, *, now: float, until: float, reason: str) -> Job:
        """The run failed; wait for another attempt, or become a dead letter."""
        with self._database.transaction() as connection:
            row = self._held(connection, job)
            self._finished(connection, row, now=now)
            failures = row["failures"] + 1
            if failures >= row["max_failures"]:
                return self._move(connection, row, Move.FAIL, now=now, reason=reason, failures=failures)
            waits = {"failures": failures, "not_before": until, "due": int(until <= now)}
            return self._wait_again(connection, row, Move.BACK_OFF, now=now, reason=reason, **waits)

    def put_back(self, job: Job, *, now: float, until: float | None = None, reason: str = "") -> Job:
        """The run was stopped; wait again."""
        with self._database.transaction() as connection:
            row = self._held(connection, job)
            not_before = row["not_before"] if until is None else until
            waits = {"not_before": not_before, "due": int(not_before <= now)}
            return self._wait_again(connection, row, Move.PUT_BACK, now=now, reason=reason, **waits)

    def fail(self, job: Job, *, now: float, reason: str) -> Job:
        """The run failed for good."""
        with self._database.transaction() as connection:
            row = self._held(connection, job)
            self._finished(connection, row, now=now)
            return self._move(connection, row, Move.FAIL, now=now, reason=reason, failures=row["failures"] + 1)

    def cancel(self, job_id: int, *, now: float) -> Job:
        """A person wants it no more."""
        with self._database.transaction() as connection:
            row = self._row(connection, job_id)
            return self._move(connection, row, Move.CANCEL, now=now, reason="cancelled")

    def cancel_where(self, *, workspace: str, hook: str | None = None, now: float, reason: str) -> list[Job]:
        """The workspace, or the hook, is no more."""
        which, names = "workspace = ?", [blob(workspace)]
        if hook is not None:
            which, names = f"{which} AND hook = ?", [*names, blob(hook)]
        with self._database.transaction() as connection:
            statement = f"SELECT * FROM jobs WHERE {sql.WAITING} AND {which} ORDER BY id"  # noqa: S608
            rows = connection.execute(statement, names).fetchall()
            return [self._move(connection, row, Move.CANCEL, now=now, reason=reason) for row in rows]

    def retry(self, job_id: int, *, now: float) -> Job:
        """A person wants a dead letter tried again."""
        with self._database.transaction() as connection:
            row = self._row(connection, job_id)
            waits = {"failures": 0, "not_before": now, "due": 1}
            return self._wait_again(connection, row, Move.RETRY, now=now, reason="", **waits)

    def hold_back(self, job_id: int, *, until: float, reason: str) -> Job:
        """Wait longer, never shorter."""
        with self._database.transaction() as connection:
            row = self._row(connection, job_id)
            if row["state"] != State.WAITING:
                raise TransitionError(f"job {job_id}", f"is {row['state']} and cannot be held back")
            held = "UPDATE jobs SET not_before = max(not_before, ?), due = 0, reason = ? WHERE id = ?"
            connection.execute(held, (until, sentence(reason), job_id))
            return self._load(connection, [job_id])[0]

    def rescue(self, *, now: float, everything: bool = False) -> list[Job]:
        """Put back what nobody is at work on."""
        over = sql.RUNNING if everything else f"{sql.RUNNING} AND lease_until < :now"
        with self._database.transaction() as connection:
            rows = connection.execute(f"SELECT * FROM jobs WHERE {over} ORDER BY id", {"now": now}).fetchall()  # noqa: S608
            reason = "its run was cut short"
            return [
                self._wait_again(
                    connection, row, Move.PUT_BACK, now=now, reason=reason, due=int(row["not_before"] <= now)
                )
                for row in rows
            ]

    def get(self, job_id: int) -> Job:
        """One job."""
        with self._database.transaction() as connection:
            self._row(connection, job_id)
            return self._load(connection, [job_id])[0]

    def jobs(self, *, states: Collection[State] = (), workspace: str | None = None, limit: int = 1000) -> Sequence[Job]:
        """Jobs, by number."""
        wanted = [state.value for state in (states or State)]
        which, values = f"state IN ({', '.join('?' * len(wanted))})", list[object](wanted)
        if workspace is not None:
            which, values = f"{which} AND workspace = ?", [*values, blob(workspace)]
        with self._database.transaction() as connection:
            statement = f"SELECT id FROM jobs WHERE {which} ORDER BY id LIMIT ?"  # noqa: S608
            found = connection.execute(statement, [*values, limit]).fetchall()
            return self._load(connection, [row["id"] for row in found])

    def counts(self) -> Mapping[State, int]:
        """Jobs in each state."""
        rows = self._database.query("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        return dict.fromkeys(State, 0) | {State(row["state"]): row["jobs"] for row in rows}

    def next_due(self, *, now: float, paused: Collection[str] = ()) -> float | None:
        """The earliest ``not_before``, or ``now`` when that is past."""
        marks, values = ", ".join("?" * len(paused)), [blob(workspace) for workspace in paused]
        if self._database.query(sql.ANY_DUE % marks, values):
            return now
        ahead = self._database.query(sql.FIRST_AHEAD % marks, values)
        return None if ahead[0]["at"] is None else max(now, ahead[0]["at"])

    def last_finished(self, *, workspace: str, hook: str, path: str) -> float | None:
        """What the cooldown counts from."""
        which = (blob(workspace), blob(hook), blob(path))
        rows = self._database.query("SELECT at FROM finishes WHERE workspace = ? AND hook = ? AND path = ?", which)
        return rows[0]["at"] if rows else None

    def forget(self, *, before: float, keep_failed_before: float) -> int:
        """Drop what has ended long ago, in portions, so that a claim never waits long for it."""
        bounds = {"from": 0, "before": before, "keep_failed_before": keep_failed_before}
        forgotten = 0
        while True:
            with self._database.transaction() as connection:
                ended = [row["id"] for row in connection.execute(sql.ENDED, bounds).fetchall()]
                connection.executemany("DELETE FROM jobs WHERE id = ?", [(job_id,) for job_id in ended])
                if not ended:
                    connection.execute("DELETE FROM finishes WHERE at < ?", (before,))
                    return forgotten
            forgotten += len(ended)
            bounds["from"] = ended[-1]

    def _add(self, connection: sqlite3.Connection, job_id: int, job: NewJob, *, now: float) -> None:
        """Store one job, in the place of the waiting one that it may coalesce with."""
        workspace, hook, shared = blob(job.workspace), blob(job.hook), coalesce.key(job)
        changes, not_after = coalesce.newest(job.changes), job.not_after
        stored_key = None if shared is None else blob(shared)
        if stored_key is not None:
            for older in connection.execute(sql.SAME_KEY, (workspace, hook, stored_key)).fetchall():
                changes = self._give_way(connection, older, to=job_id, newer=changes, now=now)
                not_after = coalesce.bound(older["not_after"], not_after)
        due = coalesce.due(not_before=job.not_before, not_after=not_after)
        row = (job_id, workspace, hook, job.hook_digest, job.max_failures, due, not_after, int(due <= now), stored_key)
        connection.execute(sql.INSERT, (*row, int(job.together), now, now))
        connection.executemany(sql.INSERT_CHANGE, change_rows(job_id, changes))

    def _give_way(
        self, connection: sqlite3.Connection, older: sqlite3.Row, *, to: int, newer: Iterable[Change], now: float
    ) -> tuple[Change, ...]:
        """Let a waiting job be superseded by job ``to``; returns what that one's changes are then."""
        known = self._changes_of(connection, older["id"])
        self._move(connection, older, Move.SUPERSEDE, now=now, reason=f"job {to} took its place", superseded_by=to)
        return coalesce.fold(older=known, newer=newer, together=bool(older["together"]))

    def _wait_again(
        self, connection: sqlite3.Connection, row: sqlite3.Row, move: Move, *, now: float, reason: str, **values: object
    ) -> Job:
        """Let a job return to waiting, or be superseded when a newer one waits in its place already."""
        after(State(row["state"]), move)  # before anything is done: the job must not meet itself as the waiting one
        same_key = (row["workspace"], row["hook"], row["coalesce_key"])
        for other in connection.execute(sql.SAME_KEY, same_key).fetchall():
            older, newer = (row, other) if other["id"] > row["id"] else (other, row)
            folded = coalesce.fold(
                older=self._changes_of(connection, older["id"]),
                newer=self._changes_of(connection, newer["id"]),
                together=bool(newer["together"]),
            )
            connection.execute("DELETE FROM job_changes WHERE job = ?", (newer["id"],))
            connection.executemany(sql.INSERT_CHANGE, change_rows(newer["id"], folded))
            took = f"job {newer['id']} took its place"
            if newer is row:
                self._move(connection, other, Move.SUPERSEDE, now=now, reason=took, superseded_by=row["id"])
                continue
            bound = coalesce.bound(row["not_after"], other["not_after"])
            due = coalesce.due(not_before=other["not_before"], not_after=bound)
            moved = "UPDATE jobs SET not_after = ?, not_before = ?, due = ? WHERE id = ?"
            connection.execute(moved, (bound, due, int(due <= now), other["id"]))
            return self._move(connection, row, move, Move.SUPERSEDE, now=now, reason=took, superseded_by=other["id"])
        return self._move(connection, row, move, now=now, reason=reason, **values)

    def _move(
        self, connection: sqlite3.Connection, row: sqlite3.Row, *moves: Move, now: float, reason: str, **values: object
    ) -> Job:
        """The one place where a state changes: guarded by the states the table allows, and by the token."""
        state = State(row["state"])
        for move in moves:
            state = after(state, move)
        columns = {"token": None, "lease_until": None, **values, "state": state.value, "updated": now}
        columns["reason"] = sentence(reason)
        allowed = ", ".join(f"'{source}'" for source in sources(moves[0]))
        settings = ", ".join(f"{column} = ?" for column in columns)
        statement = f"UPDATE jobs SET {settings} WHERE id = ? AND state IN ({allowed}) AND token IS ? RETURNING *"  # noqa: S608
        changed = connection.execute(statement, [*columns.values(), row["id"], row["token"]]).fetchall()
        if len(changed) != 1:
            raise TransitionError(f"job {row['id']}", "has moved on", "see `kiro-hookd queue` for its state")
        if row["state"] == State.RUNNING:
            connection.execute(sql.FREE_PATHS, (row["workspace"], row["id"]))
        return job_from(changed[0], self._changes_of(connection, row["id"]))

    def _finished(self, connection: sqlite3.Connection, row: sqlite3.Row, *, now: float) -> None:
        """Remember that a run has ended, for the cooldown of each of its paths."""
        connection.execute(sql.FINISH, (row["workspace"], row["hook"], now, row["id"]))

    def _held(self, connection: sqlite3.Connection, job: Job) -> sqlite3.Row:
        """The row of a running job, if ``job`` is its newest claim; else TransitionError."""
        row = self._row(connection, job.id)
        if row["state"] != State.RUNNING or job.token is None or row["token"] != job.token:
            raise TransitionError(
                f"job {job.id}",
                f"attempt {job.attempt} no longer holds it; it is {row['state']}",
                "nothing is left to do for this attempt",
            )
        return row

    def _row(self, connection: sqlite3.Connection, job_id: int) -> sqlite3.Row:
        rows: list[sqlite3.Row] = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchall()
        if not rows:
            raise NoSuchThingError(f"job {job_id}", "there is none of that number", "see `kiro-hookd queue`")
        return rows[0]

    def _load(self, connection: sqlite3.Connection, ids: Sequence[int]) -> list[Job]:
        """These jobs, in this order."""
        listed = json.dumps(list(ids))
        rows = connection.execute(
            "SELECT * FROM jobs WHERE id IN (SELECT value FROM json_each(?))", (listed,)
        ).fetchall()
        changes = self._changes(connection, ids)
        by_id = {row["id"]: job_from(row, changes.get(row["id"], ())) for row in rows}
        return [by_id[job_id] for job_id in ids]

    def _changes_of(self, connection: sqlite3.Connection, job_id: int) -> tuple[Change, ...]:
        rows = connection.execute("SELECT * FROM job_changes WHERE job = ? ORDER BY position", (job_id,)).fetchall()
        return tuple(change_from(row) for row in rows)

    def _changes(self, connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Change, ...]]:
        listed = json.dumps(list(ids))
        found: dict[int, list[Change]] = {}
        statement = "SELECT * FROM job_changes WHERE job IN (SELECT value FROM json_each(?)) ORDER BY job, position"
        for row in connection.execute(statement, (listed,)).fetchall():
            found.setdefault(row["job"], []).append(change_from(row))
        return {job: tuple(changes) for job, changes in found.items()}
