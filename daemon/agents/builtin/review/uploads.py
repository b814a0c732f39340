"""Uploads that multer keeps under the sender's extension, whatever they are and however large. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.model import Hit
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

_MULTER = re.compile(r"""['"](?:koa-)?multer['"]|['"]@koa/multer['"]""")
_LOOKED_AT = re.compile(r"\bfileFilter\b|\bmimetype\b|\blimits\b")
"""What says that somebody looks at an upload, or limits it."""


def find(module: ir.Module) -> list[Hit]:
    """One note for each ``multer({ storage })`` of a file that names uploads after the sender's names and neither
    filters nor limits them.
    """
    text = module.text
    if not _MULTER.search(text) or "originalname" not in text or _LOOKED_AT.search(text):
        return []
    detail = "An upload is kept with the extension that it was sent with, with no check of its type or size."
    return [
        Hit(rule="input.unvalidated", level=Level.NOTE, detail=detail, line=call.line, column=call.column,
            end_line=call.end_line)
        for call in _made(module)
    ]  # fmt: skip


def _made(module: ir.Module) -> Iterator[ir.Call]:
    for function in (module.top, *module.functions):
        for expr in ir.every_expression(function):
            if isinstance(expr, ir.Call) and expr.args and guards.tail_of(expr.func) == "multer":
                yield expr
