"""Kind ``gemini``: Gemini CLI, without a terminal. Findings come by ``report_findings`` or in its last words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.cli import SERVER, TOOL, Cli, answer, ask, events, inside, mend, server_argv, text_of
from daemon.agents.failure import classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

KIND = "gemini"
LOGIN_ENV = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA")
TOOLS = ("read_file", "list_directory", "glob", "grep_search", "replace", "write_file")
HANDING = f"mcp_{SERVER}_{TOOL}"
"""Its name for the tool; a list of tools that lacks it takes the tool away."""
SCRIPT = """umask 077
root=$PWD
auth=oauth-personal
[ -n "$GEMINI_API_KEY" ] && auth=gemini-api-key
[ "$GOOGLE_GENAI_USE_VERTEXAI" = true ] && auth=vertex-ai
mkdir -p "$HOME/.gemini" && folder=$(mktemp -d "$HOME/start.XXXXXX") || exit 70
printf %s "$KIRO_HOOKD_SETTINGS" | sed "s/@auth@/$auth/" >"$HOME/.gemini/settings.json"
unset KIRO_HOOKD_SETTINGS
cd "$folder" || exit 70
exec "$@" --include-directories "$root" -p ''"""


@dataclass(frozen=True, kw_only=True, slots=True)
class GeminiAgent:
    """Gemini CLI. A folder that it does not trust ends it, and in one that it trusts it runs the repository's hooks
    whatever the user's settings say; so it is started in an empty folder, with the workspace as a further directory.
    """

    name: str
    cli: Cli
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The program, and a key or its own login."""
        given = bool(set(LOGIN_ENV) & set(self.cli.env))
        return Needs(
            executable=self.cli.command[0],
            login_env=() if given else LOGIN_ENV,
            login_files=() if given else (".gemini/oauth_creds.json",),
            install="npm install -g @google/gemini-cli",
            login="run `gemini` and sign in, or set GEMINI_API_KEY",
        )

    def program(self, request: Request) -> Program:
        """One turn, printed as events."""
        return self._start(request, ask(request, tool=True))

    def repair(self, request: Request, end: Exit) -> Program | None:
        """A second turn that makes findings of prose; ``None`` when there is no need or no sense."""
        words, reported, _, error = _read(end)
        if end.code != 0 or error or reported or not words or protocol.decode(words, root=request.root).structured:
            return None
        return self._start(request, mend(words))

    def _start(self, request: Request, prompt: str) -> Program:
        argv = server_argv()
        settings = {
            "security": {"auth": {"selectedType": "@auth@"}},
            "hooksConfig": {"enabled": False},
            "skills": {"enabled": False},
            "general": {"enableAutoUpdate": False, "maxAttempts": 3},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
            "tools": {"core": [*TOOLS, HANDING, *(("run_shell_command",) if self.cli.shell else ())]},
            "mcp": {"allowed": [SERVER]},
            "mcpServers": {SERVER: {"command": argv[0], "args": list(argv[1:]), "trust": True}},
        }
        return self.cli.start(
            request,
            "-o", "stream-json", "--approval-mode", "yolo" if self.cli.shell else "auto_edit",
            "--skip-trust", "-e", "none",
            *(("-m", self.cli.model) if self.cli.model else ()),
            script=SCRIPT,
            stdin=prompt,
            env={"KIRO_HOOKD_SETTINGS": json.dumps(settings), "GEMINI_CLI_NO_RELAUNCH": "true"}
            | ({"GOOGLE_GEMINI_BASE_URL": self.cli.endpoint} if self.cli.endpoint else {}),
            pass_env=(*LOGIN_ENV, "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_GEMINI_BASE_URL",
                      "GOOGLE_APPLICATION_CREDENTIALS"),
            home=(HomeFile(path=".gemini/oauth_creds.json", write_back=True),
                  HomeFile(path=".gemini/google_accounts.json")),
        )  # fmt: skip

    def result(self, request: Request, end: Exit) -> Result:
        """What it reported, or its last words; its ``result`` event says whether the turn failed."""
        words, reported, final, error = _read(end)
        usage, model = _usage(final)
        if end.code != 0 or not final or error:
            bad = ended_badly(self.name, end, said=(error,) if error else ())
            kind = classify(error) or FailureKind.OUTPUT_UNUSABLE
            return bad or failure(self.name, kind, detail=error, usage=usage)
        return protocol.succeeded(answer(words, reported, request.root), usage=usage, model=model)


def _read(end: Exit) -> tuple[str, list[object], dict[str, object], str]:
    """Its last words, its calls of the tool that went through, its ``result`` event, and what it says went wrong."""
    words: list[str] = []
    calls: dict[object, object] = {}
    good: list[object] = []
    final: dict[str, object] = {}
    for event in events(end.stdout):
        kind = event.get("type")
        if kind == "message" and event.get("role") == "assistant":
            words.append(text_of(event.get("content")))
        elif kind == "tool_use":
            words.clear()
            if text_of(event.get("tool_name")).endswith(TOOL):
                calls[event.get("tool_id")] = event.get("parameters")
        elif kind == "tool_result" and event.get("status") == "success" and event.get("tool_id") in calls:
            good.append(calls[event.get("tool_id")])
        elif kind == "result":
            final = event
    failed = final.get("status") not in ("success", None)
    return "".join(words), good, final, text_of(inside(final, "error", "message")) or ("failed" if failed else "")


def _usage(final: dict[str, object]) -> tuple[Usage, str | None]:
    stats = final.get("stats")
    cached = protocol.count(inside(stats, "cached"))
    models = inside(stats, "models")
    return Usage(
        input_tokens=max(0, protocol.count(inside(stats, "input_tokens")) - cached),
        output_tokens=protocol.count(inside(stats, "output_tokens")),
        cache_read_tokens=cached,
    ), next(iter(models), None) if isinstance(models, dict) else None


def make(name: str, values: Mapping[str, object]) -> GeminiAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = GeminiAgent(name=name, cli=Cli.read(settings, "gemini"))
    settings.done()
    return agent
