"""``report --costs``: what runs used, and what that cost by the user's own table of prices."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from daemon.cli.desk import table
from daemon.errors import ConfigurationError
from daemon.report.costs import Price, spent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemon.report.costs import By, Spent
    from daemon.report.record import Record

PRICES_FILE = "prices.yaml"
GROUPS: tuple[By, ...] = ("hook", "agent", "day")
_KEYS = ("input", "output", "cache_read", "credit")


def read_prices(file: Path) -> dict[str, Price]:
    """The prices in a file of ``model or agent: {input, output, cache_read, credit}``, the first three of a million
    tokens each; none when there is no file. ConfigurationError names what is wrong in it.
    """
    from hooks.tree import plain
    from hooks.yamltree import read_yaml

    if not file.exists():
        return {}
    tree = read_yaml(file.read_bytes())
    if tree.problems:
        raise ConfigurationError(str(tree.problems[0].fault(str(file))), "cannot be read", "see docs/reports.md")
    value = plain(tree.root) if tree.root is not None else {}
    if not isinstance(value, dict):
        raise ConfigurationError(str(file), "is not a mapping of models to prices", "see docs/reports.md")
    return {str(name): _price(file, str(name), prices) for name, prices in value.items()}


def _price(file: Path, name: str, prices: Any) -> Price:
    if not isinstance(prices, dict) or not set(prices) <= set(_KEYS):
        raise ConfigurationError(f"{file}: {name}", f"must have {', '.join(_KEYS)}", "see docs/reports.md")
    try:
        return Price(**{key: Decimal(str(price)) for key, price in prices.items()})
    except InvalidOperation:
        raise ConfigurationError(f"{file}: {name}", "a price is no number", "write it like 3.00") from None


def render_costs(records: Iterable[Record], prices: dict[str, Price], *, as_json: bool) -> str:
    """Usage and cost by hook, agent and day, with a sum."""
    groups = spent(records, by=GROUPS, prices=prices)
    rows = [{**dict(zip(GROUPS, group, strict=True)), **_row(used)} for group, used in groups.items()]
    if as_json:
        return json.dumps(rows, indent=2)
    total: Spent | None = None
    for used in groups.values():
        total = used if total is None else total + used
    if total is None:
        return "no runs yet"
    lines = [_cells(*group, used=used) for group, used in groups.items()]
    lines.append(_cells("all", "", "", used=total))
    said = table(lines, ("HOOK", "AGENT", "DAY", "RUNS", "TOKENS IN", "CACHED", "TOKENS OUT", "CREDITS", "COST"))
    if total.unpriced:
        said += f"\n{total.unpriced} runs have no price: put their model or agent into {PRICES_FILE}"
    return said


def _row(used: Spent) -> dict[str, Any]:
    return {
        "runs": used.runs,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cache_read_tokens": used.cache_read_tokens,
        "credits": used.credits,
        "seconds": round(used.seconds, 3),
        "cost": str(used.cost),
        "unpriced_runs": used.unpriced,
    }


def _cells(hook: str, agent: str, day: str, *, used: Spent) -> tuple[str, ...]:
    counts = (used.runs, used.input_tokens, used.cache_read_tokens, used.output_tokens)
    return (hook, agent, day, *map(str, counts), f"{used.credits:g}", f"{used.cost:.4f}")
