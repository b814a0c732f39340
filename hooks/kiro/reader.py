"""One of Kiro's hook files, from bytes to hooks, by its shape and not by its name. Pure, never raises for bad content.

Shapes: 0.x (``when`` and ``then``), v1 (``hooks: [...]`` with ``trigger`` and ``action``), and what people write who
remember one of them half: ``trigger``/``action`` objects, ``eventType``/``hookAction``, a bare list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from hooks.faults import Problem, quoted, suggestion
from hooks.fields import LONGEST_COMMAND
from hooks.jsontree import read_json
from hooks.kiro.patterns import Read, read_globs, read_matcher
from hooks.kiro.shape import (
    RefusedError,
    first_of,
    in_directory,
    problem_at,
    text_of,
    texts_of,
    with_file_path,
)
from hooks.kiro.words import KNOWN_KEYS, PROPER, PROPER_ACTIONS, action_of, needs_ide, trigger_of
from hooks.loaded import ConfigFile, Loaded, NeedsIde
from hooks.model import FILE_TRIGGERS, Hook, Limits, Origin, Trigger
from hooks.tree import Items, Mapping, Node, Scalar, child, key_node, place, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT: Final = 60.0
"""Seconds that Kiro gives a command when the file does not say."""
MOST_HOOKS: Final = 1_000

_MEANT: Final = {"action": "a prompt", "command": "a command"}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What hooks get whose own format has no such field."""

    agent: str = "builtin"
    limits: Limits = field(default_factory=Limits)


def read_hook_file(
    content: bytes, *, name: str, scope: str = "", defaults: Defaults | None = None, personal: bool = False
) -> Loaded:
    """The hooks of one file. ``name`` is the path that origins and faults carry. A hook that cannot be used is a
    fault, the others of the file count; what needs the IDE is listed; the mode is always advisory.
    """
    file = ConfigFile(path=name, content=content, personal=personal)
    tree = read_json(content)
    if tree.root is None:
        return Loaded(faults=tuple(problem.fault(name) for problem in tree.problems), files=(file,))
    reader = _Reader(name, scope, defaults or Defaults())
    reader.warnings += tree.problems
    reader.document(tree.root)
    return Loaded(
        hooks=tuple(reader.hooks),
        faults=tuple(problem.fault(name) for problem in reader.faults),
        warnings=tuple(problem.notice(name) for problem in reader.warnings),
        files=(file,),
        needs_ide=tuple(reader.needs_ide),
    )


