"""``run``: the daemon, in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.desk import json_option, root_of, state_paths


@click.command(
    help="Watch workspaces and work, in the foreground, until INT or TERM; HUP reads all configuration again.\n\n"
    "Without PATH: every trusted workspace. Logs go to stderr, as JSON unless that is a terminal."
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--until-idle", is_flag=True, help="Catch up, work the queue empty, stop.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
@json_option
def command(paths: tuple[Path, ...], until_idle: bool, log_level: str, as_json: bool) -> int:
    from daemon import log
    from daemon.cli.desk import emit
    from daemon.compose import daemon, trusted_workspaces
    from daemon.operations import job_json

    log.configure(level=log_level)
    state = state_paths()
    named = [root_of(path) for path in paths]
    if not (named or trusted_workspaces(state)):
        click.echo("kiro-hookd: no workspace is trusted yet; run `kiro-hookd trust` in one", err=True)
        return 1
    with daemon(state) as service:
        left = service.run(lambda: named or trusted_workspaces(state), until_idle=until_idle)
    if until_idle:
        value = {"left": [job_json(job) for job in left]}
        emit(value, as_json=as_json, text=lambda _: _left(len(left)))
    return 130 if service.interrupted else 0


def _left(count: int) -> str:
    return "idle: nothing left to do" if not count else f"idle: {count} jobs wait for later; see `kiro-hookd queue`"
