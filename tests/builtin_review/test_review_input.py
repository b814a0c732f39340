from __future__ import annotations

import pytest

PUT = "await client.send(new PutCommand({ TableName: 'T', Item: %s }));"


def handler(*lines: str, head: str = "") -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"{head}\nexport const handler: APIGatewayProxyHandler = async (event) => {{\n{body}\n}};\n"


UNCHECKED = [
    handler("const data = JSON.parse(event.body!);", PUT % "data"),
    handler("const data = JSON.parse(event.body!);", "if (!data) return { statusCode: 400 };", PUT % "data"),
    handler("await sqs.sendMessage({ QueueUrl: q, MessageBody: event.body }).promise();"),
    handler("const { name } = JSON.parse(event.body!);", PUT % "{ id: 1, name }"),
    handler(
        "const params = { TableName: 'T', Item: JSON.parse(event.body!) };", "await dynamoDb.put(params).promise();"
    ),
]


@pytest.mark.parametrize("text", UNCHECKED)
def test_a_body_that_is_stored_or_sent_on_without_a_check_is_found(found, text):
    assert "input.unvalidated" in {rule for rule, _ in found("a.ts", text)}


CHECKED = [
    handler(
        "const data = Schema.parse(JSON.parse(event.body!));",
        PUT % "data",
        head="import { z } from 'zod'; const Schema = z.object({});",
    ),
    handler(
        "const { error, value } = schema.validate(JSON.parse(event.body!));",
        PUT % "value",
        head="const Joi = require('joi'); const schema = Joi.object({});",
    ),
    handler(
        "const data = JSON.parse(event.body!);",
        "if (!validate(data)) return { statusCode: 400 };",
        PUT % "data",
        head="const validate = new Ajv().compile(s);",
    ),
    handler(
        "const data = JSON.parse(event.body!);",
        "if (typeof data.text !== 'string') return { statusCode: 400 };",
        PUT % "{ t: data.text }",
    ),
    handler(
        "const dto = plainToInstance(Order, JSON.parse(event.body!));",
        "await validateOrReject(dto);",
        PUT % "dto",
        head="import { plainToInstance } from 'class-transformer';",
    ),
    handler("await db.get({ TableName: 'T', Key: { id: event.pathParameters.id } });"),
    handler("const id = Number(event.pathParameters.id);", PUT % "{ id }"),
    handler("console.log(event.body);", "return { statusCode: 200, body: event.body };"),
]


@pytest.mark.parametrize("text", CHECKED)
def test_a_schema_a_guard_a_key_look_up_or_a_log_line_is_no_finding(found, text):
    assert {rule for rule, _ in found("a.ts", text) if rule.startswith("input.")} == set()


def test_middleware_that_validates_covers_the_file(found):
    text = (
        handler(*["const data = JSON.parse(event.body!);", PUT % "data"])
        + "export const main = middy(handler).use(validator({ eventSchema }));\n"
    )
    assert found("a.ts", text) == set()


def test_a_serverless_templates_validated_event_type_counts_as_checked(found):
    text = (
        "const f: ValidatedEventAPIGatewayProxyEvent<typeof schema> = async (event: ValidatedEvent<S>) => {\n  "
        + PUT % "event.body"
        + "\n};\n"
    )
    assert found("a.ts", text) == set()


def test_a_validator_in_a_sibling_file_counts(found):
    text = handler(
        "const data = toOrder(JSON.parse(event.body!));", PUT % "data", head="import { toOrder } from './schema';"
    )
    sibling = "import { z } from 'zod';\nconst S = z.object({});\nexport const toOrder = (x: unknown) => S.parse(x);\n"
    plain = "export const toOrder = (x: any) => x;\n"
    assert found("src/a.ts", text, {"src/schema.ts": sibling}) == set()
    assert ("input.unvalidated", 3) in found("src/a.ts", text, {"src/schema.ts": plain})


PYTHON = """
import json, boto3{imports}
table = boto3.resource("dynamodb").Table("T")
def lambda_handler(event, context):
    {line}
    table.put_item(Item=item)
"""


@pytest.mark.parametrize(
    ("imports", "line"),
    [
        ("\nfrom pydantic import BaseModel", "item = Order.model_validate_json(event['body']).model_dump()"),
        ("\nimport pydantic", "item = Order(**json.loads(event['body'])).dict()"),
        ("\nimport jsonschema", "item = json.loads(event['body']); jsonschema.validate(item, SCHEMA)"),
        (
            "\nfrom aws_lambda_powertools.utilities.parser import parse",
            "item = parse(event=event['body'], model=Order)",
        ),
        ("\nfrom marshmallow import Schema", "item = OrderSchema().load(json.loads(event['body']))"),
        ("", "item = {'name': json.loads(event['body'])['name']}; assert isinstance(item['name'], str)"),
    ],
)
def test_pythons_validators_are_recognised(found, imports, line):
    assert found("a.py", PYTHON.format(imports=imports, line=line)) == set()


def test_an_unchecked_python_body_is_found_at_its_source(found):
    assert found("a.py", PYTHON.format(imports="", line="item = json.loads(event['body'])")) == {
        ("input.unvalidated", 4)
    }


def test_a_direct_argument_that_is_stored_is_a_note(found):
    text = PYTHON.format(imports="", line="item = event['order']")
    assert found("a.py", text, level=True) == {("input.unvalidated-record", 4, "note")}


def test_what_aws_itself_puts_into_an_event_is_not_input(found):
    text = PYTHON.format(
        imports="", line="item = {'id': event['requestContext']['requestId'], 'arn': event['StackId']}"
    )
    assert found("a.py", text) == set()


def test_a_flow_is_told_once_and_names_its_sink():
    from daemon.agents.builtin.review import review_file

    text = PYTHON.format(imports="", line="item = json.loads(event['body']); print(item); table.put_item(Item=item)")
    findings = review_file("a.py", text).findings
    assert len(findings) == 1
    assert "put_item" in findings[0].message
    assert "CWE-20" in findings[0].message
