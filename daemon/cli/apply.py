"""``apply``: carry a change set out in the tree."""

from __future__ import annotations

from daemon.cli.decide import verb

command = verb(
    "apply",
    "applied",
    "Apply the change set that ID names (a report's or a change set's; its beginning will do) to the tree.\n\n"
    "Nothing is written when a file is no longer what the agent started from. Protected files are never written.",
)
