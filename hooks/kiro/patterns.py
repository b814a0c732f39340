"""Patterns of Kiro's hook files in the dialect of hooks.glob. Pure.

In a 0.x file negations stand anywhere among the patterns and always win, and a pattern without a slash matches at any
depth. In a v1 file the matcher is a regular expression that is searched for in the path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hooks.faults import Problem, quoted
from hooks.glob import REGEX_PREFIX, PatternFault, list_faults
from hooks.tree import Scalar, place

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 500

_FOLDER = re.compile(r"\$\{?(?:workspaceFolder|workspaceRoot)\}?[\\/]?|\{workspaceFolder\}[\\/]?")
_LIST_OF_GLOBS = re.compile(r"\*|[\w./@-]*\*+[\w.*/{},@-]*(?:\s*,\s*[\w./@-]*\*+[\w.*/{},@-]*)*")
_LOOKAHEAD = re.compile(r"\(\?!((?:[^()\\\[]|\\.|\[(?:\\.|[^\]\\])*\]|\((?:[^()\\]|\\.)*\))*)\)")


@dataclass(kw_only=True, slots=True)
class Read:
    """Patterns as they are used here, each with its place, what was put right on the way, and what could not be."""

    patterns: dict[str, Scalar] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    def warn(self, node: Scalar, message: str) -> None:
        """Something that was put right."""
        line, column = place(node)
        self.warnings.append(Problem(line=line, column=column, key="patterns", message=message))

    def fault(self, node: Scalar, message: str, offset: int | None = None) -> None:
        """Something that could not be."""
        line, column = place(node, offset)
        self.faults.append(Problem(line=line, column=column, key="patterns", message=message))


def read_globs(nodes: Sequence[Scalar]) -> Read:
    """Patterns of a 0.x file, each a node whose value is text."""
    read = Read()
    taken: dict[str, Scalar] = {}
    left_out: dict[str, Scalar] = {}
    for node, text in _joined(nodes[:MOST], read):
        negated = text.startswith("!")
        bare = _tidied(node, text.removeprefix("!").strip(), read)
        if not bare:
            read.warn(node, "an empty pattern; left out")
            continue
        pattern = bare if "/" in bare or bare == "**" else f"**/{bare}"
        if found := list_faults([pattern]):
            fault = found[0][1]
            read.fault(node, f"pattern {quoted(text)}: {fault}", fault.offset)
        elif negated:
            left_out.setdefault(f"!{pattern}", node)
        else:
            taken.setdefault(pattern, node)
    if len(nodes) > MOST:
        read.fault(nodes[MOST], f"more than {MOST} patterns")
    if left_out and not taken and not read.faults:
        read.warn(nodes[0], "only patterns that take files out; read as every file but those")
        taken["**"] = nodes[0]
    read.patterns = {**taken, **left_out}
    if read.patterns and not read.faults:
        for index, fault in list_faults(list(read.patterns)):
            pattern, node = list(read.patterns.items())[index]
            read.fault(node, f"pattern {quoted(pattern)}: {fault}")
    return read


def _joined(nodes: Sequence[Scalar], read: Read) -> list[tuple[Scalar, str]]:
    """The patterns, one that was broken at the commas of its braces put together again."""
    joined: list[tuple[Scalar, str]] = []
    first: Scalar | None = None
    open_text = ""
    for node in nodes:
        text = str(node.value)
        if first is not None:
            open_text += f",{text.strip()}"
            if _depth(open_text) <= 0:
                read.warn(first, f"a pattern broken at the commas of its braces; read as {quoted(open_text)}")
                joined.append((first, open_text))
                first = None
        elif _depth(text) > 0:
            first, open_text = node, text.strip()
        elif "," in text and "{" not in text:
            read.warn(node, f"several patterns in one text; read as {len(text.split(','))} patterns")
            joined += [(node, part.strip()) for part in text.split(",")]
        else:
            joined.append((node, text))
    if first is not None:
        read.fault(first, f"pattern {quoted(open_text)}: a `{{` without its `}}`")
    return joined


def _depth(text: str) -> int:
    return text.count("{") - text.count("}")


def _tidied(node: Scalar, bare: str, read: Read) -> str:
    tidy = _FOLDER.sub("", bare, count=1) if bare.startswith(("$", "{workspace")) else bare
    if "\\" in tidy and "/" not in tidy and not re.search(r"\\[?{}\[\]!]", tidy):
        tidy = tidy.replace("\\", "/")
    while tidy.startswith("./"):
        tidy = tidy[2:]
    tidy = re.sub(r"/{2,}", "/", tidy).lstrip("/")
    if tidy.endswith("/"):
        tidy += "**"
    if tidy != bare and tidy:
        read.warn(node, f"pattern {quoted(bare)}: read as {quoted(tidy)}")
    return tidy


def read_matcher(node: Scalar) -> Read:
    """The matcher of a v1 hook, carried as ``re:`` patterns."""
    read = Read()
    text = str(node.value)
    if not text or text in {"*", ".*", "**", "**/*"}:
        read.patterns = {"**": node}
        return read
    expression, left_out = _without_lookahead(_unescaped_twice(node, text, read))
    patterns = [REGEX_PREFIX + expression, *(f"!{REGEX_PREFIX}{other}" for other in left_out)]
    faults = list_faults(patterns)
    if faults and _LIST_OF_GLOBS.fullmatch(text):
        read.warn(node, f"matcher {quoted(text)} is no regular expression; read as a list of patterns")
        globs = read_globs([Scalar(line=node.line, column=node.column, value=part) for part in _globs(text)])
        read.patterns, read.faults = globs.patterns, globs.faults
        return read
    for _, fault in faults[:1]:
        read.fault(node, f"matcher {quoted(text)}: {_reason(fault)}; write this hook in hooks.yaml with `pattern`")
    read.patterns = dict.fromkeys(patterns, node)
    return read


def _globs(text: str) -> list[str]:
    return [text] if "{" in text else [part.strip() for part in text.split(",") if part.strip()]


def _reason(fault: PatternFault) -> str:
    return f"{fault.reason}; {fault.remedy}" if fault.remedy else fault.reason


def _unescaped_twice(node: Scalar, text: str, read: Read) -> str:
    r"""A matcher written with one escape too many (``src/.*\\\\.rs$`` in JSON): no path holds a backslash."""
    if not re.search(r"\\\\[.dwsDWS/$*+?(){}|^]", text) or re.search(r"\[[^\]]*\\\\", text):
        return text
    read.warn(node, f"matcher {quoted(text)} asks for a backslash, which no path holds; read without it")
    return re.sub(r"\\\\([.dwsDWS/$*+?(){}|^])", r"\\\1", text)


def _without_lookahead(text: str) -> tuple[str, list[str]]:
    """``^(?!not this)that`` as ``^that`` and what is left out: the same set of paths, without look-around."""
    left_out: list[str] = []
    rest = text.removeprefix("^")
    anchored = text != rest
    while anchored and (found := _LOOKAHEAD.match(rest)) and len(left_out) < 10:
        left_out.append(f"^(?:{found[1]})")
        rest = rest[found.end() :]
    if not left_out or _alternatives(rest):
        return text, []
    return f"^(?:{rest})", left_out


def _alternatives(expression: str) -> bool:
    """Whether a `|` stands outside of all groups and sets."""
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", expression)
    depth = 0
    for character in bare:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth <= 0:
            return True
    return False
