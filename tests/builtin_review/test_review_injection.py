# ruff: noqa: E501, ISC004 - programs under review, one to a line
from __future__ import annotations

import pytest

PYTHON = {
    "injection.shell": [
        "os.system('ls ' + event['dir'])",
        "subprocess.run(f'ls {event[\"dir\"]}', shell=True)",
        "subprocess.run(['sh', '-c', event['dir']])",
        "subprocess.Popen('x %s' % event['queryStringParameters']['u'], shell=True)",
        "from subprocess import check_output as co; co(event['c'], shell=True)",
        "subprocess.run('ping ' + event['host'])",
        "words = event['c'].split(); subprocess.call([words[0], words[1], 'some'])",
    ],
    "injection.eval": ["eval(event['body'])", "exec('x = {}'.format(event['x']))"],
    "injection.sql": [
        "conn = psycopg2.connect(); conn.cursor().execute('select * from t where a = ' + event['a'])",
        "sql = f\"delete from t where id = '{event['id2']}'\"; psycopg2.connect().cursor().execute(sql)",
    ],
    "injection.path": ["open('/tmp/' + event['name'])", "os.remove(os.path.join('/tmp', event['body']))"],
    "injection.ssrf": ["requests.get(event['url2'])", "urllib.request.urlopen(json.loads(event['body'])['u'])"],
    "injection.deserialization": ["pickle.loads(base64.b64decode(event['body']))", "yaml.load(event['body'])"],
    "injection.template": ["jinja2.Template(event['body']).render()"],
}
SCRIPT = {
    "injection.shell": [
        "const { exec } = require('child_process'); exec('ls ' + event.body);",
        "const cp = require('child_process'); cp.execSync(`ls ${event.queryStringParameters.d}`);",
        "require('child_process').exec(JSON.parse(event.body).cmd);",
        "const util = require('util'); const run = util.promisify(require('child_process').exec); run(event.body);",
        "const { spawn } = require('child_process'); spawn('ls', [event.body], { shell: true });",
    ],
    "injection.eval": [
        "eval(event.body);",
        "new Function('a', event.body);",
        "require('vm').runInNewContext(event.body);",
        "const p = await (await require('puppeteer-core').launch()).newPage(); await p.evaluate(`show(${event.body})`);",
    ],
    "injection.sql": [
        "const pg = require('pg'); const c = new pg.Client(); c.query(`select * from t where id = '${event.pathParameters.id}'`);",
        "const mysql = require('mysql2'); const q = 'select * from t where a = ' + event.body; mysql.createPool().query({ sql: q });",
    ],
    "injection.nosql": [
        "const AWS = require('aws-sdk'); const d = new AWS.DynamoDB.DocumentClient(); "
        "d.update({ TableName: 't', UpdateExpression: `set ${JSON.parse(event.body).k} = :v` });",
        "const { MongoClient } = require('mongodb'); col.find(JSON.parse(event.body));",
    ],
    "injection.path": ["const fs = require('fs'); fs.readFileSync('/data/' + event.pathParameters.name);"],
    "injection.ssrf": [
        "const axios = require('axios'); axios.get(event.queryStringParameters.url);",
        "const page = await browser.newPage(); await page.goto(event.queryStringParameters.url);",
    ],
    "injection.html": [
        "return { headers: { 'Content-Type': 'text/html' }, body: `<p>${event.queryStringParameters.n}</p>` };",
        "const { format } = require('util'); send(format('<div>%s</div>', event.queryStringParameters.n));",
        "let html = '<h1>a'; html = html.concat(event.queryStringParameters.n);",
        "const page = await browser.newPage(); await page.setContent(event.body);",
    ],
}
HEAD = "import base64, jinja2, json, os, pickle, psycopg2, requests, subprocess, urllib.request, yaml\ndef lambda_handler(event, context):\n"
CASES = [("a.py", HEAD + f"    {line}\n", rule) for rule, lines in PYTHON.items() for line in lines] + [
    ("a.js", f"exports.handler = async (event) => {{\n  {line}\n}};\n", rule)
    for rule, lines in SCRIPT.items()
    for line in lines
]


@pytest.mark.parametrize(("path", "text", "rule"), CASES)
def test_input_that_reaches_a_sink_is_found_at_the_sink(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}


