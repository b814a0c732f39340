"""Endpoints of Lambda functions: serverless.yml with its includes, serverless.ts, SAM and CloudFormation. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import gateway, yamltree
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot, normal_path
from daemon.agents.builtin.apidocs.yamltree import Tree, TreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_INCLUDE = re.compile(r"^\$\{file\(([^)]+)\)(?::([\w.-]+))?(?:,[^}]*)?\}$")
_SELF = re.compile(r"\$\{self:([\w.-]+)(?:\s*,\s*['\"]?([^'\"}]*)['\"]?)?\}")
_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_ROUTE_KEY = re.compile(r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY|\*)\s+(/\S*)$", re.IGNORECASE)
_SAM = b"AWS::Serverless::"
_ROUTES = (b"AWS::ApiGatewayV2::Route", b"AWS::ApiGateway::Method", b"AWS::ApiGateway::RestApi")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A function's HTTP event. ``handler`` is the path of its code without extension, and the name in it."""

    method: str
    path: str
    file: str
    line: int
    handler: str = ""
    summary: str = ""
    via: tuple[str, ...] = ()


def is_configuration(path: str, content: bytes) -> bool:
    """Whether a file says which functions answer which paths."""
    name = posixpath.basename(path)
    if not name.endswith((".yml", ".yaml", ".json", ".template")):
        return False
    return (
        bool(re.match(r"serverless[\w.-]*\.ya?ml$", name)) or _SAM in content or any(one in content for one in _ROUTES)
    )


class Templates:
    """Reads configurations of one project."""

    def __init__(self, read: Callable[[str], bytes | None], files: Collection[str]) -> None:
        self._read = read
        self._files = files
        self.events: list[Event] = []
        self.blind: list[BlindSpot] = []
        self._loaded: dict[str, Tree | None] = {}

    def _load(self, path: str) -> Tree | None:
        if path not in self._loaded:
            self._loaded[path] = None
            content = self._read(path)
            if content is not None:
                try:
                    self._loaded[path] = yamltree.load(content)
                except TreeError as fault:
                    self.blind.append(
                        BlindSpot(file=path, line=fault.line, reason=f"{fault}; its events were not read")
                    )
        return self._loaded[path]

    def scan(self, path: str) -> None:
        """Take in one configuration."""
        tree = self._load(path)
        if tree is None:
            return
        resources = tree.get("Resources")
        if resources is not None and tree.get("functions") is None:
            self._template(path, tree, resources)
        else:
            _Service(self, path, tree).run()

    def include(self, folder: str, reference: str, home: str, line: int) -> tuple[Tree | None, str]:
        """The tree that ``${file(...)}`` names, with its path."""
        found = _INCLUDE.match(reference)
        if not found:
            return None, home
        target = posixpath.normpath(posixpath.join(folder, found[1].strip().strip("'\"")))
        if target not in self._files or not target.endswith((".yml", ".yaml", ".json")):
            self.blind.append(
                BlindSpot(file=home, line=line, reason=f"{found[1]} is not read; its functions are missing")
            )
            return None, home
        tree = self._load(target)
        if tree is not None and found[2]:
            tree = tree.get(*found[2].split("."))
        return tree, target

    def _template(self, path: str, tree: Tree, resources: Tree) -> None:
        """SAM and CloudFormation."""
        folder = posixpath.dirname(path)
        shared = tree.get("Globals", "Function") or Tree(line=1)
        handlers: dict[str, str] = {}
        before = len(self.events)
        for name, resource in resources.pairs():
            kind, properties = resource.string("Type"), resource.get("Properties")
            if kind == "AWS::ApiGatewayV2::Route" and properties is not None:
                found = _ROUTE_KEY.match(properties.string("RouteKey"))
                if found:
                    self._event(found[1], found[2], (path, properties.line))
            if kind != "AWS::Serverless::Function" or properties is None:
                continue
            code = properties.string("CodeUri") or shared.string("CodeUri")
            handler = properties.string("Handler") or shared.string("Handler")
            entry = resource.get("Metadata", "BuildProperties", "EntryPoints")
            if entry is not None and len(entry.listed()) == 1:
                handler = posixpath.splitext(entry.listed()[0].text or "")[0] + "." + handler.rpartition(".")[2]
            where = posixpath.normpath(posixpath.join(folder, code, handler)) if handler else ""
            handlers[name] = where
            for _label, event in (properties.get("Events") or Tree(line=1)).pairs():
                options = event.get("Properties")
                if event.string("Type") in {"Api", "HttpApi"} and options is not None and options.string("Path"):
                    method = options.string("Method") or "ANY"
                    self._event(method, options.string("Path"), (path, options.line), handler=where)

        known = {(one.method, one.path) for one in self.events[before:]}
        for one in gateway.told(path, resources, self._local):
            if (one.method, normal_path(one.path)) not in known:
                handler = handlers.get(one.function, "")
                self._event(one.method, one.path, (one.file, one.line), handler=handler, summary=one.summary)

    def _local(self, path: str) -> Tree | None:
        return self._load(path) if path in self._files and path.endswith((".yml", ".yaml", ".json")) else None

    def _event(self, verb: str, path: str, place: tuple[str, int], *, handler: str = "", summary: str = "") -> None:
        file, line = place
        if DYNAMIC in path or "${" in path:
            self.blind.append(BlindSpot(file=file, line=line, reason="the path of this event is made at deployment"))
            return
        self.events.append(
            Event(method=_method(verb), path=normal_path(path), file=file, line=line, handler=handler, summary=summary)
        )

    def function(self, function: Tree, root: str, file: str, resolve: Callable[[str], str]) -> None:
        """The HTTP events of one function of the serverless framework."""
        handler = resolve(function.string("handler"))
        where = posixpath.normpath(posixpath.join(root, handler)) if handler else ""
        for event in (function.get("events") or Tree(line=1)).listed():
            for kind in ("http", "httpApi", "alb"):
                one = event.get(kind)
                if one is None:
                    continue
                if one.text is not None:
                    method, _, path = resolve(one.text).strip().partition(" ")
                    method, path = (method, path) if path else ("ANY", "/{proxy+}" if method == "*" else method)
                else:
                    at = one.get("conditions") if kind == "alb" else one
                    method, path = _first(at, "method"), resolve(_first(at, "path"))
                    if path == "*":
                        path = "/{proxy+}"
                    elif not path and at is not None and at.get("path") is not None:
                        path = "/"
                if path:
                    summary = one.string("documentation", "summary") or one.string("documentation", "description")
                    self._event(method or "ANY", path, (file, one.line), handler=where, summary=summary)


