"""Shapes that programs and policies have: classes that are values, other platforms' handlers, secrets in odd places."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


@pytest.mark.parametrize("head", ["module.exports = class Stack extends Base {", "const Made = class {", "class A {"])
def test_a_class_that_is_a_value_is_read_like_any_other(found, head):
    text = f"""\
const {{ PolicyStatement, Effect }} = require('@aws-cdk/aws-iam'); const db = require('mysql');
{head}
  constructor() {{
    const statement = new PolicyStatement(Effect.Allow);
    statement.addActions(['lambda:*']);
    statement.addAllResources();
  }}
  async show(req, res) {{ db.query(`SELECT * FROM a WHERE b = '${{req.query.b}}'`); }}
}}
"""
    assert {"iam.service-wildcard", "injection.sql"} <= _rules(found, "a.js", text)


STARLETTE = """\
from starlette.applications import Starlette
async def show(request):
    form = await request.form()
    eval(form.get("a"))
"""
CONSOLE = """\
import code
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def show():
    console = code.InteractiveConsole()
    console.push(request.args["a"])
"""
CIPHER = """\
var key = new Buffer('8CBDEC62EB4DCA778F842B02503011B2', 'hex');
crypto.createCipheriv('aes-128-ecb', key, iv);
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def handler(ctx, data=None):\n    body = json.loads(data.getvalue())\n    eval(body['a'])\n"),
        ("a.js", "exports.handler = async (e) => { eval(JSON.parse(e.body).a); };\n"),
        ("a.ts", "api.register('POST', '/a', async (request: HttpRequest) => eval(request.body.a));\n"),
        ("a.js", "server.route({ method: 'POST', path: '/a', handler: (request, h) => eval(request.payload.a) });\n"),
        ("a.js", "const Koa = require('koa'); router.post('/', async (ctx) => { eval(ctx.getAttributes().a); });\n"),
        ("a.py", STARLETTE),
        ("a.py", "def show(request):\n    run = globals().get(request.GET.get('a'))\n    return run(1)\n"),
        ("a.py", CONSOLE),
    ],
)  # fmt: skip
def test_handlers_of_other_platforms_and_ways_to_run_code(found, path, text):
    assert "injection.eval" in _rules(found, path, text)


def test_what_xml_holds_is_still_the_callers(found):
    text = """\
const app = require('express')(); const libxmljs = require('libxmljs'); const { exec } = require('child_process');
app.post('/a', (req, res) => {
  const commands = [];
  libxmljs.parseXml(req.body).root().childNodes().forEach((node) => commands.push(node.text()));
  commands.forEach((command) => exec(command, done));
});
"""
    assert "injection.shell" in _rules(found, "a.js", text)


@pytest.mark.parametrize(
    ("actions", "resource", "rule"),
    [
        ("sts:AssumeRole", "*", "iam.resource-wildcard"),
        ("iam:PutUserPolicy", "arn:aws:iam::*:user/*", "iam.privilege-escalation"),
        ("iam:PutUserPolicy", "arn:aws:iam::1:user/ann", None),
        ("SQS:SendMessage", "*", "iam.resource-wildcard"),
    ],
)
def test_statements(found, actions, resource, rule):
    text = f"""\
resource "aws_iam_policy" "a" {{
  policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Action = ["{actions}"], Resource = "{resource}" }}]
  }})
}}
"""
    assert _rules(found, "a.tf", text) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("a.py", "if token.upper() == 'ADMIN-E864E8E8F230374AA7B3B0CE441E209A':\n    go()\n", True),
        ("a.py", "import jwt\njwt.encode({'a': 1}, key='key')\n", True),
        ("a.py", "import jwt\njwt.encode({'a': 1}, key=settings.KEY)\n", False),
        ("a.js", CIPHER, True),
        ("a.py", "answer = {'old_password': 'wrong_password'}\n", False),
        ("a.js", "db.run(`INSERT OR IGNORE INTO users (id, password) VALUES (1, 'admin1234')`);\n", True),
        ("a.js", "db.run('INSERT INTO users (name, password) VALUES (?, ?)', [name, password]);\n", False),
        ("a.tf", 'resource "azurerm_key_vault_secret" "a" {\n  name  = "a"\n  value = "33bf9df3-ccad"\n}\n', True),
        ("a.tf", 'resource "azurerm_key_vault_secret" "a" {\n  name  = "a"\n  value = var.secret\n}\n', False),
    ],
)  # fmt: skip
def test_secrets_in_odd_places(found, path, text, told):
    assert any(rule.startswith("credential.") for rule in _rules(found, path, text)) is told


