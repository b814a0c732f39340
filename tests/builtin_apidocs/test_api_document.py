"""The document: blocks, hand-written text, conflicts, and what may never happen to a byte outside."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.agents.builtin.apidocs import markdown
from daemon.agents.builtin.apidocs.document import Planner
from daemon.agents.builtin.apidocs.endpoint import Endpoint, Parameter
from daemon.agents.builtin.apidocs.entry import render

A = Endpoint(method="GET", path="/users/{id}", file="src/users.ts", line=3, summary="One user.")
B = Endpoint(method="POST", path="/users", file="src/users.ts", line=9, request="NewUser")
C = Endpoint(method="GET", path="/pets", file="src/pets.ts", line=1)


def plan(text, every, scope=None, **options):
    options.setdefault("judged", lambda source: True)
    return Planner(text, every=every, scope=every if scope is None else scope, **options).run()


def kinds(plan):
    return [(one.kind, f"{one.method} {one.path}") for one in plan.notices]


def outside(text):
    """The text without the blocks, worked out by other means than the reader's."""
    return re.sub(
        r"(?m)^<!-- kiro-hookd:endpoint [^\n]*-->\r?\n?(?s:.*?)^<!-- /kiro-hookd:endpoint -->(?:\r\n|\r|\n)?", "", text
    )


def test_a_missing_endpoint_gets_a_block_at_the_end():
    made = plan("# API\n", [A])
    assert kinds(made) == [("missing", "GET /users/{id}")]
    assert made.text.startswith("# API\n<!-- kiro-hookd:endpoint GET /users/{id} source=src/users.ts sum=")
    assert "### `GET /users/{id}`\n\nOne user.\n" in made.text


def test_a_second_run_changes_nothing_and_tells_nothing():
    first = plan("# API", [A, B, C])
    second = plan(first.text, [A, B, C])
    assert (second.text, second.notices) == (first.text, [])


def test_an_empty_document_gets_a_title():
    made = plan("", [A]).text
    assert made.startswith("# API reference\n\n<!-- Entries between markers follow the code")
    assert "yours. -->\n\n<!-- kiro-hookd:endpoint GET" in made
    assert plan("", []).text == ""


def test_only_what_is_in_scope_is_written():
    made = plan("# API\n", [A, C], scope=[C])
    assert kinds(made) == [("missing", "GET /pets")]


def test_a_changed_endpoint_is_written_anew_in_its_place():
    first = plan("# API\n", [A, C]).text + "\nBy hand.\n"
    changed = Endpoint(method="GET", path="/users/{userId}", file="src/users.ts", line=3, summary="One user, whole.")
    made = plan(first, [changed, C])
    assert kinds(made) == [("changed", "GET /users/{userId}")]
    assert "One user, whole." in made.text
    assert made.text.index("One user, whole.") < made.text.index("GET /pets")
    assert outside(made.text) == outside(first) == "# API\n\nBy hand.\n"


def test_an_endpoint_moved_to_another_file_keeps_its_block():
    first = plan("# API\n", [A]).text
    moved = Endpoint(method="GET", path="/users/{id}", file="src/people.ts", line=3, summary="One user.")
    made = plan(first, [moved])
    assert kinds(made) == [("changed", "GET /users/{id}")]
    assert made.text.count("### ") == 1


def test_a_block_that_a_person_edited_is_a_conflict_and_stays():
    edited = plan("# API\n", [A]).text.replace("One user.", "One user, as we like to say.")
    changed = Endpoint(method="GET", path="/users/{id}", file="src/users.ts", line=3, summary="Other.")
    made = plan(edited, [changed])
    assert made.text == edited
    assert kinds(made) == [("conflict", "GET /users/{id}")]
    assert made.notices[0].line == 2


def test_an_edited_block_is_no_news_while_the_code_has_not_changed():
    edited = plan("# API\n", [A]).text.replace("One user.", "Ours.")
    made = plan(edited, [A])
    assert (made.text, made.notices) == (edited, [])


def test_an_edited_block_of_a_removed_endpoint_is_a_conflict_too():
    edited = plan("# API\n", [A]).text.replace("One user.", "Ours.")
    made = plan(edited, [], delete=True)
    assert (made.text, kinds(made)) == (edited, [("conflict", "GET /users/{id}")])


