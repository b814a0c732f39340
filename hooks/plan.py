"""What the hooks and the ignore rules of one workspace want watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hooks.ignore import Ignore
    from hooks.match import Matcher

KIRO = ".kiro"
STAGED = ".kiro-hookd."
"""How the names begin that an apply stages its files under, for a moment, beside the ones it writes."""
_RULE_FOLDERS = ("settings", "hooks", "steering")
_RULE_FILES_ANYWHERE = frozenset({"AGENTS.md"})


class WatchPlan:
    """A plan for the watch. Paths are POSIX, relative to the root. Safe to ask from several threads."""

    def __init__(self, matcher: Matcher, ignore: Ignore) -> None:
        self._matcher = matcher
        self._ignore = ignore
        scopes = {hook.scope for hook in matcher.hooks} | {""}
        self._rule_directories = frozenset(
            directory
            for scope in scopes
            for folder in _RULE_FOLDERS
            for directory in _with_parents(f"{scope}/{KIRO}/{folder}" if scope else f"{KIRO}/{folder}")
        )

    def concerns(self, path: str) -> bool:
        """Whether a file here could matter to any hook: a pattern covers it and nothing ignores it."""
        if path.rpartition("/")[2].startswith(STAGED):
            return False
        return self._matcher.concerns(path) and not self._ignore.ignored(path, is_dir=False)

    def may_hold(self, directory: str) -> bool:
        """Whether anything below this directory could; ``""`` is the root. Also where hook and steering files lie."""
        if directory in self._rule_directories:
            return True
        if _is_rule_directory(directory):
            # A package may get hooks of its own at any time; git need not know of them.
            owner = directory[: directory.rindex(KIRO) - 1]
            return not self._ignore.ignored(owner, is_dir=True)
        return self._matcher.may_hold(directory) and not self._ignore.ignored(directory, is_dir=True)

    def settle(self, path: str) -> tuple[float, float]:
        """Quiet time before a change of this file counts, and its upper bound, both in seconds."""
        return self._matcher.settle(path)

    def is_rule_file(self, path: str) -> bool:
        """Whether a change of this file changes the plan or what agents are told (hook, ignore and steering files)."""
        if self._ignore.is_source(path):
            return True
        *parents, name = path.split("/")
        if name in _RULE_FILES_ANYWHERE:
            return True
        if KIRO not in parents:
            return False
        below = parents[parents.index(KIRO) + 1 :]
        match below:
            case ["settings"]:
                return name == "hooks.yaml"
            case ["hooks"]:
                return name.endswith((".kiro.hook", ".json"))
            case ["steering", *_]:
                return name.endswith(".md")
        return False


def _is_rule_directory(directory: str) -> bool:
    """Whether this is some package's ``.kiro``, or a folder in it where rule files lie."""
    parent, _, name = directory.rpartition("/")
    if name == KIRO:
        return bool(parent)
    return name in _RULE_FOLDERS and parent.endswith(f"/{KIRO}")


def _with_parents(directory: str) -> list[str]:
    names = directory.split("/")
    return ["/".join(names[:length]) for length in range(len(names) + 1)]
