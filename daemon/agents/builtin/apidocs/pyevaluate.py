"""What expressions of Python mean, as far as that can be known without running them. Pure."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.pymodule import Definition, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from daemon.agents.builtin.apidocs.pymodule import PyModule, Space

MAX_DEPTH = 25
MAX_CALLS = 20


@dataclass(frozen=True, slots=True)
class Package:
    """A module of the project as a value."""

    path: str


class PyEvaluator:
    """Follows names through the modules of a project."""

    def __init__(self, load: Callable[[str], PyModule | None], files: Collection[str]) -> None:
        self.load = load
        self._files = files
        self._known: dict[tuple[str, str], str | None] = {}
        self.calls: dict[str, list[Place]] = {}

    def note(self, module: PyModule) -> None:
        """Keep the calls of a module, by the last name of what is called."""
        for statement, space in module.statements:
            value = getattr(statement, "value", None)
            value = value.value if isinstance(value, ast.Await) else value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute):
                name = value.func.id if isinstance(value.func, ast.Name) else value.func.attr
                self.calls.setdefault(name, []).append(Place(module, space, value))

    def passed(self, module: PyModule, holder: Space, name: str, depth: int) -> list[Place]:
        """What the callers of a function hand it for a parameter, else its default."""
        function, at = holder.function, holder.params[name]
        found: list[Place] = []
        for one in self.calls.get(function.name, ())[:MAX_CALLS] if function is not None else ():
            call = one.node
            target = (
                self.place(Place(one.module, one.space, call.func), depth + 1) if isinstance(call, ast.Call) else None
            )
            if not isinstance(call, ast.Call) or not isinstance(target, Place) or target.node is not function:
                continue
            given = next((word.value for word in call.keywords if word.arg == name), None)
            given = call.args[at] if given is None and at < len(call.args) else given
            if given is not None and not isinstance(given, ast.Starred):
                found.append(Place(one.module, one.space, given))
        return found

    def module_path(self, importer: str, name: str) -> str | None:
        """The file of a module name: tried from the importer's folder outwards, so that any source root fits."""
        key = (posixpath.dirname(importer), name)
        if key not in self._known:
            self._known[key] = self._find(importer, name)
        return self._known[key]

    def _find(self, importer: str, name: str) -> str | None:
        if name.startswith("/"):
            return self._file(name[1:])
        folder = posixpath.dirname(importer)
        while True:
            for root in (folder, posixpath.join(folder, "src")):
                found = self._file(posixpath.join(root, name.replace(".", "/")))
                if found:
                    return found
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def _file(self, stem: str) -> str | None:
        return next((one for one in (f"{stem}.py", f"{stem}/__init__.py") if one in self._files), None)

    def place(self, where: Place, depth: int = 0) -> Place | Package | tuple[str, str] | None:
        """Where an expression's value is written: followed through names, imports and attributes.

        A pair is something of a package: its module and its name.
        """
        node = where.node
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Name):
            return self._named(where, node.id, depth)
        if isinstance(node, ast.Attribute):
            owner = self.place(Place(where.module, where.space, node.value), depth + 1)
            return self._attribute(owner, node.attr, depth)
        if isinstance(node, ast.Await):
            return self.place(Place(where.module, where.space, node.value), depth + 1)
        return where

    def _named(self, where: Place, name: str, depth: int) -> Place | Package | tuple[str, str] | None:
        holder = where.space.holder(name)
        if holder is None:
            return None
        if name in holder.bound:
            return self.place(holder.bound[name], depth + 1)
        if name in holder.params and name not in holder.names:
            given = self.passed(where.module, holder, name, depth + 1)
            return self.place(given[0], depth + 1) if len(given) == 1 else None
        if name in holder.names:
            return self.place(Place(where.module, holder, holder.names[name]), depth + 1)
        if name in holder.imports:
            spec, inner = holder.imports[name]
            return self._imported(where.module.path, spec, inner, depth)
        return None

    def _imported(self, importer: str, spec: str, name: str, depth: int) -> Place | Package | tuple[str, str] | None:
        path = self.module_path(importer, spec) if spec else None
        if name and path in {None, importer}:  # a package's own file imports what lies beside it
            inner = self.module_path(importer, f"{spec.rstrip('/')}{'/' if spec.startswith('/') else '.'}{name}")
            return Package(inner) if inner else (spec, name)
        if path is None:
            return (spec, "")
        return self.exported(path, name, depth + 1) if name else Package(path)

    def exported(self, path: str, name: str, depth: int = 0) -> Place | Package | tuple[str, str] | None:
        """What a module has under a name; a submodule counts."""
        module = self.load(path) if depth <= MAX_DEPTH else None
        if module is None:
            return None
        if name in module.top.names or name in module.top.imports:
            return self._named(Place(module, module.top, ast.Name(id=name)), name, depth + 1)
        if path.endswith("__init__.py"):
            inner = self._file(posixpath.join(posixpath.dirname(path), name))
            return Package(inner) if inner else None
        return None

    def _attribute(
        self, owner: Place | Package | tuple[str, str] | None, name: str, depth: int
    ) -> Place | Package | tuple[str, str] | None:
        if isinstance(owner, Package):
            return self.exported(owner.path, name, depth + 1)
        if isinstance(owner, tuple):
            return (owner[0], f"{owner[1]}.{name}" if owner[1] else name)
        if owner is None:
            return None
        klass = self.class_of(owner, depth + 1)
        return self.class_attribute(klass, name, depth + 1) if klass else None

    def class_of(self, owner: Place, depth: int) -> Place | None:
        """The class of a value: itself, what is called, or what the function called says it returns."""
        node = owner.node
        for _ in range(4):
            if isinstance(node, ast.ClassDef):
                return owner
            if isinstance(node, ast.Call):
                found = self.place(Place(owner.module, owner.space, node.func), depth + 1)
            elif isinstance(node, Definition) and node.returns is not None:
                found = self.place(Place(owner.module, owner.space, node.returns), depth + 1)
            else:
                return None
            if not isinstance(found, Place):
                return None
            owner, node = found, found.node
        return None

    def class_attribute(self, klass: Place, name: str, depth: int) -> Place | None:
        """A class attribute's value, also inherited."""
        node = klass.node
        if not isinstance(node, ast.ClassDef) or depth > MAX_DEPTH:
            return None
        for one in node.body:
            if isinstance(one, ast.Assign) and any(isinstance(at, ast.Name) and at.id == name for at in one.targets):
                return Place(klass.module, klass.space, one.value)
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == name:
                return Place(klass.module, klass.space, one.value) if one.value else None
        for base in node.bases:
            found = self.place(Place(klass.module, klass.space, base), depth + 1)
            inherited = self.class_attribute(found, name, depth + 1) if isinstance(found, Place) else None
            if inherited:
                return inherited
        return None

    def text(self, where: Place, depth: int = 0) -> str:
        """The text of an expression; what is unknown in it is DYNAMIC."""
        node = where.node
        if depth > MAX_DEPTH:
            return DYNAMIC
        if isinstance(node, ast.Constant):
            return str(node.value) if isinstance(node.value, str | int) else DYNAMIC
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(Place(where.module, where.space, one), depth + 1) for one in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.text(Place(where.module, where.space, node.value), depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = (node.left, node.right)
            return "".join(self.text(Place(where.module, where.space, one), depth + 1) for one in sides)
        if isinstance(node, ast.Call) and node.args:
            return self._called(where, node, depth)
        if isinstance(node, ast.Name | ast.Attribute):
            found = self.place(where, depth + 1)
            if isinstance(found, Place) and not isinstance(found.node, ast.Name | ast.Attribute):
                return self.text(found, depth + 1)
        return DYNAMIC

    def _called(self, where: Place, node: ast.Call, depth: int) -> str:
        """``os.getenv('X', '/api')``, ``Field('/api')``, ``config('X', default='/api')``: the default."""
        name = ast.unparse(node.func).rpartition(".")[2]
        default = next((one.value for one in node.keywords if one.arg == "default"), None)
        if default is None and name in {"getenv", "get", "config"} and len(node.args) > 1:
            default = node.args[1]
        if default is None and name == "Field":
            default = node.args[0]
        return self.text(Place(where.module, where.space, default), depth + 1) if default is not None else DYNAMIC
