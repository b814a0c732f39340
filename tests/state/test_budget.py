from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.budget import (
    ALLOWED,
    DAY,
    HOUR,
    Breaker,
    Budget,
    Circuit,
    Ended,
    Patience,
    Used,
    ask,
    decide,
    told,
)

NOW = 1_800_000_000.0
PATIENCE = Patience(failures=5, pause=60.0, longest=600.0, probe=900.0)


def used(*ages: float, tokens: int = 0) -> list[Used]:
    return [Used(at=NOW - age, tokens=tokens) for age in ages]


def hook(**more: Any) -> Budget:
    return Budget(whose="the hook 'review'", **more)


def test_without_limits_everything_is_allowed() -> None:
    assert decide([], now=NOW) == ALLOWED
    assert decide([(hook(), used(*range(1000), tokens=10**9))], now=NOW) == ALLOWED


def test_a_run_waits_until_the_oldest_of_the_hour_is_an_hour_old() -> None:
    runs = used(3000, 2000, 10)
    assert decide([(hook(runs_per_hour=4), runs)], now=NOW).allowed
    verdict = decide([(hook(runs_per_hour=3), runs)], now=NOW)
    assert (verdict.allowed, verdict.until) == (False, NOW - 3000 + HOUR)
    assert verdict.reason == "the hook 'review' has used up its 3 runs an hour; waits until 2027-01-15 08:10Z"


def test_after_a_smaller_limit_more_than_one_run_must_age() -> None:
    assert decide([(hook(runs_per_hour=1), used(3000, 2000, 10))], now=NOW).until == NOW - 10 + HOUR


def test_what_lies_outside_the_window_does_not_count() -> None:
    assert decide([(hook(runs_per_hour=1), used(HOUR))], now=NOW).allowed
    assert decide([(hook(tokens_per_day=1), used(DAY, tokens=5))], now=NOW).allowed


def test_tokens_of_a_day_are_summed() -> None:
    runs = [*used(80_000, tokens=60), *used(100, tokens=50)]
    assert decide([(hook(tokens_per_day=111), runs)], now=NOW).allowed
    verdict = decide([(hook(tokens_per_day=110), runs)], now=NOW)
    assert verdict.until == NOW - 80_000 + DAY
    assert "used up its 110 tokens a day" in verdict.reason


def test_of_several_budgets_the_last_to_have_room_decides_and_all_are_named() -> None:
    user = Budget(whose="the user", tokens_per_day=10)
    verdict = decide([(hook(runs_per_hour=1), used(100)), (user, used(200, tokens=10))], now=NOW)
    assert verdict.until == NOW - 200 + DAY
    assert (
        "the hook 'review' has used up its 1 runs an hour; the user has used up its 10 tokens a day" in verdict.reason
    )


def test_a_limit_of_nothing_never_has_room_and_asks_again_later() -> None:
    assert decide([(hook(runs_per_hour=0), [])], now=NOW).until == NOW + HOUR


@given(
    ages=st.lists(st.integers(0, 7200), max_size=40),
    tokens=st.integers(0, 50),
    runs_limit=st.integers(1, 10),
    tokens_limit=st.integers(1, 200),
)
def test_when_the_wait_is_over_there_is_room_and_not_before(
    ages: list[int], tokens: int, runs_limit: int, tokens_limit: int
) -> None:
    budgets = [(hook(runs_per_hour=runs_limit, tokens_per_day=tokens_limit), used(*ages, tokens=tokens))]
    verdict = decide(budgets, now=NOW)
    if verdict.allowed:
        return
    assert verdict.until > NOW
    assert decide(budgets, now=verdict.until).allowed
    assert not decide(budgets, now=verdict.until - 0.5).allowed


def failed(times: int, *, at: float = NOW) -> Breaker:
    breaker = Breaker(agent="house")
    for _ in range(times):
        breaker = told(breaker, Ended.BADLY, now=at, patience=PATIENCE)
    return breaker


