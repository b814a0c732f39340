from __future__ import annotations

import pytest

from daemon.agents.place import OUTSIDE, place
from daemon.agents.port import Document, Outcome, Result
from hooks.finding import Finding, Level

TEXT = "one\n  two = 2\nthree\ntwo = 2\n"


def finding(**more):
    return Finding(rule="r", category="c", level=Level.ERROR, message="m", **more)


@pytest.fixture
def put(ask):
    def go(*findings, quotes=(), request=None, texts=None):
        texts = {"src/pay.ts": TEXT, "other.ts": TEXT} if texts is None else texts
        result = Result(outcome=Outcome.SUCCEEDED, findings=findings, quotes=quotes)
        return place(result, request or ask(), texts.get).findings

    return go


def test_a_line_is_corrected_to_the_nearest_that_holds_the_quoted_text(put):
    (found,) = put(finding(file="src/pay.ts", line=99, column=5, end_line=100), quotes=("two   =  2",))
    assert (found.line, found.column, found.end_line, found.message) == (4, None, None, "m")
    (found,) = put(finding(file="src/pay.ts", line=1), quotes=("two = 2",))
    assert found.line == 2


def test_a_line_that_holds_its_quote_stays_as_it_is(put):
    (found,) = put(finding(file="src/pay.ts", line=2, column=3, end_line=3), quotes=("two = 2",))
    assert (found.line, found.column, found.end_line) == (2, 3, 3)


def test_a_quote_gives_a_line_to_a_finding_without_one(put):
    (found,) = put(finding(file="src/pay.ts"), quotes=("three",))
    assert found.line == 3


def test_a_line_that_does_not_exist_is_taken_away_and_said(put):
    (found,) = put(finding(file="src/pay.ts", line=5), quotes=("nowhere",))
    assert (found.line, found.message) == (None, "m [line 5 does not exist]")


def test_a_line_of_a_file_that_is_not_there_is_taken_away_and_said(put, ask):
    (found,) = put(finding(file="gone.ts", line=5), request=ask(paths=("gone.ts",)))
    assert (found.file, found.line) == ("gone.ts", None)
    assert "no text file" in found.message


def test_a_finding_outside_the_changed_files_is_kept_and_marked(put):
    (found,) = put(finding(file="other.ts", line=1))
    assert (found.line, found.message) == (1, f"m {OUTSIDE}")


@pytest.mark.parametrize(
    "more", [{"context": (Document(path="other.ts"),)}, {"action": "Keep other.ts in step."}, {"paths": ()}]
)
def test_a_file_that_the_hook_points_at_is_not_outside(put, ask, more):
    (found,) = put(finding(file="other.ts", line=1), request=ask(**more))
    assert found.message == "m"


def test_fingerprints_hold_when_the_line_moves_and_tell_twins_apart(put):
    first, second = put(finding(file="src/pay.ts", line=2), finding(file="src/pay.ts", line=4))
    assert first.fingerprint != second.fingerprint
    (moved,) = put(finding(file="src/pay.ts", line=3), texts={"src/pay.ts": "one\nmore\ntwo  = 2\n"})
    assert moved.fingerprint == first.fingerprint


def test_a_fingerprint_that_is_there_already_is_kept(put):
    (found,) = put(finding(file="src/pay.ts", line=2, fingerprint="mine"))
    assert found.fingerprint == "mine"


def test_the_same_finding_twice_is_one(put):
    assert len(put(finding(file="src/pay.ts", line=2), finding(file="src/pay.ts", line=2))) == 1


def test_a_finding_about_no_file_is_left_alone(put):
    (found,) = put(finding())
    assert (found.file, found.message) == (None, "m")
