"""What the user and the administrator allow: ``config.yaml`` and ``policy.yaml``, merged into one frozen value.

Both can only narrow what a workspace asks for; the user's may define agents beside. A file with a fault allows no
agent at all until it is put right: a limit that cannot be read must not be a limit that is not there.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, ValidationError

from hooks.checks import agent_problems, model_problem, rule_problems
from hooks.faults import Fault, Notice, Problem, quoted, suggestion
from hooks.fields import READY_AGENTS, AgentFields, LimitsFields, Model, ModeName, Name, Patterns, fault
from hooks.hooksfile import agent_settings, merged_limits
from hooks.loaded import AgentSettings, PathRule, frozen_map
from hooks.model import Hook, Limits, Mode, Origin
from hooks.tree import Items, Node, Scalar, child, place, plain
from hooks.tree import Mapping as MappingNode
from hooks.yamltree import MAX_BYTES, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

POLICY_FILE: Final = "/etc/kiro-hookd/policy.yaml"
WORKERS: Final = 2
_UNLIMITED: Final = Limits(files_per_change=None, runs_per_hour=None, tokens_per_day=None)
_KINDS: Final = READY_AGENTS | {"command", "acp", "openai"}


def _names(value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise fault("the same name stands twice")
    return value


AgentNames = Annotated[list[Name], AfterValidator(_names)]


class PolicyFields(Model):
    """The administrator's limits for kiro-hookd: `/etc/kiro-hookd/policy.yaml`."""

    version: Annotated[int, Field(ge=1, le=1)] | None = None
    """The version of this format."""
    agents_allowed: AgentNames | None = None
    """The agents that may run, by kind (or by the name of an agent of the user's configuration). All when absent."""
    agents_needing_approval: AgentNames | None = None
    """The agents that run only when a person approves of the run."""
    highest_mode: ModeName | None = None
    """How far any hook may reach."""
    limits: LimitsFields | None = None
    """What may be used up, at most."""
    protected: Patterns | None = None
    """Files that no agent may change, in any workspace."""
    network: bool | None = None
    """Whether any agent may use the network."""
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many jobs may run side by side, at most."""


class ConfigFields(PolicyFields):
    """The user's settings for kiro-hookd: `~/.config/kiro-hookd/config.yaml`."""

    agent: Name | None = None
    """The agent of every hook whose workspace names none (builtin)."""
    agents: dict[Name, AgentFields] | None = None
    """Agents to be used by name in every workspace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """What one file narrows. ``by`` is the file. ``broken`` when it could not be read: then nothing is allowed."""

    by: str
    allowed: frozenset[str] | None = None
    approval: frozenset[str] = frozenset()
    highest_mode: Mode = Mode.AUTO_FIX
    limits: Limits = _UNLIMITED
    protected: tuple[PathRule, ...] = ()
    network: bool = True
    workers: int | None = None
    broken: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The effective settings. ``agent`` is ``None`` when the user names no default; ``workers`` is already capped."""

    agent: str | None = None
    agents: Mapping[str, AgentSettings] = field(default_factory=frozen_map)
    narrowings: tuple[Narrowing, ...] = ()
    workers: int = WORKERS
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def known_agents(self) -> frozenset[str]:
        """Every agent name that a hook may use without its workspace defining it."""
        return READY_AGENTS | frozenset(self.agents)

    @property
    def protected(self) -> tuple[PathRule, ...]:
        """The files that no agent may change in any workspace."""
        return tuple(rule for narrowing in self.narrowings for rule in narrowing.protected)

    @property
    def limits(self) -> Limits:
        """The budgets of this user over all workspaces; ``None`` means no limit."""
        limits = _UNLIMITED
        for narrowing in self.narrowings:
            limits = narrower(limits, narrowing.limits)
        return limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether an agent may run a hook. ``reason`` is one sentence and ``by`` the file that decided, when one did."""

    allowed: bool
    needs_approval: bool = False
    reason: str = ""
    by: str = ""


def permitted(settings: Settings, hook: Hook, agent: AgentSettings) -> Verdict:
    """Whether this agent may run this hook. An agent counts by its kind, and by its name only when it is the one that
    the user's configuration defines: a workspace cannot borrow an allowed name.
    """
    called = {agent.kind}
    if settings.agents.get(agent.name) == agent:
        called.add(agent.name)
    for narrowing in settings.narrowings:
        if narrowing.broken:
            reason = f"{narrowing.by} has faults, so no agent is allowed; put them right"
            return Verdict(allowed=False, reason=reason, by=narrowing.by)
        if narrowing.allowed is not None and not called & narrowing.allowed:
            there = ", ".join(sorted(narrowing.allowed)) or "none"
            who = f"agent {quoted(agent.name)} (kind {agent.kind})"
            reason = f"{who} is not allowed by {narrowing.by}; allowed: {there}"
            return Verdict(allowed=False, reason=reason, by=narrowing.by)
    for narrowing in settings.narrowings:
        if called & narrowing.approval:
            reason = f"agent {quoted(agent.name)} needs approval by {narrowing.by} before it runs {quoted(hook.name)}"
            return Verdict(allowed=True, needs_approval=True, reason=reason, by=narrowing.by)
    return Verdict(allowed=True)


def effective_mode(settings: Settings, hook: Hook) -> Mode:
    """The hook's mode, lowered to the highest that is allowed."""
    allowed = all(narrowing.highest_mode is Mode.AUTO_FIX and not narrowing.broken for narrowing in settings.narrowings)
    return hook.mode if allowed else Mode.ADVISORY


def effective_limits(settings: Settings, hook: Hook) -> Limits:
    """The hook's limits, each lowered to the least that any file allows."""
    return narrower(hook.limits, settings.limits)


