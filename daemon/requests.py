"""What an agent is asked: the hook's action, the changes with what is in them, and the steering that speaks to them."""

from __future__ import annotations

import difflib
import os
import re
import stat
from typing import TYPE_CHECKING

from daemon.agents.port import Document, Request
from daemon.view.hidden import is_hidden
from daemon.watch import git
from hooks.prompt import ChangedFile, Prompt, build_prompt
from hooks.steering import read_steering, select

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daemon.agents.port import Agent
    from daemon.workspace import Workspace
    from hooks.finding import Finding
    from hooks.model import Change, Hook
    from hooks.steering import Chosen

LARGEST_TEXT = 256 * 1024
MOST_TEXTS = 50
_PATH = re.compile(r"(?<![\w./-])[\w.-]+(?:/[\w.-]+)+")
_NEEDS_NO_PROMPT = frozenset({"builtin", "shell"})


class RequestBuilder:
    """Builds requests from the tree as it is at the start of a run. Reads within the workspace, follows no link, and
    puts nothing of a file that holds secrets into a prompt.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def paths(self, workspace: Workspace, hook: Hook, changes: Sequence[Change]) -> list[str]:
        """The changed files, the context files, and those the action names (``docs/api-reference.md``)."""
        named = [found.rstrip(".") for found in _PATH.findall(hook.action or "")]
        there = [path for path in named if (workspace.root / path).is_file()]
        return list(dict.fromkeys([*(change.path for change in changes), *hook.context, *there]))

    def build(
        self,
        workspace: Workspace,
        hook: Hook,
        changes: Sequence[Change],
        *,
        agent: Agent,
        root: str,
        hints: Sequence[Finding] = (),
    ) -> Request:
        """See ``daemon.runner.Requests``. The prompt of an agent that reads none is the bare action."""
        steering = self._steering(workspace, hook, changes)
        bare = agent.kind in _NEEDS_NO_PROMPT
        prompt = hook.action or "" if bare else self._prompt(workspace, hook, changes, steering, hints).text
        return Request(
            hook=hook.name,
            mode=hook.mode,
            prompt=prompt,
            root=root,
            action=hook.action or "",
            description=hook.description,
            command=hook.command,
            changes=tuple(changes),
            steering=tuple(
                Document(path=chosen.file.path, text=chosen.file.text) for chosen in steering if not chosen.listed
            ),
            context=tuple(Document(path=path) for path in hook.context),
            timeout=hook.timeout,
        )

    def prompt(
        self, workspace: Workspace, hook: Hook, changes: Sequence[Change], *, hints: Sequence[Finding] = ()
    ) -> Prompt:
        """The exact prompt an agent would get, with its parts."""
        return self._prompt(workspace, hook, changes, self._steering(workspace, hook, changes), hints)

    def head(self, workspace: Workspace) -> str | None:
        """The commit that HEAD means, ``None`` without a repository or a commit."""
        repository = git.find_above(str(workspace.root))
        return (git.head(repository) or None) if repository else None

    def read(self, workspace: Workspace, path: str) -> str | None:
        """A text file of the workspace, or ``None``: none there, not text, too large, a link, or hidden from agents."""
        readable = [rule.pattern for rule in workspace.loaded.settings.readable]
        if is_hidden(path, readable=readable):
            return None
        data = _read(workspace.root, path)
        if data is None or b"\0" in data:
            return None
        return data.decode("utf-8", "replace")

    def _steering(self, workspace: Workspace, hook: Hook, changes: Sequence[Change]) -> tuple[Chosen, ...]:
        paths = [change.path for change in changes]
        readable = [rule.pattern for rule in workspace.loaded.settings.readable]
        steering = read_steering(
            workspace.root,
            home=self._home,
            paths=paths,
            may_read=lambda path: not is_hidden(path, readable=readable),
        )
        return select(steering, paths, action=hook.action or "")

    def _prompt(
        self,
        workspace: Workspace,
        hook: Hook,
        changes: Sequence[Change],
        steering: Sequence[Chosen],
        hints: Sequence[Finding] = (),
    ) -> Prompt:
        repository = git.find_above(str(workspace.root))
        files = [
            self._changed(workspace, change, repository) if number < MOST_TEXTS else ChangedFile(change=change)
            for number, change in enumerate(changes)
        ]
        return build_prompt(hook, files, steering=steering, context=hook.context, hints=hints)

    def _changed(self, workspace: Workspace, change: Change, repository: git.Repository | None) -> ChangedFile:
        text = self.read(workspace, change.path)
        if text is None:
            gone = change.sha256 is None
            return ChangedFile(change=change, note="" if gone else "its content is not shown; look at it yourself")
        before = self._committed(workspace, change, repository)
        if before is None or before == text:
            return ChangedFile(change=change, text=text)
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), text.splitlines(keepends=True), "HEAD", change.path, n=3
        )
        return ChangedFile(change=change, diff="".join(lines), against="HEAD", text=text)

    def _committed(self, workspace: Workspace, change: Change, repository: git.Repository | None) -> str | None:
        if repository is None:
            return None
        below = os.path.relpath(workspace.root / change.path, repository.work)
        data = git.committed_text(repository, below, largest=LARGEST_TEXT)
        return None if data is None or b"\0" in data else data.decode("utf-8", "replace")


def _read(root: Path, path: str) -> bytes | None:
    """A regular file's bytes, opened component by component without following a link; ``None`` when it is not one or
    larger than LARGEST_TEXT.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *folders, name = path.split("/")
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(folder, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=descriptor), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_TEXT:
                return None
            return file.read(LARGEST_TEXT + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
