"""What an agent needs of this machine, so that it can be said before a run whether it is to be had. Values; pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """``executable`` is a program on PATH or a path; ``version`` the arguments that make it tell its version (``None``:
    it cannot). It is logged in when one of the variables ``login_env`` is set or one of the files ``login_files``
    (below HOME) exists; both empty means that it needs no login, or that only a run can tell (``login_unknown``).
    ``module`` is a Python module that must be importable, ``extra`` the extra of this distribution that brings it.
    """

    executable: str | None = None
    version: tuple[str, ...] | None = ("--version",)
    login_env: tuple[str, ...] = ()
    login_files: tuple[str, ...] = ()
    login_unknown: bool = False
    install: str = ""
    login: str = ""
    module: str | None = None
    extra: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """Whether an agent is to be had here. ``logged_in`` ``None``: not known before a run."""

    installed: bool
    version: str | None = None
    logged_in: bool | None = None
    reason: str = ""
    remedy: str = ""

    @property
    def usable(self) -> bool:
        """Whether a run is worth trying."""
        return self.installed and self.logged_in is not False
