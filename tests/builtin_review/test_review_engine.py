# ruff: noqa: E501 - programs under review, one to a line
from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents.builtin.review import parsing, review_file, secrets
from daemon.agents.builtin.review.baseline import PATH, load
from daemon.agents.builtin.review.files import review_changes
from daemon.agents.builtin.review.model import CATEGORIES, CREDENTIAL
from daemon.agents.builtin.review.rules import RULES
from hooks.finding import fingerprint

SECRET = 'password = "T2kVB3zgeN3YbrKS"'


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}  # nosec\n",
        f"{SECRET}  # nosemgrep: some-rule\n",
        f"{SECRET}  # gitleaks:allow\n",
        f"{SECRET}  # pragma: allowlist secret\n",
        f"{SECRET}  # checkov:skip=CKV_SECRET_6:demo\n",
        f"{SECRET}  # kiro-hookd: ignore\n",
        f"{SECRET}  # kiro-hookd: ignore[credential.assigned]\n",
        f"# kiro-hookd: ignore[hardcoded-credential] known and harmless\n{SECRET}\n",
    ],
)
def test_a_marker_on_the_line_or_above_suppresses_and_keeps_the_finding(text):
    findings = review_file("a.py", text).findings
    assert [finding.suppressed for finding in findings] == [True]


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}  # kiro-hookd: ignore[injection.shell]\n",
        f"# nosec\n\n{SECRET}\n",
        f"nosec = 1\n{SECRET}\n",
    ],
)
def test_a_marker_for_another_rule_or_place_suppresses_nothing(text):
    assert [finding.suppressed for finding in review_file("a.py", text).findings] == [False]


def test_a_finding_keeps_its_fingerprint_when_it_moves_or_is_indented_anew():
    here = review_file("a.py", f"{SECRET}\n").findings[0]
    there = review_file("a.py", f"import os\n\nif os:\n    {SECRET}\n").findings[0]
    assert here.line != there.line
    assert here.fingerprint == there.fingerprint == fingerprint(rule=here.rule, path="a.py", line_text=SECRET)


def test_two_findings_on_alike_lines_have_two_fingerprints():
    prints = {finding.fingerprint for finding in review_file("a.py", f"{SECRET}\n{SECRET}\n").findings}
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def f(:\n"),
        ("a.yml", "a: [1,\nb: 2\n"),
        ("a.json", '{"a": '),
        ("a.tf", 'resource "x" {'),
        ("a.ts", "const = {{{"),
        ("a.rb", "puts 1"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_never_called_clean(path, text):
    result = review_file(path, text)
    assert result.notes
    assert path in result.notes[0]
    assert "in what could be read" in result.summary


def test_a_key_in_a_file_that_cannot_be_parsed_is_still_found():
    key = "AKIA" + "QX7Z4TNW2LKJ3PHD"
    assert [f.rule for f in review_file("a.py", f"def f(:\n  k = '{key}'\n").findings] == ["credential.provider-key"]


def test_only_the_categories_asked_for_are_told():
    text = f'{SECRET}\nimport os\ndef handler(event, context):\n    os.system(event["x"])\n'
    assert {f.category for f in review_file("a.py", text, categories=(CREDENTIAL,)).findings} == {CREDENTIAL}


def test_every_rule_says_what_to_do_and_belongs_to_a_category():
    for rule in RULES.values():
        assert rule.category in CATEGORIES
        assert rule.remedy
        assert rule.cwe > 0


def test_a_baseline_hides_what_is_known_and_nothing_else(tmp_path):
    (tmp_path / "a.py").write_text(f"{SECRET}\n")
    change = {"path": "a.py", "kind": "created"}
    first = review_changes(tmp_path, [change], categories=CATEGORIES)
    assert len(first.findings) == 1
    (tmp_path / ".kiro").mkdir()
    known = [{"fingerprint": finding.fingerprint} for finding in first.findings]
    (tmp_path / PATH).write_text(json.dumps({"v": 1, "fingerprints": known}))
    (tmp_path / "a.py").write_text(f'{SECRET}\napi_key = "Zx81hq0PpL"\n')
    second = review_changes(tmp_path, [change], categories=CATEGORIES)
    assert [finding.line for finding in second.findings] == [2]
    assert "baseline" in second.summary


def test_a_broken_baseline_hides_nothing_and_is_told(tmp_path):
    (tmp_path / ".kiro").mkdir()
    (tmp_path / PATH).write_text("[[[")
    notes: list[str] = []
    assert load(tmp_path, notes) == frozenset()
    assert notes


def test_without_a_change_the_whole_workspace_is_reviewed(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text(f"{SECRET}\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/b.py").write_text(f"{SECRET}\n")
    assert [f.file for f in review_changes(tmp_path, [], categories=CATEGORIES).findings] == ["src/a.py"]


def test_a_link_out_of_the_workspace_is_not_read(tmp_path):
    (tmp_path / "secret.py").write_text(f"{SECRET}\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").symlink_to(tmp_path / "secret.py")
    result = review_changes(
        root, [{"path": "a.py", "kind": "created"}, {"path": "../secret.py"}], categories=CATEGORIES
    )
    assert result.findings == ()
    assert len(result.notes) == 2


NAMES = ["a.py", "a.ts", "a.tsx", "a.js", "serverless.yml", "t.json", "main.tf", "x.bin", "template.yaml"]
SEEDS = [
    "import os\ndef handler(event, context):\n    x = f\"{event['a']}\" % (1,)\n    os.system(x if x else [y for y in x])\n",
    "export const h = async ({ body }: E) => { const { a = 1, ...r } = JSON.parse(body); return `${a}` + eval(r?.b!); };\n",
    'a: &x {Effect: Allow, Action: "*"}\nb: *x\nc: !Sub "${y}"\n- d\n',
    '{"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}]}',
    'resource "a" "b" {\n  p = jsonencode({Action = "*"})\n  q = <<E\n{"Action": 1}\nE\n}\n',
]


@given(st.sampled_from(NAMES), st.text(max_size=300))
def test_no_text_of_any_kind_makes_the_review_fail(path, text):
    review_file(path, text)


@given(st.sampled_from(NAMES), st.sampled_from(SEEDS), st.data())
def test_no_cut_or_mangled_file_makes_the_review_fail(path, seed, data):
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, len(seed)))
    middle = data.draw(st.text(max_size=12))
    review_file(path, seed[:start] + middle + seed[end:])


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 20_000,
        "{" * 20_000,
        "a: " + "- " * 3000,
        "? " * 20_000,
        "x = " + "+".join(["'a'"] * 4000),
        "x = " + "-" * 4000 + "1",
        "f(" * 3000 + ")" * 3000,
        "if a:\n" + "".join(" " * n + "if a:\n" for n in range(1, 95)) + " " * 95 + "pass",
        "if (a) {" * 3000,
        "a." * 9000 + "b",
        "\0" * 5000,
        "`${" * 4000,
    ],
    ids=range(13),
)
def test_depth_is_the_files_and_never_the_interpreters(path, text):
    result = review_file(path, text)
    assert result.summary


