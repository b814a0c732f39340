"""Kind ``opencode``: OpenCode, without a terminal. Findings come by ``report_findings`` or in its last words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.agents import protocol
from daemon.agents.cli import SERVER, TOOL, Cli, answer, ask, events, inside, mend, server_argv, text_of
from daemon.agents.failure import by_status, classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

KIND = "opencode"
OFF = ("task", "webfetch", "websearch", "todowrite", "todoread", "question", "skill")
QUIET = {
    "OPENCODE_DISABLE_PROJECT_CONFIG": "1",  # a repository's own configuration overrides what we say
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_CLAUDE_CODE": "1",
}


SCRIPT = """umask 077
mkdir -p "$HOME" && folder=$(mktemp -d "$HOME/start.XXXXXX") || exit 70
cd "$folder" || exit 70
exec "$@" --dir "$folder\""""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCodeAgent:
    """OpenCode; ``model`` is ``provider/model``, or with ``endpoint`` a model of that OpenAI-compatible service.

    It runs plugins of the folder it is started in whatever it is told, so it is started in an empty one; the workspace
    is then an outside directory to it, which it is allowed to work in.
    """

    name: str
    cli: Cli
    api_key_env: str = "OPENAI_API_KEY"
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The program; which login depends on the provider of its model."""
        return Needs(
            executable=self.cli.command[0],
            login_files=(".local/share/opencode/auth.json",) if not self.cli.endpoint else (),
            login_unknown=True,
            install="npm install -g opencode-ai",
            login="run `opencode auth login`, or set the key of your provider",
        )

    def program(self, request: Request) -> Program:
        """One turn, printed as events."""
        return self._start(request, ask(request, tool=True))

    def repair(self, request: Request, end: Exit) -> Program | None:
        """A second turn that makes findings of prose; ``None`` when there is no need or no sense."""
        words, reported, _, error = _read(end)
        if end.code != 0 or error is not None or reported or not words:
            return None
        return None if protocol.decode(words, root=request.root).structured else self._start(request, mend(words))

    def _start(self, request: Request, prompt: str) -> Program:
        return self.cli.start(
            request,
            "run", "--format", "json", "--pure", "--title", "kiro-hookd",
            script=SCRIPT,
            stdin=prompt,
            env=QUIET | {"OPENCODE_CONFIG_CONTENT": json.dumps(self._config())},
            pass_env=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "GROQ_API_KEY",
                      "AWS_*", self.api_key_env),
            home=(HomeFile(path=".local/share/opencode/auth.json", write_back=True),),
        )  # fmt: skip

    def _config(self) -> dict[str, Any]:
        shell = self.cli.shell
        config: dict[str, Any] = {
            "autoupdate": False,
            "share": "disabled",
            "snapshot": False,
            "tools": {**dict.fromkeys(OFF, False), "bash": shell},
            "permission": {
                "edit": "allow",
                "bash": "allow" if shell else "deny",
                "webfetch": "deny",
                "external_directory": "allow",
            },
            "mcp": {SERVER: {"type": "local", "command": list(server_argv()), "enabled": True}},
        }
        model = self.cli.model
        if self.cli.endpoint:
            options = {"baseURL": self.cli.endpoint, "apiKey": f"{{env:{self.api_key_env}}}"}
            config["provider"] = {
                "house": {
                    "npm": "@ai-sdk/openai-compatible",
                    "name": "house",
                    "options": options,
                    "models": {model or "default": {"name": model or "default"}},
                }
            }
            model = f"house/{model or 'default'}"
        if model:
            config |= {"model": model, "small_model": model}
        return config

    def result(self, request: Request, end: Exit) -> Result:
        """What it reported, or its last words; tokens are those of all its steps."""
        words, reported, usage, error = _read(end)
        model = self.cli.model or None
        if end.code != 0 or error is not None or usage is None:
            said = text_of(inside(error, "data", "message")) or text_of(inside(error, "name"))
            bad = ended_badly(self.name, end, said=(said,) if said else ())
            if bad is not None and (error is None or bad.failure in (FailureKind.TIMED_OUT, FailureKind.STOPPED)):
                return bad
            status = by_status(inside(error, "data", "statusCode"))
            kind = classify(said) or status or (FailureKind.MODEL_ERROR if error else FailureKind.OUTPUT_UNUSABLE)
            return failure(self.name, kind, detail=said, usage=usage, model=model)
        return protocol.succeeded(answer(words, reported, request.root), usage=usage, model=model)


def _read(end: Exit) -> tuple[str, list[object], Usage | None, object]:
    """Its last words, its calls of the tool that went through, its tokens, and what it says went wrong."""
    words: list[str] = []
    reported: list[object] = []
    steps: list[Any] = []
    error: object = None
    for event in events(end.stdout):
        kind, part = event.get("type"), event.get("part")
        if kind == "text":
            words.append(text_of(inside(part, "text")))
        elif kind == "tool_use":
            words.clear()
            done = inside(part, "state", "status") == "completed"
            if done and text_of(inside(part, "tool")).endswith(TOOL):
                reported.append(inside(part, "state", "input"))
        elif kind == "step_finish":
            steps.append(inside(part, "tokens"))
        elif kind == "error":
            error = event.get("error") or {"name": "error"}
    usage = Usage(
        input_tokens=sum(
            protocol.count(inside(step, "input")) + protocol.count(inside(step, "cache", "write")) for step in steps
        ),
        output_tokens=sum(
            protocol.count(inside(step, "output")) + protocol.count(inside(step, "reasoning")) for step in steps
        ),
        cache_read_tokens=sum(protocol.count(inside(step, "cache", "read")) for step in steps),
    )
    return "\n".join(words), reported, usage if steps else None, error


def make(name: str, values: Mapping[str, object]) -> OpenCodeAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = OpenCodeAgent(
        name=name,
        cli=Cli.read(settings, "opencode"),
        api_key_env=settings.text("api_key_env", "OPENAI_API_KEY"),
    )
    settings.done()
    return agent
