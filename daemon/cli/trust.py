"""``trust``: allow a workspace's hook files, exactly as they are now."""

from __future__ import annotations

import time
from pathlib import Path

import click

from daemon.cli.desk import ask, daemon_socket, emit, json_option, root_of, safe, state_paths


@click.command(
    help="Allow the hook files of the workspace at PATH (default: here), exactly as they are now.\n\n"
    "Shows what they say, or what changed since they were last allowed, and asks. Nothing of a workspace runs before."
)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(path: Path, yes: bool, as_json: bool) -> int:
    from daemon.compose import read_here
    from daemon.settings import POLICY_FILE, load_settings
    from daemon.trust import TrustStore, Verdict, examine

    paths = state_paths()
    paths.create()
    workspace, settings = read_here(root_of(path)), load_settings(paths.config, Path(POLICY_FILE))
    store = TrustStore(paths.state_dir)
    examined = examine(workspace.root, workspace.loaded, agents=settings.agents)
    state = store.state(examined)
    if state.verdict is not Verdict.TRUSTED:
        if not as_json:
            click.echo(store.difference(examined))
        for fault in workspace.loaded.faults:
            click.echo(str(fault), err=True)
        if not (yes or ask(f"Allow these hook files of {safe(str(workspace.root))}?")):
            click.echo(f"kiro-hookd: nothing allowed; say --yes to allow {safe(str(workspace.root))}", err=True)
            return 1
        state = store.allow(examined, now=time.time())
        _tell_daemon()
    answer = {"workspace": str(workspace.root), "digest": state.digest, "hooks": sorted(state.allowed_hooks)}
    count = len(state.allowed_hooks)
    emit(answer, as_json=as_json, text=lambda _: f"trusted: {safe(str(workspace.root))} ({count} hooks)")
    return 0


def _tell_daemon() -> None:
    """A running daemon takes up the hooks that waited."""
    socket = daemon_socket(state_paths())
    if socket is not None:
        from daemon.control.client import Client

        Client(socket).reload()
