"""The texts that the functions of a file are handed where they are called: ``give(["s3:*"])``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir

if TYPE_CHECKING:
    from collections.abc import Iterable

_EACH = {"forEach", "map", "each", "flatMap"}
_MOST = 200
"""Texts kept for one parameter."""


class HandedTexts:
    """For each function, by parameter, every text that a call in this file writes in its place."""

    def __init__(self, module: ir.Module) -> None:
        self._own = {function.name: function for function in module.functions}
        self._lists: dict[str, ir.Listing] = {}
        self._given: dict[int, dict[str, list[ir.Expr]]] = {}
        functions = [module.top, *module.functions]
        for function in functions:
            for statement in function.body:
                if isinstance(statement, ir.Assign) and isinstance(statement.target, ir.Name):
                    self._listed(statement.target.id, statement.value)
        for function in functions:
            for expr in ir.every_expression(function):
                if isinstance(expr, ir.Call):
                    self._call(expr)

    def of(self, function: ir.Function) -> dict[str, ir.Expr]:
        """Parameter to list of texts; parameters that are handed none are left out."""
        given = self._given.get(id(function), {})
        return {name: ir.Listing(t[0].line, t[0].column, t[-1].end_line, t) for name, t in given.items()}

    def _listed(self, name: str, value: ir.Expr) -> None:
        if isinstance(value, ir.Listing):
            self._lists[name] = value

    def _call(self, call: ir.Call) -> None:
        tail = guards.tail_of(call.func)
        own = self._own.get(tail)
        if own is not None:
            params = own.params
            if params and isinstance(params[0].target, ir.Name) and params[0].target.id in {"self", "cls"}:
                params = params[1:]
            for param, argument in zip(params, call.args, strict=False):
                self._hand(own, param, argument)
            by_name = {param.target.id: param for param in params if isinstance(param.target, ir.Name)}
            for name, argument in call.kwargs:
                if name in by_name:
                    self._hand(own, by_name[name], argument)
        first = call.args[0] if call.args else None
        if (
            tail in _EACH
            and isinstance(call.func, ir.Member)
            and isinstance(first, ir.Lambda)
            and first.function.params
        ):
            base = call.func.base
            listed = self._lists.get(base.id) if isinstance(base, ir.Name) else base
            if isinstance(listed, ir.Listing):
                self._hand(first.function, first.function.params[0], listed)

    def _hand(self, function: ir.Function, param: ir.Param, argument: ir.Expr) -> None:
        if not isinstance(param.target, ir.Name):
            return
        listed = self._lists.get(argument.id) if isinstance(argument, ir.Name) else argument
        texts = list(_texts(listed.items if isinstance(listed, ir.Listing) else [listed] if listed else []))
        if texts:
            kept = self._given.setdefault(id(function), {}).setdefault(param.target.id, [])
            kept.extend(texts[: _MOST - len(kept)])


def _texts(items: Iterable[ir.Expr]) -> Iterable[ir.Expr]:
    return (item for item in items if isinstance(item, ir.Const) and isinstance(item.value, str))
