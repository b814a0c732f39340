"""Parts of programs as they are shown: requests that nobody declares, parts that no framework sets, Python 2."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents.builtin.review.older_python import rewrite

APP = "const express = require('express'); const app = express();\n"


def _script(found, text: str) -> set[tuple[str, str]]:
    return {(rule, level) for rule, _, level in found("a.js", APP + textwrap.dedent(text), level=True)}


TOLD = {
    "a request that is nowhere declared": ("injection.sql", "error", """
        const pool = new (require('pg').Pool)();
        pool.query("SELECT * FROM accounts WHERE id = '" + req.body.id + "'", done);
    """),
    "a part of the request that no framework sets": ("injection.sql", "warning", """
        const pool = new (require('pg').Pool)();
        app.get('/a', (req, res) => pool.query("SELECT * FROM t WHERE c = '" + req.foo.bar + "'", done));
    """),
    "a filter that is filled later": ("injection.nosql", "warning", """
        const User = require('./models/user');
        app.post('/a', (req, res) => { const query = {}; query['email'] = req.body.email; User.findOne(query, done); });
    """),
    "a model that comes from nowhere": ("injection.nosql", "warning", """
        app.post('/a', (req, res) => User.findOne({ email: req.body.email }, done));
    """),
    "code that is put into a filter later": ("injection.nosql", "error", """
        app.post('/a', (req, res) => { const q = {}; q['$where'] = `this.a == '${req.body.a}'`; Things.find(q); });
    """),
    "options of a view": ("injection.path", "warning", """
        app.post('/a', (req, res) => res.render('profile', req.body.profile));
    """),
    "options of a view, spread": ("injection.path", "warning", """
        app.post('/a', (req, res) => res.render('profile', { ...req.body, title: 'x' }));
    """),
    "a text sent back as it came": ("injection.html", "warning", """
        app.get('/a', (req, res) => res.status(200).send(req.query.term));
    """),
    "a pattern": ("injection.regex", "warning", """
        app.get('/a', (req, res) => res.json(names.filter((n) => new RegExp(req.query.q).test(n))));
    """),
    "a list that the program keeps": ("input.unvalidated", "note", """
        const todos = [];
        app.post('/a', (req, res) => { todos.push(req.body); res.end(); });
    """),
    "a table that the program keeps": ("input.unvalidated", "note", """
        const profiles = {};
        app.post('/a', (req, res) => { profiles[req.cookies.user] = req.body; res.end(); });
    """),
    "a tree that is merged into another": ("input.unvalidated", "warning", """
        const lodash = require('lodash');
        app.post('/a', (req, res) => { lodash.defaultsDeep({}, JSON.parse(req.body.config)); res.end(); });
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told(found, name):
    rule, level, text = TOLD[name]
    assert (rule, level) in _script(found, text)


QUIET = {
    "what a sanitizer has cleaned": """
        const clean = require('mongo-sanitize');
        app.post('/a', (req, res) => User.findOne({ email: clean(req.body.email) }, done));
    """,
    "who is asking": """
        app.get('/a', (req, res) => res.send(req.user));
    """,
    "a body that is only hashed": """
        const crypto = require('crypto');
        exports.handler = async (event) => crypto.createHmac('sha1', KEY).update(event.body).digest('hex');
    """,
    "a redirect to the host that was asked": """
        app.use((req, res) => res.redirect('https://' + req.get('Host') + req.url));
    """,
    "an escaped pattern": """
        app.get('/a', (req, res) => res.json(names.filter((n) => new RegExp(_.escapeRegExp(req.query.q)).test(n))));
    """,
}


@pytest.mark.parametrize("name", QUIET)
def test_it_is_quiet(found, name):
    assert _script(found, QUIET[name]) == set()


def _python(found, text: str) -> set[tuple[str, int]]:
    return found("a.py", text)


def test_a_server_of_the_standard_library(found):
    text = """
        import os, json
        from http.server import BaseHTTPRequestHandler
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                given = json.loads(self.rfile.read(100))
                os.system("run " + given["name"])
    """
    assert ("injection.shell", 6) in _python(found, text)


def test_a_view_that_keeps_its_request(found):
    text = """
        from rest_framework import viewsets
        class Offers(viewsets.ModelViewSet):
            def perform_create(self, serializer):
                User.objects.raw("SELECT * FROM users WHERE name = '%s'" % self.request.data["recipient"])
    """
    assert ("injection.sql", 4) in _python(found, text)


def test_a_form_that_was_validated_on_submit(found):
    text = """
        from flask import request
        @app.route("/a", methods=["POST"])
        def add():
            form = PostForm()
            if form.validate_on_submit():
                db.session.add(Post(body=request.form.get("body")))
    """
    assert _python(found, text) == set()
    assert _python(found, text.replace("form.validate_on_submit()", "request.method"))


def test_a_browser_that_is_driven(found):
    text = """
        from flask import request
        from selenium import webdriver
        driver = start()
        @app.route("/a")
        def shoot():
            driver.get(request.args.get("url"))
    """
    assert ("injection.ssrf", 6) in _python(found, text)


def test_a_command_that_a_helper_puts_together(found):
    text = "import subprocess\ndef ping(ip):\n    return subprocess.check_output('ping ' + ip, shell=True)\n"
    assert ("injection.shell", 3) in _python(found, text)


def test_what_a_pickle_holds_is_not_checked_by_its_type(found):
    text = """
        import pickle, base64
        from flask import request
        @app.route("/a", methods=["POST"])
        def load():
            user = pickle.loads(base64.b64decode(request.form.get("data")))
            if isinstance(user, User):
                return "ok"
    """
    assert {rule for rule, _ in _python(found, text)} == {"injection.deserialization", "input.unvalidated"}


