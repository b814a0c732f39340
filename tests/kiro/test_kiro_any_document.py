from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hooks.config import load_hooks_file
from hooks.kiro import read_hook_file, to_hooks_yaml
from hooks.kiro.words import KNOWN_KEYS, PROPER, PROPER_ACTIONS
from hooks.model import Batch, Hook, Limits, Mode, Origin, Trigger

WORDS = st.sampled_from(
    [*sorted(PROPER), *sorted(PROPER_ACTIONS), "agentStop", "*.ts", "{a", "b}", "!x", "(", "../x", "v1"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=12)
KEYS = st.sampled_from(sorted(KNOWN_KEYS | {"hooks"})) | st.text(max_size=4)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)


def told(content: bytes, name: str) -> None:
    loaded = read_hook_file(content, name=name)
    for told_of in (*loaded.faults, *loaded.warnings):
        assert 1 <= told_of.line <= len(content.decode("utf-8", "replace").splitlines()) + 1
        assert told_of.column >= 1
        assert told_of.message.isprintable()
    for hook in loaded.hooks:
        assert (hook.action is None) != (hook.command is None)
        assert hook.name.strip() == hook.name != ""
    again = load_hooks_file(to_hooks_yaml({hook.name: hook for hook in loaded.hooks}.values()).encode(), name="x")
    assert again.faults == ()


@given(document=DOCUMENTS, name=st.sampled_from(["a.kiro.hook", "a.json"]))
def test_any_json_document_gives_hooks_or_faults_with_places(document: object, name: str):
    told(json.dumps(document).encode(), name)


@given(
    document=DOCUMENTS, cut=st.integers(0, 200), more=st.sampled_from(["", ",", "//x", "/*", '"', "\\", "}", "\x00"])
)
def test_any_broken_json_gives_hooks_or_faults_with_places(document: object, cut: int, more: str):
    text = json.dumps(document, indent=1, ensure_ascii=False)
    told((text[:cut] + more + text[cut:]).encode("utf-8", "replace"), "a.kiro.hook")


@given(content=st.binary(max_size=200))
def test_any_bytes_give_hooks_or_faults_with_places(content: bytes):
    told(content, "a.json")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60).filter(
    str.strip
)
LINES = st.lists(
    st.sampled_from(["look", "  at", "", "it: {x}", "# y", "\ttab", "- z", "é", "'q'", '"', "a "]), min_size=1
)
NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
HOOKS = st.builds(
    lambda name, description, trigger, patterns, action, is_command, mode, batch, seconds, limits: Hook(
        name=name,
        description=description,
        triggers=frozenset({trigger}),
        origin=Origin(file="x", line=1),
        patterns=patterns,
        action=None if is_command else action,
        command=action if is_command else None,
        mode=mode,
        batch=batch,
        settle=seconds,
        settle_max=max(seconds, 10.0),
        cooldown=seconds * 2,
        timeout=seconds or None,
        limits=limits,
        fallback=("builtin",),
        context=("docs/a.md",),
    ),
    NAMES,
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    st.sampled_from([Trigger.FILE_CREATED, Trigger.FILE_MODIFIED, Trigger.FILE_DELETED]),
    st.lists(st.sampled_from(["src/**/*.{ts,tsx}", "re:\\.ts$", "**/it's", "a b/*", "[x]*"]), min_size=1).map(tuple),
    (LINES.map("\n".join) | TEXT).filter(str.strip),
    st.booleans(),
    st.sampled_from(Mode),
    st.sampled_from(Batch),
    st.integers(0, 5000).map(lambda thousandths: thousandths / 1000),
    st.builds(
        Limits,
        files_per_change=st.none() | st.integers(1, 99),
        runs_per_hour=st.none() | st.integers(1, 99),
        tokens_per_day=st.none() | st.integers(1, 10**9),
    ),
)


@given(hooks=st.lists(HOOKS, max_size=3, unique_by=lambda hook: hook.name))
def test_an_exported_hook_does_the_same_when_it_is_read_again(hooks: list[Hook]):
    text = to_hooks_yaml(hooks)
    loaded = load_hooks_file(text.encode(), name="hooks.yaml")
    assert loaded.faults == (), text
    assert [hook.digest for hook in loaded.hooks] == [hook.digest for hook in hooks]
