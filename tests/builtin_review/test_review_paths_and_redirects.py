"""Paths that are joined, redirects by header, functions written into stacks, and names of what is updated."""

from __future__ import annotations

import textwrap

import pytest

APP = "const express = require('express'); const path = require('path'); const app = express();\n"


def _script(found, text: str) -> set[tuple[str, str]]:
    return {(rule, level) for rule, _, level in found("a.js", APP + textwrap.dedent(text), level=True)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("app.get('/a', (req, res) => extract(path.join(ROOT, req.query.name)));", {("injection.path", "warning")}),
        ("app.get('/a', (req, res) => extract(path.resolve(ROOT, req.body)));", {("injection.path", "warning")}),
        ("app.get('/a', (req, res) => extract(path.join(ROOT, path.basename(req.query.name))));", set()),
        ("app.get('/a', (req, res) => extract(path.join(req.query.root, 'a.txt')));", set()),
    ],
)
def test_a_path_that_is_joined_from_input_is_told_whoever_opens_it(found, text, told):
    assert {pair for pair in _script(found, text) if pair[0] == "injection.path"} == told


def test_a_joined_path_that_is_opened_is_told_where_it_is_opened(found):
    text = "const fs = require('fs');\napp.get('/a', (req, res) => fs.readFile(path.join(ROOT, req.query.n), done));"
    assert {pair for pair in _script(found, text) if pair[0] == "injection.path"} == {("injection.path", "error")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("app.get('/a', (req, res) => res.redirect(302, req.param('target')));", True),
        ("app.get('/a', (req, res) => res.header('Location', req.query.to));", True),
        ("app.get('/a', (req, res) => res.writeHead(302, { Location: req.query.to }));", True),
        ("app.get('/a', (req, res) => res.writeHead(302, { Location: '/b?x=' + req.query.to }));", False),
        ("app.get('/a', (req, res) => res.header('X-Request', req.query.to));", False),
        ("exports.handler = async (event) => ({ statusCode: 301, headers: { Location: event.body } });", True),
        ("exports.handler = async (event) => ({ statusCode: 302, headers: { Location: `/x/${event.body}` } });", False),
    ],
)  # fmt: skip
def test_where_a_browser_is_sent_by_a_header(found, text, told):
    assert (("input.unvalidated", "warning") in _script(found, text)) is told


STACK = """
    import * as lambda from 'aws-cdk-lib/aws-lambda';
    new lambda.Function(this, 'f', {
      code: lambda.Code.fromInline(`
    import os
    def handler(event, context):
        os.system("ls " + event["dir"])
    `),
    });
"""


def test_a_function_written_into_a_stack_is_reviewed_at_the_stacks_lines(found):
    assert ("injection.shell", 6) in found("stack.ts", STACK)
    assert found("stack.ts", STACK.replace('event["dir"]', "${dir}")) == set()


def test_so_is_one_in_a_stack_in_python(found):
    text = """
        from aws_cdk import aws_lambda
        fn = aws_lambda.Function(self, "f", code=aws_lambda.InlineCode('''
            import os
            def handler(event, context):
                os.system("ls " + event["dir"])
        '''))
    """
    assert ("injection.shell", 5) in found("stack.py", text)


ALLOWED = """
    import boto3, json
    table = boto3.resource("dynamodb").Table("t")
    def handler(event, context):
        body = json.loads(event["body"])
        updates = {k: v for k, v in body.items() if k in {"name", "age"}}
        parts = [f"#{field} = :{field}" for field, value in updates.items()]
        table.update_item(
            Key={"id": 1},
            UpdateExpression="SET " + ", ".join(parts),
            ExpressionAttributeValues={f":{field}": value for field, value in updates.items()},
        )
"""


def test_names_that_are_allowed_say_nothing_of_their_values(found):
    assert {rule for rule, _ in found("a.py", ALLOWED)} == {"input.unvalidated"}


