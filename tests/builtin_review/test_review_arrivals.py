# ruff: noqa: E501, ISC004 - programs under review, one to a line
"""Places where input does harm or is kept that are not among the obvious ones."""

from __future__ import annotations

import pytest


def python(*lines: str, head: str = "import json, boto3") -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"{head}\ndef lambda_handler(event, context):\n{body}\n"


def script(*lines: str, head: str = "") -> str:
    return f"{head}\nexports.handler = async (event) => {{\n" + "\n".join(lines) + "\n};\n"


DO = "c.search('dc=x', filter=f\"(uid={event['uid']})\")"
HARMED = [
    ("a.py", python("c = Connection(server)", DO, head="from ldap3 import Connection"), "injection.ldap"),
    ("a.py", python("boto3.client('apigatewaymanagementapi', endpoint_url=event['url2'])"), "injection.ssrf"),
    (
        "a.js",
        script(
            "new ApiGatewayManagementApiClient({ endpoint: event.queryStringParameters.e });",
            head="const { ApiGatewayManagementApiClient } = require('@aws-sdk/client-apigatewaymanagementapi');",
        ),
        "injection.ssrf",
    ),
    (
        "a.py",
        python("slackweb.Slack(url=event['response_url']).notify(text='x')", head="import slackweb"),
        "injection.ssrf",
    ),
    (
        "a.py",
        python(
            "script = f\"#!/bin/bash\\nmkdir {json.loads(event['body'])['name']}\"",
            "boto3.resource('ec2').create_instances(UserData=script)",
        ),
        "injection.shell",
    ),
    (
        "a.js",
        script("await shellExec(event.command);", head="const shellExec = require('./shell-exec');"),
        "injection.shell",
    ),
    ("a.py", python("boto3.client('s3').upload_file('/tmp/' + event['body'], 'b', 'k')"), "injection.path"),
    (
        "a.js",
        "const { spawn } = require('child_process');\n"
        "exports.render = (input) => spawn('/bin/bash', ['-c', `convert ${input} | cat`]);\n",
        "injection.shell",
    ),
    (
        "a.js",
        "exports.find = async (email) => axios.post(process.env.DB, { query: `SELECT a FROM t WHERE m = '${email}'` });\n",
        "injection.sql",
    ),
    (
        "a.js",
        "const User = require('../schema/auth');\nrouter.post('/l', async (req, res) => {\n"
        "  const { email } = req.body; await User.findOne({ email });\n});\n",
        "injection.nosql",
    ),
    (
        "a.py",
        python(
            "q = event['queryStringParameters']",
            "ask = {'UserPoolId': 'p'}",
            "ask['Filter'] = f'name = \"{q[\"n\"]}\"'.format()",
            "boto3.client('cognito-idp').list_users(**ask)",
        ),
        "injection.nosql",
    ),
    (
        "a.js",
        script(
            "let mail = fs.readFileSync('mail.html', 'utf8'); mail = mail.replace(/NAME/g, JSON.parse(event.body).name);",
            "await ses.send(new SendEmailCommand({ Message: { Body: { Html: { Data: mail } } } }));",
            head="const fs = require('fs');",
        ),
        "injection.html",
    ),
]


@pytest.mark.parametrize(("path", "text", "rule"), HARMED)
def test_input_that_arrives_there_is_told(found, path, text, rule):
    assert rule in {name for name, _ in found(path, text)}


UNHARMED = [
    (
        "a.py",
        python(
            "c.search('dc=x', filter='(uid=%s)' % escape_filter_chars(event['uid']))",
            head="from ldap3.utils.conv import escape_filter_chars\nfrom ldap3 import Connection",
        ),
    ),
    ("a.py", python("bus.execute_command(CreateOrder(event['a']))", head="from app import bus, CreateOrder")),
    (
        "a.js",
        "exports.find = async (id) => pool.query('SELECT a FROM t WHERE m = $1', [id]);\n",
    ),
    (
        "a.js",
        script("await ses.send(new CreateEmailTemplateCommand({ Html: JSON.parse(event.body).html }));"),
    ),
]


@pytest.mark.parametrize(("path", "text"), UNHARMED)
def test_what_is_escaped_bound_or_meant_is_no_injection(found, path, text):
    assert not {rule for rule, _ in found(path, text) if rule.startswith("injection.")}


