"""Requests read where nobody hands them in, rows changed by name, and what a name of a function or a key says."""

from __future__ import annotations

import pytest


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


@pytest.mark.parametrize(("head", "told"), [("from flask import request", True), ("from tools import request", False)])
def test_a_function_that_reads_the_request_hands_it_to_others_of_its_file(found, head, told):
    text = f"""\
    import os
    {head}
    def shortcuts():
        return info(request.get_json()["path"])
    def info(path):
        return os.listdir(path)
    """
    assert ("injection.path" in _rules(found, "a.py", text)) is told


def test_a_row_whose_attributes_are_set_by_name(found):
    text = """\
    from flask import request
    @app.route("/a", methods=["PATCH"])
    def patch():
        data = request.get_json()
        for name in ("title", "stock"):
            setattr(book, name, data[name])
    """
    assert ("input.unvalidated", 4) in found("a.py", text)
    assert not found("a.py", text.replace("setattr(book, name, data[name])", "setattr(book, name, None)"))


def test_rows_of_drizzles(found):
    text = """\
    import { db } from '@/db';
    export async function PUT(request: NextRequest) {
      const body = await request.json();
      await db.update(cars).set({ brand: body.brand }).where(eq(cars.id, 1));
    }
    """
    assert ("input.unvalidated", 3) in found("a.ts", text)
    assert not found("a.ts", text.replace("db.update(cars).set(", "map.update(cars).get("))


def test_a_whole_query_given_to_an_injected_service(found):
    text = """\
    @Controller('a')
    export class Board {
      @Get()
      show(@Query() query: Record<string, unknown>) { return this.service.getData(query); }
    }
    """
    assert "input.unvalidated" in _rules(found, "a.ts", text)
    assert "input.unvalidated" not in _rules(found, "a.ts", text.replace("this.service.getData", "getData"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("problem = password_error(password)", False),
        ("problem = get_input_errors(password)", False),
        ("problem = log_error(password)", True),
    ],
)
def test_a_function_named_after_the_errors_it_finds_checks(found, line, told):
    text = f"""\
    from flask import request
    from rules import password_error, get_input_errors, log_error
    @app.route("/a", methods=["POST"])
    def change():
        password = request.form["password"]
        {line}
        if problem:
            return problem
        db.session.add(User(password=password))
    """
    assert ("input.unvalidated" in _rules(found, "a.py", text)) is told


@pytest.mark.parametrize(
    ("join", "told"),
    [
        ("path.join(FOLDER, ctx.request.path.slice(8))", True),
        ("path.join(FOLDER, path.basename(ctx.request.path))", False),
    ],
)
def test_the_path_of_a_request_is_as_it_was_asked_for(found, join, told):
    text = f"""\
    const fs = require('fs');
    const path = require('path');
    const Koa = require('koa');
    const files = async (ctx, next) => {{
      if (!ctx.request.path.startsWith('/static/')) return next();
      ctx.body = fs.readFileSync({join});
    }};
    """
    assert ("injection.path" in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(("made", "told"), [("req.query.name", True), ("path.resolve(FOLDER, req.query.name)", False)])
def test_how_a_path_begins_says_where_it_leads_once_its_dots_are_gone(found, made, told):
    text = f"""\
    const fs = require('fs');
    const path = require('path');
    app.get('/a', (req, res) => {{
      const full = {made};
      if (!full.startsWith(FOLDER)) return res.end();
      fs.readFile(full, done);
    }});
    """
    assert ("injection.path" in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('open_transport(HOST, 465, "me@example.com", "ZX~}m2(l$6Q9")', True),
        ('send_mail("me@example.com", "Welcome, and thanks!")', False),
        ('translate("me@example.com", "ZX~}m2(l$6Q9")', False),
        ('ftplib.FTP("host", "me", "Wint3rIsHere")', True),
    ],
)
def test_a_password_beside_the_address_it_belongs_to(found, line, told):
    rules = _rules(found, "a.py", f"import ftplib\n{line}\n")
    assert any(rule.startswith("credential.") for rule in rules) is told


CONDITIONS = [
    ('{ Bool = { "aws:MultiFactorAuthPresent" = "true" } }', "warning"),
    ('{ StringEquals = { "aws:ResourceTag/team" = "a" } }', "note"),
]


