"""The review's own values: rules, hits and what one file is to the review. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hooks.finding import Level

CREDENTIAL = "hardcoded-credential"
INPUT = "missing-input-validation"
IAM = "iam-scope"
INJECTION = "injection"
CATEGORIES = (CREDENTIAL, INPUT, IAM, INJECTION)


def words(text: str) -> frozenset[str]:
    """A set of names, written as text: long lists of other people's names read better so."""
    return frozenset(text.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What one rule is about. ``remedy`` is a sentence a person can act on; ``cwe`` is a number."""

    id: str
    category: str
    level: Level
    cwe: int
    title: str
    remedy: str

    @property
    def anchor(self) -> str:
        """Where the rule is described."""
        return f"docs/builtin.md#{self.id.replace('.', '-')}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One place where a rule speaks. Lines and columns count from 1. ``detail`` never holds an unmasked secret.

    ``level`` overrides the rule's own level where the place makes it weaker or stronger.
    """

    rule: str
    line: int
    detail: str
    column: int = 1
    end_line: int | None = None
    level: Level | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One file to review: workspace path, text, and its neighbours' texts by workspace path (may be empty)."""

    path: str
    text: str
    siblings: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The text's lines, without their ends."""
        return self.text.splitlines()


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What one reader saw: its hits, sentences about what it could not see, and the lines of recorded events."""

    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()
    recorded: tuple[range, ...] = ()
