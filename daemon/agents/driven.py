"""What the adapters of driver programs have in common: reading what a driver printed. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.cli import text_of
from daemon.agents.failure import ended_badly, failure
from daemon.agents.port import FailureKind

if TYPE_CHECKING:
    from daemon.agents.port import Exit, Request, Result


def result(name: str, request: Request, end: Exit, *, remedies: dict[FailureKind, str] | None = None) -> Result:
    """A driver's result, or its failure by kind. A driver that was stopped, timed out or crashed says nothing."""
    remedies = remedies or {}
    said = None if end.timed_out or end.stopped else _last_object(end.stdout)
    if said is None:
        bad = ended_badly(name, end, remedies=remedies)
        return bad or failure(name, FailureKind.OUTPUT_UNUSABLE, detail=end.stderr[-400:].decode("utf-8", "replace"))
    if "failure" in said:
        known = {kind.value: kind for kind in FailureKind}
        kind = known.get(str(said["failure"]), FailureKind.CRASHED)
        return failure(
            name,
            kind,
            detail=text_of(said.get("detail")),
            remedy=remedies.get(kind, ""),
            usage=protocol.usage(said.get("usage")),
            model=text_of(said.get("model")) or None,
            wait=protocol.amount(said.get("retry_after")),
        )
    if end.code != 0:
        bad = ended_badly(name, end, remedies=remedies)
        if bad is not None:
            return bad
    return protocol.succeeded(protocol.answer(said, root=request.root))


def _last_object(stdout: bytes) -> dict[str, object] | None:
    """The object on the last line: a library may have printed something before it."""
    for line in reversed(stdout.splitlines()[-20:]):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and ("failure" in value or "findings" in value):
            return value
    return None
