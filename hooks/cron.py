"""Cron expressions: five fields (minute, hour, day of month, month, day of week), checked and read. Pure.

Days of the week count from Sunday = 0 (7 is Sunday too), as cron has them. When both days are restricted, a moment
that fits either is meant. No seconds, no ``@daily``, no ``L``, ``W``, ``#`` or ``?``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hooks.faults import quoted

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """A schedule: every value that each field allows. ``weekdays`` are 0 (Sunday) to 6. ``either_day`` is true when
    both kinds of day are restricted, so that a moment which fits one of them is meant.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool


class CronError(ValueError):
    """Why a text is no schedule. ``offset`` counts characters from 0."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    first_name: int = 0


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS, 1),
    _Field("day of week", 0, 7, _DAYS, 0),
)
_PART = re.compile(r"(?P<any>\*)|(?P<low>[0-9]{1,3}|[A-Za-z]{3,9})(?:-(?P<high>[0-9]{1,3}|[A-Za-z]{3,9}))?")


def parse(text: str) -> Cron:
    """Read a schedule. Raises CronError, with the place, for a text that is none or that can never come true."""
    words = list(re.finditer(r"[^ \t]+", text[:200]))
    if len(text) > 200 or len(words) != len(_FIELDS):
        hint = "; write `@daily` and the like as five fields" if text.lstrip().startswith("@") else ""
        raise CronError(
            0,
            "expected five fields (minute, hour, day of month, month, day of week) such as '0 9 * * mon-fri',"
            f" found {len(words)}{hint}",
        )
    minutes, hours, days, months, weekdays = (
        _values(field, word[0], word.start()) for field, word in zip(_FIELDS, words, strict=True)
    )
    any_day, any_weekday = words[2][0].startswith("*"), words[4][0].startswith("*")
    if any_weekday and not any(min(days) <= _LONGEST[month - 1] for month in months):
        raise CronError(words[2].start(), f"can never come true: no such month has a day {min(days)}")
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not any_day and not any_weekday,
    )


def _values(field: _Field, word: str, offset: int) -> frozenset[int]:
    values: set[int] = set()
    for part in word.split(","):
        values.update(_part(field, part, offset))
        offset += len(part) + 1
    return frozenset(values)


def _part(field: _Field, part: str, offset: int) -> range:
    span, slash, step = part.partition("/")
    match = _PART.fullmatch(span)
    if not match:
        raise CronError(offset, f"{field.name}: expected a number, a range, a list or `*`, found {quoted(part)}")
    if slash and not (step.isascii() and step.isdigit() and len(step) <= 3 and int(step) > 0):
        raise CronError(offset, f"{field.name}: expected a step of 1 or more after `/`, found {quoted(step)}")
    last = 6 if field.high == 7 else field.high
    if match["any"]:
        low, high = field.low, last
    else:
        low = _number(field, match["low"], offset)
        high = _number(field, match["high"], offset) if match["high"] else last if slash else low
    if low > high:
        raise CronError(offset, f"{field.name}: the range {quoted(span)} runs backwards; write it as two")
    return range(low, high + 1, int(step) if slash else 1)


def _number(field: _Field, word: str, offset: int) -> int:
    if word.isdigit():
        number = int(word)
        if field.low <= number <= field.high:
            return number
        raise CronError(offset, f"{field.name}: expected {field.low} to {field.high}, found {number}")
    if field.names and word.lower() in field.names:
        return field.names.index(word.lower()) + field.first_name
    names = f" or a name such as {field.names[1]}" if field.names else ""
    raise CronError(offset, f"{field.name}: expected {field.low} to {field.high}{names}, found {quoted(word)}")
