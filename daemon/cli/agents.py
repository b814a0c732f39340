"""``agents``: which agents are installed, logged in and allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from daemon.cli.desk import emit, json_option, table

if TYPE_CHECKING:
    from daemon.agents.needs import Availability


@click.command(help="List the agents that hooks can name: installed or not, which version, logged in or not.")
@json_option
def command(as_json: bool) -> None:
    from daemon.agents.probe import probe
    from daemon.agents.registry import READY_MADE, make

    emit([_row(name, probe(make(name))) for name in READY_MADE], as_json=as_json, text=_text)


def _row(name: str, state: Availability) -> dict[str, Any]:
    return {
        "name": name,
        "installed": state.installed,
        "version": state.version,
        "logged_in": state.logged_in,
        "reason": state.reason or None,
        "remedy": state.remedy or None,
    }


def _text(rows: list[dict[str, Any]]) -> str:
    words = {True: "yes", False: "no", None: "?"}
    return table(
        [
            (
                row["name"],
                words[row["installed"]],
                row["version"] or "-",
                words[row["logged_in"]] if row["installed"] else "-",
                "; ".join(filter(None, (row["reason"], row["remedy"]))),
            )
            for row in rows
        ],
        ("AGENT", "INSTALLED", "VERSION", "LOGGED IN", "REMARK"),
    )
