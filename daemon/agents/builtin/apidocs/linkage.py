"""What a JavaScript or TypeScript file takes from other modules, and what it gives out. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.scopes import Binding, Export, text

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import Module, Scope


def imported(module: Module, node: Node, scope: Scope) -> None:
    """The names that an import statement brings."""
    spec = text(node.child_by_field_name("source")).strip("'\"`")
    module.asked.append(spec)
    for clause in node.named_children:
        if clause.type == "import_require_clause":
            name = next((child for child in clause.named_children if child.type == "identifier"), None)
            source = text(clause.child_by_field_name("source")).strip("'\"")
            module.asked.append(source)
            scope.names[text(name)] = Binding("import", spec=source, name="*")
        elif clause.type == "import_clause":
            for one in clause.named_children:
                _names(one, spec, scope)


def _names(one: Node, spec: str, scope: Scope) -> None:
    if one.type == "identifier":
        scope.names[text(one)] = Binding("import", spec=spec, name="default")
    elif one.type == "namespace_import":
        scope.names[text(one.named_children[0])] = Binding("import", spec=spec, name="*")
    elif one.type == "named_imports":
        for item in one.named_children:
            name = text(item.child_by_field_name("name"))
            alias = text(item.child_by_field_name("alias")) or name
            scope.names[alias] = Binding("import", spec=spec, name=name)


def required(module: Module, node: Node) -> None:
    """What ``require('./x')`` and ``import('./x')`` ask for, and that some name is made by the program."""
    callee, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    named = callee is not None and callee.type in {"identifier", "import"}
    if named and listed is not None and text(callee) in {"require", "import"}:
        for one in listed.named_children[:1]:
            if one.type == "string":
                module.asked.append(text(one).strip("'\"`"))
            else:
                module.computes = True


def assigned(module: Module, target: str, right: Node, scope: Scope) -> None:
    """``module.exports = ...`` and ``exports.x = ...``; other targets are none of ours."""
    if target == "module.exports":
        module.exports["="] = Export(node=right, scope=scope)
        return
    found = re.fullmatch(r"(?:module\.exports|exports)\.([\w$]+)", target)
    if found:
        module.exports[found[1]] = Export(node=right, scope=scope)


def exported(module: Module, node: Node, scope: Scope) -> None:
    """What an export statement gives out."""
    spec = text(node.child_by_field_name("source")).strip("'\"`")
    module.asked.append(spec)
    declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
    default = any(child.type == "default" for child in node.children)
    if default or value is not None or any(child.type == "=" for child in node.children):
        target = value or declaration or (node.named_children[-1] if node.named_children else None)
        module.exports["default" if default else "="] = Export(node=target, scope=scope)
    if declaration is not None:
        for name in _declared(declaration):
            module.exports[name] = Export(scope=scope, name=name)
    elif spec and any(child.type == "*" for child in node.children):
        module.stars.append(spec)
    for clause in node.named_children:
        if clause.type == "namespace_export":
            module.exports[text(clause.named_children[0])] = Export(spec=spec, name="*")
        elif clause.type == "export_clause":
            for item in clause.named_children:
                name = text(item.child_by_field_name("name"))
                alias = text(item.child_by_field_name("alias")) or name
                module.exports[alias] = Export(scope=scope, spec=spec, name=name)


def _declared(declaration: Node) -> list[str]:
    if declaration.type in {"lexical_declaration", "variable_declaration"}:
        names = [one.child_by_field_name("name") for one in declaration.named_children]
        return [text(name) for name in names if name is not None and name.type == "identifier"]
    name = declaration.child_by_field_name("name")
    return [text(name)] if name is not None else []
