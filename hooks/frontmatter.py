"""Front matter: the YAML between two lines of dashes at the very start of a Markdown file. Pure.

Real files hold what is not quite YAML (``fileMatchPattern: **/*.ts`` without quotes, an alias to every reader of YAML),
so what YAML refuses is read line by line, as the person meant it, and said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hooks.tree import Mapping, plain
from hooks.yamltree import read_yaml

LONGEST = 16 * 1024

_FENCE = re.compile(r"---[ \t]*(?:\n|$)")
_LINE = re.compile(r"(?P<key>[A-Za-z_]+)[ \t]*:[ \t]*(?P<value>.*?)[ \t]*$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*?)[ \t]*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontMatter:
    """What a file's front matter says; empty texts where it says nothing. Lines count from 1.

    ``problems`` are lines with what is odd about them.
    """

    body: str
    inclusion: str = ""
    inclusion_line: int = 1
    patterns: tuple[str, ...] = ()
    pattern_line: int = 1
    description: str = ""
    problems: tuple[tuple[int, str], ...] = ()


def split_front_matter(text: str) -> FrontMatter:
    """A Markdown file's front matter and what follows it. Without dashes as its first bytes it has none."""
    opened = _FENCE.match(text)
    if opened is None:
        stray = re.match(r"\s+---[ \t]*\n(?=(?:.*\n){0,4}[ \t]*inclusion[ \t]*:)", text)
        odd = ((1, "front matter counts only at the very start of the file; remove what stands before it"),)
        return FrontMatter(body=text, problems=odd if stray else ())
    closed = next(
        (found for found in re.finditer(r"^---[ \t]*$\n?", text[:LONGEST], re.MULTILINE) if found.start()), None
    )
    if closed is None:
        return FrontMatter(body=text, problems=((1, "the front matter is never closed, so it is read as text"),))
    written = text[opened.end() : closed.start()]
    values, lines, problems = _values(written)
    pattern_key = "fileMatchPattern" if "fileMatchPattern" in values else "fileMatchPatterns"
    return FrontMatter(
        body=text[closed.end() :],
        inclusion=_text(values.get("inclusion")),
        inclusion_line=lines.get("inclusion", 1),
        patterns=_patterns(values.get(pattern_key)),
        pattern_line=lines.get(pattern_key, 1),
        description=_text(values.get("description")),
        problems=problems,
    )


def _values(written: str) -> tuple[dict[str, object], dict[str, int], tuple[tuple[int, str], ...]]:
    """Keys with their values, and with the lines of the file they stand on."""
    tree = read_yaml(written.encode("utf-8", "replace"))
    if isinstance(tree.root, Mapping) and not tree.problems:
        lines = {name: key.line + 1 for name, (key, _) in tree.root.nodes.items()}
        return {name: plain(node) for name, (_, node) in tree.root.nodes.items()}, lines, ()
    if not written.strip():
        return {}, {}, ()
    values, lines = _line_by_line(written)
    problem = tree.problems[0] if tree.problems else None
    said = f"the front matter is not YAML ({problem.message})" if problem else "the front matter holds no keys"
    line = problem.line + 1 if problem else 1
    return values, lines, ((line, f"{said}; read line by line"),)


def _line_by_line(written: str) -> tuple[dict[str, object], dict[str, int]]:
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    key = ""
    for number, line in enumerate(written.split("\n"), start=2):
        if found := _LINE.fullmatch(line):
            key = found["key"]
            lines.setdefault(key, number)
            values[key] = _bare_list(found["value"])
        elif (item := _ITEM.fullmatch(line)) and key:
            before = values.get(key)
            values[key] = [*(before if isinstance(before, list) else []), _unquoted(item["value"])]
    return values, lines


def _bare_list(value: str) -> object:
    if value.startswith("[") and value.endswith("]"):
        return [_unquoted(item.strip()) for item in _split(value[1:-1])]
    return _unquoted(value)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _patterns(value: object) -> tuple[str, ...]:
    """One pattern, several in a list, or several in one text with commas between them."""
    items = value if isinstance(value, list) else [value]
    return tuple(part for item in items if isinstance(item, str) for part in map(str.strip, _split(item)) if part)


def _split(text: str) -> list[str]:
    """``text`` at its commas, save those inside braces, brackets or parentheses."""
    parts, depth = [""], 0
    for character in text:
        if character == "," and not depth:
            parts.append("")
            continue
        depth = max(0, depth + (character in "{[(") - (character in "}])"))
        parts[-1] += character
    return parts
