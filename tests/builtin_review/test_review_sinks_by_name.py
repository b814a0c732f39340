"""Calls that are dangerous by their name alone, one handler of Flask's and one of Express' for all of them."""

from __future__ import annotations

import pytest

PYTHON = """\
from flask import Flask, request
import IMPORT
app = Flask(__name__)
@app.route('/x', methods=['POST'])
def run():
    v = request.form['v']
    CALL
    return {}
"""
SCRIPT = """\
const express = require('express'); const app = express();
const m = require('IMPORT');
app.post('/x', async (req, res) => { const v = req.body.v; CALL; res.json({}); });
"""
IN_PYTHON = [
    ("glob", "glob.glob('/data/' + v)", "injection.path"),
    ("ftplib", "ftplib.FTP(v)", "injection.ssrf"),
    ("smtplib", "smtplib.SMTP(v)", "injection.ssrf"),
    ("sympy", "sympy.sympify(v)", "injection.eval"),
    ("redis", "redis.Redis().eval(v, 0)", "injection.eval"),
    ("ast", "compile(v, 'x', 'exec')", "injection.eval"),
    ("tornado.template", "tornado.template.Template(v).generate()", "injection.template"),
    ("xml.etree.ElementTree", """xml.etree.ElementTree.parse('x').findall("//u[@n='" + v + "']")""", "injection.xpath"),
]
IN_SCRIPTS = [
    ("node-pty", "m.spawn(v, [])", "injection.shell"),
    ("promisify-child-process", "await m.exec('ls ' + v)", "injection.shell"),
    ("knex", "await m('a').orderByRaw(v)", "injection.sql"),
    ("redis", "await m.createClient().eval(v)", "injection.eval"),
]


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        *(("a.py", PYTHON.replace("IMPORT", i).replace("CALL", call), rule) for i, call, rule in IN_PYTHON),
        *(("a.js", SCRIPT.replace("IMPORT", i).replace("CALL", call), rule) for i, call, rule in IN_SCRIPTS),
    ],
)
def test_a_call_by_its_name(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}
    fixed = text.replace("request.form['v']", "'fixed'").replace("req.body.v", "'fixed'")
    assert found(path, fixed) == set()


@pytest.mark.parametrize(
    ("shown", "told"), [("{{ name | safe }}", True), ("{{ name }}", False), ("{{ other | safe }}", False)]
)
def test_a_template_that_shows_a_name_as_it_is(found, shown, told):
    text = f"""\
from flask import render_template_string, request
PAGE = "<h1>Hello {shown}</h1>"
@app.get("/welcome")
def welcome():
    return render_template_string(PAGE, name=request.args.get("name", "guest"))
"""
    assert ("injection.html" in {name for name, _ in found("a.py", text)}) is told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("index: body.index, body: { query: { match: { name: body.name } } }", True),
        ("index: 'items', body: body", True),
        ("index: 'items', body: { query: { match: { name: body.name } } }", False),
    ],
)
def test_a_search_whose_index_or_query_is_the_callers(found, asked, told):
    text = f"""\
const {{ Client }} = require('@opensearch-project/opensearch');
const client = new Client({{ node: process.env.NODE }});
exports.handler = async (event) => {{
  const body = JSON.parse(event.body);
  return client.search({{ {asked} }});
}};
"""
    assert ("injection.nosql" in {name for name, _ in found("a.js", text)}) is told


def test_a_cookie_that_holds_json(found):
    text = """\
app.post('/a', async (req, res) => {
  await db.collection('seen').insertOne({ user: WHAT });
});
"""
    told = {("input.unvalidated", 2)}
    assert found("a.js", text.replace("WHAT", "JSON.parse(req.cookies.user)")) == told
    assert found("a.js", text.replace("WHAT", "req.cookies.user")) == set()
