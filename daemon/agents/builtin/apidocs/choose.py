"""What an action's words ask for: which document, and whether removed entries are to be deleted. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

DEFAULT = "docs/api-reference.md"
_CANDIDATES = (
    DEFAULT,
    "docs/api.md",
    "docs/API.md",
    "docs/api-docs.md",
    "docs/API_REFERENCE.md",
    "docs/api/README.md",
    "docs/api/index.md",
    "docs/reference/api.md",
    "docs/endpoints.md",
    "docs/ENDPOINTS.md",
    "api-reference.md",
    "API.md",
    "api.md",
    "ENDPOINTS.md",
)
_NAMED = re.compile(r"(?<![\w/.-])((?:\.?[\w@+-][\w@.+-]*/)*[\w@+-][\w@.+-]*\.(?:mdx?|markdown))(?![\w/])")
_DELETE = re.compile(
    r"\b(?:delete|drop|purge|erase|prune)\b(?=[^.;]{0,80}\b(?:entr|section|block|endpoint|route|document|stale|obsolete))"
    r"|\bremove\b(?=[^.;]{0,60}\b(?:entr|section|block|stale|obsolete|outdated))",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|without|don't|avoid|instead of)\W+(?:\w+\W+){0,3}$", re.IGNORECASE)


def named_document(action: str) -> str | None:
    """The first Markdown file that the action names, in normal form; ``None`` when it names none inside the tree."""
    for found in _NAMED.finditer(action):
        path = posixpath.normpath(found[1])
        if not path.startswith(("../", "/", ".git/")) and path != "..":
            return path
    return None


def is_markdown(path: str) -> bool:
    """Whether a path is a Markdown file by its name."""
    return path.lower().endswith((".md", ".mdx", ".markdown"))


def document_for(action: str, files: Collection[str], given: str | None = None) -> str:
    """The document to keep: the one given, the one named, the first usual one there is, else one to make."""
    named = given or named_document(action)
    if named:
        return posixpath.normpath(named)
    return next((path for path in _CANDIDATES if path in files), DEFAULT)


def wants_deletion(action: str) -> bool:
    """Whether removed endpoints are to be taken out of the document, not only struck through."""
    return any(
        not _NOT.search(action[max(0, found.start() - 60) : found.start()]) for found in _DELETE.finditer(action)
    )
