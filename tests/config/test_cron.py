from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cron import CronError, parse


def test_a_working_day_morning_is_read():
    cron = parse("0 9 * * mon-fri")
    assert (cron.minutes, cron.hours, cron.weekdays) == ({0}, {9}, {1, 2, 3, 4, 5})
    assert cron.days == set(range(1, 32))
    assert not cron.either_day


def test_one_means_monday_and_seven_means_sunday():
    assert parse("0 9 * * 1").weekdays == {1}
    assert parse("0 9 * * 7").weekdays == parse("0 9 * * SUN").weekdays == {0}


def test_steps_lists_and_names_are_read():
    cron = parse("*/20 8-18/5 1,15 jan,6 *")
    assert (cron.minutes, cron.hours) == ({0, 20, 40}, {8, 13, 18})
    assert (cron.days, cron.months) == ({1, 15}, {1, 6})
    assert parse("5/20 * * * *").minutes == {5, 25, 45}


def test_two_restricted_days_mean_either():
    assert parse("0 0 13 * fri").either_day


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("", 0, "five fields"),
        ("* * * *", 0, "found 4"),
        ("0 0 0 9 * *", 0, "found 6"),
        ("@daily", 0, "as five fields"),
        ("60 * * * *", 0, "0 to 59"),
        ("* 24 * * *", 2, "0 to 23"),
        ("* * 0 * *", 4, "1 to 31"),
        ("* * * 13 *", 6, "1 to 12"),
        ("* * * * 8", 8, "0 to 7"),
        ("* * * * monday", 8, "a name such as mon"),
        ("*/0 * * * *", 0, "a step"),
        ("1,x * * * *", 2, "found"),
        ("5-1 * * * *", 0, "runs backwards"),
        ("* * 31 2,4 *", 4, "never come true"),
        ("* * L * *", 4, "found"),
        ("* " * 200, 0, "five fields"),
    ],
)
def test_a_text_that_is_no_schedule_is_told_where_and_why(text: str, offset: int, words: str):
    with pytest.raises(CronError, match=words) as caught:
        parse(text)
    assert caught.value.offset == offset


def test_the_last_of_february_comes_true_in_some_years():
    assert parse("0 0 29 2 *").days == {29}


@given(st.text("0123456789*/-, adefjlmnoprstuvwyz", max_size=30))
def test_any_text_is_a_schedule_or_an_error_with_a_place_in_it(text: str):
    try:
        cron = parse(text)
    except CronError as error:
        assert 0 <= error.offset <= len(text)  # noqa: PT017 - either outcome is right
    else:
        assert cron.minutes
        assert cron.weekdays <= set(range(7))
