"""Texts put together from lists and templates, and what a file's own functions answer for."""

from __future__ import annotations

import textwrap

import pytest

APP = "const express = require('express'); const app = express();\n"


def _script(found, text: str) -> set[tuple[str, str]]:
    return {(rule, level) for rule, _, level in found("a.js", APP + textwrap.dedent(text), level=True)}


TOLD = {
    "a list that is joined": ("injection.xpath", "error", """
        const xpath = require('xpath');
        app.post('/a', (req, res) => {
          const parts = ['//employee[@id=', req.body.id, ']'];
          res.json(xpath.select(parts.join(''), document));
        });
    """),
    "a template that is filled": ("injection.xpath", "error", """
        const { select1 } = require('xpath');
        app.post('/a', (req, res) => {
          const template = '//employee[salary > {{SALARY}}]';
          const query = template.replace('{{SALARY}}', req.body.salary);
          res.json(select1(query, document));
        });
    """),
    "a command that is joined in a helper": ("injection.shell", "error", """
        const { execSync } = require('child_process');
        function clone(req) { execSync(['git', 'clone', req.body.repository].join(' ')); }
    """),
    "a program that is loaded inside a function": ("injection.shell", "error", """
        module.exports = () => {
          const { exec } = require('child_process');
          app.post('/ping', (req, res) => exec('ping ' + req.body.host, done));
        };
    """),
    "a schema with types that run code": ("injection.deserialization", "error", """
        const yaml = require('js-yaml');
        app.post('/a', (req, res) => yaml.safeLoad(req.body, { schema: yaml.DEFAULT_FULL_SCHEMA }));
    """),
    "a filter of a directory that is parsed": ("injection.ldap", "error", """
        const ldap = require('ldapjs');
        app.get('/a', (req, res) => ldap.parseFilter(`(name=${req.query.name})`));
    """),
    "a pattern in a filter": ("injection.regex", "warning", """
        const { MongoClient } = require('mongodb');
        app.post('/a', (req, res) => documents.find({ title: { $regex: req.body.q, $options: 'i' } }));
    """),
    "a document of a collection given to a helper": ("injection.nosql", "warning", """
        const { MongoClient } = require('mongodb');
        app.post('/a', (req, res) => usersCollection.findOne({ name: req.body.name }));
    """),
    "a method that is chosen by its name": ("injection.shell", "error", """
        const cp = require('child_process');
        const method = 'execSync';
        app.post('/a', (req, res) => cp[method]('ping ' + req.body.host));
    """),
    "what is escaped for HTML as a template": ("injection.template", "error", """
        const Handlebars = require('handlebars');
        const escapeHtml = require('escape-html');
        app.post('/a', (req, res) => Handlebars.compile(escapeHtml(req.body.page))({}));
    """),
    "an upload that is moved": ("injection.path", "error", """
        app.post('/a', (req, res) => req.files.a.mv('/uploads/' + req.files.a.name));
    """),
    "a statement that is run at once": ("injection.sql", "error", """
        const db = require('better-sqlite3')('a.db');
        app.post('/a', (req, res) => db.exec("INSERT INTO t VALUES ('" + req.body.name + "')"));
    """),
    "all options of a query": ("injection.nosql", "error", """
        app.get('/a', async (req, res) => res.json(await db.Post.findAll(req.query)));
    """),
    "a request of GraphQL": ("injection.nosql", "error", """
        app.post('/a', (req, res) => monday.api(`mutation { change(item_id: ${req.body.id}) { id } }`));
    """),
    "the host of a connection": ("injection.ssrf", "error", """
        const { createConnection } = require('net');
        app.post('/a', (req, res) => createConnection(req.body.port, req.body.host));
    """),
    "a text that is sent back decoded": ("injection.html", "warning", """
        app.get('/a', (req, res) => res.send(decodeURIComponent(req.query.name)));
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told(found, name):
    rule, level, text = TOLD[name]
    assert (rule, level) in _script(found, text)


QUIET = {
    "a safe schema": """
        const yaml = require('js-yaml');
        app.post('/a', (req, res) => yaml.safeLoad(req.body));
    """,
    "a path that was found to be inside": """
        const fs = require('fs'); const path = require('path');
        app.get('/a', (req, res) => {
          const full = path.resolve(ROOT, req.query.file);
          const inside = path.relative(ROOT, full);
          if (inside.startsWith('..') || path.isAbsolute(inside)) return res.status(400).end();
          fs.readFile(full, done);
        });
    """,
    "what a function of the file has escaped": """
        function escapeHtml(text) { return String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;'); }
        app.get('/a', (req, res) => res.send('<b>' + escapeHtml(req.query.name) + '</b>'));
    """,
    "where the server has put an upload": """
        const fs = require('fs');
        app.post('/a', (req, res) => fs.readFile(req.files.photo.path, done));
    """,
}


@pytest.mark.parametrize("name", QUIET)
def test_no_injection_is_told(found, name):
    errors = {(rule, level) for rule, level in _script(found, QUIET[name]) if level == "error"}
    html = {rule for rule, _ in _script(found, QUIET[name])} & {"injection.html", "injection.deserialization"}
    assert not errors | html


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("other_file.shell_the_arg('echo ' + request.form['a'] + ' >> menu.txt')", "injection.shell"),
        ("send_file(os.path.join(os.getcwd(), request.args['name'].replace('..', '')))", "injection.path"),
        ("curl.setopt(curl.URL, request.form['url'])", "injection.ssrf"),
        ("request.files['file'].save(os.path.join(FOLDER, request.files['file'].filename))", "injection.path"),
    ],
)
def test_forms_of_flask_applications(found, line, rule):
    text = f"""
        import os, pycurl, other_file
        from flask import request, send_file
        curl = pycurl.Curl()
        @app.route("/a", methods=["POST"])
        def do():
            {line}
    """
    assert (rule, 6) in found("a.py", text)


@pytest.mark.parametrize(("framework", "told"), [("flask", True), ("fastapi", False)])
def test_flask_holds_no_annotation_against_what_came_in(found, framework, told):
    text = f"""
        from {framework} import thing
        @app.get("/<id>")
        def show(id: int):
            return db.session.execute(text(f"SELECT * FROM users WHERE id = {{id}}"))
    """
    assert ("injection.sql" in {rule for rule, _ in found("a.py", text)}) is told


VALIDATED = """
    import boto3, json
    table = boto3.resource("dynamodb").Table("t")
    def validate_update(body):
        return [key for key in body if key not in {"name", "age"}]
    def handler(event, context):
        body = json.loads(event["body"])
        if validate_update(body):
            return {"statusCode": 400}
        parts = [f"#{key} = :{key}" for key, value in body.items()]
        table.update_item(Key={"id": 1}, UpdateExpression="SET " + ", ".join(parts))
"""


def test_a_validating_function_of_the_file_answers_for_the_names(found):
    assert "injection.nosql" not in {rule for rule, _ in found("a.py", VALIDATED)}
    unchecked = VALIDATED.replace("if validate_update(body)", "if not body")
    assert "injection.nosql" in {rule for rule, _ in found("a.py", unchecked)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('const SECRET_KEY = "SECRETTO";\n', True),
        ('const SECRET_KEY = "MY_SECRET_KEY";\n', False),
        ('const DB_PASSWORD = "DBPASSWORD";\n', False),
        ('const shown = { password: "\u2022\u2022\u2022\u2022\u2022\u2022" };\n', False),
    ],
)
def test_a_word_in_capitals_and_a_row_of_dots(found, text, told):
    assert bool(found("a.js", text)) is told


@pytest.mark.parametrize(("owner", "told"), [("service", True), ("blog", True), ("logger", False), ("auditLog", False)])
def test_what_is_written_down_is_no_hand_off(found, owner, told):
    text = (
        APP + f"const {owner} = require('./other');\napp.post('/a', (req, res) => {owner}.attack('sql', req.body));\n"
    )
    assert bool(found("a.js", text)) is told


@pytest.mark.parametrize(("value", "told"), [("keyboard cat", True), ("[your key]", False)])
def test_a_key_when_none_is_set(found, value, told):
    text = f"""
        import os
        JWT_SECRET = os.environ.get("JWT_SECRET", "{value}")
    """
    assert bool(found("a.py", text)) is told


@pytest.mark.parametrize(("word", "told"), [("pathParameters", True), ("price", False)])
def test_an_event_that_a_class_keeps_is_one_of_lambda_where_the_file_says_so(found, word, told):
    text = f"""
        import subprocess
        class Task:
            def go(self):
                subprocess.run(self.event["{word}"]["id"], shell=True)
    """
    assert bool(found("a.py", text)) is told


def test_a_bucket_that_the_caller_chooses(found):
    text = """
        import boto3, json
        s3 = boto3.client("s3")
        def handler(event, context):
            bucket = event["queryStringParameters"]["bucket"]
            return s3.get_object(Bucket=BUCKET, Key="list.json")
    """
    assert found("a.py", text.replace("=BUCKET", "=bucket"))
    assert not found("a.py", text)


INSIDE = """
    import os
    def handler(event, context):
        name = event["queryStringParameters"]["name"]
        if CHECK:
            return {"statusCode": 400}
        with open(PATH) as file:
            return file.read()
"""


@pytest.mark.parametrize(
    ("check", "path", "told"),
    [
        ("'/' in name or name == ''", "f'/tmp/{name}.json'", False),
        ("'..' in name", "f'/tmp/{name}.json'", False),
        ("'..' in name", "os.path.join('/tmp', name)", True),
        ("'..' in name or '/' in name", "os.path.join('/tmp', name)", False),
        ("'x' in name", "f'/tmp/{name}.json'", True),
    ],
)
def test_a_name_that_stays_in_its_directory(found, check, path, told):
    rules = {rule for rule, _ in found("a.py", INSIDE.replace("CHECK", check).replace("PATH", path))}
    assert ("injection.path" in rules) is told


def test_a_name_with_no_slash_is_still_a_name_in_a_statement(found):
    text = INSIDE.replace("CHECK", "'/' in name").replace(
        "open(PATH)", "db.execute(f\"SELECT * FROM t WHERE a = '{name}'\")"
    )
    assert "injection.sql" in {rule for rule, _ in found("a.py", text)}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("setattr(user, request.args['k'], 1)", "input.unvalidated"),
        ("create_patient_record(request.json)", "input.unvalidated"),
        ("('{0} ' + request.args['k']).format(now)", "injection.template"),
    ],
)
def test_attributes_and_marks_that_the_caller_chooses(found, line, rule):
    text = f"""
        from flask import request
        from services import *
        @app.route("/a")
        def do():
            return {line}
    """
    assert rule in {rule for rule, _ in found("a.py", text)}


def test_what_every_request_shares(found):
    text = APP + "app.use((req, res, next) => { req.app.locals.isAdmin = req.query.admin; next(); });\n"
    assert found("a.js", text)
    assert not found("a.js", text.replace("req.app.locals", "req"))


def test_an_account_that_is_made_for_whoever_stands_in_the_path(found):
    text = "const bot = require('./bot');\nexports.handler = async (event) => bot.DO(event.pathParameters.id);\n"
    assert found("a.js", text.replace("DO", "createBot"))
    assert not found("a.js", text.replace("DO", "getBot"))


@pytest.mark.parametrize(("word", "told"), [("'trusted'", True), ("'..'", False)])
def test_a_word_somewhere_in_a_text_is_no_list_of_what_is_allowed(found, word, told):
    text = APP + (
        "const fs = require('fs');\napp.get('/a', (req, res) => {\n"
        f"  const name = String(req.query.name);\n  if (name.includes({word})) return res.end();\n"
        "  fs.readFile(`/files/${name}`, done);\n});\n"
    )
    assert ("injection.path" in {rule for rule, _ in found("a.js", text)}) is told