KEPT = [
    ("a.js", script("await s3.getSignedUrlPromise('putObject', { Key: event.headers['x-key'] });")),
    ("a.py", python("boto3.client('s3').generate_presigned_url('get_object', Params={'Key': event['body']})")),
    (
        "a.js",
        "router.put('/:id', async (req, res) => { const one = await find(1); await one.update({ ...req.body }); });",
    ),
    ("a.js", script("await client.db('x').collection(event.queryStringParameters.name).find();")),
    (
        "a.js",
        "const User = require('../schema/auth');\nrouter.post('/s', async (req, res) => {\n"
        "  const { name } = req.body; const user = new User({ name }); await user.save();\n});\n",
    ),
    (
        "a.js",
        script(
            "await t.send(new StartTranscriptionJobCommand({ Media: JSON.parse(event.body).media }));",
            head="const { StartTranscriptionJobCommand } = require('@aws-sdk/client-transcribe');",
        ),
    ),
    (
        "a.py",
        python("boto3.client('lambda').invoke(FunctionName='do-' + json.loads(event['body'])['what'])"),
    ),
    (
        "a.js",
        script(
            "await mysql.query({ sql: 'UPDATE t SET name = ?', values: [JSON.parse(event.body).name] });",
            head="const mysql = require('serverless-mysql')();",
        ),
    ),
    (
        "a.js",
        script(
            "unirest.post(process.env.URL).type('json').send(JSON.parse(event.body));",
            head="const unirest = require('unirest');",
        ),
    ),
    (
        "a.ts",
        script(
            "await octokit.issues.create({ title: JSON.parse(event.body).title });",
            head="import { Octokit } from '@octokit/rest';\nconst octokit = new Octokit();",
        ),
    ),
    (
        "a.ts",
        script(
            'await new DocumentClient().put({ TableName: "T", Item: { name: event.pathParameters.name } }).promise();'
        ),
    ),
]


@pytest.mark.parametrize(("path", "text"), KEPT)
def test_input_that_is_kept_sent_or_chooses_there_unseen_is_told(found, path, text):
    assert "input.unvalidated" in {rule for rule, _ in found(path, text)}


WHOLE = [
    ("a.py", python("boto3.client('s3').put_object(Bucket='b', Key=event['name'], Body=b'')")),
    ("a.js", script('await new DocumentClient().put({ TableName: "T", Item: { id: 1, ...event } }).promise();')),
    ("a.py", python("boto3.client('lambda').invoke(FunctionName='f', Payload=json.dumps(event))")),
    ("a.py", python("return {'left': event['price'] - event['paid']}")),
    (
        "a.py",
        python("quiz.process_quiz(event['chat'], event['topic'])", head="from services import Quiz\nquiz = Quiz()"),
    ),
]


@pytest.mark.parametrize(("path", "text"), WHOLE)
def test_a_direct_event_that_is_kept_or_computed_with_is_a_note(found, path, text):
    told = {level for rule, _, level in found(path, text, level=True) if rule == "input.unvalidated-record"}
    assert told == {"note"}


def test_what_a_function_of_the_file_wrote_into_an_argument_is_in_it_afterwards(found):
    text = """
    export const handler = async (event: APIGatewayProxyEvent) => {
      const user = await userRepository.findOne({ where: { id: 1 } });
      const data = JSON.parse(event.body);
      patch(data, user);
      await userRepository.save(user);
    };
    function patch(data, user) { if (data.name) { user.name = data.name; } }
    """
    assert ("input.unvalidated", 3) in found("a.ts", text)


def test_what_is_added_to_a_list_inside_something_is_in_it(found):
    text = python(
        "table = boto3.resource('dynamodb').Table('T')",
        "item = table.get_item(Key={'id': 1})['Item']",
        "item['likes'].append(event['like'])",
        "table.put_item(Item=item)",
    )
    assert "input.unvalidated-record" in {rule for rule, _ in found("a.py", text)}


def test_a_service_made_in_the_function_around_a_route_is_the_projects_own(found):
    text = """
    from services.payments import PaymentService
    def routes(app):
        service = PaymentService()
        @app.route("/payment", methods=["POST"])
        def add():
            return service.add(app.current_request.json_body["amount"])
    """
    assert ("input.unvalidated", 6) in found("a.py", text)


def test_a_request_made_of_checked_parts_by_another_function_is_no_request_of_the_callers(found):
    text = """
    exports.handler = async (event) => ask(build(JSON.parse(event.body)));
    const build = (data) => ({ TableName: "T", ExpressionAttributeValues: { ":n": data.name } });
    const ask = (request) => dynamodb.query(request).promise();
    """
    assert "injection.nosql" not in {rule for rule, _ in found("a.js", text)}


