"""A program to run as a child process, and how it ended. Values; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeFile:
    """A file of the user's HOME (relative path) that the program gets a copy of; ``write_back`` when it refreshes
    nothing but tokens there.
    """

    path: str
    write_back: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One child process to run in the view: its whole environment is an allow-list plus ``env``.

    ``read_only`` names absolute paths outside the view that it must be able to read (a toolchain, a virtual
    environment). ``output_limit`` is bytes kept of each of stdout and stderr; what goes beyond is drained and
    thrown away.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    network: bool = False
    home_files: tuple[HomeFile, ...] = ()
    read_only: tuple[str, ...] = ()
    timeout: float | None = None
    output_limit: int = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """How a program ended. ``code`` is negative for a signal, ``None`` when it did not start (``error`` says why).

    ``stdout`` keeps the first and the last part when it was too long (``truncated``).
    """

    code: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    truncated: bool = False
    timed_out: bool = False
    stopped: bool = False
    error: str = ""
    duration: float = 0.0
