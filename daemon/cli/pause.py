"""``pause``: see `kiro-hookd pause --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli.desk import emit, json_option, operations, safe, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    help="Start no more jobs, of one workspace or at all, until `resume`; also after a restart. "
    "Changes are queued all the same."
)
@workspace_option
@json_option
def command(workspace: Path | None, as_json: bool) -> None:
    with operations() as desk:
        now = desk.pause(workspace=str(workspace.resolve()) if workspace else None)
    emit(now, as_json=as_json, text=lambda now: "paused: " + (", ".join(map(_name, now["paused"])) or "nothing"))


def _name(workspace: str) -> str:
    return "everything" if workspace == "*" else safe(workspace)
