"""Input that a handler asks a framework for by a call, and functions that a platform calls in its own way."""

from __future__ import annotations

import pytest


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


TORNADO = "import os\nimport tornado.web\nclass H(tornado.web.RequestHandler):\n    def get(self):\n        {body}\n"
REQPARSE = """\
import sqlite3
from flask_restful import Resource, reqparse
parser = reqparse.RequestParser()
class R(Resource):
    def get(self):
        args = parser.parse_args()
        cursor = sqlite3.connect("a").cursor()
        cursor.execute({statement})
"""
SANIC = """\
from sanic import Sanic
import asyncpg
app = Sanic("x")
@app.get("/u")
async def u(request):
    conn = await asyncpg.connect()
    return await conn.fetch("select * from u where n = '" + request.args.get("n") + "'")
"""
OBJECTS = """\
from flask import request
from flask_restful import Resource
from {library} import Document
from models import User
class Login(Resource):
    def post(self):
        body = request.get_json()
        return User.objects.get(name={value}).name
"""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (TORNADO.format(body='os.system("ping " + self.get_argument("host"))'), "injection.shell"),
        (TORNADO.format(body='os.system("ping " + self.get_name("host"))'), None),
        (REQPARSE.format(statement='"select * from t where n = \'%s\'" % args["name"]'), "injection.sql"),
        (REQPARSE.format(statement='"select * from t where n = ?", (args["name"],)'), None),
        (SANIC, "injection.sql"),
        (OBJECTS.format(library="mongoengine", value='body.get("name")'), "injection.nosql"),
        (OBJECTS.format(library="mongoengine", value='str(body.get("name"))'), None),
        (OBJECTS.format(library="elsewhere", value='body.get("name")'), None),
    ],
)
def test_python(found, text, rule):
    rules = {rule for rule in _rules(found, "a.py", text) if rule.startswith("injection.")}
    assert rules == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            (
                "import { ApiHandler, useJsonBody } from 'sst/node/api'; import { Note } from './note';\n"
                "export const create = ApiHandler(async () => { const b = useJsonBody();\n"
                "await Note.create(b.title); });\n"
            ),
            True,
        ),
        (
            (
                "import { useJsonBody } from './own'; import { Note } from './note';\n"
                "export const create = wrap(async () => { const b = useJsonBody();\n"
                "await Note.create(b.title); });\n"
            ),
            False,
        ),
        (
            (
                "const functions = require('firebase-functions'); const admin = require('firebase-admin');\n"
                "exports.add = functions.https.onCall(async (data, context) => {\n"
                "  await admin.firestore().collection('m').add({ text: data.text }); });\n"
            ),
            True,
        ),
        (
            (
                "import { createClient } from '@supabase/supabase-js'; const db = createClient('u', process.env.K);\n"
                "Deno.serve(async (req) => { const { name } = await req.json();\n"
                "await db.from('p').insert({ name }); });\n"
            ),
            True,
        ),
        (
            (
                "import { Hono } from 'hono'; const app = new Hono();\n"
                "app.post('/p', async (c) => { const b = await c.req.json();\n"
                "  await c.env.DB.prepare('insert into t values (?)').bind(b.a).run(); });\n"
            ),
            True,
        ),
        (
            (
                "exports.handler = async (event) => s3.getSignedUrl('putObject', { Bucket: 'b',\n"
                "  Key: `${event.identity.username}/${event.arguments.extension}` });\n"
            ),
            True,
        ),
    ],
)
def test_script(found, text, told):
    assert any(rule.startswith("input.") for rule in _rules(found, "a.ts", text)) is told


def test_a_body_sent_by_the_standard_librarys_client(found):
    text = """\
import http.client, json
def send(base, body):
    connection = http.client.HTTPSConnection(base)
    connection.request("POST", "/v1", json.dumps(body))
def lambda_handler(event, context):
    send("api.example.org", {"folder": event["folder"], "image": event["image"]})
"""
    assert any(rule.startswith("input.") for rule in _rules(found, "a.py", text))


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        ('subprocess.run(["/usr/bin/curl", "--url", request.args["u"]])', "injection.ssrf"),
        ('subprocess.run(["/usr/bin/grep", "-e", request.args["u"]])', None),
        ('run_tool(request.args["u"], shell=True)', "injection.shell"),
        ('run_tool(request.args["u"], shell=False)', None),
        ('html.replace("{{ name }}", request.args["u"])', "injection.html"),
        ('PAGES["a"]', None),
    ],
)
def test_views_of_flask(found, call, rule):
    text = f"""\
import subprocess
from flask import Flask, make_response, request
from tools import run_tool, PAGES
app = Flask(__name__)
html = open("templates/page.html").read()
@app.route("/a")
def a():
    return make_response({call})
"""
    rules = {rule for rule in _rules(found, "a.py", text) if rule.startswith("injection.")}
    assert rules == ({rule} if rule else set())


