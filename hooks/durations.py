"""Durations as a person writes them (``500ms``, ``30s``, ``10m``, ``1h``) and as the program holds them: seconds."""

from __future__ import annotations

import re
from typing import Final

from hooks.faults import quoted

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHAPE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s?(ms|s|m|h|d)")
PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,6})?\s?(ms|s|m|h|d)$"


def parse_duration(value: object) -> float:
    """Seconds. Raises ValueError with what was expected, for a bare number also with what to write."""
    if isinstance(value, str) and (match := _SHAPE.fullmatch(value)):
        return round(float(match[1]) * _UNITS[match[2]], 6)
    hint = ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = f"{value:g}" if abs(value) < 1e6 else str(value)[:20]
        hint = f"; a number needs its unit: write {number}s for seconds or {number}ms for milliseconds"
    elif isinstance(value, str) and re.fullmatch(r"[0-9.]{1,12}", value):
        hint = f"; a number needs its unit: write {value}s for seconds or {value}ms for milliseconds"
    raise ValueError(f"expected a duration such as 500ms, 30s, 10m or 1h, found {quoted(value)}{hint}")


def format_duration(seconds: float) -> str:
    """The shortest way to write so many seconds, to the millisecond."""
    thousandths = round(seconds * 1000)
    for unit in ("h", "m", "s"):
        if thousandths and thousandths % int(_UNITS[unit] * 1000) == 0:
            return f"{thousandths // int(_UNITS[unit] * 1000)}{unit}"
    return f"{thousandths}ms" if thousandths else "0s"
