"""Passwords in the statements that fill a database. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import secrets

if TYPE_CHECKING:
    from daemon.agents.builtin.review import ir
    from daemon.agents.builtin.review.model import Hit

_SEEDS = re.compile(
    r"\binsert\s+(?:or\s+\w+\s+|ignore\s+)?into\s+[\w.`\"\[\]]+\s*\((?P<columns>[^()]{1,400})\)\s*values\s*(?P<rows>\([^;]{1,4000})",
    re.IGNORECASE,
)
"""A statement that writes rows as they stand in it."""
_ROW = re.compile(r"\(([^()]{1,400})\)")


def find(expr: ir.Const) -> list[Hit]:
    """``INSERT INTO users (name, password) VALUES ('admin', 'hunter2!')``: the first password in it."""
    statement = _SEEDS.search(expr.value[:20_000]) if isinstance(expr.value, str) else None
    if statement is None:
        return []
    columns = [column.strip(' `"[]\n\t') for column in statement["columns"].split(",")]
    place = next(
        (n for n, column in enumerate(columns) if re.search(r"^(?:user_?)?pass(?:word|wd)?$", column.lower())), None
    )
    for row in _ROW.findall(statement["rows"]) if place is not None else ():
        values = [value.strip() for value in row.split(",")]
        text = values[place] if place is not None and place < len(values) else ""
        if len(text) > 2 and text[0] == text[-1] == "'":
            hit = secrets.assigned(name=columns[place or 0], value=text[1:-1], line=expr.line, column=expr.column)
            if hit:
                return [hit]
    return []
