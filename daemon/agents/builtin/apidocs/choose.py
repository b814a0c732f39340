"""What an action's words ask for: which document, and whether removed entries are to be deleted. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
_OTHERS = re.compile(
    r"(?:^|/)(?:change(?:s|log)|history|releases?|news|contributing|security|code_of_conduct|todo|upgrad\w*|migrat\w*)"
    r"[^/]*$|(?:^|/)(?:tests?|fixtures?|examples?|templates?)/",
    re.IGNORECASE,
)
MAX_READ = 60
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


def describing(
    keys: Collection[tuple[str, str]], files: Collection[str], read: Callable[[str], bytes | None]
) -> str | None:
    """The Markdown file that describes most endpoints by hand, a README too; ``None`` when none has a third of them."""
    best, most = None, max(2, -(-len(keys) // 3))
    listed = [path for path in files if is_markdown(path) and not _OTHERS.search(path)]
    for path in sorted(listed, key=lambda path: (path.count("/"), path))[:MAX_READ]:
        content = read(path) or b""
        document = markdown.read(content.decode("utf-8", "replace"))
        told = {one.key for one in document.mentions} | {one.key for one in document.blocks}
        known = sum(any(key[0] == method and key[1].endswith(path) for method, path in told) for key in keys)
        if known >= most:
            best, most = path, known + 1
    return best


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
