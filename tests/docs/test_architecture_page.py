"""The pages that are generated say what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_state_diagram_is_the_transition_table() -> None:
    page = (DOCS / "architecture.md").read_text("utf-8")
    generate = runpy.run_path(str(DOCS / "generate.py"))
    assert generate["written"](page) == page
    assert "running --> waiting: back off" in page


def test_every_record_of_a_decision_says_why() -> None:
    records = list((DOCS / "decisions").glob("*.md"))
    assert records
    for record in records:
        text = record.read_text("utf-8")
        assert text.startswith("# "), record.name
        assert len(text.split()) > 30, record.name
