"""Which paths nobody wants to hear of: git's rules exactly, Kiro's own, and those of hooks.yaml."""

from __future__ import annotations

from hooks.ignore.rules import Rule
from hooks.ignore.tree import Ignore

__all__ = ["Ignore", "Rule"]
