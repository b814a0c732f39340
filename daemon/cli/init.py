"""``init``: write hooks.yaml, after looking at what the workspace holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.desk import emit, json_option, safe
from daemon.state.paths import user_home

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 50_000


@click.command(
    help="Write .kiro/settings/hooks.yaml for the project at PATH (default: here) from ready-made hooks, chosen by "
    "what the project holds. An existing file is left alone; `--list` shows every ready-made hook."
)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--hook", "wanted", multiple=True, help="Write this ready-made hook; may be given more than once.")
@click.option("--list", "listing", is_flag=True, help="List the ready-made hooks and stop.")
@click.option("--from-kiro", is_flag=True, help="Write what the project's own Kiro hook files say, as hooks.yaml.")
@click.option("--force", is_flag=True, help="Overwrite an existing hooks.yaml.")
@json_option
def command(path: Path, wanted: tuple[str, ...], listing: bool, from_kiro: bool, force: bool, as_json: bool) -> int:
    from daemon.errors import NoSuchThingError
    from hooks.config import HOOKS_FILE
    from hooks.library import library, offered_to_all, render, suggest

    known = {recipe.id: recipe for recipe in library()}
    if listing:
        rows = [{"name": recipe.id, "description": recipe.description} for recipe in known.values()]
        emit(rows, as_json=as_json, text=lambda _: "\n".join(f"{row['name']}: {row['description']}" for row in rows))
        return 0
    for name in wanted:
        if name not in known:
            raise NoSuchThingError(f"ready-made hook {name!r}", "there is none", "see `kiro-hookd init --list`")
    root = path.resolve()
    target = root / HOOKS_FILE
    if target.exists() and not force:
        click.echo(f"kiro-hookd: {safe(str(target))} is there already; say --force to overwrite it", err=True)
        return 1
    if from_kiro:
        names, text = _from_kiro(root)
    else:
        chosen = [known[name] for name in wanted] or suggest(_files(root)) or offered_to_all()
        names, text = [recipe.name for recipe in chosen], render(chosen)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    emit({"file": str(target), "hooks": names}, as_json=as_json, text=_text)
    return 0


def _from_kiro(root: Path) -> tuple[list[str], str]:
    """The hooks of the project's own Kiro files, and the hooks.yaml that says the same."""
    from daemon.compose import read_here
    from daemon.errors import NoSuchThingError
    from hooks.config import HOOKS_FILE
    from hooks.kiro import to_hooks_yaml

    hooks = [
        hook
        for hook in read_here(root).loaded.hooks
        if not hook.origin.file.endswith(HOOKS_FILE) and not hook.origin.file.startswith("~")
    ]
    if not hooks:
        raise NoSuchThingError(
            f"a Kiro hook in {root}", "there is none in .kiro/hooks", "run `kiro-hookd init` instead"
        )
    return [hook.name for hook in hooks], to_hooks_yaml(hooks)


def _text(value: dict[str, list[str]]) -> str:
    hooks = "\n".join(f"  {name}" for name in value["hooks"])
    return f"wrote {value['file']}\n{hooks}\nlook at it, then run `kiro-hookd trust` and `kiro-hookd run`"


def _files(root: Path) -> Iterator[str]:
    """Paths of the project, as far as nothing ignores them."""
    from hooks.ignore import Ignore

    ignore, seen = Ignore(root, home=user_home()), 0
    for folder, directories, files in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        prefix = "" if below == "." else f"{below}/"
        directories[:] = sorted(name for name in directories if not ignore.ignored(prefix + name, is_dir=True))
        for name in files:
            seen += 1
            if seen > MOST_FILES:
                return
            yield prefix + name
