"""Names for reports and change sets: short, sortable by time, unique. Pure but for chance."""

from __future__ import annotations

import secrets

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: read aloud without mistakes
_TIME = 7
_CHANCE = 4
_MOST_CHANCE = 32**_CHANCE


def new_id(*, now: float, last: str = "") -> str:
    """Eleven characters: the second since the epoch, then chance. Sorts after ``last``, also when the clock went back.

    Two of different logs and of the same second are alike once in a million.
    """
    second, chance = int(now), secrets.randbelow(_MOST_CHANCE // 2)
    if last:
        last_second, last_chance = _number(last[:_TIME]), _number(last[_TIME:])
        if second <= last_second:
            second, chance = last_second, last_chance + 1 + secrets.randbelow(64)
            if chance >= _MOST_CHANCE:
                second, chance = second + 1, secrets.randbelow(64)
    return _spell(second, _TIME) + _spell(chance, _CHANCE)


def _spell(number: int, width: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(width)))


def _number(spelt: str) -> int:
    number = 0
    for digit in spelt:
        number = number * 32 + _DIGITS.index(digit)
    return number
