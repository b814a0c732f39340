"""Hooks that run by the clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from daemon.errors import ConfigurationError
from daemon.schedule import Schedule, SleepDetector, cron
from daemon.state.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 9 * * 1", ["Mon"]),
        ("0 9 * * 0", ["Sun"]),
        ("0 9 * * 7", ["Sun"]),
        ("0 9 * * mon-fri", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("0 9 * * 1-5", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("0 9 * * 5-7", ["Fri", "Sat", "Sun"]),
        ("0 9 * * */2", ["Tue", "Thu", "Sat", "Sun"]),
        ("0 9 * * 1,3", ["Mon", "Wed"]),
        ("0 9 * * fri-mon", ["Mon", "Fri", "Sat", "Sun"]),
        ("0 9 * * *", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
    ],
)
def test_weekdays_are_counted_as_crontab_counts_them(expression: str, days: list[str]) -> None:
    trigger, at, found = cron(expression, UTC), SUNDAY, set()
    for _ in range(14):
        at = trigger.get_next_fire_time(at, at)
        found.add(at.strftime("%a"))
        assert (at.hour, at.minute) == (9, 0)
    assert found == set(days)


@pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "0 9 * * 8", "0 9 * * monday", "0 9 * * 1/0"])
def test_an_expression_that_is_no_crontab_is_an_error_that_names_it(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="schedule"):
        cron(expression)


class _Fired:
    def __init__(self) -> None:
        self.hooks: list[tuple[str, str]] = []
        self.event = threading.Event()

    def __call__(self, workspace: str, hook: str) -> None:
        self.hooks.append((workspace, hook))

    def added(self) -> None:
        self.event.set()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    yield database
    database.close()


def _schedule(database: Database, fired: _Fired, now: float) -> Schedule:
    return Schedule(database=database, fire=fired, added=fired.added, clock=lambda: now)


def test_a_time_missed_while_nobody_looked_fires_once(database: Database) -> None:
    fired, now = _Fired(), datetime.now(UTC).timestamp()
    _schedule(database, fired, now - 3 * 86_400).set_hooks("/w", [("Nightly", "0 3 * * *")])
    later = _schedule(database, fired, now)
    later.set_hooks("/w", [("Nightly", "0 3 * * *")])
    later.start()
    assert fired.event.wait(20)
    later.stop()
    assert fired.hooks == [("/w", "Nightly")]


def test_a_new_hook_does_not_fire_for_times_before_it_existed(database: Database) -> None:
    fired = _Fired()
    schedule = _schedule(database, fired, datetime.now(UTC).timestamp())
    schedule.set_hooks("/w", [("Yearly", "0 0 1 1 *")])
    schedule.start()
    schedule.stop()
    assert fired.hooks == []


def test_what_failed_to_fire_is_not_remembered_as_fired(database: Database) -> None:
    now = datetime.now(UTC).timestamp()
    seen = threading.Event()

    def refuse(_workspace: str, _hook: str) -> None:
        seen.set()
        raise OSError("disk full")

    fired = _Fired()
    _schedule(database, fired, now - 3 * 86_400).set_hooks("/w", [("Nightly", "0 3 * * *")])
    broken = Schedule(database=database, fire=refuse, added=fired.added, clock=lambda: now)
    broken.set_hooks("/w", [("Nightly", "0 3 * * *")])
    broken.start()
    assert seen.wait(20)
    broken.stop()
    again = _schedule(database, fired, now)
    again.set_hooks("/w", [("Nightly", "0 3 * * *")])
    again.start()
    assert fired.event.wait(20)
    again.stop()


@pytest.mark.parametrize(("wall", "steady", "jump"), [(60, 60, 0), (3660, 60, 3600), (-3540, 60, -3600), (62, 60, 0)])
def test_a_suspend_shows_as_the_two_clocks_disagreeing(wall: float, steady: float, jump: float) -> None:
    walls, steadies = iter([1000.0, 1000.0 + wall]), iter([5.0, 5.0 + steady])
    detector = SleepDetector(wall=lambda: next(walls), steady=lambda: next(steadies))
    assert detector.jumped() == jump