@pytest.mark.parametrize(
    ("check", "told"),
    [("is_valid_name(name)", False), ("is_valid_filename(name)", False), ("is_valid_mail(name)", True)],
)
def test_a_check_of_a_name_answers_for_the_path(found, check, told):
    text = f"""\
from flask import Flask, request, send_file
from .checks import is_valid_filename, is_valid_mail, is_valid_name
app = Flask(__name__)
@app.route("/a")
def show():
    name = request.args["name"]
    if not {check}:
        return "no"
    return send_file("files/" + name)
"""
    assert ("injection.path" in _rules(found, "a.py", text)) is told


BROKEN = """\
from flask import Flask, request
app = Flask(__name__)
@app.route("/a")
def a():
    return eval(request.args["a"])

@app.route("/b")
def b():
    return 1
        stray = 2

@app.route("/c")
def c():
    return eval(request.args["c"])
"""


def test_the_rest_of_a_broken_file_is_read():
    result = review_file("a.py", BROKEN)
    assert {f.line for f in result.findings if f.rule == "injection.eval"} == {5, 14}
    (note,) = result.notes
    assert "lines 7 to 11 were left out" in note


def test_a_file_that_is_broken_all_over_is_not():
    (note,) = review_file("a.py", "def a(:\n    eval(x)\ndef b(:\n    eval(y)\n").notes
    assert "only searched for keys" in note


RESOLVER = """\
import { util } from '@aws-appsync/utils';
export function request(ctx) {
  const { nextToken } = ctx.arguments;
  const token = JSON.parse(util.base64Decode(nextToken));
  const sql = `SELECT a FROM b WHERE c = 1 ORDER BY d LIMIT 9 OFFSET ${token.offset}`;
  return { version: '2018-05-29', statements: [sql] };
}
"""


def test_a_resolver_of_appsync(found):
    assert "injection.sql" in _rules(found, "a.js", RESOLVER)
    assert "injection.sql" not in _rules(found, "a.js", RESOLVER.replace("token.offset", "Number(token.offset)"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("render_template_string(f'{error} at {request.path}')", True),
        ("open('pages' + request.path).read()", False),
        ("connection.execute(f\"SELECT * FROM a WHERE b = '{request.path}'\")", False),
    ],
)
def test_the_path_of_a_request_is_markup_at_most(found, line, told):
    text = f"""\
from flask import Flask, render_template_string, request
app = Flask(__name__)
@app.errorhandler(404)
def missing(error):
    return {line}
"""
    assert any(rule.startswith("injection.") for rule in _rules(found, "a.py", text)) is told


def test_a_view_that_has_a_helper_read_its_request(found):
    text = """\
from pyramid.response import Response
def read(request):
    return request.GET.get("a", "")
def view(request):
    return Response("<p>" + read(request) + "</p>")
"""
    assert "injection.html" in _rules(found, "a.py", text)


@pytest.mark.parametrize(
    ("pattern", "told"), [("/[&<>\"']/g, (c) => table[c]", False), ("/[aeiou]/g, (c) => table[c]", True)]
)
def test_markup_that_is_replaced_by_a_table(found, pattern, told):
    text = f"""\
const app = require('express')();
app.get('/a', (req, res) => {{ res.send('<p>' + String(req.query.q).replace({pattern}) + '</p>'); }});
"""
    assert ("injection.html" in _rules(found, "a.js", text)) is told


def test_the_results_of_a_chain_of_checks_are_asked_for(found):
    text = """\
const app = require('express')(); const axios = require('axios');
app.post('/a', body('input').isString(), async (req, res) => {
  const errors = validationResult(req);
  if (!errors.isEmpty()) { return res.status(400).end(); }
  await axios.post('https://example.com/', { data: req.body.input });
});
"""
    assert not _rules(found, "a.js", text)


@pytest.mark.parametrize(
    "text",
    [
        "process.env.AWS_SECRET_ACCESS_KEY = 'nosecretkeyhere';\n",
        "const SECRET = process.env.SECRET || 'redacted';\n",
    ],
)
def test_words_that_say_there_is_no_secret(found, text):
    assert not _rules(found, "a.js", text)
