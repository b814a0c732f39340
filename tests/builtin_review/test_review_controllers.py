# ruff: noqa: E501 - programs under review, one to a line
"""What controllers, older files and small turns of speech say, each beside its harmless twin."""

from __future__ import annotations

import pytest

from daemon.agents.builtin.review.engine import review_file

TOLD = {
    "a controller's method gets the request alone": (
        "a.js",
        "class C extends Base { async create(request) { if (request?.body) { return this.createPost({...request.body}); } } }",
        "input.unvalidated",
    ),
    "the request is not used but for the answer, by its name": (
        "a.js",
        "const mailer = require('./mailer');\napp.post('/x', async (_, res) => { res.send(await mailer(_.body)); });",
        "input.unvalidated",
    ),
    "a power is a calculation": (
        "a.js",
        "exports.handler = async (event) => { const r = event.queryStringParameters.radius; return { area: Math.pow(r, 2) }; };",
        "input.unvalidated",
    ),
    "a method written like a class that does something": (
        "a.js",
        "const mail = require('./mail');\nexports.handler = async (event) => { const body = JSON.parse(event.body); await mail.SendEmail({ to: body.to }); };",
        "input.unvalidated",
    ),
    "a model counts by what the caller asks": (
        "a.js",
        "const FoodModel = require('./food');\nconst count = (req, res) => FoodModel.count(req.query).then((n) => res.send({ n }));",
        "injection.nosql",
    ),
    "a model says whether there is one that the caller describes": (
        "a.js",
        "const User = require('./user');\nconst known = (req, res) => User.exists({ email: req.body.email }).then((n) => res.send({ n }));",
        "injection.nosql",
    ),
    "what is said over a socket is kept": (
        "a.js",
        (
            "const { Server } = require('socket.io');\nconst M = require('./models/message');\n"
            "io.on('connection', (socket) => { socket.on('say', async ({ text }) => { await M.create({ text }); }); });"
        ),
        "input.unvalidated",
    ),
    "what is said over a socket asks a store": (
        "a.js",
        (
            "const mongoose = require('mongoose');\nconst io = require('socket.io')(server);\n"
            "io.on('connection', (socket) => { socket.on('who', async (id) => { await User.findOneAndUpdate({ _id: id }, {}); }); });"
        ),
        "injection.nosql",
    ),
    "the name that a caller gave a file": (
        "a.js",
        "const fs = require('fs');\napp.post('/x', (req, res) => fs.unlinkSync(req.file.originalname));",
        "injection.path",
    ),
    "a decorated body of any type": (
        "a.ts",
        "class C { @Put() async change(@Body() it: any) { return this.service.updateConfig(it); } }",
        "input.unvalidated",
    ),
    "a decorated field": (
        "a.ts",
        "class C { @Post() async answer(@Param('id') id: string, @Body('text') text: string) { return this.service.reply(id, text); } }",
        "input.unvalidated",
    ),
    "a decorated query in a statement, whatever its class": (
        "a.ts",
        "class C { @Get() async all(@Query() q: FindDto) { return this.db.query(`select * from t where a = '${q.a}'`); } }",
        "injection.sql",
    ),
    "Koa in a file that does not name it": (
        "a.js",
        "const service = require('../services');\nconst make = async (ctx) => { ctx.body = await service.create(ctx.request.body); };",
        "input.unvalidated",
    ),
    "a pattern that stands for an equality": (
        "a.js",
        (
            "const User = require('./model/users');\nexports.handler = async (event) => { const { email } = JSON.parse(event.body);\n"
            "if (typeof email !== 'string') return; return User.findOne({ email: { $regex: new RegExp(`^${email}$`, 'i') } }); };"
        ),
        "injection.nosql",
    ),
    "a password by its place": (
        "a.py",
        'import cx_Oracle\nconnection = cx_Oracle.connect("ADMIN", "ADMIN123456", dsn)\n',
        "credential.argument",
    ),
    "an upload's name in FastAPI": (
        "a.py",
        '@app.post("/x")\nasync def keep(file: UploadFile = File(...)):\n    open(os.path.join(UPLOADS, file.filename), "wb")\n',
        "injection.path",
    ),
    "names in quotes, as older Terraform had them": (
        "a.tf",
        'data "aws_iam_policy_document" "x" {\n  "statement" = {\n    "effect" = "Allow"\n    "actions" = ["s3:*"]\n    "resources" = ["*"]\n  }\n}\n',
        "iam.service-wildcard",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_it_is_told(case: str) -> None:
    name, text, rule = TOLD[case]
    assert rule in {finding.rule for finding in review_file(name, text).findings}


QUIET = {
    "a client's request that is sent, not received": "class C { add(request) { request.headers.set('x', '1'); return this.createPost(request.url); } }",
    "a method with a typed input": "class C { create(request: Order) { return this.createPost(request.body); } }",
    "an answer that is only built": "const page = require('./page');\nexports.handler = async (event) => page.Html(JSON.parse(event.body));",
    "a switch on the type of what is kept": (
        "exports.handler = async (event) => { const text = JSON.parse(event.body).text;\n"
        "  switch (typeof text === 'string') { case false: return { statusCode: 400 }; default: }\n"
        "  await new DocumentClient().put({ TableName: 'T', Item: { text } }).promise(); };"
    ),
    "a file is kept under the server's own name": "const fs = require('fs');\napp.post('/x', (req, res) => fs.unlinkSync(req.file.path));",
    "what a configuration says": "const fs = require('fs');\napp.get('/x', (req, res) => res.send(fs.readFileSync(config.icons.get(req.query.kind))));",
    "a decorated body of a class": "class C { @Put() async change(@Body() it: ChangeDto) { return this.service.updateConfig(it); } }",
    "a decorated field through a pipe": "class C { @Put() async change(@Body('n', ParseIntPipe) n: number) { return this.service.updateConfig(n); } }",
    "tsoa holds types against what comes in": "import { Body, Put } from 'tsoa';\nclass C { @Put() async change(@Body() it: { n: number }) { return this.service.updateConfig(it); } }",
    "a pattern of what was escaped": "const User = require('./model/users');\nexports.handler = async (event) => { const { email } = JSON.parse(event.body); return User.findOne({ email: new RegExp(`^${escape(email)}$`) }); };",
    "a pattern to search by, escaped": "const User = require('./model/users');\nexports.handler = async (event) => { const { q } = JSON.parse(event.body); return User.findOne({ name: new RegExp(_.escapeRegExp(q), 'i') }); };",
    "a stream of this machine is heard": "const cp = require('child_process');\nclient.on('data', (text) => { db.collection('t').insertOne({ text }); });",
    "a socket says that it is gone": "const io = require('socket.io')(server);\nio.on('connection', (socket) => { socket.on('disconnect', async (why) => { await M.create({ why }); }); });",
    "a model counts by one number": "const FoodModel = require('./food');\nconst count = (req, res) => FoodModel.count({ age: Number(req.query.age) }).then((n) => res.send({ n }));",
}


@pytest.mark.parametrize("case", QUIET)
def test_it_is_quiet(case: str) -> None:
    rules = {finding.rule for finding in review_file("a.ts", QUIET[case]).findings}
    assert not {rule for rule in rules if rule.startswith("injection")}
    strong = [f for f in review_file("a.ts", QUIET[case]).findings if f.rule == "input.unvalidated"]
    assert strong == []


@pytest.mark.parametrize(
    "name",
    [
        "f'{uuid4()}{os.path.splitext(file.filename)[1]}'",
        "secure_filename(file.filename)",
        "os.path.basename(file.filename)",
    ],
)
def test_an_upload_under_a_name_of_ours_is_no_injection(name: str) -> None:
    text = f'import os\n@app.post("/x")\nasync def keep(file: UploadFile):\n    open(os.path.join(UPLOADS, {name}), "wb").write(await file.read())\n    return save(file)\n'
    assert {f.rule for f in review_file("a.py", text).findings} == {"input.unvalidated"}