def test_an_alias_bomb_is_not_unfolded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    assert review_file("a.yml", "\n".join(lines)).findings == ()


def test_a_large_file_is_searched_for_keys_and_said_not_to_be_parsed():
    key = "AKIA" + "QX7Z4TNW2LKJ3PHD"
    text = f"// {key}\n" + "const a = 1;\n" * 400_000
    result = review_file("bundle.js", text)
    assert [finding.rule for finding in result.findings] == ["credential.provider-key"]
    assert any("too large" in note for note in result.notes)
    assert any("first" in note for note in result.notes)


def test_a_finding_can_be_written_as_json():
    assert json.dumps([finding.message for finding in review_file("a.py", SECRET).findings])


def test_every_rule_is_described_where_its_findings_point_to():
    page = (Path(__file__).parents[2] / "docs/builtin.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f'<a id="{rule.anchor.split("#")[1]}"></a>' in page
        assert rule.remedy in page


@pytest.mark.parametrize("path", ["a.ts", "main.tf", "a.py", "t.json"])
def test_random_bytes_are_said_to_be_no_text(path):
    text = random.Random(3).randbytes(20_000).decode("utf-8", "replace")
    assert any("no text" in note for note in review_file(path, text).notes)


def test_a_parser_that_cannot_finish_is_stopped_and_the_file_not_called_clean(monkeypatch):
    monkeypatch.setattr(parsing, "SECONDS", 0.0)
    result = review_file("a.ts", "const a = 1;\n" * 12_000)
    assert any("in time" in note for note in result.notes)


def test_a_long_table_of_literals_is_read_in_its_own_length(monkeypatch):
    asked = []
    monkeypatch.setattr(secrets, "for_a_local_stand_in", lambda beside, value: asked.append(value) or False)
    rows = ",\n".join(f'"name{n}": "value {n}"' for n in range(500))
    review_file("a.js", f"const table = {{ {rows}, password: 'Hunter2!x' }};\n")
    assert asked == ["Hunter2!x"]


PARTS = """
import json
def handler(event, context):
    body = json.loads(event['body'])
    table.put_item(Item={'a': body['a'], 'b': body['b'], 'c': body['c'], 'd': body['d'], 'e': body['e']})
    send(event['f'], event['g'], event['h'])
"""


def test_every_run_says_the_same_whatever_the_order_of_sets():
    program = (
        "from daemon.agents.builtin.review import review_file\n"
        f"text = {PARTS!r}\n"
        "print([(f.line, f.column, f.end_line, f.message) for f in review_file('a.py', text).findings])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
