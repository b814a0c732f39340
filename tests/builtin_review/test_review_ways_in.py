"""Ways that input comes in and goes on: requests handed on, forms read part by part, methods by their class, programs
that are written and started, and what is known of a value once something would have raised.
"""

from __future__ import annotations

import pytest


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


@pytest.mark.parametrize(
    ("signature", "told"),
    [("request: Request", True), ("id: string, request: NextRequest", True), ("request: Parcel", False)],
)
def test_a_request_that_is_handed_on_by_its_type(found, signature, told):
    text = f"""\
export class Rules {{
  async evaluate({signature}) {{
    const body = await request.json();
    await this.rules.create(body);
  }}
}}
"""
    assert bool(_rules(found, "a.ts", text)) is told


@pytest.mark.parametrize(
    "text",
    [
        "Bun.serve({ async fetch(req) { return fetch(new URL(req.url).searchParams.get('u')); } })",
        "export default { async fetch(request) { return fetch(new URL(request.url).searchParams.get('u')); } }",
    ],
)
def test_a_server_that_is_called_with_the_request_alone(found, text):
    assert "injection.ssrf" in _rules(found, "a.ts", text)


def test_an_event_by_what_is_read_off_it(found):
    text = """\
async function handler(NAME) {
  await fetch(`https://api.example/check?id=${JSON.parse(NAME.body).id}`);
}
module.exports = { handler };
"""
    assert _rules(found, "a.js", text.replace("NAME", "requestEvent")) == {"input.unvalidated"}
    assert _rules(found, "a.js", text.replace("NAME", "response")) == set()


def test_a_form_that_is_read_part_by_part(found):
    text = """\
const busboy = require('connect-busboy'); const { exec } = require('child_process');
app.post('/upload', function (req, res) {
  const form = {};
  req.busboy.on('HEARD', function (name, value) { form[name] = value; });
  req.busboy.on('file', function (name, file) { exec(`sox -r ${form.pitch} in.wav`, () => {}); });
});
"""
    assert "injection.shell" in _rules(found, "a.js", text.replace("HEARD", "field"))
    assert _rules(found, "a.js", text.replace("HEARD", "finish")) == set()


def test_a_method_is_that_of_the_class_that_was_made(found):
    text = """\
from http.server import BaseHTTPRequestHandler
class Fixed:
    def find(self, path):
        return open("index.html")
class Files:
    def find(self, path):
        return open("./" + path)
class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        finder = MADE()
        finder.find(self.path)
"""
    assert "injection.path" in _rules(found, "a.py", text.replace("MADE", "Files"))
    assert _rules(found, "a.py", text.replace("MADE", "Fixed")) == set()


@pytest.mark.parametrize(
    ("sql", "told"), [("INSERT INTO pastes VALUES (?)", True), ("SELECT * FROM pastes WHERE a = ?", False)]
)
def test_a_function_of_the_file_that_runs_the_statement_it_is_handed(found, sql, told):
    text = f"""\
from flask import Flask, request
app = Flask(__name__)
def execute(sql, params=()):
    cursor.execute(sql, params)
@app.route('/pastes', methods=['POST'])
def create():
    execute('{sql}', params=(request.form['paste'],))
    return 'kept'
"""
    assert bool(_rules(found, "a.py", text)) is told


def test_rows_that_are_looked_up_by_a_function_of_another_file(found):
    text = """\
from flask import request
from .db import query_db
@bp.route("/search")
def search():
    return render_template("a.html", rows=query_db("VERB ?", (request.args.get("q"),)))
"""
    assert _rules(found, "a.py", text.replace("VERB", "SELECT a FROM b WHERE c LIKE")) == set()
    assert _rules(found, "a.py", text.replace("VERB", "DELETE FROM b WHERE c =")) == {"input.unvalidated"}


PYTHON = """\
import subprocess
from flask import request
@app.route('/run', methods=['POST'])
def run():
    with open('/tmp/main.EXT', 'w') as f:
        f.write(request.form['code'])
    subprocess.run(['python3', '/tmp/main.EXT'])
    return {}
"""
SCRIPT = """\
const fs = require('fs'); const { exec } = require('child_process');
app.post('/run', (req, res) => {
  fs.writeFileSync('/tmp/main.EXT', req.body.code);
  exec('python3 /tmp/main.EXT');
});
"""