@pytest.mark.parametrize(("condition", "level"), CONDITIONS)
def test_a_condition_that_asks_how_limits_no_right(found, condition, level):
    text = f"""\
    resource "aws_iam_policy" "a" {{
      policy = jsonencode({{ Statement = [{{
        Effect = "Allow", Action = ["iam:PutUserPolicy"], Resource = "*", Condition = {condition}
      }}] }})
    }}
    """
    assert {said for rule, _, said in found("a.tf", text, level=True) if rule == "iam.privilege-escalation"} == {level}


def test_actions_that_stand_in_locals_are_told_where_they_are_used(found):
    text = """\
    locals {
      actions = ["s3:*"]
      again   = local.again
    }
    data "aws_iam_policy_document" "a" {
      statement {
        actions   = local.actions
        resources = ["*", local.again]
      }
    }
    """
    assert ("iam.service-wildcard", 7) in found("a.tf", text)


@pytest.mark.parametrize(("subject", "told"), [("repo:*", True), ("repo:our/app:*", False)])
def test_a_role_for_every_repository_whose_issuer_is_told_by_the_condition(found, subject, told):
    text = f"""\
    data "aws_iam_policy_document" "a" {{
      statement {{
        actions = ["sts:AssumeRoleWithWebIdentity"]
        principals {{
          type        = "Federated"
          identifiers = [aws_iam_openid_connect_provider.github.arn]
        }}
        condition {{
          test     = "StringLike"
          variable = "token.actions.githubusercontent.com:sub"
          values   = ["{subject}"]
        }}
      }}
    }}
    """
    assert ("iam.wildcard-principal" in _rules(found, "a.tf", text)) is told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("res.sendfile(params.file, { root: '/' });", True),
        ("res.sendfile(params.file);", True),
        ("res.sendFile(params.file, { root: FOLDER });", False),
        ("res.sendFile(params.file, options);", False),
    ],
)
def test_a_request_that_is_taken_apart_and_a_file_that_is_sent(found, line, told):
    text = f"module.exports = function () {{\n  return ({{ params, query }}, res, next) => {{ {line} }};\n}};\n"
    assert ("injection.path" in _rules(found, "a.js", text)) is told


SHELL = "const { exec } = require('child_process');\n"
FLOWS = {
    "a promise that is kept with it": (
        "const read = (event) => new Promise((resolve) => { resolve(event.x); });\n"
        "exports.handler = async (event) => { const x = await read(event); exec('ls ' + x); };"
    ),
    "a callback of the file's own": (
        "function read(event, done) { done(null, event.x); }\n"
        "exports.handler = async (event) => { read(event, (error, x) => exec('ls ' + x)); };"
    ),
    "a variable of the module's": (
        "let x;\nfunction go() { exec('ls ' + x); }\nexports.handler = async (event) => { x = event.x; go(); };"
    ),
}


@pytest.mark.parametrize("text", FLOWS.values(), ids=FLOWS)
def test_values_that_come_by_another_way(found, text):
    assert "injection.shell" in _rules(found, "a.js", SHELL + text)
    assert not _rules(found, "a.js", SHELL + text.replace("event.x", "'a'"))


def test_what_a_generator_gives(found):
    text = """\
    import os
    def names(event):
        yield event["name"]
        yield
    def lambda_handler(event, context):
        for name in names(event):
            os.system("ls " + name)
    """
    assert ("injection.shell", 7) in found("a.py", text)


@pytest.mark.parametrize(
    ("line", "rule", "told"),
    [
        ("await User.find({ mail: req.body.mail });", "injection.nosql", True),
        ("await User.find((one) => one.mail === req.body.mail);", "injection.nosql", False),
        ("await User.paginate({ owner: req.query.owner }, { page: 1 });", "injection.nosql", True),
        ("await User.findOneAndUpdate({ _id: req.params.id }, { seen: true });", "input.unvalidated", False),
        ("const u = await User.findById(1); Object.assign(u, req.body); await u.save();", "input.unvalidated", True),
        ("await Db.query(`describe ${req.params.table}`);", "injection.sql", True),
        ("qb.whereRaw(`name like '%${req.query.q}%'`);", "injection.sql", True),
        ("exec('mkdir ' + Buffer.from(req.query.name).toString('base64url'));", "injection.shell", False),
        ("exec('mkdir ' + Buffer.from(req.query.name).toString('utf8'));", "injection.shell", True),
    ],
)
def test_models_statements_and_encodings(found, line, rule, told):
    text = (
        "const express = require('express');\nconst User = require('../models/user');\n"
        f"const {{ exec }} = require('child_process');\nexports.run = async (req, res) => {{ {line} }};\n"
    )
    assert (rule in _rules(found, "a.js", text)) is told


