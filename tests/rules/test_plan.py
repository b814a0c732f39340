"""What the hooks and ignore rules of a workspace want watched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hooks.ignore import Ignore
from hooks.match import Matcher
from hooks.model import Hook, Origin, Trigger
from hooks.plan import WatchPlan

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.watch.port import Plan


def hook(*patterns: str, scope: str = "") -> Hook:
    triggers = frozenset({Trigger.FILE_MODIFIED})
    return Hook(
        name=f"{scope}{patterns}",
        triggers=triggers,
        origin=Origin(file="f", line=1),
        patterns=patterns,
        scope=scope,
        settle=3.0,
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / ".gitignore").write_text("node_modules/\n*.gen.ts\n.kiro/\n")
    ignore = Ignore(tmp_path, environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")})
    return WatchPlan(Matcher([hook("src/**/*.ts"), hook("*.py", scope="packages/x")]), ignore)


def test_a_file_matters_when_a_pattern_covers_it_and_nothing_ignores_it(plan: Plan) -> None:
    assert [path for path in ("src/a.ts", "packages/x/a.py") if not plan.concerns(path)] == []
    assert [path for path in ("a.ts", "src/a.gen.ts", "src/node_modules/b.ts") if plan.concerns(path)] == []


def test_ignored_directories_and_those_without_a_possible_match_are_pruned(plan: Plan) -> None:
    assert [path for path in ("", "src", "src/a/b", "packages/x") if not plan.may_hold(path)] == []
    assert [
        path for path in ("lib", "src/node_modules", "packages/y", "packages/x/y", ".git") if plan.may_hold(path)
    ] == []


def test_the_folders_of_rule_files_are_watched_even_when_git_ignores_them(plan: Plan) -> None:
    folders = [".kiro", ".kiro/settings", ".kiro/hooks", ".kiro/steering", "packages", "packages/x/.kiro/settings"]

    assert [folder for folder in folders if not plan.may_hold(folder)] == []
    assert not plan.may_hold(".kiro/specs")


def test_a_package_that_has_no_hooks_yet_may_get_some(plan: Plan) -> None:
    folders = ["src/new/.kiro", "src/new/.kiro/settings", "src/new/.kiro/hooks"]

    assert [folder for folder in folders if not plan.may_hold(folder)] == []
    assert not plan.may_hold("src/node_modules/a/.kiro")
    assert not plan.may_hold("lib/.kiro/specs")


@pytest.mark.parametrize(
    "path",
    [
        ".kiro/settings/hooks.yaml",
        "packages/x/.kiro/settings/hooks.yaml",
        ".kiro/hooks/a.kiro.hook",
        ".kiro/hooks/a.json",
        ".kiro/steering/tech.md",
        ".gitignore",
        "src/.gitignore",
        ".kiroignore",
        "AGENTS.md",
        "packages/x/AGENTS.md",
    ],
)
def test_these_are_rule_files(plan: Plan, path: str) -> None:
    assert plan.is_rule_file(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/a.ts",
        "hooks.yaml",
        ".kiro/hooks.yaml",
        ".kiro/specs/a.md",
        ".kiro/hooks/a.md",
        "src/node_modules/x/.gitignore",
    ],
)
def test_these_are_not(plan: Plan, path: str) -> None:
    assert not plan.is_rule_file(path)


def test_settle_is_the_matchers(plan: Plan) -> None:
    assert plan.settle("src/a.ts") == (3.0, 10.0)
