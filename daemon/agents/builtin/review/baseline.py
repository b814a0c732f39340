"""The baseline: fingerprints of findings that are known and not to be told again (`.kiro/hookd-baseline.json`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PATH = ".kiro/hookd-baseline.json"
CAP = 4 * 1024 * 1024


def load(root: Path, notes: list[str]) -> frozenset[str]:
    """The known fingerprints; none, and a note, when the file cannot be read as one."""
    place = root / PATH
    if not place.is_file() or place.is_symlink():
        return frozenset()
    try:
        with place.open("rb") as file:
            content = json.loads(file.read(CAP))
        known = content["fingerprints"]
        return frozenset(str(item["fingerprint"] if isinstance(item, dict) else item) for item in known)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        notes.append(f"{PATH}: not a baseline that can be read; every finding is told.")
        return frozenset()
