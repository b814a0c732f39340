"""``agents``: which agents are installed, logged in and allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from daemon.cli.desk import emit, json_option, safe, state_paths, table

if TYPE_CHECKING:
    from daemon.agents.needs import Availability


@click.group(
    invoke_without_command=True,
    help="List the agents that hooks can name: installed or not, which version, logged in or not, allowed or not.",
)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    if context.invoked_subcommand is not None:
        return
    from daemon.agents.probe import probe
    from daemon.trial import known_agents

    rows = [_row(name, probe(agent), allowed) for name, agent, allowed in known_agents(state_paths())]
    emit(rows, as_json=as_json, text=_text)


@command.command("test", help="Make one harmless run of the agent NAME, in a private view of an empty folder.")
@click.argument("name")
@json_option
def test(name: str, as_json: bool) -> int:
    from daemon.trial import try_agent

    value = try_agent(state_paths(), name)
    emit(value, as_json=as_json, text=_trial)
    return 0 if value["outcome"] == "succeeded" else 1


def _trial(value: dict[str, Any]) -> str:
    usage = value["usage"]
    used = f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out"
    took = f"{value['seconds']:.1f} s, isolation {value['isolation']}"
    head = f"{safe(value['agent'])}: {value['outcome']} in {took}, {used}"
    return "\n".join([head, *(f"  {safe(text)}" for text in (value["error"], value["summary"]) if text)])


def _row(name: str, state: Availability, allowed: str) -> dict[str, Any]:
    return {
        "name": name,
        "installed": state.installed,
        "version": state.version,
        "logged_in": state.logged_in,
        "allowed": not allowed,
        "reason": allowed or state.reason or None,
        "remedy": state.remedy or None,
    }


def _text(rows: list[dict[str, Any]]) -> str:
    words = {True: "yes", False: "no", None: "?"}
    return table(
        [
            (
                row["name"],
                words[row["installed"]],
                row["version"] or "-",
                words[row["logged_in"]] if row["installed"] else "-",
                words[row["allowed"]],
                "; ".join(filter(None, (row["reason"], row["remedy"]))),
            )
            for row in rows
        ],
        ("AGENT", "INSTALLED", "VERSION", "LOGGED IN", "ALLOWED", "REMARK"),
    )
