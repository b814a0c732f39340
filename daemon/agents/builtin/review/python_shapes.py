"""Forms of Python that say something about the input: leaving, asking what is missing, stumbling. Pure."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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


_PERCENT = re.compile(r"%(?:\((?P<name>\w+)\))?[#0\- +]*[\d.*]*[a-zA-Z]|%%")
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<name>\w*)(?P<inside>[.\[][^{}!:]*)?(?:![rsa])?(?::[^{}]*)?\}")


def filled(template: ir.Const, values: Sequence[ir.Expr], named: Mapping[str, ir.Expr], *, percent: bool) -> ir.Concat:
    """``"... %s ..." % x`` and ``"... {} ...".format(x)``: the text's parts with what stands between them.

    A template whose holes are not those of the values is kept whole, the values behind it.
    """
    place = template.line, template.column, template.end_line
    text = template.value if isinstance(template.value, str) else ""
    parts: list[ir.Expr] = []
    start = used = 0
    for hole in (_PERCENT if percent else _BRACES).finditer(text):
        if hole.group() in {"%%", "{{", "}}"}:
            continue
        name = hole.group("name") or ""
        place_of = int(name) if name.isdigit() else used
        value = named.get(name) if name and not name.isdigit() else values[place_of] if place_of < len(values) else None
        if value is None:
            return ir.Concat(*place, [template, *values, *named.values()])
        used += 1
        parts += [ir.Const(*place, text[start : hole.start()]), value]
        start = hole.end()
    if not parts:
        return ir.Concat(*place, [template, *values, *named.values()])
    return ir.Concat(*place, [*parts, ir.Const(*place, text[start:])])
