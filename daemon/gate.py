"""Gate: may this run start? Trust and policy first, asked again at the last moment; then what the budgets leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.port import Outcome
from daemon.budget import Budget, Ended
from daemon.queue.usage import Budgets
from daemon.worker import Permission
from hooks.config import HOOKS_FILE
from hooks.model import Limits

if TYPE_CHECKING:
    from daemon.agents.port import Agent, Result
    from daemon.job import Job
    from daemon.queue.usage import UsageStore
    from daemon.settings import Settings
    from daemon.trust import TrustStore
    from daemon.workspace import Workspace
    from hooks.model import Hook

FREE = frozenset({"builtin", "shell"})
"""Kinds of agents that use neither tokens nor credits."""
_SAYS_NOTHING = frozenset({Outcome.REFUSED, Outcome.STOPPED})


class Gate:
    """See ``daemon.worker.Gate``."""

    def __init__(self, *, trust: TrustStore, settings: Settings, usage: UsageStore) -> None:
        self._trust = trust
        self._settings = settings
        self._usage = usage

    def refusal(self, workspace: Workspace, hook: Hook) -> str | None:
        """Why a hook may not run at all; asked before anything its workspace names is looked at or started."""
        if self._trust.permits(workspace.root, workspace.loaded, hook, agents=self._settings.agents):
            return None
        remedy = f"look at what changed with `kiro-hookd trust {workspace.root}`"
        return f"hook {hook.name!r}: its files are not trusted as they are now; {remedy}"

    def admit(self, workspace: Workspace, hook: Hook, job: Job, agent: Agent, *, now: float) -> Permission:
        """Whether the budgets and the agent's circuit leave room for this run; when they do, it is booked.

        The default of runs an hour is there against costs: it does not bind what costs nothing. What is written does.
        """
        free = agent.kind in FREE and hook.limits.runs_per_hour == Limits().runs_per_hour
        limits = replace(hook.limits, runs_per_hour=None) if free else hook.limits
        budgets = Budgets(
            hook=_budget(f"the hook {hook.name!r}", limits),
            workspace=_workspace_budget(workspace),
            user=_budget("the user", self._settings.limits),
        )
        verdict = self._usage.start(job, agent=agent.name, budgets=budgets, now=now)
        return Permission() if verdict.allowed else Permission(wait_until=verdict.until, reason=verdict.reason)

    def used(self, job: Job, agent: str, result: Result, *, now: float) -> None:
        """Book what a run used and how its agent fared."""
        ended = Ended.NEITHER if result.outcome in _SAYS_NOTHING else Ended.BADLY
        ended = Ended.WELL if result.outcome is Outcome.SUCCEEDED else ended
        tokens = result.usage.input_tokens + result.usage.output_tokens
        self._usage.ended(job, agent=agent, tokens=tokens, ended=ended, now=now)


def _workspace_budget(workspace: Workspace) -> Budget | None:
    """What the workspace's own hooks.yaml writes for all of its hooks together; its defaults are for each hook."""
    loaded = workspace.loaded
    written = {use.feature for use in loaded.used if use.file == HOOKS_FILE}
    limits = loaded.settings.limits
    return Budget(
        whose="the workspace",
        runs_per_hour=limits.runs_per_hour if "limits.runs_per_hour" in written else None,
        tokens_per_day=limits.tokens_per_day if "limits.tokens_per_day" in written else None,
    )


def _budget(whose: str, limits: Limits) -> Budget:
    return Budget(whose=whose, runs_per_hour=limits.runs_per_hour, tokens_per_day=limits.tokens_per_day)
