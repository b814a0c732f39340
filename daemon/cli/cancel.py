"""``cancel``: see `kiro-hookd cancel --help`."""

from __future__ import annotations

import click

from daemon.cli.desk import emit, json_option, operations


@click.command(help="Cancel a waiting or a running job.")
@click.argument("job", type=int)
@json_option
def command(job: int, as_json: bool) -> None:
    with operations() as desk:
        emit(desk.cancel(job=job), as_json=as_json, text=lambda now: f"job {now['id']} is cancelled")
