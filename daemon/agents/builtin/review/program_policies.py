"""What a policy in a program is for, where the program tells: a permissions boundary, a VPC endpoint's policy. Pure.

See ``purposes``, which does the same for documents.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.purposes import names_boundary
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.builtin.review.model import Hit

_POLICIES = {"ManagedPolicy", "CfnManagedPolicy", "PolicyDocument"}
_ENDPOINTS = re.compile(r"^(?:add_?)?(?:Gateway|Interface|Cfn)_?(?:vpc_?)?endpoint$|^CfnVPCEndpoint$", re.IGNORECASE)
_GIVES = {"addToPolicy", "add_to_policy"}


class Purposes:
    """Collects, expression by expression, the lines of a program that are about boundaries and endpoints."""

    def __init__(self) -> None:
        self._values: dict[str, list[range]] = {}
        self._used_as_boundary: set[str] = set()
        self._endpoints: set[str] = set()
        self._boundary_lines: list[range] = []
        self._endpoint_lines: list[range] = []

    def assign(self, statement: ir.Assign) -> None:
        """Remember where the value of a variable stands, and whether it is an endpoint."""
        name = key_of(statement.target)
        if not name or not isinstance(statement.value, ir.Call):
            return
        self._values.setdefault(name, []).append(_lines(statement.value))
        tail = guards.tail_of(statement.value.func)
        if names_boundary(name.rsplit(".", maxsplit=1)[-1]) and not tail.endswith("Role"):
            self._boundary_lines.append(_lines(statement.value))
        if _ENDPOINTS.match(tail):
            self._endpoints.add(name)

    def look(self, expr: ir.Expr) -> None:
        """Look at one expression."""
        if isinstance(expr, ir.Record):
            for key, value in expr.entries:
                if isinstance(key, ir.Const) and isinstance(key.value, str) and names_boundary(key.value):
                    self._used(value)
        elif isinstance(expr, ir.Call):
            self._call(expr)

    def judge(self, hits: Iterable[Hit]) -> list[Hit]:
        """The hits without those about boundaries; those about endpoints as notes."""
        boundary = [*self._boundary_lines]
        for name in self._used_as_boundary:
            boundary.extend(self._values.get(name, ()))
        kept = []
        for hit in hits:
            about_rights = hit.rule.startswith("iam.")
            if about_rights and any(hit.line in lines for lines in boundary):
                continue
            weaker = hit.rule == "iam.wildcard-principal" and any(hit.line in lines for lines in self._endpoint_lines)
            kept.append(replace(hit, level=Level.NOTE) if weaker else hit)
        return kept

    def _call(self, expr: ir.Call) -> None:
        tail = guards.tail_of(expr.func)
        for name, value in expr.kwargs:
            if names_boundary(name):
                self._used(value)
        base = expr.func.base if isinstance(expr.func, ir.Member) else None
        if tail == "apply" and isinstance(base, ir.Call) and "PermissionsBoundary" in (key_of(base.func) or ""):
            for argument in expr.args:
                self._used(argument)
        if tail in _POLICIES and any(_is_boundary_id(argument) for argument in expr.args[:2]):
            self._boundary_lines.append(_lines(expr))
        named = (key_of(base) or "") if base is not None else ""
        if named and names_boundary(named.rsplit(".", maxsplit=1)[-1]) and named != "iam.PermissionsBoundary":
            self._boundary_lines.append(_lines(expr))
        of_endpoint = named in self._endpoints or (
            isinstance(base, ir.Call) and bool(_ENDPOINTS.match(guards.tail_of(base.func)))
        )
        if (tail in _GIVES and (of_endpoint or named.lower().endswith("endpoint"))) or tail == "CfnVPCEndpoint":
            self._endpoint_lines.append(_lines(expr))

    def _used(self, value: ir.Expr) -> None:
        """A policy that becomes somebody's boundary: by its variable, or written right there."""
        name = key_of(value)
        while name:
            self._used_as_boundary.add(name)
            name = name.rpartition(".")[0]
        if isinstance(value, ir.Call | ir.Const):
            self._boundary_lines.append(_lines(value))


def _is_boundary_id(argument: ir.Expr) -> bool:
    return isinstance(argument, ir.Const) and isinstance(argument.value, str) and names_boundary(argument.value)


def _lines(expr: ir.Expr) -> range:
    return range(expr.line, expr.end_line + 1)
