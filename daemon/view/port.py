"""The view port: a private, copy-on-write picture of a workspace in which one program at a time may do as it likes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection
    from contextlib import AbstractContextManager
    from pathlib import Path

    from daemon.agents.port import Exit, Program
    from daemon.changeset import ChangeSet


class Isolation(StrEnum):
    """How well the tree is kept from the agent; recorded in every report."""

    OVERLAY = "overlay"
    COPY = "copy"
    NONE = "none"


class View(Protocol):
    """An open view. ``root`` is the workspace's root as the program will see it."""

    @property
    def isolation(self) -> Isolation:
        """What keeps the tree from the program."""

    @property
    def root(self) -> str:
        """The absolute path of the workspace as the program sees it."""

    def run(self, program: Program, *, stop: threading.Event) -> Exit:
        """Run a program to its end, its deadline or ``stop``; no process of it is left when this returns."""

    def change_set(self, *, id: str, store: Path) -> ChangeSet:  # noqa: A002 - the word of the report log
        """What the view now holds that the tree it was opened on did not; the new bytes are put under ``store``."""


class Views(Protocol):
    """Opens views of one or more workspaces."""

    def open(
        self, workspace: Path, *, paths: Collection[str], readable: Collection[str] = ()
    ) -> AbstractContextManager[View]:
        """A fresh view; ``paths`` are the files the run is about. Its files are gone when the context ends.
        Raises IsolationError when this machine cannot keep the tree from an agent.
        """
