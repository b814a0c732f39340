"""Failures told apart: what a program's end and its words say about why it failed, and what may help. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.port import FailureKind, Outcome, Result, Usage
from daemon.agents.text import clean, ending

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.port import Exit


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What follows from a failure: what a person can do, whether another attempt can help and after how many seconds
    (``None``: the queue's own backoff), and whether another agent may be tried in its place.
    """

    cause: str
    remedy: str
    retryable: bool
    retry_after: float | None = None
    fall_back: bool = False
    outcome: Outcome = Outcome.FAILED


RULES: dict[FailureKind, Rule] = {
    FailureKind.NOT_INSTALLED: Rule(
        cause="is not installed",
        remedy="install it, or name another agent for the hook",
        retryable=False,
        fall_back=True,
    ),
    FailureKind.NOT_LOGGED_IN: Rule(
        cause="is not logged in",
        remedy="log in with the agent's own program, then `kiro-hookd retry`",
        retryable=False,
        fall_back=True,
    ),
    FailureKind.OVER_QUOTA: Rule(
        cause="is over its quota",
        remedy="wait for the quota to be renewed, raise it, or give the hook a `fallback`",
        retryable=True,
        retry_after=1800.0,
        fall_back=True,
    ),
    FailureKind.THROTTLED: Rule(
        cause="was throttled by its model service",
        remedy="it is tried again by itself; fewer `workers` or a `cooldown` avoid it",
        retryable=True,
        retry_after=30.0,
    ),
    FailureKind.MODEL_ERROR: Rule(
        cause="got an error from its model service",
        remedy="it is tried again by itself; see `kiro-hookd agents test` if it stays",
        retryable=True,
    ),
    FailureKind.REFUSED: Rule(
        cause="refused the request",
        remedy="word the hook's action differently, or name another agent",
        retryable=False,
    ),
    FailureKind.TIMED_OUT: Rule(
        cause="was not done in time",
        remedy="raise the hook's `timeout`, or ask for less",
        retryable=False,
        outcome=Outcome.TIMED_OUT,
    ),
    FailureKind.STOPPED: Rule(cause="was stopped", remedy="", retryable=True, outcome=Outcome.STOPPED),
    FailureKind.CRASHED: Rule(
        cause="ended with a failure", remedy="see what it printed, in the report", retryable=True
    ),
    FailureKind.OUTPUT_UNUSABLE: Rule(
        cause="printed nothing that can be used",
        remedy="run `kiro-hookd agents test`; its version may be too new or too old",
        retryable=True,
    ),
}

_SIGNS: dict[FailureKind, tuple[str, ...]] = {
    FailureKind.NOT_INSTALLED: (
        r"bwrap: execvp .*(?:no such file|permission denied)", r"^\S*sh: \d+: (?:exec: )?\S+: not found",
        r"^kiro-hookd: \d+: (?:exec: )?\S+: not found", r"^(?:kiro-hookd|\S*sh): (?:line )?\d+: \S+: command not found",
    ),
    FailureKind.OVER_QUOTA: (
        r"insufficient_quota", r"quota (?:exceeded|exhausted)", r"exceeded your (?:current )?quota",
        r"out of credits?\b", r"credit balance is too low", r"usage limit", r"monthly (?:request )?limit",
        r"billing_hard_limit", r"\b402\b",
    ),
    FailureKind.THROTTLED: (
        r"throttl", r"rate.?limit", r"too many requests", r"try again later", r"resource.?exhausted", r"overloaded",
        r"\b429\b", r"\b529\b",
    ),
    FailureKind.NOT_LOGGED_IN: (
        r"authentication (?:failed|required|error)", r"auth_required", r"not (?:logged|signed) in", r"log ?in required",
        r"please (?:log|sign) in", r"/login\b", r"unauthori[sz]ed", r"(?:invalid|incorrect|no) (?:x-)?api.?key",
        r"api key (?:is )?(?:not|missing|invalid)", r"credentials? (?:not|could not be|were not) ",
        r"(?:no|unable to locate|invalid|expired) credentials", r"token (?:has )?expired", r"expired.?token",
        r"sso session", r"invalid_grant", r"auth method", r"device (?:code|login|authorization)", r"\b40[13]\b",
        r"accessdenied", r"unrecognizedclient", r"no authentication", r"authenticat\w+ (?:info|token)",
    ),
    FailureKind.REFUSED: (
        r"content.?(?:policy|filter)", r"safety (?:setting|filter)", r"guardrail", r"\brefus(?:al|ed to)\b",
    ),
    FailureKind.MODEL_ERROR: (
        r"api.?error", r"internal ?server", r"service ?unavailable", r"bad gateway", r"\b50[0-4]\b", r"\b40[04]\b",
        r"model (?:not found|error|.* does not exist)", r"econnrefused", r"econnreset", r"fetch failed", r"enotfound",
        r"connection (?:refused|error|reset)", r"could not (?:connect|resolve)", r"stream (?:error|disconnected)",
        r"error sending request",
    ),
}  # fmt: skip
"""What agents and their services say, by the kind of failure it means; looked through in this order."""

