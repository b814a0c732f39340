"""Runs a tree-sitter parser under a deadline: repairing what is no program at all can take it minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SECONDS = 1.0
_SLICE = 64 * 1024


def parse(parser: Parser, text: str) -> Node | None:
    """The root of the text's tree; ``None`` when that takes more than ``SECONDS`` of processor time."""
    content = text.encode("utf-8", "replace")
    end = time.thread_time() + SECONDS
    try:
        tree = parser.parse(
            lambda offset, _point: content[offset : offset + _SLICE],
            progress_callback=lambda *_: time.thread_time() >= end,  # True stops it.
        )
    except ValueError:
        parser.reset()
        return None
    return tree.root_node
