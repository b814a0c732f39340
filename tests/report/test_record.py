from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents.port import Outcome, Usage
from daemon.changeset import ChangeSetState, Edit, EditKind
from daemon.report.chain import canonical
from daemon.report.ids import new_id
from daemon.report.record import ChangeSetEntry, timestamp
from hooks.finding import Level
from tests.report.drafts import change, decision, finding, run, suggestion


def test_a_run_has_every_key_of_the_contract() -> None:
    value = run(change_set=suggestion(), model=None, error=None).to_json()
    assert set(value) == {
        *("workspace", "hook", "origin", "mode", "agent", "model", "isolation", "identity", "audit", "job", "attempt"),
        *("outcome", "error", "kind", "changes", "summary", "findings", "change_set", "usage", "started", "duration_s"),
    }
    assert value["kind"] == "run"
    assert value["changes"] == [
        {"path": "src/functions/pay.ts", "kind": "created", "cause": "edit", "sha256": "ab" * 32}
    ]
    assert value["findings"] == [
        {
            "rule": "hardcoded-credential",
            "category": "hardcoded-credential",
            "level": "error",
            "message": "a key stands in the source",
            "file": "src/functions/pay.ts",
            "line": 3,
            "column": 7,
            "end_line": 3,
            "fingerprint": "0123456789abcdef",
            "suppressed": False,
        }
    ]
    assert value["change_set"] == {
        "id": "cs1",
        "state": "suggested",
        "files": [{"path": "docs/api.md", "kind": "modified", "base_sha256": "aa" * 32, "sha256": "bb" * 32}],
        "reasons": ["the hook is advisory"],
    }
    assert value["usage"] == {"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 0, "credits": None}
    assert (value["started"], value["duration_s"]) == ("2027-01-15T08:00:01.000Z", 0.21)


def test_a_run_without_edits_says_so_in_the_same_shape() -> None:
    assert run().to_json()["change_set"] == {"id": None, "state": "none", "files": [], "reasons": []}


def test_a_rename_names_where_the_file_came_from() -> None:
    entry = ChangeSetEntry(
        id="c", state=ChangeSetState.HELD, edits=(Edit(path="b", kind=EditKind.RENAMED, old_path="a"),)
    )
    assert run(change_set=entry).to_json()["change_set"]["files"][0]["old_path"] == "a"


def test_a_decision_says_what_was_decided_and_by_whom() -> None:
    value = decision(state=ChangeSetState.REJECTED, reasons=("not now",)).to_json()
    assert value == {
        "kind": "decision",
        "workspace": "/home/dev/shop",
        "change_set": {"id": "cs1", "state": "rejected"},
        "verdict": "rejected",
        "reasons": ["not now"],
        "identity": {"user": "dev"},
        "at": "2027-01-15T08:16:39.000Z",
    }


hostile = st.text(st.characters(), max_size=60)


@given(text=hostile)
def test_nothing_an_agent_says_gets_into_a_record_uncleaned(text: str) -> None:
    draft = run(
        summary=text,
        error=text,
        model=text,
        outcome=Outcome.FAILED,
        findings=(finding(text, rule=text, category=text, file=text, fingerprint=text),),
        changes=(change(text),),
    )
    value = json.loads(canonical(draft.to_json()))
    said = [value["summary"], value["error"], value["model"], *(str(each) for each in value["findings"][0].values())]
    shown = "".join([*said, value["changes"][0]["path"]])
    assert not set(shown) & set("\x00\x07\x08\x1b\x7f\x9b\u200b\u202e\u2066\ufeff\u2028")
    assert all(not 0xD800 <= ord(character) <= 0xDFFF for character in shown)
    assert "\n" not in value["findings"][0]["rule"] + value["changes"][0]["path"]


def test_a_flood_of_findings_keeps_the_gravest_and_says_how_many_it_left_out() -> None:
    many = [finding(str(at), level=Level.NOTE) for at in range(1500)] + [finding("grave")]
    value = run(findings=tuple(many)).to_json()
    assert len(value["findings"]) == 1000
    assert value["findings"][-1]["message"] == "grave"
    assert value["findings"][0]["message"] == "0"
    assert value["audit"]["findings_left_out"] == 501


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_credits_that_are_no_number_are_none(number: float) -> None:
    assert run(usage=Usage(credits=number)).to_json()["usage"]["credits"] is None


def test_times_are_utc_to_the_millisecond() -> None:
    assert timestamp(0.9996) == "1970-01-01T00:00:01.000Z"
    assert timestamp(1769850000.0) == "2026-01-31T09:00:00.000Z"


@given(times=st.lists(st.floats(0, 2**34), min_size=2, max_size=50))
def test_ids_sort_as_they_were_made_whatever_the_clock_does(times: list[float]) -> None:
    ids = [new_id(now=times[0])]
    for now in times[1:]:
        ids.append(new_id(now=now, last=ids[-1]))
    assert ids == sorted(set(ids))
    assert {len(name) for name in ids} == {11}


def test_ids_of_one_second_do_not_run_out() -> None:
    last = ""
    for _ in range(100_000):
        following = new_id(now=5.0, last=last)
        assert following > last
        last = following
