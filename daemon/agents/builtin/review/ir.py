"""A small common form of Python and TypeScript: enough of a program to follow a value through it.

Statements of a function are flat and in the order of the text; ``depth`` says how many branches they stand in.
Awaiting, casting and parentheses leave no trace. What a reader does not understand becomes ``Mix``: its parts still
flow through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "<module>"


@dataclass(slots=True)
class Expr:
    """Any expression and its place, counted from 1."""

    line: int
    column: int
    end_line: int


@dataclass(slots=True)
class Const(Expr):
    """A literal."""

    value: str | bytes | int | float | bool | complex | None


@dataclass(slots=True)
class Name(Expr):
    """A variable."""

    id: str


@dataclass(slots=True)
class Member(Expr):
    """``base.name`` and ``base["name"]``."""

    base: Expr
    name: str


@dataclass(slots=True)
class Index(Expr):
    """``base[key]`` with a key that is not a literal name."""

    base: Expr
    key: Expr


@dataclass(slots=True)
class Call(Expr):
    """A call or construction. A tagged template is a call with ``tagged`` set."""

    func: Expr
    args: list[Expr]
    kwargs: list[tuple[str, Expr]] = field(default_factory=list)
    tagged: bool = False
    awaited: bool = False


@dataclass(slots=True)
class Concat(Expr):
    """A string put together: template, f-string, ``+``, ``%``. Constant parts are ``Const``."""

    parts: list[Expr]


@dataclass(slots=True)
class Record(Expr):
    """An object or dict literal. A key of ``None`` spreads its value."""

    entries: list[tuple[Expr | None, Expr]]


@dataclass(slots=True)
class Listing(Expr):
    """A list, tuple or set literal."""

    items: list[Expr]


@dataclass(slots=True)
class Choice(Expr):
    """One of several values, by a test: ternary, ``or``, ``??``."""

    test: Expr | None
    options: list[Expr]


@dataclass(slots=True)
class Verdict(Expr):
    """A comparison or other yes/no: its parts are looked at, none flows out. ``op`` is the operator, the same for
    ``==`` and ``!=``; ``negative`` tells them apart.
    """

    op: str
    parts: list[Expr]
    negative: bool = False


@dataclass(slots=True)
class Mix(Expr):
    """Anything else made of parts."""

    parts: list[Expr]


@dataclass(slots=True)
class Lambda(Expr):
    """A function as a value."""

    function: Function


@dataclass(slots=True)
class Stmt:
    """A statement; ``depth`` counts the branches and loops around it within its function."""

    depth: int


@dataclass(slots=True)
class Assign(Stmt):
    """``target = value``; a target may be a pattern (``Record`` of names, ``Listing``)."""

    target: Expr
    value: Expr
    augmented: bool = False
    declares: bool = False


@dataclass(slots=True)
class Do(Stmt):
    """An expression for its effect."""

    value: Expr


@dataclass(slots=True)
class Guard(Stmt):
    """The test of a branch; ``exits`` when one of the branches leaves the function, ``leaves`` when the first does:
    below it the test has failed.
    """

    test: Expr
    exits: bool
    leaves: bool = False


@dataclass(slots=True)
class Else(Stmt):
    """The other branch of a test begins; ``depth`` is that of the statements inside."""


@dataclass(slots=True)
class Loop(Stmt):
    """``for target in values``."""

    target: Expr
    values: Expr


@dataclass(slots=True)
class Return(Stmt):
    """What a function gives back."""

    value: Expr


@dataclass(slots=True)
class Param:
    """A parameter: a name or a pattern, with its type as written ("" when there is none), its default."""

    target: Expr
    annotation: str = ""
    default: Expr | None = None


@dataclass(slots=True)
class Function:
    """A function, a method, or the module itself."""

    name: str
    line: int
    params: list[Param] = field(default_factory=list)
    body: list[Stmt] = field(default_factory=list)
    decorators: list[Expr] = field(default_factory=list)
    annotation: str = ""
    owner: str = ""
    hears: str = ""
    """What it was registered to hear on a socket: ``socket.on("message", ...)``."""


@dataclass(slots=True)
class Module:
    """A file: its top level, every function in it, and what its imports are called here."""

    path: str
    language: str
    top: Function
    functions: list[Function] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    text: str = ""
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of Python's classes the fields that have a type, as it is written, under the class's name."""


def number(line: int, column: int, end_line: int, parts: list[Expr]) -> Expr:
    """The result of arithmetic: whatever it is made of, it is a number."""
    return Call(line, column, end_line, Name(line, column, end_line, "Number"), parts)


def every_expression(function: Function, most: int = 20_000) -> Iterator[Expr]:
    """The expressions of a function's own statements and what is inside them, in no order; at most so many."""
    stack: list[Expr] = []
    for statement in function.body:
        stack.extend(
            part
            for name in ("target", "value", "test", "values")
            if (part := getattr(statement, name, None)) is not None
        )
    for _ in range(most):
        if not stack:
            return
        current = stack.pop()
        yield current
        stack.extend(parts_of(current))


def is_arithmetic(expr: Call) -> bool:
    """Whether a call stands for arithmetic on several values (see ``number``)."""
    return (
        isinstance(expr.func, Name) and expr.func.id == "Number" and len(expr.args) > 1 and expr.line == expr.func.line
    )


def parts_of(expr: Expr) -> list[Expr]:
    """The expressions straight inside one. A function's body is not inside."""
    if isinstance(expr, Concat | Mix | Verdict):
        return expr.parts
    if isinstance(expr, Call):
        return [expr.func, *expr.args, *(value for _, value in expr.kwargs)]
    if isinstance(expr, Member):
        return [expr.base]
    if isinstance(expr, Index):
        return [expr.base, expr.key]
    if isinstance(expr, Record):
        return [part for key, value in expr.entries for part in ((key, value) if key is not None else (value,))]
    if isinstance(expr, Listing):
        return expr.items
    if isinstance(expr, Choice):
        # ``a or b`` is tested by its own first value: it is one part, or long chains would double at every link.
        tested = expr.test is not None and expr.test is not expr.options[0]
        return [*([expr.test] if tested and expr.test is not None else []), *expr.options]
    return []
