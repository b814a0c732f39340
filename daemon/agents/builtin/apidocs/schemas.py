"""What validation libraries and JSON schemas say of a value: its fields, their types, which are needed. Pure.

Read are zod, joi (and celebrate), yup and TypeBox as far as they are written down, and JSON schema as object literals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.values import UNKNOWN, Arr, Obj, Schema, Value

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.asking import Evaluator
    from daemon.agents.builtin.apidocs.values import Ext, Lazy

_LENIENT = frozenset({"joi", "@hapi/joi", "celebrate", "yup"})
"""Libraries in which a field is not needed unless it says so."""
PACKAGES = _LENIENT | {"zod", "zod/v4", "zod/v3", "@sinclair/typebox", "typebox", "@hono/zod-openapi"}
_OBJECTS = frozenset({"object", "strictobject", "looseobject"})
_OPTIONAL = frozenset({"optional", "nullish", "default", "catch", "notrequired", "prefault"})
_TEXTS = frozenset({"string", "email", "uuid", "url", "datetime", "cuid", "ulid", "guid", "literal"})
_KINDS = {"number": "number", "int": "number", "integer": "integer", "bigint": "bigint", "boolean": "boolean",
          "bool": "boolean", "date": "date", "object": "object", "record": "object", "any": "",
          "unknown": ""}  # fmt: skip
MAX_FIELDS = 40
Field = tuple[str, str, bool]


def made(ev: Evaluator, target: Ext, given: list[Value]) -> Value:
    """The value of ``z.string()``, ``Joi.object({...})`` and their likes; UNKNOWN for what is no schema."""
    if target.package not in PACKAGES:
        return UNKNOWN
    name = target.name.rpartition(".")[2].lower()
    lenient = target.package in _LENIENT
    first = ev.deref(given[0]) if given else UNKNOWN
    if name in {"optional", "array"} and isinstance(first, Schema):
        return replace(first, optional=True) if name == "optional" else Schema(_many(first.kind), lenient)
    if name in _OBJECTS:
        return Schema("object", lenient, first.props if isinstance(first, Obj) else {})
    if name in {"enum", "nativeenum"}:
        return Schema(_choices(ev, first), lenient)
    if name in _TEXTS:
        return Schema("string", lenient)
    known = name in _KINDS or name in {"array", "union", "tuple", "intersection", "literal", "lazy", "alternatives"}
    return Schema("array" if name == "array" else _KINDS.get(name, ""), lenient) if known else UNKNOWN


def _many(kind: str) -> str:
    return f"{kind}[]" if kind and "|" not in kind else "array"


def _choices(ev: Evaluator, value: Value) -> str:
    items = value.items if isinstance(value, Arr) else tuple(value.props.values()) if isinstance(value, Obj) else ()
    texts = [one for one in (ev.force(item) for item in items) if isinstance(one, str)]
    whole = " | ".join(f'"{one}"' for one in texts)
    return whole if whole and len(texts) == len(items) and len(whole) <= 80 else "string"


def refined(ev: Evaluator, owner: Schema, name: str, given: list[Value]) -> Value:
    """The value of ``schema.name(...)``: most methods only narrow what is allowed."""
    lower = name.lower()
    first = ev.deref(given[0]) if given else UNKNOWN
    if lower in _OPTIONAL or lower == "required":
        return replace(owner, optional=lower != "required")
    if lower in {"valid", "oneof"} and given:
        return replace(owner, kind=_choices(ev, first if isinstance(first, Arr) else Arr(tuple(given))))
    if lower in {"array", "items", "of"}:
        inner = first.kind if isinstance(first, Schema) else owner.kind
        return replace(owner, kind=_many(inner), fields=None)
    if lower == "partial":
        return replace(owner, partial=True)
    more = first.props if isinstance(first, Obj) else first.fields if isinstance(first, Schema) else None
    if owner.fields is None or more is None:
        return owner
    if lower in {"keys", "shape", "extend", "append", "merge", "concat", "and", "safeextend"}:
        return replace(owner, fields={**owner.fields, **more})
    if lower in {"pick", "omit"}:
        kept = {key: one for key, one in owner.fields.items() if (key in more) == (lower == "pick")}
        return replace(owner, fields=kept)
    return owner


def fields(ev: Evaluator, value: Value) -> list[Field]:
    """Name, type and whether it is needed, of every field that a schema names."""
    value = ev.deref(value)
    if isinstance(value, Schema) and value.fields is not None:
        return _of_schemas(ev, value.fields, partial=value.partial)
    if not isinstance(value, Obj):
        return []
    if "properties" in value.props:
        return _of_json(ev, value)
    return _of_schemas(ev, value.props, partial=False)


def _of_schemas(ev: Evaluator, props: object, *, partial: bool) -> list[Field]:
    found: list[Field] = []
    for name, one in list(props.items())[:MAX_FIELDS] if hasattr(props, "items") else ():
        inner = ev.deref(ev.force(one))
        if isinstance(inner, Schema):
            found.append((name, inner.kind, not (inner.optional or partial)))
    return found


def _of_json(ev: Evaluator, value: Obj) -> list[Field]:
    properties = ev.deref(ev.member(value, "properties"))
    required = ev.deref(ev.member(value, "required"))
    needed = set(ev.texts(required)) if isinstance(required, Arr) else set()
    found: list[Field] = []
    for name, one in list(properties.props.items())[:MAX_FIELDS] if isinstance(properties, Obj) else ():
        found.append((name, _json_kind(ev, ev.deref(ev.force(one))), name in needed))
    return found


def _json_kind(ev: Evaluator, value: Value) -> str:
    if isinstance(value, Schema):
        return value.kind
    kind = ev.deref(ev.member(value, "type"))
    if isinstance(kind, Arr):
        return " | ".join(one for one in ev.texts(kind) if one.isalpha())
    if kind == "array":
        return _many(ev.text_at(value, "items", "type"))
    choices = ev.deref(ev.member(value, "enum"))
    if isinstance(choices, Arr):
        return _choices(ev, choices)
    return kind if isinstance(kind, str) and kind.isalpha() else ""


def inline(ev: Evaluator, value: Value) -> str:
    """An object in one line, ``{ id: string }``; its kind when it has no fields; "" when it says too much."""
    value = ev.deref(value)
    listed = [f"{name}{'' if needed else '?'}: {kind or 'unknown'}" for name, kind, needed in fields(ev, value)]
    whole = "{ " + "; ".join(listed) + " }"
    if listed:
        return whole if len(whole) <= 120 else ""
    if isinstance(value, Schema):
        return "" if value.kind in {"", "object"} else value.kind
    return _json_kind(ev, value) if isinstance(value, Obj) and ev.text_at(value, "type") != "object" else ""


def parts(ev: Evaluator, value: Value) -> dict[str, Lazy | Value]:
    """The parts of a request that a schema for a whole request names: body, query, params, headers."""
    value = ev.deref(value)
    props = value.props if isinstance(value, Obj) else value.fields if isinstance(value, Schema) else None
    return {name: one for name, one in (props or {}).items() if name in PLACES}


PLACES = {
    "body": "body",
    "querystring": "query",
    "query": "query",
    "params": "path",
    "headers": "header",
    "cookies": "cookie",
    "signedCookies": "cookie",
}
