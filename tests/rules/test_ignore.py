"""Which paths nobody wants to hear of: real files, real git."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hooks.ignore import Ignore
from hooks.ignore.rules import MOST_RULES
from hooks.loaded import PathRule
from hooks.model import Origin

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def environ(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def git(root: Path, home: Path, *command: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *name, *command], cwd=root, env=environ(home), check=True, capture_output=True)


def write(place: Path, text: str = "") -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def rule(ignore: Ignore, path: str, *, is_dir: bool = False) -> str | None:
    found = ignore.rule(path, is_dir)
    return None if found is None else str(found)


def test_the_deepest_file_decides_and_its_last_line(root: Path, home: Path) -> None:
    write(root / ".gitignore", "*.log\nbuild/\n")
    write(root / "a" / ".gitignore", "!keep.log\n")
    write(root / "a" / "b" / ".gitignore", "*.log\n")
    ignore = Ignore(root, environ=environ(home))

    assert rule(ignore, "x.log") == ".gitignore:1: *.log"
    assert rule(ignore, "a/keep.log") == "a/.gitignore:1: !keep.log"
    assert not ignore.ignored("a/keep.log", is_dir=False)
    assert rule(ignore, "a/b/keep.log") == "a/b/.gitignore:1: *.log"
    assert rule(ignore, "a/x.txt") is None


def test_nothing_below_an_ignored_directory_can_be_taken_back_in(root: Path, home: Path) -> None:
    write(root / ".gitignore", "build/\n!build/keep\n")
    write(root / "build" / ".gitignore", "!*\n")
    ignore = Ignore(root, environ=environ(home))

    assert rule(ignore, "build/sub/keep") == ".gitignore:1: build/"
    assert ignore.ignored("build", is_dir=True)
    assert not ignore.ignored("build", is_dir=False)


def test_the_repositorys_exclude_and_the_users_excludes_speak_after_the_tree(root: Path, home: Path) -> None:
    git(root, home, "init", "-q")
    write(root / ".git" / "info" / "exclude", "local\n!mine\n")
    write(home / "mine.txt", "mine\nswap\nlocal\n")
    write(home / ".gitconfig", "[core]\n\texcludesFile = ~/mine.txt\n")
    write(root / ".gitignore", "!swap\n")
    ignore = Ignore(root, environ=environ(home))

    assert rule(ignore, "local") == ".git/info/exclude:1: local"
    assert rule(ignore, "mine") == ".git/info/exclude:2: !mine"
    assert rule(ignore, "swap") == ".gitignore:1: !swap"
    assert rule(ignore, "sub/local") == ".git/info/exclude:1: local"


def test_the_users_default_excludes_are_read_without_any_configuration(root: Path, home: Path) -> None:
    write(home / ".config" / "git" / "ignore", "*.swp\n")

    assert rule(Ignore(root, environ=environ(home)), "a.swp") == "~/.config/git/ignore:1: *.swp"


def test_the_home_that_is_given_is_the_one_that_counts(root: Path, home: Path, tmp_path: Path) -> None:
    write(tmp_path / "other" / ".config" / "git" / "ignore", "theirs\n")
    write(home / ".config" / "git" / "ignore", "ours\n")
    ignore = Ignore(root, home=tmp_path / "other", environ=environ(home))

    assert ignore.ignored("theirs", is_dir=False)
    assert not ignore.ignored("ours", is_dir=False)


def test_a_configuration_that_is_broken_or_missing_leaves_the_other_files_in_force(root: Path, home: Path) -> None:
    git(root, home, "init", "-q")
    write(root / ".git" / "config", "[core\nbroken")
    write(root / ".gitignore", "a\n")
    ignore = Ignore(root, environ=environ(home) | {"PATH": "/nowhere"})

    assert ignore.ignored("a", is_dir=False)
    assert Ignore(root, environ=environ(home)).ignored("a", is_dir=False)


def test_settings_that_never_end_are_waited_for_once_and_then_count_as_empty(
    root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hooks.ignore.repository._CONFIG_SECONDS", 0.2)
    for name in (".", "one", "two"):
        (root / name).mkdir(exist_ok=True)
        git(root / name, home, "init", "-q")
        os.mkfifo(root / name / "pipe")
        (root / name / ".git" / "config").write_text("[include]\n\tpath = ../pipe\n")
        write(root / name / ".git" / "info" / "exclude", "local\n")
    ignore = Ignore(root, environ=environ(home))

    assert [path for path in ("local", "one/local", "two/local") if not ignore.ignored(path, is_dir=False)] == []
    assert ignore._questions < 0


def test_a_work_tree_uses_the_exclude_file_of_its_repository(root: Path, home: Path, tmp_path: Path) -> None:
    git(root, home, "init", "-q")
    git(root, home, "commit", "-q", "--allow-empty", "-m", "one")
    git(root, home, "worktree", "add", "-q", str(tmp_path / "other"))
    write(root / ".git" / "info" / "exclude", "shared\n")

    assert Ignore(tmp_path / "other", environ=environ(home)).ignored("x/shared", is_dir=False)


def test_a_repository_inside_goes_by_its_own_rules(root: Path, home: Path) -> None:
    git(root, home, "init", "-q")
    write(root / ".gitignore", "*.log\nvendor/out/\n")
    write(root / "vendor" / "lib" / "a")
    git(root / "vendor" / "lib", home, "init", "-q")
    write(root / "vendor" / "lib" / ".git" / "info" / "exclude", "own\n")
    write(root / "vendor" / "lib" / ".gitignore", "sub/\n")
    ignore = Ignore(root, environ=environ(home))

    assert not ignore.ignored("vendor/lib/x.log", is_dir=False)
    assert rule(ignore, "vendor/lib/deep/own") == "vendor/lib/.git/info/exclude:1: own"
    assert rule(ignore, "vendor/lib/sub", is_dir=True) == "vendor/lib/.gitignore:1: sub/"
    assert ignore.ignored("vendor/x.log", is_dir=False)


def test_a_submodule_finds_its_exclude_file_through_its_git_file(root: Path, home: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git(source, home, "init", "-q")
    git(source, home, "commit", "-q", "--allow-empty", "-m", "one")
    git(root, home, "init", "-q")
    git(root, home, "submodule", "add", "-q", str(source), "mod")
    write(root / ".git" / "modules" / "mod" / "info" / "exclude", "hidden\n")

    assert rule(Ignore(root, environ=environ(home)), "mod/hidden") == ".git/modules/mod/info/exclude:1: hidden"


def test_a_workspace_below_the_top_of_a_repository_hears_the_rules_above_it(tmp_path: Path, home: Path) -> None:
    top = tmp_path / "top"
    write(top / ".gitignore", "*.log\n/pkgs/*/out\n")
    write(top / "pkgs" / ".gitignore", "x/tmp\n")
    write(top / "pkgs" / "x" / ".gitignore", "!keep.log\n")
    git(top, home, "init", "-q")
    write(top / ".git" / "info" / "exclude", "pkgs/x/local\n")
    ignore = Ignore(top / "pkgs" / "x", environ=environ(home))

    assert [path for path in ("a.log", "out", "tmp", "local") if not ignore.ignored(path, is_dir=True)] == []
    assert not ignore.ignored("keep.log", is_dir=False)
    assert not ignore.ignored("sub/out", is_dir=True)


def test_a_repository_that_ignores_the_whole_workspace_has_no_say_in_it(tmp_path: Path, home: Path) -> None:
    write(tmp_path / ".gitignore", "*\n")
    git(tmp_path, home, "init", "-q")
    work = tmp_path / "projects" / "one"
    write(work / ".gitignore", "*.log\n")
    ignore = Ignore(work, environ=environ(home))

    assert not ignore.ignored("src/a.ts", is_dir=False)
    assert ignore.ignored("a.log", is_dir=False)


def test_gits_own_directory_is_always_ignored_at_any_depth(root: Path, home: Path) -> None:
    write(root / ".gitignore", "!.git\n!.git/**\n")
    ignore = Ignore(root, environ=environ(home))

    assert ignore.ignored(".git", is_dir=True)
    assert ignore.ignored("a/.git/config", is_dir=False)
    assert ignore.ignored("a/.git", is_dir=False)
    assert not ignore.ignored(".github/x", is_dir=False)


def test_kiros_ignore_files_only_ever_add(root: Path, home: Path) -> None:
    write(root / ".gitignore", "dist/\n")
    write(root / ".kiroignore", "!dist/\nsecret*\n*.tmp\n")
    write(root / "a" / ".kiroignore", "!*.tmp\n")
    write(home / ".kiro" / "settings" / "kiroignore", "*.bak\nsecret.md\n")
    ignore = Ignore(root, environ=environ(home))

    assert rule(ignore, "dist", is_dir=True) == ".gitignore:1: dist/"
    assert rule(ignore, "a/secret.md") == ".kiroignore:2: secret*"
    assert not ignore.ignored("a/x.tmp", is_dir=False)
    assert rule(ignore, "a/x.bak") == "~/.kiro/settings/kiroignore:1: *.bak"


def test_the_ignore_list_of_hooks_yaml_takes_braces_and_belongs_to_its_package(root: Path, home: Path) -> None:
    def extra(pattern: str, line: int, scope: str = "") -> PathRule:
        return PathRule(pattern=pattern, scope=scope, origin=Origin(file=f"{scope or 'root'}.yaml", line=line))

    ignore = Ignore(
        root, [extra("*.{log,tmp}", 3), extra("gen/", 4), extra("/out/**", 9, "pkg")], environ=environ(home)
    )

    assert rule(ignore, "a/x.tmp") == "root.yaml:3: *.tmp"
    assert rule(ignore, "pkg/gen", is_dir=True) == "root.yaml:4: gen/"
    assert rule(ignore, "pkg/out/x") == "pkg.yaml:9: /out/**"
    assert not ignore.ignored("out/x", is_dir=False)
    assert Ignore(root, ["dist/**"], environ=environ(home)).ignored("dist/a", is_dir=False)


def test_an_ignore_file_that_is_a_link_a_directory_or_a_pipe_is_not_read(
    root: Path, home: Path, tmp_path: Path
) -> None:
    write(tmp_path / "outside", "*\n")
    for name in ("link", "folder", "pipe"):
        (root / name).mkdir()
    (root / "link" / ".gitignore").symlink_to(tmp_path / "outside")
    (root / "folder" / ".gitignore").mkdir()
    os.mkfifo(root / "pipe" / ".gitignore")
    ignore = Ignore(root, environ=environ(home))

    assert [name for name in ("link", "folder", "pipe") if ignore.ignored(f"{name}/x", is_dir=False)] == []


def test_nothing_is_read_through_a_linked_directory(root: Path, home: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside" / ".gitignore", "*\n")
    (root / "link").symlink_to(tmp_path / "outside")
    ignore = Ignore(root, environ=environ(home))

    assert not ignore.ignored("link/sub/x", is_dir=False)


def test_what_was_read_is_remembered_until_it_is_said_to_have_changed(root: Path, home: Path) -> None:
    write(root / "a" / ".gitignore", "x\n")
    ignore = Ignore(root, environ=environ(home))
    assert ignore.ignored("a/b/x", is_dir=False)

    write(root / "a" / ".gitignore", "y\n")
    assert ignore.ignored("a/b/x", is_dir=False)
    ignore.invalidate("a/.gitignore")
    assert not ignore.ignored("a/b/x", is_dir=False)

    write(root / ".gitignore", "x\n")
    ignore.invalidate(".gitignore")
    assert ignore.ignored("a/b/x", is_dir=False)

    (root / ".gitignore").unlink()
    ignore.reload()
    assert not ignore.ignored("a/b/x", is_dir=False)


def test_a_directory_that_is_not_there_yet_is_not_remembered_as_it_is(root: Path, home: Path) -> None:
    ignore = Ignore(root, environ=environ(home))
    assert not ignore.ignored("new/x", is_dir=False)

    write(root / "new" / ".gitignore", "x\n")
    assert ignore.ignored("new/x", is_dir=False)


def test_it_knows_the_files_it_reads_from(root: Path, home: Path) -> None:
    git(root, home, "init", "-q")
    write(root / ".gitignore", "out/\n")
    ignore = Ignore(root, environ=environ(home))

    sources = [".gitignore", "a/.gitignore", "b/.kiroignore", ".git/info/exclude"]
    assert [path for path in sources if not ignore.is_source(path)] == []
    assert [path for path in ("a", "out/.gitignore", "gitignore", ".git/config") if ignore.is_source(path)] == []
    assert {root / ".gitignore", home / ".config" / "git" / "ignore"} <= set(ignore.sources())


def test_a_name_that_is_not_utf_8_is_matched_by_its_bytes(root: Path, home: Path) -> None:
    (root / ".gitignore").write_bytes(b"\xff*\nd\xfe/\n")
    ignore = Ignore(root, environ=environ(home))

    assert ignore.ignored(os.fsdecode(b"a/\xff\xfe"), is_dir=False)
    assert ignore.ignored(os.fsdecode(b"d\xfe/x"), is_dir=False)
    assert not ignore.ignored(os.fsdecode(b"\xfe"), is_dir=False)


def test_an_ignore_file_beyond_all_bounds_is_read_up_to_them(root: Path, home: Path) -> None:
    (root / ".gitignore").write_bytes(b"first\n" + b"# filler\n" * 300_000 + b"last\n")
    ignore = Ignore(root, environ=environ(home))

    assert ignore.ignored("first", is_dir=False)
    assert not ignore.ignored("last", is_dir=False)


def test_rules_that_cannot_do_what_they_were_written_for_are_named(root: Path, home: Path) -> None:
    (root / ".gitignore").write_bytes(
        b"\xef\xbb\xbf# [a\r\n\r\n*.o\r\n[a\r\nb\\\nc\t\n" + b"x" * 5000 + b"\n/\n[[:alhpa:]]\nd\0e\n"
    )
    write(root / "sub" / ".kiroignore", "[\n")
    ignore = Ignore(root, environ=environ(home))
    ignore.ignored("sub/x", is_dir=False)

    notices = [str(notice) for notice in ignore.notices()]

    assert [one.split(": ")[0] for one in notices] == [
        *(f".gitignore:{line}:1" for line in (4, 5, 6, 7, 8, 9, 10)),
        "sub/.kiroignore:1:1",
    ]
    assert "can never match" in notices[0]
    assert "tab" in notices[2]


def test_more_rules_than_are_read_is_said(root: Path, home: Path) -> None:
    (root / ".gitignore").write_bytes(b"".join(b"f%d\n" % number for number in range(MOST_RULES + 1)))
    ignore = Ignore(root, environ=environ(home))

    assert ignore.ignored("f0", is_dir=False)
    assert not ignore.ignored(f"f{MOST_RULES}", is_dir=False)
    assert [str(notice) for notice in ignore.notices()] == [
        f".gitignore:1:1: {MOST_RULES + 1} rules; only the first {MOST_RULES} are read"
    ]


@pytest.fixture(scope="module")
def comparison() -> ModuleType:
    """The comparison that `benchmarks/matching` makes at length."""
    place = Path(__file__).parents[2] / "benchmarks" / "matching" / "ignore_against_git.py"
    spec = importlib.util.spec_from_file_location("ignore_against_git", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_any_rules_over_any_tree_are_decided_as_git_decides_them(comparison: ModuleType, seed: int) -> None:
    tally = comparison.Tally()

    comparison.one_set(seed, 80, tally)

    assert tally.compared > 0
    assert tally.shown == []
