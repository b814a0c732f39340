"""Faults of a hooks.yaml that was read: what the models say, in a person's words, and what needs several keys. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from hooks.durations import parse_duration
from hooks.faults import Problem, quoted, suggestion
from hooks.fields import READY_AGENTS, AgentFields, HookFields, HooksFields, LimitsFields, TriggerName
from hooks.glob import PatternFault, list_faults, split_negation
from hooks.model import FILE_TRIGGERS
from hooks.paths import PathError, check_pattern
from hooks.tree import Items, Mapping, Node, Scalar, child, dotted, key_node, nearest, place, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

_FILE_TRIGGERS: Final = frozenset(str(trigger) for trigger in FILE_TRIGGERS)
_TRIGGER_WORDS: Final = {
    "filecreated": "file_created",
    "fileadded": "file_created",
    "created": "file_created",
    "create": "file_created",
    "added": "file_created",
    "postfilecreate": "file_created",
    "fileedited": "file_modified",
    "filechanged": "file_modified",
    "filesaved": "file_modified",
    "filesave": "file_modified",
    "filemodified": "file_modified",
    "saved": "file_modified",
    "changed": "file_modified",
    "postfilesave": "file_modified",
    "onsave": "file_modified",
    "fileremoved": "file_deleted",
    "filedeleted": "file_deleted",
    "deleted": "file_deleted",
    "removed": "file_deleted",
    "postfiledelete": "file_deleted",
    "usertriggered": "manual",
    "cron": "schedule",
}
_EXPECTED: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
}
_MODELS: Final[dict[str, type[BaseModel]]] = {"hooks": HookFields, "agents": AgentFields, "limits": LimitsFields}


def model_problem(root: Node, error: ErrorDetails, model: type[BaseModel] = HooksFields) -> Problem:
    """What one error of a model comes to: its place, its key, its words."""
    way = [step for step in error["loc"] if step != "[key]"]
    kind, context = error["type"], error.get("ctx") or {}
    key = dotted(way)
    node = nearest(root, way)
    if kind == "extra_forbidden":
        return _unknown_key(root, way, model)
    if kind == "missing":
        line, column = place(node)
        return Problem(line=line, column=column, key=key, message=f"the key `{way[-1]}` is missing{_needed(way)}")
    line, column = place(node, context.get("offset"))
    if "[key]" in error["loc"] and (written := key_node(child(root, *way[:-1]), str(way[-1]))):
        line, column = place(written, context.get("offset"))
    said = str(context["said"]) if kind == "hooks" else _standard(kind, context, error["input"], way)
    return Problem(line=line, column=column, key=key, message=f"`{_last_key(way)}`: {said}")


def _last_key(way: Sequence[str | int]) -> str:
    return next((step for step in reversed(way) if isinstance(step, str)), "hooks.yaml")


def _needed(way: Sequence[str | int]) -> str:
    return f"; expected one of {', '.join(get_args(TriggerName))}" if way[-1] == "trigger" else ""


def _unknown_key(root: Node, way: Sequence[str | int], model: type[BaseModel]) -> Problem:
    parent = child(root, *way[:-1])
    written = key_node(parent, str(way[-1]))
    known = _known_keys(way[:-1], model)
    line, column = place(written or parent or root)
    near = suggestion(str(way[-1]), known) or f"; expected one of {', '.join(known)}"
    return Problem(line=line, column=column, key=dotted(way), message=f"unknown key {quoted(str(way[-1]))}{near}")


def _known_keys(way: Sequence[str | int], model: type[BaseModel]) -> tuple[str, ...]:
    for step in way:
        model = _MODELS.get(str(step), model)
    return tuple(model.model_fields)


def _standard(kind: str, context: dict[str, Any], found: object, way: Sequence[str | int]) -> str:
    if kind in {"literal_error", "enum"}:
        return _choice(str(context.get("expected", "")), found, way)
    if kind == "string_pattern_mismatch":
        return f"expected a name of an environment variable, found {quoted(found)}"
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = f"{context['ge']} or more" if "ge" in context else f"{context.get('le')} or less"
        return f"expected {bound}, found {quoted(found)}"
    hint = ""
    if kind == "bool_type" and isinstance(found, str) and found.lower() in {"yes", "no", "on", "off", "y", "n"}:
        hint = f"; write {'true' if found.lower() in {'yes', 'on', 'y'} else 'false'}"
    if kind == "string_type" and isinstance(found, (int, float, bool)):
        hint = "; put it in quotes"
    return f"expected {_EXPECTED.get(kind, 'another value')}, found {quoted(found)}{hint}"


def _choice(expected: str, found: object, way: Sequence[str | int]) -> str:
    names = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
    near = suggestion(found, names)
    if "trigger" in way and isinstance(found, str):
        word = _TRIGGER_WORDS.get("".join(c for c in found.lower() if c.isalnum()))
        near = f"; did you mean {quoted(word)}?" if word else near
    return f"expected {'one of ' if len(names) > 1 else ''}{', '.join(names)}, found {quoted(found)}{near}"


def cross_problems(root: Node, agents: Collection[str]) -> Iterator[Problem]:
    """What is wrong between keys. Looks at whatever is there, however wrong the rest of the file is."""
    known = set(agents)
    if isinstance(defined := child(root, "agents"), Mapping):
        known |= set(defined.nodes)
        yield from agent_problems(defined)
    yield from _agent_name(root, ("agent",), known)
    names: dict[str, int] = {}
    hooks = child(root, "hooks")
    for number, node in enumerate(hooks.nodes if isinstance(hooks, Items) else ()):
        if not isinstance(node, Mapping):
            continue
        way = ("hooks", number)
        yield from _duplicate(node, way, names)
        yield from _one_work(node, way)
        yield from _trigger(node, way)
        yield from _patterns(node, way)
        yield from _times(node, way)
        yield from _agent_name(root, (*way, "agent"), known)
        fallback = child(node, "fallback")
        for index in range(len(fallback.nodes) if isinstance(fallback, Items) else 0):
            yield from _agent_name(root, (*way, "fallback", index), known)
    for key in ("ignore", "protected", "readable"):
        yield from rule_problems(root, key)


def _problem(node: Node, way: Sequence[str | int], message: str, offset: int | None = None) -> Problem:
    line, column = place(node, offset)
    return Problem(line=line, column=column, key=dotted(way), message=message)


def agent_problems(defined: Mapping) -> Iterator[Problem]:
    """What is wrong between the keys of entries under ``agents:``."""
    for name, (key, node) in defined.nodes.items():
        kind = child(node, "kind")
        if not isinstance(kind, Scalar):
            continue
        if name in READY_AGENTS and kind.value != name:
            message = f"{quoted(name)} is the agent of that kind; give this one another name"
            yield _problem(key, ("agents", name), message)
        if kind.value in {"command", "acp"} and child(node, "command") is None:
            yield _problem(key, ("agents", name), f"the key `command` is missing; kind {kind.value} needs a program")
        if kind.value == "openai" and child(node, "endpoint") is None:
            yield _problem(key, ("agents", name), "the key `endpoint` is missing; kind openai needs an address")
        if kind.value in {"bedrock", "openai"} and child(node, "command") is not None:
            command = key_node(node, "command") or key
            message = f"`command` has no meaning for kind {kind.value}; leave it out"
            yield _problem(command, ("agents", name, "command"), message)


def _agent_name(root: Node, way: tuple[str | int, ...], known: Collection[str]) -> Iterator[Problem]:
    node = child(root, *way)
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value and node.value not in known:
        near = suggestion(node.value, known) or f"; expected one of {', '.join(sorted(known))}"
        yield _problem(node, way, f"`{_last_key(way)}`: no agent is called {quoted(node.value)}{near}")


def _duplicate(node: Mapping, way: tuple[str | int, ...], names: dict[str, int]) -> Iterator[Problem]:
    name = child(node, "name")
    if not isinstance(name, Scalar) or not isinstance(name.value, str):
        return
    if name.value in names:
        message = f"`name`: another hook is called {quoted(name.value)}, on line {names[name.value]}; names are unique"
        yield _problem(name, (*way, "name"), message)
    else:
        names[name.value] = name.line


def _one_work(node: Mapping, way: tuple[str | int, ...]) -> Iterator[Problem]:
    if "action" in node.nodes and "command" in node.nodes:
        second = max(node.nodes["action"][0], node.nodes["command"][0], key=lambda key: (key.line, key.column))
        message = "`action` and `command` exclude each other; keep what the agent is asked, or what the shell runs"
        yield _problem(second, (*way, "command"), message)
    elif "action" not in node.nodes and "command" not in node.nodes:
        message = "the key `action` is missing: what the agent is asked to do (or `command`, what the shell runs)"
        yield _problem(node, (*way, "action"), message)


def _trigger(node: Mapping, way: tuple[str | int, ...]) -> Iterator[Problem]:
    written = child(node, "trigger")
    if written is None:
        return
    value = plain(written)
    triggers = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    names = {trigger for trigger in triggers if isinstance(trigger, str)}
    if isinstance(written, Items) and len(names) < len(triggers) and len(names) == len({str(t) for t in triggers}):
        yield _problem(written, (*way, "trigger"), "`trigger`: the same trigger stands twice")
    if "schedule" in names and "schedule" not in node.nodes:
        message = "the key `schedule` is missing; the trigger `schedule` needs one such as '0 9 * * mon-fri'"
        yield _problem(written, (*way, "schedule"), message)
    if "schedule" in node.nodes and names and "schedule" not in names:
        key = node.nodes["schedule"][0]
        yield _problem(key, (*way, "schedule"), "`schedule` has no effect without the trigger `schedule`")
    if names & _FILE_TRIGGERS and "pattern" not in node.nodes:
        first = min(names & _FILE_TRIGGERS)
        message = f"the key `pattern` is missing; the trigger `{first}` needs one such as 'src/**/*.ts'"
        yield _problem(written, (*way, "pattern"), message)


def _texts(written: Node | None) -> list[tuple[Scalar, str]]:
    """The texts of a value that is one text or a list of them, each with its node; empty when it is neither."""
    nodes = written.nodes if isinstance(written, Items) else [written]
    return [(node, node.value) for node in nodes if isinstance(node, Scalar) and isinstance(node.value, str)]


def _patterns(node: Mapping, way: tuple[str | int, ...]) -> Iterator[Problem]:
    texts = _texts(child(node, "pattern"))
    for index, (written, text) in enumerate(texts):
        try:
            check_pattern(text)
        except PathError as error:
            yield _problem(written, (*way, "pattern", index), f"`pattern`: {error}", error.offset)
    for index, fault in list_faults([text for _, text in texts]):
        written, text = texts[index]
        yield _problem(written, (*way, "pattern", index), f"`pattern`: {_said(text, fault)}", fault.offset)


def _said(text: str, fault: PatternFault) -> str:
    return f"{quoted(text)}: {fault}" if text else str(fault)


def _times(node: Mapping, way: tuple[str | int, ...]) -> Iterator[Problem]:
    settle, longest = child(node, "settle"), child(node, "settle_max")
    try:
        quiet = parse_duration(plain(settle)) if settle else 0.5
        most = parse_duration(plain(longest)) if longest else quiet
    except ValueError:
        return
    if longest and quiet > most:
        message = f"`settle_max` ({most:g}s) is shorter than `settle` ({quiet:g}s), which it bounds"
        yield _problem(longest, (*way, "settle_max"), message)


def rule_problems(root: Node, key: str) -> Iterator[Problem]:
    """What is wrong with the patterns of ``ignore``, ``protected`` or ``readable``."""
    for index, (node, text) in enumerate(_texts(child(root, key))):
        negated, bare = split_negation(text)
        if negated and key == "protected":
            yield _problem(node, (key, index), "`protected`: a leading `!` is not allowed; nothing shortens the list")
        for _, fault in list_faults([bare.removesuffix("/")]):
            yield _problem(node, (key, index), f"`{key}`: {_said(text, fault)}", fault.offset + negated)
