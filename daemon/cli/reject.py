"""``reject``: turn a change set down."""

from __future__ import annotations

from daemon.cli.decide import verb

command = verb("reject", "rejected", "Turn down the change set that ID names. The tree is not touched.")
