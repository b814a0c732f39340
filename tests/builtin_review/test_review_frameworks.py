"""One program put into the hands of each framework: what it is asked with reaches a shell."""

from __future__ import annotations

import pytest

PYTHON = {
    "Azure's functions": (
        'import azure.functions as func\n@app.route(route="a")\ndef a(req: func.HttpRequest):\n'
        '    os.system("ls " + req.get_json()["x"])\n'
    ),
    "a socket of FastAPI's": (
        'from fastapi import WebSocket\n@app.websocket("/a")\nasync def a(websocket: WebSocket):\n'
        '    os.system("ls " + await websocket.receive_text())\n'
    ),
    "a model that is called a request": (
        "from pydantic import BaseModel\nfrom fastapi import FastAPI\nclass Order(BaseModel):\n    x: str\n"
        '@app.post("/a")\ndef a(request: Order):\n    os.system("ls " + request.x)\n'
    ),
    "a model of a neighbour's that is called a request": (
        "from fastapi import FastAPI\nfrom .schemas import OrderRequest\n"
        '@app.post("/a")\ndef a(request: OrderRequest):\n    os.system("ls " + request.x)\n'
    ),
    "the payload of an API": (
        'from flask_restx import Resource\n@api.route("/a")\nclass A(Resource):\n    def post(self):\n'
        '        os.system("ls " + api.payload["x"])\n'
    ),
    "a request of Bottle's by its module": (
        'import bottle\n@bottle.post("/a")\ndef a():\n    os.system("ls " + bottle.request.forms.get("x"))\n'
    ),
}


@pytest.mark.parametrize("text", PYTHON.values(), ids=PYTHON)
def test_python(found, text):
    assert "injection.shell" in {rule for rule, _ in found("a.py", "import os\n" + text)}


SCRIPT = {
    "a body that comes in pieces": (
        "http.createServer((req, res) => { let text = ''; req.on('data', (c) => { text += c; }); "
        "req.on('end', () => { exec('ls ' + JSON.parse(text).x); }); });"
    ),
    "parameters of a route of Next's": (
        "export async function GET(request, { params }) { const { x } = await params; exec('ls ' + x); }"
    ),
    "a callable that takes its request apart": "exports.run = onCall(async ({ data }) => { exec('ls ' + data.x); });",
    "a procedure of tRPC's": (
        "export const run = publicProcedure.input(schema).mutation(async ({ input }) => { exec('ls ' + input.x); });"
    ),
    "Claudia's builder": (
        "const Api = require('claudia-api-builder');\nconst api = new Api();\n"
        "api.get('/a', (request) => { exec('ls ' + request.queryString.x); });"
    ),
    "a controller of Egg's": (
        "const { Controller } = require('egg');\nclass A extends Controller {\n"
        "  async run() { const { ctx } = this; exec('ls ' + ctx.query.x); }\n}"
    ),
}


@pytest.mark.parametrize("text", SCRIPT.values(), ids=SCRIPT)
def test_script(found, text):
    told = found("a.ts", "import { exec } from 'child_process';\n" + text)
    assert "injection.shell" in {rule for rule, _ in told}


def test_a_variable_of_an_outer_function_is_the_same_in_an_inner_one(found):
    text = """\
    const { exec } = require('child_process');
    app.get('/a', (req, res) => {
      let found = '';
      each((name) => { found = req.query.x; });
      each((name) => { let found = name; });
      exec('ls ' + found);
    });
    """
    assert ("injection.shell", 6) in found("a.js", text)
    assert ("injection.shell", 6) not in found("a.js", text.replace("found = req", "let found = req"))


SINKS = [
    ("injection.path", "a.py", "from PIL import Image", 'Image.open("/data/" + x)', "Image.open(x)"),
    ("injection.path", "a.py", "import cv2, os", 'cv2.imread(os.path.join("/data", x))', "cv2.imread(x)"),
    ("injection.path", "a.js", "const sharp = require('sharp');", "sharp('/data/' + x)", "sharp(Buffer.from(x))"),
    ("injection.ssrf", "a.py", "import yt_dlp", "yt_dlp.YoutubeDL().download([x])", "yt_dlp.YoutubeDL().download([])"),
    ("injection.ssrf", "a.py", "import paramiko", "paramiko.SSHClient().connect(x)", "paramiko.SSHClient().exec(x)"),
    (
        "injection.ssrf",
        "a.py",
        "from openai import OpenAI",
        "OpenAI(base_url=x)",
        'OpenAI(base_url=f"https://a.example/{x}")',
    ),
    (
        "injection.ssrf",
        "a.js",
        "const axios = require('axios');",
        "axios.create({ baseURL: x })",
        "axios.create({ baseURL: `https://a.example/${x}` })",
    ),
    ("injection.ssrf", "a.js", "const needle = require('needle');", "needle('get', x)", "needle('get', URL, x)"),
    (
        "injection.ssrf",
        "a.js",
        "const proxy = require('http-proxy').createProxyServer({});",
        "proxy.web(req, res, { target: x })",
        "proxy.web(req, res, { target: HOST })",
    ),
    ("injection.eval", "a.py", "import pandas as pd", "pd.read_csv(F).query(x)", "pd.read_csv(F).filter(x)"),
]


