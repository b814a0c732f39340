"""What is known while a function is followed: its variables, what they were made of, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.sources import NOTHING, WEAK, Facts, made_safe

if TYPE_CHECKING:
    from collections.abc import Callable

RESOLVE_CAP = 20
ANY_KEY = "*"
"""Among what was added to a variable: under a key that is a value itself."""


@dataclass(slots=True)
class Frame:
    """One call being followed. ``values`` keeps the expression last given to a name, ``facts`` its origins.

    ``added`` keeps what was written into a variable's members, by name: in the whole, but not in the other members.
    ``pending`` holds what a variable may be instead once the branch that gave it its value is over. ``taken_from``
    keeps what a loop goes through, by the name of each item. ``refused`` keeps what is known of a variable behind a
    branch that leaves because it did not pass a test.
    """

    function: ir.Function
    parent: Frame | None = None
    facts: dict[str, Facts] = field(default_factory=dict)
    values: dict[str, ir.Expr] = field(default_factory=dict)
    cache: dict[int, Facts] = field(default_factory=dict)
    added: dict[str, dict[str, Facts]] = field(default_factory=dict)
    pending: dict[str, tuple[int, Facts]] = field(default_factory=dict)
    taken_from: dict[str, ir.Expr] = field(default_factory=dict)
    refused: dict[str, tuple[int, Facts]] = field(default_factory=dict)

    def join(self, depth: int) -> None:
        """Branches deeper than this are over: their variables may have either value."""
        for name in [name for name, (inside, _) in self.pending.items() if inside > depth]:
            _, other = self.pending.pop(name)
            self.facts[name] = self.facts.get(name, NOTHING) | other
        self._passed(depth + 1)

    def _passed(self, depth: int) -> None:
        """Behind branches of that depth, which leave, is only what has passed their tests."""
        for name in [name for name, (inside, _) in self.refused.items() if inside >= depth]:
            _, self.facts[name] = self.refused.pop(name)

    def refuse(self, name: str, depth: int, known: Facts) -> None:
        """A branch that leaves begins, for a value that did not pass a test: what is known holds behind it."""
        self.refused.setdefault(name, (depth, known))

    def branch(self, name: str, depth: int, facts: Facts) -> None:
        """A variable of this frame gets a value within a branch."""
        inside, other = self.pending.get(name, (depth, NOTHING))
        self.pending[name] = (min(inside, depth), other | self.facts.get(name, NOTHING))
        self.facts[name] = facts

    def otherwise(self, depth: int) -> None:
        """The other branch begins: variables are again what they were before the first."""
        for name, (inside, other) in list(self.pending.items()):
            if inside >= depth:
                self.pending[name] = (inside, self.facts.get(name, NOTHING) | other)
                self.facts[name] = other
        self._passed(depth)

    def fact(self, name: str) -> Facts | None:
        """The origins of a variable, ``None`` when nobody has given it any."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.facts:
                return frame.facts[name]
            frame = frame.parent
        return None

    def value(self, name: str) -> ir.Expr | None:
        """The expression last given to a variable."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.values:
                return frame.values[name]
            frame = frame.parent
        return None


def key_of(expr: ir.Expr) -> str | None:
    """``a.b.c`` as a key, ``None`` for anything that is no plain chain of names."""
    names: list[str] = []
    while isinstance(expr, ir.Member):
        names.append(expr.name)
        expr = expr.base
    if not isinstance(expr, ir.Name) or len(names) > 6:
        return None
    return ".".join([expr.id, *reversed(names)])


class Namer:
    """What a called expression is named, through imports, aliases and constructors.

    ``table.put_item`` where ``table = boto3.resource("dynamodb").Table(x)`` is
    ``boto3.resource(dynamodb).Table().put_item``.
    """

    def __init__(self, module: ir.Module, fields: dict[str, ir.Expr], made: dict[str, ir.Expr] | None = None) -> None:
        self._imports = module.imports
        self._fields = fields
        self.made = made or {}

    def name(self, expr: ir.Expr, frame: Frame, left: int = RESOLVE_CAP) -> str:
        """The dotted name, "" when there is none."""
        tail: list[str] = []
        while left > 0:
            left -= 1
            if isinstance(expr, ir.Member):
                key = key_of(expr)
                stored = self._fields.get(key) if key else None
                if stored is not None and stored is not expr:
                    expr = stored
                    continue
                tail.append(expr.name)
                expr = expr.base
            elif isinstance(expr, ir.Index) and isinstance(chosen := _chosen(expr, frame), str):
                tail.append(chosen)  # ``cp[method](command)`` where the method is written down.
                expr = expr.base
            elif isinstance(expr, ir.Call):
                step = self._called(expr, frame, left)
                if isinstance(step, str):
                    return _join(step, tail)
                expr = step
            elif isinstance(expr, ir.Name):
                value = frame.value(expr.id)
                if value is None and expr.id not in self._imports:
                    made = self.made.get(expr.id)
                    # A parameter is what a variable of that name is made of, when it is a client of AWS's.
                    value = made if not _given(frame, expr.id) or _is_client(made) else None
                if isinstance(value, ir.Name | ir.Member | ir.Call) and value is not expr:
                    expr = value
                    continue
                if isinstance(value, ir.Choice) and isinstance(value.options[-1], ir.Call | ir.Name | ir.Member):
                    expr = value.options[-1]
                    continue
                return _join(self._imports.get(expr.id, expr.id), tail)
            else:
                return _join("", tail)
        return _join("", tail)

    def _called(self, call: ir.Call, frame: Frame, left: int) -> str | ir.Expr:
        """A call as part of a name: ``require("x")`` is x, ``promisify(f)`` is f, others are ``f()``."""
        if isinstance(call.func, ir.Name) and call.func.id in {"require", "__import__"} and call.args:
            first = call.args[0]
            if isinstance(first, ir.Const) and isinstance(first.value, str):
                return first.value.removeprefix("node:")
        if isinstance(call.func, ir.Member) and call.func.name == "bind":
            return call.func.base
        inner = self.name(call.func, frame, left)
        if (
            inner.endswith(
                ("promisify", "captureAWS", "captureAWSClient", "captureAWSv3Client", "instrument", "import_module")
            )
            and call.args
        ):
            return call.args[0]
        first_text = ""
        if inner in {"boto3.client", "boto3.resource"} or inner.endswith((".client", ".resource")):
            first_text = str(call.args[0].value) if call.args and isinstance(call.args[0], ir.Const) else ""
        return f"{inner}({first_text})"


def _given(frame: Frame, name: str) -> bool:
    """Whether a name is a parameter of what is being followed."""
    return any(is_param(param, name) for param in frame.function.params)


def _chosen(expr: ir.Index, frame: Frame) -> str | None:
    key = frame.value(expr.key.id) if isinstance(expr.key, ir.Name) else expr.key
    return key.value if isinstance(key, ir.Const) and isinstance(key.value, str) else None


def _is_client(made: ir.Expr | None) -> bool:
    func = made.func if isinstance(made, ir.Call) else None
    return isinstance(func, ir.Member) and func.name in {"client", "resource"} and isinstance(func.base, ir.Name)


def _join(head: str, tail: list[str]) -> str:
    return ".".join([head, *reversed(tail)]) if tail else head


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a string: constant text, or an expression with its origins."""

    text: str | None
    facts: Facts = NOTHING
    expr: ir.Expr | None = None


