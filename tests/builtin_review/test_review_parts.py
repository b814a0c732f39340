"""What is known of a part: by a look at it, by the name it was put under, by a schema of it."""

from __future__ import annotations

import pytest


def _rules(found, path: str, text: str) -> set[str]:
    return {rule for rule, _ in found(path, text)}


@pytest.mark.parametrize(
    ("asked", "told"), [("body.event.kind", True), ("body.event.day", False), ("body.event", False)]
)
def test_a_look_at_one_part_of_a_part(found, asked, told):
    text = f"""\
exports.handler = async (event) => {{
  const body = JSON.parse(event.body);
  if (typeof {asked} !== "string") return {{ statusCode: 400 }};
  await client.send(new PutCommand({{ TableName: "t", Item: {{ id: "a", day: body.event.day }} }}));
}};
"""
    assert any(rule.startswith("input.") for rule in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(("key", "told"), [("text", True), ("made", False)])
def test_a_part_of_an_object_that_the_file_writes_down(found, key, told):
    text = f"""\
exports.handler = async (event) => {{
  const asked = {{ text: event.queryStringParameters.name, made: "room = :room" }};
  await client.send(new QueryCommand({{ TableName: "t", KeyConditionExpression: asked.{key} + " AND a = :b" }}));
}};
"""
    assert ("injection.nosql" in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(("key", "told"), [("before", True), ("after", False)])
def test_what_is_spread_into_an_object_takes_the_place_of_what_stands_before(found, key, told):
    text = f"""\
exports.handler = async (event) => {{
  const asked = {{ before: "room = :room", ...event.queryStringParameters, after: "room = :room" }};
  await client.send(new QueryCommand({{ TableName: "t", KeyConditionExpression: asked.{key} + " AND a = :b" }}));
}};
"""
    assert ("injection.nosql" in _rules(found, "a.js", text)) is told


def test_a_schema_beside_a_handler_of_hapi(found):
    text = """\
import { db } from "../models/db.js";
export const board = { add: { {validate} handler: async function (request, h) {
  await db.categoryStore.addCategory({ name: request.payload.name }); return h.redirect("/"); } } };
"""
    checked = _rules(found, "a.js", text.replace("{validate}", "validate: { payload: Category },"))
    assert checked == set()
    assert _rules(found, "a.js", text.replace("{validate}", "")) != set()


@pytest.mark.parametrize(
    ("schema", "told"), [("{ params: { id: Id } }", True), ("{ payload: Place }", False), ("Schema", False)]
)
def test_a_schema_of_another_part_of_the_request(found, schema, told):
    text = f"""\
import {{ db }} from "../models/db.js";
export const places = {{ update: {{ validate: {schema}, async handler(request) {{
  await db.placeStore.updatePlace(request.payload); return true; }} }} }};
"""
    assert any(rule.startswith("input.") for rule in _rules(found, "a.js", text)) is told


@pytest.mark.parametrize(("model", "told"), [("Schema", False), ("object", True)])
def test_a_schema_of_the_files_own_that_loads_a_text(found, model, told):
    text = f"""\
import boto3
from marshmallow import Schema, fields
class Order({model}):
    name = fields.Str(required=True)
def handler(event, context):
    boto3.resource("dynamodb").Table("t").put_item(Item={"Order().loads" if not told else "json.loads"}(event["body"]))
"""
    assert any(rule.startswith("input.") for rule in _rules(found, "a.py", text)) is told
