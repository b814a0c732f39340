"""What each kind of expression means: texts, objects, members, operators. Pure.

What names stand for, and what has which members, the evaluator knows.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import calling
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.literal import as_text, compared, unescaped
from daemon.agents.builtin.apidocs.scopes import text
from daemon.agents.builtin.apidocs.script import FUNCTIONS
from daemon.agents.builtin.apidocs.values import UNKNOWN, Arr, Cls, Env, Func, Inst, Lazy, Obj, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.asking import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Module, Scope

MAX_TEXT = 2_000
_COMPARED = frozenset({"===", "==", "!==", "!=", "<", ">", "<=", ">="})
_WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "await_expression"}
)


def meaning(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    """The value of one expression; its parts are asked of the evaluator."""
    kind = node.type
    if kind in _WRAPPERS:
        return ev.value(module, node.named_children[0] if node.named_children else None, scope, env)
    if kind in FUNCTIONS:
        info = module.functions.get(node.id)
        return Func(module, info, env) if info else UNKNOWN
    read = _READERS.get(kind)
    return read(ev, module, node, scope, env) if read else UNKNOWN


def _identifier(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    name = text(node)
    binding = scope.find(name)
    if binding is None:
        own = {"__dirname": posixpath.dirname(module.path), "__filename": module.path}
        return own.get(name, UNKNOWN)
    return ev.bound(module, binding, env)


def _string(_ev: Evaluator, _module: Module, node: Node, _scope: Scope, _env: Env) -> Value:
    return unescaped(node)[:MAX_TEXT]


def _template_string(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    out = []
    for child in node.named_children[:60]:
        if child.type == "template_substitution":
            inner = child.named_children[0] if child.named_children else None
            out.append(as_text(ev.value(module, inner, scope, env)))
        else:
            out.append(text(child))
    return "".join(out)[:MAX_TEXT]


def _number(_ev: Evaluator, _module: Module, node: Node, _scope: Scope, _env: Env) -> Value:
    raw = text(node)
    return int(raw) if raw.isdecimal() and len(raw) < 12 else UNKNOWN


def _true(*_: object) -> Value:
    return True


def _false(*_: object) -> Value:
    return False


def _object(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    props: dict[str, Lazy | Value] = {}
    loose = False
    for child in node.named_children:
        if child.type == "pair":
            key = _key(ev, module, child.child_by_field_name("key"), scope, env)
            value = child.child_by_field_name("value")
            if value is not None:
                props[key] = Lazy(module, value, scope, env)
        elif child.type in {"shorthand_property_identifier", "method_definition"}:
            name = child if child.type != "method_definition" else child.child_by_field_name("name")
            props[text(name)] = Lazy(module, child, scope, env)
        elif child.type == "spread_element":
            spread = ev.value(module, child.named_children[0], scope, env)
            spread = ev.deref(spread)
            if isinstance(spread, Obj):
                props.update(spread.props)
            loose = loose or not isinstance(spread, Obj) or spread.open
    return Obj(props, module, node, open=loose)


def _key(ev: Evaluator, module: Module, node: Node | None, scope: Scope, env: Env) -> str:
    if node is None:
        return ""
    if node.type == "computed_property_name":
        return as_text(ev.value(module, node.named_children[0], scope, env))
    return unescaped(node) if node.type == "string" else text(node)


def _array(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    items: list[Lazy | Value] = []
    loose = False
    for child in node.named_children:
        if child.type == "spread_element":
            spread = ev.value(module, child.named_children[0], scope, env)
            items.extend(spread.items if isinstance(spread, Arr) else ())
            loose = loose or not isinstance(spread, Arr)
        elif child.type != "comment":
            items.append(Lazy(module, child, scope, env))
    return Arr(tuple(items[:1000]), open=loose)


def _member_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    whole = text(node) if node.end_byte - node.start_byte < 24 else ""
    if whole in {"import.meta.dirname", "import.meta.url", "import.meta.filename"}:
        return posixpath.dirname(module.path) if whole.endswith("dirname") else module.path
    owner = ev.value(module, node.child_by_field_name("object"), scope, env)
    return ev.member(owner, text(node.child_by_field_name("property")))


def _subscript_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    owner = ev.value(module, node.child_by_field_name("object"), scope, env)
    index = ev.value(module, node.child_by_field_name("index"), scope, env)
    return ev.member(owner, index) if isinstance(index, str | int) else UNKNOWN


def _this(ev: Evaluator, module: Module, _node: Node, scope: Scope, _env: Env) -> Value:
    if scope.klass is None:
        return UNKNOWN
    return calling.application(ev, Cls(module, scope.klass)) or Inst(Cls(module, scope.klass))


def _assignment_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    return ev.value(module, node.child_by_field_name("right"), scope, env)


def _class(_ev: Evaluator, module: Module, node: Node, _scope: Scope, _env: Env) -> Value:
    info = next((one for one in module.classes if one.node.id == node.id), None)
    return Cls(module, info) if info else UNKNOWN


def _binary_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    operator = text(node.child_by_field_name("operator"))
    left = ev.value(module, node.child_by_field_name("left"), scope, env)
    if operator == "&&" and left is False:
        return False
    if operator in {"||", "??"} and left not in ("", False) and not isinstance(left, Unknown):
        return left
    right = ev.value(module, node.child_by_field_name("right"), scope, env)
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return (as_text(left) + as_text(right))[:MAX_TEXT]
    if operator in _COMPARED:
        known = all(isinstance(one, str | int) and DYNAMIC not in str(one) for one in (left, right))
        return compared(operator, left, right) if known else UNKNOWN
    return right if operator in {"||", "??", "&&"} else UNKNOWN


def _unary_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    value = ev.value(module, node.child_by_field_name("argument"), scope, env)
    operator = text(node.child_by_field_name("operator"))
    if operator == "!" and isinstance(value, bool):
        return not value
    return -value if operator == "-" and isinstance(value, int) else UNKNOWN


def _ternary_expression(ev: Evaluator, module: Module, node: Node, scope: Scope, env: Env) -> Value:
    chosen = ev.value(module, node.child_by_field_name("condition"), scope, env)
    if isinstance(chosen, bool):
        side = "consequence" if chosen else "alternative"
        return ev.value(module, node.child_by_field_name(side), scope, env)
    first = ev.value(module, node.child_by_field_name("consequence"), scope, env)
    if not isinstance(first, Unknown):
        return first
    return ev.value(module, node.child_by_field_name("alternative"), scope, env)


_READERS: dict[str, Callable[[Evaluator, Module, Node, Scope, Env], Value]] = {
    "identifier": _identifier,
    "shorthand_property_identifier": _identifier,
    "string": _string,
    "template_string": _template_string,
    "number": _number,
    "true": _true,
    "false": _false,
    "object": _object,
    "array": _array,
    "member_expression": _member_expression,
    "subscript_expression": _subscript_expression,
    "this": _this,
    "assignment_expression": _assignment_expression,
    "class": _class,
    "class_declaration": _class,
    "abstract_class_declaration": _class,
    "binary_expression": _binary_expression,
    "unary_expression": _unary_expression,
    "ternary_expression": _ternary_expression,
    "call_expression": calling.call,
    "new_expression": calling.construct,
}
