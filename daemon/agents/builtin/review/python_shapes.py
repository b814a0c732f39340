"""Forms of Python that say something about the input: leaving, asking what is missing, stumbling. Pure."""

from __future__ import annotations

import ast


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a branch ends by leaving the function (or the loop)."""
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def asks_what_is_missing(test: ast.expr) -> bool:
    """``[key for key in wanted if key not in body]``: whoever asks this answers for it."""
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn) and isinstance(test.left, ast.Name)


def misses(handler: ast.ExceptHandler) -> bool:
    """``except KeyError``: the answer to a missing field."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in {"KeyError", "LookupError"} for kind in kinds)


def subscripts(body: list[ast.stmt]) -> list[ast.Subscript]:
    """The fields that a block reads by name, and would stumble over."""
    found = [inner for statement in body for inner in ast.walk(statement) if isinstance(inner, ast.Subscript)]
    return [one for one in found if isinstance(one.slice, ast.Constant) and isinstance(one.slice.value, str)][:40]
