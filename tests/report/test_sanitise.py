from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.report.sanitise import clean, line, visible


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]52;c;aGVsbG8=\x1b\\text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1bP+q544e\x1b\\text", "text"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1b(0lqk\x1b(B", "lqk"),
        ("\x1bcreset", "reset"),
        ("one\rtwo", "one\ntwo"),
        ("one\r\ntwo\x0bthree\x85four\u2028five", "one\ntwo\nthree\nfour\nfive"),
        ("back\b\b\b\bspace", "backspace"),
        ("bell\x07 nul\0 del\x7f", "bell nul del"),
        ("user\u202enimda", "usernimda"),
        ("a\u2066b\u2069c\u200e\u200f\u061c", "abc"),
        ("pass\u200bword\u200c\u200d\u2060\ufeff\u00ad", "password"),
        ("tag\U000e0041\U000e0042\U000e007f", "tag"),
        ("heart\ufe0f\U000e0100", "heart"),
        ("filler\u3164\u115f\uffa0", "filler"),
        ("lone\ud800 \udcff", "lone\ufffd \ufffd"),
        ("tab\tand\nline stay", "tab\tand\nline stay"),
        ("größer → 漢字 🙂 ok", "größer → 漢字 🙂 ok"),
        ("\x1b", ""),
        ("\x1b[", ""),
        ("\x1b]never ended", ""),
    ],
)
def test_what_moves_hides_or_deceives_is_taken_out_and_the_rest_stays(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@given(text=st.text(st.characters(), max_size=200))
def test_nothing_is_left_that_a_terminal_obeys_or_an_eye_misses(text: str) -> None:
    cleaned = clean(text)
    for character in cleaned:
        category = unicodedata.category(character)
        assert character in "\n\t" or category not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
    assert clean(cleaned) == cleaned
    assert "\n" not in line(text)


def test_text_is_bounded_and_says_so() -> None:
    assert clean("x" * 50, limit=10) == "x" * 10 + " [40 more characters]"
    assert clean("x" * 10, limit=10) == "x" * 10


@pytest.mark.parametrize("part", ["\x1b[", "\x1b]0;", "\x1b", "\x1b[0;", "\u202e", "\r", "\x9d", "\x1bP", "\x1b[\x1b]"])
def test_a_flood_of_beginnings_takes_no_time(part: str) -> None:
    """Several megabytes: what is quadratic would run into the test's deadline."""
    assert len(clean(part * 1_000_000)) < 25_000


def test_a_name_that_cannot_be_seen_is_written_out() -> None:
    assert visible("src/a\n\x1b[31m\u202e\udcff\U000e0041.ts") == "src/a\\x0a\\x1b[31m\\u202e\\xff\\U000e0041.ts"
    assert visible("src/größe/漢字 ok.ts") == "src/größe/漢字 ok.ts"


@given(name=st.text(st.characters(exclude_characters="\\"), max_size=40))
def test_two_names_without_backslashes_never_look_alike(name: str) -> None:
    assert visible(name) != visible(name + "\u200b")
    assert visible(name) == name or not name.isprintable() or visible(name) != name