def test_pages_of_a_list_that_nobody_made_numbers_are_told(found):
    text = script(
        "const { limit, level } = event.queryStringParameters; return Categories.findPage(limit, level);",
        head="const Categories = require('./categories');",
    )
    assert ("input.unvalidated", 3) in found("a.js", text)


def test_a_row_that_is_deleted_by_its_id_is_only_found_by_it(found):
    text = script(
        "db.query('DELETE FROM t WHERE id = ?', [JSON.parse(event.body).id], (error) => done(error));",
        head="const mysql = require('mysql2');\nconst db = mysql.createPool({});",
    )
    assert not {rule for rule, _ in found("a.js", text) if rule.startswith("input.")}


def test_what_stands_behind_where_only_finds_the_row(found):
    text = python(
        "cursor = psycopg2.connect().cursor()",
        "cursor.execute('UPDATE t SET seen = %s WHERE id = %s', (now, json.loads(event['body'])['id']))",
        head="import json, psycopg2",
    )
    assert not {rule for rule, _ in found("a.py", text) if rule.startswith("input.")}
    kept = text.replace("SET seen = %s WHERE id = %s', (now, ", "SET name = %s WHERE id = 1', (")
    assert "input.unvalidated" in {rule for rule, _ in found("a.py", kept)}


def test_a_body_parsed_by_a_function_of_the_file_is_told_where_it_is_parsed(found):
    text = """
    export const handler = async (event: APIGatewayProxyEvent) => {
      const { body } = event;
      return create(body);
    };
    async function create(body) {
      const { name } = JSON.parse(body);
      await new DocumentClient().put({ TableName: "T", Item: { name } }).promise();
    }
    """
    assert ("input.unvalidated", 6) in found("a.ts", text)


def test_what_a_function_of_the_file_read_is_told_where_it_was_called(found):
    text = """
    import json, boto3
    table = boto3.resource("dynamodb").Table("T")
    def lambda_handler(event, context):
        item = read(event)
        table.put_item(Item=item)
    def read(event):
        return json.loads(event["body"])
    """
    assert ("input.unvalidated", 4) in found("a.py", text)


def test_rights_behind_a_wildcard_are_the_rights_it_covers(found):
    text = '{"Statement": [{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}]}'
    assert {rule for rule, _ in found("policy.json", text)} == {"iam.pass-role"}
    raising = text.replace("iam:Pass*", "iam:*RolePolicy")
    assert {rule for rule, _ in found("policy.json", raising)} == {"iam.privilege-escalation"}


def test_secrets_in_json_inside_terraform_are_found(found):
    text = """
    resource "aws_ecs_task_definition" "x" {
      container_definitions = <<EOF
    [{"name": "a", "environment": [
      {"name": "DB_PASSWORD", "value": "Zo5Zhexnf9TUggdn"}
    ]}]
    EOF
    }
    """
    assert ("credential.assigned", 4) in found("main.tf", text)


def test_a_password_in_a_machines_authentication_is_found_though_it_is_metadata(found):
    text = """
    Resources:
      Box:
        Type: AWS::EC2::Instance
        Metadata:
          AWS::CloudFormation::Authentication:
            basic: {type: basic, username: biff, password: T2kVB3zgeN3YbrKS}
    """
    assert ("credential.assigned", 6) in found("template.yaml", text)


@pytest.mark.parametrize(
    "line",
    [
        "connect(\"dbname='x' user='me' password='9812376024' host='db'\")",
        'url = "Server=db;Database=x;User Id=me;Password=T2kVB3zgeN3Y;"',
    ],
)
def test_a_connection_string_of_pairs_is_found(found, line):
    assert ("credential.connection-string", 1) in found("a.py", line + "\n")
    assert found("a.py", line.replace("9812376024", "%s").replace("T2kVB3zgeN3Y", "{password}") + "\n") == set()


def test_a_secret_is_found_in_a_file_that_is_no_program(found):
    text = "import os\npassword='ting1234'\nthis is a note to myself\n"
    assert found("a.py", text) == {("credential.assigned", 2)}


def test_a_value_that_repeats_the_words_of_its_name_is_no_secret(found):
    assert found("a.py", 'send_grid_api_key_secret = "send-grid-api-key"\n') == set()