def test_a_word_of_the_query_that_nobody_holds_against_its_type(found):
    text = """\
    @Controller('orders')
    export class Orders {
      @Patch()
      change(@Query('status') status: OrderStatus) { return this.orders.updateStatus(status); }
    }
    """
    assert "input.unvalidated" in _rules(found, "a.ts", text)
    assert not _rules(found, "a.ts", text.replace("'status')", "'status', new ParseEnumPipe(OrderStatus))"))


def test_a_handler_of_koas_that_reads_its_path(found):
    text = """\
    class Dev {
      static async table(ctx) {
        const [fields] = await Db.query(`describe ${ctx.params.table}`);
        ctx.response.body = fields;
      }
    }
    """
    assert ("injection.sql", 3) in found("a.js", text)


SERVED = "router.post('/a', async (req, res) => { await db.execute('INSERT INTO t VALUES (?)', [req.body.a]); });\n"


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("import * as React from 'react';\nimport { Router } from 'express';\n", True),
        ("import * as React from 'react';\n", False),
    ],
)
def test_a_server_that_draws_its_mails_with_react(found, head, told):
    assert bool(_rules(found, "a.ts", head + SERVED)) is told


@pytest.mark.parametrize(("sent", "told"), [("io.BytesIO(load(name))", False), ("load(name)", True), ("name", True)])
def test_what_is_sent_from_memory_is_no_path(found, sent, told):
    text = f"""\
    import io
    from flask import request, send_file
    @app.route("/a")
    def show():
        name = request.args["name"]
        return send_file({sent})
    """
    assert ("injection.path" in _rules(found, "a.py", text)) is told


def test_a_row_found_by_its_key_is_not_what_was_asked_with(found):
    text = """\
    from flask import send_file
    @app.route("/a/<key>")
    def show(key):
        return send_file(Picture.query.get(key))
    """
    assert "injection.path" not in _rules(found, "a.py", text)


def test_an_expression_of_xpath_that_is_handed_to_a_service(found):
    text = """\
    @Controller('a')
    export class Partners {
      @Get()
      login(@Query('name') name: string) { return this.partners.find(`//partner[name/text()='${name}']/*`); }
    }
    """
    assert ("injection.xpath", 4) in found("a.ts", text)
    assert "injection.xpath" not in _rules(found, "a.ts", text.replace("[name/text()='${name}']", "/${name}"))


def test_a_form_that_is_filled_and_sent(found):
    text = """\
    exports.handler = async (event) => {
      const form = new URLSearchParams();
      form.set('url', JSON.parse(event.body).url);
      await fetch(API, { method: 'POST', body: form.toString() });
    };
    """
    assert ("input.unvalidated", 3) in found("a.js", text)


def test_a_password_that_a_directory_is_asked_with(found):
    text = 'import ldap\nldap.initialize(URL).simple_bind_s("cn=admin", "Wint3rIsHere")\n'
    assert "credential.argument" in _rules(found, "a.py", text)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('send_mail("s", "b", "me@x", [to], html_message=text)', True),
        ('send_mail("s", text, "me@x", [to])', False),
        ('message.attach_alternative(text, "text/html")', True),
        ('MIMEText(text, "html")', True),
        ('MIMEText(text, "plain")', False),
        ('mail = EmailMessage("s", text); mail.content_subtype = "html"', True),
        ('mail = EmailMessage("s", text); mail.content_subtype = "plain"', False),
    ],
)
def test_the_html_of_a_mail(found, line, told):
    text = f"""\
    from django.core.mail import send_mail, EmailMessage
    from email.mime.text import MIMEText
    def notify(request):
        text = request.POST.get("text")
        {line}
    """
    assert ("injection.html" in _rules(found, "a.py", text)) is told


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"/https?:\/\/(www\.)?[-a-zA-Z0-9@:%._\+~#=]{1,256}\.[a-z]{2,6}/", True),
        (r"/^https:\/\/(www\.)?example\.com\//", False),
        (r"/^https:\/\/[a-z]+\.example\.com\//", False),
    ],
)
def test_a_pattern_of_addresses_of_any_name_limits_no_host(found, pattern, told):
    text = f"""\
    app.post('/a', async (req, res) => {{
      const known = {pattern};
      if (!req.body.url.match(known)) return res.end();
      await fetch(req.body.url);
    }});
    """
    assert ("injection.ssrf" in _rules(found, "a.js", text)) is told
