"""A change set as JSON and back: what lies beside its bytes in the change set's folder. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from daemon.changeset import ChangeSet, Edit, EditKind, FileType


def to_json(change_set: ChangeSet) -> dict[str, Any]:
    """Plain values only, every field by its name."""
    return asdict(change_set)


def from_json(value: dict[str, Any]) -> ChangeSet:
    """The change set again. Raises KeyError, TypeError or ValueError for what is none."""
    return ChangeSet(
        id=str(value["id"]),
        edits=tuple(_edit(edit) for edit in value["edits"]),
        repositories=tuple(map(str, value.get("repositories", ()))),
        collisions=tuple(map(str, value.get("collisions", ()))),
        overflow=str(value.get("overflow", "")),
    )


def _edit(value: dict[str, Any]) -> Edit:
    kinds = {
        "kind": EditKind(value["kind"]),
        "base_type": FileType(value["base_type"]),
        "type": FileType(value["type"]),
    }
    return Edit(**{**value, **kinds})
