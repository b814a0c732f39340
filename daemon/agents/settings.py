"""Reading the settings of one agent: every fault is collected and all are told at once. Pure."""

from __future__ import annotations

import difflib
import re
import shlex
from typing import TYPE_CHECKING

from daemon.errors import ConfigurationError
from hooks.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


class AgentSettingsError(ConfigurationError):
    """Settings of an agent that cannot be used. ``faults`` are sentences, one for each key that is wrong."""

    def __init__(self, name: str, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"agent {name}", "; ".join(self.faults), "see docs/agents.md for its settings")


class Settings:
    """One agent's settings, taken key by key. ``done`` raises when anything was wrong or left over."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        self.name = name
        self._left = {key: value for key, value in values.items() if key != "kind"}
        self._known: list[str] = []
        self._faults: list[str] = []

    def text(self, key: str, default: str = "") -> str:
        """A text that is not empty."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str) and value.strip():
            return value
        self._wrong(key, "a text", value)
        return default

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """One of the given words."""
        value = self._take(key)
        if value is None:
            return default
        if value in choices:
            return str(value)
        self._wrong(key, "one of " + ", ".join(choices), value)
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """A truth value."""
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._wrong(key, "true or false", value)
        return default

    def number(self, key: str, default: int | None = None, *, least: int = 1) -> int | None:
        """A whole number."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self._wrong(key, f"a whole number from {least}", value)
        return default

    def seconds(self, key: str, default: float | None = None) -> float | None:
        """A time as hooks.yaml writes it, such as 30s or 5m, or seconds as its reader hands them on."""
        value = self._take(key)
        if value is None:
            return default
        try:
            seconds = float(value) if isinstance(value, float) else parse_duration(value)
        except ValueError as error:
            self._faults.append(f"`{key}`: {error}")
            return default
        if seconds > 0:
            return seconds
        self._wrong(key, "longer than nothing", value)
        return default

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str) and value:
            return (value,)
        if isinstance(value, list | tuple) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self._wrong(key, "a list of texts", value)
        return default

    def command(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A program and its arguments: a list, or one line that is split as a shell would."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str):
            try:
                value = shlex.split(value)
            except ValueError as error:
                self._faults.append(f"`{key}` cannot be split into words: {error}")
                return default
        if isinstance(value, list | tuple) and value and all(isinstance(word, str) for word in value) and value[0]:
            if any("\0" in word for word in value):
                self._faults.append(f"`{key}` holds a NUL character")
                return default
            return tuple(value)
        self._wrong(key, "a program and its arguments, such as [python3, tools/agent.py]", value)
        return default

    def variables(self, key: str) -> dict[str, str]:
        """Environment variables; numbers are taken as their text."""
        value = self._take(key)
        if value is None:
            return {}
        if isinstance(value, dict) and all(
            isinstance(name, str) and _VARIABLE.fullmatch(name) and not name.endswith("*") for name in value
        ):
            plain = {name: str(item) for name, item in value.items() if isinstance(item, str | int | float)}
            if len(plain) == len(value) and not any("\0" in item for item in plain.values()):
                return plain
        self._wrong(key, "a mapping of variable names to texts", value)
        return {}

    def variable_names(self, key: str) -> tuple[str, ...]:
        """Names of environment variables; a trailing ``*`` stands for any ending."""
        names = self.words(key)
        wrong = [name for name in names if not _VARIABLE.fullmatch(name)]
        if wrong:
            self._wrong(key, "names of environment variables", wrong[0])
            return ()
        return names

    def require(self, key: str, value: object) -> None:
        """Say that ``key`` is missing when ``value`` is empty and nothing is wrong with the key itself."""
        if not value and not any(fault.startswith(f"`{key}`") for fault in self._faults):
            self._faults.append(f"`{key}` is missing")

    def fault(self, sentence: str) -> None:
        """Add a fault."""
        self._faults.append(sentence)

    def done(self) -> None:
        """Raise AgentSettingsError with every fault, unknown keys among them; silent when there is none."""
        for key in self._left:
            near = difflib.get_close_matches(str(key), self._known, n=1)
            self._faults.append(f"`{key}` is not known here" + (f", did you mean `{near[0]}`?" if near else ""))
        if self._faults:
            raise AgentSettingsError(self.name, self._faults)

    def _take(self, key: str) -> object:
        self._known.append(key)
        return self._left.pop(key, None)

    def _wrong(self, key: str, expected: str, value: object) -> None:
        self._faults.append(f"`{key}` must be {expected}, not {str(value)[:60]!r}")
