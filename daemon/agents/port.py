"""The agent port. An agent turns a request into a program, and what the program left behind into a result.

Both directions are pure, so every agent is tested without its program and every program runs the same way: as a child
process, inside the private view, under one deadline and one output cap. An agent that must be talked to (ACP, a model
API) has a driver program of ours as its child, which does the talking and prints the result.

Edits are not here: they are read from the view, never believed from what an agent says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from daemon.program import Exit, HomeFile, Program

if TYPE_CHECKING:
    from hooks.finding import Finding
    from hooks.model import Change, Mode


__all__ = ["Agent", "Document", "Exit", "FailureKind", "HomeFile", "Outcome", "Program", "Request", "Result", "Usage"]


class Outcome(StrEnum):
    """How a run ended, as the report log says it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    STOPPED = "stopped"


class FailureKind(StrEnum):
    """Why a run failed, told apart: each has its own remedy and retry rule (``daemon.agents.failure``)."""

    NOT_INSTALLED = "not-installed"
    NOT_LOGGED_IN = "not-logged-in"
    OVER_QUOTA = "over-quota"
    THROTTLED = "throttled"
    MODEL_ERROR = "model-error"
    REFUSED = "refused"  # by the model or its provider; policy is not asked here
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"
    CRASHED = "crashed"
    OUTPUT_UNUSABLE = "output-unusable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a run used. Credits are for agents that count nothing else."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    credits: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A text handed to an agent beside the prompt: a steering or context file, by workspace path."""

    path: str
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What an agent is asked. ``root`` is the absolute path of the view as the agent's program will see it.

    ``command`` is set for a hook that names a shell command instead of an action.
    """

    hook: str
    mode: Mode
    prompt: str
    root: str
    action: str = ""
    description: str = ""
    command: str | None = None
    changes: tuple[Change, ...] = ()
    steering: tuple[Document, ...] = ()
    context: tuple[Document, ...] = ()
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a run gives. ``error`` is one sentence with its remedy when the outcome is not ``succeeded``;
    ``retryable`` tells whether another attempt can help, ``retry_after`` (seconds) when; ``failure`` says what kind of
    failure it was. ``quotes`` belong to ``findings`` one to one: the text that the agent says stands on that line, by
    which ``daemon.agents.place`` corrects it; shorter means none for the rest. ``notes`` are sentences about what the
    agent could not see.
    """

    outcome: Outcome
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    usage: Usage = field(default_factory=Usage)
    model: str | None = None
    error: str | None = None
    retryable: bool = True
    retry_after: float | None = None
    failure: FailureKind | None = None
    quotes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Agent(Protocol):
    """One configured agent. ``name`` is what a hook calls it, ``kind`` the adapter behind it."""

    @property
    def name(self) -> str:
        """What a hook calls it."""

    @property
    def kind(self) -> str:
        """The adapter behind it."""

    def program(self, request: Request) -> Program:
        """What to run for this request. Pure; raises nothing for any request."""

    def result(self, request: Request, end: Exit) -> Result:
        """What the run came to. Pure; never raises, whatever the program printed."""
