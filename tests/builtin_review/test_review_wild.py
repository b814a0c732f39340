"""Small Lambda files as people write them: what is dangerous in them, and what only looks like it."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file

KEY_ID = "AKIA" + "QX7Z4TNW2LKJ3PHD"
SECRET = "hB3vQ9sT1xKd7mNz5rWj" + "2fYp8cLg6uEa4iOo0DkV"


def of(found: set[tuple], prefix: str) -> set[tuple]:
    return {item for item in found if item[0].startswith(prefix)}


@pytest.mark.parametrize(
    "line",
    [
        f"const c = {{ accessKeyId: '{KEY_ID}', secretAccessKey: '{SECRET}' }};",
        f"new AWS.Credentials('{KEY_ID}', '{SECRET}');",
        f"const c = {{ secretAccessKey: '{SECRET}', accessKeyId: '{KEY_ID}' }};",
    ],
)
def test_an_access_key_and_the_secret_beside_it_are_two_findings(line):
    findings = review_file("a.ts", line + "\n").findings
    assert {line.index(KEY_ID) + 1, line.index(SECRET) + 1} == {finding.column for finding in findings}
    assert {finding.rule for finding in findings} == {"credential.provider-key"}
    assert all(SECRET not in finding.message for finding in findings)


def test_two_assigned_secrets_of_one_line_are_two_findings():
    text = "export const auth = { apiKey: 'c1f0a97b5d8e4423', clientSecret: 'V8n~Qx3.tR7uLwZ2pK5jYb' };\n"
    assert [finding.rule for finding in review_file("a.ts", text).findings] == ["credential.assigned"] * 2


def test_a_known_key_under_a_telling_name_is_told_once(found):
    text = 'api_key = "sk_' + 'live_4eC39HqLyjWDarjtT1zdp7dc"\n'
    assert len(review_file("a.py", text).findings) == 1
    assert found("a.py", text) == {("credential.provider-key", 1)}


def test_a_commits_hash_beside_an_access_key_is_no_secret():
    text = f"key = '{KEY_ID}'\ncommit = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'\n"
    assert {finding.line for finding in review_file("a.py", text).findings} == {1}


@pytest.mark.parametrize(
    "line",
    [
        "export const routes = { forgotPassword: '/forgot-password', resetToken: '/reset/:token' };",
        "const messages = { token: 'token_expired', password: 'password_incorrect' };",
        "const secretKey = 'jwt/signing';",
    ],
)
def test_routes_states_and_names_of_secrets_are_no_secrets(found, line):
    assert found("a.ts", line + "\n") == set()


def test_unpaired_quotes_and_backslashes_are_read_in_no_time(found):
    text = "const a = { token: '" + "\\" * 1500 + f" {KEY_ID}\n"
    assert ("credential.provider-key", 1) in found("a.ts", text)


def test_a_value_looked_up_in_a_table_of_the_file_is_no_longer_input(found):
    script = """
    import { Pool } from 'pg';
    const SORTS = { name: 'name', price: 'price' };
    const pool = new Pool();
    export const handler = async (event: APIGatewayProxyEvent) => {
      const sort = SORTS[event.queryStringParameters?.sort ?? 'name'] ?? 'name';
      return pool.query(`SELECT id FROM products ORDER BY ${sort}`);
    };
    """
    python = """
    import psycopg2
    COLUMNS = {"name": "name", "date": "created_at"}
    def handler(event, context):
        column = COLUMNS.get(event["queryStringParameters"]["sort"], "name")
        psycopg2.connect().cursor().execute(f"SELECT * FROM posts ORDER BY {column}")
    """
    assert of(found("a.ts", script), "injection") == set()
    assert of(found("a.py", python), "injection") == set()
    assert of(found("a.py", python.replace(', "name")', ', event["queryStringParameters"]["x"])')), "injection") == {
        ("injection.sql", 5)
    }


def test_what_is_appended_to_a_list_comes_out_when_it_is_joined(found):
    text = """
    import psycopg2
    def handler(event, context):
        filters = []
        for name, value in json.loads(event["body"]).items():
            filters.append(f"{name} = '{value}'")
        psycopg2.connect().cursor().execute("SELECT * FROM orders WHERE " + " AND ".join(filters))
    """
    assert of(found("a.py", text), "injection") == {("injection.sql", 6)}
    assert of(found("a.py", text.replace("f\"{name} = '{value}'\"", '"a = %s"')), "injection") == set()


def test_an_update_expression_joined_from_the_bodys_own_names_is_found_and_one_of_numbers_is_not(found):
    text = """
    const db = new AWS.DynamoDB.DocumentClient();
    exports.handler = async (event) => {
      const changes = JSON.parse(event.body);
      const keys = Object.keys(changes);
      await db.update({
        TableName: 't', Key: { id: 1 },
        UpdateExpression: 'SET ' + keys.map((k, i) => `${k} = :v${i}`).join(', '),
      }).promise();
    };
    """
    assert of(found("a.js", text), "injection") == {("injection.nosql", 7)}
    assert of(found("a.js", text.replace("${k} =", "#n${i} =")), "injection") == set()


@pytest.mark.parametrize(
    "check",
    [
        "if (!ALLOWED.has(url.hostname)) return { statusCode: 400 };",
        "if (!['a.example.net'].includes(url.host)) throw new Error('no');",
    ],
)
def test_an_address_whose_host_was_compared_may_be_asked(found, check):
    text = """
    const ALLOWED = new Set(['a.example.net']);
    export const handler = async (event: APIGatewayProxyEvent) => {
      const url = new URL(event.queryStringParameters!.src!);
      CHECK
      return fetch(url);
    };
    """
    assert of(found("a.ts", text.replace("CHECK", check)), "injection") == set()
    assert of(found("a.ts", text.replace("CHECK", "console.log(url.host);")), "injection") == {("injection.ssrf", 5)}


def test_the_text_an_address_was_parsed_from_is_checked_with_it(found):
    text = """
    import requests
    from urllib.parse import urlparse
    def handler(event, context):
        url = json.loads(event["body"])["url"]
        parts = urlparse(url)
        if parts.hostname not in ("hooks.example.net",):
            return {"statusCode": 400}
        return requests.get(url)
    """
    assert of(found("a.py", text), "injection") == set()


def test_a_type_guard_of_the_file_is_a_check(found):
    text = """
    const isNote = (x: any): x is Note => typeof x?.title === 'string' && x.title.length < 100;
    export const handler = async (event: APIGatewayProxyEvent) => {
      const note: unknown = JSON.parse(event.body || 'null');
      if (!isNote(note)) return { statusCode: 400, body: '' };
      await new DynamoDB.DocumentClient().put({ TableName: 'notes', Item: note }).promise();
    };
    """
    assert found("a.ts", text) == set()
    blind = text.replace("typeof x?.title === 'string' && x.title.length < 100", "x !== DENIED")
    assert {rule for rule, _ in found("a.ts", blind)} == {"input.unvalidated"}


def test_a_web_request_among_a_routes_parameters_is_input(found):
    text = """
    from fastapi import FastAPI, Request
    import pymongo
    app = FastAPI()
    @app.post("/raw")
    async def raw(request: Request):
        body = await request.json()
        pymongo.MongoClient()["app"].items.insert_one(body)
    """
    assert ("input.unvalidated", 6) in found("a.py", text)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("s.ts", "extra.addActions('s3:*');", {("iam.service-wildcard", 1)}),
        ("s.py", "extra.add_actions('*')", {("iam.action-wildcard", 1)}),
        ("s.ts", "extra.addActions('s3:GetObject');", set()),
        ("s.py", "iam.Role(self, 'R', assumed_by=iam.AnyPrincipal())", {("iam.wildcard-principal", 1)}),
        ("s.ts", "new Role(this, 'R', { assumedBy: new ArnPrincipal('*') });", {("iam.wildcard-principal", 1)}),
        ("s.ts", "new Role(this, 'R', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });", set()),
        ("s.ts", "fn.grantInvoke(new iam.AnyPrincipal());", {("iam.wildcard-principal", 1)}),
        ("s.ts", "bucket.grantRead(new iam.AnyPrincipal());", set()),
        ("s.ts", "fn.addPermission('p', { principal: new AnyPrincipal(), sourceArn: rule.arn });", set()),
        (
            "s.ts",
            "new PolicyStatement({ actions: ['iam:PassRole'], resources: [`arn:aws:iam::${this.account}:role/*`] });",
            {("iam.pass-role", 1)},
        ),
        (
            "s.ts",
            "new PolicyStatement({ actions: ['iam:PassRole'], resources: [`arn:aws:iam::${a}:role/worker-${id}`] });",
            set(),
        ),
    ],
)
def test_what_a_cdk_program_builds_is_judged(found, path, text, expected):
    assert found(path, text + "\n") == expected


def test_arns_put_together_by_the_template_are_read_with_their_holes(found):
    text = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          ManagedPolicyArns:
            - !Sub arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess
            - !Join ['', ['arn:', !Ref AWS::Partition, ':iam::aws:policy/AdministratorAccess']]
            - Fn::Join: ['', ['arn:', {Ref: AWS::Partition}, ':iam::aws:policy/AWSLambdaExecute']]
          Policies:
            - PolicyDocument:
                Statement:
                  Effect: Allow
                  Action: iam:PassRole
                  Resource: !Sub ['arn:aws:iam::${A}:role/*', {A: !Ref AWS::AccountId}]
    """
    assert found("template.yaml", text) == {("iam.admin-policy", 6), ("iam.admin-policy", 7), ("iam.pass-role", 13)}


