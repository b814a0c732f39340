"""Steering: the Markdown files that tell an agent how a project wants its work done, and which of them speak here.

Three levels, each over the one before: the user's (``~/.kiro/steering``), the workspace's, and that of every package
on the way down to a changed file. ``AGENTS.md`` counts as steering of the directory it lies in. What contradicts is
left standing side by side, in rising order of weight; the prompt says that the later one wins.

``read_steering`` reads, ``select`` decides and is pure. Nothing is read through a link that leads out of the
workspace, and everything is bounded.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hooks.faults import Notice
from hooks.frontmatter import FrontMatter, split_front_matter
from hooks.glob import PatternFault, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from hooks.glob import Glob

FOLDER = ".kiro/steering"
AGENTS_FILE = "AGENTS.md"
LARGEST_FILE = 128 * 1024
MOST_FILES = 100
MOST_REFERENCES = 20
MOST_DIRECTORIES = 256

_REFERENCE = re.compile(r"#\[\[file:([^\[\]\n]{1,1024})\]\]")


class Inclusion(StrEnum):
    """When a steering file speaks: always, for the files its patterns cover, when the action names it, or when an
    agent finds its description fitting.
    """

    ALWAYS = "always"
    FILE_MATCH = "fileMatch"
    MANUAL = "manual"
    AUTO = "auto"


class Level(StrEnum):
    """Whose steering it is, in rising order of weight."""

    GLOBAL = "global"
    WORKSPACE = "workspace"
    PACKAGE = "package"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A file that a steering file points at. ``text`` is ``None`` when it was not read, and ``why_not`` says why."""

    written: str
    path: str | None = None
    text: str | None = None
    why_not: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SteeringFile:
    """One steering file. ``path`` is how a person would name it: relative to the root, or ``~/...``.

    ``scope`` is the directory whose files it is for ("" for the whole workspace). ``name`` is what an action calls it
    (``#name``). ``text`` is what follows the front matter.
    """

    path: str
    level: Level
    name: str
    text: str
    scope: str = ""
    inclusion: Inclusion = Inclusion.ALWAYS
    patterns: tuple[str, ...] = ()
    description: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Steering:
    """All that was read, in rising order of weight, and what was odd about it."""

    files: tuple[SteeringFile, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A steering file that speaks to these changes, and why. ``listed`` means by name and description only."""

    file: SteeringFile
    why: str
    listed: bool = False


def directories_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The directories above these paths, the root ("") first, each once, at most MOST_DIRECTORIES of them."""
    found: dict[str, None] = {"": None}
    for path in sorted(set(paths)):
        names = path.split("/")[:-1]
        for length in range(1, len(names) + 1):
            found["/".join(names[:length])] = None
    ordered = sorted(found, key=lambda directory: (directory.count("/") + bool(directory), directory))
    return tuple(ordered[:MOST_DIRECTORIES])


def read_steering(root: Path, *, home: Path, may_read: Callable[[str], bool], paths: Iterable[str] = ()) -> Steering:
    """The steering of the user, of the workspace at ``root`` (a real path), and of the packages that ``paths`` lie in.

    ``may_read`` is asked about every file that a steering file points at, by its path relative to the root: files that
    hold secrets are not for prompts. Raises nothing for unreadable or senseless files; they become notices.
    """
    reader = _Reader(root, may_read)
    reader.folder(home / FOLDER, f"~/{FOLDER}", Level.GLOBAL, "")
    for directory in directories_of(paths):
        level = Level.PACKAGE if directory else Level.WORKSPACE
        place = root / directory
        if directory and not reader.is_own_directory(place):
            continue
        reader.agents_file(place / AGENTS_FILE, _below(directory, AGENTS_FILE), level, directory)
        if reader.is_own_directory(place / ".kiro"):
            reader.folder(place / FOLDER, _below(directory, FOLDER), level, directory)
    return Steering(files=tuple(reader.files), notices=tuple(reader.notices))


def select(steering: Steering, paths: Sequence[str], *, action: str = "") -> tuple[Chosen, ...]:
    """The steering files that speak to these paths and this action, in rising order of weight. Pure."""
    chosen = []
    for file in steering.files:
        inside = [path for path in paths if not file.scope or path.startswith(f"{file.scope}/")]
        if file.scope and not inside:
            continue
        found = _chosen(file, inside, action)
        if found is not None:
            chosen.append(found)
    return tuple(chosen)


def _chosen(file: SteeringFile, paths: Sequence[str], action: str) -> Chosen | None:
    if file.inclusion is Inclusion.ALWAYS:
        return Chosen(file=file, why="always")
    if re.search(rf"(?<![\w#])#{re.escape(file.name)}(?![\w-]|\.\w)", action):
        return Chosen(file=file, why=f"the action names #{file.name}")
    if file.inclusion is Inclusion.AUTO:
        return Chosen(file=file, why="offered by its description", listed=True)
    if file.inclusion is Inclusion.FILE_MATCH:
        for pattern, glob in _globs(file):
            path = next((path for path in paths if glob.matches(path)), None)
            if path is not None:
                return Chosen(file=file, why=f"fileMatch {pattern} covers {path}")
    return None


def _globs(file: SteeringFile) -> list[tuple[str, Glob]]:
    return [(pattern, compile_pattern(_at_any_depth(pattern), scope=file.scope)) for pattern in file.patterns]


def _at_any_depth(pattern: str) -> str:
    """Kiro's patterns without a slash cover files at any depth."""
    return pattern if "/" in pattern else f"**/{pattern}"


def _below(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


class _Reader:
    def __init__(self, root: Path, may_read: Callable[[str], bool]) -> None:
        self.root = root
        self.may_read = may_read
        self.files: list[SteeringFile] = []
        self.notices: list[Notice] = []

    def is_own_directory(self, place: Path) -> bool:
        """Whether this is a directory, and not a link to one."""
        try:
            return stat.S_ISDIR(place.lstat().st_mode)
        except (OSError, ValueError):
            return False

    def folder(self, place: Path, named: str, level: Level, scope: str) -> None:
        """Every Markdown file directly in a steering folder."""
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            return
        markdown = [entry.name for entry in entries if entry.name.lower().endswith(".md")]
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                self.notice(
                    f"{named}/{entry.name}", 1, "steering is read from the folder itself, not from folders in it"
                )
        if len(markdown) > MOST_FILES:
            self.notice(named, 1, f"{len(markdown)} steering files; only the first {MOST_FILES} are read")
        for name in markdown[:MOST_FILES]:
            if name == AGENTS_FILE:
                self.agents_file(place / name, f"{named}/{name}", level, scope)
                continue
            text = self.text(place / name, f"{named}/{name}", within=None if level is Level.GLOBAL else self.root)
            if text is not None:
                self.files.append(self.steering_file(text, f"{named}/{name}", level, scope))

    def agents_file(self, place: Path, named: str, level: Level, scope: str) -> None:
        """``AGENTS.md``: always, whole, whatever it begins with."""
        text = self.text(place, named, within=None if level is Level.GLOBAL else self.root)
        if text is not None:
            references = self.references(text, named, scope)
            self.files.append(
                SteeringFile(path=named, level=level, name="AGENTS", text=text, scope=scope, references=references)
            )

    def steering_file(self, text: str, named: str, level: Level, scope: str) -> SteeringFile:
        """One file with its front matter understood as far as it can be."""
        front = split_front_matter(text)
        for line, message in front.problems:
            self.notice(named, line, message)
        inclusion, patterns = self.inclusion(front, named)
        return SteeringFile(
            path=named,
            level=level,
            name=named.rpartition("/")[2][: -len(".md")],
            text=front.body,
            scope=scope,
            inclusion=inclusion,
            patterns=patterns,
            description=front.description,
            references=self.references(front.body, named, scope),
        )

    def inclusion(self, front: FrontMatter, named: str) -> tuple[Inclusion, tuple[str, ...]]:
        """When the file speaks, and for which patterns; what cannot be understood is named."""
        usable = []
        for pattern in front.patterns:
            try:
                compile_pattern(_at_any_depth(pattern))
            except PatternFault as fault:
                self.notice(named, front.pattern_line, f"fileMatchPattern {pattern!r}: {fault}")
            else:
                usable.append(pattern)
        known = {kind.value.lower(): kind for kind in Inclusion}
        inclusion = known.get(front.inclusion.lower())
        if inclusion is None:
            inclusion = Inclusion.FILE_MATCH if usable else Inclusion.ALWAYS
            if front.inclusion:
                said = f"unknown inclusion {front.inclusion!r}, read as {inclusion}"
                self.notice(named, front.inclusion_line, f"{said}; known are {', '.join(Inclusion)}")
        elif inclusion is Inclusion.FILE_MATCH and not usable:
            self.notice(
                named, front.inclusion_line, "inclusion fileMatch without a usable fileMatchPattern: never included"
            )
        return inclusion, tuple(usable)

    def references(self, text: str, named: str, scope: str) -> tuple[Reference, ...]:
        """What ``#[[file:...]]`` in the text points at; each file once, and not what that one points at in turn."""
        written = list(dict.fromkeys(_REFERENCE.findall(text)))
        if len(written) > MOST_REFERENCES:
            self.notice(named, 1, f"{len(written)} file references; only the first {MOST_REFERENCES} are followed")
        found = tuple(self.reference(one.strip(), named, scope) for one in written[:MOST_REFERENCES])
        for reference in found:
            if reference.why_not:
                self.notice(named, 1, f"#[[file:{reference.written}]]: {reference.why_not}")
        return found

    def reference(self, written: str, named: str, scope: str) -> Reference:
        """One reference, sought beside the package, then the workspace's root, then the steering file itself."""
        bases = [self.root / scope, self.root]
        if not named.startswith("~/"):
            bases.append((self.root / named).parent)
        why_not = "no such file"
        for base in dict.fromkeys(bases):
            try:
                real = (base / written).resolve(strict=True)
            except (OSError, ValueError, RuntimeError):
                continue
            if not real.is_relative_to(self.root) or real == self.root:
                why_not = "leads out of the workspace"
                continue
            path = real.relative_to(self.root).as_posix()
            if not self.may_read(path):
                return Reference(written=written, path=path, why_not="is hidden from agents")
            text = self.text(real, path, within=self.root)
            if text is None:
                return Reference(written=written, path=path, why_not="is not a readable text file")
            return Reference(written=written, path=path, text=text)
        return Reference(written=written, why_not=why_not)

    def text(self, place: Path, named: str, *, within: Path | None) -> str | None:
        """The text of a regular file, cut at LARGEST_FILE; ``None`` when there is none or it is not to be read."""
        try:
            real = place.resolve(strict=True)
            if within is not None and not real.is_relative_to(within):
                self.notice(named, 1, "leads out of the workspace; not read")
                return None
            descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RuntimeError) as error:
            self.notice(named, 1, f"cannot be read: {getattr(error, 'strerror', None) or 'not a usable name'}")
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            self.notice(named, 1, f"longer than {LARGEST_FILE // 1024} KiB; the rest is left out")
        if b"\0" in content:
            self.notice(named, 1, "not a text file; not read")
            return None
        return content[:LARGEST_FILE].decode("utf-8-sig", "replace").replace("\r\n", "\n")

    def notice(self, file: str, line: int, message: str) -> None:
        """Remember something odd."""
        self.notices.append(Notice(file=file, line=line, column=1, key="", message=message))
