"""The hash chain: canonical JSON, a sequence and the hash of what came before. Pure.

A record's hash is the SHA-256 of its canonical JSON without the key ``hash``; ``prev`` is the hash of the record before
it, of the first record 64 zeros. Canonical means: keys sorted, no white space, everything outside ASCII escaped.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.report.record import Json

START = "0" * 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The end of a chain: what to keep elsewhere, since a chain alone cannot show that its tail was cut."""

    seq: int = 0
    hash: str = START


def canonical(value: Json) -> bytes:
    """The one spelling of a record."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def link(value: Json, *, head: Head) -> Json:
    """A record as it follows ``head``: with its sequence, the previous hash and its own."""
    whole = {**value, "seq": head.seq + 1, "prev": head.hash}
    return {**whole, "hash": digest(whole)}


def digest(value: Json) -> str:
    """The hash of a record, whatever it claims its hash to be."""
    return hashlib.sha256(canonical({key: value[key] for key in value if key != "hash"})).hexdigest()


def fault(raw: bytes, *, head: Head | None) -> str | None:
    """Why a line is not the record that follows ``head``, in words; ``None`` when it is.

    With ``head`` ``None`` any place in a chain will do: the oldest part of a log whose beginning is no longer kept.
    """
    try:
        value = parse(raw)
        spelt_right = canonical(value) == raw
    except ValueError as error:
        return f"the line is no record ({error})"
    if not spelt_right:
        return "the line is not spelt as the log spells it"
    if digest(value) != value["hash"]:
        return "the record was changed: its hash does not fit it"
    if head is None and value["seq"] == 1:
        head = Head()
    if head is not None and value["seq"] != head.seq + 1:
        return f"record {head.seq + 1} is missing: {value['seq']} follows {head.seq}"
    if head is not None and value["prev"] != head.hash:
        return "the record does not follow the one before it"
    return None


def parse(raw: bytes) -> Json:
    """The record that a line holds, unverified; ValueError when it holds none."""
    try:
        value = json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for one kind of fault
    wanted: dict[str, type] = {"id": str, "seq": int, "prev": str, "hash": str, "kind": str, "v": int}
    for key, kind in wanted.items():
        if not isinstance(value.get(key), kind):
            raise ValueError(f"no {key}")  # noqa: TRY004 - as above
    return value
