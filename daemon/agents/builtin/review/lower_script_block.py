"""TypeScript and JavaScript into the common form: modules, functions, classes, statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review.lower_script import (
    DEPTH_CAP,
    FUNCTIONS,
    TYPE_MARK,
    Expressions,
    TooDeepError,
    named,
    place,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node


def lower(path: str, text: str, root: Node) -> ir.Module:
    """The module in the common form. Raises ``TooDeepError``."""
    module = ir.Module(path=path, language="script", top=ir.Function(ir.MODULE, 1), text=text)
    _Lowering(module).block(root, module.top, 0)
    return module


class _Lowering(Expressions):
    def __init__(self, module: ir.Module) -> None:
        super().__init__(module)
        self._owner = ""

    # --- functions and classes

    def function(self, node: Node, name: str, owner: str = "", annotation: str = "") -> ir.Function:
        made = ir.Function(name, node.start_point[0] + 1, owner=owner, annotation=annotation)
        self.module.functions.append(made)
        single = node.child_by_field_name("parameter")
        if single is not None:
            made.params.append(ir.Param(self.expr(single)))
        for parameter in named(node.child_by_field_name("parameters")):
            made.params.append(self._param(parameter))
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.block(body, made, 0)
        elif body is not None:
            made.body.append(ir.Return(0, self.expr(body)))
        return made

    def _param(self, node: Node) -> ir.Param:
        pattern = node.child_by_field_name("pattern")
        kind = node.child_by_field_name("type")
        decorators = " ".join(text_of(child, 80) for child in node.children if child.type == "decorator")
        annotation = TYPE_MARK.sub("", text_of(kind, 200)) if kind is not None else ""
        value = node.child_by_field_name("value" if pattern is not None else "right")
        default = self.expr(value) if value is not None and value.type == "string" else None
        target = self.expr(pattern if pattern is not None else node)
        return ir.Param(target, f"{decorators} {annotation}".strip(), default)

    def on_class(self, node: Node, function: ir.Function, depth: int) -> None:
        name = text_of(node.child_by_field_name("name"), 200)
        exported = node.parent if node.parent is not None and node.parent.type == "export_statement" else None
        for child in [*(exported.children if exported is not None else []), *node.children]:
            if child.type == "decorator":  # ``@Module({ imports: [...] })``
                function.body.append(ir.Do(depth, self.expr(child)))
        decorators: list[ir.Expr] = []
        body = node.child_by_field_name("body")
        for child in body.named_children if body is not None else []:
            if child.type == "decorator":
                decorators.append(self.expr(child))
            elif child.type == "method_definition":
                made = self.function(child, text_of(child.child_by_field_name("name"), 200), owner=name or "<class>")
                made.decorators, decorators = decorators, []
            elif child.type in {"public_field_definition", "field_definition"}:
                self._field(child, name, function, depth)

    def class_value(self, node: Node) -> ir.Expr:
        """See ``Expressions``."""
        self.on_class(node, self.module.top, 0)
        return ir.Mix(*place(node), [])

    def _field(self, node: Node, owner: str, function: ir.Function, depth: int) -> None:
        value = node.child_by_field_name("value")
        if value is None:
            return
        key = node.child_by_field_name("name") or node.child_by_field_name("property")
        name = text_of(key, 200)
        if value.type in FUNCTIONS:
            self.function(value, name, owner=owner)
            return
        target = ir.Member(*place(node), ir.Name(*place(node), "this"), name)
        function.body.append(ir.Assign(depth, target, self.expr(value)))

    # --- statements

    def block(self, node: Node, function: ir.Function, depth: int) -> None:
        """Lower the statements inside a node."""
        for child in named(node):
            self.statement(child, function, depth)

    def statement(self, node: Node | None, function: ir.Function, depth: int) -> None:
        """Lower one statement."""
        if node is None:
            return
        if self.nesting > DEPTH_CAP:
            raise TooDeepError
        self.nesting += 1
        handler = _STATEMENTS.get(node.type)
        if handler:
            handler(self, node, function, depth)
        elif node.type in _BLOCKS:
            self.block(node, function, depth)
        self.nesting -= 1

    def on_import(self, node: Node, *_: Any) -> None:
        source = self.expr(node.child_by_field_name("source"))
        module = str(source.value) if isinstance(source, ir.Const) else ""
        module = module.removeprefix("node:")
        for clause in named(node):
            if clause.type != "import_clause":
                continue
            for child in named(clause):
                if child.type == "identifier":
                    self.module.imports[text_of(child)] = module
                elif child.type == "namespace_import":
                    self.module.imports[text_of(named(child)[0])] = module
                for item in named(child) if child.type == "named_imports" else []:
                    original = text_of(item.child_by_field_name("name"), 200)
                    alias = item.child_by_field_name("alias")
                    self.module.imports[text_of(alias, 200) if alias is not None else original] = f"{module}.{original}"

    def on_declaration(self, node: Node, function: ir.Function, depth: int) -> None:
        for declarator in named(node):
            if declarator.type != "variable_declarator":
                continue
            target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            kind = declarator.child_by_field_name("type")
            if value is None and target is not None and function is self.module.top:
                nothing = ir.Const(*place(declarator), None)  # ``let command;``, which handlers give a value
                function.body.append(ir.Assign(depth, self.expr(target), nothing, declares=True))
            if value is None or target is None:
                continue
            annotation = TYPE_MARK.sub("", text_of(kind, 200)) if kind is not None else ""
            bare = value
            while bare.type in {"as_expression", "satisfies_expression", "parenthesized_expression"} and named(bare):
                bare = named(bare)[0]
            lowered: ir.Expr
            if bare.type in FUNCTIONS:
                lowered = ir.Lambda(*place(bare), self.function(bare, text_of(target, 200), annotation=annotation))
            else:
                lowered = self.expr(value)
            function.body.append(ir.Assign(depth, self.expr(target), lowered, declares=True))

    def on_named_function(self, node: Node, function: ir.Function, depth: int) -> None:
        name = text_of(node.child_by_field_name("name"), 200)
        made = self.function(node, name)
        function.body.append(
            ir.Assign(depth, ir.Name(*place(node), name), ir.Lambda(*place(node), made), declares=True)
        )

    def on_expression(self, node: Node, function: ir.Function, depth: int) -> None:
        for child in named(node):
            self._effect(child, function, depth)

    def _effect(self, node: Node, function: ir.Function, depth: int) -> None:
        if node.type == "sequence_expression":
            for child in named(node):
                self._effect(child, function, depth)
            return
        if node.type not in {"assignment_expression", "augmented_assignment_expression"}:
            function.body.append(ir.Do(depth, self.expr(node)))
            return
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        target = self.expr(left)
        if right is not None and right.type in FUNCTIONS:
            name = target.name if isinstance(target, ir.Member) else text_of(left, 80)
            value: ir.Expr = ir.Lambda(*place(right), self.function(right, name))
        else:
            value = self.expr(right)
        augmented = node.type == "augmented_assignment_expression"
        if augmented:
            value = ir.Concat(*place(node), [target, value])
        function.body.append(ir.Assign(depth, target, value, augmented=augmented))

    def on_return(self, node: Node, function: ir.Function, depth: int) -> None:
        for child in named(node):
            function.body.append(ir.Return(depth, self.expr(child)))

    def on_throw(self, node: Node, function: ir.Function, depth: int) -> None:
        for child in named(node):
            function.body.append(ir.Do(depth, self.expr(child)))

    def on_if(self, node: Node, function: ir.Function, depth: int) -> None:
        current: Node | None = node
        while current is not None:
            yes, no = current.child_by_field_name("consequence"), current.child_by_field_name("alternative")
            test = self.expr(current.child_by_field_name("condition"))
            leaves = _leaves(yes)
            function.body.append(ir.Guard(depth, test, exits=leaves or _leaves(no), leaves=leaves))
            self.statement(yes, function, depth + 1)
            current = None
            for child in named(no):
                if child.type == "if_statement":
                    current = child  # An else-if chain of any length is no nesting.
                else:
                    function.body.append(ir.Else(depth + 1))
                    self.statement(child, function, depth + 1)

    def on_loop_over(self, node: Node, function: ir.Function, depth: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        keys = text_of(node.child_by_field_name("operator")) == "in"
        values = self.expr(right)
        if keys:
            values = ir.Mix(*place(node), [values])
        function.body.append(ir.Loop(depth, self.expr(left), values))
        self.statement(node.child_by_field_name("body"), function, depth + 1)

    def on_loop(self, node: Node, function: ir.Function, depth: int) -> None:
        for name in ("initializer", "condition", "body"):
            child = node.child_by_field_name(name)
            if name == "condition" and child is not None and child.type != "expression_statement":
                function.body.append(ir.Guard(depth, self.expr(child), exits=False))
            else:
                self.statement(child, function, depth + (name == "body"))

    def on_switch(self, node: Node, function: ir.Function, depth: int) -> None:
        value = self.expr(node.child_by_field_name("value"))
        asks = isinstance(value, ir.Verdict)  # ``switch (typeof body.name === "string")``
        function.body.append(ir.Guard(depth, value, exits=True) if asks else ir.Do(depth, value))
        for case in named(node.child_by_field_name("body")):
            self.block(case, function, depth + 1)

    def on_try(self, node: Node, function: ir.Function, depth: int) -> None:
        for child in named(node):
            inner = child.child_by_field_name("body") if child.type in {"catch_clause", "finally_clause"} else child
            self.statement(inner, function, depth + (child.type == "catch_clause"))

    def on_export(self, node: Node, function: ir.Function, depth: int) -> None:
        value = node.child_by_field_name("value")
        if value is not None:
            target = ir.Member(*place(node), ir.Name(*place(node), "exports"), "default")
            function.body.append(ir.Assign(depth, target, self.expr(value)))
            return
        self.block(node, function, depth)


def _leaves(node: Node | None) -> bool:
    """Whether a branch ends by leaving the function (or the loop)."""
    if node is None:
        return False
    if node.type in {"return_statement", "throw_statement", "continue_statement", "break_statement"}:
        return True
    children = named(node)
    return bool(children) and node.type in {"statement_block", "else_clause"} and _leaves(children[-1])


_BLOCKS = {
    "statement_block",
    "else_clause",
    "labeled_statement",
    "internal_module",
    "module",
    "program",
    "ambient_declaration",
    "catch_clause",
    "finally_clause",
}
_STATEMENTS: dict[str, Callable[[_Lowering, Node, ir.Function, int], None]] = {
    "import_statement": _Lowering.on_import,
    "lexical_declaration": _Lowering.on_declaration,
    "variable_declaration": _Lowering.on_declaration,
    "function_declaration": _Lowering.on_named_function,
    "generator_function_declaration": _Lowering.on_named_function,
    "class_declaration": _Lowering.on_class,
    "abstract_class_declaration": _Lowering.on_class,
    "expression_statement": _Lowering.on_expression,
    "return_statement": _Lowering.on_return,
    "throw_statement": _Lowering.on_throw,
    "if_statement": _Lowering.on_if,
    "for_in_statement": _Lowering.on_loop_over,
    "for_statement": _Lowering.on_loop,
    "while_statement": _Lowering.on_loop,
    "do_statement": _Lowering.on_loop,
    "switch_statement": _Lowering.on_switch,
    "try_statement": _Lowering.on_try,
    "export_statement": _Lowering.on_export,
}
