"""TypeScript and JavaScript handlers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.lower_script import TooDeepError
from daemon.agents.builtin.review.lower_script_block import lower
from daemon.agents.builtin.review.model import Looked
from daemon.agents.builtin.review.parsing import parse
from daemon.agents.builtin.review.program import review

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

    from daemon.agents.builtin.review.model import Source

_AMPERSAND_ROUNDS = 4
_ERRORS_LOOKED_AT = 4000


@lru_cache(maxsize=2)
def parser(*, jsx: bool) -> Parser:
    """The parser for TypeScript, or for anything that may hold JSX (JavaScript too)."""
    import tree_sitter  # noqa: PLC0415 - loaded for scripts only
    import tree_sitter_typescript  # noqa: PLC0415 - likewise

    grammar = tree_sitter_typescript.language_tsx() if jsx else tree_sitter_typescript.language_typescript()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def look(source: Source) -> Looked:
    """Credentials, statements and flows of a script."""
    jsx = not source.path.lower().endswith((".ts", ".mts", ".cts"))
    root = parse(parser(jsx=jsx), source.text)
    if jsx and root is not None and root.has_error:
        root = _with_plain_ampersands(root, source.text)
    if root is None:
        return Looked(notes=(f"{source.path}: could not be parsed in time; only searched for known keys.",))
    notes: list[str] = []
    if root.has_error:
        line = _first_error(root)
        notes.append(f"{source.path}: not all of it is valid TypeScript or JavaScript (line {line}); read around that.")
    try:
        module = lower(source.path, source.text, root)
    except TooDeepError:
        return Looked(notes=(f"{source.path}: nested too deeply; only searched for known keys.",))
    looked = review(module, source)
    return Looked(hits=looked.hits, notes=(*notes, *looked.notes))


def _with_plain_ampersands(root: Node, text: str) -> Node | None:
    """Read anew with the ``&`` in JSX's text and attributes put as ``+``: browsers take it, the grammar does not."""
    content = text.encode("utf-8", "replace")
    for _ in range(_AMPERSAND_ROUNDS):
        places = _ampersands(root)
        if not places:
            break
        changed = bytearray(content)
        for place in places:
            changed[place : place + 1] = b"+"
        content = bytes(changed)
        again = parse(parser(jsx=True), content.decode("utf-8", "replace"))
        if again is None or not again.has_error:
            return again
        root = again
    return root


def _ampersands(root: Node) -> list[int]:
    """Where an ``&`` stands in what does not parse."""
    found: list[int] = []
    stack = [root]
    for _ in range(_ERRORS_LOOKED_AT):
        if not stack:
            break
        node = stack.pop()
        if node.is_error:
            found.extend(child.start_byte for child in node.children if child.type == "&")
        stack.extend(child for child in node.children if child.has_error)
    return found


def _first_error(root: Node) -> int:
    """The line of the first place that does not parse."""
    node, budget = root, 10_000
    while budget > 0:
        budget -= 1
        broken = next((child for child in node.children if child.has_error or child.is_missing), None)
        if broken is None or node.is_error:
            break
        node = broken
    return node.start_point[0] + 1
