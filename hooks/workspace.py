"""Finds and reads the configuration files of a workspace. Bounded: so many directories, files, bytes."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final

from hooks.faults import Fault, Notice, quoted, suggestion
from hooks.fields import READY_AGENTS
from hooks.hooksfile import load_hooks_file
from hooks.kiro import Defaults, read_hook_file
from hooks.loaded import Loaded, frozen_map
from hooks.tree import child, key_node, place
from hooks.yamltree import MAX_BYTES, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from hooks.model import Hook, Mode

HOOKS_FILE: Final = ".kiro/settings/hooks.yaml"
KIRO_FOLDER: Final = ".kiro/hooks"
MAX_FILES: Final = 2_000
MAX_TOTAL: Final = 32 * 1024 * 1024
MAX_DIRECTORIES: Final = 200_000

_NEVER = frozenset({".git", "node_modules", ".hg", ".svn", ".venv", "__pycache__"})


def descend_anywhere(directory: str) -> bool:
    """Whether to look for packages in a directory (a path relative to the root): in all but the usual heaps."""
    return directory.rpartition("/")[2] not in _NEVER


def load_workspace(
    root: Path,
    *,
    home: Path | None = None,
    descend: Callable[[str], bool] = descend_anywhere,
    known_agents: Collection[str] = READY_AGENTS,
    default_agent: str = "builtin",
) -> Loaded:
    """All hooks of a workspace: its hooks.yaml, those of its packages, Kiro's own files, and those of ``home``.

    ``descend`` says of a directory whether to look for packages beneath it; ``.git`` and ``node_modules`` are never
    looked into. Paths in the result are relative to ``root``. Reads nothing through a link that leaves the root.
    """
    reader = FileReader(root)
    base = reader.load(HOOKS_FILE, scope="", known_agents=known_agents, default_agent=default_agent)
    agents = frozenset(known_agents) | frozenset(base.settings.agents)
    defaults = Defaults(agent=base.settings.agent or default_agent, limits=base.settings.limits)
    parts, kiro = [base], reader.kiro("", defaults)
    for scope in reader.packages(descend):
        part = reader.load(f"{scope}/{HOOKS_FILE}", scope=scope, known_agents=agents, default_agent=defaults.agent)
        own = Defaults(agent=part.settings.agent or defaults.agent, limits=part.settings.limits)
        parts.append(part)
        kiro += with_modes(reader.kiro(scope, own), part.settings.modes)
    faults = reader.faults
    if home is not None:
        personal = FileReader(home, follow=True)
        kiro += personal.kiro("", defaults, personal=True)
        faults = [*faults, *(replace(fault, file=f"~/{fault.file}") for fault in personal.faults)]
    loaded = join(parts, kiro, faults)
    return replace(loaded, warnings=(*loaded.warnings, *reader.notices))


class FileReader:
    """Reads regular files beneath one directory, and says what it would not read. ``follow``: links may lead out."""

    def __init__(self, root: Path, *, follow: bool = False) -> None:
        self._root = os.path.realpath(root)
        self._follow = follow
        self.faults: list[Fault] = []
        self.notices: list[Notice] = []
        self._files = self._bytes = 0
        self._full = False

    def packages(self, descend: Callable[[str], bool]) -> Iterator[str]:
        """Directories below the root that hold a ``.kiro`` directory, outermost first, in order of name."""
        waiting, seen = [""], 0
        while waiting:
            directory = waiting.pop()
            seen += 1
            if seen > MAX_DIRECTORIES:
                message = f"more than {MAX_DIRECTORIES} directories; packages beyond them are not looked for"
                self.notices.append(Notice(file=".", line=1, column=1, key="", message=message))
                return
            names = sorted(self._directories(directory), reverse=True)
            if directory and ".kiro" in names:
                yield directory
            for name in names:
                path = f"{directory}/{name}" if directory else name
                if name not in _NEVER and name != ".kiro" and descend(path):
                    waiting.append(path)

    def _directories(self, directory: str) -> list[str]:
        try:
            with os.scandir(os.path.join(self._root, directory)) as entries:
                return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return []  # A directory that cannot be listed holds no package; the watcher is who says so.

    def kiro(self, scope: str, defaults: Defaults, *, personal: bool = False) -> list[Loaded]:
        """Kiro's own hook files of a package, the newer format first."""
        folder = f"{scope}/{KIRO_FOLDER}" if scope else KIRO_FOLDER
        found = []
        for name in [*self.names(folder, ".json"), *self.names(folder, ".hook")]:
            path = f"{folder}/{name}"
            content = self.read(path)
            if content is not None:
                shown = f"~/{path}" if personal else path
                read = read_hook_file(content, name=shown, scope=scope, defaults=defaults, personal=personal)
                found.append(read)
        return found

    def names(self, directory: str, ending: str) -> list[str]:
        """The files of a directory whose name ends so, in order."""
        try:
            found = os.listdir(os.path.join(self._root, directory))
        except OSError:
            return []
        return sorted(name for name in found if name.endswith(ending) and not name.startswith("."))

    def load(self, path: str, *, scope: str, known_agents: Collection[str], default_agent: str) -> Loaded:
        """One hooks.yaml, or nothing when there is none."""
        content = self.read(path)
        if content is None:
            return Loaded()
        return load_hooks_file(content, name=path, scope=scope, known_agents=known_agents, default_agent=default_agent)

    def read(self, path: str) -> bytes | None:
        """A file's bytes; ``None`` when there is none, or when it is not to be read, which is then a fault.
        Of a file that is too large no more is given than shows that it is.
        """
        full = os.path.join(self._root, path)
        if not os.path.lexists(full):
            return None
        real = os.path.realpath(full)
        if not self._follow and os.path.commonpath([real, self._root]) != self._root:
            self.fault(path, "a link that leaves the workspace is not followed; put the file itself there")
            return None
        if self._files >= MAX_FILES or self._bytes >= MAX_TOTAL:
            if not self._full:
                self.fault(path, f"more than {MAX_FILES} configuration files or {MAX_TOTAL} bytes; no more are read")
            self._full = True
            return None
        self._files += 1
        try:
            # Without O_NONBLOCK a named pipe would be waited for.
            handle = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    self.fault(path, "not a regular file")
                    return None
                content = file.read(MAX_BYTES + 1)
                self._bytes += len(content)
                return content
        except OSError as error:
            self.fault(path, f"cannot be read: {error.strerror or error}")
            return None

    def fault(self, path: str, message: str) -> None:
        """Note a fault of a whole file."""
        self.faults.append(Fault(file=path, line=1, column=1, key="", message=message))


