"""Kinds ``bedrock`` and ``openai``: a model asked directly, with a few tools of ours that stay in the view.

The asking is done by ``daemon.agents.drivers.model`` in a child process: its library is as large as the daemon.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemon.agents import driven
from daemon.agents.command import shorter
from daemon.agents.interpreter import module_argv, read_only
from daemon.agents.needs import Needs
from daemon.agents.port import FailureKind, HomeFile, Program
from daemon.agents.settings import Settings
from hooks.model import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Exit, Request, Result

MODULE = "daemon.agents.drivers.model"
AWS_HOME = (
    HomeFile(path=".aws/config"),
    HomeFile(path=".aws/credentials"),
    HomeFile(path=".aws/sso/cache", write_back=True),
    HomeFile(path=".aws/login/cache", write_back=True),
)
BEDROCK_MODEL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAgent:
    """A model behind an API. ``api_key_env`` names the variable that holds the key; a local service needs none."""

    name: str
    kind: str
    model: str
    endpoint: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    region: str = ""
    profile: str = ""
    network: bool = True
    timeout: float | None = None
    max_requests: int = 40
    max_tokens: int | None = None
    max_output_tokens: int | None = None
    attempts: int = 4
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        """The library; a key or profile unless the service is one of one's own."""
        if self.kind == "bedrock":
            return Needs(
                module="pydantic_ai", extra="models", login_unknown=True,
                login_env=("AWS_PROFILE", "AWS_ACCESS_KEY_ID"),
                login="run `aws sso login`, or set a profile",
            )  # fmt: skip
        given = bool(self.endpoint) or self.api_key_env in self.env
        return Needs(
            module="pydantic_ai", extra="models", login_env=() if given else (self.api_key_env,),
            login=f"set {self.api_key_env}, or `endpoint` of a local service",
        )  # fmt: skip

    def program(self, request: Request) -> Program:
        """The driver, with what to ask on its stdin."""
        order: dict[str, Any] = {
            "kind": self.kind,
            "model": self.model,
            "endpoint": self.endpoint,
            "api_key_env": self.api_key_env,
            "region": self.region,
            "profile": self.profile,
            "max_requests": self.max_requests,
            "max_tokens": self.max_tokens,
            "max_output_tokens": self.max_output_tokens,
            "attempts": self.attempts,
            "root": request.root,
            "edit": request.mode is Mode.AUTO_FIX,
            "prompt": request.prompt,
        }
        aws = self.kind == "bedrock"
        return Program(
            argv=module_argv(MODULE),
            stdin=json.dumps(order).encode(),
            env=self.env,
            pass_env=(("AWS_*",) if aws else (self.api_key_env, "OPENAI_BASE_URL")) + self.pass_env,
            network=self.network,
            home_files=AWS_HOME if aws else (),
            read_only=read_only(),
            timeout=shorter(self.timeout, request.timeout),
        )

    def result(self, request: Request, end: Exit) -> Result:
        """What the driver made of it."""
        return driven.result(self.name, request, end, remedies={FailureKind.NOT_LOGGED_IN: self.needs.login})


def make(name: str, values: Mapping[str, object]) -> ModelAgent:
    """From settings; raises AgentSettingsError."""
    settings = Settings(name, values)
    kind = str(values.get("kind") or name)
    aws = kind == "bedrock"
    agent = ModelAgent(
        name=name,
        kind=kind,
        model=settings.text("model", BEDROCK_MODEL if aws else "gpt-5.1"),
        endpoint=settings.text("endpoint"),
        api_key_env="" if aws else settings.text("api_key_env", "OPENAI_API_KEY"),
        region=settings.text("region") if aws else "",
        profile=settings.text("profile") if aws else "",
        network=settings.flag("network", default=True),
        timeout=settings.seconds("timeout"),
        max_requests=settings.number("max_requests", 40) or 40,
        max_tokens=settings.number("max_tokens"),
        max_output_tokens=settings.number("max_output_tokens"),
        attempts=settings.number("attempts", 4) or 4,
        env=settings.variables("env"),
        pass_env=settings.variable_names("pass_env"),
    )
    settings.done()
    return agent
