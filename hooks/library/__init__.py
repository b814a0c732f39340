"""Ready-made hooks that ``init`` offers: read from the files beside this module, chosen by what a workspace holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hooks.glob import compile_pattern
from hooks.glob.automaton import Automaton, text_of
from hooks.tree import plain
from hooks.yamltree import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIVIDER = "\n---\n"
_WIDTH = 108

HEADER = """\
# .kiro/settings/hooks.yaml
#
# Each hook is advisory: an agent looks at the change and reports; what it would edit is kept as a suggestion.
# `mode: auto-fix` lets its edits reach the files here, within limits.
# `kiro-hookd check` validates this file, `kiro-hookd explain FILE` says which hooks a file concerns.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One ready-made hook. ``text`` is its item of a ``hooks:`` list, indented as one, exactly as it is to be written.

    ``wants`` are patterns; a workspace wants the hook when each of them covers some file. ``always`` marks those that
    are offered to a workspace that wants none.
    """

    id: str
    name: str
    description: str
    wants: tuple[str, ...]
    text: str
    always: bool = False


@cache
def library() -> tuple[Recipe, ...]:
    """All recipes, in the order in which they are offered."""
    folder = files(__name__).joinpath("recipes")
    found = [
        _read(entry.name.removesuffix(".yaml"), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    ]
    return tuple(recipe for _, recipe in sorted(found, key=lambda item: item[0]))


def suggest(paths: Iterable[str]) -> list[Recipe]:
    """The recipes that a workspace with these files wants, in the library's order. Stops reading when all are found."""
    wanted = [(recipe.id, compile_pattern(pattern)) for recipe in library() for pattern in recipe.wants]
    automaton = Automaton([glob.regex for _, glob in wanted])
    missing = set(range(len(wanted)))
    for path in paths:
        if not missing:
            break
        missing.difference_update(automaton.matching(text_of(path)))
    lacking = {wanted[index][0] for index in missing}
    return [recipe for recipe in library() if recipe.id not in lacking]


def offered_to_all() -> list[Recipe]:
    """The recipes for a workspace that wants none of them yet."""
    return [recipe for recipe in library() if recipe.always]


def render(recipes: Sequence[Recipe]) -> str:
    """A hooks.yaml with these recipes, each under its description."""
    items = [f"{_remark(recipe.description)}{recipe.text}" for recipe in recipes]
    return f"{HEADER}hooks:\n" + "\n".join(items) if items else f"{HEADER}hooks: []\n"


def _read(name: str, content: str) -> tuple[int, Recipe]:
    about, _, text = content.partition(_DIVIDER)
    tree = read_yaml(about.encode())
    said = plain(tree.root) if tree.root is not None else None
    item = read_yaml(text.encode())
    hooks = plain(item.root) if item.root is not None else None
    if not isinstance(said, dict) or not isinstance(hooks, list):
        raise TypeError(f"the recipe {name} is not written as recipes are")
    recipe = Recipe(
        id=name,
        name=str(hooks[0]["name"]),
        description=" ".join(str(said["description"]).split()),
        wants=tuple(map(str, said["wants"])),
        text=text,
        always=bool(said.get("always", False)),
    )
    return int(said["order"]), recipe


def _remark(text: str) -> str:
    """``text`` as comment lines."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    lines.append(line)
    return "".join(f"  # {line}\n" for line in lines)
