"""One run of an agent: its program, its result, and at most one attempt to get findings out of an answer in prose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from daemon.agents.port import Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.agents.port import Agent, Exit, Program, Request, Result


@runtime_checkable
class Repairing(Protocol):
    """An agent that can be asked a second time. Its driver-run kin do that themselves, inside one run."""

    def repair(self, request: Request, end: Exit) -> Program | None:
        """A program that makes a result of what the first one printed; ``None`` when there is no need or no sense."""


def attend(agent: Agent, request: Request, run: Callable[[Program], Exit]) -> Result:
    """Run the agent on the request. ``run`` runs a program in the open view. The words of the first run are kept when
    the repair gives nothing; what both used is added up.
    """
    end = run(agent.program(request))
    result = agent.result(request, end)
    if result.outcome is not Outcome.SUCCEEDED or not isinstance(agent, Repairing):
        return result
    program = agent.repair(request, end)
    if program is None:
        return result
    left = None if program.timeout is None else max(1.0, program.timeout - end.duration)
    mended = agent.result(request, run(replace(program, timeout=left)))
    if mended.outcome is Outcome.STOPPED:
        return mended
    result = replace(result, usage=_sum(result.usage, mended.usage))
    readable = not any(finding.rule == "unreadable-result" for finding in mended.findings)
    if mended.outcome is not Outcome.SUCCEEDED or not mended.findings or not readable:
        return result
    return replace(result, findings=mended.findings, quotes=mended.quotes)


def _sum(one: Usage, other: Usage) -> Usage:
    credit = [usage.credits for usage in (one, other) if usage.credits is not None]
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cache_read_tokens=one.cache_read_tokens + other.cache_read_tokens,
        credits=sum(credit) if credit else None,
    )
