"""Where input goes on to: sessions, other functions, functions among options, tables that are read again."""

from __future__ import annotations

import pytest


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


def test_what_a_session_keeps(found):
    script = "app.post('/login', (req, res) => { WHERE.user = req.body.user; res.send('in'); });\n"
    assert _rules(found, "a.js", script.replace("WHERE", "req.session")) == {"input.unvalidated"}
    assert _rules(found, "a.js", script.replace("WHERE", "res.locals")) == set()
    python = """\
from flask import Flask, request, session
@app.route('/role', methods=['POST'])
def role():
    WHERE['role'] = request.form['role']
    return 'kept'
"""
    assert _rules(found, "a.py", python.replace("WHERE", "session")) == {"input.unvalidated"}
    assert _rules(found, "a.py", python.replace("WHERE", "answer")) == set()


def test_a_whole_event_that_another_function_gets(found):
    text = """\
const { CALLED } = require('./lambdas');
exports.handler = async (event) => { await CALLED('mailer', event); };
"""
    assert _rules(found, "a.js", text.replace("CALLED", "invokeLambda")) == {"input.unvalidated-record"}
    assert _rules(found, "a.js", text.replace("CALLED", "describeLambda")) == set()


def test_a_function_among_options_sees_what_is_around_it(found):
    text = """\
router.get('/', (req, res) => {
  const data = req.query;
  res.format({ 'text/html': () => { res.send(`<li>${WHAT}</li>`); } });
});
"""
    assert "injection.html" in _rules(found, "a.js", text.replace("WHAT", "data.name"))
    assert _rules(found, "a.js", text.replace("WHAT", "escape(data.name)")) == set()


def test_a_program_whose_arguments_are_put_together(found):
    text = """\
import { execFile } from 'child_process';
export const handler: Handler = async (event) => {
  execFile('/opt/migrate', ['migrate', WHAT].concat(options), () => {});
};
"""
    assert _rules(found, "a.ts", text.replace("WHAT", "event.command")) == {"input.unvalidated-record"}
    assert _rules(found, "a.ts", text.replace("WHAT", "'up'")) == set()


def test_what_is_read_out_of_a_table_of_the_program(found):
    text = """\
const axios = require('axios');
const links = new Map();
app.post('/links', (req, res) => { links.set(1, { url: KEPT }); res.json({}); });
app.get('/links/:id', async (req, res) => {
  const link = links.get(Number(req.params.id));
  res.json({ content: (await axios.get(link.url)).data });
});
"""
    assert "injection.ssrf" in _rules(found, "a.js", text.replace("KEPT", "req.body.url"))
    assert _rules(found, "a.js", text.replace("KEPT", "'https://a.example'")) == set()


@pytest.mark.parametrize(("followed", "told"), [("True", True), ("False", False)])
def test_the_standard_librarys_xml_follows_entities_only_when_told(found, followed, told):
    text = f"""\
from xml.dom.pulldom import parseString
from xml.sax import make_parser
from xml.sax.handler import feature_external_ges
from flask import request
@app.route('/xml', methods=['POST'])
def read():
    parser = make_parser()
    parser.setFeature(feature_external_ges, {followed})
    return dict(parseString(request.form['data'], parser=parser))
"""
    assert ("injection.xxe" in _rules(found, "a.py", text)) is told


@pytest.mark.parametrize(("kind", "told"), [("CERTIFICATE", False), ("PUBLIC KEY", False), ("SECRET", True)])
def test_a_key_that_only_verifies_is_no_secret(found, kind, told):
    text = f"""\
import {{ verify }} from 'jsonwebtoken';
const key = `-----BEGIN {kind}-----
MIIDDTCCAfWgAwIBAgIJQ0pXQ0pXQ0pXMA0GCSqGSIb3DQEBCwUAMCQxIjAgBgNV
-----END {kind}-----`;
export const check = (token) => verify(token, key, {{ algorithms: ['RS256'] }});
"""
    assert ("credential.argument" in _rules(found, "a.ts", text)) is told


def test_a_module_that_came_with_everything_of_a_package(found):
    text = """\
import json
from rules import *
def lambda_handler(event, context):
    name = json.loads(event["body"])["name"]
    GIVEN
    logging_rule.save(name)
"""
    assert _rules(found, "a.py", text.replace("GIVEN", "pass")) == {"input.unvalidated"}
    assert _rules(found, "a.py", text.replace("GIVEN", "logging_rule = set()")) == set()


def test_what_a_skill_was_told(found):
    text = """\
def add(handler_input):
    item = handler_input.WHERE
    table.put_item(Item={'item': item})
"""
    slot = "request_envelope.request.intent.slots['item'].value"
    assert _rules(found, "a.py", text.replace("WHERE", slot)) == {"input.unvalidated-record"}
    assert _rules(found, "a.py", text.replace("WHERE", "attributes_manager.session_attributes")) == set()


@pytest.mark.parametrize(("written", "told"), [("json.dump(body, f)", True), ("json.dump({}, f)", False)])
def test_a_body_that_is_dumped_into_a_file(found, written, told):
    text = f"""\
import json
def lambda_handler(event, context):
    body = json.loads(event["body"])
    with open("/tmp/body.json", "w") as f:
        {written}
"""
    assert bool(_rules(found, "a.py", text)) is told