def with_modes(parts: list[Loaded], modes: Mapping[str, Mode]) -> list[Loaded]:
    """The hooks with the modes that a ``modes:`` gives them by name."""
    return [
        replace(part, hooks=tuple(replace(hook, mode=modes.get(hook.name, hook.mode)) for hook in part.hooks))
        for part in parts
    ]


def join(parts: list[Loaded], kiro: list[Loaded], faults: list[Fault]) -> Loaded:
    """All of it as one. ``parts`` are hooks.yaml files, the workspace's own first; ``kiro`` are Kiro's own files."""
    notices: list[Notice] = []
    base = parts[0].settings
    agents = {name: agent for part in reversed(parts) for name, agent in part.settings.agents.items()}
    own = nearest_wins([hook for part in parts for hook in part.hooks], notices)
    imported = named_once(own, [hook for part in with_modes(kiro, base.modes) for hook in part.hooks], notices)
    both = [*parts, *kiro]
    return Loaded(
        hooks=own + imported,
        faults=tuple(fault for part in both for fault in part.faults) + tuple(faults),
        warnings=tuple(notice for part in both for notice in part.warnings)
        + tuple(notices)
        + tuple(unknown_modes(parts, own, imported)),
        settings=replace(
            base,
            ignore=tuple(rule for part in parts for rule in part.settings.ignore),
            protected=tuple(rule for part in parts for rule in part.settings.protected),
            readable=tuple(rule for part in parts for rule in part.settings.readable),
            agents=frozen_map(agents),
        ),
        files=tuple(file for part in both for file in part.files),
        needs_ide=tuple(item for part in both for item in part.needs_ide),
        used=tuple(use for part in both for use in part.used),
    )


