"""Runner: one attempt at a job. An agent is chosen, asked in a private view, and what it edited is seen to.

The runner knows ports only, and nothing of the queue: what came of it all is in the account it fills in.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from daemon.agents.attend import attend
from daemon.agents.failure import RULES
from daemon.agents.place import place
from daemon.agents.port import Outcome, Result
from daemon.changeset import ChangeSet, ChangeSetState
from daemon.errors import HookdError
from daemon.report.record import ChangeSetEntry, RunDraft
from daemon.view.port import Isolation
from hooks.model import Cause

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from daemon.agents.port import Agent, Request
    from daemon.job import Job
    from daemon.report.redact import Redactor
    from daemon.view.port import Views
    from daemon.workspace import Workspace
    from hooks.finding import Finding
    from hooks.model import Change, Hook

NO_MODEL = frozenset({"builtin", "shell", "command"})
"""Kinds of agents that are given no hints."""
HINT_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What was decided about a change set, with every reason. ``again``: the base moved by an apply of our own."""

    state: ChangeSetState
    reasons: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """An agent for a run, its version where it tells one, and whether it runs only because a person asked for it."""

    agent: Agent
    version: str | None = None
    approved: bool = False


class Agents(Protocol):
    """Where agents come from."""

    def choose(self, workspace: Workspace, hook: Hook, *, by_hand: bool, passed_over: Collection[str] = ()) -> Chosen:
        """The first of the hook's agents that is to be had and allowed; HookdError says why none is.

        ``by_hand``: a person asked for this very run, which is the approval that some agents need. Agents named in
        ``passed_over`` were tried already.
        """


class Requests(Protocol):
    """Builds what an agent is asked."""

    def paths(self, workspace: Workspace, hook: Hook, changes: Sequence[Change]) -> Sequence[str]:
        """The files a run is about, for a view that holds no more than those."""

    def build(
        self,
        workspace: Workspace,
        hook: Hook,
        changes: Sequence[Change],
        *,
        agent: Agent,
        root: str,
        hints: Sequence[Finding] = (),
    ) -> Request:
        """Reads steering and context from the tree as it is now. ``root`` is the workspace as the agent sees it."""

    def head(self, workspace: Workspace) -> str | None:
        """The commit the workspace is at, where it is in a git repository."""

    def read(self, workspace: Workspace, path: str) -> str | None:
        """A text file of the workspace, ``None`` when there is none that may be shown."""


class Hands(Protocol):
    """Decides about change sets and carries them out."""

    def settle(self, workspace: Workspace, hook: Hook, change_set: ChangeSet, store: Path) -> Verdict:
        """Keep a change set as a suggestion, hold it, or apply it. Tree and ledger are in step when it returns."""


@dataclass(kw_only=True)
class Account:
    """What is known of a run so far; becomes its record in the report log."""

    workspace: Workspace
    hook: Hook
    job: Job
    started: float
    agent: str = ""
    agent_kind: str = ""
    agent_version: str | None = None
    approved: bool = False
    prompt_sha256: str = ""
    head: str | None = None
    redactions: int = 0
    isolation: Isolation = Isolation.NONE
    result: Result = field(default_factory=lambda: Result(outcome=Outcome.REFUSED))
    verdict: Verdict = field(default_factory=lambda: Verdict(state=ChangeSetState.NONE))
    change_set: ChangeSet = field(default_factory=lambda: ChangeSet(id=f"c{secrets.token_hex(6)}"))

    def refuse(self, reason: str) -> None:
        """The run does not take place."""
        self.result = Result(outcome=Outcome.REFUSED, error=reason, retryable=False)

    def draft(self, *, ended: float, identity: Mapping[str, str | int | None]) -> RunDraft:
        """The record of the run."""
        result, edits = self.result, self.change_set.edits
        return RunDraft(
            workspace=self.workspace.name,
            hook=self.hook.name,
            origin=f"{self.hook.origin.file.rpartition('/')[2]}:{self.hook.origin.line}",
            mode=self.hook.mode,
            agent=self.agent or self.hook.agent,
            isolation=self.isolation,
            job=self.job.id,
            attempt=self.job.attempt,
            outcome=result.outcome,
            started=self.started,
            duration=max(0.0, ended - self.started),
            model=result.model,
            identity=identity,
            audit={
                "hook_digest": self.hook.digest,
                "agent_kind": self.agent_kind,
                "agent_version": self.agent_version,
                "approver": identity.get("user") if self.approved else None,
                "head": self.head,
                "redactions": self.redactions,
                "prompt_sha256": self.prompt_sha256,
            },
            error=result.error,
            changes=self.job.changes,
            summary=result.summary,
            notes=result.notes,
            findings=result.findings,
            usage=result.usage,
            change_set=ChangeSetEntry(
                id=self.change_set.id if edits else None,
                state=self.verdict.state,
                edits=edits,
                reasons=self.verdict.reasons,
            ),
        )


