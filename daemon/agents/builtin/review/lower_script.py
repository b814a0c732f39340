"""TypeScript and JavaScript into the common form: expressions. Statements are in ``lower_script_block``."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.review import ir

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

DEPTH_CAP = 160
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_TRANSPARENT = {"as_expression", "satisfies_expression", "non_null_expression", "parenthesized_expression",
                "type_assertion", "await_expression", "spread_element", "yield_expression", "computed_property_name",
                "instantiation_expression", "jsx_expression"}  # fmt: skip
FUNCTIONS = {"arrow_function", "function_expression", "function_declaration", "method_definition",
             "generator_function", "generator_function_declaration", "function"}  # fmt: skip


class TooDeepError(Exception):
    """Nested deeper than the cap."""


def text_of(node: Node | None, cap: int = 4000) -> str:
    """A node's text, cut at ``cap`` bytes."""
    return ((node.text or b"") if node is not None else b"")[:cap].decode("utf-8", "replace")


def place(node: Node) -> tuple[int, int, int]:
    """Line, column and last line of a node, counted from 1."""
    return node.start_point[0] + 1, node.start_point[1] + 1, node.end_point[0] + 1


class Expressions(ABC):
    """Lowers expressions; functions found on the way are handed to ``function``."""

    def __init__(self, module: ir.Module) -> None:
        self.module = module
        self.nesting = 0

    @abstractmethod
    def function(self, node: Node, name: str, owner: str = "", annotation: str = "") -> ir.Function:
        """Lower a function; done where statements are known."""

    @abstractmethod
    def class_value(self, node: Node) -> ir.Expr:
        """Lower a class that is a value, ``module.exports = class { ... }``; likewise."""

    def expr(self, node: Node | None) -> ir.Expr:
        """Lower any expression."""
        if node is None:
            return ir.Mix(1, 1, 1, [])
        while node.type in _TRANSPARENT:
            inner = _inner(node)
            if inner is None:
                return ir.Mix(*place(node), [])
            if node.type == "await_expression":
                return self._awaited(inner)
            node = inner
        if self.nesting > DEPTH_CAP:
            raise TooDeepError
        self.nesting += 1
        handler = _HANDLERS.get(node.type)
        made = handler(self, node) if handler else ir.Mix(*place(node), [self.expr(c) for c in _named(node)])
        self.nesting -= 1
        return made

    def _awaited(self, node: Node) -> ir.Expr:
        made = self.expr(node)
        if isinstance(made, ir.Call):
            made.awaited = True
        return made

    def identifier(self, node: Node) -> ir.Expr:
        """A name; ``undefined`` is a literal."""
        name = text_of(node)
        if name == "undefined":
            return ir.Const(*place(node), None)
        return ir.Name(*place(node), name)

    def string(self, node: Node) -> ir.Expr:
        """A string, with its simple escapes undone."""
        parts = []
        for child in _named(node):
            raw = text_of(child, 100_000)
            parts.append(_ESCAPES.get(raw[1:2], raw[1:]) if child.type == "escape_sequence" else raw)
        return ir.Const(*place(node), "".join(parts))

    def number(self, node: Node) -> ir.Expr:
        """A number."""
        try:
            value: int | float = float(text_of(node, 60))
        except ValueError:
            value = 0
        return ir.Const(*place(node), value)

    def literal(self, node: Node) -> ir.Expr:
        """true, false, null."""
        return ir.Const(*place(node), {"true": True, "false": False}.get(node.type))

    def template(self, node: Node) -> ir.Expr:
        """A template string; one without holes is a constant."""
        parts: list[ir.Expr] = []
        for child in _named(node):
            if child.type == "template_substitution":
                parts.extend(self.expr(part) for part in _named(child))
            else:
                parts.append(ir.Const(*place(child), text_of(child, 100_000)))
        if all(isinstance(part, ir.Const) for part in parts):
            return ir.Const(*place(node), "".join(str(p.value) for p in parts if isinstance(p, ir.Const)))
        return ir.Concat(*place(node), parts)

    def member(self, node: Node) -> ir.Expr:
        """``a.b``."""
        name = text_of(node.child_by_field_name("property"), 200)
        return ir.Member(*place(node), self.expr(node.child_by_field_name("object")), name)

    def subscript(self, node: Node) -> ir.Expr:
        """``a[b]``."""
        base = self.expr(node.child_by_field_name("object"))
        key = self.expr(node.child_by_field_name("index"))
        if isinstance(key, ir.Const) and isinstance(key.value, str | int | float):
            name = str(int(key.value)) if isinstance(key.value, float) else str(key.value)
            return ir.Member(*place(node), base, name)
        return ir.Index(*place(node), base, key)

    def call(self, node: Node) -> ir.Expr:
        """A call, or a tagged template."""
        callee = node.child_by_field_name("function")
        awaited = callee is not None and callee.type == "await_expression"
        func = self.expr(callee)
        arguments = node.child_by_field_name("arguments")
        if arguments is None:
            return ir.Call(*place(node), func, [], awaited=awaited)
        if arguments.type == "template_string":
            return ir.Call(*place(node), func, [self.expr(arguments)], tagged=True, awaited=awaited)
        if isinstance(func, ir.Member) and func.name == "bind" and isinstance(func.base, ir.Lambda):
            return func.base  # ``function () { ... }.bind(this)``
        given = [self.expr(child) for child in _named(arguments)]
        if isinstance(func, ir.Member) and func.name == "on" and len(given) == 2:
            _listen(func, given[0], given[1])
        return ir.Call(*place(node), func, given, awaited=awaited)

    def new(self, node: Node) -> ir.Expr:
        """A construction."""
        arguments = node.child_by_field_name("arguments")
        func = self.expr(node.child_by_field_name("constructor"))
        return ir.Call(*place(node), func, [self.expr(child) for child in _named(arguments)] if arguments else [])

    def binary(self, node: Node) -> ir.Expr:
        """An operator between two values."""
        operator = text_of(node.child_by_field_name("operator"))
        if operator == "+":
            return self._plus(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator in {"||", "??"}:
            first = self.expr(left)
            return ir.Choice(*place(node), first, [first, self.expr(right)])
        if operator == "&&":
            return ir.Choice(*place(node), self.expr(left), [self.expr(right)])
        op = _COMPARE.get(operator)
        if op:
            return ir.Verdict(*place(node), op, [self.expr(left), self.expr(right)], operator.startswith("!"))
        if operator in _ARITHMETIC:
            return ir.number(*place(node), [self.expr(left), self.expr(right)])
        return ir.Mix(*place(node), [self.expr(left), self.expr(right)])

    def _plus(self, node: Node) -> ir.Expr:
        """``a + b + c ...`` of any length, without a call for each."""
        right: list[ir.Expr] = []
        left: Node | None = node
        while (
            left is not None
            and left.type == "binary_expression"
            and text_of(left.child_by_field_name("operator")) == "+"
        ):
            right.append(self.expr(left.child_by_field_name("right")))
            left = left.child_by_field_name("left")
        return ir.Concat(*place(node), [self.expr(left), *reversed(right)])

    def unary(self, node: Node) -> ir.Expr:
        """An operator before one value."""
        operator = text_of(node.child_by_field_name("operator"))
        inner = self.expr(node.child_by_field_name("argument"))
        if operator in {"typeof", "!"}:
            op = "typeof" if operator == "typeof" else "not"
            return ir.Verdict(*place(node), op, [inner], negative=operator == "!")
        if operator in {"+", "-", "~"}:
            return ir.number(*place(node), [inner])
        return ir.Mix(*place(node), [inner])

    def update(self, node: Node) -> ir.Expr:
        """``++a``."""
        return ir.number(*place(node), [self.expr(node.child_by_field_name("argument"))])

    def ternary(self, node: Node) -> ir.Expr:
        """``a ? b : c``."""
        test, yes, no = (node.child_by_field_name(name) for name in ("condition", "consequence", "alternative"))
        return ir.Choice(*place(node), self.expr(test), [self.expr(yes), self.expr(no)])

    def array(self, node: Node) -> ir.Expr:
        """A list or list pattern."""
        return ir.Listing(*place(node), [self.expr(child) for child in _named(node)])

    def object(self, node: Node) -> ir.Expr:
        """An object or object pattern."""
        return ir.Record(*place(node), [self._entry(child) for child in _named(node)])

    def _entry(self, node: Node) -> tuple[ir.Expr | None, ir.Expr]:
        if node.type in {"pair", "pair_pattern"}:
            return self.key(node.child_by_field_name("key")), self.expr(node.child_by_field_name("value"))
        if node.type in {"shorthand_property_identifier", "shorthand_property_identifier_pattern"}:
            return ir.Const(*place(node), text_of(node)), ir.Name(*place(node), text_of(node))
        if node.type == "method_definition":
            name = text_of(node.child_by_field_name("name"), 200)
            return ir.Const(*place(node), name), ir.Lambda(*place(node), self.function(node, name))
        if node.type == "object_assignment_pattern":
            left = node.child_by_field_name("left")
            name = text_of(left)
            return ir.Const(*place(node), name), ir.Name(*place(node), name)
        if node.type in {"spread_element", "rest_pattern"}:
            return None, self.expr(_inner(node))
        return None, self.expr(node)

    def key(self, node: Node | None) -> ir.Expr:
        """A property's key: a constant for a plain name, an expression for a computed one."""
        if node is not None and node.type in {"property_identifier", "private_property_identifier", "number"}:
            return ir.Const(*place(node), text_of(node))
        return self.expr(node)

    def lambda_(self, node: Node) -> ir.Expr:
        """A function as a value."""
        name = text_of(node.child_by_field_name("name"), 200) or "<lambda>"
        return ir.Lambda(*place(node), self.function(node, name))

    def assignment(self, node: Node) -> ir.Expr:
        """An assignment inside an expression gives its value."""
        return self.expr(node.child_by_field_name("right"))

    def left_of(self, node: Node) -> ir.Expr:
        """The target of a default."""
        return self.expr(node.child_by_field_name("left"))

    def regex(self, node: Node) -> ir.Expr:
        """A regular expression as its own text, slashes included."""
        return ir.Const(*place(node), text_of(node, 400))

    def skip(self, node: Node) -> ir.Expr:
        """Nothing of interest inside."""
        return ir.Mix(*place(node), [])


def _listen(func: ir.Member, word: ir.Expr, heard: ir.Expr) -> None:
    """Note on a function what it hears: ``socket.on("message", async (text) => ...)``."""
    base = (
        func.base.id if isinstance(func.base, ir.Name) else func.base.name if isinstance(func.base, ir.Member) else ""
    )
    named = re.search(r"socket|client|^ws|^conn|busboy|^bb$", base, re.IGNORECASE)
    if named and isinstance(heard, ir.Lambda) and isinstance(word, ir.Const):
        heard.function.hears = str(word.value)


def _named(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return [child for child in node.named_children if child.type not in {"comment", "type_arguments", "decorator"}]


def _inner(node: Node) -> Node | None:
    named = _named(node)
    if not named:
        return None
    return named[-1] if node.type == "type_assertion" else named[0]


named = _named
_ARITHMETIC = {"-", "*", "/", "%", "**", "<<", ">>", ">>>", "&", "|", "^"}
_COMPARE = {"===": "==", "!==": "==", "==": "==", "!=": "==", "<": "<", ">": "<", "<=": "<", ">=": "<",
            "instanceof": "instanceof", "in": "in"}  # fmt: skip
_HANDLERS: dict[str, Callable[[Any, Node], ir.Expr]] = {
    "identifier": Expressions.identifier, "this": Expressions.identifier, "super": Expressions.identifier,
    "import": Expressions.identifier,
    "shorthand_property_identifier_pattern": Expressions.identifier, "undefined": Expressions.literal,
    "string": Expressions.string, "number": Expressions.number, "true": Expressions.literal,
    "false": Expressions.literal, "null": Expressions.literal, "template_string": Expressions.template,
    "member_expression": Expressions.member, "subscript_expression": Expressions.subscript,
    "call_expression": Expressions.call, "new_expression": Expressions.new, "binary_expression": Expressions.binary,
    "unary_expression": Expressions.unary, "update_expression": Expressions.update,
    "ternary_expression": Expressions.ternary, "array": Expressions.array,
    "array_pattern": Expressions.array, "object": Expressions.object, "object_pattern": Expressions.object,
    "assignment_expression": Expressions.assignment, "augmented_assignment_expression": Expressions.assignment,
    "assignment_pattern": Expressions.left_of, "regex": Expressions.regex,
    "class": lambda self, node: self.class_value(node),
    **dict.fromkeys(FUNCTIONS, Expressions.lambda_),
}  # fmt: skip
TYPE_MARK = re.compile(r"^\s*:\s*")