def test_each_source_is_told_though_it_comes_second_everywhere(found):
    text = """\
app.post('/a', async (req, res) => {
  const { name } = req.body;
  await db.insertOne({ name });
  const { page } = req.query;
  await db.insertOne({ name, page });
});
"""
    assert found("a.js", text) == {("input.unvalidated", 2), ("input.unvalidated", 4)}


def test_a_request_that_was_made_before_it_is_sent(found):
    text = """\
import json, os
from urllib.request import Request, urlopen
def lambda_handler(event, context):
    body = json.loads(event["body"])
    req = Request(ADDRESS, json.dumps({"text": body["text"]}).encode())
    urlopen(req)
"""
    assert "injection.ssrf" in _rules(found, "a.py", text.replace("ADDRESS", 'body["url"]'))
    assert "injection.ssrf" not in _rules(found, "a.py", text.replace("ADDRESS", 'os.environ["URL"]'))


def test_a_key_inside_a_transaction_is_no_data(found):
    text = """\
import boto3
client = boto3.client("dynamodb")
def handler(event, context):
    id = event["pathParameters"]["id"]
    client.transact_write_items(TransactItems=[{"Update": {
        "TableName": "t", "Key": {"id": {"S": id}}, "UpdateExpression": "SET s = :s",
        "ExpressionAttributeValues": {":s": {"S": WHAT}},
    }}])
"""
    assert _rules(found, "a.py", text.replace("WHAT", "'x'")) == set()
    assert _rules(found, "a.py", text.replace("WHAT", "id")) == {"input.unvalidated"}


def test_a_wrapper_of_dynamodb_by_its_options(found):
    text = """\
import { updateItem } from "dynamo-wrapper";
export const main = handler(async (event: APIGatewayProxyEvent) => {
  const data = JSON.parse(event.body);
  await updateItem({ Key: { id: 1 }, UpdateExpression: 'SET a = :a', OPTION: { ':a': data.a } });
});
"""
    assert _rules(found, "a.ts", text.replace("OPTION", "ExpressionAttributeValues")) == {"input.unvalidated"}
    assert _rules(found, "a.ts", text.replace("OPTION", "Labels")) == set()


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("if isinstance(day, dict):\n        day = day.get('day')", True),
        ("if not isinstance(day, dict):\n        return {'statusCode': 400}", False),
    ],
)
def test_asking_how_to_read_a_value_is_no_check_unless_it_leads_out(found, check, told):
    text = f"""\
import boto3
table = boto3.resource("dynamodb").Table("t")
def lambda_handler(event, context):
    day = event.get("day")
    {check}
    table.put_item(Item={{"day": day}})
"""
    assert bool(_rules(found, "a.py", text)) is told


@pytest.mark.parametrize(("program", "told"), [("curl", True), ("figlet", False)])
def test_an_address_that_a_program_is_given_in_a_script(found, program, told):
    text = f"""\
const {{ spawn }} = require('child_process');
app.get('/a', (req, res) => {{
  const {{ url }} = req.query;
  if (url.startsWith('gopher')) {{ res.status(400); }}
  spawn('{program}', [url]);
}});
"""
    assert ("injection.ssrf" in _rules(found, "a.js", text)) is told


def test_a_key_that_anybody_may_try(found):
    assert found("a.js", "const API_KEY = process.env.API_KEY || 'demo';\n") == set()
    assert found("a.js", "const API_KEY = process.env.API_KEY || 'h7Kp2xQ9vL';\n") != set()


def test_bytes_written_as_digits_are_what_they_were(found):
    text = """\
import pickle
from flask import request
@app.route('/p')
def show():
    return str(pickle.loads(READ(request.args.get('p'))))
"""
    assert "injection.deserialization" in _rules(found, "a.py", text.replace("READ", "bytes.fromhex"))
    assert "injection.deserialization" not in _rules(found, "a.py", text.replace("READ", "signed.load"))


def test_a_part_of_a_direct_event_that_is_sent_to_somebody(found):
    text = """\
import { CALLED } from './mail';
export const handler = async (event: LeaveEventType) => { await CALLED([ADMIN], `leave of ${event.userName}`); };
"""
    assert _rules(found, "a.ts", text.replace("CALLED", "sendMail")) == {"input.unvalidated-record"}
    assert _rules(found, "a.ts", text.replace("CALLED", "formatMail")) == set()


def test_a_key_that_only_says_its_name(found):
    assert found("settings.py", "class Settings(BaseSettings):\n    s3_secret_key: str = 'secret_key'\n") == set()
    assert found("settings.py", "class Settings(BaseSettings):\n    s3_secret_key: str = 'other_9key'\n") != set()


@pytest.mark.parametrize(("made", "told"), [("status", True), ("int(status)", False)])
def test_what_an_object_of_the_files_own_was_made_of(found, made, told):
    text = f"""\
import json
class Done:
    def __init__(self, status):
        self.status = {made}
    def update(self):
        cur.execute(f"UPDATE runs SET status = '{{self.status}}'")
def lambda_handler(event, context):
    done = Done(status=json.loads(event["body"])["status"])
    done.update()
"""
    assert ("injection.sql" in _rules(found, "a.py", text)) is told
