"""What is read although a strict reader would refuse it, and what is said of what cannot be read."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents.builtin.review import review_file
from daemon.agents.builtin.review.files import review_changes
from daemon.agents.builtin.review.model import CATEGORIES
from daemon.agents.builtin.review.newer_python import rewrite

SECRET = 'password = "T2kVB3zgeN3YbrKS"'
STATEMENT = '{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}'


@pytest.mark.parametrize(
    "line",
    [
        'f"{x["a"]}"',
        "f'{x['a']}' + \"b\"",
        'f"{x["it\'s"]!r:>{w["q"]}} {{b}} {y}"',
        'f"{f"{x["a"]}"}"',
        "f\"{'\\n'.join(x)}\"",
        'f"{x:#x} {y["#"]}"',
        'f"{ {"a": 1}["a"] }"',
        'f"""{x["a"]} {"\\n".join(y)}"""',
        'f"{"""a"""}"',
        "def f[T: dict[str, int]](a: T) -> T: return a",
        "class A[T]: pass",
        "type Alias = dict[str, int]",
        "type Alias[T] = list[T]",
    ],
)
def test_a_program_of_a_newer_python_is_read(line):
    text = f"import os\n{SECRET}\n{line}\ndef handler(event, context):\n    os.system(event['x'])\n"
    result = review_file("a.py", text)
    assert result.notes == ()
    assert {(f.rule, f.line) for f in result.findings} >= {("credential.assigned", 2), ("injection.shell", 5)}


def test_what_is_valid_already_is_rewritten_to_something_valid_on_the_same_lines():
    text = "a = f\"{x['k']}\"  # it's {\nb = '''f\"{'''\ntype = 3\nc = rf'\\d{x}'\nd = {'e': f'{g:{h}}'}\n"
    ast.parse(rewrite(text))
    assert rewrite(text).count("\n") == text.count("\n")


@given(st.text(alphabet="f\"'{}:\\#\n ax[]()", max_size=60))
def test_any_text_is_rewritten_without_a_fault_and_keeps_its_lines(text):
    assert rewrite(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [("def f((a, b)):\n    print 'x'\n", "written for Python 2"), ("def f(:\n", "the version that reads it here")],
)
def test_a_program_that_cannot_be_read_is_told_by_its_python(text, said):
    (note,) = review_file("a.py", text).notes
    assert said in note
    assert "line 1" in note


@pytest.mark.parametrize(
    "markup",
    [
        "<p>A & B</p>",
        '<a href="?a=1&b=2">x</a>',
        "<p>{x} & more &copy; & </p>",
        "<p>é & B</p>",
    ],
)
def test_an_ampersand_in_markup_is_no_fault(found, markup):
    text = f"export const A = () => {markup};\nconst password = 'T2kVB3zgeN3YbrKS';\nexport const b = 1 & 2;\n"
    assert review_file("a.tsx", text).notes == ()
    assert found("a.tsx", text) == {("credential.assigned", 2)}


def test_what_is_no_program_beside_an_ampersand_is_still_told():
    assert review_file("a.tsx", "const a = <p>A & B</p>; const b = ;\n").notes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("big_endian", [False, True])
def test_a_text_is_decoded_by_its_mark(tmp_path, encoding, big_endian):
    text = f"{SECRET}\n"
    content = b"\xfe\xff" + text.encode("utf-16-be") if big_endian else text.encode(encoding)
    (tmp_path / "a.py").write_bytes(content)
    result = review_changes(tmp_path, [{"path": "a.py", "kind": "created"}], categories=CATEGORIES)
    assert [finding.rule for finding in result.findings] == ["credential.assigned"]
    assert result.notes == ()


@pytest.mark.parametrize("line", ['x: "^\\d{16}$"', "\tx: 1", "x: 1\t# one"])
def test_yaml_with_unknown_escapes_and_tabs_is_read_on(line):
    text = (
        f"provider:\n{'  ' if line[0] != chr(9) else ''}{line}\n"
        f"  iamRoleStatements:\n    - {STATEMENT}\n    - plain: a\n\n"
    )
    result = review_file("serverless.yml", text)
    assert result.notes == ()
    assert [(f.rule, f.line) for f in result.findings] == [("iam.service-wildcard", 4)]


@pytest.mark.parametrize(
    "text",
    [
        f'{{\n  "Arns": ${{jsonencode(arns)}}, "Statement": [\n    {STATEMENT}\n  ]\n}}\n',
        f'{{\n  "Statement": [ %{{ if wide ~}}\n    {STATEMENT}\n  %{{ endif ~}} ]\n}}\n',
        f'{{ // why "this"\n  "Statement": [ /* and\n */ {STATEMENT}, ],\n  "url": "http://x", }}\n',
    ],
)
def test_json_with_holes_or_comments_is_read(text):
    result = review_file("policies/lambda.json", text)
    assert result.notes == ()
    assert [(f.rule, f.line) for f in result.findings] == [("iam.service-wildcard", 3)]


@pytest.mark.parametrize(
    "path", [".vscode/launch.json", "a/.devcontainer/devcontainer.json", "tsconfig.base.json", "tslint.json"]
)
def test_settings_of_editors_and_builds_are_no_news_when_they_are_not_valid(path):
    assert review_file(path, '{"a": ').notes == ()


def test_a_closing_mark_that_never_comes_is_read_in_no_time():
    for text in ('{"a": "' + '\\"' * 100_000, "{ " + "/*" * 100_000, '{"a": ' + "${" * 50_000):
        assert review_file("a.json", text).notes


def test_a_template_of_terraform_is_read_as_terraform(found):
    text = f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = [{STATEMENT}] }})\n}}\n'
    assert found("main.tf.template", text) == {("iam.service-wildcard", 2)}