def pieces(expr: ir.Expr, frame: Frame, facts_of: Callable[[ir.Expr], Facts], left: int = RESOLVE_CAP) -> list[Piece]:
    """The parts a string is put together from, through variables. Never longer than a few hundred."""
    if left <= 0:
        return [Piece(None, facts_of(expr), expr)]
    if isinstance(expr, ir.Const):
        value = expr.value
        return [Piece(value if isinstance(value, str) else str(value))]
    if isinstance(expr, ir.Concat):
        found: list[Piece] = []
        for part in expr.parts[:200]:
            found.extend(pieces(part, frame, facts_of, left - 1))
        return found[:400]
    if isinstance(expr, ir.Name):
        value_expr = frame.value(expr.id)
        if (
            value_expr is not None
            and value_expr is not expr
            and isinstance(value_expr, ir.Const | ir.Concat | ir.Name | ir.Choice | ir.Call)
            and not (isinstance(value_expr, ir.Call) and not facts_of(expr))
        ):
            if isinstance(value_expr, ir.Call) and not _text_call(value_expr):
                by_call = _made_by_a_call(value_expr, frame, facts_of, left)
                return by_call if by_call is not None else [Piece(None, facts_of(expr), expr)]
            made = pieces(value_expr, frame, lambda e: facts_of(expr) if e is value_expr else facts_of(e), left - 1)
            shown = {(origin.line, origin.column) for piece in made for origin in piece.facts}
            other = frozenset(o for o in facts_of(expr) if (o.line, o.column) not in shown and o.kind not in WEAK)
            if other:
                made = [*made, Piece(None, other, expr)]  # What it was given in another branch.
            return _as_safe_as(facts_of(expr), made)
    if isinstance(expr, ir.Choice):
        tainted = next((option for option in expr.options if facts_of(option)), expr.options[0])
        return pieces(tainted, frame, facts_of, left - 1)
    called = _made_by_a_call(expr, frame, facts_of, left) if isinstance(expr, ir.Call) else None
    return called if called is not None else [Piece(None, facts_of(expr), expr)]