def test_names_that_nobody_looked_at_are_a_statement_of_the_caller(found):
    anything = ALLOWED.replace('if k in {"name", "age"}', "if v")
    assert "injection.nosql" in {rule for rule, _ in found("a.py", anything)}


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("validateRequiredFields(body, ['name'])", True),
        ("orderValidator.createOrder(body)", False),
        ("validateOrder(body)", False),
    ],
)
def test_asking_for_fields_is_less_than_validating(found, check, told):
    text = f"""
        import {{ validateRequiredFields, orderValidator, validateOrder }} from './checks';
        import * as store from './store';
        export const handler = async (event: APIGatewayProxyEvent) => {{
          const body = JSON.parse(event.body);
          {check};
          await store.createOrder(body);
        }};
    """
    assert bool({rule for rule, _ in found("a.ts", text)}) is told


FORM = """
    import os, sqlite3
    from flask_wtf import FlaskForm
    @app.route("/a", methods=["POST"])
    def add():
        form = BookForm()
        if form.validate_on_submit():
            sqlite3.connect("d").execute("SELECT * FROM b WHERE t = '" + form.title.data + "'")
"""


def test_a_forms_field_is_the_callers_and_of_its_type(found):
    assert {rule for rule, _ in found("a.py", FORM)} == {"injection.sql"}
    assert found("a.py", FORM.replace("+ form.title.data +", "+ form.title +")) == set()


def test_what_is_said_on_a_socket(found):
    text = """
        import os
        @socketio.on("move")
        def move(data):
            os.system("mv " + data["name"])
    """
    assert ("injection.shell", 4) in found("a.py", text)


def test_a_prepared_statement_keeps_what_it_is_run_with(found):
    text = """
        app.post('/a', (req, res) => {
          const { title } = req.body;
          const statement = db.prepare('INSERT INTO notes (title) VALUES (?)');
          statement.run(title);
        });
    """
    assert ("input.unvalidated", "warning") in _script(found, text)
    asked = text.replace("INSERT INTO notes (title) VALUES (?)", "DELETE FROM notes WHERE title = ?")
    assert _script(found, asked) == set()


def test_a_file_that_a_service_reads(found):
    text = """
        const fileService = require('./files');
        exports.show = async (req, res) => res.json(await fileService.readFile(req.params.name));
    """
    assert ("input.unvalidated", "note") in _script(found, text)


def test_a_row_that_is_changed_and_committed(found):
    text = """
        from flask import request
        @app.route("/a", methods=["PUT"])
        def change():
            user = User.query.get(1)
            user.login = request.get_json().get("login")
            db.session.commit()
    """
    assert ("input.unvalidated", 5) in found("a.py", text)


def test_what_is_written_deep_into_a_request_is_not_in_its_other_parts(found):
    text = """
        const client = new (require('aws-sdk').DynamoDB.DocumentClient)();
        exports.handler = async (event) => {
          const params = { TableName: 't', UpdateExpression: 'set a = :a', ExpressionAttributeValues: {} };
          params.ExpressionAttributeValues[':a'] = event.subject;
          params.UpdateExpression = params.UpdateExpression + ', b = :b';
          await client.update(params).promise();
        };
    """
    assert "injection.nosql" not in {rule for rule, _ in found("a.js", text)}


def test_what_an_archive_holds_says_where_it_goes(found):
    text = """
        from tarfile import TarFile
        from flask import request
        @app.route("/a", methods=["POST"])
        def unpack():
            with TarFile.open(fileobj=request.files["menu"]) as archive:
                archive.extractall("/srv/menus")
    """
    assert ("injection.path", 6) in found("a.py", text)
    assert ("injection.path", 6) not in found("a.py", text.replace('("/srv/menus")', '("/srv/menus", filter="data")'))


def test_what_a_pattern_finds_is_still_the_callers(found):
    text = """
        import os, re
        from http.server import BaseHTTPRequestHandler
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                params = dict((m.group("k"), m.group("v")) for m in re.finditer(r"(?P<k>.*)=(?P<v>.*)", self.path))
                os.system("nslookup " + params["domain"])
    """
    assert ("injection.shell", 6) in found("a.py", text)


def test_an_address_that_a_service_works_on(found):
    text = """
        from services import Notes
        from flask import request
        @app.route("/pdf")
        def pdf():
            return Notes.to_pdf(request.args.get("url"))
    """
    assert ("input.unvalidated", 5) in found("a.py", text)
