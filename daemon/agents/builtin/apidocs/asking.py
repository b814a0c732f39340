"""What the evaluator is to those who say what expressions mean: a port, types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tree_sitter import Node

    from daemon.agents.builtin.apidocs.scopes import Binding, ClassInfo, Module, Scope
    from daemon.agents.builtin.apidocs.values import Env, Lazy, Value


class Evaluator(Protocol):
    """Evaluates expressions of a project's modules (``evaluate.Evaluator`` is the only real one)."""

    load: Callable[[str], Module | None]
    files: Collection[str]
    setting: Callable[[str], Value]
    active: dict[int, int]

    def force(self, one: Lazy | Value) -> Value:
        """Look at what was put off."""

    def value(self, module: Module, node: Node | None, scope: Scope, env: Env) -> Value:
        """The value of an expression, inside a question."""

    def bound(self, module: Module, binding: Binding, env: Env) -> Value:
        """What a name stands for."""

    def member(self, owner: Value, name: str | int) -> Value:
        """``owner.name``."""

    def lineage(self, module: Module, info: ClassInfo) -> list[tuple[Module, ClassInfo]]:
        """The class and what it extends, nearest first."""

    def imported(self, importer: str, spec: str, name: str) -> Value:
        """What an import statement brings."""

    def exported(self, path: str, name: str) -> Value:
        """What a module gives out under a name."""

    def deref(self, value: Value) -> Value:
        """A module used as a value: what it exports as a whole, or by default."""

    def text_at(self, owner: Value, *names: str) -> str:
        """The text found by following properties, "" where there is none."""

    def texts(self, value: Value) -> list[str]:
        """A text or an array of texts, as a list."""

    def file(self, path: str) -> str | None:
        """The file that a path without extension means."""
