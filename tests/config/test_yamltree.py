from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hooks.tree import Mapping, child, place, plain
from hooks.yamltree import core_value, read_yaml

BOTH = pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
HOSTILE = {
    "question marks": "? " * 250_000,
    "brackets": "[" * 500_000,
    "braces": "{" * 500_000,
    "dashes": "- " * 250_000,
    "pairs": "{a: " * 125_000,
    "deepening": "".join(" " * depth + "k:\n" for depth in range(700)),
    "documents": "---\n" * 120_000,
    "items": "-\n" * 250_000,
    "folded": "- >\n a\n" * 70_000,
    "directives": "%a\n" * 150_000,
}


@BOTH
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_document_ends_with_one_problem_and_no_crash(case: str, pure: bool):
    tree = read_yaml(HOSTILE[case].encode(), pure=pure)
    assert tree.root is None
    assert len(tree.problems) == 1
    assert tree.problems[0].line >= 1


@BOTH
def test_every_value_has_its_place(pure: bool):
    tree = read_yaml("a: [1, 'b\u00e9', \"c\"]\nd:\n  e: |\n    x\n".encode(), pure=pure)
    assert isinstance(tree.root, Mapping)
    assert [place(child(tree.root, "a", number)) for number in range(3)] == [(1, 5), (1, 8), (1, 14)]
    assert place(child(tree.root, "a", 1), 1) == (1, 10)
    assert place(child(tree.root, "d", "e"), 3) == (3, 6)
    assert plain(tree.root) == {"a": [1, "b\u00e9", "c"], "d": {"e": "x\n"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("n", "n"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("+12", 12),
        ("=", "="),
        ("<<", "<<"),
        ("9" * 19, 1e19),
        ("0o", "0o"),
    ],
)
def test_a_bare_value_means_what_yaml_1_2_says(text: str, value: object):
    found = core_value(text)
    assert found == value
    assert type(found) is type(value)


def test_quotes_and_a_text_tag_keep_a_text():
    assert plain(read_yaml(b"['1', \"true\", !!str 2, ! 3, !!int 4]").root) == ["1", "true", "2", "3", 4]


def test_keys_are_always_text():
    assert plain(read_yaml(b"1: a\ntrue: b\n~: c\n1.5: d\n").root) == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_of_two_equal_keys_the_first_is_kept_and_both_are_told():
    tree = read_yaml(b"a: 1\nb: 2\na: 3\nb: 4\n")
    assert plain(tree.root) == {"a": 1, "b": 2}
    assert [(problem.line, problem.column) for problem in tree.problems] == [(3, 1), (4, 1)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@BOTH
@given(value=VALUES)
def test_what_pyyaml_writes_is_read_back(pure: bool, value: object):
    class NoAliases(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    # YAML 1.1 leaves bare what 1.2 reads otherwise, so every text is put in quotes.
    text = yaml.dump(value, Dumper=NoAliases, default_style='"' if isinstance(value, (dict, list, str)) else None)
    tree = read_yaml(text.encode("utf-8", "surrogatepass"), pure=pure)
    if tree.root is None:
        assert tree.problems
        return
    assert plain(tree.root) == value


@BOTH
@given(content=st.binary(max_size=300) | st.text("ab:-?[]{}#&*!|>'\"%@`,\n\t 1~<", max_size=80).map(str.encode))
def test_any_bytes_give_a_tree_or_a_problem_with_its_place(pure: bool, content: bytes):
    tree = read_yaml(content, pure=pure)
    assert tree.root is not None or tree.problems
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in tree.problems)
