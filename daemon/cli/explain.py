"""``explain``: which hooks a file concerns, and for each that it does not, which rule decides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.desk import emit, json_option, relative_to, root_of, safe, table
from daemon.state.paths import user_home

if TYPE_CHECKING:
    from daemon.workspace import Workspace

# The prompt is printed as it is, but for what a terminal would act on.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@click.command(
    help="Tell which hooks FILE concerns and, for each that it does not, which rule decides, with file and line.\n\n"
    "FILE need not exist."
)
@click.argument("file")
@click.option("--prompt", "hook", metavar="HOOK", help="Print the exact prompt HOOK's agent would get for FILE.")
@json_option
def command(file: str, hook: str | None, as_json: bool) -> None:
    from daemon.compose import read_here

    workspace = read_here(root_of(Path(file).parent if Path(file).parent.is_dir() else None))
    path = relative_to(workspace.root, file)
    if hook is not None:
        emit(_prompt(workspace, hook, path), as_json=as_json, text=_prompt_text)
        return
    emit(_explain(workspace, path), as_json=as_json, text=_text)


def _prompt(workspace: Workspace, hook: str, path: str) -> dict[str, Any]:
    from daemon.requests import RequestBuilder
    from hooks.model import Cause, Change, ChangeKind, Trigger

    wanted = workspace.hook(hook)
    created = Trigger.FILE_CREATED in wanted.triggers and Trigger.FILE_MODIFIED not in wanted.triggers
    kind = ChangeKind.CREATED if created else ChangeKind.MODIFIED
    change = Change(path=path, kind=kind, cause=Cause.MANUAL)
    prompt = RequestBuilder(user_home()).prompt(workspace, wanted, [change])
    parts = [
        {"kind": str(part.kind), "origin": part.origin, "bytes": part.size, "whole_bytes": part.whole}
        for part in prompt.parts
    ]
    return {"hook": wanted.name, "path": path, "parts": parts, "prompt": prompt.text}


def _prompt_text(value: dict[str, Any]) -> str:
    rows = [(part["kind"], _bytes(part["bytes"], part["whole_bytes"]), part["origin"]) for part in value["parts"]]
    words = CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), value["prompt"])
    return f"{words}\n{table(rows, ('PART', 'BYTES', 'FROM'))}"


def _explain(workspace: Workspace, path: str) -> dict[str, Any]:
    rule = workspace.ignore.rule(path, is_dir=False)
    ignored = rule is not None and not rule.negated
    hooks = [
        {
            "hook": said.hook.name,
            "concerned": said.matched and not ignored,
            "why": f"ignored by {rule}" if ignored and said.matched else said.reason,
            "rule": str(rule) if ignored and said.matched else said.pattern,
            "origin": str(rule) if ignored and said.matched else str(said.origin),
        }
        for said in workspace.matcher.explain(path)
    ]
    return {"path": path, "ignored": str(rule) if ignored else None, "hooks": hooks}


def _text(value: dict[str, Any]) -> str:
    head = f"{safe(value['path'])}" + (f"  (ignored by {safe(value['ignored'])})" if value["ignored"] else "")
    if not value["hooks"]:
        return f"{head}\nno hooks in this workspace"
    rows = [
        ("yes" if hook["concerned"] else "no", hook["hook"], f"{hook['why']} ({hook['origin']})")
        for hook in value["hooks"]
    ]
    return f"{head}\n{table(rows, ('RUNS', 'HOOK', 'BECAUSE'))}"


def _bytes(size: int, whole: int) -> str:
    return str(size) if size == whole else f"{size} of {whole}"
