"""What runs used and cost, by the user's own prices."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from daemon.agents.port import Usage
from daemon.cli.costs import read_prices, render_costs
from daemon.errors import ConfigurationError
from tests.report.drafts import records, run

if TYPE_CHECKING:
    from pathlib import Path


def test_tokens_are_priced_by_model_and_summed(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("m1: {input: 3, output: 15.00}\n")
    prices = read_prices(tmp_path / "prices.yaml")
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
    made = records([run(1, model="m1", usage=usage), run(2, model="m1", usage=usage), run(3, model="m2")])
    rows = json.loads(render_costs(made, prices, as_json=True))
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("9.0")
    assert "1 runs have no price" in render_costs(made, prices, as_json=False)


def test_without_a_table_nothing_has_a_price(tmp_path: Path) -> None:
    assert read_prices(tmp_path / "prices.yaml") == {}
    assert render_costs([], {}, as_json=False) == "no runs yet"


@pytest.mark.parametrize("text", ["- 1\n", "m: 3\n", "m: {inputs: 3}\n", "m: {input: much}\n", "m: [\n"])
def test_a_table_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"prices\.yaml"):
        read_prices(tmp_path / "prices.yaml")
