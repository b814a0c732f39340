"""What an entry says of bodies and answers: schemas, validators, types, and what a handler reads."""

from __future__ import annotations

import pytest

APP = "import express from 'express'\nconst app = express()\n"


@pytest.fixture
def body(extract):
    """The fields of the only endpoint's body, as (name, type, required)."""

    def run(texts):
        (one,) = extract(texts if isinstance(texts, dict) else {"app.ts": texts}).endpoints
        return [(p.name, p.type, p.required) for p in one.parameters if p.place == "body"]

    return run


ZOD = "import { z } from 'zod'\nconst S = z.object({ name: z.string().min(2), age: z.coerce.number().optional() })\n"
JOI = "const Joi = require('joi')\nconst S = Joi.object().keys({ name: Joi.string().required(), age: Joi.number() })\n"
YUP = "import * as yup from 'yup'\nconst S = yup.object({ name: yup.string().required(), age: yup.number() })\n"
BOX = (
    "import { Type } from '@sinclair/typebox'\n"
    "const S = Type.Object({ name: Type.String(), age: Type.Optional(Type.Number()) })\n"
)
JSON = (
    "const S = { type: 'object', required: ['name'],\n"
    "  properties: { name: { type: 'string' }, age: { type: 'number' } } }\n"
)
FIELDS = [("name", "string", True), ("age", "number", False)]


@pytest.mark.parametrize("schema", [ZOD, JOI, YUP, BOX, JSON], ids=["zod", "joi", "yup", "typebox", "json"])
def test_the_schema_of_a_fastify_route_gives_the_fields(body, schema):
    route = "import Fastify from 'fastify'\nFastify().post('/x', { schema: { body: S } }, async () => 1)\n"
    assert body({"app.ts": schema + route}) == FIELDS


@pytest.mark.parametrize("call", ["validate(S)", "validate({ body: S })", "celebrate({ body: S })", "validateBody(S)"])
@pytest.mark.parametrize("schema", [ZOD, JOI])
def test_a_validator_between_path_and_handler_gives_the_fields(body, schema, call):
    assert body(f"{APP}{schema}app.post('/x', {call}, (req, res) => 1)\n") == FIELDS


def test_a_schema_for_a_whole_request_gives_path_query_and_body(extract):
    source = (
        f"{APP}import {{ z }} from 'zod'\nconst S = z.object({{ params: z.object({{ id: z.number() }}),\n"
        "  query: z.object({ full: z.boolean().optional() }), body: z.object({ name: z.enum(['a', 'b']) }) })\n"
        "app.put('/x/:id', check(S), (req, res) => 1)\n"
    )
    (one,) = extract({"app.ts": source}).endpoints
    assert [(p.name, p.place, p.type, p.required) for p in one.parameters] == [
        ("id", "path", "number", True),
        ("full", "query", "boolean", False),
        ("name", "body", '"a" | "b"', True),
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ("S.partial()", [("name", "string", False), ("age", "number", False)]),
        ("S.omit({ age: true })", [("name", "string", True)]),
        ("S.extend({ more: z.array(z.string()) })", [*FIELDS, ("more", "string[]", True)]),
    ],
)
def test_schemas_made_of_others_are_followed(body, change, fields):
    assert body(f"{APP}{ZOD}app.post('/x', validate({change}), (req, res) => 1)\n") == fields


def test_checks_of_express_validator_are_fields(body):
    source = (
        f"{APP}import {{ body, check }} from 'express-validator'\nconst rules = [check('name').exists(), run]\n"
        "app.post('/x', rules, body('age').optional().isInt(), (req, res) => 1)\n"
    )
    assert body(source) == [("name", "", True), ("age", "", False)]


@pytest.mark.parametrize(
    "handler",
    [
        "(req, res) => { const { name, age: years } = req.body; }",
        "(req, res) => { save(req.body.name, req.body['age']) }",
        "async (req, res) => { const data = req.body; save(data.name, data.age); data.items() }",
        "(req, res) => { const input: Input = req.body; const { name, age } = input }",
    ],
)
def test_without_types_the_fields_that_are_read_are_told_and_nothing_more(body, handler):
    assert body(f"{APP}app.post('/x', {handler})\n") == [("name", "", None), ("age", "", None)]


DTO = (
    "export class Base { @IsString() name: string }\n"
    "export class NewPet extends Base { @IsOptional() age: number; private secret: string; kind? = 'cat' }\n"
    "export class ChangedPet extends PartialType(OmitType(NewPet, ['kind'] as const)) {}\n"
    "export interface Shape { name: string; age?: number }\nexport type Same = Shape\n"
)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("NewPet", [("name", "string", True), ("age", "number", False), ("kind", "", False)]),
        ("ChangedPet", [("name", "string", False), ("age", "number", False)]),
        ("Shape", [("name", "string", True), ("age", "number", False)]),
        ("Partial<Same>", [("name", "string", False), ("age", "number", False)]),
        ("Unknown", []),
    ],
)
def test_the_fields_of_the_type_of_a_body_are_told(body, kind, fields):
    controller = (
        "import { Body, Controller, Post } from '@nestjs/common'\n"
        "import { NewPet, ChangedPet, Shape, Same } from './dto'\n"
        f"@Controller('pets')\nexport class Pets {{ @Post() create(@Body() pet: {kind}) {{}} }}\n"
    )
    assert (
        body({"pets.controller.ts": controller, "dto/index.ts": "export * from './pet'\n", "dto/pet.ts": DTO}) == fields
    )


