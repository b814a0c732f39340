"""Kind ``claude``: Claude Code, without a terminal. Findings come by its own schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.cli import Cli, ask, events, inside, text_of
from daemon.agents.failure import by_status, classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

KIND = "claude"
LOGIN_ENV = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK",
             "CLAUDE_CODE_USE_VERTEX")  # fmt: skip
TOOLS = "Read,Grep,Glob,Edit,Write"
QUIET = {
    "CLAUDE_CODE_MAX_RETRIES": "2",  # else a service that is down is tried for more than a minute, in silence
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaudeAgent:
    """Claude Code. It reads no settings files at all (``--setting-sources ""``), so a repository's hooks and
    permissions are nothing to it, and starts no MCP server that is not named here.
    """

    name: str
    cli: Cli
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The program, and a key or its own login."""
        return Needs(
            executable=self.cli.command[0],
            login_env=LOGIN_ENV if not set(LOGIN_ENV) & set(self.cli.env) else (),
            login_files=(".claude/.credentials.json",) if not set(LOGIN_ENV) & set(self.cli.env) else (),
            install="npm install -g @anthropic-ai/claude-code",
            login="run `claude` and /login, or set ANTHROPIC_API_KEY",
        )

    def program(self, request: Request) -> Program:
        """One turn, printed as one JSON object."""
        shell = self.cli.shell
        return self.cli.start(
            request,
            "-p", "--output-format", "json", "--no-session-persistence", "--strict-mcp-config",
            "--setting-sources", "", "--permission-mode", "acceptEdits", "--disable-slash-commands",
            "--tools", TOOLS + (",Bash" if shell else ""), *(("--allowedTools", "Bash") if shell else ()),
            "--json-schema", json.dumps(protocol.RESULT_SCHEMA),
            *(("--model", self.cli.model) if self.cli.model else ()),
            stdin=ask(request, native=True),
            env=QUIET | ({"ANTHROPIC_BASE_URL": self.cli.endpoint} if self.cli.endpoint else {}),
            pass_env=(*LOGIN_ENV, "ANTHROPIC_*", "CLAUDE_CODE_OAUTH_TOKEN", "AWS_*", "CLOUD_ML_REGION",
                      "GOOGLE_APPLICATION_CREDENTIALS"),
            home=(HomeFile(path=".claude/.credentials.json", write_back=True),),
        )  # fmt: skip

    def result(self, request: Request, end: Exit) -> Result:
        """Told by ``is_error``: ``subtype`` says success whatever happened."""
        said = next((event for event in events(end.stdout) if event.get("type") == "result"), None)
        if said is None or end.timed_out or end.stopped:
            bad = ended_badly(self.name, end)
            return bad or failure(
                self.name, FailureKind.OUTPUT_UNUSABLE, detail=end.stdout[-400:].decode("utf-8", "replace")
            )
        usage, model = _usage(said)
        words = text_of(said.get("result"))
        if said.get("is_error") or end.code != 0:
            kind = classify(words) or by_status(said.get("api_error_status")) or FailureKind.CRASHED
            return failure(self.name, kind, detail=words or text_of(said.get("subtype")), usage=usage, model=model)
        structured = said.get("structured_output")
        answer = (
            protocol.answer(structured, root=request.root)
            if isinstance(structured, dict)
            else protocol.decode(words, root=request.root)
        )
        return protocol.succeeded(answer, usage=usage, model=model)


def _usage(said: dict[str, object]) -> tuple[Usage, str | None]:
    """Tokens of every model that took part, and the one that wrote most."""
    models = said.get("modelUsage")
    parts = {name: part for name, part in models.items() if isinstance(part, dict)} if isinstance(models, dict) else {}
    if not parts:
        usage = said.get("usage")
        return protocol.usage(
            {
                "input_tokens": protocol.count(inside(usage, "input_tokens"))
                + protocol.count(inside(usage, "cache_creation_input_tokens")),
                "output_tokens": inside(usage, "output_tokens"),
                "cache_read_tokens": inside(usage, "cache_read_input_tokens"),
            }
        ), None
    total = Usage(
        input_tokens=sum(
            protocol.count(part.get("inputTokens")) + protocol.count(part.get("cacheCreationInputTokens"))
            for part in parts.values()
        ),
        output_tokens=sum(protocol.count(part.get("outputTokens")) for part in parts.values()),
        cache_read_tokens=sum(protocol.count(part.get("cacheReadInputTokens")) for part in parts.values()),
    )
    return total, max(parts, key=lambda name: protocol.count(parts[name].get("outputTokens")))


def make(name: str, values: Mapping[str, object]) -> ClaudeAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = ClaudeAgent(name=name, cli=Cli.read(settings, "claude"))
    settings.done()
    return agent
