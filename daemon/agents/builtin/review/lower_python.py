"""Python into the common form, through the standard library's ``ast``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review import python_shapes as shapes

if TYPE_CHECKING:
    from collections.abc import Callable

DEPTH_CAP = 120


class TooDeepError(Exception):
    """Nested deeper than the cap."""


def lower(path: str, text: str, tree: ast.Module) -> ir.Module:
    """The module in the common form. Raises ``TooDeepError``."""
    module = ir.Module(path=path, language="python", top=ir.Function(ir.MODULE, 1), text=text)
    _Lowering(module).block(tree.body, module.top, 0, "")
    return module


def _place(node: ast.AST) -> tuple[int, int, int]:
    line = getattr(node, "lineno", 1)
    return line, getattr(node, "col_offset", 0) + 1, getattr(node, "end_lineno", None) or line


class _Lowering:
    def __init__(self, module: ir.Module) -> None:
        self.module = module
        self._here: ir.Function = module.top
        self._branch = 0
        self._nesting = 0

    # --- statements

    def block(self, body: list[ast.stmt], function: ir.Function, depth: int, owner: str) -> None:
        saved = self._here, self._branch
        for statement in body:
            self._here, self._branch = function, depth
            self._statement(statement, function, depth, owner)
        self._here, self._branch = saved

    def _statement(self, node: ast.stmt, function: ir.Function, depth: int, owner: str) -> None:
        if self._nesting > DEPTH_CAP:
            raise TooDeepError
        self._nesting += 1
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            handler(self, node, function, depth, owner)
        self._nesting -= 1

    def on_import(self, node: ast.Import, *_: Any) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.split(".")[0]
            self.module.imports[local] = alias.name if alias.asname else local

    def on_import_from(self, node: ast.ImportFrom, *_: Any) -> None:
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            self.module.imports[alias.asname or alias.name] = f"{base}.{alias.name}" if base else alias.name

    def on_def(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, function: ir.Function, depth: int, owner: str
    ) -> None:
        made = self._function(node.name, node, owner)
        made.decorators = [self.expr(decorator) for decorator in node.decorator_list]
        self.block(node.body, made, 0, owner)
        place = _place(node)
        if not owner or function is not self.module.top:
            function.body.append(ir.Assign(depth, ir.Name(*place, node.name), ir.Lambda(*place, made), declares=True))

    def _function(
        self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: str
    ) -> ir.Function:
        arguments = node.args
        params = []
        positional = [*arguments.posonlyargs, *arguments.args]
        blank = [None] * (len(positional) - len(arguments.defaults))
        defaults = [*blank, *arguments.defaults, *arguments.kw_defaults]
        for argument, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            annotation = ast.unparse(argument.annotation) if argument.annotation else ""
            given = self.expr(default) if isinstance(default, ast.Constant | ast.Call) else None
            params.append(ir.Param(ir.Name(*_place(argument), argument.arg), annotation[:200], given))
        made = ir.Function(name, node.lineno, params=params, owner=owner)
        self.module.functions.append(made)
        return made

    def on_class(self, node: ast.ClassDef, function: ir.Function, depth: int, _owner: str) -> None:
        typed = (s for s in node.body if isinstance(s, ast.AnnAssign))
        fields = {ast.unparse(field.target): ast.unparse(field.annotation)[:200] for field in typed}
        inherited = (self.module.classes.get(ast.unparse(base), {}) for base in node.bases)
        self.module.classes[node.name] = {**{k: v for one in inherited for k, v in one.items()}, **fields}
        for statement in node.body:
            self._here, self._branch = function, depth
            self._statement(statement, function, depth, node.name)

    def on_assign(self, node: ast.Assign, function: ir.Function, depth: int, _owner: str) -> None:
        value = self.expr(node.value)
        for target in node.targets:
            function.body.append(ir.Assign(depth, self.expr(target), value))

    def on_annotated(self, node: ast.AnnAssign, function: ir.Function, depth: int, _owner: str) -> None:
        if node.value is not None:
            function.body.append(ir.Assign(depth, self.expr(node.target), self.expr(node.value)))

    def on_augmented(self, node: ast.AugAssign, function: ir.Function, depth: int, _owner: str) -> None:
        target, value = self.expr(node.target), self.expr(node.value)
        function.body.append(ir.Assign(depth, target, ir.Concat(*_place(node), [target, value]), augmented=True))

    def on_do(self, node: ast.Expr, function: ir.Function, depth: int, _owner: str) -> None:
        function.body.append(ir.Do(depth, self.expr(node.value)))

    def on_return(self, node: ast.Return, function: ir.Function, depth: int, _owner: str) -> None:
        if node.value is not None:
            function.body.append(ir.Return(depth, self.expr(node.value)))

    def on_if(self, node: ast.If, function: ir.Function, depth: int, owner: str) -> None:
        leaves = shapes.leaves(node.body)
        exits = leaves or shapes.leaves(node.orelse)
        function.body.append(ir.Guard(depth, self.expr(node.test), exits=exits, leaves=leaves))
        self.block(node.body, function, depth + 1, owner)
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            # An elif chain of any length is no nesting.
            self.on_if(node.orelse[0], function, depth, owner)
        elif node.orelse:
            function.body.append(ir.Else(depth + 1))
            self.block(node.orelse, function, depth + 1, owner)

    def on_while(self, node: ast.While, function: ir.Function, depth: int, owner: str) -> None:
        function.body.append(ir.Guard(depth, self.expr(node.test), exits=False))
        self.block([*node.body, *node.orelse], function, depth + 1, owner)

    def on_for(self, node: ast.For | ast.AsyncFor, function: ir.Function, depth: int, owner: str) -> None:
        function.body.append(ir.Loop(depth, self.expr(node.target), self.expr(node.iter)))
        self.block([*node.body, *node.orelse], function, depth + 1, owner)

    def on_with(self, node: ast.With | ast.AsyncWith, function: ir.Function, depth: int, owner: str) -> None:
        for item in node.items:
            value = self.expr(item.context_expr)
            if item.optional_vars is not None:
                function.body.append(ir.Assign(depth, self.expr(item.optional_vars), value))
            else:
                function.body.append(ir.Do(depth, value))
        self.block(node.body, function, depth, owner)

    def on_try(self, node: ast.Try, function: ir.Function, depth: int, owner: str) -> None:
        self.block(node.body, function, depth, owner)
        for handler in node.handlers:
            self.block(handler.body, function, depth + 1, owner)
            if shapes.misses(handler) and shapes.leaves(handler.body):
                for read in shapes.subscripts(node.body):
                    function.body.append(ir.Guard(depth, self.expr(read), exits=True))
        self.block([*node.orelse, *node.finalbody], function, depth, owner)

    def on_assert(self, node: ast.Assert, function: ir.Function, depth: int, _owner: str) -> None:
        function.body.append(ir.Guard(depth, self.expr(node.test), exits=True))

    def on_raise(self, node: ast.Raise, function: ir.Function, depth: int, _owner: str) -> None:
        if node.exc is not None:
            function.body.append(ir.Do(depth, self.expr(node.exc)))

    def on_match(self, node: ast.Match, function: ir.Function, depth: int, owner: str) -> None:
        function.body.append(ir.Do(depth, self.expr(node.subject)))
        for case in node.cases:
            self.block(case.body, function, depth + 1, owner)

    # --- expressions

    def expr(self, node: ast.AST) -> ir.Expr:
        if self._nesting > DEPTH_CAP:
            raise TooDeepError
        self._nesting += 1
        handler = _EXPRESSIONS.get(type(node))
        if handler is None:
            parts = [self.expr(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            made: ir.Expr = ir.Mix(*_place(node), parts)
        else:
            made = handler(self, node)
        self._nesting -= 1
        return made

    def on_const(self, node: ast.Constant) -> ir.Expr:
        value = None if node.value is Ellipsis else node.value
        return ir.Const(*_place(node), value)

    def on_name(self, node: ast.Name) -> ir.Expr:
        return ir.Name(*_place(node), node.id)

    def on_member(self, node: ast.Attribute) -> ir.Expr:
        return ir.Member(*_place(node), self.expr(node.value), node.attr)

    def on_subscript(self, node: ast.Subscript) -> ir.Expr:
        base = self.expr(node.value)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str | int):
            return ir.Member(*_place(node), base, str(node.slice.value))
        return ir.Index(*_place(node), base, self.expr(node.slice))

    def on_call(self, node: ast.Call) -> ir.Expr:
        args = [self.expr(a.value if isinstance(a, ast.Starred) else a) for a in node.args]
        kwargs = [(keyword.arg or "**", self.expr(keyword.value)) for keyword in node.keywords]
        func = self.expr(node.func)
        if isinstance(func, ir.Member) and func.name == "format" and isinstance(func.base, ir.Const | ir.Name):
            if isinstance(func.base, ir.Const) and not any(isinstance(a, ast.Starred) for a in node.args):
                return _at(node, shapes.filled(func.base, args, dict(kwargs), percent=False))
            return ir.Concat(*_place(node), [func.base, *args, *(value for _, value in kwargs)])
        return ir.Call(*_place(node), func, args, kwargs)

    def on_binary(self, node: ast.BinOp) -> ir.Expr:
        place = _place(node)
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            return self._percent(node, self.expr(node.left))
        if not isinstance(node.op, ast.Add | ast.Mod):
            if isinstance(node.op, ast.Div):
                return ir.Concat(*place, [self.expr(node.left), ir.Const(*place, "/"), self.expr(node.right)])
            sides = [self.expr(node.left), self.expr(node.right)]
            repeats = any(isinstance(side, ir.Listing | ir.Concat) or _is_text(side) for side in sides)
            numeric = isinstance(node.op, _NUMERIC) or (isinstance(node.op, ast.Mult) and not repeats)
            return ir.number(*place, sides) if numeric else ir.Mix(*place, sides)
        if any(
            isinstance(side, ast.Constant) and isinstance(side.value, int | float) for side in (node.left, node.right)
        ):
            return ir.number(*place, [self.expr(node.left), self.expr(node.right)])
        right: list[ir.Expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Mod):
            if isinstance(left.op, ast.Mod) and isinstance(left.left, ast.Constant):
                break
            right.append(self.expr(left.right))
            left = left.left
        return ir.Concat(*place, [self.expr(left), *reversed(right)])

    def _percent(self, node: ast.BinOp, template: ir.Expr) -> ir.Expr:
        given = self.expr(node.right)
        named: dict[str, ir.Expr] = {}
        if isinstance(given, ir.Record):
            named = {str(key.value): value for key, value in given.entries if isinstance(key, ir.Const)}
        values = given.items if isinstance(given, ir.Listing) and isinstance(node.right, ast.Tuple) else [given]
        if not isinstance(template, ir.Const):
            return ir.Concat(*_place(node), [template, given])
        return _at(node, shapes.filled(template, [] if named else values, named, percent=True))

    def on_joined(self, node: ast.JoinedStr) -> ir.Expr:
        parts = [self.expr(v.value if isinstance(v, ast.FormattedValue) else v) for v in node.values]
        return ir.Concat(*_place(node), parts)

    def on_dict(self, node: ast.Dict) -> ir.Expr:
        entries = [
            (self.expr(k) if k is not None else None, self.expr(v)) for k, v in zip(node.keys, node.values, strict=True)
        ]
        return ir.Record(*_place(node), entries)

    def on_list(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Expr:
        return ir.Listing(*_place(node), [self.expr(e.value if isinstance(e, ast.Starred) else e) for e in node.elts])

    def on_or(self, node: ast.BoolOp) -> ir.Expr:
        parts = [self.expr(value) for value in node.values]
        return (
            ir.Choice(*_place(node), parts[0], parts)
            if isinstance(node.op, ast.Or)
            else ir.Choice(*_place(node), parts[0], parts[1:])
        )

    def on_ternary(self, node: ast.IfExp) -> ir.Expr:
        return ir.Choice(*_place(node), self.expr(node.test), [self.expr(node.body), self.expr(node.orelse)])

    def on_compare(self, node: ast.Compare) -> ir.Expr:
        op = _COMPARE.get(type(node.ops[0]), "==")
        parts = [self.expr(node.left), *(self.expr(c) for c in node.comparators)]
        return ir.Verdict(*_place(node), op, parts, isinstance(node.ops[0], ast.NotIn | ast.NotEq | ast.IsNot))

    def on_unary(self, node: ast.UnaryOp) -> ir.Expr:
        inner = self.expr(node.operand)
        return (
            ir.Verdict(*_place(node), "not", [inner], negative=True)
            if isinstance(node.op, ast.Not)
            else ir.Mix(*_place(node), [inner])
        )

    def on_yield(self, node: ast.Yield) -> ir.Expr:
        if node.value is None:
            return ir.Mix(*_place(node), [])
        given = self.expr(node.value)
        self._here.body.append(ir.Return(self._branch, given))
        return ir.Mix(*_place(node), [])

    def on_await(self, node: ast.Await) -> ir.Expr:
        inner = self.expr(node.value)
        if isinstance(inner, ir.Call):
            inner.awaited = True
        return inner

    def on_lambda(self, node: ast.Lambda) -> ir.Expr:
        made = self._function("<lambda>", node, "")
        saved = self._here, self._branch
        self._here, self._branch = made, 0
        made.body.append(ir.Return(0, self.expr(node.body)))
        self._here, self._branch = saved
        return ir.Lambda(*_place(node), made)

    def on_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> ir.Expr:
        for generator in node.generators:
            values = self.expr(generator.iter)
            self._here.body.append(ir.Loop(self._branch, self.expr(generator.target), values))
            for test in generator.ifs:
                self._here.body.append(ir.Guard(self._branch, self.expr(test), exits=shapes.asks_what_is_missing(test)))
        if isinstance(node, ast.DictComp):
            return ir.Record(*_place(node), [(self.expr(node.key), self.expr(node.value))])
        return ir.Listing(*_place(node), [self.expr(node.elt)])

    def on_walrus(self, node: ast.NamedExpr) -> ir.Expr:
        value = self.expr(node.value)
        self._here.body.append(ir.Assign(self._branch, self.expr(node.target), value))
        return self.expr(node.target)


def _at(node: ast.expr, text: ir.Concat) -> ir.Concat:
    """The text where the whole expression stands."""
    text.line, text.column, text.end_line = _place(node)
    return text


def _is_text(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Const) and isinstance(expr.value, str | bytes)


_NUMERIC = (ast.Sub, ast.Pow, ast.FloorDiv)
_COMPARE = {
    ast.In: "in",
    ast.NotIn: "in",
    ast.Lt: "<",
    ast.Gt: "<",
    ast.LtE: "<",
    ast.GtE: "<",
    ast.Is: "==",
    ast.IsNot: "==",
}
_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Import: _Lowering.on_import,
    ast.ImportFrom: _Lowering.on_import_from,
    ast.FunctionDef: _Lowering.on_def,
    ast.AsyncFunctionDef: _Lowering.on_def,
    ast.ClassDef: _Lowering.on_class,
    ast.Assign: _Lowering.on_assign,
    ast.AnnAssign: _Lowering.on_annotated,
    ast.AugAssign: _Lowering.on_augmented,
    ast.Expr: _Lowering.on_do,
    ast.Return: _Lowering.on_return,
    ast.If: _Lowering.on_if,
    ast.While: _Lowering.on_while,
    ast.For: _Lowering.on_for,
    ast.AsyncFor: _Lowering.on_for,
    ast.With: _Lowering.on_with,
    ast.AsyncWith: _Lowering.on_with,
    ast.Try: _Lowering.on_try,
    ast.TryStar: _Lowering.on_try,
    ast.Assert: _Lowering.on_assert,
    ast.Raise: _Lowering.on_raise,
    ast.Match: _Lowering.on_match,
}
_EXPRESSIONS: dict[type[ast.AST], Callable[..., ir.Expr]] = {
    ast.Constant: _Lowering.on_const,
    ast.Name: _Lowering.on_name,
    ast.Attribute: _Lowering.on_member,
    ast.Subscript: _Lowering.on_subscript,
    ast.Call: _Lowering.on_call,
    ast.BinOp: _Lowering.on_binary,
    ast.JoinedStr: _Lowering.on_joined,
    ast.Dict: _Lowering.on_dict,
    ast.List: _Lowering.on_list,
    ast.Tuple: _Lowering.on_list,
    ast.Set: _Lowering.on_list,
    ast.BoolOp: _Lowering.on_or,
    ast.IfExp: _Lowering.on_ternary,
    ast.Compare: _Lowering.on_compare,
    ast.UnaryOp: _Lowering.on_unary,
    ast.Await: _Lowering.on_await,
    ast.Yield: _Lowering.on_yield,
    ast.Lambda: _Lowering.on_lambda,
    ast.ListComp: _Lowering.on_comprehension,
    ast.SetComp: _Lowering.on_comprehension,
    ast.GeneratorExp: _Lowering.on_comprehension,
    ast.DictComp: _Lowering.on_comprehension,
    ast.NamedExpr: _Lowering.on_walrus,
}
