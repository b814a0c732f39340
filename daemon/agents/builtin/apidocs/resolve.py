"""Which file an import means: relative paths, tsconfig's aliases, packages of the same repository. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs")
_SWAPS = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*(?:(?://[^\n]*\n|/\*.*?\*/)\s*)*[}\]])', re.DOTALL)


def json_with_comments(source: str) -> Any:
    """What tsconfig.json holds, comments and last commas allowed. ``None`` when it is no JSON even so."""
    bare = _TOKEN.sub(lambda found: found[0] if found[0].startswith('"') else "", source.lstrip("\ufeff"))
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        return None


class Aliases:
    """The ``paths`` and ``baseUrl`` of the tsconfig files of a project, nearest first."""

    def __init__(self, read: Callable[[str], str | None], files: Collection[str]) -> None:
        self._read = read
        self._files = files
        self._of_folder: dict[str, list[tuple[str, tuple[str, ...]]]] = {}

    def targets(self, importer: str, spec: str) -> list[str]:
        """Where the alias may lead, as paths without extension, best first."""
        found: list[tuple[int, str]] = []
        for pattern, bases in self._folder(posixpath.dirname(importer)):
            head, star, tail = pattern.partition("*")
            if not (spec == pattern if not star else spec.startswith(head) and spec.endswith(tail)):
                continue
            middle = spec[len(head) : len(spec) - len(tail)] if star else ""
            found.extend((-len(head), posixpath.normpath(base.replace("*", middle))) for base in bases)
        return [path for _, path in sorted(found, key=lambda one: one[0])]

    def _folder(self, folder: str) -> list[tuple[str, tuple[str, ...]]]:
        known = self._of_folder.get(folder)
        if known is None:
            known = []
            for name in ("tsconfig.json", "tsconfig.base.json", "jsconfig.json"):
                path = posixpath.join(folder, name)
                if path in self._files:
                    known = self._config(path, 0)
                    break
            if not known and folder:
                known = self._folder(posixpath.dirname(folder))
            self._of_folder[folder] = known
        return known

    def _config(self, path: str, depth: int) -> list[tuple[str, tuple[str, ...]]]:
        content = json_with_comments(self._read(path) or "")
        if not isinstance(content, dict) or depth > 8:
            return []
        folder = posixpath.dirname(path)
        options = content.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base_url = options.get("baseUrl")
        base = posixpath.join(folder, base_url) if isinstance(base_url, str) else folder
        known: list[tuple[str, tuple[str, ...]]] = []
        paths = options.get("paths")
        for pattern, targets in paths.items() if isinstance(paths, dict) else ():
            listed = [one for one in targets if isinstance(one, str)] if isinstance(targets, list) else []
            known.append((pattern, tuple(posixpath.join(base, one) for one in listed)))
        extends = content.get("extends")
        for parent in extends if isinstance(extends, list) else [extends]:
            if isinstance(parent, str) and parent.startswith("."):
                target = posixpath.normpath(posixpath.join(folder, parent))
                target = target if target in self._files else target + ".json"
                inherited = self._config(target, depth + 1) if target in self._files else []
                known.extend(inherited if not known else [one for one in inherited if one[0] == "*"])
        if isinstance(base_url, str):
            known.append(("*", (posixpath.join(base, "*"),)))
        return known


class Resolver:
    """Turns an import of one file into the path of another, or ``None`` for a package."""

    def __init__(self, read: Callable[[str], str | None], files: Collection[str]) -> None:
        self._files = files
        self._aliases = Aliases(read, files)
        self._packages = _packages(read, files)
        self._known: dict[tuple[str, str], str | None] = {}

    def resolve(self, importer: str, spec: str) -> str | None:
        """The file that ``spec`` means in ``importer``."""
        key = (posixpath.dirname(importer), spec)
        if key not in self._known:
            self._known[key] = self._resolve(importer, spec)
        return self._known[key]

    def _resolve(self, importer: str, spec: str) -> str | None:
        if spec.startswith("."):
            return self.file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), spec)))
        for target in self._aliases.targets(importer, spec):
            found = self.file(target)
            if found:
                return found
        for name, folder in self._packages.items():
            if spec == name or spec.startswith(name + "/"):
                rest = spec[len(name) + 1 :]
                tries = (
                    (rest, f"src/{rest}", f"src/{rest.removeprefix('dist/')}")
                    if rest
                    else ("src/index", "src", "index", "lib/index")
                )
                return next((hit for one in tries if (hit := self.file(posixpath.join(folder, one)))), None)
        return None

    def file(self, path: str) -> str | None:
        """The file that a path without extension means, also as the index of a folder."""
        path = "" if path == "." else path
        if path in self._files:
            return path
        stem, extension = posixpath.splitext(path)
        tries = [path + one for one in EXTENSIONS]
        tries += [stem + one for one in _SWAPS.get(extension, ())]
        tries += [posixpath.join(path, "index" + one) for one in EXTENSIONS]
        return next((one for one in tries if one in self._files), None)


def _packages(read: Callable[[str], str | None], files: Collection[str]) -> Mapping[str, str]:
    """The packages of the repository itself, by name; the longest names first."""
    found: dict[str, str] = {}
    manifests = sorted(one for one in files if posixpath.basename(one) == "package.json" and "/" in one)
    for path in manifests[:200]:
        content = json_with_comments(read(path) or "")
        name = content.get("name") if isinstance(content, dict) else None
        if isinstance(name, str) and name:
            found[name] = posixpath.dirname(path)
    return dict(sorted(found.items(), key=lambda one: -len(one[0])))
