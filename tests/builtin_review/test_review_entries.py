# ruff: noqa: E501, ISC004 - programs under review, one to a line
"""Which functions are called from outside, in all the forms that handlers are written in."""

from __future__ import annotations

import pytest

PUT = 'await new DocumentClient().put({{ TableName: "T", Item: {} }}).promise();'


def keeps(value: str) -> str:
    return PUT.format(value)


CALLED = [
    (
        "a.js",
        "module.exports = async function (context, req) { " + keeps("req.body") + " };\n",
        "input.unvalidated",
    ),
    (
        "a.ts",
        "const main: AzureFunction = async (context: Context, ask: HttpRequest) => { " + keeps("ask.body") + " };\n",
        "input.unvalidated",
    ),
    (
        "a.js",
        "const cp = require('child_process');\n"
        "exports.handle = monitored(function (e, ctx, cb) { cp.exec(e.command, cb); });\n",
        "injection.shell",
    ),
    (
        "a.ts",
        "import { Router } from '@aws-lambda-powertools/event-handler/http';\nconst app = new Router();\n"
        "app.post('/x', async ({ req }) => { const body = await req.json(); " + keeps("body") + " });\n",
        "input.unvalidated",
    ),
    (
        "a.py",
        "import subprocess\nfrom flask import Request\n"
        "def run(request: Request):\n    subprocess.run(request.args.get('c'), shell=True)\n",
        "injection.shell",
    ),
    (
        "a.py",
        "import json, boto3\ntable = boto3.resource('dynamodb').Table('T')\nclass Students(Service):\n"
        "    def put(self):\n        body = json.loads(self.event.body)\n        table.put_item(Item=body)\n",
        "input.unvalidated",
    ),
    (
        "a.js",
        "import { exec } from 'node:child_process';\nexport const handler = (req, res, callback) => { exec(req.cmd); };\n",
        "injection.shell",
    ),
    (
        "a.js",
        "payment.hook = async (callback, event) => { const body = JSON.parse(event.body); " + keeps("body") + " };\n",
        "input.unvalidated",
    ),
    (
        "a.ts",
        "export const handler = async (ask: LambdaInputEvent) => { " + keeps("JSON.parse(ask.body)") + " };\n",
        "input.unvalidated",
    ),
]


@pytest.mark.parametrize(("path", "text", "rule"), CALLED)
def test_what_a_handler_of_any_form_is_given_is_input(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}


QUIET = [
    (
        "a.py",
        "from fastapi import APIRouter, Depends\nfrom store import save\nrouter = APIRouter()\n"
        "@router.post('/x')\nasync def refresh(token: dict = Depends(decoded)):\n    save(token.get('sub'))\n",
    ),
    (
        "a.py",
        "from rules import highest\nclass Event: ...\ndef weigh(events: list[Event]):\n"
        "    for event in events:\n        highest(event.severity)\n",
    ),
    (
        "a.js",
        "class Mailer { async invite(event) { await this.ses.sendEmail({ Message: event.name }).promise(); } }\n",
    ),
    (
        "a.ts",
        "const handler: ValidatedEventAPIGatewayProxyEvent<typeof schema> = async (event) => { "
        + keeps("event.body")
        + " };\n",
    ),
]


@pytest.mark.parametrize(("path", "text"), QUIET)
def test_what_only_looks_like_a_handlers_parameter_is_left_alone(found, path, text):
    assert found(path, text) == set()
