"""Input that is handed to other code of the project whole, uploads, redirects, and how far a finding reaches."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file

HANDED = {
    "a body through lodash": """
import { get } from 'lodash';
import Service from './services/todo';
export const add = async (event: APIGatewayProxyEvent, context: Context) => {
  const service = new Service(new Logger(event));
  const body = JSON.parse(get(event, 'body'));
  return service.createTodo(body.name);
};
""",
    "a query to a use case": """
import { makeUseCase } from './factories/count';
const count = async (event: APIGatewayEvent) => {
  const countUseCase = makeUseCase();
  return countUseCase.execute(event.queryStringParameters);
};
""",
    "a part of a direct event to a model": """
const User = require('../models/user');
module.exports.main = async (event, context) => {
  const { id, changes } = event;
  return User.updateUser({ id, changes });
};
""",
    "a body under an alias of this project": """
import { UserService } from '@service/user.service';
const update: APIGatewayProxyHandler = async (event) => UserService.updateUser(JSON.parse(event.body));
""",
    "whoever is made when nobody is found": """
const { userService } = require('../services');
const signUp = async (ctx) => { ctx.body = await userService.findOrCreateUser(ctx.request.body); };
""",
    "a whole request to a service": """
import { Post, Request } from '@nestjs/common';
class Auth {
  @Post('reset') reset(@Request() req: any) { return this.authService.resetPassword(req); }
}
""",
    "a body of an interface, of which nothing is left at run time": """
import { Body, Put } from '@nestjs/common';
interface Change { name: string }
class Names { @Put() change(@Body() it: Change) { return this.names.update(it.name); } }
""",
    "an upload that nobody looked at": """
import { Post, UploadedFile } from '@nestjs/common';
class Shots {
  @Post() add(@UploadedFile() file: Express.Multer.File) { return this.shots.create(file); }
}
""",
    "a page to render": """
exports.handler = async (event) => { await page.setContent(event.html); };
""",
    "an address to fetch elsewhere": """
import { fetchPdf } from './pdf';
export const handler = async (event) => { const body = JSON.parse(event.body); return fetchPdf(body.url); };
""",
    "an object that is asked to be one": """
const { save } = require('./store');
exports.handler = async (event) => {
  const data = JSON.parse(event.body);
  if (typeof data !== 'object') return { statusCode: 400 };
  return save(data);
};
""",
    "a value among what is kept": """
exports.handler = async (event) => {
  const { value } = JSON.parse(event.body);
  const got = await client.get({ TableName: T, Key: { id: 1 } }).promise();
  if (got.Item.all.includes(value)) throw new Error('there');
  return client.put({ TableName: T, Item: { all: [value] } }).promise();
};
""",
    "a controller's method of Koa in a file that does not name it": """
const model = require('../models/address');
module.exports = { async add(ctx, next) { const { city } = ctx.request.body; await model.addAddress(city); next(); } };
""",
    "a route of Next.js": """
import { NextRequest } from "next/server";
import { updateZip } from "@/lib/zip";
export async function POST(req: NextRequest) { const { name } = await req.json(); return updateZip(name); }
""",
    "a whole query that is searched by": """
import Lesson from '../controllers/Lesson';
router.get("/", async (req, res) => { res.send(await Lesson.getLessons(req.query)); });
""",
    "a mail to an address in the path": """
import { Get, Param } from "@nestjs/common";
class Mails { @Get(":email") hello(@Param("email") email: string) { return this.mails.sendWelcome(email); } }
""",
    "an address to write to": """
const S3Service = require('./services/s3');
exports.handler = async (event) => S3Service.getPresignedUploadUrl(JSON.parse(event.body).fileName);
""",
    "a webhook to a service": """
const Payments = require('./services/payments');
exports.handler = async (event) => { new Payments().processWebhook(JSON.parse(event.body)); };
""",
    "what a handler is given to work with": """
export const saveHandler = async (event, userDao) => userDao.createOrUpdateUser(JSON.parse(event.body));
""",
    "a body read off a request of one's own": """
