"""Descriptions by hand in many styles, where new entries go, and what opens and closes in Markdown."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.apidocs import choose, markdown, openapi
from daemon.agents.builtin.apidocs.document import Planner
from daemon.agents.builtin.apidocs.endpoint import Endpoint

GET = Endpoint(method="GET", path="/users", file="src/users.ts", line=1)
POST = Endpoint(method="POST", path="/users", file="src/users.ts", line=2)
PETS = Endpoint(method="GET", path="/pets", file="src/pets.ts", line=1)


def plan(text, every, **options):
    return Planner(text, every=every, scope=every, judged=lambda source: True, **options).run()


def block(endpoint):
    text = plan("", [endpoint]).text
    return text[text.index("<!-- kiro-hookd") :]


@pytest.mark.parametrize(
    "text",
    [
        "### GET /users",
        "- `GET /users` lists all",
        "**GET** /users",
        "#### /users [GET]",
        "#### /users (GET)",
        "GET /users\n----------",
        "| GET | List users | /users |",
        "| /users | all of them | `GET` |",
        "|Endpoint|Method|\n|--|--|\n|`/users`|`POST`, `GET`|",
        "### POST|GET /users",
        "| GET/POST | /users |",
        "### get /users",
        "- `get` `/users`",
        "### GET \u2014 /users",
        "GET \u2192 /users",
        "GET&nbsp;/users",
        "![GET](https://badges.example/get.svg) `/users`",
        "<h3>GET /users</h3>",
        "<summary><code>GET</code> <code><b>/users</b></code></summary>",
        "<tr><td>GET</td><td>/users</td></tr>",
        "### GET <base-url>/users",
        "## Users [/users]\n### List [GET]",
        "* **URL**\n\n  /users\n\n* **Method:**\n\n  `GET`",
        "- /users\n  - GET: lists\n  - POST: adds",
        "### ~~GET /users~~",
        "```sh\ncurl -X GET https://api.example/users\n```",
    ],
)
def test_a_description_by_hand_in_any_usual_style_is_adopted(text):
    made = plan(f"# API\n\n{text}\n", [GET])
    assert (made.text, made.adopted) == (f"# API\n\n{text}\n", 1)


@pytest.mark.parametrize("text", ["You get /users from the server.", "GETTING /users", "The users.", "POST /users/now"])
def test_other_words_are_no_description(text):
    assert plan(f"{text}\n", [GET]).adopted == 0


def test_a_new_entry_stands_in_the_section_that_speaks_of_its_file():
    text = "# API\n\n## Users\n\n### GET /users\n\nBy hand.\n\n## Pets\n\n### GET /pets\n\nBy hand too.\n"
    made = plan(text, [GET, POST, PETS]).text
    assert made.index("By hand.") < made.index("endpoint POST /users") < made.index("## Pets")
    assert plan(made, [GET, POST, PETS]).text == made


def test_in_a_readme_new_entries_stand_under_the_heading_of_the_api():
    text = "# Shop\n\nIntro.\n\nAPI endpoints\n-------------\n\nSee below.\n\n## License\n\nMIT\n"
    made = plan(text, [PETS]).text
    assert made.index("See below.") < made.index("endpoint GET /pets") < made.index("## License")


def test_a_second_entry_of_the_same_endpoint_is_told_and_stays():
    twice = f"# API\n{block(GET)}{block(GET)}"
    made = plan(twice, [GET])
    assert made.text == twice
    assert [(one.kind, one.detail) for one in made.notices] == [("conflict", "it has another entry")]


@pytest.mark.parametrize(
    "before",
    [
        "> ```\n> quoted\n\n",
        "> ~~~\n",
        "Text\n\n    ```\n\n",
        "    <!-- code, no comment\n\n",
        "```\n    ```\nstill code\n```\n",
        "- item\n\n  ```\n  x\n  ```\n",
        "1. a\n   - b\n\n     ```sh\n     x\n     ```\n",
        "````md\n```\n````\n",
        "~~~\n```\n~~~\n",
        "<pre>\n```\n</pre>\n",
        "---\ntitle: x\n---\n",
    ],
)
def test_what_was_closed_before_a_block_does_not_hide_it(before):
    text = f"{before}{block(GET)}"
    assert len(markdown.read(text).blocks) == 1
    assert plan(text, [GET]).text == text


@pytest.mark.parametrize(
    "frame", ["```\n{}```\n", "- x\n\n  ```\n{}  ```\n", "> ~~~\n> {}", "<textarea>\n{}</textarea>\n"]
)
def test_a_block_inside_of_code_is_an_example(frame):
    inner = block(GET).replace("\n", "\n> ") if frame.startswith(">") else block(GET)
    assert markdown.read(frame.format(inner)).blocks == []


def test_a_document_of_a_megabyte_is_read_and_kept():
    text = "".join(f"## Part {at}\n\nCalls `GET /part/{at}`.\n\n```js\nfetch()\n```\n\n" for at in range(20_000))
    assert len(text) > 1_000_000
    made = plan(text, [GET])
    assert made.text.replace(block(GET), "") == text
    assert plan(made.text, [GET]).text == made.text


@pytest.mark.parametrize(
    "unit", ["GET,", "/a", "http://", "GET | POST & ", "| ", "<code ", "![", "`*_", "# [", "- ", "~"]
)
def test_no_line_is_read_for_ever_whatever_it_repeats(unit):
    text = f"{unit * 500}\n" * 20 + unit * 100_000
    made = plan(text, [PETS]).text
    assert made.replace(block(PETS), "").rstrip("\n") == text


def test_the_readme_that_describes_the_endpoints_is_the_document():
    files = {
        "README.md": b"| GET | /users |\n| POST | /users |\n",
        "CHANGELOG.md": b"GET /users\nPOST /users\nGET /pets\n",
    }
    keys = {one.key for one in (GET, POST, PETS)}
    assert choose.describing(keys, files, files.get) == "README.md"
    assert choose.describing(keys | {("GET", f"/{at}") for at in range(9)}, files, files.get) is None


def test_an_openapi_document_of_one_part_of_the_program_is_compared_with_that_part():
    every = [Endpoint(method="GET", path=f"/rest/{at}", file="a.ts", line=at) for at in range(1, 9)]
    every += [Endpoint(method=one, path="/b2b/orders", file="b.ts", line=1) for one in ("GET", "POST")]
    content = b"openapi: 3.0.0\nservers: [{url: /b2b}]\npaths:\n  /orders:\n    get: {}\n"
    drift = openapi.compare("swagger.yml", content, every=every, scope=every, whole=True)
    assert [(one.method, one.path) for one in drift.missing] == [("POST", "/b2b/orders")]
