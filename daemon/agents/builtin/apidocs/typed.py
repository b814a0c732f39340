"""The fields of a class, an interface or a type of TypeScript, found from its name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.scopes import text

if TYPE_CHECKING:
    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.scopes import Module

MAX_FIELDS = 40
MAX_DEPTH = 8
_NAMED = re.compile(r"(?P<wrap>Partial|Required|Readonly)<(?P<inner>[A-Za-z_]\w*)>|(?P<name>[A-Za-z_]\w*)")
_MAPPED = re.compile(r"(?P<how>PartialType|PickType|OmitType|IntersectionType)\s*\(\s*(?P<names>.*)\)", re.DOTALL)
_CLASSES = ("class_declaration", "abstract_class_declaration")
_TYPES = frozenset({"interface_declaration", "type_alias_declaration", *_CLASSES})


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its type as it is written."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a type, and the files they are written in."""

    listed: tuple[Field, ...] = ()
    files: tuple[str, ...] = ()


def fields(ev: Evaluator, module: Module, kind: str, depth: int = 0) -> Fields:
    """The fields of the type that a module knows under a name; none for what is no object or cannot be found."""
    found = _NAMED.fullmatch(kind.strip())
    if not found or depth > MAX_DEPTH:
        return Fields()
    place = _declared(ev, module, found["name"] or found["inner"], 0)
    if place is None:
        return Fields()
    made = _of_node(ev, *place, depth)
    return _needed(made, needed=found["wrap"] == "Required") if found["wrap"] in {"Partial", "Required"} else made


def _needed(made: Fields, *, needed: bool) -> Fields:
    return Fields(tuple(Field(one.name, one.type, needed) for one in made.listed), made.files)


def _declared(ev: Evaluator, module: Module, name: str, depth: int) -> tuple[Module, Node] | None:
    """Where a type is declared, through imports and files that only hand on."""
    if depth > MAX_DEPTH:
        return None
    for child in module.root.named_children:
        node = child.child_by_field_name("declaration") if child.type == "export_statement" else child
        if node is not None and node.type in _TYPES and text(node.child_by_field_name("name")) == name:
            return module, node
    export, binding = module.exports.get(name), module.top.names.get(name)
    ways = [(binding.spec, binding.name)] if binding is not None and binding.kind == "import" else []
    ways += [(export.spec, export.name)] if export is not None and export.spec else []
    for spec, inner in [*ways, *((star, name) for star in module.stars)]:
        target = ev.resolve(module.path, spec)
        other = ev.load(target) if target else None
        found = _declared(ev, other, _given_name(other, inner), depth + 1) if other is not None else None
        if found is not None:
            return found
    return None


def _given_name(module: Module, name: str) -> str:
    """The name that a default export has in its own file."""
    whole = module.exports.get("default") if name == "default" else None
    if whole is None:
        return name
    return whole.name or (text(whole.node.child_by_field_name("name")) if whole.node is not None else "") or name


def _of_node(ev: Evaluator, module: Module, node: Node, depth: int) -> Fields:
    body = node.child_by_field_name("body")
    if node.type == "type_alias_declaration":
        value = node.child_by_field_name("value")
        if value is not None and value.type != "object_type":
            return fields(ev, module, text(value), depth + 1)
        body = value
    known: dict[str, Field] = {}
    files = [module.path]
    for base in _bases(ev, module, node, depth):
        known.update({one.name: one for one in base.listed})
        files.extend(base.files)
    for child in body.named_children if body is not None else ():
        one = _field(child)
        if one is not None:
            known[one.name] = one
    return Fields(tuple(known.values())[:MAX_FIELDS], tuple(dict.fromkeys(files)))


def _field(node: Node) -> Field | None:
    if node.type not in {"public_field_definition", "property_signature"}:
        return None
    name = text(node.child_by_field_name("name")).strip("'\"")
    marks = [text(child)[:40] for child in node.children if child.type == "decorator"]
    before = node.prev_named_sibling
    while before is not None and before.type == "decorator":
        marks.append(text(before)[:40])
        before = before.prev_named_sibling
    modifiers = [text(one) for one in node.children if one.type in {"accessibility_modifier", "static"}]
    hidden = any(one != "public" for one in modifiers)
    if not name or hidden or any("ApiHideProperty" in mark or "Exclude" in mark for mark in marks):
        return None
    loose = any(child.type == "?" for child in node.children) or node.child_by_field_name("value") is not None
    loose = loose or any(re.search("IsOptional|ApiPropertyOptional|Optional", mark) for mark in marks)
    kind = " ".join(text(node.child_by_field_name("type")).lstrip(": ").split())
    return Field(name, kind if len(kind) <= 80 else "", not loose)


def _bases(ev: Evaluator, module: Module, node: Node, depth: int) -> list[Fields]:
    """What a class or an interface extends, also through Nest's mapped types."""
    found: list[Fields] = []
    for clause in [inner for child in node.named_children for inner in (child, *child.named_children)]:
        if clause.type not in {"extends_clause", "extends_type_clause"}:
            continue
        written = re.sub(r"^extends\s+", "", text(clause)).strip()
        mapped = _MAPPED.match(written)
        if mapped:
            found.append(_mapped(ev, module, mapped["how"], mapped["names"], depth))
        else:
            found.extend(fields(ev, module, one.strip(), depth + 1) for one in written.split(",")[:6])
    return found


def _mapped(ev: Evaluator, module: Module, how: str, names: str, depth: int) -> Fields:
    types = re.findall(r"(?<![\w'\"])[A-Z]\w*", names)
    chosen = set(re.findall(r"['\"](\w+)['\"]", names))
    inner = re.match(r"\s*(PartialType|PickType|OmitType)\s*\((.*)\)\s*(?:,|\Z)", names, re.DOTALL)
    if inner:
        bases = [_mapped(ev, module, inner[1], inner[2], depth + 1)] if depth < MAX_DEPTH else []
    else:
        bases = [fields(ev, module, one, depth + 1) for one in types[: 4 if how == "IntersectionType" else 1]]
    listed = [one for base in bases for one in base.listed]
    if how in {"PickType", "OmitType"}:
        listed = [one for one in listed if (one.name in chosen) == (how == "PickType")]
    made = Fields(tuple(listed), tuple(file for base in bases for file in base.files))
    return _needed(made, needed=False) if how == "PartialType" else made
