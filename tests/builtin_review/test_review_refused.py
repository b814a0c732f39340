"""What does not pass a test is as harmful as before, inside the branch that leaves; and other ways by which input
arrives, goes on and is shown.
"""

from __future__ import annotations

import pytest


def _lines(found, path: str, text: str, rule: str) -> set[int]:
    return {line for said, line in found(path, text) if said == rule}


EXPRESS = "const express = require('express');\nconst app = express();\n"


@pytest.mark.parametrize(
    "test", ["!LIST.includes(kind)", "!/^[a-z]+$/.test(kind)", "!kind || !LIST.includes(kind)", "kind !== 'a'"]
)
def test_a_refusal_that_shows_what_was_refused(found, test):
    text = (
        EXPRESS
        + f"""\
app.get('/a', (req, res) => {{
  const kind = req.query.kind;
  if ({test}) {{
    return res.status(400).send(`<p>No such kind: ${{kind}}</p>`);
  }}
  res.send(`<p>${{kind}}</p>`);
}});
"""
    )
    assert _lines(found, "a.js", text, "injection.html") == {6}


def test_in_the_other_branch_of_a_refusal_the_test_has_passed(found):
    text = (
        EXPRESS
        + """\
app.get('/a', (req, res) => {
  const kind = req.query.kind;
  if (!LIST.includes(kind)) {
    if (quiet) return res.end();
    return res.send(`<p>${kind}</p>`);
  } else {
    return res.send(`<b>${kind}</b>`);
  }
});
"""
    )
    assert _lines(found, "a.js", text, "injection.html") == {7}


@pytest.mark.parametrize("test", ["kind not in KINDS", "not kind.isalpha()", "kind != 'a'"])
def test_a_refusal_in_python(found, test):
    text = f"""\
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def show():
    kind = request.args["kind"]
    if {test}:
        return f"<p>No such kind: {{kind}}</p>"
    return f"<p>{{kind}}</p>"
"""
    assert _lines(found, "a.py", text, "injection.html") == {7}


def test_what_is_kept_in_a_second_place_far_from_the_first_is_told_there(found):
    gap = "\n".join(f"    note({number})" for number in range(10))
    text = f"""\
import boto3, json
table = boto3.resource("dynamodb").Table("T")
def lambda_handler(event, context):
    body = json.loads(event["body"])
    if event["httpMethod"] == "POST":
        table.put_item(Item={{"id": "1", "name": body["name"]}})
        table.put_item(Item={{"id": "2", "name": body["name"]}})
        return
{gap}
    table.put_item(Item={{"id": body["id"], "size": body["size"]}})
"""
    assert _lines(found, "a.py", text, "input.unvalidated") == {4, 19}


@pytest.mark.parametrize(
    ("bases", "rule", "told"),
    [
        ("MethodView", "/<path:name>", True),
        ("Resource", "/<name>", True),
        ("Resource", "/<int:name>", False),
        ("Shape", "/<path:name>", False),
    ],
)
def test_a_part_of_the_path_given_to_a_method_of_a_class(found, bases, rule, told):
    text = f"""\
from flask import Flask, send_file
from views import MethodView, Resource, Shape
class Files({bases}):
    def get(self, name):
        return send_file(name)
app.add_url_rule("{rule}", view_func=Files.as_view("files"))
"""
    assert bool(_lines(found, "a.py", text, "injection.path")) is told


@pytest.mark.parametrize(
    ("bases", "method", "told"),
    [
        ("AsyncWebsocketConsumer", "receive(self, text_data=None, bytes_data=None)", True),
        ("JsonWebsocketConsumer", "receive_json(self, text_data, **kwargs)", True),
        ("tornado.websocket.WebSocketHandler", "on_message(self, text_data)", True),
        ("Radio", "receive(self, text_data)", False),
    ],
)
def test_what_is_said_over_a_socket_of_pythons(found, bases, method, told):
    text = f"""\
import json
from .models import Message
class Chat({bases}):
    def {method}:
        Message.objects.create(text=json.loads(text_data)["text"])
"""
    assert bool(_lines(found, "a.py", text, "input.unvalidated")) is told


