"""What of a workspace trust is about: its hook files, the files that commands name, and what each hook would do."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemon.difference import FileBytes
from daemon.trust.named import NamedFile, files_of, words_of
from hooks.loaded import AgentSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hooks.config import ConfigFile, Loaded
    from hooks.model import Hook

VERSION: Final = 1
"""Part of every hash: when what counts changes, everything is asked for again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """A workspace's files as they were read at one moment: what a person looks at is what is then allowed."""

    root: str
    digest: str
    files: tuple[FileBytes, ...]
    hooks: Mapping[str, str]


def digest(root: str, files: Iterable[ConfigFile], named_files: Iterable[NamedFile]) -> str:
    """SHA-256 (hex) over version, real path, and the relative path and bytes of every file. The order of the files
    does not count. The user's own files (``~/.kiro``) are left out: they are not the workspace's.
    """
    own = [("hooks", file.path, "", file.sha256) for file in files if not file.personal]
    named = [("named", file.path, file.link, file.sha256) for file in named_files]
    return _hash("workspace", os.path.realpath(root), sorted([*own, *named]))


def examine(root: Path, loaded: Loaded, *, agents: Mapping[str, AgentSettings] | None = None) -> Examined:
    """Look at a workspace: the hook files as ``loaded`` holds them, the files that commands name as they are now.
    ``agents`` are further agents (the user's own) that hooks may call.
    """
    looker = Looker(os.path.realpath(root), loaded, agents or {})
    for name in loaded.settings.agents:
        looker.agent(name)
    hooks = {hook.name: looker.hook(hook) for hook in loaded.hooks}
    named = looker.named
    own = [FileBytes(path=f.path, sha256=f.sha256, content=f.content) for f in loaded.files if not f.personal]
    others = [FileBytes(path=f.path, sha256=f.sha256, content=f.content, link=f.link) for f in named.values()]
    shown = {file.path: file for file in (*others, *own)}
    return Examined(
        root=looker.root,
        digest=digest(looker.root, loaded.files, named.values()),
        files=tuple(shown[path] for path in sorted(shown)),
        hooks=hooks,
    )


class Looker:
    """Says by one hash what a hook would do: its fields, its agents, the files these name, what bounds it."""

    def __init__(self, root: str, loaded: Loaded, agents: Mapping[str, AgentSettings]) -> None:
        self.root = root
        self.named: dict[str, NamedFile] = {}
        self._own, self._users = loaded.settings.agents, agents
        self._agents: dict[str, str] = {}
        settings = loaded.settings
        self._bounds = _hash(
            "settings",
            [(rule.scope, rule.pattern) for rule in settings.readable],
            [(rule.scope, rule.pattern) for rule in settings.protected],
            repr(settings.limits),
        )

    def hook(self, hook: Hook) -> str:
        """The hash of a hook."""
        files = self._files(words_of(hook.command or ""), hook.scope)
        agents = [(name, self.agent(name)) for name in (hook.agent, *hook.fallback)]
        return _hash("hook", hook.digest, self._bounds, agents, files)

    def agent(self, name: str) -> str:
        """The hash of an agent. Of one that the user defined only the workspace's files count: the rest is not the
        workspace's to change.
        """
        if name not in self._agents:
            agent = self._own.get(name) or self._users.get(name)
            said = _said(agent) if name in self._own and agent else ()
            words = words_of((*agent.command, *agent.args, *agent.env.values())) if agent else ()
            self._agents[name] = _hash("agent", said, self._files(words))
        return self._agents[name]

    def _files(self, words: Iterable[str], scope: str = "") -> list[tuple[str, str, str]]:
        files = files_of(self.root, words, ("", scope))
        self.named.update((file.path, file) for file in files)
        return [(file.path, file.link, file.sha256) for file in files]


def _said(agent: AgentSettings) -> tuple[object, ...]:
    """Every field of an agent but where it was written."""
    fields = [getattr(agent, key) for key in AgentSettings.__dataclass_fields__ if key not in {"origin", "env"}]
    return (*fields, sorted(agent.env.items()))


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps([VERSION, *parts], sort_keys=True).encode()).hexdigest()
