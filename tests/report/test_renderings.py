from __future__ import annotations

import json
import re
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from daemon.agents.port import Outcome, Usage
from daemon.changeset import ChangeSetState
from daemon.report.costs import Price, spent
from daemon.report.current import current, resolved
from daemon.report.markdown import markdown
from daemon.report.sarif import sarif
from daemon.report.text import styled, text
from tests.report.drafts import START, change, decision, finding, record, records, run, suggestion
from tests.report.sarif_schema import SCHEMA

if TYPE_CHECKING:
    from daemon.report.record import Record

hostile = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(
        st.sampled_from(
            [
                *("<script>", "![x](http://evil/y.png)", "[a](javascript:b)", "`", "```", "~~~", "\n", "\n\n", "# h"),
                *("@someone", "#1", "https://evil.example", "|", "- ", "> ", "    ", "<!--", "&lt;", "\\", "\x1b[31m"),
                *("\u202e", "::error::", "$x$", "\nid9  2027-01-15 a lie"),
            ]
        ),
        max_size=8,
    ).map("".join),
)


@st.composite
def hostile_records(draw: st.DrawFn) -> list[Record]:
    def one(job: int) -> Record:
        words = [draw(hostile) for _ in range(6)]
        found = finding(
            words[0], rule=words[1], category=words[2], file=draw(st.one_of(st.none(), hostile)), fingerprint=words[3]
        )
        entry = suggestion(state=draw(st.sampled_from(ChangeSetState)))
        draft = run(
            job,
            hook=words[4],
            summary=words[5],
            error=words[0],
            model=words[1],
            agent=words[2],
            outcome=draw(st.sampled_from(Outcome)),
            findings=(found, finding(suppressed=draw(st.booleans()))),
            changes=(change(words[3]),),
            change_set=entry,
        )
        return record(draft, job)

    return [one(1), one(2), record(decision(reasons=(draw(hostile),), identity={"user": draw(hostile)}), 3)]


# --- SARIF


def checked(records: list[Record]) -> dict[str, Any]:
    log = sarif(records, version="0.1.0")
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    for each in log["runs"]:
        rules = each["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in each["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["provenance"]["invocationIndex"] < len(each["invocations"])
        assert len({"suppressions" in result for result in each["results"]}) <= 1
    json.dumps(log).encode()
    return log


def test_a_finding_becomes_a_result_with_its_place_and_fingerprint() -> None:
    (found,) = checked([record(run())])["runs"][0]["results"]
    assert (found["ruleId"], found["level"], found["message"]["text"]) == (
        "hardcoded-credential",
        "error",
        "a key stands in the source",
    )
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "src/functions/pay.ts", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 7, "endLine": 3},
            }
        }
    ]
    assert found["partialFingerprints"] == {"kiroHookd/v1": "0123456789abcdef"}
    assert "suppressions" not in found


def test_suppressed_findings_are_said_to_be_so_and_the_others_not_to_be() -> None:
    draft = run(findings=(finding(suppressed=True), finding("another")))
    results = checked([record(draft)])["runs"][0]["results"]
    assert [result["suppressions"] for result in results] == [[{"kind": "inSource"}], []]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.REFUSED, Outcome.STOPPED])