@pytest.mark.parametrize(
    "line",
    [
        "return [c.name for c in Path(request.args['path']).iterdir()]",
        "return list(Path(request.args['path']).absolute().glob('*'))",
        "return list(os.scandir(request.args['path']))",
    ],
)
def test_a_directory_that_the_caller_chooses_is_listed(found, line):
    text = f"""\
import os
from pathlib import Path
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def a():
    {line}
"""
    assert _lines(found, "a.py", text, "injection.path")


def test_yaml_of_a_bucket_is_told_unless_its_loader_is_safe(found):
    text = """\
import boto3, yaml
def lambda_handler(event, context):
    got = boto3.client("s3").get_object(Bucket="b", Key="k")
    return yaml.load(got["Body"].read())
"""
    assert _lines(found, "a.py", text, "injection.deserialization") == {4}
    safe = text.replace("read())", "read(), Loader=yaml.SafeLoader)")
    assert not _lines(found, "a.py", safe, "injection.deserialization")


def test_this_by_another_name(found):
    text = (
        EXPRESS
        + """\
class Files {
  load(req, res) {
    const that = this;
    for (const { url } of req.body) that.fetch(url);
  }
  fetch(url) { http.get(url, (got) => got.pipe(out)); }
}
"""
    )
    assert _lines(found, "a.js", text, "injection.ssrf") == {8}


def test_a_request_behind_what_middleware_puts_first(found):
    text = """\
import { Request, Response } from 'express';
export default class Store {
  public async download (options: Options, req: Request, res: Response, next: NextFunction) {
    return res.sendFile(path.join(options.root, oc(req.params.filename)('').replace(/^\\//, '')));
  }
}
"""
    assert _lines(found, "a.ts", text, "injection.path") == {4}
    assert not _lines(found, "a.ts", text.replace("req: Request", "req: Parcel"), "injection.path")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("client.getChatCompletions('gpt', [{ role: 'user', content: req.body.text }])", True),
        ("client.getDeployments(req.body.text)", False),
    ],
)
def test_a_question_put_to_a_model_of_azures(found, call, told):
    text = f"""\
const {{ OpenAIClient }} = require('@azure/openai');
const client = new OpenAIClient(endpoint, key);
export default async function handler(req, res) {{ res.json(await {call}); }}
"""
    assert bool(_lines(found, "a.js", text, "input.unvalidated")) is told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("const all = []; for (const one of req.body.users) { all.push(one); } res.send(all.join(','));", True),
        ("res.send(req.body.users);", False),
        ("let html = page.replace('NAME', req.query.name); html = withLayout(html); res.send(html);", True),
        ("res.send(withLayout(page.replace('NAME', req.query.name)));", True),
        ("res.send(countWords(page.replace('NAME', req.query.name)));", False),
    ],
)
def test_texts_that_are_joined_or_put_into_a_page(found, lines, told):
    text = EXPRESS + f"app.post('/a', (req, res) => {{ {lines} }});\n"
    assert bool(_lines(found, "a.js", text, "injection.html")) is told


def test_how_many_rows_a_service_is_asked_for(found):
    text = """\
@Controller('users')
export class Users {
  constructor(private users: UsersService) {}
  @Get()
  list(@Req() request: Request) { return this.users.getListsUser({ page: request.query.page || 1 }); }
}
"""
    assert _lines(found, "a.ts", text, "input.unvalidated") == {5}


def test_who_may_call_is_no_check_of_what_is_sent(found):
    text = """\
import { verifyApiKey } from '../lib/auth.js';
export default async function handler(req, res) {
  if (!verifyApiKey(req, res)) return;
  await fetch(URL, { method: 'POST', body: JSON.stringify(req.body.params) });
}
"""
    assert _lines(found, "a.js", text, "input.unvalidated")