def test_a_removed_endpoint_is_struck_through_once():
    first = plan("# API\n", [A, C]).text
    made = plan(first, [C])
    assert kinds(made) == [("removed", "GET /users/{id}")]
    assert "### ~~`GET /users/{id}`~~\n\nRemoved from `src/users.ts`.\n" in made.text
    again = plan(made.text, [C])
    assert (again.text, again.notices) == (made.text, [])


def test_a_removed_endpoint_is_deleted_when_asked_even_if_struck_before():
    first = plan("# API\n", [A, C]).text
    struck = plan(first, [C]).text
    assert plan(first, [C], delete=True).text == plan(struck, [C], delete=True).text == plan("# API\n", [C]).text


def test_an_endpoint_that_comes_back_gets_its_entry_back():
    first = plan("# API\n", [A]).text
    struck = plan(first, []).text
    back = plan(struck, [A])
    assert back.text == first
    assert back.notices[0].detail == "came back"


def test_a_source_that_could_not_be_judged_keeps_its_blocks():
    first = plan("# API\n", [A]).text
    assert plan(first, [], judged=lambda source: False).text == first


@pytest.mark.parametrize(
    "by_hand",
    [
        "## GET /users/{id}\n",
        "### `GET` /users/:id\n",
        "- **GET** `/users/<int:user>` returns one\n",
        "| GET | `/users/{id}` | one |\n",
        "| `/users/{id}` | GET | one |\n",
        "```http\nGET /users/{id}?full=1 HTTP/1.1\n```\n",
        "GET https://api.example.com/users/{id}\n",
        "## /users/{id}\n\n### GET\n\ntext\n",
        "**URL** : `/users/:id`\n\n**Method** : `GET`\n",
        "[GET /users/{id}](#x)\n",
    ],
)
def test_an_endpoint_described_by_hand_is_adopted_and_not_doubled(by_hand):
    text = "# API\n\n" + by_hand
    made = plan(text, [A])
    assert (made.text, made.notices, made.adopted) == (text, [], 1)


def test_a_description_by_hand_without_the_common_prefix_counts_when_only_one_fits():
    long = Endpoint(method="GET", path="/api/v1/users/{id}", file="a.ts", line=1)
    other = Endpoint(method="GET", path="/admin/users/{id}", file="a.ts", line=2)
    assert plan("## GET /users/:id\n", [long]).notices == []
    assert len(plan("## GET /users/:id\n", [long, other]).notices) == 2


def test_the_description_of_another_method_or_path_does_not_count():
    assert len(plan("## POST /users/{id}\n## GET /users\n## GET /users/{id}/x\n", [A]).notices) == 1


def test_a_parameter_that_the_description_lacks_is_told():
    one = Endpoint(method="GET", path="/x", file="a.ts", line=1, parameters=(Parameter(name="page", place="query"),))
    made = plan("## GET /x\n\nQuery parameters: `size`\n\n## Other\n\npage\n", [one])
    assert kinds(made) == [("parameter", "GET /x")]
    assert plan("## GET /x\n\nQuery: `page`\n", [one]).notices == []
    assert plan("| GET | /x |\n", [one]).notices == []


def test_a_description_by_hand_that_no_code_answers_is_told_only_when_all_was_seen():
    text = "## GET /pets\n\n## DELETE /users/{id}\n"
    assert kinds(plan(text, [C], whole=True)) == [("stale", "DELETE /users/{id}")]
    assert plan(text, [C]).notices == []


def test_an_example_of_a_known_route_is_not_stale():
    assert plan("## GET /users/{id}\n\n`GET /users/42`\n", [A], whole=True).notices == []


@pytest.mark.parametrize("wrap", ["```\n{}```\n", "~~~~md\n{}~~~~\n", "<!--\n{}-->\n", "<pre>\n{}</pre>\n"])
def test_markers_in_fences_comments_and_raw_html_are_text(wrap):
    block = (
        plan("# API\n", [A]).text.removeprefix("# API\n").replace("-->", "-- >")
        if "<!--" in wrap
        else plan("# API\n", [A]).text.removeprefix("# API\n")
    )
    text = wrap.format(block)
    assert markdown.read(text).blocks == []


def test_a_document_that_ends_inside_a_fence_is_continued_before_it():
    text = "# API\n\n```\nopen\n"
    made = plan(text, [C])
    assert made.text.endswith("```\nopen\n")
    assert plan(made.text, [C]).text == made.text


def test_a_marker_without_its_end_is_a_conflict():
    text = plan("# API\n", [A]).text.replace(markdown.END + "\n", "")
    made = plan(text, [A])
    assert made.text == text
    assert kinds(made) == [("conflict", "GET /users/{id}")]


