"""Write the published schema anew: ``python -m hooks.schema``."""

from __future__ import annotations

from pathlib import Path

from hooks.schema import FILE, generated

Path(__file__).with_name(FILE).write_text(generated(), encoding="utf-8")
