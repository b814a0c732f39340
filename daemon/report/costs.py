"""What runs used and what it cost, from their records. Pure.

Prices come from a table that the user owns; none is built in, since a price that is out of date is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daemon.report.record import Json, Record

By = Literal["hook", "agent", "model", "day", "workspace", "mode"]
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Prices in the user's own currency: of a million tokens of each kind, and of one credit."""

    input: Decimal = Decimal(0)
    output: Decimal = Decimal(0)
    cache_read: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What a group of runs used. ``cost`` counts the runs that have a price; ``unpriced`` is how many used something
    and have none. ``seconds`` is the time of the runs.
    """

    runs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    credits: float = 0.0
    seconds: float = 0.0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            runs=self.runs + other.runs,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            credits=self.credits + other.credits,
            seconds=self.seconds + other.seconds,
            cost=self.cost + other.cost,
            unpriced=self.unpriced + other.unpriced,
        )


def spent(
    records: Iterable[Record], *, by: Sequence[By], prices: Mapping[str, Price], zone: tzinfo | None = None
) -> dict[tuple[str, ...], Spent]:
    """What the runs used, in groups. ``prices`` are by model, or by agent for a run that names no model.

    A day is one of ``zone``, the machine's own when that is ``None``. Groups come sorted.
    """
    groups: dict[tuple[str, ...], Spent] = {}
    for record in records:
        if record.is_run:
            group = tuple(_group(record.value, each, zone) for each in by)
            groups[group] = groups.get(group, Spent()) + _of(record.value, prices)
    return dict(sorted(groups.items()))


def _group(value: Json, by: By, zone: tzinfo | None) -> str:
    if by == "day":
        return datetime.fromisoformat(value["started"]).astimezone(zone).date().isoformat()
    return str(value[by] or "")


def _of(value: Json, prices: Mapping[str, Price]) -> Spent:
    usage = value["usage"]
    tokens = (usage["input_tokens"], usage["output_tokens"], usage["cache_read_tokens"])
    used = any(tokens) or bool(usage["credits"])
    price = prices.get(value["model"] or "") or prices.get(value["agent"])
    cost = Decimal(0)
    if price:
        cost = (tokens[0] * price.input + tokens[1] * price.output + tokens[2] * price.cache_read) / _MILLION
        cost += Decimal(str(usage["credits"] or 0)) * price.credit
    return Spent(
        runs=1,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cache_read_tokens=tokens[2],
        credits=usage["credits"] or 0.0,
        seconds=value["duration_s"],
        cost=cost,
        unpriced=int(used and price is None),
    )