import { Request } from '../utils/proxy';
const db = new DynamoClient(process.env.T);
export const handler: Handler = async (event: any) => db.put(new Request(event).getBody());
""",
    "a document changed and saved": """
async function change(req, res) { res.order = Object.assign(res.order, req.body); await res.order.save(); }
""",
    "a field of a document changed and saved": """
app.put('/u', async (req, res) => { const u = await User.findById(1); u.name = req.body.name; await u.save(); });
""",
    "a cache": """
const redis = require('ioredis')();
exports.handler = async (event) => { await redis.set('k', JSON.parse(event.body).v); };
""",
    "a record whose field is called name": """
const { MongoClient } = require('mongodb');
exports.handler = async (event) => { await db.collection('c').insertOne({ name: JSON.parse(event.body).name }); };
""",
    "a function of Cloudflare's pages, after asking who calls": """
import { readJson } from "../_shared/http.ts";
import { execute } from "../_shared/db.ts";
import { requireUser } from "../_shared/auth.ts";
export const onRequestPost: PagesFunction<Env> = async (context) => {
  const { request, env } = context;
  const user = await requireUser(env, request);
  const body = await readJson<{ url: string }>(request);
  return execute(env.DB, `INSERT INTO hooks (url) VALUES (?)`, body.url);
};
""",
    "a worker of theirs": """
export default {
  async fetch(request, env) { const body = await request.json(); await saveOrder(body); },
};
const saveOrder = (order) => db.collection('orders').insertOne(order);
const { MongoClient } = require('mongodb');
""",
    "a redirect": """
app.get('/go', (req, res) => res.redirect(302, req.query.next));
""",
}


@pytest.mark.parametrize("case", HANDED)
def test_it_is_told(case):
    assert {f.rule for f in review_file("a.ts", HANDED[case]).findings} & {
        "input.unvalidated",
        "input.unvalidated-record",
    }


QUIET = {
    "a body of a class": """
import { Body, Put } from '@nestjs/common';
import { Change } from './change.dto';
class Names { @Put() change(@Body() it: Change) { return this.names.update(it.name); } }
""",
    "an upload whose type was looked at": """
import { Post, UploadedFile } from '@nestjs/common';
class Shots {
  @Post() add(@UploadedFile() file: Express.Multer.File) {
    if (!ALLOWED.includes(file.mimetype)) throw new Error();
    return this.shots.create(file);
  }
}
""",
    "an upload through a pipe": """
import { Post, UploadedFile } from '@nestjs/common';
class Shots {
  @Post() add(@UploadedFile(new ParseFilePipe({})) file: Express.Multer.File) { return this.shots.create(file); }
}
""",
    "the command of a client": """
import { client } from "./clients";
export const handler: APIGatewayProxyHandler = async (event) => {
  return client.send(new GetTemplateCommand({ Name: event.pathParameters.name }));
};
""",
    "what an entity tells those who subscribe to it": """
class Returns {
  afterUpdate(event: UpdateEvent<Return>) { return this.orders.updateOrder(event.entity.id, { returned: true }); }
}
""",
    "a body held against a schema beside it": """
import { parseBody } from './api';
import { OrderSchema } from './schemas';
export const handler: APIGatewayProxyHandler = async (event) => save(parseBody(event, OrderSchema));
""",
    "the name of a run": """
const sfn = new AWS.StepFunctions();
exports.handler = async (event) => sfn.startExecution({ stateMachineArn: A, name: event.queryStringParameters.id });
""",
    "a redirect within this site": """
app.get('/go', (req, res) => res.redirect(`/orders/${req.query.id}`));
""",
    "an enumeration of what a model checked": """
