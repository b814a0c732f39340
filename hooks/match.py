"""Which hooks a change concerns. Pure.

All patterns of all hooks stand in one index of automata, so a look-up costs the same for ten hooks and for a thousand;
only the hooks that a path touches are then looked at one by one. Within one hook's list the last pattern that matches
decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hooks.glob import compile_pattern, split_negation
from hooks.glob.index import Index, Row
from hooks.model import FILE_TRIGGERS, Cause, ChangeKind, Hook, Match, Mode, Origin, Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hooks.glob import Glob
    from hooks.model import Change

DEFAULT_SETTLE = 0.5
DEFAULT_SETTLE_MAX = 10.0

_TRIGGER_OF = {
    ChangeKind.CREATED: Trigger.FILE_CREATED,
    ChangeKind.MODIFIED: Trigger.FILE_MODIFIED,
    ChangeKind.DELETED: Trigger.FILE_DELETED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a hook does or does not run for a path. ``reason`` is one sentence.

    ``pattern`` is the list item that decided, with its ``!`` if it has one, ``None`` when no item matched or something
    other than a pattern decided; ``origin`` is where that item was written, or else the hook.
    """

    hook: Hook
    matched: bool
    reason: str
    origin: Origin
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of one hook's pattern list."""

    hook: int
    index: int
    written: str
    negated: bool
    glob: Glob


class Matcher:
    """The hooks of one workspace, compiled once.

    Raises PatternFault for a pattern that cannot be used; reading the configuration has refused such patterns before.
    """

    def __init__(self, hooks: Sequence[Hook]) -> None:
        self.hooks = tuple(hooks)
        self._items = [item for index, hook in enumerate(self.hooks) for item in _items(index, hook)]
        self._paths = Index(
            Row(number=number, prefix=item.glob.prefix, regex=item.glob.regex)
            for number, item in enumerate(self._items)
        )
        self._directories = Index(
            Row(number=number, prefix=item.glob.prefix, regex=regex, above=not item.negated)
            for number, item in enumerate(self._items)
            if _watches(self.hooks[item.hook])
            and (regex := item.glob.within_regex if item.negated else item.glob.directory_regex) is not None
        )

    def concerns(self, path: str) -> bool:
        """Whether an enabled hook with a file trigger covers this path."""
        return any(_watches(self.hooks[index]) for index in self._covering(path))

    def may_hold(self, directory: str) -> bool:
        """Whether such a hook could cover a path below this directory; ``""`` is the root. May say yes in vain, never
        no in vain.
        """
        decided: dict[int, bool] = {}
        for number in self._directories.matching(directory):
            item = self._items[number]
            decided[item.hook] = not item.negated
        return any(decided.values())

    def match(self, changes: Sequence[Change]) -> list[Match]:
        """The hooks that these changes concern, in the order given, each with its changes in the order given.

        A first content that a hook waited for is handed to it as a creation. Changes with cause ``manual`` or
        ``schedule`` name their hook themselves and concern none here.
        """
        found: dict[int, list[Change]] = {}
        for change in changes:
            for index in self._covering(change.path):
                hook = self.hooks[index]
                seen = _as_seen_by(hook, change)
                if _obstacle(hook, seen) is None:
                    found.setdefault(index, []).append(seen)
        return [Match(hook=self.hooks[index], changes=tuple(found[index])) for index in sorted(found)]

    def settle(self, path: str) -> tuple[float, float]:
        """The shortest quiet time, and the shortest upper bound, of the hooks that cover this path, in seconds."""
        covering = [self.hooks[index] for index in self._covering(path) if _watches(self.hooks[index])]
        quiet = min((hook.settle for hook in covering), default=DEFAULT_SETTLE)
        bound = min((hook.settle_max for hook in covering), default=DEFAULT_SETTLE_MAX)
        return quiet, max(quiet, bound)

    def explain(self, path: str, kind: ChangeKind | None = None) -> list[Explanation]:
        """For each hook in the order given, whether an edit of this path that has settled would run it, and what
        decides. Without a ``kind`` any of the hook's own triggers will do.
        """
        deciding = self._deciding(path)
        return [_explained(hook, deciding.get(index), path, kind) for index, hook in enumerate(self.hooks)]

    def _covering(self, path: str) -> list[int]:
        return [index for index, item in self._deciding(path).items() if not item.negated]

    def _deciding(self, path: str) -> dict[int, _Item]:
        """The last matching item of each hook that has one, by the hook's index."""
        deciding: dict[int, _Item] = {}
        for number in self._paths.matching(path):
            item = self._items[number]
            if item.glob.exact or item.glob.confirms(path):
                deciding[item.hook] = item
        return deciding


def _items(index: int, hook: Hook) -> list[_Item]:
    items = []
    for place, written in enumerate(hook.patterns):
        negated, bare = split_negation(written)
        glob = compile_pattern(bare, scope=hook.scope)
        items.append(_Item(hook=index, index=place, written=written, negated=negated, glob=glob))
    return items


def _watches(hook: Hook) -> bool:
    return hook.enabled and not FILE_TRIGGERS.isdisjoint(hook.triggers)


def _as_seen_by(hook: Hook, change: Change) -> Change:
    """The first content of a file made empty is, for a hook that waited for it, the creation."""
    if change.first_content and change.kind is ChangeKind.MODIFIED and hook.when_empty == "wait":
        return replace(change, kind=ChangeKind.CREATED)
    return change


def _obstacle(hook: Hook, change: Change) -> str | None:
    """Why a change that the hook's patterns cover still does not concern it; ``None`` when it does."""
    trigger = _TRIGGER_OF[change.kind]
    if not hook.enabled:
        return "the hook is not enabled"
    if trigger not in hook.triggers:
        return f"the hook has no trigger {trigger}"
    if change.kind is ChangeKind.CREATED and change.empty and hook.when_empty == "wait":
        return "the file is empty, and the hook waits for its content (when_empty: wait)"
    match change.cause:
        case Cause.CHECKOUT if hook.on_checkout == "skip":
            return "git brought the change, and the hook passes such over (on_checkout: skip)"
        case Cause.CATCH_UP if hook.catch_up == "skip":
            return "the change came while the daemon was down, and the hook passes such over (catch_up: skip)"
        case Cause.APPLY if hook.mode is not Mode.ADVISORY:
            return "an agent's edit was applied, and only advisory hooks look at those"
        case Cause.MANUAL | Cause.SCHEDULE:
            return f"a change with cause {change.cause} names its hook itself"
    return None


def _explained(hook: Hook, item: _Item | None, path: str, kind: ChangeKind | None) -> Explanation:
    origin = hook.origin
    if item is not None and item.index < len(hook.pattern_origins):
        origin = hook.pattern_origins[item.index]
    pattern = item.written if item is not None else None

    def said(reason: str, *, matched: bool = False) -> Explanation:
        return Explanation(hook=hook, matched=matched, reason=reason, origin=origin, pattern=pattern)

    if not hook.enabled:
        return said("the hook is not enabled")
    if FILE_TRIGGERS.isdisjoint(hook.triggers):
        return said(f"the hook has no file trigger ({', '.join(sorted(hook.triggers))})")
    if item is None:
        outside = hook.scope and not path.startswith(f"{hook.scope}/")
        return said(
            f"the path lies outside the hook's package {hook.scope}" if outside else "no pattern covers the path"
        )
    if item.negated:
        return said(f"excluded by {item.written}")
    if kind is not None and _TRIGGER_OF[kind] not in hook.triggers:
        return said(f"the hook has no trigger {_TRIGGER_OF[kind]}")
    return said(f"covered by {item.written}", matched=True)
