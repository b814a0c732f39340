"""YAML to a tree of nodes with places, made of the parser's events alone.

PyYAML's composer and constructor are not used: they recurse (the C one dies of a megabyte of ``? ``), read YAML 1.1
(``on`` is true, ``0o17`` is text, ``1:30`` is ninety), let the last of two equal keys win and expand aliases. Here
size, depth and the number of nodes are bounded while the events come in, values follow the core schema of YAML 1.2, and
anchors, aliases, merge keys and tags other than the core's are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from hooks.faults import Problem, quoted
from hooks.tree import Items, Mapping, Node, Scalar, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 40_000

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset({f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")} | {"!"})


class _RefusedError(Exception):
    """The one problem that ends the reading."""

    def __init__(self, event: yaml.Event, message: str) -> None:
        super().__init__(message)
        line, column = _start(event)
        self.problem = Problem(line=line, column=column, message=message)


def _start(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def read_yaml(content: bytes, *, pure: bool = False) -> Tree:
    """One YAML document. Never raises; takes time and memory in proportion to the content, which is at most
    ``MAX_BYTES`` long. ``pure`` reads without the C library even where it is installed.
    """
    text, problem = decode(content)
    if problem:
        return Tree(root=None, problems=(problem,))
    builder = _Builder()
    try:
        root = builder.document(yaml.parse(text, Loader=_loader(pure=pure)))
    except _RefusedError as refused:
        return Tree(root=None, problems=(*builder.problems, refused.problem))
    except yaml.MarkedYAMLError as error:
        return Tree(root=None, problems=(*builder.problems, _syntax(error, text)))
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        message = f"not YAML: {quoted(str(error), 120)}"
        return Tree(root=None, problems=(*builder.problems, Problem(line=1, column=1, message=message)))
    return Tree(root=root, problems=tuple(builder.problems))


def decode(content: bytes, limit: int = MAX_BYTES) -> tuple[str, Problem | None]:
    """The text of a file, or why it is none: too large, not UTF-8, a character that no text holds."""
    if len(content) > limit:
        return "", Problem(line=1, column=1, message=f"too large: {len(content)} bytes; the limit is {limit}")
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = position(content[: error.start].decode("utf-8", "replace"))
        found = f"byte 0x{content[error.start]:02x}"
        return "", Problem(line=line, column=column, message=f"not UTF-8: {found}; save the file as UTF-8")
    if match := _FORBIDDEN.search(text):
        line, column = position(text[: match.start()])
        return "", Problem(line=line, column=column, message=f"the character U+{ord(match[0]):04X} is not allowed here")
    return text, None


def position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows a text."""
    ends = list(_LINE_END.finditer(before))
    return len(ends) + 1, len(before) - (ends[-1].end() if ends else 0) + 1


def _loader(*, pure: bool) -> type:
    c_loader: type | None = getattr(yaml, "CSafeLoader", None)
    return yaml.SafeLoader if pure or c_loader is None else c_loader


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = _LINE_END.split(text)
    here = lines[line] if line < len(lines) else ""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent and column <= len(indent):
        message = "a tab cannot indent in YAML; use spaces"
        return Problem(line=line + 1, column=indent.index("\t") + 1, message=message)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    hint = ""
    if "mapping values are not allowed" in said:
        hint = "; put a text that holds `: ` in quotes, and look at the indentation"
    elif "expected <block end>" in said or "did not find expected key" in said or "expected '-' indicator" in said:
        hint = "; look at the indentation of this line and of the one before"
    return Problem(line=line + 1, column=column + 1, message=f"not YAML: {quoted(said, 160)[1:-1]}{hint}")


class _Builder:
    """Turns events into nodes, with a stack of its own instead of recursion."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._stack: list[tuple[Items | Mapping, list[Scalar]]] = []
        self._count = 0
        self._root: Node | None = None

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """The only document of the stream; an empty stream is one empty value."""
        documents = 0
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _RefusedError(event, "a second document; expected one, without a further `---`")
        return self._root or Scalar(line=1, column=1, value=None)

    def _node(self, event: yaml.NodeEvent) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise _RefusedError(event, f"too many values; the limit is {MAX_NODES}")
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError(event, f"an alias (*{event.anchor}) is not allowed; write the value out")
        if event.anchor is not None:
            raise _RefusedError(
                event, f"an anchor (&{event.anchor}) is not allowed; write the value out where it is used"
            )
        if isinstance(event, yaml.ScalarEvent):
            self._add(_scalar(event))
            return
        if isinstance(event, yaml.CollectionStartEvent) and event.tag is not None and event.tag not in _TAGS:
            raise _RefusedError(event, f"the tag {quoted(event.tag)} is not allowed; leave it out")
        if len(self._stack) >= MAX_DEPTH:
            raise _RefusedError(event, f"nested too deep; the limit is {MAX_DEPTH} levels")
        if self._expects_key():
            raise _RefusedError(event, "a list or mapping cannot be a key; expected text")
        line, column = _start(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Mapping(line=line, column=column, nodes={}) if mapping else Items(line=line, column=column, nodes=[])
        self._stack.append((node, []))

    def _end(self, event: yaml.Event) -> None:
        node, _ = self._stack.pop()
        del event
        self._add(node)

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1][0], Mapping) and not self._stack[-1][1]

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent, pending = self._stack[-1]
        if isinstance(parent, Items):
            parent.nodes.append(node)
        elif not pending and isinstance(node, Scalar):
            pending.append(node)
        else:
            self._pair(parent, pending.pop(), node)

    def _pair(self, parent: Mapping, key: Scalar, node: Node) -> None:
        name = key.value if isinstance(key.value, str) else _as_text(key.value)
        if name in parent.nodes:
            first = parent.nodes[name][0]
            message = f"the key {quoted(name)} stands twice; it is first on line {first.line}"
            self.problems.append(Problem(line=key.line, column=key.column, message=message, key=name))
        else:
            parent.nodes[name] = (key, node)


def _as_text(value: float | bool | None) -> str:
    """A key that YAML reads as a number, a truth value or nothing, as text: keys are always text here."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    text = event.value
    if event.tag is not None and event.tag not in _TAGS:
        raise _RefusedError(event, f"the tag {quoted(event.tag)} is not allowed; leave it out")
    if found := _NO_TEXT.search(text):
        raise _RefusedError(event, f"the character U+{ord(found[0]):04X} is not allowed in a text")
    line, column = _start(event)
    value: str | int | float | bool | None = text
    if (event.implicit[0] and event.tag is None) or event.tag not in {None, "!", f"{_CORE}str"}:
        value = core_value(text)
    return Scalar(line=line, column=column, value=value, inset=_inset(event))


def _inset(event: yaml.ScalarEvent) -> int | None:
    quote = 1 if event.style in {"'", '"'} else 0
    start, end = event.start_mark, event.end_mark
    if not start or not end or event.style in {"|", ">"} or start.line != end.line:
        return None
    return quote if end.column - start.column == len(event.value) + 2 * quote else None


def core_value(text: str) -> str | int | float | bool | None:
    """What a plain scalar means in the core schema of YAML 1.2. A number beyond 18 digits becomes a float."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text[0] not in "+-.0123456789" or len(text) > 300:
        return text
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base) if len(text) <= 18 else float(int(text, base))
    if _FLOAT.fullmatch(text):
        return float(
            text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".nan", "nan")
            if text[-1] in "fFnN"
            else text
        )
    return text