const go = (req, res) => {
  const data = schema.parse(req.body);
  db.query(`select * from t order by ${data.order.value}`);
};
""",
}


@pytest.mark.parametrize("case", QUIET)
def test_it_is_quiet(case):
    assert review_file("a.ts", QUIET[case]).findings == ()


@pytest.mark.parametrize(
    ("head", "use"),
    [
        ("from sqlalchemy.orm import x\n", "session.add(User(name=body['name']))"),
        ("from sqlalchemy.orm import x\n", "user = User()\n    user.name = body['name']\n    db.session.add(user)"),
        ("from tables import orders\n", "db.execute(orders.insert().values(name=body['name']))"),
        ("import numpy as np\n", "return model.predict([np.array(body['data'])])"),
        ("", "return {'total': body['price'] * body['count']}"),
        ("", "ses.send_email(Message={'Body': Template('From $name').safe_substitute(body)})"),
    ],
)
def test_other_ways_to_use_a_body_in_python(head, use):
    text = f"{head}def handler(event, context):\n    body = json.loads(event['body'])\n    {use}\n"
    assert {f.rule for f in review_file("a.py", text).findings} == {"input.unvalidated"}


def test_an_argument_that_flask_reads_as_a_number_is_one():
    text = (
        "from flask import request\nfrom orders import Orders\n@app.route('/x')\ndef pages():\n"
        "    return Orders.save_page(page=request.args.get('page', 1{}))\n"
    )
    assert review_file("a.py", text.format(", type=int")).findings == ()
    assert review_file("a.py", text.format("")).findings != ()


def test_python_that_mixes_tabs_and_blanks_is_read():
    text = "import os\ndef handler(event, context):\n\tname = event['name']\n    os.system('ls ' + name)\n"
    assert {f.rule for f in review_file("a.py", text).findings} >= {"injection.shell"}


def test_a_bound_function_is_followed():
    text = (
        "var request = require('request');\n"
        "exports.handler = function (event, context, callback) {\n"
        "  event.input.forEach(function (url) { request.get(url); }.bind(this));\n"
        "};\n"
    )
    assert ("injection.ssrf", 3) in {(f.rule, f.line) for f in review_file("a.js", text).findings}


def test_what_a_mapping_template_hands_over_is_the_query():
    text = (
        "const sfn = new AWS.StepFunctions();\n"
        "exports.handler = (event) => sfn.startExecution({ stateMachineArn: A, input: event.params.querystring.q });\n"
    )
    assert [f.message.split(" reaches")[0] for f in review_file("a.js", text).findings] == ["The query string"]


def test_a_lambda_handlers_first_parameter_is_its_event_whatever_its_name():
    text = "import requests\ndef lambda_handler(url, name):\n    return requests.get(url)\n"
    assert {f.rule for f in review_file("a.py", text).findings} >= {"injection.ssrf"}


def test_what_flask_turns_into_a_number_is_one():
    text = '@app.route("/n/<{}id>")\ndef note(id):\n    cursor.execute(f"select * from n where id={{id}}")\n'
    assert review_file("a.py", text.format("int:")).findings == ()
    assert {f.rule for f in review_file("a.py", text.format("")).findings} >= {"injection.sql"}


def test_what_runs_before_every_request_is_called_from_outside():
    text = (
        "import subprocess\nfrom flask import request\n@app.before_request\ndef run():\n"
        "    subprocess.check_output(request.args['cmd'], shell=True)\n"
    )
    assert {f.rule for f in review_file("a.py", text).findings} >= {"injection.shell"}


@pytest.mark.parametrize("read", ["ast.literal_eval", "yaml.safe_load"])
def test_other_ways_to_parse_a_body(read):
    text = f"def handler(event, context):\n    body = {read}(event['body'])\n    table.put_item(Item=body)\n"
    assert [f.line for f in review_file("a.py", text).findings] == [2]


def test_a_finding_reaches_from_the_input_to_its_use_when_that_is_near():
    near = (
        "def handler(event, context):\n    body = json.loads(event['body'])\n    x = 1\n    table.put_item(Item=body)\n"
    )
    (finding,) = review_file("a.py", near).findings
    assert (finding.line, finding.end_line) == (2, 4)
    far = near.replace("    x = 1\n", "    x = 1\n" * 40)
    (finding,) = review_file("a.py", far).findings
    assert (finding.line, finding.end_line) == (2, 2)
