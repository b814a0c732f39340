"""What counts as a use of a caller's data, and what counts as having looked at it first."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file

PUT = "await client.send(new PutCommand({ TableName: 'T', Item: %s }));"


def handler(*lines: str, head: str = "") -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"{head}\nexport const handler: APIGatewayProxyHandler = async (event) => {{\n{body}\n}};\n"


def python(*lines: str, head: str = "") -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"import json\nimport boto3\n{head}\ndef lambda_handler(event, context):\n{body}\n"


READ = "const data = JSON.parse(event.body!);"
LOAD = "data = json.loads(event['body'])"
HANDED_ON = [
    ("a.py", python(LOAD, "create_order(data)", head="from orders import create_order")),
    ("a.py", python(LOAD, "service.create(data['x'])", head="from services import Service\nservice = Service()")),
    ("a.py", python("save(event.get('item'))", head="from src.store import save")),
    ("a.ts", handler("await save(event.queryStringParameters?.x);", head="import { save } from './store';")),
]


@pytest.mark.parametrize(("path", "text"), HANDED_ON)
def test_what_is_handed_to_another_file_unlooked_at_is_a_note(found, path, text):
    assert {level for rule, _, level in found(path, text, level=True) if rule.startswith("input.")} == {"note"}


SENT = [
    ("a.py", python(LOAD, "boto3.client('bedrock-runtime').invoke_model(body=json.dumps(data))")),
    ("a.py", python("boto3.client('s3').generate_presigned_post('b', event['queryStringParameters']['name'])")),
    ("a.ts", handler(READ, "await bedrock.send(new InvokeModelCommand({ body: data.prompt }));")),
    ("a.ts", handler(READ, "await fs.promises.appendFile('/mnt/log', data.text);", head="const fs = require('fs');")),
    (
        "a.py",
        python("for record in event['Records']:", "    table.put_item(Item=json.loads(record['body']))"),
    ),
]


@pytest.mark.parametrize(("path", "text"), SENT)
def test_what_is_sent_to_a_model_a_file_or_a_store_unlooked_at_is_told(found, path, text):
    assert {rule.split("-")[0] for rule, _ in found(path, text)} == {"input.unvalidated"}


def test_mail_put_together_from_the_query_string_is_told(found):
    text = handler(
        "const { to } = event.queryStringParameters;",
        "const form = new FormData();",
        "form.append('to', to);",
        "await axios.post('https://mail.example/send', form);",
        head="import axios from 'axios';",
    )
    assert ("input.unvalidated", 3) in found("a.ts", text)


LOOKED_AT = [
    (
        "a.ts",
        "const main = wrap(async (event) => { "
        + PUT % "event.body"
        + " });\nexport const handler = withValidation(main);\n",
    ),
    ("a.ts", "export const create = validated(async (event) => { " + PUT % "event.body" + " });\n"),
    ("a.py", python("data = OrderSchema().loads(event['body'])", "save(data)", head="from schema import OrderSchema")),
    ("a.ts", handler("const p = createInput.safeParse(JSON.parse(event.body!));", PUT % "p.data")),
]


@pytest.mark.parametrize(("path", "text"), LOOKED_AT)
def test_what_was_looked_at_first_is_not_told(found, path, text):
    assert not {rule for rule, _ in found(path, text) if rule.startswith("input.")}


ASKED_FOR = [
    python(LOAD, "if not all([data.get('a')]):", "    raise ValueError", "table.put_item(Item={'a': data.get('a')})"),
    python(
        LOAD,
        "for key in ['token', 'total']:",
        "    if key not in data:",
        "        return {'statusCode': 400}",
        "table.put_item(Item={'t': data['token']})",
    ),
    python(LOAD, "assert isinstance(data['a'], str)", "table.put_item(Item=data)"),
]


@pytest.mark.parametrize("text", ASKED_FOR)
def test_what_was_only_asked_for_or_looked_at_in_part_is_a_note(found, text):
    told = {level for rule, _, level in found("a.py", text, level=True) if rule.startswith("input.")}
    assert told == {"note"}


PARTLY = [
    ("const { id, role } = JSON.parse(event.body!);", "if (!id) return { statusCode: 400 };", PUT % "{ id, role }"),
    (READ, "if (!data.id) return { statusCode: 400 };", PUT % "{ ...data }"),
    (READ, "if (data.userId !== claims.sub) return { statusCode: 403 };", PUT % "data"),
    (READ, "const kept = known.filter((one) => !data.list.includes(one));", PUT % "{ list: data.list }"),
]


@pytest.mark.parametrize("lines", PARTLY)
def test_asking_for_one_field_says_nothing_of_the_others(found, lines):
    assert "input.unvalidated" in {rule for rule, _ in found("a.ts", handler(*lines))}


def test_a_service_that_verifies_something_checks_nothing(found):
    text = python(
        "mail = event['queryStringParameters']['mail']",
        "cursor.execute('INSERT INTO users VALUES (%s)', (mail,))",
        "boto3.client('ses').verify_email_identity(EmailAddress=mail)",
    )
    assert ("input.unvalidated", 5) in found("a.py", text)


def test_the_gravest_use_decides_the_level(found):
    text = handler(READ, "await add(data.name);", PUT % "{ n: data.name }", head="import { add } from './store';")
    assert {level for _, _, level in found("a.ts", text, level=True)} == {"warning"}


FILTER = python(
    "mail = event['pathParameters']['mail']",
    "boto3.client('cognito-idp').list_users(Filter=f'email = \"{mail}\"')",
)
ASKED = python(
    "AWSRequest(method='GET', url=event['queryStringParameters']['u'])",
    head="from botocore.awsrequest import AWSRequest",
)
MODEL = """
const User = require('../models/user');
const login = async (req, res) => User.findOne({ mail: req.body.mail });
"""
INVOKED = "exports.handler = async ({ bucket, key }) => { require('fs').writeFileSync(`/tmp/${key}`, x); };"
INJECTED = [
    ("a.py", "def run(script):\n    return eval(script)\n", "injection.eval"),
    ("a.py", ASKED, "injection.ssrf"),
    ("a.js", INVOKED, "injection.path"),
    ("a.py", FILTER, "injection.nosql"),
    ("a.js", MODEL, "injection.nosql"),
]


@pytest.mark.parametrize(("path", "text", "rule"), INJECTED)
def test_further_places_where_input_does_harm_are_found(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}


COLUMNS = """
def post(conn, table, body):
    holders = ', '.join(['%s'] * len(body))
    cur.execute(f"INSERT INTO {table} ({', '.join(list(body))}) VALUES ({holders})", tuple(body.values()))