class _Reader:
    def __init__(self, name: str, scope: str, defaults: Defaults) -> None:
        self._name, self._scope, self._defaults = name, scope, defaults
        self._strict = name.endswith(".hook")
        self.hooks: list[Hook] = []
        self.faults: list[Problem] = []
        self.warnings: list[Problem] = []
        self.needs_ide: list[NeedsIde] = []

    def document(self, root: Node) -> None:
        """Every hook of the file."""
        items = list(self._items(root))
        for node in items[:MOST_HOOKS]:
            try:
                self._hook(node, single=node is root)
            except RefusedError as refused:
                self.faults += refused.problems
        if len(items) > MOST_HOOKS:
            self.faults.append(problem_at(items[MOST_HOOKS], "hooks", f"more than {MOST_HOOKS} hooks in one file"))

    def _items(self, root: Node) -> Iterator[Mapping]:
        if isinstance(root, Scalar) and root.value is None:
            self.faults.append(problem_at(root, "", "the file is empty; expected a hook of Kiro's as JSON"))
            return
        listed = child(root, "hooks") if isinstance(root, Mapping) else root
        if isinstance(listed, Mapping):
            yield from self._by_event(listed)
        elif isinstance(listed, Items):
            self._version(root)
            for node in listed.nodes:
                if isinstance(node, Mapping):
                    yield node
                else:
                    self.faults.append(problem_at(node, "hooks", f"expected a hook, found {quoted(plain(node))}"))
        elif isinstance(root, Mapping) and self._is_hook(root):
            yield root
        elif self._strict or not isinstance(root, Mapping):
            self.faults.append(problem_at(root, "when", "no hook of Kiro's: expected an object with `when` and `then`"))
        else:
            self.warnings.append(
                problem_at(
                    root, "", "not in a form that Kiro reads (neither `hooks` nor `when` and `then`); passed over"
                )
            )

    def _is_hook(self, root: Mapping) -> bool:
        return bool({"when", "then", "trigger", "action", "event", "eventType", "hookAction"} & root.nodes.keys())

    def _by_event(self, listed: Mapping) -> Iterator[Mapping]:
        """``{"hooks": {"preToolUse": [...]}}``, as other agents write them: each list under its event."""
        for event, (key, node) in listed.nodes.items():
            for item in node.nodes if isinstance(node, Items) else [node]:
                if isinstance(item, Mapping):
                    yield Mapping(line=item.line, column=item.column, nodes={"event": (key, key), **item.nodes})
                else:
                    self.faults.append(problem_at(item, event, f"expected a hook, found {quoted(plain(item))}"))

    def _version(self, root: Node) -> None:
        version = child(root, "version")
        if version is None:
            self.warnings.append(problem_at(root, "version", 'the key `version` is missing; read as "v1"'))
        elif plain(version) not in ("v1", "1", 1, "1.0", "1.0.0"):
            self.warnings.append(
                problem_at(version, "version", f'unknown version {quoted(plain(version))}; read as "v1"')
            )

    def _hook(self, node: Mapping, *, single: bool) -> None:
        name = self._hook_name(node, single=single)
        origin = self._origin(node)
        triggers = self._triggers(node, name, origin)
        if triggers is None:
            return
        action, command = self._work(node)
        patterns: dict[str, Scalar] = {}
        if triggers & FILE_TRIGGERS:
            patterns = self._patterns(node)
        self._unknown_keys(node)
        fields = {"timeout": self._timeout(node)} if command is not None else {}
        self.hooks.append(
            Hook(
                name=name,
                triggers=triggers,
                origin=origin,
                patterns=tuple(patterns),
                pattern_origins=tuple(self._origin(pattern) for pattern in patterns.values()),
                action=action,
                command=command,
                description=_UNPRINTABLE.sub(" ", (text_of(child(node, "description")) or ""))[:2000],
                enabled=self._enabled(node),
                scope=self._scope,
                agent=self._defaults.agent,
                limits=self._defaults.limits,
                **fields,  # type: ignore[arg-type] # seconds or None, as `timeout` has it
            )
        )

    def _origin(self, node: Node) -> Origin:
        line, column = place(node)
        return Origin(file=self._name, line=line, column=column)

    def _hook_name(self, node: Mapping, *, single: bool) -> str:
        _, written = first_of(node, "name", "title", "id")
        text = _UNPRINTABLE.sub(" ", text_of(written) or "").strip()[:200].strip()
        if text:
            return text
        stem = PurePosixPath(self._name).name.removesuffix(".json").removesuffix(".hook").removesuffix(".kiro")
        text = (_UNPRINTABLE.sub(" ", stem).strip() or "hook") + ("" if single else f" (line {node.line})")
        self.warnings.append(problem_at(written or node, "name", f"no name; called {quoted(text)}"))
        return text

    def _triggers(self, node: Mapping, name: str, origin: Origin) -> frozenset[Trigger] | None:
        """What makes it run; ``None`` when only an IDE could say so, which is then listed."""
        key, written = first_of(node, "when", "trigger", "event", "eventType")
        kind = written
        if isinstance(written, Mapping):
            key, kind = f"{key}.type", child(written, "type")
        if kind is None:
            expected = "`trigger`" if "action" in node.nodes else "`when` with its `type`"
            raise RefusedError(problem_at(written or node, key, f"the key {expected} is missing"))
        found: set[Trigger] = set()
        for item in kind.nodes if isinstance(kind, Items) else [kind]:
            word = text_of(item)
            if word is None:
                raise RefusedError(problem_at(item, key, f"`{key}`: expected a name, found {quoted(plain(item))}"))
            trigger = trigger_of(word)
            if trigger:
                found.add(trigger)
                if word not in PROPER:
                    message = f"`{key}`: Kiro has no trigger {quoted(word)}; read as {trigger.value}"
                    self.warnings.append(problem_at(item, key, message))
            elif needs_ide(word):
                reason = "needs the IDE: it is about a chat or a tool, not about a file"
                self.needs_ide.append(NeedsIde(name=name, trigger=word, origin=origin, reason=reason))
            else:
                near = suggestion(word, PROPER) or f"; known are {', '.join(sorted(PROPER))}"
                raise RefusedError(problem_at(item, key, f"`{key}`: unknown trigger {quoted(word)}{near}"))
        return frozenset(found) or None

    def _work(self, node: Mapping) -> tuple[str | None, str | None]:
        """The action or the command."""
        key, written = first_of(node, "then", "action", "hookAction")
        holder = written if isinstance(written, Mapping) else node
        kind = child(written, "type") if isinstance(written, Mapping) else written
        texts = {
            "command": first_of(holder, "command"),
            "action": first_of(holder, "prompt", "message", "outputPrompt"),
        }
        word = text_of(kind)
        wanted = action_of(word) if word is not None else None
        if wanted is None:
            there = [name for name, (_, found) in texts.items() if text_of(found)]
            if word is not None and word.strip():
                message = f"`{key}`: unknown type {quoted(word)}; known are askAgent and runCommand"
                raise RefusedError(problem_at(kind or node, key, message))
            if len(there) != 1:
                raise RefusedError(problem_at(written or node, key, f"`{key}`: no type askAgent or runCommand"))
            wanted = there[0]
        elif word not in PROPER_ACTIONS and kind is not None:
            message = f"`{key}`: Kiro has no action {quoted(word)}; read as {_MEANT[wanted]}"
            self.warnings.append(problem_at(kind, key, message))
        text_key, found = texts[wanted]
        text = text_of(found)
        if text is None or not text.strip() or "\0" in text:
            raise RefusedError(
                problem_at(found or written or node, text_key, f"`{text_key}`: expected a text for {wanted}")
            )
        if wanted == "command" and len(text) > LONGEST_COMMAND:
            message = f"`{text_key}`: longer than {LONGEST_COMMAND} characters; put it into a script"
            raise RefusedError(problem_at(found or node, text_key, message))
        named = with_file_path(text)
        if named != text:
            message = f"`{text_key}`: the place for the file's path is read as {{{{filePath}}}}"
            self.warnings.append(problem_at(found or node, text_key, message))
        if wanted == "action":
            return named, None
        return None, in_directory(holder, named)

    def _patterns(self, node: Mapping) -> dict[str, Scalar]:
        if (matcher := child(node, "matcher")) is not None:
            return self._matcher(matcher)
        _, when = first_of(node, "when", "trigger")
        holders = [holder for holder in (when, node) if isinstance(holder, Mapping)]
        nodes: list[Scalar] = []
        for holder in holders:
            for key, sign in (
                ("patterns", ""), ("pattern", ""), ("filePatterns", ""), ("filePattern", ""),
                ("excludePatterns", "!"), ("excludePattern", "!"),
            ):  # fmt: skip
                nodes += texts_of(child(holder, key), key, sign)
        if not nodes:
            if "when" not in node.nodes and text_of(child(node, "trigger")):
                word = key_node(node, "trigger")
                return {"**": word} if word else {}
            raise RefusedError(problem_at(when or node, "patterns", "the key `patterns` is missing or empty"))
        return self._taken(read_globs(nodes))

    def _matcher(self, node: Node) -> dict[str, Scalar]:
        texts = texts_of(node, "matcher", "")
        patterns: dict[str, Scalar] = {}
        for text in texts:
            patterns |= self._taken(read_matcher(text))
        ordered = dict(sorted(patterns.items(), key=lambda item: item[0].startswith("!")))
        return ordered or {"**": Scalar(line=node.line, column=node.column, value=None)}

    def _taken(self, read: Read) -> dict[str, Scalar]:
        self.warnings += read.warnings
        if read.faults:
            raise RefusedError(*read.faults)
        return read.patterns

    def _timeout(self, node: Mapping) -> float | None:
        for holder in (child(node, "then"), child(node, "action"), node):
            if (written := child(holder, "timeout")) is None:
                continue
            value = plain(written)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 10**7:
                if value > 3600:
                    message = f"`timeout`: {value:g} seconds; Kiro counts in seconds, not in milliseconds"
                    self.warnings.append(problem_at(written, "timeout", message))
                return float(value) or None
            message = f"`timeout`: expected seconds, found {quoted(value)}; read as {TIMEOUT:g}"
            self.warnings.append(problem_at(written, "timeout", message))
        return TIMEOUT

    def _enabled(self, node: Mapping) -> bool:
        written = child(node, "enabled")
        value = True if written is None else plain(written)
        if isinstance(value, bool):
            return value
        meant = str(value).strip().lower() not in {"false", "no", "off", "0", "none"}
        message = f"`enabled`: expected true or false, found {quoted(value)}; read as {str(meant).lower()}"
        self.warnings.append(problem_at(written or node, "enabled", message))
        return meant

    def _unknown_keys(self, node: Mapping) -> None:
        for name in list(node.nodes)[:100]:
            if name not in KNOWN_KEYS and (key := key_node(node, name)):
                self.warnings.append(problem_at(key, name, f"unknown key {quoted(name)}; passed over"))
