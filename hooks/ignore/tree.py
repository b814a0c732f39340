"""Ignore: which paths of a workspace nobody wants to hear of, exactly as git would say.

Three stacks of rules speak, and a path that any of them ignores is ignored: git's own files, Kiro's (``.kiroignore``),
and the ``ignore:`` lists of hooks.yaml. Within a stack the last matching rule of the deepest file decides; what is
below an ignored directory stays ignored.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hooks.glob.braces import expand
from hooks.glob.faults import PatternFault
from hooks.ignore.repository import git_directory, read_bounded, read_repository
from hooks.ignore.rules import Rule, RuleList, compile_rules, notices_of, read_rules
from hooks.ignore.wildmatch import byte_text
from hooks.loaded import PathRule
from hooks.model import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hooks.faults import Notice
    from hooks.ignore.repository import Repository

GIT = ".git"
GIT_FILE = ".gitignore"
KIRO_FILE = ".kiroignore"
USER_KIRO_FILE = Path(".kiro", "settings", "kiroignore")
GIT_ALWAYS = Rule(file="git", line=None, pattern=".git")

# Directories remembered at a time; beyond that the memory starts afresh.
_MOST_DIRECTORIES = 65_536
# Repositories whose settings git is asked for; for the rest they count as empty.
_MOST_QUESTIONS = 64


@dataclass(frozen=True, slots=True)
class _Source:
    """Rules and how a path relative to the root becomes one relative to them: cut ``strip``, put ``lead`` before."""

    rules: RuleList
    strip: int = 0
    lead: str = ""

    def deciding(self, path: str, *, is_dir: bool) -> Rule | None:
        return self.rules.deciding(self.lead + path[self.strip :], is_dir=is_dir)


@dataclass(frozen=True, slots=True)
class _Directory:
    """What holds in one directory: the rule that ignores it, or the sources of each stack, deepest first."""

    ignored_by: Rule | None
    stacks: tuple[tuple[_Source, ...], ...] = ()
    # A link or something that is no directory: nothing below it is read.
    closed: bool = False
    fold: bool = False


class Ignore:
    """The ignore rules of one workspace, read as they are needed and remembered.

    ``root`` is the workspace's real path. Nothing is read through a link that lies in the workspace. Where a git
    repository begins below the root, its own rules hold from there on; where the root lies inside a repository that
    does not ignore it, that repository's rules hold too. ``home`` and ``environ`` say whose settings of git and Kiro
    hold (this process's when not given). Raises nothing for unreadable or senseless files.
    """

    def __init__(
        self,
        root: Path,
        extra: Sequence[str | PathRule] = (),
        *,
        home: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self._base = os.fspath(root)
        self._extra = tuple(
            PathRule(pattern=item, scope="", origin=Origin(file="ignore", line=1)) if isinstance(item, str) else item
            for item in extra
        )
        self._environ = dict(os.environ if environ is None else environ)
        if home is not None:
            self._environ["HOME"] = str(home)
        self._home = Path(self._environ.get("HOME", "/"))
        self._directories: dict[str, _Directory] = {}
        self._sources: dict[Path, None] = {}
        self._questions = _MOST_QUESTIONS

    def ignored(self, path: str, is_dir: bool) -> bool:
        """Whether nobody wants to hear of this path (POSIX, relative to the root; ``""``, the root, never is)."""
        rule = self.rule(path, is_dir)
        return rule is not None and not rule.negated

    def rule(self, path: str, is_dir: bool) -> Rule | None:
        """The rule that decides about this path: one that ignores it or a directory above it, or one that takes it
        back in (``negated``). ``None`` when no rule speaks of it.
        """
        if not path:
            return None
        parent, _, name = path.rpartition("/")
        directory = self._directory(parent)
        if directory.ignored_by is not None:
            return directory.ignored_by
        if name == GIT:
            return GIT_ALWAYS
        return _deciding(directory.stacks, byte_text(path), is_dir=is_dir)

    def is_source(self, path: str) -> bool:
        """Whether rules are read from this path (relative to the root), or would be if it were there."""
        parent, _, name = path.rpartition("/")
        if name in (GIT_FILE, KIRO_FILE):
            return self._directory(parent).ignored_by is None
        return self.root / path in self._known_sources()

    def sources(self) -> tuple[Path, ...]:
        """The files, absolute, that rules have been read from so far, and those that hold for the whole workspace
        whether they are there or not.
        """
        return tuple(self._known_sources())

    def notices(self) -> tuple[Notice, ...]:
        """What is odd about the files that rules have been read from so far. Reads them anew."""
        found: list[Notice] = []
        for file in self.sources():
            content = read_bounded(file, follow=file.name not in (GIT_FILE, KIRO_FILE))
            found += notices_of(content, file=self._named(file)) if content else []
        return tuple(found)

    def reload(self) -> None:
        """Forget everything read; the next question reads afresh."""
        self._directories = {}
        self._sources = {}
        self._questions = _MOST_QUESTIONS

    def invalidate(self, path: str) -> None:
        """Forget what a change of this path (relative to the root) may have changed."""
        parent, _, name = path.rpartition("/")
        if name not in (GIT_FILE, KIRO_FILE) or not parent:
            self.reload()
            return
        below = f"{parent}/"
        self._directories = {
            directory: known
            for directory, known in list(self._directories.items())
            if directory != parent and not directory.startswith(below)
        }

    def _known_sources(self) -> dict[Path, None]:
        self._directory("")
        return dict(self._sources)

    def _directory(self, directory: str) -> _Directory:
        known = self._directories.get(directory)
        if known is None:
            known, lasting = self._read_root() if not directory else self._read_directory(directory)
            if len(self._directories) >= _MOST_DIRECTORIES:
                self._directories = {}
            if lasting:
                self._directories[directory] = known
        return known

    def _read_directory(self, directory: str) -> tuple[_Directory, bool]:
        """What holds in a directory below the root, and whether that may be remembered."""
        parent_path, _, name = directory.rpartition("/")
        parent = self._directory(parent_path)
        if parent.ignored_by is not None or parent.closed:
            return parent, True
        if name == GIT:
            return _Directory(GIT_ALWAYS), True
        rule = _deciding(parent.stacks, byte_text(directory), is_dir=True)
        if rule is not None and not rule.negated:
            return _Directory(rule), True
        place = f"{self._base}/{directory}"
        try:
            is_directory = stat.S_ISDIR(os.lstat(place).st_mode)
        except (OSError, ValueError):
            # Not there now, but it may come to be with an ignore file in it.
            return parent, False
        if not is_directory:
            return _Directory(None, parent.stacks, closed=True), False
        return self._opened(directory, place, parent), True

    def _opened(self, directory: str, place: str, parent: _Directory) -> _Directory:
        git_stack, kiro_stack, extra_stack = parent.stacks
        fold = parent.fold
        git = git_directory(place)
        strip = len(byte_text(directory)) + 1 if directory else 0
        if git is not None and directory:
            repository = self._repository(Path(place), git)
            fold = repository.fold
            git_stack = self._excludes(repository, strip=strip)
        git_stack = self._nested(f"{place}/{GIT_FILE}", strip, fold=fold) + git_stack
        kiro_stack = self._nested(f"{place}/{KIRO_FILE}", strip, fold=False) + kiro_stack
        return _Directory(None, (git_stack, kiro_stack, extra_stack), fold=fold)

    def _repository(self, top: Path, git: Path | None) -> Repository:
        """One repository's sources. A workspace full of repositories, or one whose settings never end, must not hold up
        the daemon: git is asked about a bounded number of them, and no more once it did not answer.
        """
        ask = self._questions > 0
        self._questions -= 1
        try:
            return read_repository(top, git, environ=self._environ, ask=ask)
        except TimeoutError:
            self._questions = 0
            return read_repository(top, git, environ=self._environ, ask=False)

    def _nested(self, place: str, strip: int, *, fold: bool, lead: str = "") -> tuple[_Source, ...]:
        content = read_bounded(place, follow=False)
        if content is None:
            return ()
        file = Path(place)
        self._sources[file] = None
        rules = read_rules(content, file=self._named(file), fold=fold)
        return () if rules is None else (_Source(rules, strip, lead),)

    def _excludes(self, repository: Repository, *, strip: int = 0, lead: str = "") -> tuple[_Source, ...]:
        """The sources that hold for a whole repository, heaviest first."""
        found: list[_Source] = []
        for file in reversed(repository.excludes):
            self._sources[file] = None
            content = read_bounded(file, follow=True)
            rules = read_rules(content, file=self._named(file), fold=repository.fold) if content else None
            if rules is not None:
                found.append(_Source(rules, strip, lead))
        return tuple(found)

    def _read_root(self) -> tuple[_Directory, bool]:
        kiro_stack: tuple[_Source, ...] = ()
        user = self._home / USER_KIRO_FILE
        self._sources[user] = None
        content = read_bounded(user, follow=True)
        if content and (rules := read_rules(content, file="~/" + USER_KIRO_FILE.as_posix())) is not None:
            kiro_stack = (_Source(rules),)
        git_stack, fold = self._git_stack_at_root()
        start = _Directory(None, (git_stack, kiro_stack, self._extra_stack()), fold=fold)
        return self._opened("", self._base, start), True

    def _git_stack_at_root(self) -> tuple[tuple[_Source, ...], bool]:
        """Git's rules that reach the root from above it, heaviest first, and whether letter case counts for nothing."""
        tops = (place for place in (self.root, *self.root.parents) if git_directory(place) is not None)
        top = next(tops, None)
        if top is None or top == self.root:
            git = None if top is None else git_directory(top)
            repository = self._repository(self.root, git)
            return self._excludes(repository), repository.fold
        repository = self._repository(top, git_directory(top))
        names = byte_text(self.root.relative_to(top).as_posix()).split("/")
        stack = self._excludes(repository, lead="/".join(names) + "/")
        for depth in range(len(names)):
            lead = "/".join(names[depth:])
            place = top.joinpath(*self.root.relative_to(top).parts[:depth])
            stack = self._nested(str(place / GIT_FILE), 0, fold=repository.fold, lead=f"{lead}/") + stack
            above = [_Source(source.rules, 0, source.lead[: -len(lead) - 1]) for source in stack]
            rule = _deciding((tuple(above),), names[depth], is_dir=True)
            if rule is not None and not rule.negated:
                # A repository that ignores the workspace as a whole has nothing to say about what is in it.
                return self._excludes(self._repository(self.root, None)), False
        return stack, repository.fold

    def _extra_stack(self) -> tuple[_Source, ...]:
        """The ``ignore:`` lists, those of the deepest package first."""
        by_scope: dict[str, list[PathRule]] = {}
        for item in self._extra:
            by_scope.setdefault(item.scope, []).append(item)
        stack = []
        for scope in sorted(by_scope, key=lambda scope: (-len(scope.split("/")) if scope else 0, scope)):
            items = by_scope[scope]
            lines = [(line, item.origin.line) for item in items for line in _without_braces(item.pattern)]
            rules = compile_rules(lines, file=items[0].origin.file)
            if rules is not None:
                stack.append(_Source(rules, len(byte_text(scope)) + 1 if scope else 0))
        return tuple(stack)

    def _named(self, file: Path) -> str:
        """A file as a person would name it: relative to the root, or to the home directory."""
        for base, before in ((self.root, ""), (self._home, "~/")):
            if file.is_relative_to(base):
                return before + file.relative_to(base).as_posix()
        return file.as_posix()


def _deciding(stacks: tuple[tuple[_Source, ...], ...], path: str, *, is_dir: bool) -> Rule | None:
    kept: Rule | None = None
    for stack in stacks:
        for source in stack:
            rule = source.deciding(path, is_dir=is_dir)
            if rule is None:
                continue
            if not rule.negated:
                return rule
            kept = kept or rule
            break
    return kept


def _without_braces(pattern: str) -> list[str]:
    """An ``ignore:`` item as lines of an ignore file: the same, but braces mean what they mean in a pattern."""
    try:
        spellings = [spelling.text for spelling in expand(pattern)]
    except PatternFault:
        spellings = [pattern]
    return [byte_text(text) for text in spellings if text]