def test_a_change_of_a_body_s_type_concerns_the_endpoint(extract):
    found = extract(
        {
            "pets.controller.ts": (
                "import { Body, Controller, Post } from '@nestjs/common'\nimport { NewPet } from './dto'\n"
                "@Controller('pets')\nexport class Pets { @Post() create(@Body() pet: NewPet) {} }\n"
            ),
            "dto.ts": DTO,
        }
    )
    assert found.endpoints[0].via == ("dto.ts",)


def test_what_a_wrapped_lambda_reads_of_its_body_is_told(body):
    found = body(
        {
            "serverless.yml": (
                "functions:\n  f:\n    handler: create.main\n    events:\n      - http: {path: notes, method: post}\n"
            ),
            "create.js": (
                "import handler from './lib'\nexport const main = handler(async (event) => {\n"
                "  const data = JSON.parse(event.body)\n  return data.content\n})\n"
            ),
            "lib.js": "export default function handler(lambda) { return async (event) => lambda(event) }\n",
        }
    )
    assert found == [("content", "", None)]


def test_the_schema_of_an_event_in_serverless_ts_is_told(body):
    found = body(
        {
            "serverless.ts": (
                "import schema from './schema'\n"
                "module.exports = { functions: { f: { handler: 'x.main', events: [{ http: {\n"
                "  method: 'post', path: 'x', request: { schemas: { 'application/json': schema } } } }] } } }\n"
            ),
            "schema.ts": (
                "export default {\n  type: 'object', properties: { name: { type: 'string' } },"
                " required: ['name'] } as const\n"
            ),
        }
    )
    assert found == [("name", "string", True)]


@pytest.mark.parametrize(
    "model",
    [
        (
            "class PetIn(BaseModel):\n    name: str\n    age: int | None = None\n"
            "    tags: list[str] = Field(default_factory=list)\n"
        ),
        (
            "class Base(BaseModel):\n    name: Annotated[str, Field(max_length=5)]\nclass PetIn(Base):\n"
            "    age: int | None = None\n    tags: list[str] = []\n"
        ),
    ],
)
def test_the_fields_of_a_pydantic_model_are_told(body, model):
    source = (
        f"from fastapi import FastAPI\nfrom pydantic import BaseModel, Field\napp = FastAPI()\n{model}"
        "@app.post('/pets')\ndef add(pet: PetIn): ...\n"
    )
    assert body({"app.py": source}) == [
        ("name", "str", True),
        ("age", "int | None", False),
        ("tags", "list[str]", False),
    ]


def test_marshmallow_schemas_in_decorators_are_told(extract):
    source = (
        "from flask import Flask\napp = Flask(__name__)\nclass PetSchema(ma.Schema):\n"
        "    id = fields.Int(dump_only=True)\n    name = fields.Str(required=True)\npet_schema = PetSchema()\n"
        "@app.route('/pets/<uuid:id>', methods=['PUT'])\n@body(pet_schema)\n@response(pet_schema)\n"
        "def change(id, args):\n    pass\n"
    )
    (one,) = extract({"app.py": source}).endpoints
    assert (one.request, one.response) == ("PetSchema", "PetSchema")
    assert [(p.name, p.place, p.type) for p in one.parameters] == [("id", "path", "uuid"), ("name", "body", "str")]


@pytest.mark.parametrize(
    "read",
    [
        "data = request.get_json()\n    return data['name'], data.get('age')",
        "return request.json['name'], request.json.get('age')",
        "data: dict = request.get_json(force=True) or {}\n    return data['name'], data['age']",
    ],
)
def test_what_a_flask_view_reads_of_its_body_is_told(body, read):
    source = f"from flask import Flask, request\napp = Flask(__name__)\n@app.post('/x')\ndef x():\n    {read}\n"
    assert body({"app.py": source}) == [("name", "", None), ("age", "", None)]


def test_a_default_of_the_configuration_is_the_prefix_of_all_paths(routes):
    texts = {
        "src/main.ts": (
            "import { NestFactory } from '@nestjs/core'\nasync function bootstrap() {\n"
            "  const app = await NestFactory.create(AppModule)\n  const config = app.get(ConfigService)\n"
            "  const { prefix } = config.get('app', { infer: true })\n  app.setGlobalPrefix(prefix)\n}\n"
        ),
        "src/config.ts": (
            "import process from 'node:process'\nimport { registerAs } from '@nestjs/config'\n"
            "export const KEY = 'app'\n"
            "const env = (key: string, fallback = '') => read(key) || fallback\n"
            "export default registerAs(KEY, () => ({ prefix: process.env.PREFIX || env('PREFIX', 'api') }))\n"
        ),
        "src/pets.controller.ts": (
            "import { Controller, Get } from '@nestjs/common'\n@Controller('pets')\nclass P { @Get() all() {} }\n"
        ),
    }
    assert routes(texts) == {"GET /api/pets"}


def test_a_controller_decorator_of_the_project_that_spreads_a_list_is_understood(routes):
    found = routes(
        {
            "generic.ts": (
                "import { applyDecorators, Controller } from '@nestjs/common'\n"
                "export function GenericController(name: string) {\n  const all = [Tags(name), Controller(name)]\n"
                "  return applyDecorators(...all)\n}\n"
            ),
            "crud.ts": (
                "import { Get } from '@nestjs/common'\nexport function Crud(dto: any): any {\n"
                "  class Inner { @Get(':id') one() {} }\n  return Inner\n}\n"
            ),
            "tags.ts": (
                "import { GenericController } from './generic'\nimport { Crud } from './crud'\n"
                "@GenericController('tags')\nexport class Tags extends Crud(TagDto) {}\n"
            ),
        }
    )
    assert found == {"GET /tags/{id}"}
