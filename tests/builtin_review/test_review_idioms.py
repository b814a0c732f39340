"""Idioms of real handlers that look like a fault and are none, and some that are."""

from __future__ import annotations

import pytest

EXPRESS = 'const app = require("express")();\nconst User = require("./models/User");\n'


def route(body: str, *, before: str = "") -> str:
    return EXPRESS + f'app.post("/x", {before}async (req, res) => {{ {body} }});\n'


def handler(body: str, *, head: str = "") -> str:
    return f"{head}\nexports.handler = async (event) => {{ {body} }};\n"


def python(body: str, *, head: str = "import json, boto3\ntable = boto3.resource('dynamodb').Table('T')") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{head}\ndef lambda_handler(event, context):\n{lines}\n"


ESCAPED = handler(
    'return { headers: { "Content-Type": "text/html" }, body: `<p>${escapeHtml(event.queryStringParameters.n)}</p>` };',
    head='const escapeHtml = require("escape-html");',
)
OWN_ESCAPE = handler(
    'return { headers: { "Content-Type": "text/html" }, body: `<p>${esc(event.queryStringParameters.n)}</p>` };',
    head='const esc = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;");',
)
KEYS = handler(
    "const b = JSON.parse(event.body); const f = { title: b.title };"
    " const e = Object.keys(f).map((k) => `${k} = :${k}`).join();"
    ' await ddb.update({ TableName: "T", Key: { id: 1 }, UpdateExpression: `SET ${e}` }).promise();'
)
ITEMS = python(
    "b = json.loads(event['body'])\nallowed = {'title': b.get('title')}\nparts = []\n"
    "for k, v in allowed.items():\n    parts.append(f'{k} = :{k}')\n"
    "table.update_item(Key={'id': 1}, UpdateExpression='SET ' + ', '.join(parts))"
)
STUMBLE = python(
    "try:\n    name = json.loads(event['body'])['name']\nexcept (KeyError, TypeError):\n    return 400\n"
    "table.put_item(Item={'name': name})"
)
MISSING = python(
    "b = json.loads(event['body'])\nmissing = [k for k in ('a', 'b') if k not in b]\nif missing:\n    return 400\n"
    "table.put_item(Item={'a': b['a'], 'b': b['b']})"
)
MISSING_IN_SCRIPT = handler(
    "const b = JSON.parse(event.body); for (const f of ['a', 'b']) { if (!b[f]) return { statusCode: 400 }; }"
    ' await ddb.put({ TableName: "T", Item: { a: b.a, b: b.b } }).promise();'
)
SIGNED = python(
    "if not hmac.compare_digest(sign(event['body']), event['headers']['x-signature']):\n    return 401\n"
    "table.put_item(Item=json.loads(event['body']))",
    head="import hmac, json, boto3\nfrom signing import sign\ntable = boto3.resource('dynamodb').Table('T')",
)
NAMED = handler(
    'const b = JSON.parse(event.body); const ok = typeof b.x === "string"; if (!ok) return { statusCode: 400 };'
    ' await ddb.put({ TableName: "T", Item: { x: b.x } }).promise();'
)
STORE = "async function save({ id, user, body }) { await ddb.put({ Item: { id, user, body } }).promise(); }\n"
SENTENCE = python(
    "i = event['pathParameters']['id']\nreturn json.dumps({'message': f'Delete from cart {i} where present'})"
)
SCHEMA = (
    'app.post("/x", { schema: { body: S } }, async (request, reply) => ddb.put({ Item: request.body }).promise());\n'
)
TAGGED = handler(
    "await pool.query(SQL`select * from t where id = ${event.pathParameters.id}`);",
    head="const { Pool } = require('pg');",
)
RETRIED = """
class Client:
    @backoff.on_exception(backoff.expo, OSError)
    def connect(self, url):
        return requests.get(f"{self.base}{url}")
"""
EQUAL = handler(
    "const f = {}; const q = event.queryStringParameters;"
    " if (q.kind === 'a' || q.kind === 'b') f.kind = q.kind; return M.aggregate([{ $match: f }]);",
    head="const M = require('./models/M');",
)
WRITTEN = handler(
    "const one = await E.findById(event.pathParameters.id); one.start = event.queryStringParameters.start;"
    " return O.find({ event_id: one._id });",
    head="const E = require('./models/E');\nconst O = require('./models/O');",
)
EVERY = handler(
    "const b = JSON.parse(event.body); if (!['a', 'b'].every((k) => b[k])) return { statusCode: 400 };"
    ' await ddb.put({ TableName: "T", Item: { a: b.a, b: b.b } }).promise();'
)
MIDDLE = """
const save = middy(async (event) => { await ddb.put({ Item: JSON.parse(event.body) }).promise(); })
  .use(bodyValidator(schema));
module.exports = { save };
"""
FINE = [
    ("a.js", handler("await sql`select * from t where id = ${event.pathParameters.id}`;")),
    ("a.js", TAGGED),
    ("a.js", ESCAPED),
    ("a.js", OWN_ESCAPE),
    ("a.js", KEYS),
    ("a.py", ITEMS),
    ("a.py", SIGNED),
    ("a.js", NAMED),
    ("a.js", EQUAL),
    ("a.js", WRITTEN),
    ("a.js", MIDDLE),
    ("a.js", STORE),
    ("a.js", "const load = (name) => require(`./policies/${name}`);\n"),
    ("a.js", "self.addEventListener('fetch', go);\nconst go = async (event) => fetch(event.request.clone());\n"),
    ("a.py", RETRIED),
    ("a.py", SENTENCE),
    ("a.js", "const app = fastify();\n" + SCHEMA),
    ("a.js", route("await User.findOne({ email: req.body.email.toLowerCase() });")),
    ("a.js", route("await User.findByIdAndUpdate(1, req.body);", before="validate(schema), ")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text"), FINE)
def test_an_idiom_that_only_looks_like_a_fault_is_left_alone(found, path, text):
    injections = {rule for rule, _ in found(path, text) if rule.startswith("injection.")}
    unlooked = {rule for rule, _, level in found(path, text, level=True) if rule == "input.unvalidated"}
    assert (injections, unlooked if text not in (KEYS, ITEMS) else set()) == (set(), set())


@pytest.mark.parametrize(
    ("path", "text"), [("a.py", STUMBLE), ("a.py", MISSING), ("a.js", MISSING_IN_SCRIPT), ("a.js", EVERY)]
)
def test_what_is_only_asked_to_be_there_is_a_note(found, path, text):
    told = {level for rule, _, level in found(path, text, level=True) if rule == "input.unvalidated"}
    assert told == {"note"}


JOINED = python(
    "return (Path('/data') / event['queryStringParameters']['f']).read_text()", head="from pathlib import Path"
)
REMOTE = python(
    "b = json.loads(event['body'])\nssm.send_command(InstanceIds=['i'], Parameters={'commands': [b['cmd']]})",
    head="import json, boto3\nssm = boto3.client('ssm')",
)
SLOT = python(
    "c = event['currentIntent']['slots']['City']\nconn.cursor().execute(\"select * from t where c = '\" + c + \"'\")",
    head="import psycopg2\nconn = psycopg2.connect('')",
)
LITERAL = handler("await User.findAll({ order: sequelize.literal(event.queryStringParameters.s) });")
UNTYPED = """
@app.post('/x')
def create(item: dict):
    boto3.resource('dynamodb').Table('T').put_item(Item=item)
"""
CLAUSE = handler(
    "return repo.createQueryBuilder('u').where(`u.name = '${event.queryStringParameters.n}'`).getMany();",
    head="import { getRepository } from 'typeorm';\nconst repo = getRepository(U);",
)
KEYED = python(
    "query = {}\nfor name in event['queryStringParameters']:\n    query[name] = 1\nitems.find(query)",
    head="import pymongo\nitems = pymongo.MongoClient('x').db.items",
)
SIGNED_UP = python(
    "user = event['request']['userAttributes']\ncur.execute(f\"INSERT INTO users (name) VALUES ('{user['name']}')\")",
    head="import psycopg2\ncur = psycopg2.connect('x').cursor()",
)
BOUND = handler(
    "const query = util.promisify(db.query).bind(db);"
    " return query('select * from t where id=' + event.queryStringParameters.id);",
    head="const mysql = require('mysql');\nconst util = require('util');\nconst db = mysql.createConnection({});",
)
PREVIEW = handler(
    "return getLinkPreview(event.queryStringParameters.url);",
    head="const { getLinkPreview } = require('link-preview-js');",
)
CHARGE = handler(
    "const b = JSON.parse(event.body); await stripe.charges.create({ amount: b.amount });",
    head="const stripe = require('stripe')(process.env.KEY);",
)
ASKED_FOR = handler(
    "const page = event.queryStringParameters?.page; return await http.get(`${process.env.API}/planets?page=${page}`);",
    head="const http = require('../plugins/http');",
)
TYPED = """
@app.post('/pay')
def pay(event: APIGatewayProxyEvent):
    boto3.resource('dynamodb').Table('T').put_item(Item=event.json_body)
"""
FAULTY = [
    ("a.js", ASKED_FOR, "input.unvalidated"),
    ("a.py", TYPED, "input.unvalidated"),
    ("a.js", PREVIEW, "injection.ssrf"),
    ("a.js", CHARGE, "input.unvalidated"),
    ("a.py", python("pandas.read_csv(event['queryStringParameters']['u'])", head="import pandas"), "injection.ssrf"),
    ("a.py", KEYED, "injection.nosql"),
    ("a.py", SIGNED_UP, "injection.sql"),
    ("a.js", BOUND, "injection.sql"),
    ("a.js", BOUND, "input.unvalidated"),
    ("a.js", handler("ssh.execCommand(`post ${event.queryStringParameters.t}`);"), "injection.shell"),
    ("a.js", handler("require('ejs').renderFile(`html/${event.pathParameters.t}.ejs`, {}, done);"), "injection.path"),
    ("a.py", python("git.Repo.clone_from(event['url'], '/tmp/x')", head="import git"), "injection.ssrf"),
    ("a.js", route("const u = await User.findById(1); u.role = req.body.role; await u.save();"), "input.unvalidated"),
    ("a.py", JOINED, "injection.path"),
    ("a.py", REMOTE, "injection.shell"),
    ("a.py", SLOT, "injection.sql"),
    ("a.js", LITERAL, "injection.sql"),
    ("a.ts", CLAUSE, "injection.sql"),
    ("a.js", route("const u = new User(req.body); await u.save();"), "input.unvalidated"),
    ("a.js", handler("return s3.getSignedUrl('put', { Key: event.body });"), "input.unvalidated"),
    ("a.js", handler("await sns.publish({ Message: event.body }).promise();"), "input.unvalidated"),
    ("a.js", handler("await api.postToConnection({ Data: event.body }).promise();"), "input.unvalidated"),
    ("a.py", UNTYPED, "input.unvalidated"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "rule"), FAULTY)
def test_an_idiom_that_is_a_fault_is_found(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}


def test_a_long_chain_of_alternatives_is_walked_once(found):
    chain = " || ".join(f"e.code === 'E{number}'" for number in range(80))
    assert found("a.ts", f"export const retry = (e) => {chain};\n") == set()
