"""What counts as having looked at input, and what only looks like it."""

from __future__ import annotations

import pytest

HEAD = "import json, boto3, hmac, hashlib, subprocess, requests\ntable = boto3.resource('dynamodb').Table('T')\n"


def python(*lines: str, head: str = "", decorator: str = "") -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"{HEAD}{head}\n{decorator}\ndef lambda_handler(event, context):\n{body}\n"


def script(*lines: str, head: str = "") -> str:
    return f"{head}\nexports.handler = async (event) => {{\n" + "\n".join(lines) + "\n};\n"


KEEP = "table.put_item(Item=json.loads(event['body']))"
PUT = 'await new DocumentClient().put({ TableName: "T", Item: JSON.parse(event.body) }).promise();'
NO_ANSWER = [
    ("a.py", python("verify_token(event)", KEEP, head="from auth import verify_token")),
    ("a.py", python(KEEP, head="from auth import require_auth", decorator="@require_auth(roles=['admin'])")),
    ("a.py", python(KEEP, head="from http_views import require_methods", decorator="@require_methods(['POST'])")),
    (
        "a.py",
        python(
            "table.put_item(Item=asdict(Bike(**json.loads(event['body']))))",
            head="from dataclasses import asdict\nfrom common.bike_schema import Bike",
        ),
    ),
    ("a.py", python("check_stock(event['body'])", KEEP, head="from shop import check_stock")),
    ("a.py", python("subprocess.check_output(['ls'])", KEEP)),
    (
        "a.js",
        script("validateRequestHeaders(event);", PUT, head="const { validateRequestHeaders } = require('./http');"),
    ),
    ("a.js", script("const who = verifyAuth(event);", PUT, head="const { verifyAuth } = require('./auth');")),
    ("a.js", script("if (event.body.length > 5000) return { statusCode: 413 };", PUT)),
    ("a.py", python("if event['body'].startswith('{'):", f"    {KEEP}")),
    ("a.js", script("const b = typeof event.body === 'string' ? JSON.parse(event.body) : event.body;", PUT)),
]


@pytest.mark.parametrize(("path", "text"), NO_ANSWER)
def test_asking_who_calls_or_how_long_it_is_says_nothing_of_what_is_in_it(found, path, text):
    assert "input.unvalidated" in {rule for rule, _ in found(path, text)}


ANSWERED = [
    (
        "a.py",
        python(KEEP, head="from checks import require_json_fields", decorator="@require_json_fields('name')"),
    ),
    (
        "a.py",
        python("create(Bike(**json.loads(event['body'])))", head="from common.bike_schema import Bike, create"),
    ),
    (
        "a.py",
        python(
            "order = models.input.CreateInput.model_validate(event)",
            "create(order.body.name)",
            head="from shop import create\nimport models.input",
        ),
    ),
    (
        "a.js",
        script(
            "const mine = crypto.createHmac('sha256', process.env.KEY).update(event.body).digest('hex');",
            "if (mine !== event.headers['x-signature']) return { statusCode: 401 };",
            PUT,
            head="const crypto = require('crypto');",
        ),
    ),
    (
        "a.js",
        script(
            "const told = stripe.webhooks.constructEvent(event.body, event.headers['stripe-signature'], secret);",
            'await new DocumentClient().put({ TableName: "T", Item: told.data }).promise();',
            head="const stripe = require('stripe')(process.env.KEY);",
        ),
    ),
]


@pytest.mark.parametrize(("path", "text"), ANSWERED)
def test_a_schema_or_a_signature_vouches_for_the_whole(found, path, text):
    assert not {rule for rule, _ in found(path, text) if rule.startswith("input.")}


def test_a_handler_whose_name_says_that_it_validates_is_believed_no_more_than_others(found):
    text = script(PUT).replace("async (event)", "async function validateAndStore(event, context)")
    asked = text.replace(PUT, "if (!event.body) throw new Error('empty');\n" + PUT)
    assert "input.unvalidated" in {rule for rule, _ in found("a.js", asked)}


def test_what_a_schema_was_asked_about_may_name_the_parts_of_a_request(found):
    text = python(
        "body = json.loads(event['body'])",
        "validate(instance=body, schema=SCHEMA)",
        "names = ', '.join(f'{key} = :{key}' for key in body)",
        "table.update_item(Key={'id': 1}, UpdateExpression=f'SET {names}')",
        head="from jsonschema import validate",
    )
    assert "injection.nosql" not in {rule for rule, _ in found("a.py", text)}
    unasked = text.replace("    validate(instance=body, schema=SCHEMA)\n", "")
    assert "injection.nosql" in {rule for rule, _ in found("a.py", unasked)}


def test_a_default_given_in_a_branch_leaves_the_callers_value_what_it_is(found):
    text = script("if (process.env.STAGE === 'test') { event.body = '{}'; }", PUT)
    assert "input.unvalidated" in {rule for rule, _ in found("a.js", text)}


def test_that_an_address_begins_with_its_scheme_says_nothing_of_its_host(found):
    text = python("url = event['queryStringParameters']['u']", "if url.startswith('http'):", "    requests.get(url)")
    assert "injection.ssrf" in {rule for rule, _ in found("a.py", text)}
    known = text.replace("startswith('http')", "startswith('https://api.example.com/')")
    assert "injection.ssrf" not in {rule for rule, _ in found("a.py", known)}


