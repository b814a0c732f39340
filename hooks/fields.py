"""The models of hooks.yaml: which keys there are and what may stand behind each. The JSON Schema comes from here.

What needs more than one key, or more than the file, is looked at in checks.py. Messages are written for a person:
what was expected, what was found.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from hooks.cron import CronError
from hooks.cron import parse as parse_cron
from hooks.durations import PATTERN, parse_duration
from hooks.faults import quoted
from hooks.paths import PathError, check_path

TriggerName = Literal["file_created", "file_modified", "file_deleted", "schedule", "manual"]
ModeName = Literal["advisory", "auto-fix"]
AgentKind = Literal[
    "builtin", "command", "acp", "kiro", "claude", "codex", "gemini", "copilot", "cursor", "goose", "opencode",
    "amazon-q", "bedrock", "openai",
]  # fmt: skip
READY_AGENTS: Final = frozenset(get_args(AgentKind)) - {"command", "acp", "openai"}
"""Kinds that are agents by their own name, without an entry under ``agents:``."""

LONGEST_COMMAND: Final = 20_000
"""Characters of a shell command; every word of it is looked at before each run."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def fault(message: str, offset: int | None = None) -> PydanticCustomError:
    """An error whose message stands as it is; ``offset`` points into the text of the value."""
    # The message rides in the context because pydantic would take braces in it for places to fill.
    return PydanticCustomError("hooks", "{said}", {"said": message, "offset": offset})


def _name(value: str) -> str:
    if not value.strip():
        raise fault("expected a name, found an empty text")
    if match := _UNPRINTABLE.search(value):
        raise fault(f"a name cannot hold the character U+{ord(match[0]):04X}", match.start())
    if value != value.strip():
        raise fault(f"a name cannot begin or end with a blank: {quoted(value)}")
    if len(value) > 200:
        raise fault(f"too long: {len(value)} characters; the limit is 200")
    return value


def _words(value: str) -> str:
    if not value.strip():
        raise fault("expected text, found an empty one")
    return value


def _shell(value: str) -> str:
    if len(value) > LONGEST_COMMAND:
        raise fault(f"too long: {len(value)} characters; the limit is {LONGEST_COMMAND}; put it into a script")
    return _words(value)


def _path(value: str) -> str:
    try:
        check_path(value)
    except PathError as error:
        raise fault(str(error), error.offset) from None
    return value


def _cron(value: str) -> str:
    try:
        parse_cron(value)
    except CronError as error:
        raise fault(str(error), error.offset) from None
    return value


def _duration(value: object) -> float:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise fault(str(error)) from None


def _deadline(value: object) -> float:
    if value == "none":
        return -1.0
    seconds = _duration(value)
    if seconds <= 0:
        raise fault("expected more than nothing; for no deadline write none")
    return seconds


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _program(value: list[str]) -> list[str]:
    if sum(map(len, value)) > LONGEST_COMMAND:
        raise fault(f"too long; the limit is {LONGEST_COMMAND} characters; put it into a script")
    return value


def _some(value: list[str]) -> list[str]:
    if not value:
        raise fault("expected at least one, found an empty list")
    return value


def _count(value: object) -> int:
    if value == "none":
        return -1
    if isinstance(value, bool) or not isinstance(value, int):
        raise fault(f"expected a whole number, or none for no limit, found {quoted(value)}")
    if not 0 < value <= 10**12:
        raise fault(f"expected 1 or more, or none for no limit, found {value}")
    return value


_TEXT_SCHEMA: Final = {"type": "string", "minLength": 1}
_TEXTS_SCHEMA: Final = {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]}
_TRIGGER_SCHEMA: Final = {"enum": list(get_args(TriggerName))}

Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200})]
Words = Annotated[str, AfterValidator(_words), WithJsonSchema(_TEXT_SCHEMA)]
ShellText = Annotated[str, AfterValidator(_shell), WithJsonSchema({**_TEXT_SCHEMA, "maxLength": LONGEST_COMMAND})]
PathName = Annotated[str, AfterValidator(_path), WithJsonSchema(_TEXT_SCHEMA)]
CronText = Annotated[str, AfterValidator(_cron), WithJsonSchema(_TEXT_SCHEMA)]
Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": PATTERN})]
Deadline = Annotated[
    float,
    BeforeValidator(_deadline),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": PATTERN}, {"const": "none"}]}),
]
Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "none"}]}),
]
Patterns = Annotated[list[str], BeforeValidator(_several), AfterValidator(_some), WithJsonSchema(_TEXTS_SCHEMA)]
Paths = Annotated[list[PathName], BeforeValidator(_several), WithJsonSchema(_TEXTS_SCHEMA)]
Triggers = Annotated[
    list[TriggerName],
    BeforeValidator(_several),
    AfterValidator(_some),
    WithJsonSchema({"anyOf": [_TRIGGER_SCHEMA, {"type": "array", "items": _TRIGGER_SCHEMA, "minItems": 1}]}),
]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]


