"""One hooks.yaml, from bytes to hooks. Pure, never raises for bad content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from hooks.checks import cross_problems, model_problem
from hooks.faults import Fault, Problem, quoted
from hooks.fields import READY_AGENTS, AgentFields, HookFields, HooksFields, LimitsFields
from hooks.loaded import AgentSettings, ConfigFile, Loaded, PathRule, UsedKey, WorkspaceSettings, frozen_map
from hooks.model import Batch, Hook, Limits, Mode, Origin, Trigger
from hooks.tree import Items, Mapping, Node, child, place, plain
from hooks.yamltree import position, read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

ALWAYS_IN_EFFECT: Final = frozenset(
    {"version", "hooks", "name", "description", "enabled", "trigger", "pattern", "action"}
)

_MOST_FAULTS: Final = 200
_SETTLE_MAX: Final = 10.0


def load_hooks_file(
    text: bytes,
    *,
    name: str,
    scope: str = "",
    known_agents: Collection[str] = READY_AGENTS,
    default_agent: str = "builtin",
) -> Loaded:
    """The hooks and settings of one hooks.yaml. ``name`` is the path that origins and faults carry.

    Every fault is reported at once; with any fault there are no hooks and no settings. ``known_agents`` are those
    defined elsewhere; ``default_agent`` is for hooks of a file that names none.
    """
    file = ConfigFile(path=name, content=text)
    tree = read_yaml(text)
    if tree.root is None:
        return Loaded(faults=_faults(name, tree.problems, text), files=(file,))
    problems = list(tree.problems)
    fields: HooksFields | None = None
    if empty := _empty(tree.root):
        problems.append(empty)
    else:
        try:
            fields = HooksFields.model_validate(plain(tree.root))
        except ValidationError as error:
            problems += (model_problem(tree.root, item) for item in error.errors(include_url=False))
        problems += cross_problems(tree.root, known_agents)
    if problems or fields is None:
        return Loaded(faults=_faults(name, problems, text), files=(file,))
    reader = _Reader(tree.root, name, scope)
    settings = reader.settings(fields)
    hooks = reader.hooks(fields, settings, default_agent)
    return Loaded(hooks=hooks, settings=settings, files=(file,), used=tuple(reader.used(fields)))


def _faults(name: str, problems: Iterable[Problem], content: bytes) -> tuple[Fault, ...]:
    """The problems as faults, in the order of the file. The parser puts what is missing at the end beyond the end."""
    last = position(content.decode("utf-8", "replace").rstrip())[0]
    found = {replace(problem, line=min(problem.line, last)).fault(name) for problem in problems}
    return tuple(sorted(found, key=lambda fault: (fault.line, fault.column, fault.message))[:_MOST_FAULTS])


def _empty(root: Node) -> Problem | None:
    expected = "expected `hooks:` with a list of hooks"
    if isinstance(root, Mapping):
        line, column = place(root)
        if not root.nodes:
            return Problem(line=line, column=column, message=f"no keys; {expected}")
        if (hooks := root.nodes.get("hooks")) and plain(hooks[1]) is None:
            line, column = place(hooks[0])
            return Problem(line=line, column=column, key="hooks", message=f"`hooks` is empty; {expected}")
        return None
    value = plain(root)
    line, column = place(root)
    found = "the file is empty" if value is None else f"found {quoted(value)} at the top"
    return Problem(line=line, column=column, message=f"{found}; {expected}")


class _Reader:
    """Turns validated fields into values, with the places of the tree they came from."""

    def __init__(self, root: Node, name: str, scope: str) -> None:
        self._root, self._name, self._scope = root, name, scope

    def _origin(self, node: Node | None) -> Origin:
        line, column = place(node or self._root)
        return Origin(file=self._name, line=line, column=column)

    def settings(self, fields: HooksFields) -> WorkspaceSettings:
        """Everything but the hooks."""
        return WorkspaceSettings(
            agent=fields.agent,
            ignore=self._rules("ignore", fields.ignore),
            protected=self._rules("protected", fields.protected),
            readable=self._rules("readable", fields.readable),
            limits=merged_limits(Limits(), fields.limits),
            modes=frozen_map({name: Mode(mode) for name, mode in (fields.modes or {}).items()}),
            agents=frozen_map({name: self._agent(name, agent) for name, agent in (fields.agents or {}).items()}),
        )

    def _rules(self, key: str, patterns: list[str] | None) -> tuple[PathRule, ...]:
        written = child(self._root, key)
        nodes = written.nodes if isinstance(written, Items) else [written]
        return tuple(
            PathRule(pattern=pattern, scope=self._scope, origin=self._origin(node))
            for pattern, node in zip(patterns or (), nodes, strict=False)
        )

    def _agent(self, name: str, fields: AgentFields) -> AgentSettings:
        return agent_settings(name, fields, self._origin(child(self._root, "agents", name)))

    def hooks(self, fields: HooksFields, settings: WorkspaceSettings, default_agent: str) -> tuple[Hook, ...]:
        """The hooks in the order of the file."""
        agent = settings.agent or default_agent
        return tuple(
            self._hook(hook, child(self._root, "hooks", number), agent, settings.limits)
            for number, hook in enumerate(fields.hooks or ())
        )

    def _hook(self, fields: HookFields, node: Node | None, agent: str, limits: Limits) -> Hook:
        written = child(node, "pattern")
        patterns = written.nodes if isinstance(written, Items) else [written]
        given: dict[str, object] = {
            key: getattr(fields, key)
            for key in (
                "schedule",
                "settle",
                "settle_max",
                "cooldown",
                "retries",
                "on_checkout",
                "catch_up",
                "when_empty",
            )
            if getattr(fields, key) is not None
        }
        if fields.settle is not None and fields.settle_max is None:
            given["settle_max"] = max(fields.settle, _SETTLE_MAX)
        if fields.timeout is not None:
            given["timeout"] = unlimited(fields.timeout)
        return Hook(
            name=fields.name,
            triggers=frozenset(Trigger(trigger) for trigger in fields.trigger),
            origin=self._origin(node),
            patterns=tuple(fields.pattern or ()),
            pattern_origins=tuple(self._origin(pattern) for pattern in patterns if pattern),
            action=fields.action,
            command=fields.command,
            description=fields.description,
            enabled=fields.enabled,
            scope=self._scope,
            mode=Mode(fields.mode or Mode.ADVISORY),
            agent=fields.agent or agent,
            fallback=tuple(fields.fallback or ()),
            batch=Batch(fields.batch or Batch.EACH),
            context=tuple(fields.context or ()),
            limits=merged_limits(limits, fields.limits),
            **given,  # type: ignore[arg-type] # each value was validated by the field of the same name
        )

    def used(self, fields: HooksFields) -> Iterator[UsedKey]:
        """Every optional part that the file makes use of."""
        yield from self._used_in(self._root, "", skip={"limits"})
        yield from self._used_in(child(self._root, "limits"), "limits.")
        for name in fields.agents or ():
            yield from self._used_value(child(self._root, "agents", name, "kind"), "agent.")
        for number in range(len(fields.hooks or ())):
            hook = child(self._root, "hooks", number)
            yield from self._used_in(hook, "hook.", skip={"limits"})
            yield from self._used_in(child(hook, "limits"), "hook.limits.")
            yield from self._used_value(child(hook, "trigger"), "trigger.")

    def _used_in(self, node: Node | None, owner: str, skip: Collection[str] = ()) -> Iterator[UsedKey]:
        for key, (written, _) in node.nodes.items() if isinstance(node, Mapping) else ():
            if key not in ALWAYS_IN_EFFECT and key not in skip:
                yield UsedKey(feature=owner + key, file=self._name, line=written.line, column=written.column)

    def _used_value(self, node: Node | None, owner: str) -> Iterator[UsedKey]:
        for item in node.nodes if isinstance(node, Items) else [node] if node else []:
            yield UsedKey(feature=f"{owner}{plain(item)}", file=self._name, line=item.line, column=item.column)


def unlimited(value: float) -> float | None:
    """``None`` for the ``none`` of the file, which the models hold as a negative number."""
    return None if value < 0 else value


def merged_limits(base: Limits, fields: LimitsFields | None) -> Limits:
    """The limits of a base, with what was written in their place."""
    given = {} if fields is None else {key: value for key, value in fields if value is not None}
    values = {key: (None if value < 0 else value) for key, value in given.items()}
    return Limits(
        files_per_change=values.get("files_per_change", base.files_per_change),
        runs_per_hour=values.get("runs_per_hour", base.runs_per_hour),
        tokens_per_day=values.get("tokens_per_day", base.tokens_per_day),
    )


def agent_settings(name: str, fields: AgentFields, origin: Origin) -> AgentSettings:
    """One entry under ``agents:``."""
    return AgentSettings(
        name=name,
        kind=fields.kind,
        origin=origin,
        command=tuple(fields.command or ()),
        args=tuple(fields.args or ()),
        model=fields.model,
        region=fields.region,
        profile=fields.profile,
        endpoint=fields.endpoint,
        api_key_env=fields.api_key_env,
        timeout=None if fields.timeout is None else unlimited(fields.timeout),
        network=fields.network,
        env=frozen_map(fields.env),
        pass_env=tuple(fields.pass_env or ()),
        max_tokens=_count(fields.max_tokens),
        max_requests=_count(fields.max_requests),
        max_output_tokens=_count(fields.max_output_tokens),
        attempts=_count(fields.attempts),
        shell=fields.shell,
        read_only=tuple(fields.read_only or ()),
        mode=fields.mode,
        protocol=fields.protocol,
        stream=fields.stream,
        tools=fields.tools,
    )


def _count(written: int | None) -> int | None:
    """``None`` for what was not written, and for the ``none`` of the file."""
    return None if written is None or written < 0 else written