def _as_safe_as(facts: Facts, made: list[Piece]) -> list[Piece]:
    """A check of a variable after it was put together counts for all its parts."""
    safe = frozenset.intersection(*(origin.safe for origin in facts)) if facts else frozenset()
    if not safe:
        return made
    return [replace(piece, facts=made_safe(piece.facts, *safe)) if piece.facts else piece for piece in made]


_TEXT_CALLS = words(
    """
    join text resolve dedent strip trim concat str String normalize format encode unescape Path URL joinpath
    lower toString open
    """
)


def _text_call(call: ir.Call) -> bool:
    func = call.func
    name = func.name if isinstance(func, ir.Member) else func.id if isinstance(func, ir.Name) else ""
    return name in _TEXT_CALLS and name != "open"


def _call_pieces(call: ir.Call, frame: Frame, facts_of: Callable[[ir.Expr], Facts], left: int) -> list[Piece]:
    """A call that only puts text together: ``os.path.join(a, b)``, ``sql.strip()``, ``text(sql)``."""
    found: list[Piece] = []
    if isinstance(call.func, ir.Member) and call.func.name in {
        "strip",
        "trim",
        "concat",
        "format",
        "encode",
        "lower",
        "toString",
    }:
        found.extend(pieces(call.func.base, frame, facts_of, left - 1))
    if isinstance(call.func, ir.Member) and call.func.name == "join":
        items = _items(call.func.base, frame)
        if items and not facts_of(call.func.base) - frozenset().union(*(facts_of(item) for item in items)):
            for item in items[:100]:
                found.extend(pieces(item, frame, facts_of, left - 1))
            return found
        listed = facts_of(call.func.base)
        if listed:
            found.append(Piece(None, listed, call.func.base))
    for number, arg in enumerate(call.args[:20]):
        if number and isinstance(call.func, ir.Member) and call.func.name in {"join", "resolve"}:
            found.append(Piece("/"))
        found.extend(pieces(arg, frame, facts_of, left - 1))
    return found


def _items(expr: ir.Expr, frame: Frame) -> list[ir.Expr]:
    made = frame.value(expr.id) if isinstance(expr, ir.Name) else expr
    return made.items if isinstance(made, ir.Listing) else []


def _made_by_a_call(call: ir.Call, frame: Frame, facts_of: Callable[[ir.Expr], Facts], left: int) -> list[Piece] | None:
    """The parts of what a call puts together, ``None`` for a call that does something else."""
    replaced = _replaced(call, frame, facts_of, left)
    if replaced is not None:
        return replaced
    return _call_pieces(call, frame, facts_of, left) if _text_call(call) else None


def _replaced(call: ir.Call, frame: Frame, facts_of: Callable[[ir.Expr], Facts], left: int) -> list[Piece] | None:
    """``template.replace("{{NAME}}", name)`` where the template is written down."""
    if not isinstance(call.func, ir.Member) or call.func.name not in {"replace", "replaceAll"} or len(call.args) < 2:
        return None
    base = call.func.base
    made = frame.value(base.id) if isinstance(base, ir.Name) else base
    hole = call.args[0]
    if not isinstance(made, ir.Const) or not isinstance(made.value, str) or not isinstance(hole, ir.Const):
        return None
    before, found, after = made.value.partition(str(hole.value))
    return [Piece(before), *pieces(call.args[1], frame, facts_of, left - 1), Piece(after)] if found else None


def mentions(value: ir.Expr, target: ir.Expr) -> bool:
    """Whether ``x = f(x)``: then the new value takes the place of the old one even within a branch."""
    if not isinstance(target, ir.Name):
        return False
    stack = [value]
    for _ in range(200):
        if not stack:
            return False
        expr = stack.pop()
        if isinstance(expr, ir.Name) and expr.id == target.id:
            return True
        stack.extend(ir.parts_of(expr))
    return False


def owner_of(frame: Frame, name: str) -> Frame:
    """The frame a variable lives in; this one when it is new."""
    current: Frame | None = frame
    while current is not None:
        if name in current.facts:
            return current
        current = current.parent
    return frame


def root_of(expr: ir.Expr) -> ir.Name | None:
    """The variable that ``a.b[c]`` is read from."""
    while isinstance(expr, ir.Member | ir.Index):
        expr = expr.base
    return expr if isinstance(expr, ir.Name) else None


def is_param(param: ir.Param, name: str) -> bool:
    """Whether a parameter is of this name."""
    return isinstance(param.target, ir.Name) and param.target.id == name
