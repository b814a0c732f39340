"""The published JSON Schema of hooks.yaml, for editors; ``python -m hooks.schema`` writes it anew from the models.

It says which keys and values there are. What needs several keys, or the workspace, only ``kiro-hookd check`` knows.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hooks.fields import HooksFields

if TYPE_CHECKING:
    from pydantic import BaseModel

FILE: Final = "hooks.schema.json"


def schema_text(model: type[BaseModel], title: str) -> str:
    """The schema of a model as the file holds it."""
    schema = without_nulls(model.model_json_schema())
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def without_nulls(schema: Any) -> Any:
    """The schema without ``null``: a key is left out, never empty."""
    if isinstance(schema, list):
        return [without_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: without_nulls(value) for key, value in schema.items() if key not in {"title", "default"}}
    if isinstance(choices := plain.get("anyOf"), list):
        choices = [choice for choice in choices if choice != {"type": "null"}]
        del plain["anyOf"]
        plain = {**choices[0], **plain} if len(choices) == 1 else {**plain, "anyOf": choices}
    return plain


def generated() -> str:
    """The schema of hooks.yaml as the models have it now."""
    return schema_text(HooksFields, "hooks.yaml of kiro-hookd")


def published() -> str:
    """The schema as it is published beside this module."""
    return resources.files(__name__).joinpath(FILE).read_text("utf-8")
