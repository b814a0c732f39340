"""Shapes that programs and policies have: classes that are values, other platforms' handlers, secrets in odd places."""

from __future__ import annotations

import pytest


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


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def handler(ctx, data=None):\n    body = json.loads(data.getvalue())\n    eval(body['a'])\n"),
        ("a.js", "exports.handler = async (e) => { eval(JSON.parse(e.body).a); };\n"),
        ("a.ts", "api.register('POST', '/a', async (request: HttpRequest) => eval(request.body.a));\n"),
        ("a.js", "server.route({ method: 'POST', path: '/a', handler: (request, h) => eval(request.payload.a) });\n"),
        ("a.js", "const Koa = require('koa'); router.post('/', async (ctx) => { eval(ctx.getAttributes().a); });\n"),
        ("a.py", "from starlette.applications import Starlette\n"
                 "async def show(request):\n    form = await request.form()\n    eval(form.get('a'))\n"),
        ("a.py", "def show(request):\n    name = request.GET.get('a')\n    run = globals().get(name)\n    return run(1)\n"),
        ("a.py", "import code\nfrom flask import Flask, request\napp = Flask(__name__)\n@app.route('/a')\n"
                 "def show():\n    console = code.InteractiveConsole()\n    console.push(request.args['a'])\n"),
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
        ("sts:AssumeRole", "*", "iam.privilege-escalation"),
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
        ("a.js", "var key = new Buffer('8CBDEC62EB4DCA778F842B02503011B2', 'hex');\n"
                 "crypto.createCipheriv('aes-128-ecb', key, iv);\n", True),
        ("a.py", "answer = {'old_password': 'wrong_password'}\n", False),
        ("a.js", "db.run(`INSERT OR IGNORE INTO users (id, name, password) VALUES (1, 'admin', 'admin1234')`);\n", True),
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
