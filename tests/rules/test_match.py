"""Which hooks a change concerns: trigger, kind, pattern, scope and cause."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.glob import compile_pattern, split_negation
from hooks.match import DEFAULT_SETTLE, DEFAULT_SETTLE_MAX, Matcher
from hooks.model import Cause, Change, ChangeKind, Hook, Mode, Origin, Trigger


def hook(name: str = "h", *patterns: str, **fields: Any) -> Hook:
    values: dict[str, Any] = {
        "triggers": frozenset({Trigger.FILE_CREATED, Trigger.FILE_MODIFIED, Trigger.FILE_DELETED})
    }
    values |= {"origin": Origin(file="hooks.yaml", line=1), "patterns": patterns or ("**",), "action": "look"}
    return Hook(name=name, **(values | fields))


def change(
    path: str = "a.ts", kind: ChangeKind = ChangeKind.MODIFIED, cause: Cause = Cause.EDIT, **fields: Any
) -> Change:
    return Change(path=path, kind=kind, cause=cause, **fields)


def matched(hooks: list[Hook], *changes: Change) -> list[tuple[str, list[str]]]:
    return [(match.hook.name, [one.path for one in match.changes]) for match in Matcher(hooks).match(changes)]


def test_matches_come_in_the_order_of_the_hooks_each_with_its_changes_in_theirs() -> None:
    hooks = [hook("second", "**/*.ts"), hook("none", "*.py"), hook("first", "b/*")]

    assert matched(hooks, change("b/x.ts"), change("a.ts"), change("b/y")) == [
        ("second", ["b/x.ts", "a.ts"]),
        ("first", ["b/x.ts", "b/y"]),
    ]


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_a_hook_runs_only_for_the_kinds_it_names(kind: ChangeKind) -> None:
    hooks = [hook(str(trigger), triggers=frozenset({trigger})) for trigger in Trigger]

    assert matched(hooks, change(kind=kind)) == [(f"file_{kind}", ["a.ts"])]


def test_the_last_pattern_that_matches_decides() -> None:
    hooks = [hook("h", "src/**", "!src/gen/**", "src/gen/keep.ts")]

    found = matched(hooks, change("src/a.ts"), change("src/gen/a.ts"), change("src/gen/keep.ts"), change("lib/a.ts"))

    assert found == [("h", ["src/a.ts", "src/gen/keep.ts"])]


def test_patterns_are_relative_to_the_hooks_package() -> None:
    hooks = [hook("x", "src/*.ts", scope="packages/x"), hook("root", "src/*.ts")]

    assert matched(hooks, change("packages/x/src/a.ts"), change("src/a.ts")) == [
        ("x", ["packages/x/src/a.ts"]),
        ("root", ["src/a.ts"]),
    ]


def test_a_hook_that_is_not_enabled_matches_nothing() -> None:
    matcher = Matcher([hook(enabled=False)])

    assert matcher.match([change()]) == []
    assert not matcher.concerns("a.ts")
    assert not matcher.may_hold("")


@pytest.mark.parametrize(
    ("cause", "fields", "runs"),
    [
        (Cause.EDIT, {}, True),
        (Cause.CHECKOUT, {}, False),
        (Cause.CHECKOUT, {"on_checkout": "run"}, True),
        (Cause.CATCH_UP, {}, True),
        (Cause.CATCH_UP, {"catch_up": "skip"}, False),
        (Cause.APPLY, {}, True),
        (Cause.APPLY, {"mode": Mode.AUTO_FIX}, False),
        (Cause.MANUAL, {}, False),
        (Cause.SCHEDULE, {}, False),
    ],
)
def test_a_hook_says_which_causes_concern_it(cause: Cause, fields: dict[str, Any], *, runs: bool) -> None:
    assert bool(Matcher([hook(**fields)]).match([change(cause=cause)])) is runs


def test_a_file_created_empty_is_passed_over_by_a_hook_that_waits_for_content() -> None:
    hooks = [hook("waits"), hook("runs", when_empty="run")]

    assert matched(hooks, change(kind=ChangeKind.CREATED, empty=True)) == [("runs", ["a.ts"])]


def test_a_modified_file_may_be_empty() -> None:
    assert matched([hook("waits")], change(empty=True)) == [("waits", ["a.ts"])]


def test_the_first_content_is_the_creation_for_a_hook_that_waited_for_it_and_a_modification_for_others() -> None:
    created, modified = frozenset({Trigger.FILE_CREATED}), frozenset({Trigger.FILE_MODIFIED})
    hooks = [
        hook("created, waits", triggers=created),
        hook("modified, waits", triggers=modified),
        hook("created, ran", triggers=created, when_empty="run"),
        hook("modified, ran", triggers=modified, when_empty="run"),
    ]

    found = Matcher(hooks).match([change(first_content=True)])

    assert [(match.hook.name, match.changes[0].kind) for match in found] == [
        ("created, waits", ChangeKind.CREATED),
        ("modified, ran", ChangeKind.MODIFIED),
    ]


def test_settle_is_the_shortest_of_the_hooks_that_cover_the_path() -> None:
    matcher = Matcher([
        hook("a", "**/*.ts", settle=2, settle_max=20),
        hook("b", "src/**", settle=1, settle_max=30),
        hook("off", "**", settle=0.1, enabled=False),
        hook("by hand", "**", settle=0.1, triggers=frozenset({Trigger.MANUAL})),
    ])  # fmt: skip

    assert matcher.settle("src/a.ts") == (1, 20)
    assert matcher.settle("a.ts") == (2, 20)
    assert matcher.settle("README") == (DEFAULT_SETTLE, DEFAULT_SETTLE_MAX)


def test_the_upper_bound_is_never_below_the_quiet_time() -> None:
    matcher = Matcher([hook("a", settle=5, settle_max=60), hook("b", settle=8, settle_max=3)])

    assert matcher.settle("x") == (5, 5)


def test_directories_that_no_hook_can_match_in_are_pruned() -> None:
    matcher = Matcher([hook("a", "src/**/*.ts", "!**/node_modules/**"), hook("b", "docs/*.md")])

    assert [d for d in ("", "src", "src/x", "docs") if not matcher.may_hold(d)] == []
    assert [
        d for d in ("lib", "docs/img", "node_modules", "src/node_modules", "src/node_modules/x") if matcher.may_hold(d)
    ] == []


def test_what_a_later_pattern_takes_back_in_is_not_pruned() -> None:
    matcher = Matcher([hook("a", "**", "!gen/**", "gen/keep/*.ts")])

    assert matcher.may_hold("gen")
    assert matcher.may_hold("gen/keep")
    assert not matcher.may_hold("gen/other")


def test_what_one_hook_excludes_another_may_want() -> None:
    matcher = Matcher([hook("a", "**", "!gen/**"), hook("b", "gen/*.ts")])

    assert matcher.may_hold("gen")
    assert not matcher.may_hold("gen/x")
    assert matcher.concerns("gen/a.ts")


def test_explain_names_the_pattern_that_decided_and_where_it_was_written() -> None:
    origins = (Origin(file="hooks.yaml", line=5), Origin(file="hooks.yaml", line=6, column=7))
    hooks = [
        hook("excluded", "**/*.ts", "!**/*.test.ts", pattern_origins=origins),
        hook("covered", "src/**"),
        hook("elsewhere", "lib/**"),
        hook("package", "**", scope="packages/x"),
        hook("deleted", "**", triggers=frozenset({Trigger.FILE_DELETED})),
        hook("off", "**", enabled=False),
        hook("by hand", triggers=frozenset({Trigger.MANUAL}), patterns=()),
    ]

    found = Matcher(hooks).explain("src/a.test.ts", ChangeKind.MODIFIED)

    assert [(one.hook.name, one.matched, one.reason, one.pattern, one.origin.line) for one in found] == [
        ("excluded", False, "excluded by !**/*.test.ts", "!**/*.test.ts", 6),
        ("covered", True, "covered by src/**", "src/**", 1),
        ("elsewhere", False, "no pattern covers the path", None, 1),
        ("package", False, "the path lies outside the hook's package packages/x", None, 1),
        ("deleted", False, "the hook has no trigger file_modified", "**", 1),
        ("off", False, "the hook is not enabled", "**", 1),
        ("by hand", False, "the hook has no file trigger (manual)", None, 1),
    ]


def test_a_negated_group_is_looked_at_exactly() -> None:
    hooks = [hook("h", "**/*.ts", "!**/!(keep).ts")]

    assert matched(hooks, change("a/keep.ts"), change("a/drop.ts")) == [("h", ["a/keep.ts"])]


def test_names_that_are_not_utf_8_match() -> None:
    path = os.fsdecode(b"src/\xff.ts")

    assert matched([hook("h", "src/*.ts")], change(path)) == [("h", [path])]
    assert Matcher([hook("h", "**/x/*.ts")]).may_hold(os.fsdecode(b"\xff"))


def test_a_thousand_hooks_with_the_same_patterns_all_match() -> None:
    hooks = [hook(str(number), "src/**/*.ts", f"x{number}/**") for number in range(1000)]

    assert len(matched(hooks, change("src/a.ts"))) == 1000
    assert matched(hooks, change("x7/a")) == [("7", ["x7/a"])]


def test_where_a_pattern_was_written_is_no_part_of_what_the_hook_does() -> None:
    here, there = (hook("h", "a", pattern_origins=(Origin(file="f", line=line),)) for line in (1, 2))

    assert here.digest == there.digest


PATTERN = st.sampled_from(
    [
        "**",
        "*.ts",
        "**/*.ts",
        "a/**",
        "a/*",
        "b/**/c",
        "{a,b}/x.ts",
        "a/b/**",
        "!(a)/**",
        "**/!(x).ts",
        "re:^a/",
        "[ab]/?.ts",
    ]
)
ITEMS = st.lists(
    st.tuples(st.booleans(), PATTERN).map(lambda item: ("!" if item[0] else "") + item[1]), min_size=1, max_size=4
)
PATH = st.lists(st.sampled_from(["a", "b", "c", "x.ts", "y.ts"]), min_size=1, max_size=4).map("/".join)


def covers(patterns: list[str], path: str) -> bool:
    """The plain loop that the matcher must agree with."""
    answer = False
    for item in patterns:
        negated, pattern = split_negation(item)
        if compile_pattern(pattern).matches(path):
            answer = not negated
    return answer


@settings(max_examples=200, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=6), st.lists(PATH, min_size=1, max_size=8))
def test_the_automaton_agrees_with_a_loop_over_hooks_and_prunes_nothing_that_matches(
    lists: list[list[str]], paths: list[str]
) -> None:
    matcher = Matcher([hook(str(index), *patterns) for index, patterns in enumerate(lists)])

    for path in paths:
        expected = [str(index) for index, patterns in enumerate(lists) if covers(patterns, path)]
        assert [name for name, _ in matched(list(matcher.hooks), change(path))] == expected
        assert matcher.concerns(path) == bool(expected)
        names = path.split("/")
        if expected:
            assert all(matcher.may_hold("/".join(names[:length])) for length in range(len(names)))
