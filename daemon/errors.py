"""The one exception base. A message is one sentence that names the thing, the cause and the remedy."""

from __future__ import annotations


class HookdError(Exception):
    """Something a person can be told in one sentence. ``exit_code`` is what the command line ends with."""

    exit_code = 1

    def __init__(self, thing: str, cause: str, remedy: str = "") -> None:
        self.thing = thing
        self.cause = cause
        self.remedy = remedy
        super().__init__(f"{thing}: {cause}" + (f"; {remedy}" if remedy else ""))


class StateError(HookdError):
    """The state directory or its database cannot be used."""


class StateLockedError(StateError):
    """Another process holds the state directory: a daemon is running. ``pid`` is its id where known."""

    def __init__(self, thing: str, pid: int | None) -> None:
        self.pid = pid
        super().__init__(
            thing,
            f"in use by process {pid}" if pid else "in use by another process",
            "stop it, or use `kiro-hookd status` to see it",
        )


class TransitionError(HookdError):
    """A job was asked to do what its state does not allow."""


class NoSuchThingError(HookdError):
    """A name or number that nothing here answers to."""


class ConfigurationError(HookdError):
    """Configuration that cannot be used; ``kiro-hookd check`` shows every fault."""


class NotTrustedError(HookdError):
    """A workspace whose hook files nobody has allowed yet."""
