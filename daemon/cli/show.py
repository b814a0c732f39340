"""``show``: a change set as a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli.desk import emit, json_option, root_of, safe, state_paths, workspace_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    help="Show the report and change set that ID names (a report's or a change set's; its beginning will do)."
)
@click.argument("id")
@workspace_option
@json_option
def command(id: str, workspace: Path | None, as_json: bool) -> None:  # noqa: A002 - the word of the usage line
    from daemon.cli.report import reader_of
    from daemon.hands import difference

    root = root_of(workspace)
    record = reader_of(root).get(id)
    entry = record.value.get("change_set") or {}
    shown = difference(root, state_paths().workspace(root), entry["id"]) if entry.get("id") else ""
    value = {**entry, "report": record.id, "difference": shown}
    emit(value, as_json=as_json, text=lambda _: _text(value))


def _text(value: dict[str, str]) -> str:
    head = f"change set {value['id'] or 'none'}: {value['state']}"
    reasons = [f"  {safe(reason)}" for reason in value["reasons"]]
    return "\n".join([head, *reasons, *([value["difference"]] if value["difference"] else [])])
