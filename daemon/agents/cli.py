"""What the adapters of command-line agents have in common: their settings, the wording of what must come back, and
reading events. Pure.

Every one of these programs is started non-interactive, with its own edit tools, and without a shell unless
``shell: true``. The view is the boundary; a program's own permission system is never counted on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemon.agents import protocol
from daemon.agents.command import shorter
from daemon.agents.interpreter import module_argv, read_only
from daemon.agents.port import HomeFile, Program
from daemon.agents.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.agents.port import Request
    from daemon.agents.settings import Settings

OUTPUT_LIMIT = 16 * 1024 * 1024
TOOL = "report_findings"
SERVER = "kiro-hookd"
"""Names of the tool, and of its server, by which an agent without a schema of its own hands over findings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cli:
    """Settings that every command-line agent has."""

    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    model: str = ""
    endpoint: str = ""
    shell: bool = False
    network: bool = True
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    timeout: float | None = None

    @classmethod
    def read(cls, settings: Settings, *command: str) -> Cli:
        """Take the common settings; ``command`` is the program when they name none."""
        return cls(
            command=settings.command("command", command),
            args=settings.words("args"),
            model=settings.text("model"),
            endpoint=settings.text("endpoint"),
            shell=settings.flag("shell", default=False),
            network=settings.flag("network", default=True),
            env=settings.variables("env"),
            pass_env=settings.variable_names("pass_env"),
            read_only=settings.words("read_only"),
            timeout=settings.seconds("timeout"),
        )

    def start(
        self,
        request: Request,
        *args: str,
        script: str = "",
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        pass_env: tuple[str, ...] = (),
        home: tuple[HomeFile, ...] = (),
    ) -> Program:
        """The program with its arguments. ``script`` is a few lines of sh that place files first; they run the program
        as ``"$@"``. The user's own ``env`` comes last and wins.
        """
        argv = (*self.command, *args, *self.args)
        return Program(
            argv=("/bin/sh", "-c", script, "kiro-hookd", *argv) if script else argv,
            stdin=stdin.encode("utf-8", "surrogateescape"),
            env={**(env or {}), **self.env},
            pass_env=(*pass_env, *self.pass_env),
            network=self.network,
            home_files=home,
            read_only=(*read_only(), *self.read_only),
            timeout=shorter(self.timeout, request.timeout),
            output_limit=OUTPUT_LIMIT,
        )


def server_argv() -> tuple[str, ...]:
    """The command line of the ``report_findings`` server."""
    return module_argv("daemon.agents.drivers.findings")


def ask(request: Request, *, native: bool = False, tool: bool = False) -> str:
    """The prompt with what must come back: by the agent's own schema, by the tool, or as JSON in its last words."""
    fields = "rule, category, level (error, warning or note), message, file, line, and quote (the text of that line)"
    what = f"what you found, each thing with {fields}; file is relative to {request.root}"
    if native:
        how = (
            f"Your final answer is the structured result: a short summary, and as findings {what}; none: an empty list."
        )
    else:
        by_tool = f"Hand over {what}, with the tool {TOOL} (once, with all of them) if you have it. " if tool else ""
        how = (
            f"{by_tool}{'Otherwise end' if tool else 'End'} with one JSON object and nothing after it: "
            f'{{"summary": "...", "findings": [{{"rule": "...", "category": "...", "level": "...", "message": "...", '
            f'"file": "...", "line": 1, "quote": "..."}}]}}'
            + ("" if tool else f". The findings are {what}. No finding: an empty list")
            + "."
        )
    return f"{request.prompt}\n\nNobody can answer questions. Work only on files below {request.root}.\n{how}\n"


def mend(prose: str) -> str:
    """The one attempt to get findings out of an answer that was prose."""
    return (
        "Below, between the lines of dashes, is the answer that a review gave. Turn it into one JSON object and print "
        "nothing else. Use no tools, look at no files, add nothing that the answer does not say. The object's schema:\n"
        f"{json.dumps(protocol.RESULT_SCHEMA)}\n-----\n{shorten(prose, 30_000)}\n-----\n"
    )


def events(stdout: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects of an output that has one a line; every other line is passed over."""
    for line in stdout.splitlines():
        if line.lstrip().startswith(b"{"):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value


def inside(value: object, *keys: str) -> Any:
    """What stands at the end of a path of keys, or ``None``."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_of(value: object) -> str:
    """A text, or nothing."""
    return value if isinstance(value, str) else ""


def answer(prose: str, reported: list[object], root: str) -> protocol.Answer:
    """What an agent said: its calls of ``report_findings`` when there were any, else its last words."""
    items = [item for call in reported for item in (inside(call, "findings") or []) if isinstance(call, dict)]
    if reported:
        return protocol.answer({"summary": inside(reported[-1], "summary") or prose, "findings": items}, root=root)
    return protocol.decode(prose, root=root)