@pytest.mark.parametrize(("source", "told"), [("req.query", True), ("req.params", False)])
def test_a_filter_of_a_query_without_a_word_of_the_framework(found, source, told):
    text = f"""\
const Cart = require("../models/cartModel");
const list = async (req, res) => {{ const {{ user }} = {source}; res.json(await Cart.find({{ user }})); }};
module.exports = {{ list }};
"""
    assert ("injection.nosql" in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("export const action = async ({ request }) => { const b = await request.json(); await save(b); };", True),
        ("export const build = async ({ request }) => { const b = await request.json(); await save(b); };", False),
        ("export const actions = { make: async ({ request }) => { await save(await request.formData()); } };", True),
        ("export const POST: APIRoute = async ({ request }) => { await save(await request.json()); };", True),
        ("class A { async store({ request }: HttpContextContract) { await save(request.only(['a'])); } }", True),
        ("class A { async store({ request }: Made) { await save(request.only(['a'])); } }", False),
        ("class A { @post('/x') async make(@requestBody() body: any) { await save(body); } }", True),
        (
            (
                "addEventListener('fetch', (event) => event.respondWith(handle(event.request)));\n"
                "async function handle(request) { const b = await request.json(); await env.NOTES.put('a', b.text); }"
            ),
            True,
        ),
    ],
)
def test_sites_and_workers(found, handler, told):
    text = f"import {{ save }} from './store';\n{handler}\n"
    assert any(rule.startswith("input.") for rule in _rules(found, "a.ts", text)) is told


@pytest.mark.parametrize(
    ("asked", "rule"),
    [("cgi.FieldStorage()", "injection.shell"), ("made.FieldStorage()", None)],
)
def test_the_form_of_a_program(found, asked, rule):
    text = f'import cgi, made, os\nform = {asked}\nos.system("finger " + form.getvalue("name"))\n'
    rules = {rule for rule in _rules(found, "a.py", text) if rule.startswith("injection.")}
    assert rules == ({rule} if rule else set())


def test_xml_that_expat_reads(found):
    text = """\
const expat = require("node-expat"); const app = require("express")();
app.post("/", (req, res) => { const p = new expat.Parser("UTF-8"); p.parse(req.body.xml); res.end(); });
"""
    assert "injection.xxe" in _rules(found, "a.js", text)


@pytest.mark.parametrize(
    ("how", "told"), [("decode(req.headers.authorization)", True), ("verify(req.headers.authorization, KEY)", False)]
)
def test_a_token_that_nobody_verified(found, how, told):
    text = f"""\
const jwt = require('jsonwebtoken'); const db = require('./db'); const router = require('express').Router();
router.get('/', (req, res) => {{ const who = jwt.{how}; db.get(`SELECT * FROM users WHERE id = ${{who.id}}`); }});
"""
    assert ("injection.sql" in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(("source", "told"), [("request.form", True), ("request.kwargs", False)])
def test_functions_that_are_given_a_request_of_flask(found, source, told):
    text = f"def bind(model, request):\n    for k, v in {source}.items():\n        setattr(model, k, v)\n"
    assert any(name.startswith("input.") for name in _rules(found, "a.py", text)) is told


@pytest.mark.parametrize(
    ("ready", "told"), [("connection, _ = s.accept()", True), ("connection = s.connect(PEER)", False)]
)
def test_what_a_connection_sends(found, ready, told):
    text = f"import socket, pickle\ns = socket.socket()\n{ready}\npickle.loads(connection.recv(1024))\n"
    assert ("injection.deserialization" in _rules(found, "a.py", text)) is told


def test_a_list_in_a_request_of_graphql(found):
    text = """\
exports.handler = async (event) => {
  const { id } = JSON.parse(event.body);
  const query = `query { items(ids: [${id}]) { text } }`;
  return fetch("https://api.example.org", { method: "POST", body: JSON.stringify({ query }) });
};
"""
    assert "injection.nosql" in _rules(found, "a.js", text)


def test_what_a_request_of_nodes_own_is_written(found):
    text = """\
const router = require('express').Router(); const http = require('http');
router.post('/send', (req, res) => { const { username, key } = req.body;
  const request = http.request({ hostname: 'api.internal' }, () => res.json({})); request.write({written}); });
"""
    told = _rules(found, "a.js", text.replace("{written}", "JSON.stringify({ username, key })"))
    assert any(rule.startswith("input.") for rule in told)
    assert _rules(found, "a.js", text.replace("{written}", "'{}'")) == set()


def test_what_express_validator_hands_out_is_still_text(found):
    text = """\
const { matchedData } = require('express-validator'); const Sequelize = require('sequelize');
exports.list = async (req, res) => {
  const { id } = matchedData(req);
  res.json(await Plan.findAll({ where: Sequelize.literal(`p.id IN (SELECT p.id FROM plans WHERE q = ${id})`) }));
};
"""
    assert set(_rules(found, "a.js", text)) == {"injection.sql"}