@pytest.mark.parametrize(
    ("more", "expected"), [("", {("iam.wildcard-principal", 6)}), ("SourceArn: !GetAtt Rule.Arn", set())]
)
def test_a_lambda_permission_for_anyone_needs_a_source(found, more, expected):
    text = f"""
    Resources:
      Open:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          Principal: '*'
          FunctionName: !Ref Fn
          {more}
    """
    assert found("template.yaml", text) == expected


def test_terraform_attaches_policies_by_lists_and_opens_functions_too(found):
    text = """
    resource "aws_iam_role_policy_attachment" "many" {
      for_each   = toset(["arn:aws:iam::aws:policy/AdministratorAccess"])
      policy_arn = each.value
    }
    resource "aws_lambda_permission" "open" {
      action    = "lambda:InvokeFunction"
      principal = "*"
    }
    resource "aws_lambda_permission" "api" {
      action    = "lambda:InvokeFunction"
      principal = "apigateway.amazonaws.com"
    }
    """
    assert found("main.tf", text) == {("iam.admin-policy", 2), ("iam.wildcard-principal", 7)}


def test_a_wide_statements_place_reaches_to_its_resource():
    text = (
        "provider:\n  iamRoleStatements:\n    - Effect: Allow\n      Action:\n        - dynamodb:*\n"
        "        - s3:*\n      Resource: '*'\n"
    )
    [finding] = review_file("serverless.yml", text).findings
    assert (finding.line, finding.end_line) == (5, 7)


