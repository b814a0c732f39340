"""Kiro's own hook files, read as they are: ``*.kiro.hook`` (IDE 0.x) and ``*.json`` (IDE 1.x, CLI 3). Pure.

Real files are messy. What an author plainly meant is read with a warning; what only an IDE can run is listed; what
nobody can read is refused with its place and the reason. Nothing here raises for any content.
"""

from __future__ import annotations

from hooks.kiro.export import to_hooks_yaml
from hooks.kiro.reader import Defaults, read_hook_file
from hooks.kiro.words import asks_for_edits

__all__ = ["Defaults", "asks_for_edits", "read_hook_file", "to_hooks_yaml"]
