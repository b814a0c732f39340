"""Many expressions as one automaton, also when they are more than one can hold."""

from __future__ import annotations

import pytest
import re2

from hooks.glob.automaton import Automaton, text_of
from hooks.glob.index import Index, Row


def test_the_indexes_of_all_that_match_come_in_rising_order() -> None:
    automaton = Automaton(["b.*", "a.*", ".*c", "ab"])

    assert automaton.matching("abc") == [1, 2]
    assert automaton.matching("ab") == [1, 3]
    assert automaton.matching("xyz") == []


def test_an_automaton_of_nothing_matches_nothing() -> None:
    assert Automaton([]).matching("a") == []


def test_line_feeds_in_names_are_characters_like_any_other() -> None:
    assert Automaton(["a.b", "a[^/]b"]).matching("a\nb") == [0, 1]


def test_more_than_one_automaton_holds_is_asked_in_parts() -> None:
    many = [f"(?:.*/)?[a-m]*{number}[n-z]*/(?:.*/)?x{number}[^/]*[.](?:ts|tsx)" for number in range(6000)]
    automaton = Automaton(many)

    assert automaton._set is None
    assert automaton.matching("q/a7z/deep/x7-y.tsx") == [7]
    assert automaton.matching("q/a5999z/x5999.ts") == [5999]
    assert automaton.matching("q/a1z/x2.ts") == []


def test_an_answer_that_ran_out_of_memory_is_not_taken_for_no(monkeypatch: pytest.MonkeyPatch) -> None:
    automaton = Automaton(["a.*", "b.*", ".*c"])

    class Exhausted:
        def Match(self, _text: str) -> None:  # noqa: N802 - RE2's name
            return None

    monkeypatch.setattr(automaton, "_set", Exhausted())

    assert automaton.matching("bc") == [1, 2]


def test_a_single_expression_that_is_too_large_is_an_error() -> None:
    with pytest.raises(re2.error):
        Automaton([f"(?:{'(?:a|b){1000}' * 1000})"])


def test_bytes_that_are_not_utf_8_stay_apart() -> None:
    first, second = text_of("a\udcff"), text_of("a\udcfe")

    assert first != second
    assert first.encode()
    assert text_of("plain é") == "plain é"


def test_an_index_finds_rows_by_their_directory_and_anywhere() -> None:
    index = Index([
        Row(number=0, prefix="a/b", regex="a/b/.*"),
        Row(number=1, prefix="", regex=".*c"),
        Row(number=2, prefix="a", regex="a(?:/.*)?"),
        Row(number=3, prefix="x/y", regex="(?:x(?:/y(?:/.*)?)?)?", above=True),
    ])  # fmt: skip

    assert index.matching("a/b/c") == [0, 1, 2]
    assert index.matching("a") == [2]
    assert index.matching("ab/b/d") == []
    assert [index.matching(path) for path in ("", "x", "x/y", "x/y/z", "x/z")] == [[3], [3], [3], [3], []]
