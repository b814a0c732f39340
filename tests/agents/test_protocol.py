from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents import protocol
from daemon.agents.port import Document, Request
from hooks.finding import Level
from hooks.model import Cause, Change, ChangeKind, Mode


def decode(value, root="/w"):
    return protocol.decode(value if isinstance(value, str) else json.dumps(value), root=root)


def one(item, root="/w"):
    (finding,) = decode({"summary": "", "findings": [item]}, root).findings
    return finding


def test_a_request_is_one_line_of_json_with_every_field_of_the_contract():
    request = Request(
        hook="h",
        mode=Mode.AUTO_FIX,
        prompt="p",
        root="/w",
        action="a",
        description="d",
        changes=(Change(path="a\udcff.ts", kind=ChangeKind.CREATED, cause=Cause.EDIT, sha256="ab"),),
        steering=(Document(path="s.md", text="S"),),
        context=(Document(path="c.md", text="C"),),
    )
    data = protocol.encode(request)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    body = json.loads(data)
    schema = body.pop("findings_schema")
    assert body == {
        "v": 1,
        "hook": {"name": "h", "description": "d", "action": "a"},
        "mode": "auto-fix",
        "prompt": "p",
        "root": "/w",
        "changes": [{"path": "a\udcff.ts", "kind": "created", "cause": "edit", "sha256": "ab"}],
        "steering": [{"path": "s.md", "text": "S"}],
        "context": [{"path": "c.md", "text": "C"}],
    }
    jsonschema.Draft202012Validator.check_schema(schema)


def test_what_the_schema_allows_is_understood_whole():
    item = {
        "rule": "r",
        "category": "c",
        "level": "note",
        "message": "m",
        "file": "a.py",
        "line": 3,
        "column": 2,
        "end_line": 4,
        "quote": "x = 1",
    }
    jsonschema.validate([item], protocol.FINDINGS_SCHEMA)
    jsonschema.validate({"summary": "", "findings": [item]}, protocol.STRICT_RESULT_SCHEMA)
    answer = decode({"summary": "s", "findings": [item], "usage": {"input_tokens": 5, "credits": 0.5}, "model": "m1"})
    (finding,) = answer.findings
    assert (finding.rule, finding.category, finding.level, finding.message) == ("r", "c", Level.NOTE, "m")
    assert (finding.file, finding.line, finding.column, finding.end_line) == ("a.py", 3, 2, 4)
    assert answer.quotes == ("x = 1",)
    assert (answer.usage.input_tokens, answer.usage.credits, answer.model, answer.summary) == (5, 0.5, "m1", "s")


def test_plain_text_becomes_the_summary():
    answer = decode("All is well.\n")
    assert (answer.summary, answer.findings, answer.structured, answer.broken) == ("All is well.", (), False, "")


@pytest.mark.parametrize("text", ['{"summary": "x", "findi', '{"summary": "x",}', '{ "a": NaNa }'])
def test_a_broken_result_is_kept_as_text_and_said_in_a_finding(text):
    result = protocol.succeeded(decode(text))
    assert result.summary == text
    (finding,) = result.findings
    assert (finding.rule, finding.level) == ("unreadable-result", Level.WARNING)


def test_text_that_only_looks_a_little_like_json_is_text():
    assert decode("{see the notes} fine").broken == ""


@pytest.mark.parametrize(
    "text",
    [
        'Here it is:\n```json\n{"summary": "s", "findings": [{"message": "m"}]}\n```\nBye.',
        'I looked.\n\n{"summary": "s", "findings": [{"message": "m"}]}',
        '{"summary": "s", "findings": [{"message": "m"}]}\nDone {really}.',
        '\ufeff{"summary": "s", "findings": [{"message": "m"}]}',
        'progress 1\nprogress 2\n{"summary": "s",\n "findings": [\n{"message": "m"}\n]}',
    ],
)
def test_a_result_is_found_among_words(text):
    answer = decode(text)
    assert (answer.summary, [finding.message for finding in answer.findings]) == ("s", ["m"])


