"""Kind ``copilot``: GitHub Copilot CLI, without a terminal. Findings come by the ``report_findings`` tool or in its
last words; tokens stand only in a file that it writes at its end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.cli import SERVER, TOOL, Cli, answer, ask, events, inside, mend, server_argv, text_of
from daemon.agents.failure import by_status, classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

KIND = "copilot"
LOGIN_ENV = (
    "COPILOT_GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "COPILOT_PROVIDER_API_KEY",
    "COPILOT_PROVIDER_BASE_URL",
)
TOOLS = ("view", "glob", "grep", "edit", "create")
_MARK = '{"type":"kiro-hookd.usage"}'
SCRIPT = f"""umask 077
usage=$(mktemp) || exit 70
"$@" --usage-output-file "$usage"
code=$?
printf '\\n%s\\n' '{_MARK}'
cat "$usage"
exit $code"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopilotAgent:
    """GitHub Copilot CLI, also with a model service of one's own (``endpoint``, or COPILOT_PROVIDER_* variables)."""

    name: str
    cli: Cli
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The program, and a token, its own login, or a model service of one's own."""
        given = bool(set(LOGIN_ENV) & set(self.cli.env)) or bool(self.cli.endpoint)
        return Needs(
            executable=self.cli.command[0],
            login_env=() if given else LOGIN_ENV,
            login_files=() if given else (".copilot/config.json",),
            install="npm install -g @github/copilot",
            login="run `copilot` and /login, or set COPILOT_GITHUB_TOKEN",
        )

    def program(self, request: Request) -> Program:
        """One turn, printed as events."""
        return self._start(request, ask(request, tool=True))

    def repair(self, request: Request, end: Exit) -> Program | None:
        """A second turn that makes findings of prose; ``None`` when there is no need or no sense."""
        said = _read(end)
        if end.code != 0 or said.error or said.reported or not said.words:
            return None
        return (
            None
            if protocol.decode(said.words, root=request.root).structured
            else self._start(request, mend(said.words))
        )

    def _start(self, request: Request, prompt: str) -> Program:
        argv = server_argv()
        server = {"type": "local", "command": argv[0], "args": list(argv[1:]), "tools": ["*"]}
        tools = (*TOOLS, *(("bash",) if self.cli.shell else ()), f"{SERVER}-{TOOL}")
        return self.cli.start(
            request,
            "--output-format", "json", "--stream", "off", "--no-ask-user", "--no-color", "--no-auto-update",
            "--no-custom-instructions", "--disable-builtin-mcps", "--no-remote", "--disable-client-telemetry",
            "--allow-all-tools", "--available-tools", ",".join(tools),
            "--additional-mcp-config", json.dumps({"mcpServers": {SERVER: server}}),
            *(("--model", self.cli.model) if self.cli.model and not self.cli.endpoint else ()),
            script=SCRIPT,
            stdin=prompt,
            env=self._provider(),
            pass_env=(*LOGIN_ENV, "COPILOT_PROVIDER_*", "COPILOT_MODEL", "COPILOT_OFFLINE", "GH_HOST"),
            home=(HomeFile(path=".copilot/config.json"),),
        )  # fmt: skip

    def _provider(self) -> dict[str, str]:
        if not self.cli.endpoint:
            return {}
        return {
            "COPILOT_PROVIDER_BASE_URL": self.cli.endpoint,
            "COPILOT_MODEL": self.cli.model,
            "COPILOT_OFFLINE": "true",
        }

    def result(self, request: Request, end: Exit) -> Result:
        """What it reported, or its last words."""
        said = _read(end)
        usage, model = _usage(end.stdout)
        if end.code != 0 or said.error or not said.finished:
            bad = ended_badly(self.name, end, said=(said.error,) if said.error else ())
            if bad is not None and (not said.error or bad.failure in (FailureKind.TIMED_OUT, FailureKind.STOPPED)):
                return bad
            kind = classify(said.error) or by_status(said.status) or FailureKind.OUTPUT_UNUSABLE
            return failure(self.name, kind, detail=said.error, usage=usage, model=model)
        return protocol.succeeded(answer(said.words, said.reported, request.root), usage=usage, model=model)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    words: str
    reported: list[object]
    error: str
    status: object
    finished: bool


def _read(end: Exit) -> _Said:
    words, error, status, finished = "", "", None, False
    calls: dict[object, object] = {}
    reported: list[object] = []
    for event in events(end.stdout):
        kind, data = event.get("type"), event.get("data")
        if kind == "assistant.message" and inside(data, "parentToolCallId") is None:
            words = text_of(inside(data, "content")) or words
        elif kind == "tool.execution_start" and text_of(inside(data, "toolName")).endswith(TOOL):
            calls[inside(data, "toolCallId")] = inside(data, "arguments")
        elif (
            kind == "tool.execution_complete"
            and inside(data, "success") is True
            and inside(data, "toolCallId") in calls
        ):
            reported.append(calls[inside(data, "toolCallId")])
        elif kind == "session.error":
            error, status = text_of(inside(data, "message")) or "failed", inside(data, "statusCode")
        elif kind == "result":
            finished = True
    return _Said(words=words, reported=reported, error=error, status=status, finished=finished)


def _usage(stdout: bytes) -> tuple[Usage, str | None]:
    """From the file that the script printed after its mark. Its input counts what came from the cache too."""
    _, found, text = stdout.rpartition(_MARK.encode())
    try:
        file = json.loads(text) if found else {}
    except (ValueError, RecursionError):
        file = {}
    metrics = inside(file, "modelMetrics")
    parts = [inside(part, "usage") for part in metrics.values()] if isinstance(metrics, dict) else []
    cached = sum(protocol.count(inside(part, "cacheReadTokens")) for part in parts)
    requests = protocol.amount(inside(file, "totalPremiumRequestCost"))
    return Usage(
        input_tokens=max(0, sum(protocol.count(inside(part, "inputTokens")) for part in parts) - cached),
        output_tokens=sum(protocol.count(inside(part, "outputTokens")) for part in parts),
        cache_read_tokens=cached,
        credits=requests or None,
    ), text_of(inside(file, "currentModel")) or None


def make(name: str, values: Mapping[str, object]) -> CopilotAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = CopilotAgent(name=name, cli=Cli.read(settings, "copilot"))
    settings.done()
    return agent
