"""``fire``: run a hook now, through the same queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli.desk import (
    daemon_socket,
    emit,
    json_option,
    operations,
    relative_to,
    root_of,
    state_paths,
    workspace_option,
)
from daemon.cli.report import read_records, render

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.report.record import Record


@click.command(
    help="Run a hook now, on FILES or on none: one attempt, through the same queue as everything else.\n\n"
    "Without a daemon the run happens here, and the command waits for it."
)
@click.argument("hook")
@click.argument("files", nargs=-1)
@click.option("--wait", is_flag=True, help="Wait for the run to end and print its report.")
@click.option("--timeout", type=float, default=3600.0, help="Seconds to wait at most.", show_default=True)
@workspace_option
@json_option
def command(
    hook: str, files: tuple[str, ...], wait: bool, timeout: float, workspace: Path | None, as_json: bool
) -> int:
    root = root_of(workspace)
    paths = [relative_to(root, file) for file in files]
    alone = daemon_socket(state_paths()) is None
    with operations() as desk:
        jobs = desk.fire(workspace=str(root), hook=hook, files=paths)["jobs"]
        if not (wait or alone):
            emit({"jobs": jobs}, as_json=as_json, text=lambda _: f"queued as job {', '.join(map(str, jobs))}")
            return 0
        end = desk.ended(jobs=jobs, timeout=timeout)
    records = _records(root, set(jobs))
    print(render(records, "json" if as_json else "text"))
    if not end["ended"]:
        click.echo(f"kiro-hookd: still at work after {timeout:g} s; see `kiro-hookd queue`", err=True)
    return 0 if end["ended"] and all(record.value["outcome"] == "succeeded" for record in records) else 1


def _records(root: Path, jobs: set[int]) -> list[Record]:
    return [record for record in read_records(root) if record.value["job"] in jobs]
