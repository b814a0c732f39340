"""The names that parameters and destructuring bring into a scope. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.scopes import Binding, text

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import FunctionInfo, Scope


def parameters(node: Node, info: FunctionInfo) -> None:
    """Bind the parameters of a function in its scope; those of a constructor may be fields."""
    single = node.child_by_field_name("parameter")
    listed = node.child_by_field_name("parameters")
    nodes = [single] if single is not None else list(listed.named_children) if listed is not None else []
    nodes = [one for one in nodes if one.type not in {"comment", "ERROR"}]
    for index, one in enumerate(nodes):
        pattern = one.child_by_field_name("pattern") or one
        annotation = text(one.child_by_field_name("type")).lstrip(": ")
        default = one.child_by_field_name("value")
        binding = Binding("param", node=default, scope=info.scope, function=info, index=index, annotation=annotation)
        binding.name = text(pattern) if pattern.type == "identifier" else ""
        info.parameters.append(binding)
        bind(pattern, info.scope, binding)
        modified = any(child.type in {"accessibility_modifier", "readonly"} for child in one.children)
        if info.name == "constructor" and info.klass is not None and modified:
            info.klass.injected[binding.name] = binding


def bind(pattern: Node, scope: Scope, binding: Binding) -> None:
    """Bind every name in a pattern, with the way from the value to it."""
    stack: list[tuple[Node, tuple[str | int, ...]]] = [(pattern, binding.pick)]
    while stack:
        node, pick = stack.pop()
        if node.type in {"identifier", "shorthand_property_identifier_pattern"}:
            name = text(node)
            way = (*pick, name) if node.type.startswith("shorthand") else pick
            scope.names[name] = _picked(binding, way)
        elif node.type == "object_pattern":
            stack.extend((child, pick) for child in node.named_children)
        elif node.type == "pair_pattern":
            key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            if key is not None and value is not None:
                stack.append((value, (*pick, text(key).strip("'\""))))
        elif node.type == "array_pattern":
            stack.extend((child, (*pick, at)) for at, child in enumerate(node.named_children))
        elif node.type in {"assignment_pattern", "object_assignment_pattern"}:
            left = node.child_by_field_name("left")
            if left is not None:
                stack.append((left, pick))


def _picked(binding: Binding, pick: tuple[str | int, ...]) -> Binding:
    return Binding(
        binding.kind,
        node=binding.node,
        scope=binding.scope,
        pick=pick,
        function=binding.function,
        index=binding.index,
        name=binding.name,
        annotation=binding.annotation if not pick else "",
    )
