"""Which side of a test a value was found to be harmless on, and what a file's own questions answer for."""

from __future__ import annotations

import pytest

FLASK = "from flask import Flask, request, render_template_string\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("if name.isdigit():\n        return 'a number'", True),
        ("if not name.isdigit():\n        return 'no number'", False),
        ("if name.isdigit():\n        pass\n    else:\n        return 'no number'", False),
        ("if len(name) > 3 and name.isdigit():\n        return 'a number'", True),
    ],
)
def test_below_a_branch_that_leaves_its_test_has_failed(found, before, told):
    text = (
        FLASK
        + f"""\
@app.route("/a")
def show():
    name = request.args.get("name", "")
    {before}
    return render_template_string(f"<p>{{name}}</p>")
"""
    )
    assert ("injection.template" in {rule for rule, _ in found("a.py", text)}) is told


def test_within_it_the_test_holds(found):
    text = (
        FLASK
        + """\
@app.route("/a")
def show():
    name = request.args.get("name", "")
    if name.isdigit():
        return render_template_string(f"<p>{name}</p>")
    return "no number"
"""
    )
    assert "injection.template" not in {rule for rule, _ in found("a.py", text)}


HOSTS = """\
const app = require('express')(); const request = require('request');
const hosts = ['example.com'];
function isValidUrl(url) {
  const parsed = new URL(url);
  return %s;
}
app.get('/a', (req, res) => {
  const url = req.query.url;
  if (!isValidUrl(url)) { return res.status(400).end(); }
  request(url, done);
});
"""


@pytest.mark.parametrize(
    ("answer", "told"), [("hosts.includes(parsed.hostname)", False), ("parsed.protocol === 'https:'", True)]
)
def test_a_question_of_the_file_that_compares_hosts_answers_for_the_address(found, answer, told):
    assert ("injection.ssrf" in {rule for rule, _ in found("a.js", HOSTS % answer)}) is told


@pytest.mark.parametrize(("test", "told"), [("isNaN(count)", False), ("!count", False), ("res.headersSent", True)])
def test_a_number_made_of_it_that_is_asked_for_answers_for_the_value(found, test, told):
    text = f"""\
const app = require('express')(); const store = require('./store');
app.post('/a', (req, res) => {{
  const count = Number(req.body.count);
  if ({test}) {{ return res.status(400).end(); }}
  store.save(req.body.count);
}});
"""
    notes = {level for rule, _, level in found("a.js", text, level=True) if rule == "input.unvalidated"}
    assert bool(notes) is told


def test_a_number_made_of_it_says_nothing_of_the_text(found):
    text = """\
const app = require('express')();
app.get('/a', (req, res) => {
  const count = parseInt(req.query.count, 10);
  if (isNaN(count)) { return; }
  res.send(`<p>${req.query.count}</p>`);
});
"""
    assert "injection.html" in {rule for rule, _ in found("a.js", text)}


@pytest.mark.parametrize(("guard", "told"), [("", True), ("    if math.isnan(price):\n        return 400\n", False)])
def test_nan_is_a_number_in_python(found, guard, told):
    text = (
        FLASK
        + f"""\
@app.route("/a")
def buy():
    price = float(request.args["price"])
{guard}    return str(price < 10)
"""
    )
    found_here = {(rule, level) for rule, _, level in found("a.py", text, level=True)}
    assert (("input.unvalidated", "note") in found_here) is told


@pytest.mark.parametrize(
    ("compared", "told"),
    [("secrets.compare_digest(user.password, request.form['password'])", True),
     ("hmac.compare_digest(signature, request.headers['X-Signature'])", False)],
)  # fmt: skip
def test_a_password_that_is_compared_is_no_signature(found, compared, told):
    text = f"""\
import hmac, secrets, sqlite3
from flask import Flask, request
app = Flask(__name__)
@app.route("/a", methods=["POST"])
def register():
    if not {compared}:
        return "no"
    sqlite3.connect("a").execute("INSERT INTO users (name) VALUES (?)", (request.form["name"],))
"""
    assert ("input.unvalidated" in {rule for rule, _ in found("a.py", text)}) is told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("target[key] = source[key];", True),
        ("if (key === '__proto__') { continue; }", False),
    ],
)
def test_a_copy_of_any_depth_writes_any_path(found, line, told):
    text = f"""\
const app = require('express')();
function copy(target, source) {{
  for (const key in source) {{
    if (typeof source[key] === 'object') {{ copy(target[key], source[key]); }}
    {line}
  }}
}}
app.post('/a', (req, res) => {{ copy(settings, req.body); }});
"""
    said = [rule for rule, _ in found("a.js", text) if rule == "input.unvalidated"]
    assert bool(said) is told


