"""What the budgets and the circuit breakers know, kept in state.db."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.budget import DAY, HOUR, Breaker, Budget, Circuit, Ended, Patience, Used, Verdict, ask, decide, told
from daemon.queue.rows import blob, name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from daemon.job import Job
    from daemon.state.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """The budgets a run falls under: its hook's, its workspace's and the user's."""

    hook: Budget | None = None
    workspace: Budget | None = None
    user: Budget | None = None


class UsageStore:
    """Asks the pure decisions with what has been used, and remembers it; survives a restart, like the jobs.

    Safe to share between threads: a check and the entry of the run that it allowed are one transaction.
    """

    def __init__(self, database: Database, *, patience: Patience | None = None) -> None:
        self._database = database
        self._patience = patience or Patience()
        database.migrate("usage", "daemon.queue", ("usage_1.sql",))
        with database.transaction() as connection:
            # The process that was probing is gone; the next run may.
            gone = (Circuit.OPEN.value, Circuit.PROBING.value)
            connection.execute("UPDATE breakers SET circuit = ?, until = 0 WHERE circuit = ?", gone)

    def start(self, job: Job, *, agent: str, budgets: Budgets, now: float) -> Verdict:
        """Whether this run may start; if so it counts from now on. If not, nothing is entered: let the job wait
        until ``until``, with the reason.
        """
        with self._database.transaction() as connection:
            verdict = decide(self._used(connection, job, budgets, now=now), now=now)
            if not verdict.allowed:
                return verdict
            verdict, breaker = ask(self._breaker(connection, agent), now=now, patience=self._patience)
            if not verdict.allowed:
                return verdict
            self._keep(connection, breaker)
            row = (job.id, job.attempt, blob(job.workspace), blob(job.hook), blob(agent), now)
            connection.execute(
                "INSERT OR IGNORE INTO usage (job, attempt, workspace, hook, agent, at) VALUES (?, ?, ?, ?, ?, ?)", row
            )
            return verdict

    def ended(self, job: Job, *, agent: str, tokens: int, ended: Ended, now: float) -> Breaker:
        """Enter what the run used (input and output tokens) and what it says about its agent."""
        with self._database.transaction() as connection:
            used = "UPDATE usage SET tokens = ? WHERE job = ? AND attempt = ?"
            connection.execute(used, (min(max(0, tokens), 2**53), job.id, job.attempt))
            breaker = told(self._breaker(connection, agent), ended, now=now, patience=self._patience)
            self._keep(connection, breaker)
            return breaker

    def breakers(self) -> list[Breaker]:
        """The circuits of the agents that failed last, for a person to see."""
        return [_breaker(row) for row in self._database.query("SELECT * FROM breakers ORDER BY agent")]

    def reset(self, agent: str) -> None:
        """A person says that the agent is well again."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM breakers WHERE agent = ?", (blob(agent),))

    def forget(self, *, now: float) -> int:
        """Retention: drop what no budget counts any more."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM usage WHERE at <= ?", (now - DAY,)).rowcount

    def _used(
        self, connection: sqlite3.Connection, job: Job, budgets: Budgets, *, now: float
    ) -> list[tuple[Budget, Sequence[Used]]]:
        """Each budget that limits anything, with what was used under it in its window."""
        workspace, hook = blob(job.workspace), blob(job.hook)
        scopes: tuple[tuple[Budget | None, str, tuple[bytes, ...]], ...] = (
            (budgets.hook, "workspace = ? AND hook = ? AND", (workspace, hook)),
            (budgets.workspace, "workspace = ? AND", (workspace,)),
            (budgets.user, "", ()),
        )
        found: list[tuple[Budget, Sequence[Used]]] = []
        for budget, which, names in scopes:
            if budget is None or (budget.runs_per_hour is None and budget.tokens_per_day is None):
                continue
            since = now - (HOUR if budget.tokens_per_day is None else DAY)
            # The run itself does not count, should it be asked about twice.
            statement = f"SELECT at, tokens FROM usage WHERE {which} at > ? AND NOT (job = ? AND attempt = ?)"  # noqa: S608
            rows = connection.execute(statement, (*names, since, job.id, job.attempt)).fetchall()
            found.append((budget, [Used(at=row["at"], tokens=row["tokens"]) for row in rows]))
        return found

    def _breaker(self, connection: sqlite3.Connection, agent: str) -> Breaker:
        rows = connection.execute("SELECT * FROM breakers WHERE agent = ?", (blob(agent),)).fetchall()
        return _breaker(rows[0]) if rows else Breaker(agent=agent)

    def _keep(self, connection: sqlite3.Connection, breaker: Breaker) -> None:
        if breaker.failures == 0:
            connection.execute("DELETE FROM breakers WHERE agent = ?", (blob(breaker.agent),))
            return
        row = (blob(breaker.agent), breaker.circuit.value, breaker.failures, breaker.until)
        connection.execute("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?)", row)


def _breaker(row: sqlite3.Row) -> Breaker:
    return Breaker(
        agent=name(row["agent"]), circuit=Circuit(row["circuit"]), failures=row["failures"], until=row["until"]
    )
