"""``status``: the daemon and its work."""

from __future__ import annotations

from typing import Any

import click

from daemon.cli.desk import daemon_socket, emit, json_option, safe, state_paths


@click.command(help="Show whether the daemon runs, what it watches and what waits.")
@json_option
def command(as_json: bool) -> None:
    emit(read_status(), as_json=as_json, text=_text)


def read_status() -> dict[str, Any]:
    """The daemon's own word, or what the state directory says when none runs."""
    paths = state_paths()
    socket = daemon_socket(paths)
    if socket is not None:
        from daemon.control.client import Client, DaemonGoneError

        try:
            return Client(socket).status()
        except DaemonGoneError as error:
            return {**_nobody(), "starting": True, "notice": str(error)}
    from daemon.counts import read_counts

    return {**_nobody(), "queue": read_counts(paths)}


def _nobody() -> dict[str, Any]:
    return {
        "running": False,
        "pid": None,
        "workspaces": [],
        "queue": {"waiting": 0, "running": 0, "failed": 0},
        "watch": {"directories": 0, "unwatched": []},
        "paused": [],
    }


def _text(status: dict[str, Any]) -> str:
    queue = status["queue"]
    counts = f"{queue['waiting']} waiting, {queue['running']} running, {queue['failed']} failed"
    if not status["running"]:
        starting = status.get("starting") or status.get("pid")
        state = "starting" if starting else "not running; start it with `kiro-hookd run`"
        return f"daemon   {state}\nqueue    {counts}"
    lines = [f"daemon   running as process {status['pid']} since {status['since']}", f"queue    {counts}"]
    if status["paused"]:
        lines.append("paused   " + ", ".join("everything" if name == "*" else safe(name) for name in status["paused"]))
    lines.append(f"watch    {status['watch']['directories']} directories")
    gaps = status["watch"]["unwatched"]
    lines += [f"         not watched: {safe(gap['path'])}: {gap['reason']}; {gap['remedy']}" for gap in gaps]
    for workspace in status["workspaces"]:
        lines.append(f"on       {safe(workspace['path'])} ({workspace['hooks']} hooks)")
        lines += [f"         {safe(notice)}" for notice in workspace["notices"]]
    return "\n".join(lines)