"""
CLIENT = """
async function api({ method = 'GET', path, body, headers = {} }) {
  return fetch(`https://api.example.com${path}`, { method, headers, body });
}
"""
LIST = """
const f = async (req, res) => {
  const ids = Array.isArray(req.body.ids) ? req.body.ids : [];
  await Item.updateMany({ _id: { $in: ids } });
};
"""
HARMLESS = [
    ("a.js", "const f = async (n) => db.query(`UPDATE c SET tally=${n + 1 - 2} WHERE id='hits'`);\n"),
    ("a.py", COLUMNS),
    ("a.py", python("ddb_items = {}", LOAD, "return ddb_items.get(data['id'])")),
    ("a.js", CLIENT),
    ("a.js", LIST),
]


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_numbers_names_of_columns_tables_in_memory_and_clients_are_left_alone(found, path, text):
    assert found(path, text) == set()


def test_headers_reach_and_a_body_reaches():
    text = handler("exec(event.headers.x);", head="import { exec } from 'child_process';")
    (finding, *_) = [f for f in review_file("a.ts", text).findings if f.rule == "injection.shell"]
    assert "The request headers reach a shell command" in finding.message


@pytest.mark.parametrize(
    "write",
    [
        "db.collection('x').doc('1').set({ n: body.name })",
        "db.collection('x').add(body)",
        "db.ref('x').push({ n: body.name })",
        "setDoc(doc(db, 'x', '1'), { n: body.name })",
    ],
)
def test_a_document_of_firestore_is_a_store(found, write):
    text = f"""
        import {{ setDoc, doc, getFirestore }} from 'firebase/firestore';
        const db = getFirestore();
        export const handler = async (event) => {{ const body = JSON.parse(event.body); await {write}; }};
    """
    assert found("a.js", text, level=True) == {("input.unvalidated", 3, "warning")}
