"""OpenAPI documents: recognised, and compared with the code. Never written. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from daemon.agents.builtin.apidocs import yamltree
from daemon.agents.builtin.apidocs.endpoint import METHODS, anonymous, normal_path
from daemon.agents.builtin.apidocs.yamltree import Tree, TreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daemon.agents.builtin.apidocs.endpoint import Endpoint

_NAME = re.compile(r"(?:^|[/._-])(?:openapi|swagger|api-docs|api-spec)[\w.-]*\.(?:ya?ml|json)$", re.IGNORECASE)
_MARK = re.compile(rb"""["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]\.""")
MAX_DOCUMENTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method and path of the document; ``base`` is what its servers put in front."""

    method: str
    path: str
    line: int
    bases: tuple[str, ...]

    @property
    def keys(self) -> set[tuple[str, str]]:
        """As ``Endpoint.key``: with each base in front, and without."""
        return {(self.method, anonymous(normal_path(base, self.path))) for base in ("", *self.bases)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What an OpenAPI document and the code do not agree on. ``fault`` tells why it could not be read."""

    path: str
    missing: tuple[Endpoint, ...] = ()
    stale: tuple[Operation, ...] = ()
    fault: str = ""


def documents(read: Callable[[str], bytes | None], files: Collection[str], action: str) -> list[str]:
    """The OpenAPI documents of a project: those that the action names first; at most three."""
    named = [path for path in files if path.endswith((".yaml", ".yml", ".json")) and posixpath.basename(path) in action]
    usual = sorted((path for path in files if _NAME.search(path)), key=lambda path: (path.count("/"), path))
    found = []
    for path in dict.fromkeys([*sorted(named), *usual][:20]):
        content = read(path)
        if content is not None and _MARK.search(content[:4096]):
            found.append(path)
    return found[:MAX_DOCUMENTS]


def compare(path: str, content: bytes, *, every: Sequence[Endpoint], scope: Sequence[Endpoint], whole: bool) -> Drift:
    """The drift of one document. Operations without code are told only when all of the code was seen."""
    try:
        operations = _operations(yamltree.load(content))
    except TreeError as fault:
        at = f":{fault.line}" if fault.line else ""
        return Drift(path=path, fault=f"{path}{at}: {fault}; it was not compared")
    written = {key for one in operations for key in one.keys}
    known = {one.key for one in every}
    told = [one for one in every if one.key in written]
    part = bool(told) and 3 * len(told) < len(every)  # it speaks of one part of the program only
    first = {path.split("/")[1] for one in operations for _, path in one.keys} if part else set()
    missing = [one for one in scope if one.key not in written and one.method != "ANY"]
    missing = [one for one in missing if not part or one.path.split("/")[1] in first]
    anything = {key[1] for key in known if key[0] == "ANY"}
    stale = [one for one in operations if not one.keys & known and not {key[1] for key in one.keys} & anything]
    return Drift(path=path, missing=tuple(missing), stale=tuple(stale) if whole else ())


def _operations(tree: Tree) -> list[Operation]:
    servers = tree.get("servers")
    urls = [one.string("url") for one in servers.listed()] if servers is not None else [tree.string("basePath")]
    bases = tuple(dict.fromkeys(urlsplit(re.sub(r"\{[^}]*\}", "x", url)).path.strip("/") for url in urls if url))
    found = []
    for path, item in (tree.get("paths") or Tree(line=1)).pairs():
        for method, operation in item.pairs():
            if method.upper() in METHODS:
                found.append(Operation(method=method.upper(), path=path, line=operation.line, bases=bases))
    return found
