"""The ready-made hooks: each parses, each is offered where it belongs, and the published two are word for word."""

from __future__ import annotations

import pytest

from hooks.glob import compile_pattern
from hooks.hooksfile import load_hooks_file
from hooks.library import Recipe, library, offered_to_all, render, suggest
from hooks.match import Matcher
from hooks.model import Cause, Change, ChangeKind, Mode

PUBLISHED = """\
  - name: 'Update API docs on controller change'
    trigger: 'file_modified'
    pattern: 'src/controllers/**/*.ts'
    action: 'Review the changed controller and update the corresponding entry in docs/api-reference.md to reflect any new, modified, or removed endpoints.'

  - name: 'Run security check on new Lambda'
    trigger: 'file_created'
    pattern: 'src/functions/**/*.ts'
    action: 'Review the new Lambda function for common security issues: hardcoded credentials, missing input validation, IAM permission scope. Report findings without auto-fixing.'
"""  # noqa: E501 - it is how the format was published


def recipe(name: str) -> Recipe:
    return next(one for one in library() if one.id == name)


def test_the_published_hooks_stand_in_it_word_for_word() -> None:
    assert f"{recipe('api-docs').text}\n{recipe('lambda-security').text}" == PUBLISHED


@pytest.mark.parametrize("one", library(), ids=lambda one: one.id)
def test_each_recipe_is_a_hook_that_can_be_used(one: Recipe) -> None:
    loaded = load_hooks_file(render([one]).encode(), name="hooks.yaml")

    assert loaded.faults == ()
    [hook] = loaded.hooks
    assert (hook.name, hook.mode, hook.command) == (one.name, Mode.ADVISORY, None)
    assert one.description.endswith(".")
    assert Matcher([hook]).may_hold("")
    assert all(compile_pattern(pattern).exact for pattern in one.wants)


def test_all_of_them_together_are_one_valid_file() -> None:
    loaded = load_hooks_file(render(library()).encode(), name="hooks.yaml")

    assert loaded.faults == ()
    assert [hook.name for hook in loaded.hooks] == [one.name for one in library()]


def test_none_of_them_is_a_valid_file_too() -> None:
    assert load_hooks_file(render([]).encode(), name="hooks.yaml").faults == ()


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([], []),
        (["README.md"], []),
        (["src/functions/pay.ts"], ["lambda-security"]),
        (["src/controllers/a/users.ts"], ["api-docs"]),
        (["src/a.py"], []),
        (["src/a.py", "tests/test_a.py"], ["tests-beside"]),
        (["lib/a.ts", "lib/a.test.ts"], ["tests-beside"]),
        (["locales/en.json"], ["translations"]),
        (["app/i18n/de/common.yaml"], ["translations"]),
        (["infra/main.tf"], ["terraform-review"]),
        (["template.yaml"], ["cloudformation-review"]),
        (["svc/serverless.yml"], ["cloudformation-review"]),
        (["cdk.json"], ["cdk-review"]),
        (["infra/cdk.json"], ["cdk-review"]),
        (["package.json"], ["dependencies"]),
        (["svc/requirements-dev.txt"], ["dependencies"]),
        ([".kiro/specs/pay/design.md"], ["spec-tasks"]),
        (["LICENSE", "main.go"], ["license-header"]),
        (["CHANGELOG.md", "src/a.ts"], ["changelog"]),
        (["CHANGELOG.md"], []),
    ],
)
def test_a_workspace_is_offered_what_it_has_use_for(paths: list[str], wanted: list[str]) -> None:
    assert [one.id for one in suggest(paths)] == wanted


def test_a_workspace_that_wants_none_can_have_the_published_two() -> None:
    assert [one.id for one in offered_to_all()] == ["lambda-security", "api-docs"]


@pytest.mark.parametrize(
    ("name", "covered", "not_covered"),
    [
        ("lambda-security", ["src/functions/a/b.ts"], ["src/lib/a.ts"]),
        ("api-docs", ["src/controllers/a.ts"], ["src/a.ts"]),
        ("tests-beside", ["src/a.py", "a.ts"], ["tests/a.py", "src/a.test.ts", "test_a.py", "a.d.ts", "x_test.go"]),
        ("translations", ["src/locales/en/a.json"], ["src/a.json"]),
        ("terraform-review", ["a/main.tf", "a.tf.json"], ["a/.terraform/x.tf", "a.tfvars"]),
        ("cloudformation-review", ["template.yaml", "a/net.stack.yml", "cfn/x.json"], ["a.yaml"]),
        ("cdk-review", ["lib/a.ts", "src/pay-stack.ts", "a/PayStack.ts"], ["lib/a.test.ts", "src/a.ts"]),
        ("dependencies", ["package.json", "a/Cargo.toml"], ["package-lock.json"]),
        ("spec-tasks", [".kiro/specs/pay/requirements.md"], [".kiro/specs/pay/tasks.md"]),
        ("license-header", ["a/b.rs"], ["a.md"]),
        ("changelog", ["src/a.ts", "packages/x/a.py"], ["src/a.test.ts", "tests/a.py", "CHANGELOG.md"]),
    ],
)
def test_a_recipe_runs_for_the_files_it_is_for(name: str, covered: list[str], not_covered: list[str]) -> None:
    [hook] = load_hooks_file(render([recipe(name)]).encode(), name="hooks.yaml").hooks
    matcher = Matcher([hook])

    assert [path for path in covered if not matcher.concerns(path)] == []
    assert [path for path in not_covered if matcher.concerns(path)] == []
    assert any(
        matcher.match([Change(path=covered[0], kind=kind, cause=Cause.EDIT)])
        for kind in (ChangeKind.CREATED, ChangeKind.MODIFIED)
    )


def test_looking_for_recipes_stops_when_all_are_found() -> None:
    everything = [
        "src/functions/a.ts",
        "src/controllers/a.ts",
        "tests/a.py",
        "locales/a.json",
        "a.tf",
        "template.yaml",
        "cdk.json",
    ]
    everything += ["go.mod", ".kiro/specs/a/a.md", "LICENSE", "CHANGELOG.md"]
    left = iter([*everything, "one more", "and another"])

    assert len(suggest(left)) == len(library())
    assert next(left, None) == "and another"
