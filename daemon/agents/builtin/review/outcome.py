"""A call to code outside the file as it was met. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agents.builtin.review import ir
    from daemon.agents.builtin.review.sources import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A call as it was met: its name, its parts' origins, and whether its name says that it validates."""

    expr: ir.Call
    dotted: str
    tail: str
    receiver: Facts
    arguments: list[Facts]
    named: dict[str, Facts]
    validates: bool

    @property
    def all_arguments(self) -> Facts:
        """What any argument brings in."""
        return frozenset().union(*self.arguments, *self.named.values())
