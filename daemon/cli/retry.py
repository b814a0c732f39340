"""``retry``: see `kiro-hookd retry --help`."""

from __future__ import annotations

import click

from daemon.cli.desk import emit, json_option, operations


@click.command(help="Put a failed job back to waiting, its failures forgotten.")
@click.argument("job", type=int)
@json_option
def command(job: int, as_json: bool) -> None:
    with operations() as desk:
        emit(desk.retry(job=job), as_json=as_json, text=lambda now: f"job {now['id']} waits again")
