"""What ``apply``, ``reject`` and ``undo`` share: a person decides on a change set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli.desk import emit, json_option, operations, root_of, safe, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


def verb(verdict: str, wanted: str, help: str) -> click.Command:  # noqa: A002 - as click calls it
    """The command for one verdict; its exit code is 1 unless the change set is ``wanted`` afterwards."""

    @click.command(verdict, help=help)
    @click.argument("id")
    @workspace_option
    @json_option
    def command(id: str, workspace: Path | None, as_json: bool) -> int:  # noqa: A002 - the word of the usage line
        with operations() as desk:
            after = desk.decide(workspace=str(root_of(workspace)), change_set=id, verdict=verdict)
        emit(after, as_json=as_json, text=lambda now: "\n".join([f"change set {id}: {now['state']}", *_reasons(now)]))
        return 0 if after["state"] == wanted else 1

    return command


def _reasons(now: dict[str, list[str]]) -> list[str]:
    return [f"  {safe(reason)}" for reason in now["reasons"]]