@pytest.mark.parametrize(("rule", "path", "head", "harmful", "harmless"), SINKS)
def test_further_sinks_by_their_names(found, rule, path, head, harmful, harmless):
    for line, told in ((harmful, True), (harmless, False)):
        if path == "a.py":
            read = "x = json.loads(event['body'])['x']"
            text = f"import json\n{head}\ndef lambda_handler(event, context):\n    {read}\n    {line}\n"
        else:
            text = f"{head}\nexports.handler = async (event) => {{ const x = JSON.parse(event.body).x; {line}; }};\n"
        assert (rule in {rule for rule, _ in found(path, text)}) is told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("{ storage }", True),
        ("{ storage, limits: { fileSize: 1000 } }", False),
        ("{ storage, fileFilter: onlyImages }", False),
    ],
)
def test_uploads_that_are_kept_whatever_they_are(found, options, told):
    text = f"""\
    const multer = require('multer');
    const storage = multer.diskStorage({{ filename: (req, file, done) => done(null, extname(file.originalname)) }});
    const upload = multer({options});
    """
    assert (("input.unvalidated", 3) in found("a.js", text)) is told


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("if (!Array.isArray(items)) return res.end();", True),
        ("if (!Array.isArray(items) || !items.every((i) => typeof i.name === 'string')) return res.end();", False),
    ],
)
def test_that_something_is_a_list_says_nothing_of_what_is_in_it(found, check, told):
    text = f"""\
    app.post('/a', async (req, res) => {{
      const {{ items }} = req.body;
      {check}
      for (const item of items) await table.putItem({{ Item: {{ name: item.name }} }});
    }});
    """
    assert ("input.unvalidated" in {rule for rule, _ in found("a.js", text)}) is told


@pytest.mark.parametrize(
    ("decorator", "told"),
    [
        ("@UseBefore(validator(loginRules))", False),
        ("@UsePipes(new JoiValidationPipe(schema))", False),
        ("@UseBefore(noCache())", True),
    ],
)
def test_what_a_decorator_puts_before_a_method(found, decorator, told):
    text = f"""\
    @Controller('a')
    export class Users {{
      @Post()
      {decorator}
      async create(@Body() body: any) {{ return this.users.create(body); }}
    }}
    """
    assert ("input.unvalidated" in {rule for rule, _ in found("a.ts", text)}) is told


def test_a_package_whose_name_begins_like_a_tool_is_a_service(found):
    text = """\
    const { StreamChat } = require('stream-chat');
    const client = new StreamChat(KEY, SECRET);
    app.post('/a', (req, res) => { res.send({ token: client.createToken(req.body.name) }); });
    """
    assert ("input.unvalidated", 3) in found("a.js", text)
    assert not found("a.js", text.replace("stream-chat", "stream"))


def test_where_something_is_kept_in_a_session_is_no_secret(found):
    assert not found("a.py", 'session_key = "upload_filename"\n')
    assert found("a.py", 'secret_key = "upload_filename"\n')


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("const kept = new Map(); kept.set('a', x); y = kept.get('a');", True),
        ("y = await Promise.resolve(x);", True),
        ("[y] = await Promise.all([x]);", True),
        ("y = x.split(',').find((part) => part);", True),
        ("y = await Promise.all(['a']);", False),
    ],
)
def test_values_that_are_put_away_and_taken_out_again(found, line, told):
    text = f"""\
    const {{ exec }} = require('child_process');
    exports.handler = async (event) => {{
      const x = JSON.parse(event.body).x;
      let y;
      {line}
      exec('ls ' + y);
    }};
    """
    assert ("injection.shell" in {rule for rule, _ in found("a.js", text)}) is told


@pytest.mark.parametrize(("pattern", "told"), [("[*?]", True), ("[^a-z]", False)])
def test_what_is_left_of_a_text_by_a_pattern(found, pattern, told):
    text = f"""\
    import os, re
    def lambda_handler(event, context):
        os.system("ls " + re.sub(r"{pattern}", "", event["name"]))
    """
    assert ("injection.shell" in {rule for rule, _ in found("a.py", text)}) is told


def test_where_multer_keeps_an_upload(found):
    text = """\
    const storage = multer.diskStorage({
      destination: (req, file, cb) => cb(null, 'uploads/' + req.body.folder),
      filename: (req, file, cb) => cb(null, Date.now() + '.png'),
    });
    """
    assert {line for rule, line in found("a.js", text) if rule == "injection.path"} == {2}


def test_a_handler_of_koas_that_answers_in_a_callback(found):
    text = """\
    const users = require('../lib/mysql');
    exports.register = async ctx => {
      const { name } = ctx.request.body;
      await users.insert([name]).then(() => { ctx.body = { code: 200 }; });
    };
    """
    assert ("input.unvalidated", 3) in found("a.js", text)


def test_a_key_in_a_call_that_is_written_down_to_be_tried_again(found):
    key = "f13aaa6528c7be63b74cf8df514d3a4c" * 2
    text = f"""\
    /*
    curl -X POST http://127.0.0.1:3000/a \\
     -H 'Authorization: Api-Key admin:{key}' \\
     -H "X-Api-Key: $KEY"
    */
    """
    assert {("credential.assigned", 3)} == found("a.js", text)
