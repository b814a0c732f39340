"""Schedule: hooks that run by the clock, and the daemon's own upkeep, on APScheduler.

APScheduler counts the days of the week from Monday = 0; crontab counts from Sunday = 0. ``0 9 * * 1`` is Monday here,
as everywhere else in the world.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from tzlocal import get_localzone

from daemon.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from daemon.state.database import Database

log = structlog.get_logger()

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
TICK = 60.0
"""Seconds between two looks at the clock. A tick that took much longer than this means that the machine slept."""


def cron(expression: str, timezone: tzinfo | None = None) -> CronTrigger:
    """A five-field crontab expression as a trigger; the day of the week may be 0-7 (0 and 7 are Sunday) or a name."""
    fields = expression.split()
    if len(fields) != 5:
        raise ConfigurationError(f"schedule {expression!r}", "has not five fields", "write it like '0 9 * * mon-fri'")
    minute, hour, day, month, weekday = fields
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=timezone
        )
    except ValueError as error:
        raise ConfigurationError(f"schedule {expression!r}", str(error), "see `man 5 crontab`") from error


def _weekdays(field: str) -> str:
    """The crontab's day-of-week field in names, one by one, so that no counting is left to anybody."""
    days: list[str] = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = 0, 6
        else:
            low, dash, high = span.partition("-")
            first = _day(low)
            last = _day(high) if dash else (6 if step else first)
            if last < first:
                last += 7
        days += [_DAYS[number % 7] for number in range(first, last + 1, _step(step))]
    return ",".join(dict.fromkeys(days)) if field != "*" else "*"


def _day(text: str) -> int:
    if re.fullmatch("[0-7]", text):
        return int(text)
    if text in _DAYS:
        return _DAYS.index(text)
    raise ValueError(f"{text!r} is no day of the week")


def _step(text: str) -> int:
    if not text:
        return 1
    if not text.isdigit() or not int(text):
        raise ValueError(f"{text!r} is no step")
    return int(text)


class Schedule:
    """Runs hooks when their time has come, once for each time missed while the machine slept or we were away.

    Promised: the job and the last time its hook was fired are stored together or not at all. Not promised: more than
    one run for any number of missed times.
    """

    def __init__(
        self,
        *,
        database: Database,
        fire: Callable[[str, str], None],
        added: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._fire = fire
        self._added = added
        self._clock = clock
        database.migrate("schedule", "daemon", ["schedule.sql"])
        self._scheduler = BackgroundScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}, timezone=_local()
        )

    def start(self) -> None:
        """Start looking at the clock."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a task under way is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def every(self, seconds: float, name: str, task: Callable[[], None]) -> None:
        """Upkeep: call ``task`` every so often, the first time after that long."""
        self._scheduler.add_job(task, "interval", seconds=seconds, id=f"upkeep:{name}", name=name)

    def set_hooks(self, workspace: str, hooks: Iterable[tuple[str, str]]) -> None:
        """Replace the scheduled hooks of a workspace: pairs of hook name and crontab expression."""
        prefix = f"hook:{workspace}:"
        wanted = dict(hooks)
        for job in self._scheduler.get_jobs():
            if job.id.startswith(prefix):
                job.remove()
        for hook, expression in wanted.items():
            trigger = cron(expression)
            self._remember(workspace, hook, only_if_new=True)
            due = self._next(workspace, hook, trigger)
            self._scheduler.add_job(
                self._due, trigger, args=(workspace, hook), id=prefix + hook, name=hook, next_run_time=due
            )

    def recheck(self) -> None:
        """Look at the wall clock again: after a suspend, what fell due meanwhile runs now."""
        self._scheduler.wakeup()

    def _next(self, workspace: str, hook: str, trigger: CronTrigger) -> datetime | None:
        """The first time after the last one fired; in the past when that was missed, so that it runs at once."""
        rows = self._database.query("SELECT fired FROM fired WHERE workspace = ? AND hook = ?", (workspace, hook))
        last = datetime.fromtimestamp(rows[0]["fired"], UTC)
        return trigger.get_next_fire_time(None, datetime.fromtimestamp(last.timestamp() + 1, UTC))  # type: ignore[no-any-return]

    def _due(self, workspace: str, hook: str) -> None:
        with self._database.transaction():
            self._fire(workspace, hook)
            self._remember(workspace, hook)
        log.info("schedule.due", workspace=workspace, hook=hook)
        self._added()

    def _remember(self, workspace: str, hook: str, *, only_if_new: bool = False) -> None:
        verb = "INSERT OR IGNORE" if only_if_new else "INSERT OR REPLACE"
        with self._database.transaction() as connection:
            connection.execute(
                f"{verb} INTO fired (workspace, hook, fired) VALUES (?, ?, ?)",
                (workspace, hook, self._clock()),
            )


class SleepDetector:
    """Tells a suspend or a jump of the clock from the passing of time: the two clocks then disagree."""

    def __init__(self, *, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._steady = steady
        self._last = (wall(), steady())

    def jumped(self) -> float:
        """Seconds by which the wall clock moved otherwise than the steady one since the last call; 0 if under 5."""
        now = (self._wall(), self._steady())
        difference = (now[0] - self._last[0]) - (now[1] - self._last[1])
        self._last = now
        return difference if abs(difference) >= 5 else 0.0


def _local() -> tzinfo:
    """The machine's time zone; UTC where it cannot be told."""
    try:
        return get_localzone()
    except Exception:  # noqa: BLE001 - a misconfigured /etc/localtime must not keep the daemon down
        return UTC
