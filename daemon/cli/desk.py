"""What every verb shares: finding the daemon or standing in for it, finding the workspace, printing."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.state.lock import holder
from daemon.state.paths import StatePaths, from_environment, user_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemon.control.port import Operations

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
workspace_option = click.option(
    "-w",
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The workspace; by default the one this folder is in.",
)


def state_paths() -> StatePaths:
    """Where the state is, by the environment."""
    return from_environment(os.environ, home=user_home())


def daemon_socket(paths: StatePaths) -> Path | None:
    """The control socket of the daemon that runs on this state, or ``None``."""
    who = holder(paths.lock)
    if who is None or who.socket is None:
        return None
    return Path(who.socket)


@contextmanager
def operations(*, log_level: str = "warning") -> Iterator[Operations]:
    """The daemon's operations when one runs; otherwise our own, under its lock."""
    paths = state_paths()
    socket = daemon_socket(paths)
    if socket is not None:
        from daemon.control.client import Client

        yield Client(socket)
        return
    from daemon import log  # first: see there what it saves
    from daemon.compose import stand_in

    log.configure(level=log_level)
    with stand_in(paths) as own:
        yield own


def root_of(workspace: Path | None) -> Path:
    """The workspace a verb is about: the one named, or the one the current folder is in."""
    from daemon.workspace import find_root

    return find_root(workspace or Path.cwd())


def relative_to(root: Path, file: str) -> str:
    """A file argument (relative to the current folder) as a path relative to the workspace root.

    The last component is not followed: a link is itself. NoSuchThingError when it lies outside.
    """
    from daemon.errors import NoSuchThingError

    given = Path(file)
    parent = (Path.cwd() / given.parent).resolve()
    try:
        return (parent / given.name).relative_to(root).as_posix()
    except ValueError:
        raise NoSuchThingError(file, f"is not inside the workspace {root}", "name it relative to here") from None


def emit(value: Any, *, as_json: bool, text: Callable[[Any], str]) -> None:
    """Print a value as JSON, or as the text a person reads."""
    print(json.dumps(value, indent=2) if as_json else text(value))


def safe(text: str) -> str:
    """Text from a file name or an agent, with nothing in it that a terminal would act on."""
    from daemon.report.sanitise import line

    return line(text)


def table(rows: Sequence[tuple[str, ...]], header: tuple[str, ...]) -> str:
    """Columns with a header; the last one is left to run. Everything in it is made safe for a terminal."""
    lines = [header, *[tuple(safe(cell) for cell in row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )


def ask(question: str) -> bool:
    """Ask a person at a terminal; without one the answer is no."""
    return sys.stdin.isatty() and click.confirm(question)
