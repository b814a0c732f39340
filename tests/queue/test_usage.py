from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.budget import DAY, Breaker, Budget, Circuit, Ended, Patience
from daemon.job import Job, State
from daemon.queue.usage import Budgets, UsageStore
from daemon.state.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    database.query("PRAGMA synchronous = OFF")  # no power is lost here
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> UsageStore:
    return UsageStore(database, patience=Patience(failures=2, pause=60.0))


def job(number: int, *, hook: str = "review", workspace: str = "/w", attempt: int = 1) -> Job:
    return Job(
        id=number,
        workspace=workspace,
        hook=hook,
        hook_digest="d",
        changes=(),
        state=State.RUNNING,
        attempt=attempt,
        failures=0,
        max_failures=1,
        not_before=0.0,
        created=0.0,
        updated=0.0,
    )


def budgets(**more: int) -> Budgets:
    return Budgets(hook=Budget(whose="the hook", **more))


def test_a_run_counts_from_its_start(store: UsageStore) -> None:
    limit = budgets(runs_per_hour=2)
    allowed = [store.start(job(number), agent="a", budgets=limit, now=NOW + number).allowed for number in range(1, 4)]
    assert allowed == [True, True, False]
    assert store.start(job(3), agent="a", budgets=limit, now=NOW + 3601).allowed


def test_a_run_that_must_wait_is_not_counted(store: UsageStore) -> None:
    limit = budgets(runs_per_hour=1)
    store.start(job(1), agent="a", budgets=limit, now=NOW)
    for second in range(1, 10):
        assert store.start(job(2), agent="a", budgets=limit, now=NOW + second).until == NOW + 3600


def test_asking_twice_for_the_same_attempt_counts_once(store: UsageStore) -> None:
    limit = budgets(runs_per_hour=1)
    assert store.start(job(1), agent="a", budgets=limit, now=NOW).allowed
    assert store.start(job(1), agent="a", budgets=limit, now=NOW + 1).allowed
    assert not store.start(job(1, attempt=2), agent="a", budgets=limit, now=NOW + 2).allowed


def test_tokens_count_from_when_they_are_known(store: UsageStore) -> None:
    limit = budgets(tokens_per_day=100)
    store.start(job(1), agent="a", budgets=limit, now=NOW)
    assert store.start(job(2), agent="a", budgets=limit, now=NOW).allowed
    store.ended(job(1), agent="a", tokens=100, ended=Ended.WELL, now=NOW + 5)
    assert store.start(job(3), agent="a", budgets=limit, now=NOW + 6).until == NOW + DAY


def test_each_budget_counts_what_falls_under_it(store: UsageStore) -> None:
    free = Budgets()
    store.start(job(1), agent="a", budgets=free, now=NOW)
    store.start(job(2, hook="docs"), agent="a", budgets=free, now=NOW)
    store.start(job(3, workspace="/v"), agent="a", budgets=free, now=NOW)

    def allowed(**which: Budget) -> bool:
        return store.start(job(9), agent="a", budgets=Budgets(**which), now=NOW + 1).allowed

    limits = {number: Budget(whose="it", runs_per_hour=number) for number in range(1, 5)}
    assert (allowed(hook=limits[1]), allowed(workspace=limits[2]), allowed(user=limits[3])) == (False, False, False)
    assert allowed(hook=limits[2], workspace=limits[3], user=limits[4])


def test_an_agent_that_fails_again_and_again_is_paused_for_all_hooks(store: UsageStore) -> None:
    for number in (1, 2):
        store.start(job(number), agent="a", budgets=Budgets(), now=NOW)
        store.ended(job(number), agent="a", tokens=0, ended=Ended.BADLY, now=NOW)
    assert store.breakers() == [Breaker(agent="a", circuit=Circuit.OPEN, failures=2, until=NOW + 60)]
    refused = store.start(job(3, hook="docs", workspace="/v"), agent="a", budgets=Budgets(), now=NOW + 1)
    assert (refused.allowed, refused.until) == (False, NOW + 60)
    assert store.start(job(3), agent="b", budgets=Budgets(), now=NOW + 1).allowed
    assert store.start(job(4), agent="a", budgets=Budgets(), now=NOW + 60).allowed
    assert not store.start(job(5), agent="a", budgets=Budgets(), now=NOW + 61).allowed
    store.ended(job(4), agent="a", tokens=0, ended=Ended.WELL, now=NOW + 62)
    assert (store.breakers(), store.start(job(5), agent="a", budgets=Budgets(), now=NOW + 62).allowed) == ([], True)


def test_a_person_can_close_a_circuit(store: UsageStore) -> None:
    for number in (1, 2):
        store.ended(job(number), agent="a", tokens=0, ended=Ended.BADLY, now=NOW)
    store.reset("a")
    assert store.start(job(3), agent="a", budgets=Budgets(), now=NOW).allowed


def test_usage_and_circuits_outlive_the_process_but_a_probe_does_not(database: Database, store: UsageStore) -> None:
    limit = budgets(runs_per_hour=2)
    for number in (1, 2):
        store.start(job(number, hook="docs"), agent="a", budgets=Budgets(), now=NOW)
        store.ended(job(number), agent="a", tokens=0, ended=Ended.BADLY, now=NOW)
    assert store.start(job(3), agent="a", budgets=limit, now=NOW + 60).allowed  # probes, and is never heard of again
    again = UsageStore(database, patience=Patience(failures=2))
    assert again.breakers()[0].failures == 2
    assert again.start(job(4), agent="a", budgets=limit, now=NOW + 61).allowed
    assert not again.start(job(5), agent="b", budgets=limit, now=NOW + 62).allowed


def test_what_no_budget_counts_any_more_is_forgotten(store: UsageStore) -> None:
    store.start(job(1), agent="a", budgets=Budgets(), now=NOW)
    store.start(job(2), agent="a", budgets=Budgets(), now=NOW + 100)
    assert store.forget(now=NOW + DAY + 1) == 1
    assert store.forget(now=NOW + DAY + 1) == 0


@pytest.mark.parametrize("tokens", [-5, 10**30])
def test_what_an_agent_claims_to_have_used_cannot_break_the_store(store: UsageStore, tokens: int) -> None:
    store.start(job(1), agent="a\udcff", budgets=Budgets(), now=NOW)
    store.ended(job(1), agent="a\udcff", tokens=tokens, ended=Ended.WELL, now=NOW)
    verdict = store.start(job(2), agent="a", budgets=budgets(tokens_per_day=10), now=NOW + 1)
    assert verdict.allowed is (tokens < 0)
