"""What a file being followed is to those who look at its calls: a port, types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import re
    from collections.abc import Collection

    from daemon.agents.builtin.review import ir
    from daemon.agents.builtin.review.frames import Frame, Namer
    from daemon.agents.builtin.review.sources import Facts, Origin
    from daemon.agents.builtin.review.uses import Entry, Uses


class Flow(Protocol):
    """One file being followed (``flow.Flow`` is the only real one)."""

    module: ir.Module
    uses: Uses
    top: Frame
    entry: Entry
    """The handler that is being followed."""
    namer: Namer
    validators: Collection[str]
    """Names whose calling is a check."""
    service: str
    """See ``sources.sent_by_service``."""
    stack: list[ir.Function]
    """The functions being followed, the handler first."""
    by_name: dict[str, ir.Function]
    methods: dict[tuple[str, str], ir.Function]
    """The functions of the file by their class ("" for none) and name."""
    promises: list[tuple[str, set[Origin]]]
    """The promises that are being made: the name by which each is kept, and what it was kept with."""
    kept: dict[int, Facts]
    """What the promise of each executor (by identity) was kept with so far."""
    left: dict[tuple[int, tuple[Facts, ...]], list[Facts]]
    """What the parameters of each call of a function of this file held when it returned."""

    def facts(self, expr: ir.Expr, frame: Frame) -> Facts:
        """The origins of an expression's value."""

    def member(self, base: Facts, name: str, at: ir.Expr) -> Facts:
        """What reading a member of a value gives."""

    def call(self, function: ir.Function, facts: list[Facts], scope: Frame) -> Facts:
        """What a function of this file gives back for these arguments."""

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether the file's text holds the pattern anywhere."""