def test_a_field_called_size_is_input_like_any_other(found):
    text = """
    import os
    def handler(event, context):
        size = event["queryStringParameters"]["size"]
        os.system("convert in.png -resize {} out.png".format(size))
    """
    assert ("injection.shell", 4) in found("a.py", text)


def test_the_type_of_what_an_event_holds_does_not_say_who_sends_it(found):
    text = """
    import { EventBridge } from 'aws-sdk';
    const bus = new EventBridge();
    export const publish = middy(async (event: { body: Input }) => {
      await bus.putEvents({ Entries: [{ Detail: JSON.stringify(event.body) }] }).promise();
    });
    """
    assert found("a.ts", text) == {("input.unvalidated", 4)}
    assert found("a.ts", text.replace("{ body: Input }", "CustomEvent<Form>")) == set()


def test_a_value_made_text_is_no_operator_of_mongo(found):
    text = """
    import pymongo
    def login(event, context):
        body = json.loads(event["body"])
        return pymongo.MongoClient().app.users.find_one({"name": body["name"]})
    """
    assert of(found("a.py", text), "injection") == {("injection.nosql", 4)}
    assert of(found("a.py", text.replace('body["name"]', 'str(body["name"])')), "injection") == set()


def test_a_token_is_no_plain_word(found):
    assert found("a.py", 'token = "bucket"\n') == set()
    assert found("a.py", 'token = "b7cket41xq"\n') == {("credential.assigned", 1)}


def test_an_enumerations_numbers_are_not_input_and_its_items_are(found):
    text = """
    import boto3
    table = boto3.resource("dynamodb").Table("t")
    def update(event, context):
        body = json.loads(event["body"])
        names = ", ".join(f"#{i} = :{i}" for i, name in enumerate(body))
        table.update_item(Key={"id": "1"}, UpdateExpression="SET " + names)
    """
    assert of(found("a.py", text), "injection") == set()
    assert of(found("a.py", text.replace("#{i}", "{name}")), "injection") == {("injection.nosql", 6)}