def test_crlf_documents_stay_so_in_every_line():
    made = plan("# API\r\n\r\ntext\r\n", [A, B])
    assert made.text.count("\n") == made.text.count("\r\n")
    assert plan(made.text, [A, B]).text == made.text


def test_a_document_without_a_last_line_end_gets_one_before_the_first_block():
    assert plan("# API", [A]).text.startswith("# API\n<!-- kiro")


@pytest.mark.parametrize(
    "words",
    [
        "<!-- /kiro-hookd:endpoint -->",
        "```\nopen",
        "a | b `c` <b>",
        "# heading",
        "<pre> <script>",
        "~~~",
        "line\r\nbreak",
        "1. x",
    ],
)
def test_what_a_doc_comment_says_cannot_break_out_of_its_block(words):
    one = Endpoint(
        method="GET",
        path="/x",
        file="a --> b.ts",
        line=1,
        summary=words,
        request=words,
        response=words,
        parameters=(Parameter(name=words, place="query", type=words),),
    )
    made = plan("# API\n", [one, C])
    assert plan(made.text, [one, C]).text == made.text
    assert outside(made.text) == "# API\n"
    assert len(markdown.read(made.text).blocks) == 2


lines = st.one_of(
    st.text(alphabet="ab #`~<>!-|*[]()\t/", max_size=20),
    st.sampled_from(
        [
            "```",
            "~~~",
            "```js",
            "    ```",
            "- ```",
            "> ~~~",
            "<!--",
            "-->",
            "<pre>",
            "</pre>",
            "<script>",
            "</script>",
            "## GET /pets",
            "GET /users/{id}",
            "---",
            markdown.END,
            markdown.begin("GET", "/pets", "src/pets.ts", "x"),
        ]
    ),
)
documents = st.builds(
    lambda rows, eol, last: eol.join(rows) + (eol if last else ""),
    st.lists(lines, max_size=14),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
endpoints = st.lists(
    st.builds(
        lambda method, path, file, summary: Endpoint(method=method, path=path, file=file, line=1, summary=summary),
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["/pets", "/users/{id}", "/"]),
        st.sampled_from(["src/pets.ts", "src/users.ts"]),
        st.text(alphabet="ab.`<!->#~\n", max_size=12),
    ),
    max_size=4,
    unique_by=lambda one: (one.method, one.path, one.file),
)


@settings(max_examples=250, deadline=None)
@given(documents, endpoints, endpoints, st.booleans())
def test_every_byte_outside_the_markers_stays_and_a_second_run_is_identical(text, first, second, delete):
    was = text
    for every in (first, second):
        planner = Planner(was, every=every, scope=every, judged=lambda source: True, delete=delete)
        made = planner.run()
        kept, last, spans = [], 0, {(block.start, block.end) for block in markdown.read(was).blocks}
        for start, end, added in sorted(planner.edits, key=lambda edit: edit[:2]):
            assert start == end or (start, end) in spans
            kept.append(was[last:start])
            last = end
            if start == end:
                assert added.lstrip("\r\n").startswith(("<!-- kiro-hookd:endpoint", "# API reference"))
                assert added.endswith(("\n", "\r"))
        kept.append(was[last:])
        at = 0
        for piece in kept:
            at = made.text.index(piece, at) + len(piece)
        again = Planner(made.text, every=every, scope=every, judged=lambda source: True, delete=delete).run()
        assert again.text == made.text
        assert [one.kind for one in again.notices if one.kind != "conflict"] == []
        was = made.text


@given(st.text(alphabet="abc\n#", max_size=30).filter(lambda text: text.endswith("\n")), endpoints)
def test_taking_the_blocks_out_gives_back_the_document(text, every):
    assert outside(plan(text, every).text) == text


def test_the_text_of_a_block_lists_parameters_and_types():
    one = Endpoint(
        method="PUT",
        path="/x/{id}",
        file="a.ts",
        line=1,
        parameters=(Parameter(name="id", place="path", type="string | null", required=True),),
        request="In",
        response="Out",
    )
    assert render(one).splitlines() == [
        "",
        "### `PUT /x/{id}`",
        "",
        "| Parameter | In | Type | Required |",
        "| --- | --- | --- | --- |",
        "| `id` | path | `string \\| null` | yes |",
        "",
        "Request body: `In`",
        "",
        "Response: `Out`",
        "",
        "Source: `a.ts`",
        "",
    ]