def test_converting_is_no_check(found):
    text = """
        import boto3, json
        table = boto3.resource("dynamodb").Table("t")
        def convert_floats(value):
            if isinstance(value, float):
                return Decimal(str(value))
            return value
        def handler(event, context):
            table.put_item(Item=convert_floats(json.loads(event["body"])))
    """
    assert ("input.unvalidated", 8) in _python(found, text)


def test_names_from_a_table_make_no_expression(found):
    text = """
        import boto3, json
        table = boto3.resource("dynamodb").Table("t")
        FIELDS = {"a": "alpha"}
        def handler(event, context):
            update = {}
            for key, value in json.loads(event["body"]).items():
                if key in FIELDS:
                    update[FIELDS[key]] = value
            parts = []
            for name, value in update.items():
                parts.append(f"#{name} = :{name}")
            table.update_item(Key={"id": 1}, UpdateExpression="SET " + ", ".join(parts))
    """
    assert "injection.nosql" not in {rule for rule, _ in _python(found, text)}
    chosen = text.replace("update[FIELDS[key]] = value", "update[key] = value").replace("if key in FIELDS", "if key")
    assert "injection.nosql" in {rule for rule, _ in _python(found, chosen)}


def test_an_expression_that_one_branch_takes_from_the_body(found):
    text = """
        import boto3, json
        table = boto3.resource("dynamodb").Table("t")
        def handler(event, context):
            body = json.loads(event["body"])
            if "UpdateExpression" in body:
                expression = body["UpdateExpression"]
            else:
                expression = "SET " + ", ".join(["a = :a"])
            table.update_item(Key={"id": 1}, UpdateExpression=expression)
    """
    assert "injection.nosql" in {rule for rule, _ in _python(found, text)}


PYTHON_2 = """
    import os, sys
    def handler(event, context):
        print "got", event
        print
        print "a %s" % (
            event["x"],
        )
        print >>sys.stderr, "x"
        if event: print 'y'
        try:
            os.system("ls " + event["dir"])
        except KeyError, e:
            raise ValueError, "no dir"
        except (A, B), e:
            os.chmod("/tmp/x", 0755)
        if 10L <> 3: exec event["code"]
        print ("a"), `event`
        print("c")
        connect(user="root", passwd=u"Covacin@123")
"""


def test_python_2_is_read(found):
    rules = _python(found, PYTHON_2)
    assert {("injection.shell", 11), ("injection.eval", 16), ("credential.assigned", 19)} <= rules


def test_its_lines_stay_where_they_are():
    text = textwrap.dedent(PYTHON_2)
    assert rewrite(text).count("\n") == text.count("\n")
    ast.parse(rewrite(text))


@given(st.text(alphabet="print exc\"'`<>(),:;0lLu\n\t", max_size=80))
def test_any_text_keeps_its_lines(text):
    assert rewrite(text).count("\n") == text.count("\n")


def test_a_secret_among_arguments_is_found_in_a_file_that_is_no_program(found):
    text = "connect(user='root', passwd='Covacin@123', host='db')\n\nPlease note: this is no Python\n"
    assert found("a.py", text) == {("credential.assigned", 1)}


def test_every_action_of_a_bucket_for_one_other(found):
    text = """
        resource "aws_s3_bucket_policy" "web" {
          policy = jsonencode({
            Statement = [{
              Effect    = "Allow"
              Principal = { AWS = "arn:aws:iam::123456789012:role/other" }
              Action    = "s3:*"
              Resource  = "${aws_s3_bucket.web.arn}/*"
            }]
          })
        }
    """
    assert found("main.tf", text) == {("iam.service-wildcard", 6)}
    assert found("main.tf", text.replace('"s3:*"', '"s3:GetObject"')) == set()


SOCKET = """
    class Service {
      initialize() {
        this.wss.on('connection', (ws) => {
          ws.on('message', async (message) => { await this.handle(JSON.parse(message)); });
        });
      }
      async handle(data) { require('child_process').exec('ls ' + data.dir); }
    }
"""


def test_what_comes_over_a_web_socket_is_the_callers(found):
    assert ("injection.shell", 7, "error") in found("a.js", SOCKET, level=True)


def test_a_statement_that_a_helper_runs_as_it_is_given(found):
    text = "class S { async run(query: string) { return this.prisma.$queryRawUnsafe(query); } }\n"
    assert found("a.ts", text, level=True) == {("injection.sql", 1, "warning")}


def test_a_stored_name_in_a_command(found):
    text = """
        import os
        @app.route('/delete/<int:book_id>')
        def delete(book_id):
            os.system(f'rm uploads/{cursor.fetchone()[0]}')
    """
    assert ("injection.shell", 4, "warning") in found("a.py", text, level=True)


def test_a_function_that_is_given_flask_s_request_and_imports_none_of_it(found):
    text = """
        from google.cloud import firestore
        db = firestore.Client()
        def add_user(request):
            data = request.get_json()
            db.collection("users").document("a").set({"name": data["name"]})
    """
    assert {rule for rule, _ in found("main.py", text)} == {"input.unvalidated"}


def test_a_part_is_told_where_it_is_read_in_the_function_that_read_the_whole(found):
    gap = "\n".join(f"    step({number})" for number in range(24))
    text = (
        "import boto3, json\ntable = boto3.resource('dynamodb').Table('t')\n"
        "def handler(event, context):\n    return update(event)\n"
        f"def update(event):\n    body = json.loads(event['body'])\n{gap}\n"
        "    values = {':t': body['title']}\n    table.update_item(Key={}, ExpressionAttributeValues=values)\n"
    )
    assert found("a.py", text) == {("input.unvalidated", 31)}
