"""``undo``: take an applied change set back."""

from __future__ import annotations

from daemon.cli.decide import verb

command = verb(
    "undo",
    "undone",
    "Put back what was there before the change set that ID names was applied.\n\n"
    "Nothing is written when a file was edited since.",
)
