"""A JavaScript or TypeScript file as scopes, bindings, calls and classes. Pure: text in, Module out.

One walk over the tree, without recursion, so that no file is too deep.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import linkage, patterns
from daemon.agents.builtin.apidocs.scopes import (
    Binding,
    Call,
    ClassInfo,
    FunctionInfo,
    Module,
    Scope,
    line_of,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Parser

MAX_NODES = 400_000

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    }
)
CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
_NOTHING = frozenset({"null", "undefined"})
"""A field that is set to this gets its value later."""
_BLOCKS = frozenset({"statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"})
_IDLE = frozenset(
    {
        "comment",
        "string",
        "string_fragment",
        "escape_sequence",
        "regex",
        "number",
        "true",
        "false",
        "null",
        "undefined",
        "this",
        "identifier",
        "property_identifier",
        "shorthand_property_identifier",
        "type_identifier",
        "type_annotation",
        "type_arguments",
        "type_parameters",
        "interface_declaration",
        "type_alias_declaration",
    }
)
"""Nothing in these is of interest."""
_CLOSED = frozenset({"import_statement", "enum_declaration"})
"""These are read as a whole."""


@cache
def _parser(kind: str) -> Parser:
    import tree_sitter  # noqa: PLC0415 - heavy, and not needed for every hook
    import tree_sitter_typescript as grammar  # noqa: PLC0415 - as above

    pointer = grammar.language_tsx() if kind == "tsx" else grammar.language_typescript()
    return tree_sitter.Parser(tree_sitter.Language(pointer))


def parse(path: str, source: bytes) -> Module:
    """Read one file. Never fails on what it finds; ``broken`` is the first line that does not parse."""
    kind = "ts" if path.endswith((".ts", ".mts", ".cts")) else "tsx"
    root = _parser(kind).parse(source).root_node
    top = Scope(parent=None)
    module = Module(path=path, source=source, root=root, top=top)
    if root.has_error:
        module.broken = _first_error(root)
    _Walk(module).run()
    return module


def _first_error(root: Node) -> int:
    node = root
    while True:
        inner = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if inner is None or node.is_error:
            return line_of(node)
        node = inner


class _Walk:
    """The one walk that fills a Module."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def run(self) -> None:
        stack: list[tuple[Node, Scope]] = [(self.module.root, self.module.top)]
        budget = MAX_NODES
        while stack:
            node, scope = stack.pop()
            budget -= 1
            if budget < 0:
                self.module.cut = True
                return
            inner = self.enter(node, scope)
            if node.type not in _CLOSED:
                stack.extend([(child, inner) for child in reversed(node.named_children) if child.type not in _IDLE])

    def enter(self, node: Node, scope: Scope) -> Scope:
        kind = node.type
        if kind in FUNCTIONS:
            return self.function(node, scope)
        if kind in CLASSES:
            return self.klass(node, scope)
        if kind in _BLOCKS:
            inner = Scope(parent=scope, function=scope.function, klass=scope.klass)
            if kind == "for_in_statement":
                self.loop(node, inner)
            return inner
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, node, scope)
        return scope

    def function(self, node: Node, scope: Scope) -> Scope:
        inner = Scope(parent=scope, klass=scope.klass)
        name = text(node.child_by_field_name("name"))
        info = FunctionInfo(node=node, outer=scope, scope=inner, klass=scope.klass, name=name)
        inner.function = info
        self.module.functions[node.id] = info
        if node.type.endswith("_declaration"):
            scope.names[name] = Binding("func", node=node, scope=scope, function=info)
        if node.type == "method_definition" and scope.klass is not None and node.parent is not None:
            scope.klass.methods.setdefault(name, info)
            scope.klass.members.append((info, _decorators_before(node)))
        patterns.parameters(node, info)
        body = node.child_by_field_name("body")
        if node.type == "arrow_function" and body is not None and body.type != "statement_block":
            info.returns.append((body, inner))
        return inner

    def klass(self, node: Node, scope: Scope) -> Scope:
        inner = Scope(parent=scope, function=scope.function)
        name = text(node.child_by_field_name("name"))
        info = ClassInfo(node=node, name=name, outer=scope, scope=inner)
        inner.klass = info
        holder = node.parent if node.parent is not None and node.parent.type == "export_statement" else None
        for one in (*(holder.children if holder is not None else ()), *node.children):
            if one.type == "decorator":
                info.decorators.append(one)
            elif one.type == "class_heritage":
                info.heritage = one
        if name:
            scope.names[name] = Binding("class", node=node, scope=scope, klass=info)
        self.module.classes.append(info)
        return inner

    def loop(self, node: Node, scope: Scope) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        of = any(child.type == "of" for child in node.children)
        if left is None or right is None or not of:
            return
        info = FunctionInfo(node=node, outer=scope.parent or scope, scope=scope, klass=scope.klass, name="each")
        binding = Binding("param", scope=scope, function=info)
        info.parameters.append(binding)
        info.returns.append((right, scope.parent or scope))
        scope.function = info
        self.module.functions[node.id] = info
        patterns.bind(left, scope, binding)

    def on_variable_declarator(self, node: Node, scope: Scope) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        annotation = text(node.child_by_field_name("type")).lstrip(": ")
        if name is not None and not (node.parent is not None and node.parent.type == "for_in_statement"):
            patterns.bind(name, scope, Binding("value", node=value, scope=scope, annotation=annotation))

    def on_public_field_definition(self, node: Node, scope: Scope) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if scope.klass is not None and name is not None and value is not None and value.type not in _NOTHING:
            scope.klass.fields[text(name)] = (value, scope)

    def on_assignment_expression(self, node: Node, scope: Scope) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        if left.type == "identifier":
            known = scope.find(text(left))
            if known is not None and known.kind == "value" and known.node is not None:
                known.again = True
            elif known is not None and known.kind == "value":
                known.node, known.scope = right, scope
        elif left.type == "member_expression":
            self.assign_member(text(left), right, scope)

    def assign_member(self, target: str, right: Node, scope: Scope) -> None:
        linkage.assigned(self.module, target, right, scope)
        found = re.fullmatch(r"(this|[A-Z][\w$]*)\.([\w$]+)", target)
        if not found:
            return
        if found[1] != "this":
            self.assign_static(found[1], found[2], right, scope)
        elif scope.klass is not None:
            scope.klass.fields.setdefault(found[2], (right, scope))

    def assign_static(self, name: str, field: str, right: Node, scope: Scope) -> None:
        """``App.instance = new App()``."""
        known = scope.find(name)
        if known is not None and known.klass is not None:
            known.klass.fields.setdefault(field, (right, scope))

    def on_return_statement(self, node: Node, scope: Scope) -> None:
        function = scope.function
        while function is not None and function.node.type == "for_in_statement":
            function = function.outer.function
        if function is not None and node.named_children:
            function.returns.append((node.named_children[0], scope))

    def on_call_expression(self, node: Node, scope: Scope) -> None:
        parent = node.parent if len(self.module.calls) < MAX_NODES else None
        decorates = parent.next_named_sibling if parent is not None and parent.type == "decorator" else None
        self.module.calls.append(Call(node, scope, decorates))
        linkage.required(self.module, node)

    def on_new_expression(self, node: Node, scope: Scope) -> None:
        self.module.calls.append(Call(node, scope))

    def on_enum_declaration(self, node: Node, scope: Scope) -> None:
        name = text(node.child_by_field_name("name"))
        scope.names[name] = Binding("enum", node=node, scope=scope)

    def on_import_statement(self, node: Node, scope: Scope) -> None:
        linkage.imported(self.module, node, scope)

    def on_export_statement(self, node: Node, scope: Scope) -> None:
        linkage.exported(self.module, node, scope)


_HANDLERS: dict[str, Callable[[_Walk, Node, Scope], None]] = {
    "variable_declarator": _Walk.on_variable_declarator,
    "public_field_definition": _Walk.on_public_field_definition,
    "assignment_expression": _Walk.on_assignment_expression,
    "return_statement": _Walk.on_return_statement,
    "call_expression": _Walk.on_call_expression,
    "new_expression": _Walk.on_new_expression,
    "enum_declaration": _Walk.on_enum_declaration,
    "import_statement": _Walk.on_import_statement,
    "export_statement": _Walk.on_export_statement,
}


def _decorators_before(node: Node) -> list[Node]:
    found: list[Node] = []
    before = node.prev_named_sibling
    while before is not None and before.type in {"decorator", "comment"}:
        if before.type == "decorator":
            found.append(before)
        before = before.prev_named_sibling
    return found[::-1]
