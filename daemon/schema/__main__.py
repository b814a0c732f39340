"""Write the published schemas anew: ``python -m daemon.schema``."""

from __future__ import annotations

from pathlib import Path

from daemon.schema import generated

for name, text in generated().items():
    Path(__file__).with_name(name).write_text(text, encoding="utf-8")