@pytest.mark.parametrize(("path", "text"), [("a.py", PYTHON), ("a.js", SCRIPT)])
def test_a_program_that_is_written_and_started(found, path, text):
    assert "injection.eval" in _rules(found, path, text.replace("EXT", "py"))
    assert "injection.eval" not in _rules(found, path, text.replace("EXT", "txt"))


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("ipaddress.ip_address(value)", False),
        ("datetime.fromisoformat(value)", False),
        ("if sha256(value) != CODE_HASH: return 'no'", False),
        ("if hashlib.sha256(value.encode()).hexdigest() != CODE_HASH: return 'no'", False),
        ("if sha256(value) != request.json['digest']: return 'no'", True),
        ("print(value)", True),
    ],
)
def test_what_is_known_of_a_value_that_comes_past(found, check, told):
    text = f"""\
import hashlib, ipaddress
from datetime import datetime
from flask import Flask, request
@app.route('/a', methods=['POST'])
def add():
    value = request.json['value']
    {check}
    table.put_item(Item={{"value": value}})
    return {{}}
"""
    assert bool(_rules(found, "a.py", text)) is told


def test_what_asks_an_address_for_the_caller(found):
    text = """\
import subprocess
from flask import request
@app.route('/visit')
def visit():
    subprocess.Popen(['PROGRAM', request.args.get('url'), '--headless'])
    return 'visiting'
"""
    assert "injection.ssrf" in _rules(found, "a.py", text.replace("PROGRAM", "chromium"))
    assert "injection.ssrf" not in _rules(found, "a.py", text.replace("PROGRAM", "figlet"))


def test_what_a_store_checks_is_no_form(found):
    text = """\
const db = require('./db');
app.post('/users', async (req, res) => {
  const { name } = req.body;
  if (await WHO.checkUser(name)) return res.status(409).end();
  await db.addUser(name);
});
"""
    assert _rules(found, "a.js", text.replace("WHO", "db")) == {"input.unvalidated"}
    assert _rules(found, "a.js", text.replace("WHO", "rules")) == set()


def test_a_query_of_aiohttp_and_a_row_that_is_saved(found):
    text = """\
from aiohttp import web
async def paid(request):
    payment = Payment.get(id=3)
    payment.order = request.rel_url.query['order']
    payment.save()
    return web.HTTPFound('/')
"""
    assert _rules(found, "a.py", text) == {"input.unvalidated"}
    assert _rules(found, "a.py", text.replace("    payment.save()\n", "")) == set()


def test_a_text_that_is_put_to_a_bot(found):
    text = """\
import json
from shop import ask
def lambda_handler(event, context):
    return ask(json.loads(event["body"])["text"])
"""
    assert _rules(found, "a.py", text.replace("ask", "get_answer_of_bot")) == {"input.unvalidated"}
    assert _rules(found, "a.py", text.replace("ask", "get_item_of_shop")) == set()


def test_a_view_of_pyramid_whose_text_is_made_sql(found):
    text = """\
from sqlalchemy import text
@view_config(route_name='home', renderer='home.jinja2')
def home(request):
    column = "name " + request.params['order']
    return {'one': request.dbsession.query(Item).order_by(text(WHAT))}
"""
    assert "injection.sql" in _rules(found, "a.py", text.replace("WHAT", "column"))
    assert _rules(found, "a.py", text.replace("WHAT", "'name'")) == set()


@pytest.mark.parametrize(
    ("shown", "told"),
    [("Markup(name)", True), ("Markup('<b>{}</b>').format(name)", False), ("Markup.escape(name)", False)],
)
def test_a_text_that_is_said_to_need_no_escaping(found, shown, told):
    text = f"""\
from flask import render_template, Markup, request
@app.route('/a')
def show():
    name = request.args.get('name')
    return render_template('a.html', name={shown})
"""
    assert ("injection.html" in _rules(found, "a.py", text)) is told


def test_what_only_reads_an_update_checks_nothing(found):
    text = """\
import json, telegram
def webhook(event, context):
    update = telegram.Update.de_json(json.loads(event["body"]), bot)
    bot.sendMessage(chat_id=update.message.chat.id, text=update.message.text)
"""
    assert _rules(found, "a.py", text) == {"input.unvalidated"}


def test_an_item_that_was_found_in_a_list_is_written_with_it(found):
    text = """\
import json, boto3
table = boto3.resource("dynamodb").Table("tasks")
def lambda_handler(event, context):
    body = json.loads(event["body"])
    task = table.get_item(Key={"id": "a"})["Item"]
    steps = task.get("steps", [])
    step = None
    for one in steps:
        if one["id"] == 3:
            step = one
            break
    WRITTEN["name"] = body.get("name")
    task["steps"] = steps
    table.put_item(Item=task)
"""
    assert _rules(found, "a.py", text.replace("WRITTEN", "step")) == {"input.unvalidated"}
    assert _rules(found, "a.py", text.replace("WRITTEN", "other")) == set()


@pytest.mark.parametrize(
    "call",
    [
        "boto3.client('lex-runtime').post_text(botName='a', inputText=event['text'])",
        "boto3.client('batch').submit_job(jobName='a', parameters={'size': event['size']})",
    ],
)
def test_services_that_work_on_what_they_are_given(found, call):
    assert _rules(found, "a.py", f"import boto3\ndef lambda_handler(event, context):\n    {call}\n") == {
        "input.unvalidated-record"
    }