def _first(tree: Tree | None, name: str) -> str:
    found = tree.get(name) if tree is not None else None
    if found is not None and found.items:
        found = found.items[0]
    return found.text or "" if found is not None else ""


def _method(raw: str) -> str:
    upper = raw.strip().upper()
    return "ANY" if upper in {"*", "", "ANY", "ALL"} else upper


class _Service:
    """One serverless.yml."""

    def __init__(self, templates: Templates, path: str, tree: Tree) -> None:
        self.templates = templates
        self.path = path
        self.tree = tree
        self.folder = posixpath.dirname(path)

    def run(self) -> None:
        functions = self.tree.get("functions")
        if functions is None:
            return
        for group in functions.listed() if functions.items is not None else [functions]:
            self.group(group, self.path, 0)

    def group(self, group: Tree, file: str, depth: int) -> None:
        if group.text is not None:
            inner, target = self.templates.include(self.folder, group.text, file, group.line)
            if inner is not None and depth < 5:
                inner = inner.get("functions") or inner
                self.group(inner, target, depth + 1)
            return
        for one in group.listed():
            self.group(one, file, depth + 1)
        for name, function in group.pairs():
            home, body = file, function
            if function.text is not None:
                included, home = self.templates.include(self.folder, function.text, file, function.line)
                if included is None:
                    continue
                body = included
            if body.get("handler") is None and body.get("events") is None and body.get(name) is not None:
                body = body.get(name) or body
            self.templates.function(body, self.folder, home, self.resolve)

    def resolve(self, raw: str) -> str:
        """A text with ``${self:...}`` put in; what only the deployment knows is DYNAMIC."""
        for _ in range(4):
            raw, count = _SELF.subn(lambda found: self.tree.string(*found[1].split(".")) or found[2] or DYNAMIC, raw)
            if not count:
                break
        return _VARIABLE.sub(DYNAMIC, raw)