HARMLESS = [
    ("a.py", HEAD + "    subprocess.run(['ls', '-l', event['dir']])\n"),
    ("a.js", "exports.handler = async (event) => { await page.evaluate((q) => find(q), event.body); };\n"),
    ("a.js", "const { format } = require('util'); exports.handler = async (e) => { send(format('%s', e.body)); };\n"),
    ("a.py", HEAD + "    os.system('ls ' + shlex.quote(event['dir']))\n"),
    ("a.py", HEAD + "    psycopg2.connect().cursor().execute('select * from t where a = %s', (event['a'],))\n"),
    ("a.py", HEAD + "    open('/tmp/' + os.path.basename(event['name']))\n"),
    ("a.py", HEAD + "    requests.get('https://api.example.com/items/' + event['pathParameters']['id'])\n"),
    ("a.py", HEAD + "    n = int(event['n'])\n    os.system('sleep ' + str(n))\n"),
    ("a.py", HEAD + "    if event['t'] not in ALLOWED:\n        return 1\n    os.system('x ' + event['t'])\n"),
    ("a.py", HEAD + "    yaml.load(event['body'], Loader=yaml.SafeLoader)\n"),
    ("a.py", HEAD + "    eval('1 + 1')\n    os.system('ls')\n"),
    ("a.py", HEAD + "    print(f\"select x from y where z = {event['a']}\")\n"),
    ("a.py", "import os\ndef run(event, context):\n    os.system('ls ' + os.environ['DIR'])\n"),
    ("a.js", "const re = /a/; exports.handler = async (event) => { re.exec(event.body); };\n"),
    (
        "a.js",
        "const { Pool } = require('pg'); exports.handler = async (event) => { await pool.query('select $1', [event.pathParameters.id]); };\n",
    ),
    (
        "a.js",
        "exports.handler = async (event) => { const sql = require('sql'); await db.query(sql`select ${event.body}`); };\n",
    ),
    ("a.tsx", "import React from 'react'; export const f = (event) => { eval(event.target.value2); };\n"),
    ("a.js", "exports.handler = (event, context) => { https.request(event.ResponseURL); };\n"),
]


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_is_quoted_bound_checked_or_constant_is_no_injection(found, path, text):
    assert {rule for rule, _ in found(path, text) if rule.startswith("injection.")} == set()


def test_input_is_followed_through_functions_of_the_file(found):
    text = """
    import os
    def statement(event):
        params = event.get("queryStringParameters", {})
        return params.get("statement")
    def process(text):
        return eval(text)
    def lambda_handler(event, context):
        return process(statement(event))
    """
    assert ("injection.eval", 6) in found("a.py", text)


def test_input_is_followed_through_destructuring_and_loops(found):
    text = """
    import { execSync } from 'node:child_process';
    export const handler = async ({ body }: APIGatewayProxyEvent) => {
      const { items } = JSON.parse(body!);
      for (const { cmd } of items) execSync(cmd);
    };
    """
    assert ("injection.shell", 4) in found("a.ts", text)


def test_a_check_whose_body_checks_nothing_is_no_check(found):
    text = """
    import os
    def is_safe(s):
        return True
    def lambda_handler(event, context):
        name = event["Records"][0]["s3"]["object"]["key"]
        if not is_safe(name):
            return
        os.system("touch " + name)
    """
    assert ("injection.shell", 8) in found("a.py", text)


def test_web_frameworks_requests_are_input_too(found):
    flask = """
    from flask import Flask, request
    import subprocess
    app = Flask(__name__)
    @app.route("/x")
    def x():
        return subprocess.check_output(request.args.get("c"), shell=True)
    """
    express = """
    const cp = require('child_process');
    app.get('/x', (req, res) => {
      cp.exec(req.query.c);
    });
    """
    assert ("injection.shell", 6) in found("a.py", flask)
    assert ("injection.shell", 3) in found("a.js", express)


def test_sql_pasted_together_from_an_unknown_parameter_is_a_warning(found):
    text = """
    import sqlite3
    def by_name(name):
        return sqlite3.connect("x").execute("select * from t where name = '" + name + "'")
    """
    assert ("injection.sql", 3, "warning") in found("a.py", text, level=True)
