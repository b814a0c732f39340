"""Kind ``codex``: Codex, without a terminal. Findings come by its own schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.agents import protocol
from daemon.agents.cli import Cli, ask, events, inside, text_of
from daemon.agents.failure import classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Program, Request, Result

KIND = "codex"
LOGIN_ENV = ("CODEX_API_KEY", "OPENAI_API_KEY")
SCRIPT = """umask 077
folder=$(mktemp -d) || exit 70
printf %s "$KIRO_HOOKD_SCHEMA" >"$folder/schema.json"
unset KIRO_HOOKD_SCHEMA
exec "$@" --output-schema "$folder/schema.json" -"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodexAgent:
    """Codex. Its own sandbox cannot nest in ours and is switched off; nothing of the user's or the repository's
    configuration and rules is read.
    """

    name: str
    cli: Cli
    api_key_env: str = "CODEX_API_KEY"
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The program, and a key or its own login."""
        given = self.api_key_env in self.cli.env
        return Needs(
            executable=self.cli.command[0],
            login_env=() if given else (self.api_key_env, *LOGIN_ENV),
            login_files=() if given else (".codex/auth.json",),
            install="npm install -g @openai/codex",
            login="run `codex login`, or set CODEX_API_KEY",
        )

    def program(self, request: Request) -> Program:
        """One turn, printed as events."""
        return self.cli.start(
            request,
            "exec", "--json", "--ephemeral", "--skip-git-repo-check", "--ignore-user-config", "--ignore-rules",
            "--color", "never", "-C", request.root, "-s", "danger-full-access",
            "-c", "analytics.enabled=false", "-c", f'projects={{{_toml(request.root)}={{trust_level="untrusted"}}}}',
            "-c", "features.hooks=false", "-c", "check_for_update_on_startup=false",
            "-c", "features.unbounded_connection_retries=false",
            *self._provider(), *(("-m", self.cli.model) if self.cli.model else ()),
            script=SCRIPT,
            stdin=ask(request, native=True),
            env={"KIRO_HOOKD_SCHEMA": json.dumps(protocol.STRICT_RESULT_SCHEMA), "RUST_LOG": "error"},
            pass_env=(*LOGIN_ENV, self.api_key_env, "OPENAI_BASE_URL"),
            home=(HomeFile(path=".codex/auth.json", write_back=True),),
        )  # fmt: skip

    def _provider(self) -> tuple[str, ...]:
        """A service of one's own, with few retries."""
        if not self.cli.endpoint:
            return ()
        provider = (
            f'{{name="house",base_url={_toml(self.cli.endpoint)},wire_api="responses",'
            f"env_key={_toml(self.api_key_env)},request_max_retries=2,stream_max_retries=2}}"
        )
        return ("-c", 'model_provider="house"', "-c", f"model_providers.house={provider}")

    def result(self, request: Request, end: Exit) -> Result:
        """Its last message, unless the turn failed."""
        words, errors, usage, completed = "", [], Usage(), False
        for event in events(end.stdout):
            kind = event.get("type")
            if kind == "item.completed" and inside(event, "item", "type") == "agent_message":
                words = text_of(inside(event, "item", "text"))
            elif kind == "turn.completed":
                completed, usage = True, _usage(event.get("usage"))
            elif kind == "turn.failed":
                errors.append(text_of(inside(event, "error", "message")))
            elif kind == "error":
                errors.append(text_of(event.get("message")))
        if not completed or end.code != 0:
            bad = ended_badly(self.name, end, said=errors[-1:])
            kind_of = classify("\n".join(errors[-1:])) or FailureKind.OUTPUT_UNUSABLE
            return bad or failure(self.name, kind_of, detail="\n".join(errors[-1:]), usage=usage)
        return protocol.succeeded(protocol.decode(words, root=request.root), usage=usage, model=self.cli.model or None)


def _usage(value: Any) -> Usage:
    """Its input counts what came from the cache too; ours does not."""
    cached = protocol.count(inside(value, "cached_input_tokens"))
    return Usage(
        input_tokens=max(0, protocol.count(inside(value, "input_tokens")) - cached),
        output_tokens=protocol.count(inside(value, "output_tokens")),
        cache_read_tokens=cached,
    )


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's too."""
    return json.dumps(text)


def make(name: str, values: Mapping[str, object]) -> CodexAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    agent = CodexAgent(
        name=name,
        cli=Cli.read(settings, "codex"),
        api_key_env=settings.text("api_key_env", "CODEX_API_KEY"),
    )
    settings.done()
    return agent
