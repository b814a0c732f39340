"""Endpoint: one method and path that a project answers, and where in its code that is written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
DYNAMIC = "\0"
"""Stands in a text for a part that only the running program knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """What a caller may send. ``place`` is path, query, header, cookie, form or body. ``type`` is empty where unknown,
    ``required`` is ``None`` there.
    """

    name: str
    place: str
    type: str = ""
    required: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One method and path. ``path`` is in normal form: ``/users/{id}``, no slash at the end but for ``/`` itself.

    ``method`` is upper case; ``ANY`` stands for all of them. ``file`` is a POSIX path relative to the workspace root,
    ``line`` counts from 1. ``request`` and ``response`` are type names as the code writes them, empty where it names
    none. ``via`` are the further files that gave the path its prefix.
    """

    method: str
    path: str
    file: str
    line: int
    parameters: tuple[Parameter, ...] = ()
    request: str = ""
    response: str = ""
    summary: str = ""
    handler: str = ""
    via: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes two endpoints the same: the method and the path, whatever its parameters are called."""
        return self.method, anonymous(self.path)


@dataclass(frozen=True, kw_only=True, slots=True)
class BlindSpot:
    """A place that could not be understood, in one sentence. ``hides``: there may be endpoints that were not seen."""

    file: str
    line: int | None
    reason: str
    hides: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.reason}" if place else self.reason


@dataclass(kw_only=True, slots=True)
class Extraction:
    """What an extractor saw, and what it could not see. Endpoints are in the order of files and lines."""

    endpoints: list[Endpoint] = field(default_factory=list)
    blind: list[BlindSpot] = field(default_factory=list)

    def add(self, other: Extraction) -> None:
        """Take over what another extractor saw."""
        self.endpoints.extend(other.endpoints)
        self.blind.extend(other.blind)


_PARAM = re.compile(r"\{[^{}/]*\}")
_FLASK = re.compile(r"<(?:[A-Za-z_]\w*(?:\([^)]*\))?:)?([A-Za-z_]\w*)>")
_BRACED = re.compile(r"\{([A-Za-z_][\w.-]*)\s*:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_COLON = re.compile(r":([A-Za-z_]\w*)")
_OPTIONAL_GROUP = re.compile(r"\{([/.-][^{}]*)\}")


def anonymous(path: str) -> str:
    """The path with every parameter's name taken away: ``/users/{}``."""
    return _PARAM.sub("{}", path)


def parameter_names(path: str) -> list[str]:
    """The names of a normal path's parameters, in order."""
    return [found[1:-1].rstrip("+") for found in _PARAM.findall(path)]


def normal_path(*parts: str) -> str:
    r"""Join prefixes and a path as any of the frameworks writes it, in normal form.

    Understood are ``:id``, ``:id(\d+)``, ``:id?``, ``*``, ``*rest``, ``{/:id}``, ``<int:id>``, ``{id:path}``.
    """
    joined = "/".join(part.strip("/") for part in parts if part.strip("/"))
    text = _FLASK.sub(r"{\1}", joined)
    text = _OPTIONAL_GROUP.sub(r"\1", text)
    text = _BRACED.sub(r"{\1}", text)
    text = _without_patterns(text)
    segments = [_segment(segment) for segment in text.split("/") if segment]
    return "/" + "/".join(segments)


def _without_patterns(text: str) -> str:
    """Drop the bracketed patterns after parameters; a bracket of its own becomes a wildcard."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "(":
            out.append(text[at])
            at += 1
            continue
        end = _closing(text, at)
        named = re.search(r":[A-Za-z_]\w*$", "".join(out[-80:]))
        if not named:
            out.append("*" if "*" in text[at:end] or "+" in text[at:end] else text[at + 1 : end - 1])
        at = end
    return "".join(out)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at + 1
    return len(text)


def _segment(segment: str) -> str:
    if segment in {"*", "**", ".*", "*?"}:
        return "{wildcard}"
    if segment.startswith("*") and segment[1:].isidentifier():
        return "{" + segment[1:] + "}"
    replaced = _COLON.sub(r"{\1}", segment)
    return re.sub(r"\}[?*+]", "}", replaced) if replaced != segment else segment
