"""What a program finds when it lists a folder of the project: ``fs.readdirSync`` and the usual globs. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.values import UNKNOWN, Arr, Ext, Obj, Value

if TYPE_CHECKING:
    from collections.abc import Collection

    from daemon.agents.builtin.apidocs.asking import Evaluator

MAX_LISTED = 300
_LISTS = frozenset({"readdirSync", "readdir", "promises.readdir", "default.readdirSync"})
_GLOBS = frozenset({"glob", "fast-glob", "globby", "tiny-glob"})


def listed(ev: Evaluator, target: Ext, given: list[Value]) -> Value:
    """What a call of a package gives when it lists files; UNKNOWN for every other call."""
    first = given[0] if given else None
    first = ev.deref(ev.force(first.items[0])) if isinstance(first, Arr) and len(first.items) == 1 else first
    if not isinstance(first, str) or DYNAMIC in first:
        return UNKNOWN
    if target.package in {"fs", "fs-extra", "fs/promises", "graceful-fs"} and target.name in _LISTS:
        return Arr(tuple(children(ev.files, first)))
    if target.package in _GLOBS and target.name.rpartition(".")[2] in {"", "default", "sync", "globSync", "globbySync"}:
        options = given[1] if len(given) > 1 else None
        folder = ev.text_at(options, "cwd") if isinstance(options, Obj) else ""
        found = matching(ev.files, posixpath.join(clean(folder), clean(first)))
        return Arr(tuple(one[len(clean(folder)) :].lstrip("/") if folder else one for one in found))
    return UNKNOWN


def clean(path: str) -> str:
    """A path of the program as one below the project's root."""
    bare = posixpath.normpath(path.lstrip("/")) if path.strip("/") else ""
    return "" if bare == "." else bare


def children(files: Collection[str], folder: str) -> list[str]:
    """The names in a folder, sorted."""
    start = f"{clean(folder)}/" if clean(folder) else ""
    found = {path[len(start) :].partition("/")[0] for path in files if path.startswith(start)}
    return sorted(found)[:MAX_LISTED]


def matching(files: Collection[str], glob: str) -> list[str]:
    """The files that a glob means, sorted. A program that is built looks for ``.js`` where ``.ts`` stands."""
    expression = _translated(glob)
    return sorted(path for path in files if expression.fullmatch(path))[:MAX_LISTED] if expression else []


def _translated(glob: str) -> re.Pattern[str] | None:
    out, at = [], 0
    while at < len(glob) and len(glob) < 200:
        rest = glob[at:]
        group = re.match(r"[@+?]?\(([\w.|-]+)\)|\{([\w.,-]+)\}", rest)
        if rest.startswith("**/"):
            out.append("(?:[^/]+/)*")
            at += 3
        elif group:
            out.append(f"(?:{'|'.join(map(re.escape, re.split('[|,]', group[1] or group[2])))})")
            at += len(group[0])
        elif rest[0] == "*":
            out.append("[^/]*")
            at += 2 if rest.startswith("**") else 1
        else:
            out.append("[^/]" if rest[0] == "?" else re.escape(rest[0]))
            at += 1
    body = "".join(out)
    body = re.sub(r"\\\.js$", r"\\.[cm]?[jt]s", body)
    return re.compile(body) if body else None
