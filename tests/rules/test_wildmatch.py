"""One rule against one path, as git's matcher has it. Every row was held against git itself; see the last test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from pathspec import PathSpec
from pathspec.util import lookup_pattern

from hooks.ignore.rules import PATTERN_NAME, GitPattern, compile_rules, read_rules
from hooks.ignore.wildmatch import DIRECTORY, byte_text, trimmed

if TYPE_CHECKING:
    from pathlib import Path

# rule, path (a slash at its end: a directory), whether the rule speaks of it
TABLE = [
    ("foo", "foo", True),
    ("foo", "a/foo", True),
    ("foo", "foo/", True),
    ("foo", "foo.o", False),
    ("/foo", "foo", True),
    ("/foo", "a/foo", False),
    ("foo/", "foo", False),
    ("foo/", "foo/", True),
    ("foo/", "a/foo/", True),
    ("a/foo", "a/foo", True),
    ("a/foo", "b/a/foo", False),
    ("*.o", "a/x.o", True),
    ("*.o", ".o", True),
    ("a/*.o", "a/b/x.o", False),
    ("a/*", "a/b/", True),
    ("a/**", "a/", False),
    ("a/**", "a/b", True),
    ("a/**", "a/b/c", True),
    ("**/foo", "foo", True),
    ("**/foo", "a/b/foo", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "a/xb", False),
    ("a**/b", "axx/b", True),
    ("a**/b", "a/x/b", True),
    ("ab**/c", "abc", True),
    ("ab?**/c", "abx/y/c", False),
    ("a/b**", "a/bx/y", True),
    ("a/**b", "a/x/b", False),
    ("a/***/b", "a/x/y/b", True),
    ("**\\/b", "a/b", True),
    ("**\\/b", "b", False),
    ("/**", "a/b", True),
    ("**", "a/b", True),
    ("?", "a", True),
    ("a?b", "a/b", False),
    ("?", "é", False),
    ("??", "é", True),
    ("[ab]", "a", True),
    ("[!ab]", "c", True),
    ("[^ab]", "a", False),
    ("[]a]", "]", True),
    ("[!]a]", "]", False),
    ("[]-a]", "^", True),
    ("[a-c]", "b", True),
    ("[c-a]", "b", False),
    ("[a-]", "-", True),
    ("[-a]", "-", True),
    ("x[--0]", "x.", True),
    ("[a\\-c]", "b", False),
    ("[a\\-c]", "-", True),
    ("[\\]]", "]", True),
    ("[[]", "[", True),
    ("[a", "[a", False),
    ("[a-", "a", False),
    ("[!]", "[!]", False),
    ("[[:alpha:]]", "x", True),
    ("[[:alpha:]]", "1", False),
    ("[[:alpha:][:digit:]]", "1", True),
    ("[[:space:]]", "\t", True),
    ("[[:space:]]", "\v", False),
    ("[[:punct:]]", "~", True),
    ("[[:bad:]]", "b", False),
    ("x[[:alpha]", "x:", True),
    ("x[[:alpha]", "xx", False),
    ("x[[:]", "x:", True),
    ("x[/]y", "x/y", False),
    ("x[^a]y", "x/y", False),
    ("x[,-9]y", "x/y", False),
    ("\\*", "*", True),
    ("\\*", "a", False),
    ("\\a", "a", True),
    ("a\\", "a", False),
    ("a\\", "a\\", False),
    ("\\#a", "#a", True),
    ("#a", "#a", False),
    ("\\!a", "!a", True),
    ("foo ", "foo", True),
    ("foo\\ ", "foo ", True),
    ("foo\\  ", "foo ", True),
    ("foo\t", "foo", False),
    ("foo \\", "foo ", False),
    (" foo", " foo", True),
    ("{a,b}", "a", False),
    ("{a,b}", "{a,b}", True),
    ("Foo", "foo", False),
    ("//foo", "foo", False),
    ("foo//", "foo/", False),
    ("/", "a/", False),
    ("", "a", False),
    ("a/[b-d]?/*.t[xy]t", "a/cz/q.txt", True),
    ("*a*a*a*a*b", "aaaaaaaaaaaaaaaac", False),
]


def speaks(rule: str, path: str) -> bool:
    rules = compile_rules([(byte_text(rule), 1)], file="x")
    return (
        rules is not None and rules.deciding(byte_text(path.removesuffix("/")), is_dir=path.endswith("/")) is not None
    )


@pytest.mark.parametrize(("rule", "path", "expected"), TABLE)
def test_a_rule_speaks_of_exactly_the_paths_that_git_says(rule: str, path: str, *, expected: bool) -> None:
    assert speaks(rule, path) is expected


def test_git_itself_agrees_with_every_row(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
    work = tmp_path / "work"
    expected = set()
    for number, (rule, path, speaks_of_it) in enumerate(TABLE):
        there = work / str(number) / path
        (there if path.endswith("/") else there.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            there.touch()
        (work / str(number) / ".gitignore").write_bytes(os.fsencode(rule) + b"\n")
        # A directory above the path that the rule speaks of makes git ignore the path as well.
        above = any(speaks(rule, path[: at + 1]) for at, one in enumerate(path.rstrip("/")) if one == "/")
        if speaks_of_it or above:
            expected.add(f"{number}/{path.rstrip('/')}")
    subprocess.run(["git", "init", "-q", work], env=environ, check=True)

    asked = "".join(f"{number}/{path.rstrip('/')}\0" for number, (_, path, _) in enumerate(TABLE))
    command = ["git", "check-ignore", "-z", "--stdin", "--no-index"]
    said = subprocess.run(command, cwd=work, env=environ, input=os.fsencode(asked), capture_output=True, check=True)

    assert set(os.fsdecode(said.stdout).split("\0")) - {""} == expected


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a  ", "a"),
        ("a\\  ", "a\\ "),
        ("a \\ b ", "a \\ b"),
        ("a\\", "a\\"),
        ("  ", ""),
        ("a \t", "a \t"),
        ("a \\", "a \\"),
    ],
)
def test_blanks_at_the_end_are_dropped_unless_a_backslash_holds_them(written: str, kept: str) -> None:
    assert trimmed(written) == kept


def test_one_line_that_is_no_pattern_spoils_no_other() -> None:
    content = b"\xef\xbb\xbf# first\r\n\r\n[a\n!\n/\n\xff\xfe\n*.o\x00junk\n" + b"x" * 5000 + b"\nkeep\r\nlast"
    rules = read_rules(content, file="f")

    assert rules is not None
    found = {path: rules.deciding(path, is_dir=False) for path in ("\xff\xfe", "a.o", "keep", "last", "[a")}
    assert {path: rule and rule.line for path, rule in found.items()} == {
        "\xff\xfe": 6,
        "a.o": 7,
        "keep": 9,
        "last": 10,
        "[a": None,
    }


def test_the_last_line_that_matches_decides_and_is_named_as_written() -> None:
    rules = read_rules(b"*.o\n!keep.o \n", file="sub/.gitignore")

    assert rules is not None
    kept, dropped = rules.deciding("keep.o", is_dir=False), rules.deciding("x.o", is_dir=False)
    assert kept is not None
    assert dropped is not None
    assert (kept.negated, str(kept)) == (True, "sub/.gitignore:2: !keep.o ")
    assert (dropped.negated, str(dropped)) == (False, "sub/.gitignore:1: *.o")


def test_more_rules_than_one_automaton_holds_still_decide_each() -> None:
    lines = [(f"dir{number}/**/[a-z]*{number}?*.[ch]", number) for number in range(6000)]
    rules = compile_rules(lines, file="f")

    assert rules is not None
    for number in (0, 2999, 5999):
        rule = rules.deciding(f"dir{number}/x/ab{number}yy.c", is_dir=False)
        assert rule is not None
        assert rule.line == number
    assert rules.deciding("dir7/x/ab8yy.c", is_dir=False) is None


def test_the_pattern_class_is_one_that_pathspec_knows_by_name() -> None:
    spec = PathSpec.from_lines(PATTERN_NAME, ["build/", "!keep"])

    assert lookup_pattern(PATTERN_NAME) is GitPattern
    assert spec.check_file(f"a/build{DIRECTORY}").include is True
    assert spec.check_file("a/build").include is None
    assert spec.check_file("keep").include is False


def test_letter_case_counts_for_nothing_when_git_is_told_so() -> None:
    rules = compile_rules([("Fo[O-Q]/*.TXT", 1), ("[[:upper:]]x", 2), ("é", 3)], file="f", fold=True)

    assert rules is not None
    assert rules.deciding("fOo/A.txt", is_dir=False) is not None
    assert rules.deciding("foq/a.TxT", is_dir=False) is not None
    assert rules.deciding("ax", is_dir=False) is not None
    assert rules.deciding(byte_text("É"), is_dir=False) is None
