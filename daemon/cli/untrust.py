"""``untrust``: allow a workspace's hook files no longer."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.desk import daemon_socket, emit, json_option, root_of, safe, state_paths


@click.command(help="Forget every permission of the workspace at PATH (default: here). Its hooks run no more.")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@json_option
def command(path: Path, as_json: bool) -> None:
    from daemon.trust import TrustStore

    root = root_of(path)
    was = TrustStore(state_paths().state_dir).forget(root)
    socket = daemon_socket(state_paths())
    if socket is not None:
        from daemon.control.client import Client

        Client(socket).reload()
    said = "no longer trusted" if was else "was not trusted"
    emit({"workspace": str(root), "was_trusted": was}, as_json=as_json, text=lambda _: f"{safe(str(root))}: {said}")
