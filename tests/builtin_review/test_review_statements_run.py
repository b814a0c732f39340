"""Statements that the input is, pages that are sent as text, and other things that run: XPath, Cypher, modules."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file


def _rules(path, text):
    return {f.rule for f in review_file(path, text).findings if f.rule.startswith("injection")}


TOLD = {
    "injection.sql 1": """
import { query } from '@/lib/db';
export async function POST(req: NextRequest) {
  const body = await req.json();
  return query({ query: body.query });
}
""",
    "injection.sql 2": """
export const handler: Handler = async (event) => { await connection.query(event.query); };
""",
    "injection.sql 3": """
exports.handler = async (e, context, cb) => { await runQuery(JSON.parse(e.body).sql); };
""",
    "injection.nosql 1": """
exports.handler = async (event) => {
  await session.run(`MATCH (n {name: '${JSON.parse(event.body).name}'}) RETURN n`);
};
""",
    "injection.nosql 2": """
exports.handler = async (event) => dynamoDbLib.call('put', { TableName: event.pathParameters.table, Item: {} });
""",
    "injection.eval": """
exports.handler = async (event) => { await import(event.queryStringParameters.m); };
""",
    "injection.deserialization": """
const yaml = require('js-yaml');
app.post('/x', (req, res) => res.json(yaml.load(req.body.text)));
""",
    "injection.xpath": """
const xpath = require('xpath');
app.get('/x', (req, res) => res.json(xpath.select("//user[name='" + req.query.name + "']", doc)));
""",
    "injection.html": """
app.get('/x', (req, res) => res.send(`Hello ${req.query.name}`));
""",
    "injection.ssrf": """
import { takeScreenshot } from "./browser";
export async function handler(event: APIGatewayEvent) {
  return takeScreenshot(browser, event.queryStringParameters.url);
}
""",
    "injection.path 1": """
const path = require('path');
app.get('/x', (req, res) => res.download(path.join(__dirname, req.query.f)));
""",
    "injection.path 2": """
const fs = require('fs').promises;
const path = require('path');
exports.handler = async (event) => {
  const name = ['', '/'].includes(event.path) ? 'index.html' : event.path;
  return fs.readFile(path.join('/static', name));
};
""",
    "injection.path 3": """
const url = require('url');
const fs = require('fs');
http.createServer((req, res) => { fs.readFile('./files' + url.parse(req.url).pathname, done); });
""",
    "injection.path 4": """
const fs = require('fs');
http.createServer((req, res) => {
  form.parse(req, (err, fields, files) => { fs.rename(files.one.path, '/public/' + files.one.name, done); });
});
""",
    "injection.shell": """
const { exec } = require('child_process');
app.get('/x', (req, res) => { exec('ls ' + req.get('X-Dir')); });
""",
}


@pytest.mark.parametrize("case", TOLD)
def test_it_is_told_in_a_script(case):
    assert case.split()[0] in _rules("a.ts", TOLD[case])


TOLD_IN_PYTHON = {
    "injection.xpath": """
from lxml import etree
def handler(event, context):
    return tree.xpath("//u[n='" + event['queryStringParameters']['n'] + "']")
""",
    "injection.html": """
from flask import Flask, request
@app.route('/x')
def hello():
    return 'Hello ' + request.args.get('n')
""",
    "injection.path": """
from fastapi.responses import FileResponse
@app.get('/f')
async def down(name: str):
    return FileResponse(path=f'uploads/{name}')
""",
    "injection.path 2": """
from flask import Flask, request
import os
@app.route('/up', methods=['POST'])
def up():
    image = request.files.get('photo')
    image.save(os.path.join('upload', image.filename))
    return 'ok'
""",
    "injection.sql": """
from sqlalchemy import text
from flask import request
@app.route('/search')
def search():
    return render(session.query(Note).filter(text(f"note like '%{request.args.get('q')}%'")).all())
""",
    "injection.deserialization": """
from pickle import loads
from flask import request
@app.before_request
def before():
    known = request.cookies.get('known')
    if known is None:
        known = {}
    else:
        known = loads(known)
""",
    "injection.ssrf": """
from flask import request
import requests
@app.route('/x')
def x():
    url = request.args.get('url')
    if url.startswith('http:///'):
        url = 'http://' + url[8:]
    return requests.get(url).text
""",
    "injection.shell": """
import shlex, subprocess
def handler(event, context):
    subprocess.Popen(shlex.split(event['cmd']))
""",
}


@pytest.mark.parametrize("case", TOLD_IN_PYTHON)
def test_it_is_told_in_python(case):
    assert case.split()[0] in _rules("a.py", TOLD_IN_PYTHON[case])


QUIET = {
    "another type": "app.get('/x', (req, res) => { res.type('text/plain').send(`Hello ${req.query.name}`); });",
    "JSON": "app.get('/x', (req, res) => res.send(`{\"name\": ${req.query.name}}`));",
    "GraphQL": "import { graphql } from 'graphql';\nconst go = (req, res) => execQuery({ query: req.body.query });",
    "an event beside a statement": """
const mysql = require('mysql');
exports.handler = async (event, context) => redshift.query(event, QUERY, creds);
""",
    "a schema for js-yaml": """
const yaml = require('js-yaml');
app.post('/x', (req, res) => res.json(yaml.load(req.body.text, { schema: yaml.FAILSAFE_SCHEMA })));
""",
    "a file below a root": """
const get = (req, res) => res.sendFile(req.params.name, { root: './files' });
""",
    "a use case": "exports.handler = async (event) => useCase.execute(event.queryStringParameters);",
}


@pytest.mark.parametrize("case", QUIET)
def test_it_is_quiet(case):
    assert _rules("a.js", QUIET[case]) == set()


def test_what_one_handler_was_given_is_not_what_another_keeps():
    text = (
        "import json\npassword = ''\n"
        "def first_handler(event, context):\n    if event:\n        password = json.loads(event['body'])['p']\n"
        "def second_handler(event, context):\n    if event:\n        table.put_item(Item={'p': password})\n"
    )
    assert [f for f in review_file("a.py", text).findings if f.category != "hardcoded-credential"] == []


def test_a_redirect_to_a_view_of_ones_own_is_quiet():
    text = (
        "from flask import redirect, request, url_for\n@app.route('/x')\n"
        "def go():\n    return redirect(url_for('y', n=request.args['n']))\n"
    )
    assert review_file("a.py", text).findings == ()