class Model(BaseModel):
    """No key that is not named, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class LimitsFields(Model):
    """What may be used up; none means no limit."""

    files_per_change: Count | None = None
    """Files that one change set may touch before it is held (50)."""
    runs_per_hour: Count | None = None
    """Runs begun within an hour (60)."""
    tokens_per_day: Count | None = None
    """Tokens used within a day (no limit)."""


class AgentFields(Model):
    """An agent under a name of its own."""

    kind: AgentKind
    """Which adapter runs it."""
    command: Annotated[list[Words], AfterValidator(_some), AfterValidator(_program)] | None = None
    """The program and its arguments; needed for kinds `command` and `acp`, else in place of the usual program."""
    args: Annotated[list[Words], AfterValidator(_program)] | None = None
    """Further arguments for the program."""
    model: Words | None = None
    """The model to ask for."""
    region: Words | None = None
    """The AWS region, for kind `bedrock`."""
    profile: Words | None = None
    """The AWS profile, for kind `bedrock`."""
    endpoint: Words | None = None
    """The address of the model server: of a gateway, a local model, or a service of your own."""
    api_key_env: EnvName | None = None
    """The environment variable that holds the key, for kind `openai`."""
    timeout: Deadline | None = None
    """The longest a run may take, whatever the hook allows."""
    network: bool | None = None
    """Whether its program may use the network."""
    env: dict[EnvName, str] | None = None
    """Environment variables to set for the program."""
    pass_env: list[EnvName] | None = None
    """Environment variables of the daemon that the program gets too."""
    max_tokens: Count | None = None
    """Tokens that one run may use, for kinds `bedrock` and `openai`."""
    max_requests: Count | None = None
    """Model requests that one run may make, for kinds `bedrock` and `openai`."""
    max_output_tokens: Count | None = None
    """Tokens that one answer may have, for kinds `bedrock` and `openai`."""
    attempts: Count | None = None
    """How often a throttled request is made at most, for kinds `bedrock` and `openai`."""
    shell: bool | None = None
    """Whether a command-line agent may use its own shell, in its private view."""
    read_only: list[Words] | None = None
    """Further absolute paths that its program needs to read: a toolchain, an environment."""
    mode: Words | None = None
    """The session mode to ask for, for kinds that speak ACP."""
    protocol: Literal["acp", "chat"] | None = None
    """How to speak with kind `kiro`."""
    stream: bool | None = None
    """Whether kind `kiro` streams JSON events in its chat (version 3)."""
    tools: Words | None = None
    """The tools that kind `kiro` may use in its chat without asking."""


class HookFields(Model):
    """One hook: a name, a trigger, and either an action or a command."""

    name: Name
    """What it is called; no other hook of the file may be called the same."""
    description: str = ""
    """What it is for, for people."""
    enabled: bool = True
    """Whether it runs at all."""
    trigger: Triggers
    """What makes it run, one or several."""
    schedule: CronText | None = None
    """Five cron fields, with trigger `schedule`: `0 9 * * mon-fri`."""
    pattern: Patterns | None = None
    """Which files concern it; a leading `!` takes files out again."""
    mode: ModeName | None = None
    """`advisory` never touches the tree; `auto-fix` may, within the limits."""
    agent: Name | None = None
    """Which agent runs it."""
    fallback: list[Name] | None = None
    """Agents to try in turn when that one is not to be had."""
    action: Words | None = None
    """What the agent is asked to do."""
    command: ShellText | None = None
    """A shell command instead of an action."""
    batch: Literal["each", "together"] | None = None
    """One job for each file, or one for all that settled together."""
    settle: Duration | None = None
    """Quiet time before a change counts (500ms)."""
    settle_max: Duration | None = None
    """The longest that quiet is waited for (10s)."""
    cooldown: Duration | None = None
    """Least time between two runs on the same file (0s)."""
    timeout: Deadline | None = None
    """The longest a run may take (10m)."""
    retries: Annotated[int, Field(ge=0, le=100)] | None = None
    """How often a failed run is tried again (2)."""
    context: Paths | None = None
    """Further files the agent is pointed at."""
    on_checkout: Literal["skip", "run"] | None = None
    """What to do with changes that a git checkout, pull or rebase brought (skip)."""
    catch_up: Literal["skip", "run"] | None = None
    """What to do with changes made while the daemon was down (run)."""
    when_empty: Literal["wait", "run"] | None = None
    """Whether a new empty file waits for its first content (wait)."""
    limits: LimitsFields | None = None
    """What this hook may use up."""


class HooksFields(Model):
    """Hooks for kiro-hookd: `.kiro/settings/hooks.yaml`."""

    version: Literal[1] | None = None
    """The version of this format."""
    agent: Name | None = None
    """The agent of every hook that names none (builtin)."""
    ignore: Patterns | None = None
    """Files that concern no hook, on top of .gitignore and .kiroignore."""
    protected: Patterns | None = None
    """Files that agents may read and never change, on top of the built-in list."""
    readable: Patterns | None = None
    """Files that are hidden from agents unless they are named here."""
    limits: LimitsFields | None = None
    """What the hooks below may use up together."""
    modes: dict[Name, ModeName] | None = None
    """The mode of hooks whose own format has none, by their name."""
    agents: dict[Name, AgentFields] | None = None
    """Agents to be used by name."""
    hooks: list[HookFields] | None = None
    """The hooks."""
