"""Makes text readable that its own tools accept and a strict reader does not. Lines stay where they are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTIVE = re.compile(r"%\{[^{}\n]*\}")
_BARE_HOLE = re.compile(r"([:\[,]\s*)\$\{[^{}\n]*\}")
# What is never closed is taken to its end as well, so that no text is searched twice.
_COMMENT = re.compile(r'("[^"\\\n]*(?:\\.[^"\\\n]*)*"?)|//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/)?')
_ESCAPE = re.compile(r'\\(?![0abtnvefrNLPxuU _"/\\\n\t])')
_TAB_WIDTHS = (2, 4, 8)


def of_json(text: str) -> Iterator[str]:
    """Attempts at JSON that is not: with comments, or a template with holes (``${x}`` as a value, ``%{ if }``)."""
    yield text
    bare = _COMMENT.sub(lambda match: match.group(1) or re.sub(r"[^\n]", " ", match.group()), text)
    if bare != text:
        yield bare
    filled = _BARE_HOLE.sub(r'\1"${}"', _DIRECTIVE.sub("", bare))
    if filled != bare:
        yield filled


def of_yaml(text: str) -> Iterator[str]:
    """Attempts at YAML that is not: with escapes that YAML does not know, or with tabs."""
    yield text
    escaped = _ESCAPE.sub(r"\\\\", text)
    if escaped != text:
        yield escaped
    if "\t" in escaped:
        for width in _TAB_WIDTHS:
            yield escaped.replace("\t", " " * width)
