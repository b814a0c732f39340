"""The rules of one ignore file, through pathspec. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import re2
from pathspec import PathSpec
from pathspec.pattern import RegexPattern
from pathspec.util import register_pattern

from hooks.faults import Notice, quoted
from hooks.ignore.repository import LARGEST_FILE
from hooks.ignore.wildmatch import DIRECTORY, NOTHING, name_regex, path_regex, trimmed

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

PATTERN_NAME = "kiro-hookd-gitignore"
MOST_RULES = 10_000
LONGEST_RULE = 4096
DIRECTORY_ONLY = r"\x00"
DIRECTORY_TOO = r"\x00?"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One line that decided. ``file`` is how a person would name it, ``line`` counts from 1 (``None``: not known).

    ``pattern`` is the line as written; ``negated`` tells that it takes a path back in.
    """

    file: str
    line: int | None
    pattern: str
    negated: bool = False

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.pattern}"


class _Expression:
    """Stands in for a compiled expression: pathspec hands its text to RE2, so compiling it here too, which takes ten
    times as long, would be for nothing.
    """

    __slots__ = ("pattern",)

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def search(self, text: str) -> object:
        """What pathspec's other backends ask."""
        return re2.search(self.pattern, text)


class GitPattern(RegexPattern):
    """A line of an ignore file exactly as git reads it. Paths are held against it with one character a byte, relative
    to the file's directory, directories with a NUL at their end; what lies below a directory is not looked at.
    """

    __slots__ = ()

    def __init__(self, pattern: str, include: bool | None = None) -> None:
        super().__init__(None, include)
        self.pattern = pattern
        expression, self.include = self.pattern_to_regex(pattern)
        self.regex = None if expression is None else cast("re.Pattern[str]", _Expression(expression))

    @classmethod
    def pattern_to_regex(cls, pattern: str, *, fold: bool = False) -> tuple[str | None, bool | None]:  # type: ignore[override]  # our lines are always text
        """The expression for one line, and whether it ignores; ``(None, None)`` for a blank line or a comment."""
        if not pattern or pattern.startswith("#"):
            return None, None
        bare = trimmed(pattern.partition("\0")[0])
        negated = bare.startswith("!")
        bare = bare[negated:]
        directory_only = bare.endswith("/")
        bare = bare[: len(bare) - directory_only]
        if not bare:
            return NOTHING, not negated
        regex = path_regex(bare, fold=fold) if "/" in bare else name_regex(bare, fold=fold)
        return f"^{regex}{DIRECTORY_ONLY if directory_only else DIRECTORY_TOO}$", not negated


class FoldingGitPattern(GitPattern):
    """The same where git's configuration says ``core.ignoreCase``."""

    __slots__ = ()

    @classmethod
    def pattern_to_regex(cls, pattern: str, *, fold: bool = True) -> tuple[str | None, bool | None]:  # type: ignore[override]  # our lines are always text
        """See GitPattern."""
        return super().pattern_to_regex(pattern, fold=fold)


register_pattern(PATTERN_NAME, GitPattern, override=True)

# RE2 answers "none" when a search runs out of memory. The first pattern of each set matches everything, so that an
# answer without it is known for what it is.
_EVERYTHING = RegexPattern(r"^[\x00-\xff]*$")


class RuleList:
    """The rules of one source, in the order written: the last one that matches decides."""

    def __init__(self, patterns: Sequence[RegexPattern], rules: Sequence[Rule]) -> None:
        self._patterns = patterns
        self._rules = rules
        self._halves: tuple[RuleList, RuleList] | None = None
        self._spec: PathSpec[RegexPattern] | None
        try:
            self._spec = PathSpec([_EVERYTHING, *patterns], backend="re2")
        except re2.error:
            self._spec = None  # too much for one automaton

    def __len__(self) -> int:
        return len(self._rules)

    def deciding(self, path: str, *, is_dir: bool) -> Rule | None:
        """The last rule that speaks of this path (``byte_text``, relative to the rules' directory) itself."""
        index = self._spec.check_file(path + DIRECTORY if is_dir else path).index if self._spec is not None else None
        if index is None:
            return self._deciding_in_halves(path, is_dir=is_dir)
        return self._rules[index - 1] if index else None

    def _deciding_in_halves(self, path: str, *, is_dir: bool) -> Rule | None:
        middle = len(self._rules) // 2
        if not middle:
            found = any(pattern.match_file(path + DIRECTORY if is_dir else path) for pattern in self._patterns)
            return self._rules[0] if found else None
        if self._halves is None:
            self._halves = (
                RuleList(self._patterns[:middle], self._rules[:middle]),
                RuleList(self._patterns[middle:], self._rules[middle:]),
            )
        first, second = self._halves
        return second.deciding(path, is_dir=is_dir) or first.deciding(path, is_dir=is_dir)


def read_rules(content: bytes, *, file: str, fold: bool = False) -> RuleList | None:
    """The rules in an ignore file's bytes; ``None`` when there are none. No line can spoil another."""
    lines = content.removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    numbered = ((line.removesuffix(b"\r").decode("latin-1"), number) for number, line in enumerate(lines, start=1))
    return compile_rules(numbered, file=file, fold=fold)


def notices_of(content: bytes, *, file: str) -> list[Notice]:
    """Rules that cannot do what they were written for. None of them keeps the others from working."""
    found: list[Notice] = []

    def notice(line: int, message: str) -> None:
        found.append(Notice(file=file, line=line, column=1, key="", message=message))

    rules = 0
    for number, line in enumerate(content.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        text = line.removesuffix(b"\r").decode("latin-1")
        if not text.strip() or text.startswith("#"):
            continue
        rules += 1
        regex = GitPattern(text).regex if rules <= MOST_RULES else None
        if regex is None:
            continue
        shown = quoted(text.encode("latin-1").decode("utf-8", "replace"), 80)
        if len(text) > LONGEST_RULE:
            notice(number, f"this rule is longer than {LONGEST_RULE} bytes and is left out")
        elif "\0" in text:
            notice(number, f"{shown}: the rule ends at the NUL in it")
        elif NOTHING in regex.pattern:
            notice(number, f"{shown}: this rule can never match; look at its brackets and backslashes")
        elif text.endswith("\t"):
            notice(number, f"{shown}: the tab at the end is part of the rule")
    if rules > MOST_RULES:
        notice(1, f"{rules} rules; only the first {MOST_RULES} are read")
    if len(content) >= LARGEST_FILE:
        notice(1, f"larger than {LARGEST_FILE // 2**20} MiB; the rest is left out")
    return found


def compile_rules(lines: Iterable[tuple[str, int | None]], *, file: str, fold: bool = False) -> RuleList | None:
    """The rules on these lines (``byte_text``) with their numbers; ``None`` when there are none."""
    kind = FoldingGitPattern if fold else GitPattern
    patterns: list[RegexPattern] = []
    rules: list[Rule] = []
    for text, number in lines:
        if len(rules) >= MOST_RULES:
            break
        if len(text) > LONGEST_RULE:
            continue  # longer than any path that could be watched
        pattern = kind(text)
        if pattern.include is None or pattern.regex is None or NOTHING in pattern.regex.pattern:
            continue
        patterns.append(pattern)
        written = text.encode("latin-1").decode("utf-8", "surrogateescape")
        rules.append(Rule(file=file, line=number, pattern=written, negated=not pattern.include))
    return RuleList(patterns, rules) if rules else None


__all__ = ["FoldingGitPattern", "GitPattern", "Rule", "RuleList", "compile_rules", "notices_of", "read_rules"]
