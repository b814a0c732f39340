"""What a skill of the builtin agent gives back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hooks.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class SkillResult:
    """One skill's work on one request.

    ``summary`` is one or two sentences that say what was done. ``notes`` are sentences about what the skill could not
    see or left out (a file that does not parse, a size cap reached); they never stand in for a finding.
    """

    summary: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
