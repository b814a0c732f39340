"""``check``: validate every hook, steering and ignore file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.desk import emit, json_option, root_of, safe, table
from daemon.state.paths import user_home
from hooks.model import Mode

if TYPE_CHECKING:
    from daemon.workspace import Workspace
    from hooks.model import Hook


@click.command(
    help="Read every hook file of the workspace at PATH (default: here) and list its hooks.\n\n"
    "Every fault is printed as file:line:column: message, all at once; exit code 1 when there is one."
)
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@json_option
def command(path: Path, as_json: bool) -> int:
    from daemon.compose import read_here

    value = describe(read_here(root_of(path if path.is_dir() else path.parent)))
    emit(value, as_json=as_json, text=_text)
    return 1 if value["faults"] else 0


def describe(workspace: Workspace) -> dict[str, Any]:
    """What the workspace's files come to, as ``check --json`` prints it."""
    from hooks.steering import read_steering

    loaded = workspace.loaded
    paths = [f"{hook.scope}/-" if hook.scope else "-" for hook in loaded.hooks]
    steering = read_steering(workspace.root, home=user_home(), paths=paths, may_read=lambda _: True)
    warnings = [*loaded.warnings, *workspace.ignore.notices(), *steering.notices]
    return {
        "workspace": workspace.name,
        "ok": not loaded.faults,
        "hooks": [_hook(hook) for hook in loaded.hooks],
        "needs_ide": [
            {"hook": hook.name, "trigger": hook.trigger, "origin": str(hook.origin), "why": hook.reason}
            for hook in loaded.needs_ide
        ],
        "steering": [
            {"path": file.path, "inclusion": str(file.inclusion), "scope": file.scope} for file in steering.files
        ],
        "faults": [_place(fault) for fault in loaded.faults],
        "warnings": [_place(notice) for notice in warnings],
    }


def _place(said: Any) -> dict[str, Any]:
    return {
        "file": said.file,
        "line": said.line,
        "column": said.column,
        "key": said.key,
        "message": said.message,
        "text": str(said),
    }


def _hook(hook: Hook) -> dict[str, Any]:
    from hooks.config import HOOKS_FILE
    from hooks.kiro import asks_for_edits

    imported = not hook.origin.file.endswith(HOOKS_FILE)
    return {
        "name": hook.name,
        "origin": str(hook.origin),
        "enabled": hook.enabled,
        "triggers": sorted(hook.triggers),
        "schedule": hook.schedule,
        "patterns": list(hook.patterns),
        "scope": hook.scope,
        "mode": str(hook.mode),
        "agent": None if hook.command is not None else hook.agent,
        "does": "command" if hook.command is not None else "action",
        "imported": imported,
        "asks_for_edits": imported and hook.mode is Mode.ADVISORY and asks_for_edits(hook.action or ""),
    }


def _text(value: dict[str, Any]) -> str:
    lines = [safe(said["text"]) for said in (*value["faults"], *value["warnings"])]
    if value["hooks"]:
        lines.append(table([_row(hook) for hook in value["hooks"]], ("HOOK", "WHEN", "WHERE", "MODE", "RUNS", "FROM")))
    edits = [safe(hook["name"]) for hook in value["hooks"] if hook["asks_for_edits"]]
    if edits:
        lines.append(f"advisory, though they ask for edits (Kiro's format has no mode): {', '.join(edits)}")
        lines.append("  `modes: {'<name>': auto-fix}` in hooks.yaml lets their edits reach the tree")
    lines += [
        f"needs the IDE: {safe(each['hook'])} ({each['trigger']}, {each['origin']})" for each in value["needs_ide"]
    ]
    count = len(value["hooks"])
    lines.append(
        f"{count} hook{'' if count == 1 else 's'}, {len(value['faults'])} faults in {safe(value['workspace'])}"
    )
    return "\n".join(lines)


def _row(hook: dict[str, Any]) -> tuple[str, ...]:
    when = ", ".join(hook["triggers"]) if hook["enabled"] else "disabled"
    where = " ".join(hook["patterns"]) or hook["schedule"] or "-"
    where = f"{hook['scope']}: {where}" if hook["scope"] else where
    return hook["name"], when, where, hook["mode"], hook["agent"] or "its command", hook["origin"]
