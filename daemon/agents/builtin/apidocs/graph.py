"""Routers as a graph: a mount puts one below another at a prefix. A route's paths are all the ways down to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.endpoint import BlindSpot
    from daemon.agents.builtin.apidocs.scopes import Module, Scope
    from daemon.agents.builtin.apidocs.values import Env, Obj, Router

MAX_WAYS = 60
MAX_STEPS = 3_000
_Way = tuple["Router", str, tuple[str, ...], frozenset[tuple[object, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Route:
    """A route as it was registered. ``handler`` is the last argument or the decorated function."""

    router: Router
    methods: tuple[str, ...]
    path: str
    module: Module
    node: Node
    scope: Scope
    env: Env
    handler: Node | None = None
    options: Obj | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A router put below another."""

    parent: Router
    prefix: str
    file: str


@dataclass(frozen=True, slots=True)
class Autoload:
    """A folder whose plugins fastify finds itself. ``flat``: the folders inside are no prefixes."""

    folder: str
    prefix: str
    flat: bool


@dataclass(kw_only=True, slots=True)
class Graph:
    """What registering calls have built."""

    routes: list[Route] = field(default_factory=list)
    mounts: dict[tuple[object, ...], list[Mount]] = field(default_factory=dict)
    prefixes: dict[tuple[object, ...], str] = field(default_factory=dict)
    loose: list[tuple[Router, str, str, str]] = field(default_factory=list)
    autoload: list[tuple[Router, Autoload, str]] = field(default_factory=list)
    blind: list[BlindSpot] = field(default_factory=list)

    def mount(self, child: Router, parent: Router, prefix: str, file: str) -> None:
        """Put ``child`` below ``parent``."""
        mount = Mount(parent=parent, prefix=prefix, file=file)
        mounts = self.mounts.setdefault(child.key, [])
        if child.key != parent.key and mount not in mounts:
            mounts.append(mount)

    def ways(self, router: Router) -> list[tuple[str, tuple[str, ...], bool]]:
        """Every prefix of a router, the files that gave it, and whether it hangs on an application."""
        done: list[tuple[str, tuple[str, ...], bool]] = []
        stack: list[_Way] = [(router, "", (), frozenset([router.key]))]
        steps = MAX_STEPS
        while stack and len(done) < MAX_WAYS and steps > 0:
            steps -= 1
            at, path, files, seen = stack.pop()
            path = _join(self.prefixes.get(at.key, ""), path)
            mounts = self.mounts.get(at.key) or self.mounts.get(at.key[:2]) or []
            if not mounts:
                loose = at.kind in {"router", "koa-router"} or (at.kind == "unbound" and not files)
                done.append((path, files, not loose))
            for mount in reversed(mounts):
                if mount.parent.key not in seen:
                    further = (*files, mount.file) if mount.file not in files else files
                    stack.append((mount.parent, _join(mount.prefix, path), further, seen | {mount.parent.key}))
        return done


def _join(first: str, second: str) -> str:
    return f"{first.rstrip('/')}/{second.lstrip('/')}" if first and second else first or second
