"""Hooks as a hooks.yaml that says the same. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hooks.durations import format_duration
from hooks.model import Hook, Limits, Mode, Trigger
from hooks.yamltree import core_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_INNER_BREAK = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def to_hooks_yaml(hooks: Iterable[Hook]) -> str:
    """The text of a hooks.yaml with these hooks, in their order. Read again it gives hooks that do the same; only
    where they were written, and their scope, is lost.
    """
    lines = ["hooks:"]
    for hook in hooks:
        pairs = list(_pairs(hook))
        for number, (key, value) in enumerate(pairs):
            lines += _entry("  - " if number == 0 else "    ", key, value)
        lines.append("")
    return "\n".join(lines if len(lines) > 1 else ["hooks: []", ""])


def _pairs(hook: Hook) -> Iterator[tuple[str, str | list[str]]]:
    plain = Hook(name="", triggers=frozenset(), origin=hook.origin)
    yield "name", scalar(hook.name)
    if hook.description:
        yield "description", scalar(hook.description)
    if not hook.enabled:
        yield "enabled", "false"
    triggers = [trigger.value for trigger in Trigger if trigger in hook.triggers]
    yield "trigger", triggers[0] if len(triggers) == 1 else f"[{', '.join(triggers)}]"
    if hook.schedule is not None:
        yield "schedule", scalar(hook.schedule)
    if hook.patterns:
        yield "pattern", _list(hook.patterns)
    if hook.mode is not Mode.ADVISORY:
        yield "mode", hook.mode.value
    if hook.agent != plain.agent:
        yield "agent", scalar(hook.agent)
    if hook.fallback:
        yield "fallback", _list(hook.fallback, always=True)
    for key, text in (("action", hook.action), ("command", hook.command)):
        if text is not None:
            yield key, _block(text) or scalar(text)
    yield from _settings(hook, plain)


def _settings(hook: Hook, plain: Hook) -> Iterator[tuple[str, str | list[str]]]:
    for key in ("batch", "on_checkout", "catch_up", "when_empty", "retries"):
        if getattr(hook, key) != getattr(plain, key):
            yield key, str(getattr(hook, key))
    for key in ("settle", "settle_max", "cooldown"):
        if getattr(hook, key) != getattr(plain, key):
            yield key, format_duration(getattr(hook, key))
    if hook.timeout != plain.timeout:
        yield "timeout", "none" if hook.timeout is None else format_duration(hook.timeout)
    if hook.context:
        yield "context", _list(hook.context)
    if limits := list(_limits(hook.limits)):
        yield "limits", f"{{{', '.join(limits)}}}"


def _limits(limits: Limits) -> Iterator[str]:
    plain = Limits()
    for key in ("files_per_change", "runs_per_hour", "tokens_per_day"):
        if (value := getattr(limits, key)) != getattr(plain, key):
            yield f"{key}: {'none' if value is None else value}"


def _entry(indent: str, key: str, value: str | list[str]) -> list[str]:
    if isinstance(value, str):
        return [f"{indent}{key}: {value}"]
    head, *rest = value
    return [f"{indent}{key}: {head}", *(f"      {line}" if line else "" for line in rest)]


def _list(texts: Sequence[str], *, always: bool = False) -> str:
    return scalar(texts[0]) if len(texts) == 1 and not always else f"[{', '.join(map(scalar, texts))}]"


def scalar(text: str) -> str:
    """A text as YAML, on one line: bare when it is a word, else in quotes."""
    if _WORD.fullmatch(text) and isinstance(core_value(text), str):
        return text
    if "\n" not in text and "\t" not in text and not _INNER_BREAK.search(text):
        return f"'{text.replace(chr(39), chr(39) * 2)}'"
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not _INNER_BREAK.match(character):
        return character
    return f"\\u{ord(character):04x}"


def _block(text: str) -> list[str] | None:
    """A text of several lines as a literal block, or ``None`` where that would not give the same text back."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if len(lines) < 2 or _INNER_BREAK.search(text) or not lines[0] or lines[0][0] in " \t" or not lines[-1].strip():
        return None
    return ["|" if text.endswith("\n") else "|-", *lines]
