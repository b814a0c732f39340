"""Looks into the objects of Kiro's hook files, whatever they hold. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hooks.faults import Problem, quoted
from hooks.tree import Items, Node, Scalar, child, place, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACEHOLDER = re.compile(
    r"(?P<quote>[\"']?)(?<!\{)(?:\$?\{(?:file|filePath|filepath|file_path)\}|\{\{(?:file|path)\}\})(?!\})(?P=quote)"
)


class RefusedError(Exception):
    """Why one hook cannot be used."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def problem_at(node: Node, key: str, message: str) -> Problem:
    """A problem at the place of a node."""
    line, column = place(node)
    return Problem(line=line, column=column, key=key, message=message)


def text_of(node: Node | None) -> str | None:
    """A node's text, when it is one."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def first_of(node: Node | None, *keys: str) -> tuple[str, Node | None]:
    """The first of several keys that is there, and what stands behind it."""
    for key in keys:
        if (found := child(node, key)) is not None:
            return key, found
    return keys[0], None


def texts_of(node: Node | None, key: str, sign: str) -> Iterator[Scalar]:
    """The texts of a value that is one or a list of them, each with ``sign`` before it. Raises RefusedError for any
    other value.
    """
    for item in node.nodes if isinstance(node, Items) else [node] if node is not None else []:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            inset = None if sign else item.inset
            yield Scalar(line=item.line, column=item.column, value=sign + item.value, inset=inset)
        elif plain(item) is not None:
            raise RefusedError(problem_at(item, key, f"`{key}`: expected a text, found {quoted(plain(item))}"))


def with_file_path(text: str) -> str:
    """The text with every known way to name the changed file as ``{{filePath}}``, quotes just around it gone: what is
    put there is quoted already.
    """
    return _PLACEHOLDER.sub("{{filePath}}", text)


def in_directory(holder: Node, command: str) -> str:
    """The command, run in the directory that a hook names. Raises RefusedError for one outside the workspace."""
    _, node = first_of(holder, "workingDirectory", "cwd")
    folder = text_of(node)
    if not folder or folder in {".", "./", "${workspaceFolder}"}:
        return command
    if folder.startswith(("/", "~", "$")) or ".." in folder.split("/") or not folder.isprintable():
        message = f"`workingDirectory`: {quoted(folder)} is outside the workspace"
        raise RefusedError(problem_at(node or holder, "workingDirectory", message))
    quote = "'"
    from_root = command.replace("{{filePath}}", '"$OLDPWD"/{{filePath}}')
    return f"cd {quote}{folder.replace(quote, quote + chr(92) + quote + quote)}{quote} && {from_root}"
