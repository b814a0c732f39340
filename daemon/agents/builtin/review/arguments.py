"""Reading a call's arguments: by place or name, through variables, as parts of a string."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir, sources
from daemon.agents.builtin.review.frames import Piece, pieces
from daemon.agents.builtin.review.sources import TAINTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.sources import Origin


def short(name: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(name.split(".")[-2:])[-60:]


def argument(call: ir.Call, position: int, *names: str) -> ir.Expr | None:
    """An argument by keyword or place."""
    for key, value in call.kwargs:
        if key in names:
            return value
    return call.args[position] if position < len(call.args) else None


def tainted(flow: Flow, expr: ir.Expr, frame: Frame, sink: str) -> list[Origin]:
    """The tainted origins of an argument that this sink is not safe from."""
    return sources.of_kinds(flow.facts(expr, frame), TAINTED, sink)


def parts(flow: Flow, expr: ir.Expr, frame: Frame) -> list[Piece]:
    """The parts of a string argument, through variables."""
    return pieces(expr, frame, lambda e: flow.facts(e, frame))


def harmful(piece_list: Iterable[Piece], sink: str, kinds: frozenset[str] = TAINTED) -> list[Origin]:
    """The origins in a string's parts that this sink is not safe from."""
    return [origin for piece in piece_list for origin in sources.of_kinds(piece.facts, kinds, sink)]


def resolved(expr: ir.Expr, frame: Frame) -> ir.Expr:
    """What a variable was made of; any other expression itself."""
    for _ in range(6):
        value = frame.value(expr.id) if isinstance(expr, ir.Name) else None
        if value is None or value is expr:
            break
        expr = value
    return expr


@dataclass(frozen=True, slots=True)
class Picked:
    """What a called function was picked out of, and by which key."""

    out_of: ir.Expr
    key: ir.Expr


def picked(call: ir.Call, frame: Frame) -> Picked | None:
    """``table[key](x)``, ``table.get(key)(x)``, through a variable or not; ``None`` for a function that is named."""
    func = frame.value(call.func.id) if isinstance(call.func, ir.Name) else call.func
    if isinstance(func, ir.Index):
        return Picked(func.base, func.key)
    if isinstance(func, ir.Call) and isinstance(func.func, ir.Member) and func.func.name == "get" and func.args:
        return Picked(func.func.base, func.args[0])
    return None


def entry(record: ir.Record, *names: str) -> ir.Expr | None:
    """A record's value by key."""
    for key, value in record.entries:
        if isinstance(key, ir.Const) and key.value in names:
            return value
    return None


def fields(call: ir.Call, frame: Frame) -> list[tuple[str, ir.Expr, str]]:
    """The named parts of a call's arguments: keywords, and the entries of objects it is given. With each, the variable
    that holds the object ("" for a literal), so that later writes into it can be seen.
    """
    found = [(key, value, "") for key, value in call.kwargs if key != "**"]
    for arg in [*call.args, *(value for key, value in call.kwargs if key == "**")]:
        owner = arg.id if isinstance(arg, ir.Name) else ""
        record = resolved(arg, frame)
        if isinstance(record, ir.Record):
            for key_expr, value in record.entries:
                if isinstance(key_expr, ir.Const):
                    found.append((str(key_expr.value), value, owner))
                elif key_expr is None:
                    found.append(("...", value, owner))
        else:
            found.append(("", arg, ""))
    return found
