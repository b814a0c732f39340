from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from hooks.config import load_hooks_file
from hooks.durations import format_duration, parse_duration
from hooks.fields import AgentFields, HookFields, HooksFields, LimitsFields

KEYS = sorted({key for model in (HooksFields, HookFields, AgentFields, LimitsFields) for key in model.model_fields})
WORDS = st.sampled_from(
    ["file_created", "schedule", "manual", "auto-fix", "builtin", "none", "30s", "0 9 * * 1", "src/**", "!x", "{a", ""]
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 70) | st.floats(allow_nan=False) | WORDS | st.text(max_size=12)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=25,
)
HOOKS = st.fixed_dictionaries({"hooks": st.lists(st.dictionaries(st.sampled_from(KEYS), LEAVES), max_size=3)})


def told(content: bytes) -> None:
    loaded = load_hooks_file(content, name="hooks.yaml")
    assert bool(loaded.faults) != (loaded.faults == ())
    lines = len(content.decode("utf-8", "replace").splitlines()) + 1
    for fault in loaded.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.line <= lines
        assert len(fault.message) < 1000
    if loaded.faults:
        assert loaded.hooks == ()


@given(document=DOCUMENTS | HOOKS)
def test_any_yaml_document_gives_hooks_or_faults_with_places(document: object):
    told(yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace"))


@given(content=st.binary(max_size=400))
def test_any_bytes_give_hooks_or_faults_with_places(content: bytes):
    told(content)


@given(
    lines=st.lists(
        st.sampled_from(
            [
                "hooks:",
                "  - name: a",
                "    trigger: manual",
                "    action: |",
                "      x",
                "\tx",
                "---",
                "a: b",
                "? x",
                "- -",
            ]
        ),
        max_size=12,
    )
)
def test_any_lines_of_a_hooks_file_give_hooks_or_faults_with_places(lines: list[str]):
    told("\n".join(lines).encode())


@given(thousandths=st.integers(0, 10**9))
def test_a_duration_is_written_as_it_is_read(thousandths: int):
    assert parse_duration(format_duration(thousandths / 1000)) == thousandths / 1000