def test_a_run_that_did_not_succeed_is_a_notification(outcome: Outcome) -> None:
    draft = run(outcome=outcome, error="the agent exited 3; look at its log", findings=())
    (invocation,) = checked([record(draft)])["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert "the agent exited 3" in notification["message"]["text"]
    assert notification["descriptor"] == {"id": outcome.value}


def test_each_workspace_is_a_run_of_its_own_with_its_root() -> None:
    log = checked([record(run(1)), record(run(2, workspace="/srv/größe & co")), record(run(3))])
    roots = [each["originalUriBaseIds"]["%SRCROOT%"]["uri"] for each in log["runs"]]
    assert roots == ["file:///home/dev/shop/", "file:///srv/gr%C3%B6%C3%9Fe%20&%20co/"]
    assert [len(each["invocations"]) for each in log["runs"]] == [2, 1]


def test_times_of_a_run_are_its_own() -> None:
    (invocation,) = checked([record(run(1, duration=61.5))])["runs"][0]["invocations"]
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == (
        "2027-01-15T08:00:01.000Z",
        "2027-01-15T08:01:02.500Z",
    )


def test_a_file_whose_name_is_no_uri_is_escaped() -> None:
    found = finding(file="a b/ü:#?%.ts", line=None, column=None, end_line=None)
    log = checked([record(run(findings=(found,)))])
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a%20b/%C3%BC%3A%23%3F%25.ts", "uriBaseId": "%SRCROOT%"}}


def test_places_that_make_no_sense_are_left_out() -> None:
    found = finding(line=0, column=-1, end_line=2), finding(line=5, column=0, end_line=4)
    results = checked([record(run(findings=found))])["runs"][0]["results"]
    regions = [result["locations"][0]["physicalLocation"].get("region") for result in results]
    assert regions == [None, {"startLine": 5}]


def test_an_empty_log_is_sarif_too() -> None:
    assert checked([])["runs"][0]["results"] == []


@given(made=hostile_records())
def test_whatever_an_agent_says_the_sarif_is_valid(made: list[Record]) -> None:
    checked(made)


# --- Markdown


@given(made=hostile_records())
def test_markdown_holds_no_html_links_images_or_headings_of_an_agents(made: list[Record]) -> None:
    page = markdown(made)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(page)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {
        *("heading_open", "heading_close", "inline", "text", "code_inline", "fence", "softbreak"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
        *("paragraph_open", "paragraph_close", "strong_open", "strong_close"),
    }
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h2", "h2"]
    plain = "".join(child.content for token in tokens for child in token.children or () if child.type == "text")
    assert not re.search(r"[<>@`|\[\]\\]|://|#\d", plain)
    assert not set(page) & set("\x1b\u202e\u200b\x00")


def test_markdown_says_what_a_reviewer_wants_to_know() -> None:
    page = markdown([record(run(change_set=suggestion()))])
    assert "## `Run security check on new Lambda`: succeeded" in page
    assert "- error `src/functions/pay.ts:3:7` `a key stands in the source` (`hardcoded-credential`)" in page
    assert "- created `src/functions/pay.ts` (edit)" in page
    assert "**Change set** `cs1`: suggested" in page


def test_markdown_leaves_suppressed_findings_out_and_counts_them() -> None:
    page = markdown([record(run(findings=(finding("hidden one", suppressed=True),)))])
    assert "hidden one" not in page
    assert "1 suppressed." in page


def test_markdown_of_nothing_says_so() -> None:
    assert markdown([]) == "# Reports\n\nThere are none.\n"


def test_back_quotes_do_not_end_a_code_span() -> None:
    assert "`` a ` b ``" not in markdown([record(run(findings=(finding("a ` b"),)))])
    assert "``a ` b``" in markdown([record(run(findings=(finding("a ` b"),)))])
    assert "``` ``x`` ```" in markdown([record(run(findings=(finding("``x``"),)))])


# --- text


def test_a_finding_is_shown_as_editors_understand_it() -> None:
    shown = text([record(run())])
    assert "  src/functions/pay.ts:3:7 error a key stands in the source [hardcoded-credential]" in shown.splitlines()


def test_a_report_says_what_ran_on_what_and_how_it_ended() -> None:
    shown = text([record(run(2, 3, outcome=Outcome.FAILED, error="the agent exited 3; look at its log", model="m1"))])
    first, second, *rest = shown.splitlines()
    assert first == "id1  2027-01-15 08:00:02Z  Run security check on new Lambda  failed"
    assert second == "  advisory, agent builtin (m1), isolation overlay, 0.21 s, job 2 attempt 3"
    assert "  created src/functions/pay.ts" in rest
    assert "  the agent exited 3; look at its log" in rest


@pytest.mark.parametrize(
    ("state", "remedy"),
    [("suggested", "apply cs1"), ("held", "reject cs1"), ("applied", "undo cs1")],
)
def test_a_change_set_says_what_a_person_can_do(state: str, remedy: str) -> None:
    shown = text([record(run(change_set=suggestion(state=ChangeSetState(state))))])
    assert f"{state}: 1 file, change set cs1" in shown
    assert "because the hook is advisory" in shown
    assert remedy in shown


def test_a_decision_is_one_line() -> None:
    assert text([record(decision())]) == "id1  2027-01-15 08:16:39Z  change set cs1 applied by dev"


@given(made=hostile_records())
def test_nothing_an_agent_says_moves_the_cursor_or_makes_a_line_of_its_own_report(made: list[Record]) -> None:
    shown = text(made)
    assert not set(shown) & set("\x1b\x9b\x07\b\r\u202e\u200b")
    assert len([line for line in shown.splitlines() if line.startswith("id")]) == 3


@given(made=hostile_records())
def test_colours_change_no_word(made: list[Record]) -> None:
    for each in made:
        assert [row.rstrip() for row in styled(each).plain.split("\n")] == [*text([each]).split("\n"), ""]


def test_markup_of_an_agents_is_not_obeyed() -> None:
    screen = StringIO()
    Console(file=screen, width=200).print(styled(record(run(summary="[bold]not bold[/bold] :smile:"))))
    assert "  [bold]not bold[/bold] :smile:" in screen.getvalue()


# --- what still stands


def findings_of(made: list[Record]) -> list[str]:
    return [each["message"] for one in made for each in one.value["findings"]]


def test_a_finding_is_gone_once_a_later_run_succeeded_without_it() -> None:
    made = records([run(1, findings=(finding("old"),)), run(2, findings=())])
    assert [one.value["job"] for one in current(made)] == [2]


def test_a_failed_run_makes_nothing_obsolete() -> None:
    made = records([run(1, findings=(finding("old"),)), run(2, findings=(), outcome=Outcome.FAILED)])
    assert findings_of(current(made)) == ["old"]


def test_another_hook_or_file_makes_nothing_obsolete() -> None:
    other = finding("other", file="b.ts", fingerprint="b")
    made = records(
        [
            run(1),
            run(2, hook="docs", findings=()),
            run(3, changes=(change("b.ts"),), findings=(other,)),
            run(4, workspace="/v"),
        ]
    )
    assert len(current(made)) == 4


def test_the_same_finding_is_shown_once_as_last_seen() -> None:
    made = records([run(1, outcome=Outcome.FAILED), run(2, outcome=Outcome.FAILED)])
    assert [len(one.value["findings"]) for one in current(made)] == [0, 1]


def test_a_scheduled_run_makes_the_one_before_obsolete() -> None:
    made = records([run(1, changes=()), run(2, changes=(), findings=())])
    assert [one.value["job"] for one in current(made)] == [2]


# --- costs

PRICES = {
    "m1": Price(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3")),
    "cli": Price(credit=Decimal("0.04")),
}


def test_costs_are_counted_by_hook_agent_and_day() -> None:
    made = records(
        [
            run(
                1,
                model="m1",
                agent="house",
                usage=Usage(input_tokens=1_000_000, output_tokens=100_000, cache_read_tokens=10_000),
            ),
            run(2, model="m1", agent="house", usage=Usage(input_tokens=1_000_000), hook="docs", duration=2.0),
            run(3, agent="cli", usage=Usage(credits=2.5)),
            run(4, agent="unknown", usage=Usage(input_tokens=5)),
            run(5, usage=Usage(), started=START + 86_400),
            decision(),
        ]
    )
    by_agent = spent(made, by=["agent"], prices=PRICES)
    assert by_agent["house",].cost == Decimal("7.503")
    assert (by_agent["house",].runs, by_agent["house",].input_tokens, by_agent["house",].seconds) == (
        2,
        2_000_000,
        2.21,
    )
    assert by_agent["cli",].cost == Decimal("0.100")
    assert (by_agent["unknown",].cost, by_agent["unknown",].unpriced) == (Decimal(0), 1)
    assert by_agent["builtin",].unpriced == 0
    by_day = spent(made, by=["day", "hook"], prices=PRICES, zone=ZoneInfo("UTC"))
    assert list(by_day) == [
        ("2027-01-15", "Run security check on new Lambda"),
        ("2027-01-15", "docs"),
        ("2027-01-16", "Run security check on new Lambda"),
    ]


def test_a_day_is_one_of_the_zone_asked_for() -> None:
    late = records([run(1, started=START + 15.9 * 3600)])  # 23:54 UTC
    assert list(spent(late, by=["day"], prices={}, zone=ZoneInfo("Europe/Berlin"))) == [("2027-01-16",)]


def resolutions(made: list[Record]) -> list[list[bool]]:
    return [[finding["resolved"] for finding in one.value["findings"]] for one in resolved(made)]


def test_a_finding_that_a_later_run_no_longer_sees_is_resolved() -> None:
    made = records([run(1, findings=(finding("old"), finding("stays", fingerprint="ff" * 8))),
                    run(2, findings=(finding("stays", fingerprint="ff" * 8),))])  # fmt: skip
    assert resolutions(made) == [[True, False], [False]]
    assert "(resolved)" in text(resolved(made))


def test_a_failed_run_resolves_nothing() -> None:
    made = records([run(1), run(2, outcome=Outcome.FAILED, findings=())])
    assert resolutions(made) == [[False], []]


def test_a_run_on_another_file_resolves_nothing() -> None:
    made = records([run(1), run(2, changes=(change("src/functions/other.ts"),), findings=())])
    assert resolutions(made) == [[False], []]


def test_a_finding_that_comes_back_is_open_again_and_was_resolved_never() -> None:
    made = records([run(1), run(2, findings=()), run(3)])
    assert resolutions(made) == [[False], [], [False]]


def test_what_a_run_could_not_see_is_a_notification_of_the_tool() -> None:
    made = sarif([record(run(notes=("src/a.ts: could not be parsed",)))], version="1")
    jsonschema.validate(made, SCHEMA)
    [notification] = made["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notification == {"level": "note", "message": {"text": "src/a.ts: could not be parsed"}}