_PATTERNS = {kind: re.compile("|".join(signs), re.IGNORECASE) for kind, signs in _SIGNS.items()}


def classify(text: str) -> FailureKind | None:
    """What an agent's words say about why it failed; ``None`` when they say nothing known."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(text)), None)


def by_status(status: object) -> FailureKind | None:
    """What the status of an HTTP answer says; ``None`` for one that is none or no error."""
    if not isinstance(status, int) or isinstance(status, bool) or status < 400:
        return None
    known = {401: FailureKind.NOT_LOGGED_IN, 402: FailureKind.OVER_QUOTA, 403: FailureKind.NOT_LOGGED_IN}
    known |= {429: FailureKind.THROTTLED, 529: FailureKind.THROTTLED}
    return known.get(status, FailureKind.MODEL_ERROR)


def retry_after(text: str) -> float | None:
    """Seconds that a service asked to wait, where it said so; at most an hour."""
    found = re.search(
        r"(?:retry|try again)[^\d\n]{0,20}(\d+(?:\.\d+)?) ?(ms|s|sec|seconds?|m|min|minutes?)\b", text, re.IGNORECASE
    )
    if not found:
        return None
    unit = found[2].lower()
    scale = 0.001 if unit == "ms" else 60.0 if unit.startswith("m") else 1.0
    return min(3600.0, float(found[1]) * scale)


def failure(
    name: str,
    kind: FailureKind,
    *,
    detail: str = "",
    remedy: str = "",
    usage: Usage | None = None,
    model: str | None = None,
    wait: float | None = None,
) -> Result:
    """A failed run of the agent called ``name``: thing, cause and remedy in one sentence."""
    rule = RULES[kind]
    remedy = remedy or rule.remedy
    said = f" ({ending(clean(detail), 400)})" if detail.strip() else ""
    return Result(
        outcome=rule.outcome,
        error=f"agent {name}: {rule.cause}{said}" + (f"; {remedy}" if remedy else ""),
        retryable=rule.retryable,
        retry_after=wait if wait is not None and rule.retryable else rule.retry_after,
        failure=kind,
        usage=usage or Usage(),
        model=model,
    )


def ended_badly(
    name: str, end: Exit, *, said: Iterable[str] = (), remedies: dict[FailureKind, str] | None = None
) -> Result | None:
    """The failure that a program's end amounts to, or ``None`` for a program that exited 0.

    ``said`` are the program's own words about its error where the adapter knows them; without them the end of stderr
    and stdout is looked at.
    """
    kind, detail = _of(end, tuple(said))
    if kind is None:
        return None
    return failure(name, kind, detail=detail, remedy=(remedies or {}).get(kind, ""), wait=retry_after(detail))


def _of(end: Exit, said: tuple[str, ...]) -> tuple[FailureKind | None, str]:
    if end.stopped:
        return FailureKind.STOPPED, ""
    if end.timed_out:
        return FailureKind.TIMED_OUT, f"{end.duration:.0f} s"
    if end.code is None:
        missing = "not found" in end.error or "ermission denied" in end.error
        return (FailureKind.NOT_INSTALLED if missing else FailureKind.CRASHED), end.error
    if end.code == 0:
        return None, ""
    words = "\n".join(said) or _words(end)
    how = f"killed by signal {-end.code}" if end.code < 0 else f"exit {end.code}"
    if end.error:
        how += f", {end.error}"
    kind = classify(words) or FailureKind.CRASHED
    return kind, f"{how}: {ending(words, 300)}" if words else how


def _words(end: Exit) -> str:
    stderr = clean(end.stderr.decode("utf-8", "replace")).strip()
    return stderr or clean(end.stdout.decode("utf-8", "replace")).strip()