def test_a_field_that_was_checked_vouches_for_itself_alone(found):
    text = python(
        "b = json.loads(event['body'])",
        "if not isinstance(b['a'], int):",
        "    return 400",
        "table.put_item(Item={'a': b['a']})",
        "table.put_item(Item={'b': b['b']})",
    )
    assert {level for rule, _, level in found("a.py", text, level=True) if rule == "input.unvalidated"} == {"note"}
    alone = text.replace("    table.put_item(Item={'b': b['b']})\n", "")
    assert not {rule for rule, _ in found("a.py", alone) if rule.startswith("input.")}


def test_what_is_kept_is_no_list_of_what_is_allowed(found):
    text = python(
        "b = json.loads(event['body'])",
        "item = table.get_item(Key={'id': 1})['Item']",
        "if b['guess'] in item['guesses']:",
        "    return 400",
        "table.put_item(Item={'guess': b['guess']})",
    )
    assert "input.unvalidated" in {rule for rule, _ in found("a.py", text)}
    allowed = text.replace("item['guesses']", "('left', 'right')")
    assert not {rule for rule, _ in found("a.py", allowed) if rule.startswith("input.")}


def test_what_a_function_finds_out_about_the_caller_is_no_input(found):
    text = script(
        "const who = getUser(event);",
        'await new DocumentClient().put({ TableName: "T", Item: { owner: who.id } }).promise();',
        head="const { getUser } = require('./auth');",
    )
    assert not {rule for rule, _ in found("a.js", text) if rule.startswith("input.")}


def test_a_comparison_with_what_was_looked_up_is_no_check_in_a_script(found):
    text = """\
import { getAuction, updateAuction } from '../lib';
export const handler = async (event: APIGatewayProxyEventV2) => {
  const { amount } = JSON.parse(event.body);
  const auction = await getAuction(1);
  if (amount <= LIMIT) throw new Error('too low');
  await updateAuction(1, { amount });
};
"""
    assert {rule for rule, _ in found("a.ts", text.replace("LIMIT", "auction.highest"))} == {"input.unvalidated"}
    assert found("a.ts", text.replace("LIMIT", "0")) == set()


@pytest.mark.parametrize(
    ("default", "told"), [("Body(...)", True), ("Body(..., max_length=80)", False), ("Depends(current_user)", False)]
)
def test_a_text_of_the_body_by_its_default(found, default, told):
    text = f"""\
from fastapi import FastAPI, Body, Depends
from store import save_note
app = FastAPI()
@app.post("/notes")
async def add(note: str = {default}):
    save_note(note)
    return {{}}
"""
    assert bool(found("a.py", text)) is told


def test_an_upload_whose_extension_is_among_the_allowed(found):
    text = """\
import os
from flask import Flask, request, abort
from werkzeug.utils import secure_filename
@app.route('/', methods=['POST'])
def upload():
    sent = request.files['file']
    name = secure_filename(sent.filename)
    if os.path.splitext(name)[1] not in app.config['ALLOWED']:
        abort(400)
    sent.save(os.path.join('/data', name))
    return {}
"""
    assert found("a.py", text) == set()
    assert found("a.py", text.replace("not in app.config['ALLOWED']", "== ''")) != set()


def test_a_lookup_by_its_last_word(found):
    text = """\
from db import rows
def lambda_handler(event, context):
    rows.CALLED("t", {"id": event["queryStringParameters"]["id"]})
"""
    assert found("a.py", text.replace("CALLED", "object_delete")) == set()
    assert found("a.py", text.replace("CALLED", "object_merge")) != set()


def test_a_view_beside_what_its_class_is_given(found):
    text = """\
from flask import Blueprint
class Challenges:
    @classmethod
    def update(cls, challenge, request):
        for name, value in request.form.items():
            CALLED(challenge, name, value)
"""
    assert {rule for rule, _ in found("a.py", text.replace("CALLED", "setattr"))} == {"input.unvalidated"}
    assert found("a.py", text.replace("CALLED", "hasattr")) == set()


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (r"if (!/^https?:\/\//.test(url)) return;", True),
        (r"if (!/^(https|http):\/\/.+$/i.test(url)) return;", True),
        (r"if (!/^https:\/\/api\.example\.com\//.test(url)) return;", False),
        ("if (new URL(url).host.includes('localhost')) return;", True),
    ],
)
def test_a_pattern_that_lets_any_host_through(found, check, told):
    text = f"""\
app.post('/fetch', async (req, res) => {{
  const url = req.body.url;
  {check}
  res.json({{ page: await (await fetch(url)).text() }});
}});
"""
    assert ("injection.ssrf" in {rule for rule, _ in found("a.js", text)}) is told


def test_a_package_of_the_projects_own_workspace(found):
    text = """\
import { createItem } from "FROM";
export const main = handler(async (event: APIGatewayProxyEvent) => createItem(JSON.parse(event.body)));
"""
    assert {rule for rule, _ in found("a.ts", text.replace("FROM", "@notes/core/dynamodb"))} == {"input.unvalidated"}
    assert found("a.ts", text.replace("FROM", "@middy/core")) == set()


def test_a_skill_that_finds_the_handler_itself(found):
    text = """\
const Alexa = require('ask-sdk-core');
exports.handler = async (event, context) => MADE.invoke(event, context);
"""
    skill = "Alexa.SkillBuilders.custom().addRequestHandlers(A).create()"
    assert found("a.js", text.replace("MADE", skill)) == set()
    assert found("a.js", text.replace("MADE", "new AWS.Lambda()")) != set()