class Runner:
    """Makes attempts. Safe to use from several threads, one account each."""

    def __init__(
        self,
        *,
        agents: Agents,
        requests: Requests,
        views: Callable[[Agent, Path], Views],
        hinter: Agent,
        hands: Hands,
        redactor: Redactor,
        change_sets: Callable[[str], Path],
    ) -> None:
        self._agents = agents
        self._requests = requests
        self._views = views
        self._hinter = hinter
        self._hands = hands
        self._redactor = redactor
        self._change_sets = change_sets

    def choose(self, account: Account, *, passed_over: Collection[str] = ()) -> Agent | None:
        """The agent of this run, or ``None`` when none is to be had, as ``account`` then says."""
        by_hand = any(change.cause is Cause.MANUAL for change in account.job.changes)
        try:
            chosen = self._agents.choose(account.workspace, account.hook, by_hand=by_hand, passed_over=passed_over)
        except HookdError as error:
            account.refuse(str(error))
            return None
        account.agent, account.agent_kind = chosen.agent.name, chosen.agent.kind
        account.agent_version, account.approved = chosen.version, chosen.approved
        return chosen.agent

    def attempt(self, account: Account, agent: Agent, *, stop: threading.Event) -> None:
        """Run an agent in a view, and see to what it edited; everything is noted in ``account``."""
        workspace, hook, job = account.workspace, account.hook, account.job
        account.head = self._requests.head(workspace)
        store = self._change_sets(workspace.name) / account.change_set.id
        try:
            paths = self._requests.paths(workspace, hook, job.changes)
            readable = [rule.pattern for rule in workspace.loaded.settings.readable]
            views = self._views(agent, workspace.root)
            hints = self._hints(account, agent, stop=stop)
            with views.open(workspace.root, paths=paths, readable=readable) as view:
                account.isolation = view.isolation
                request = self._requests.build(workspace, hook, job.changes, agent=agent, root=view.root, hints=hints)
                account.prompt_sha256 = hashlib.sha256(request.prompt.encode("utf-8", "surrogatepass")).hexdigest()
                result = attend(agent, request, lambda program: view.run(program, stop=stop))
                placed = place(result, request, lambda path: self._requests.read(workspace, path))
                account.result, account.redactions = self._redactor.result(placed)
                if account.result.outcome is Outcome.SUCCEEDED:
                    account.change_set = view.change_set(id=account.change_set.id, store=store)
            if account.change_set.edits:
                account.verdict = self._hands.settle(workspace, hook, account.change_set, store)
        except HookdError as error:
            if stop.is_set():  # what a run says that was stopped while its view was being made is no refusal
                account.result = Result(outcome=Outcome.STOPPED)
            else:
                account.refuse(str(error))

    def falls_back(self, account: Account) -> bool:
        """Whether the agent turned out not to be had after all, so that the next of ``fallback`` is to be tried."""
        failure = account.result.failure
        return failure is not None and RULES[failure].fall_back and account.agent != _last(account.hook)

    def _hints(self, account: Account, agent: Agent, *, stop: threading.Event) -> tuple[Finding, ...]:
        """What the builtin agent finds, for a model to start from; looked for in a view of its own, whose edits are
        dropped with it. None for agents that are no models, and none when it fails: hints are a help, not a need.
        """
        if agent.kind in NO_MODEL:
            return ()
        workspace, hook, job = account.workspace, account.hook, account.job
        paths = self._requests.paths(workspace, hook, job.changes)
        with self._views(self._hinter, workspace.root).open(workspace.root, paths=paths) as view:
            request = self._requests.build(workspace, hook, job.changes, agent=self._hinter, root=view.root)
            program = replace(self._hinter.program(request), timeout=HINT_TIMEOUT)
            result = self._hinter.result(request, view.run(program, stop=stop))
        return result.findings if result.outcome is Outcome.SUCCEEDED else ()


def _last(hook: Hook) -> str:
    return hook.fallback[-1] if hook.fallback else hook.agent