def network_allowed(settings: Settings, agent: AgentSettings, *, usual: bool) -> bool:
    """Whether the agent's program may use the network. ``usual`` is what its kind does when nothing is written."""
    wanted = usual if agent.network is None else agent.network
    return wanted and all(narrowing.network and not narrowing.broken for narrowing in settings.narrowings)


def narrower(first: Limits, second: Limits) -> Limits:
    """The lesser of each limit; ``None`` is no limit."""
    return Limits(
        files_per_change=_lesser(first.files_per_change, second.files_per_change),
        runs_per_hour=_lesser(first.runs_per_hour, second.runs_per_hour),
        tokens_per_day=_lesser(first.tokens_per_day, second.tokens_per_day),
    )


def _lesser(first: int | None, second: int | None) -> int | None:
    return min((value for value in (first, second) if value is not None), default=None)


def load_settings(config: Path, policy: Path) -> Settings:
    """Read both files; one that is not there narrows nothing. Never raises for what they hold."""
    return merge_settings(_read(config), _read(policy), config_name=str(config), policy_name=str(policy))


def merge_settings(
    config: bytes | str | None, policy: bytes | str | None, *, config_name: str, policy_name: str
) -> Settings:
    """The effective settings of two files' bytes: ``None`` for one that is not there, text for why one cannot be read.
    Pure.
    """
    rules = _file(policy, PolicyFields, policy_name)
    own = _file(config, ConfigFields, config_name)
    agents: dict[str, AgentSettings] = {}
    if own.root is not None and isinstance(own.fields, ConfigFields):
        for name, fields in (own.fields.agents or {}).items():
            line, column = place(child(own.root, "agents", name) or own.root)
            agents[name] = agent_settings(name, fields, Origin(file=config_name, line=line, column=column))
    narrowings = tuple(narrowing for file in (rules, own) if (narrowing := _narrowing(file)))
    default = own.fields.agent if isinstance(own.fields, ConfigFields) else None
    asked = own.fields.workers if own.fields and own.fields.workers else WORKERS
    most = rules.fields.workers if rules.fields and rules.fields.workers else asked
    return Settings(
        agent=default,
        agents=frozen_map(agents),
        narrowings=narrowings,
        workers=min(asked, most),
        faults=(*rules.faults, *own.faults),
        warnings=(*rules.warnings, *own.warnings),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    name: str
    fields: PolicyFields | None = None
    root: Node | None = None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Notice, ...] = ()


def _read(path: Path) -> bytes | str | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return "not a regular file"
            return file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _file(content: bytes | str | None, model: type[PolicyFields], name: str) -> _File:
    if content is None:
        return _File(name=name)
    if isinstance(content, str):
        return _File(name=name, faults=(Fault(file=name, line=1, column=1, key="", message=content),))
    tree = read_yaml(content)
    problems, doubts = list(tree.problems), list[Problem]()
    fields: PolicyFields | None = None
    if tree.root is not None:
        value = plain(tree.root)
        try:
            fields = model.model_validate({} if value is None else value)
        except ValidationError as error:
            problems += (model_problem(tree.root, item, model) for item in error.errors(include_url=False))
        problems += rule_problems(tree.root, "protected")
        if isinstance(defined := child(tree.root, "agents"), MappingNode):
            problems += agent_problems(defined)
        # A policy may name agents of users whose configuration it cannot see.
        (problems if model is ConfigFields else doubts).extend(_strange_agents(tree.root))
    found = sorted({problem.fault(name) for problem in problems}, key=lambda fault: (fault.line, fault.column))
    warnings = tuple(doubt.notice(name) for doubt in doubts)
    return _File(name=name, fields=None if found else fields, root=tree.root, faults=tuple(found), warnings=warnings)


def _strange_agents(root: Node) -> Iterator[Problem]:
    """Agent names that nothing answers to."""
    defined = child(root, "agents")
    known = _KINDS | frozenset(defined.nodes if isinstance(defined, MappingNode) else ())
    for key in ("agent", "agents_allowed", "agents_needing_approval"):
        written = child(root, key)
        for node in written.nodes if isinstance(written, Items) else [written]:
            if isinstance(node, Scalar) and isinstance(node.value, str) and node.value not in known:
                line, column = place(node)
                message = f"`{key}`: no agent is called {quoted(node.value)}{suggestion(node.value, known)}"
                yield Problem(line=line, column=column, key=key, message=message)


def _narrowing(file: _File) -> Narrowing | None:
    if file.faults:
        return Narrowing(by=file.name, broken=True)
    fields = file.fields
    if fields is None or file.root is None:
        return None
    written = child(file.root, "protected")
    nodes = written.nodes if isinstance(written, Items) else [written]
    protected = tuple(
        PathRule(pattern=pattern, scope="", origin=Origin(file=file.name, line=place(node)[0], column=place(node)[1]))
        for pattern, node in zip(fields.protected or (), nodes, strict=False)
        if node is not None
    )
    return Narrowing(
        by=file.name,
        allowed=None if fields.agents_allowed is None else frozenset(fields.agents_allowed),
        approval=frozenset(fields.agents_needing_approval or ()),
        highest_mode=Mode(fields.highest_mode or Mode.AUTO_FIX),
        limits=merged_limits(_UNLIMITED, fields.limits),
        protected=protected,
        network=fields.network is not False,
        workers=fields.workers,
    )


__all__ = [
    "POLICY_FILE", "ConfigFields", "Narrowing", "PolicyFields", "Settings", "Verdict", "effective_limits",
    "effective_mode", "load_settings", "merge_settings", "narrower", "network_allowed", "permitted",
]  # fmt: skip