TABLE = """\
import os
def run_os(command):
    os.system(command)
def run_nothing(command):
    return command
def handler(args):
    kind, command = args
    table = {"os": run_os, "nothing": run_nothing}
    return table[kind](command)
"""


@pytest.mark.parametrize("call", ["table[kind](command)", "table.get(kind)(command)"])
def test_any_function_of_a_table_may_be_meant(found, call):
    text = TABLE.replace("table[kind](command)", call)
    assert ("injection.shell", 3) in found("a.py", text)
    assert not {rule for rule, _ in found("a.py", text.replace('"os": run_os, ', ""))} & {"injection.shell"}


def test_a_check_in_a_later_branch_answers_for_nothing_before_it(found):
    text = """\
import json, boto3
table = boto3.resource("dynamodb").Table("a")
def lambda_handler(event, context):
    if event["httpMethod"] == "PUT":
        body = json.loads(event["body"])
        return table.put_item(Item={"name": body["name"]})
    body = json.loads(event["body"])
    validate_body(body)
    return table.put_item(Item={"name": body["name"]})
"""
    assert {line for rule, line in found("a.py", text) if rule == "input.unvalidated"} == {5}


@pytest.mark.parametrize(
    ("check", "sql", "html"),
    [("uuid.UUID(name)", False, False), ("int(name)", False, False), ("len(name)", True, True)],
)
def test_what_would_have_raised_in_python(found, check, sql, html):
    text = f"""\
import uuid
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def show():
    name = request.args["name"]
    {check}
    connection.execute(f"SELECT * FROM a WHERE b = '{{name}}'")
    return f"<p>{{name}}</p>"
"""
    rules = {rule for rule, _ in found("a.py", text)}
    assert ("injection.sql" in rules, "injection.html" in rules) == (sql, html)


@pytest.mark.parametrize(
    ("sink", "told"), [("requests.get(url)", False), ("f'<p>{url}</p>'", True), ("os.system('curl ' + url)", True)]
)
def test_how_a_text_begins_says_only_where_it_leads(found, sink, told):
    text = f"""\
import os, requests
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def show():
    url = request.args["url"]
    if not url.startswith("https://api.example.com/"):
        return "no"
    return {sink}
"""
    assert any(rule.startswith("injection.") for rule, _ in found("a.py", text)) is told


@pytest.mark.parametrize(
    ("answer", "told"), [("name, 200", True), ("'Hello ' + name, 404", True), ("{'name': name}, 200", False)]
)
def test_a_page_and_its_status(found, answer, told):
    text = (
        FLASK
        + f"""\
@app.route("/a")
def show():
    name = request.args["name"]
    return {answer}
"""
    )
    assert ("injection.html" in {rule for rule, _ in found("a.py", text)}) is told


def test_a_filter_of_a_directory_whose_form_is_known(found):
    text = """\
import re, ldap
from flask import Flask, request, abort
app = Flask(__name__)
@app.route("/a")
def show():
    name = request.args["name"]
    if not re.fullmatch(r"[a-z]+", name):
        abort(403)
    ldap.initialize("ldap://a").search_s("dc=a", ldap.SCOPE_SUBTREE, "(uid=" + name + ")")
"""
    assert not {rule for rule, _ in found("a.py", text)}


def test_the_arguments_of_a_program_started_by_node(found):
    text = """\
const { spawn } = require('child_process');
function ping(req, res) { spawn('ping', ['-c', '2', req.body.host]); }
"""
    assert ("input.unvalidated", 2) in found("a.js", text)
