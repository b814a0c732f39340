"""Python handlers."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import broken_python, newer_python, older_python, secrets
from daemon.agents.builtin.review.lower_python import TooDeepError, lower
from daemon.agents.builtin.review.model import Looked
from daemon.agents.builtin.review.program import review
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Hit, Source

_TAB_WIDTHS = (4, 8)
_PYTHON_2 = re.compile(
    r"^[ \t]*(?:print[ \t]+[\"'\w%]|except[ \t]+\w+[ \t]*,[ \t]*\w+[ \t]*:|exec[ \t]+[\"'])", re.MULTILINE
)


def look(source: Source) -> Looked:
    """Credentials, statements and flows of a Python file."""
    notes: tuple[str, ...] = ()
    try:
        tree = _parse(source.text)
    except SyntaxError as error:
        rest = broken_python.read(source.text)
        if rest is None:
            return _blind(source, _why(source.text, error))
        tree = rest.tree
        out = ", ".join(f"{lines.start} to {lines.stop - 1}" for lines in rest.left_out)
        notes = (f"{source.path}: {_why(source.text, error)}; lines {out} were left out.",)
    except (ValueError, MemoryError):
        return _blind(source, "not readable as Python")
    try:
        module = lower(source.path, source.text, tree)
    except TooDeepError:
        return _blind(source, "nested too deeply")
    looked = review(module, source)
    tried = _tried_out(tree) if _HANDLER.search(source.text) else frozenset[int]()
    hits = tuple(_lesser(hit) if hit.line in tried else hit for hit in looked.hits)
    return replace(looked, hits=hits, notes=(*looked.notes, *notes))


_HANDLER = re.compile(r"def \w*handler\(|def \w+\(event\b|lambda_function")


def _tried_out(tree: ast.Module) -> frozenset[int]:
    """The lines under ``if __name__ == "__main__":``, where a handler is called by hand with made-up values."""
    guards = (node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))
    return frozenset(line for node in guards for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _lesser(hit: Hit) -> Hit:
    """A literal beside a secret's name is most often a stand-in there."""
    return replace(hit, level=Level.NOTE) if hit.rule in {"credential.assigned", "credential.argument"} else hit


def _parse(text: str) -> ast.Module:
    """The program's tree; what only a newer or an older Python would read is put in this one's terms as far as it
    can be.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError:
            pass
        older = older_python.rewrite(text)
        spaced = (form.expandtabs(width) for form in (text, older) for width in _TAB_WIDTHS)
        for other in dict.fromkeys((newer_python.rewrite(text), older, *spaced)):
            try:
                return ast.parse(other)
            except SyntaxError:
                continue
        return ast.parse(text)


def _why(text: str, error: SyntaxError) -> str:
    """Which Python it is not, as far as can be told."""
    line = error.lineno or "?"
    if _PYTHON_2.search(text):
        return f"written for Python 2 (line {line})"
    version = ".".join(map(str, sys.version_info[:2]))
    return f"not valid Python {version}, the version that reads it here, at line {line}"


_ASSIGNED = re.compile(
    r"""(?:^\s*|[(,]\s*)(?P<name>\w+)\s*=\s*[uU]?(?P<quote>["'])(?P<value>[^"'\\]{4,200})(?P=quote)\s*(?=[,)]|$|\#)"""
)


def _blind(source: Source, why: str) -> Looked:
    """What can be said line by line of a file that is no program: plain assignments of secrets."""
    hits = []
    for number, line in enumerate(source.lines, 1):
        for match in _ASSIGNED.finditer(line[:400]):
            column = match.start("quote") + 1
            hits.append(secrets.assigned(name=match["name"], value=match["value"], line=number, column=column))
    note = f"{source.path}: {why}; only searched for keys and plain assignments of secrets."
    return Looked(hits=tuple(hit for hit in hits if hit), notes=(note,))