def unknown_modes(parts: list[Loaded], own: tuple[Hook, ...], imported: tuple[Hook, ...]) -> Iterator[Notice]:
    """A notice for each name in a ``modes:`` that has no effect."""
    ours, names = {hook.name for hook in own}, {hook.name for hook in imported}
    for part in parts:
        for name in part.settings.modes:
            file = part.files[0]
            line, column = mode_place(file.content, name)
            if name in ours and name not in names:
                message = f"`modes`: {quoted(name)} is a hook of hooks.yaml; write its `mode` there"
            elif name not in names:
                message = f"`modes`: no hook is called {quoted(name)}{suggestion(name, names)}"
            else:
                continue
            yield Notice(file=file.path, line=line, column=column, key=f"modes.{name}", message=message)


def mode_place(content: bytes, name: str) -> tuple[int, int]:
    """Where a ``modes:`` names a hook."""
    root = read_yaml(content).root
    key = key_node(child(root, "modes"), name) if root else None
    return place(key) if key else (1, 1)


def named_once(own: tuple[Hook, ...], imported: list[Hook], notices: list[Notice]) -> tuple[Hook, ...]:
    """Kiro's hooks under names that nothing else has. One that hooks.yaml also has counts as written there; one that
    stands twice and does the same counts once; one that does something else is called by its file as well.
    """
    kept: dict[str, Hook] = {}
    ours = {hook.name: hook for hook in own}
    for hook in imported:
        name = hook.name
        other = ours.get(name) or kept.get(name)
        if other is None:
            kept[name] = hook
            continue
        said = f"{quoted(name)} is also a hook at {other.origin}"
        if name in ours:
            message = f"{said}, and that one counts"
        elif hook.digest == other.digest:
            message = f"{said} and does the same; it counts once"
        else:
            free = free_name(f"{name} ({hook.origin.file.rpartition('/')[2]})", kept.keys() | ours.keys())
            kept[free] = replace(hook, name=free)
            message = f"{said}; this one is called {quoted(free)}"
        place_of = hook.origin
        notices.append(
            Notice(file=place_of.file, line=place_of.line, column=place_of.column, key="name", message=message)
        )
    return tuple(kept.values())


def nearest_wins(hooks: list[Hook], notices: list[Notice]) -> tuple[Hook, ...]:
    """Names made unique: a package's hook takes the place of an outer one of the same name for the package's files,
    and carries the package's path in its name.
    """
    named: dict[str, list[int]] = {}
    result = list(hooks)
    taken = {hook.name for hook in hooks}
    for number, hook in enumerate(hooks):
        others = named.setdefault(hook.name, [])
        for other in others:
            outer = result[other]
            if is_within(hook.scope, hooks[other].scope) and hook.scope != hooks[other].scope:
                inner = hook.scope[len(outer.scope) + 1 :] if outer.scope else hook.scope
                result[other] = replace(
                    outer,
                    patterns=(*outer.patterns, f"!{literal(inner)}/**"),
                    pattern_origins=(*outer.pattern_origins, hook.origin),
                )
        if others:
            name = free_name(f"{hook.name} ({hook.scope})", taken)
            taken.add(name)
            there = hooks[others[0]].origin
            message = f"`name`: {quoted(hook.name)} is also a hook at {there}; this one is called {quoted(name)}"
            notices.append(
                Notice(
                    file=hook.origin.file, line=hook.origin.line, column=hook.origin.column, key="name", message=message
                )
            )
            result[number] = replace(hook, name=name)
        others.append(number)
    return tuple(result)


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number when it is taken."""
    return next(each for number in count(1) if (each := name if number == 1 else f"{name} {number}") not in taken)


def is_within(scope: str, outer: str) -> bool:
    """Whether a package's path is an outer one's or lies beneath it."""
    return not outer or scope == outer or scope.startswith(f"{outer}/")


def literal(path: str) -> str:
    """A path as a pattern that matches just it."""
    return "".join(f"[{c}]" if c in "*?[{" else "\\" + c if c in "\\}]" else c for c in path)
