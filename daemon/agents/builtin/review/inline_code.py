"""Functions whose code stands inside a template or a stack: ``ZipFile`` in CloudFormation, ``InlineCode`` in SAM,
``Code.fromInline`` in CDK.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.document import Map, Node, Scalar, walk
from daemon.agents.builtin.review.model import Looked, Source

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Hit

_PYTHON = re.compile(r"^[ \t]*(?:import [\w., ]+|from [\w.]+ import .+|def \w+\(.*\):)[ \t]*$", re.MULTILINE)
_SHORTEST = 40
"""Characters below which there is no function in a text."""


def look(root: Node, source: Source) -> Looked:
    """What is to be said of every function written into a document, at the lines of the document."""
    hits: list[Hit] = []
    notes: list[str] = []
    for place in walk(root):
        code = place.node.get("ZipFile", "InlineCode") if isinstance(place.node, Map) else None
        if isinstance(code, Scalar) and code.block and len(code.text) > _SHORTEST:
            looked = _review(code.text, source.path)
            # A block begins on the line after its ``|``, as far to the right as its first line.
            first = source.lines[code.line] if code.line < len(source.lines) else ""
            indent = len(first) - len(first.lstrip())
            hits.extend(_moved(hit, code.line, indent) for hit in looked.hits)
            notes.extend(looked.notes)
    return Looked(hits=tuple(hits), notes=tuple(notes))


def look_in_program(source: Source) -> Looked:
    """What is to be said of every function written into a stack of CDK's, at the lines of the stack."""
    hits: list[Hit] = []
    notes: list[str] = []
    for match in _INLINE.finditer(source.text):
        text = match["code"]
        if "${" in text and match["quote"] == "`":
            continue  # Put together when the stack is made.
        looked = _review(textwrap.dedent(text), source.path)
        body = text.lstrip("\n")
        indent = len(body) - len(body.lstrip(" \t"))
        first = source.text.count("\n", 0, match.start("code"))
        hits.extend(_moved(hit, first, indent) for hit in looked.hits)
        notes.extend(looked.notes)
    return Looked(hits=tuple(hits), notes=tuple(notes))


_INLINE = re.compile(
    r"""\b(?:fromInline|from_inline|InlineCode)\(\s*[rf]?(?P<quote>`|\"{3}|'{3})(?P<code>[^`]{40,20000}?)(?P=quote)"""
)


def _review(text: str, path: str) -> Looked:
    if _PYTHON.search(text):
        from daemon.agents.builtin.review.read_python import look as look_at  # noqa: PLC0415 - its parser: when met
    else:
        from daemon.agents.builtin.review.read_script import look as look_at  # noqa: PLC0415 - likewise
    return look_at(Source(path=path, text=text))


def _moved(hit: Hit, lines: int, columns: int) -> Hit:
    end = hit.end_line + lines if hit.end_line is not None else None
    return replace(hit, line=hit.line + lines, column=hit.column + columns, end_line=end)
