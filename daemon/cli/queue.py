"""``queue``: the jobs."""

from __future__ import annotations

from typing import Any

import click

from daemon.cli.desk import emit, json_option, operations, table


@click.command(help="List jobs: those that wait, run or have failed; `--all` lists ended ones too.")
@click.option("--all", "everything", is_flag=True, help="Ended jobs too.")
@click.option("--state", "states", multiple=True, help="Only jobs in this state; may be given more than once.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most this many.")
@json_option
def command(everything: bool, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    wanted = states or (() if everything else ("waiting", "running", "failed"))
    with operations() as desk:
        jobs = desk.queue(states=wanted, limit=limit)["jobs"]
    emit(jobs, as_json=as_json, text=_text)


def _text(jobs: list[dict[str, Any]]) -> str:
    if not jobs:
        return "no jobs"
    return table([_row(job) for job in jobs], ("JOB", "STATE", "TRY", "HOOK", "FILES", "WHY"))


def _row(job: dict[str, Any]) -> tuple[str, ...]:
    paths = [change["path"] for change in job["changes"]]
    files = "-" if not paths else paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return str(job["id"]), job["state"], str(job["attempt"]), job["hook"], files, job["reason"] or ""