def test_a_bare_list_of_findings_is_a_result():
    assert [finding.message for finding in decode([{"message": "m"}]).findings] == ["m"]


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("critical", "error"),
        ("HIGH", "error"),
        ("medium", "warning"),
        ("info", "note"),
        ("low", "note"),
        ("?", "warning"),
        (None, "warning"),
        (3, "warning"),
    ],
)
def test_levels_of_other_schools_are_mapped(said, level):
    assert one({"message": "m", "severity": said}).level == level


def test_other_spellings_of_the_fields_are_understood():
    finding = one(
        {"ruleId": "r", "severity": "error", "description": "m", "path": "./src/../a.py", "startLine": "12-14"}
    )
    assert (finding.rule, finding.message, finding.file, finding.line) == ("r", "m", "a.py", 12)


@pytest.mark.parametrize(
    ("path", "file"),
    [("/w/a/b.py", "a/b.py"), ("a/./b.py", "a/b.py"), ("file:///w/a.py", "a.py"), ("/w", None), ("", None), (5, None)],
)
def test_paths_are_made_relative_to_the_root(path, file):
    assert one({"message": "m", "file": path}).file == file


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "a/../../x.py", "/work/../w2/x.py", "/wx/y"])
def test_a_path_outside_the_workspace_is_no_file_but_is_said(path):
    finding = one({"message": "m", "file": path, "line": 3})
    assert (finding.file, finding.line) == (None, None)
    assert "outside the workspace" in finding.message


def test_lines_and_columns_that_are_none_are_left_out():
    finding = one({"message": "m", "file": "a", "line": -1, "column": True, "end_line": 2})
    assert (finding.line, finding.column, finding.end_line) == (None, None, None)


def test_entries_without_a_message_are_left_out_and_counted():
    result = protocol.succeeded(
        decode({"summary": "s", "findings": [{"file": "a"}, 5, None, {"message": " "}, "plain"]})
    )
    assert [finding.message for finding in result.findings] == ["plain"]
    assert "4 entries" in result.summary


def test_findings_and_texts_are_bounded():
    answer = decode({"summary": "s" * 10**5, "findings": [{"message": "m" * 5000, "rule": "r" * 999}] * 600})
    assert len(answer.findings) == protocol.MAX_FINDINGS
    assert len(answer.summary) <= protocol.MAX_SUMMARY
    assert len(answer.findings[0].message) <= protocol.MAX_MESSAGE
    assert len(answer.findings[0].rule) <= protocol.MAX_NAME


def test_control_sequences_are_cleaned_away():
    answer = decode(
        {"summary": "a\x1b]0;title\x07b\x1b[31mred\x1b[0m\u202e!", "findings": [{"message": "x\x00\x08\x9b2Jy\u200b"}]}
    )
    assert answer.summary == "abred!"
    assert answer.findings[0].message == "xy"


@pytest.mark.parametrize(
    "usage", [{"input_tokens": -1}, {"input_tokens": "many"}, {"input_tokens": 1e300}, [], None, 7]
)
def test_usage_that_makes_no_sense_counts_as_nothing(usage):
    assert decode({"summary": "s", "usage": usage}).usage == protocol.Usage()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["summary", "findings", "message", "file", "line", "usage", "x"]), inner, max_size=5
        )
    ),
    max_leaves=25,
)


@given(value=JSON)
def test_no_json_makes_decoding_raise(value):
    protocol.succeeded(decode({"summary": "", "findings": [value], "usage": value}))
    protocol.succeeded(decode(value))


@given(data=st.binary(max_size=300))
def test_no_bytes_make_decoding_raise(data):
    protocol.succeeded(protocol.decode(data, root="/w"))


def test_deep_nesting_is_survived():
    assert decode('{"findings":' + "[" * 100_000).findings == ()


def test_what_an_agent_could_not_see_is_kept_in_bounds():
    answer = protocol.answer({"summary": "x", "findings": [], "notes": ["a\nb", 7, *["c"] * 500]}, root="/r")
    assert answer.notes[0] == "a b"
    assert len(answer.notes) == protocol.MAX_NOTES
    assert protocol.answer({"summary": "x", "findings": [], "notes": "no list"}, root="/r").notes == ()