def test_five_failures_in_a_row_open_the_circuit() -> None:
    assert failed(4).circuit is Circuit.CLOSED
    breaker = failed(5)
    verdict, same = ask(breaker, now=NOW + 59, patience=PATIENCE)
    assert (verdict.allowed, verdict.until, same) == (False, NOW + 60, breaker)
    assert verdict.reason == "agent house failed 5 times in a row; is tried again at 2027-01-15 08:01Z"


def test_a_success_in_between_starts_the_count_afresh() -> None:
    breaker = told(failed(4), Ended.WELL, now=NOW, patience=PATIENCE)
    assert breaker == Breaker(agent="house")


def test_after_the_pause_one_run_probes_and_the_others_wait() -> None:
    verdict, probing = ask(failed(5), now=NOW + 60, patience=PATIENCE)
    assert (verdict.allowed, probing.circuit) == (True, Circuit.PROBING)
    verdict, same = ask(probing, now=NOW + 61, patience=PATIENCE)
    assert (verdict.allowed, same) == (False, probing)
    assert "one run is trying" in verdict.reason
    assert NOW + 61 < verdict.until <= NOW + 66


def test_a_probe_that_succeeds_closes_the_circuit() -> None:
    _, probing = ask(failed(5), now=NOW + 60, patience=PATIENCE)
    closed = told(probing, Ended.WELL, now=NOW + 70, patience=PATIENCE)
    assert ask(closed, now=NOW + 70, patience=PATIENCE)[0] == ALLOWED


def test_a_probe_that_fails_pauses_twice_as_long_up_to_a_bound() -> None:
    breaker, now, pauses = failed(5), NOW, []
    for _ in range(6):
        pauses.append(breaker.until - now)
        now = breaker.until
        _, breaker = ask(breaker, now=now, patience=PATIENCE)
        breaker = told(breaker, Ended.BADLY, now=now, patience=PATIENCE)
    assert pauses == [60, 120, 240, 480, 600, 600]


def test_a_probe_that_was_stopped_says_nothing_and_the_next_may_probe() -> None:
    _, probing = ask(failed(5), now=NOW + 60, patience=PATIENCE)
    breaker = told(probing, Ended.NEITHER, now=NOW + 70, patience=PATIENCE)
    assert breaker.failures == 5
    assert ask(breaker, now=NOW + 70, patience=PATIENCE)[1].circuit is Circuit.PROBING


def test_a_stopped_run_neither_opens_nor_closes() -> None:
    assert told(failed(4), Ended.NEITHER, now=NOW, patience=PATIENCE) == failed(4)
    assert told(failed(5), Ended.NEITHER, now=NOW, patience=PATIENCE) == failed(5)


def test_a_probe_nobody_heard_of_again_is_given_up() -> None:
    _, probing = ask(failed(5), now=NOW + 60, patience=PATIENCE)
    assert not ask(probing, now=NOW + 959, patience=PATIENCE)[0].allowed
    assert ask(probing, now=NOW + 960, patience=PATIENCE)[0].allowed


@given(ends=st.lists(st.sampled_from(Ended), max_size=60), gap=st.sampled_from([1.0, 61.0, 2000.0]))
def test_an_agent_that_works_again_is_always_found_out(ends: list[Ended], gap: float) -> None:
    breaker, now = Breaker(agent="house"), NOW
    for end in ends:
        verdict, breaker = ask(breaker, now=now, patience=PATIENCE)
        if verdict.allowed:
            breaker = told(breaker, end, now=now, patience=PATIENCE)
        else:
            assert now < verdict.until <= now + PATIENCE.longest
        now += gap
    now = max(now, breaker.until)
    verdict, breaker = ask(breaker, now=now, patience=PATIENCE)
    assert verdict.allowed
    assert told(breaker, Ended.WELL, now=now, patience=PATIENCE) == Breaker(agent="house")


@pytest.mark.parametrize("failures", [5, 50, 5000])
def test_no_number_of_failures_is_too_many(failures: int) -> None:
    breaker = told(Breaker(agent="a", failures=failures), Ended.BADLY, now=NOW, patience=PATIENCE)
    assert NOW + 60 <= breaker.until <= NOW + 600
