"""Bodies that are handed to code of another file: by which names, and through which imports."""

from __future__ import annotations

import pytest

EXPRESS = """\
import express from 'express'; import * as users from './users.service'; import authService from '#auth/service';
import { createUserUseCase } from '../application/create-user'; import actions from './actions';
import { createMessage, createErrorMessage, checkCredentials } from './made'; import { repository } from './store';
declare function putTodo(todo: unknown): Promise<void>;
const app = express();
"""


def _told(found, path: str, text: str) -> bool:
    return any(rule.startswith("input.") for rule, _ in found(path, text))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("users.login(req.body.email, req.body.password)", True),
        ("users.searchBooks(req.query)", True),
        ("users.findById(req.body.id)", False),
        ("authService.addUser({ name: req.body.name })", True),
        ("createUserUseCase(repository.create)(req.body)", True),
        ("users.verifyPayment(req.body.trackId, req.body.orderId)", True),
        ("users.validateLogin(req.body)", False),
        ("putTodo(req.body)", True),
        ("structuredClone(req.body)", False),
        ("createMessage(req.body)", True),
        ("createErrorMessage(req.body.name)", False),
        ("checkCredentials(req.body)", True),
        ("actions[req.params.action](req)", True),
    ],
)
def test_code_of_another_file(found, call, told):
    text = EXPRESS + f"app.post('/a/:action', async (req, res) => {{ res.json(await {call}); }});\n"
    assert _told(found, "a.ts", text) is told


def test_a_function_that_a_variable_holds(found):
    text = EXPRESS + "app.get('/:a', async (req, res) => { const run = actions[req.params.a]; await run(req); });\n"
    assert _told(found, "a.ts", text)


@pytest.mark.parametrize(
    ("schema", "told"),
    [("schema: { body: CreateUser },", False), ("schema: { response: { 201: User } },", True), ("", True)],
)
def test_a_schema_beside_the_handler_in_one_object(found, schema, told):
    text = f"""\
import Fastify from 'fastify'; import {{ userService }} from './services';
const fastify = Fastify();
fastify.route({{ method: 'POST', url: '/a', {schema} handler: async function (req, rep) {{
  return userService.create(req.body);
}} }});
"""
    assert _told(found, "a.ts", text) is told


@pytest.mark.parametrize(("imports", "told"), [("from users import *", True), ("from users import other", False)])
def test_what_a_star_brings_in(found, imports, told):
    text = f"""\
from flask import Flask, request
{imports}
app = Flask(__name__)
@app.route("/a", methods=["POST"])
def register():
    return user_register(request.form["name"], request.form["password"])
"""
    assert _told(found, "a.py", text) is told


def test_a_serializer_that_was_asked_answers_for_the_body(found):
    text = """\
from rest_framework.views import APIView
class Register(APIView):
    def post(self, request):
        serializer = self.serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        create_user(request.data["name"])
"""
    assert not _told(found, "a.py", text)
    assert _told(found, "a.py", text.replace("        serializer.is_valid(raise_exception=True)\n", ""))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("await request({ origin: 'http://a.example', pathname: req.query.user });", True),
        ("await request({ url: 'http://a.example/', json: { a: 1 } });", False),
        ("await cognitoUser.changePassword(req.body.old, req.body.new, done);", True),
        ("await oauth.getToken(req.body.code);", True),
    ],
)
def test_what_is_sent_on(found, lines, told):
    text = f"""\
import express from 'express'; import {{ request }} from 'undici';
import {{ CognitoUser }} from 'amazon-cognito-identity-js'; import {{ google }} from 'googleapis';
const app = express(); const oauth = new google.auth.OAuth2(); const cognitoUser = new CognitoUser({{}});
app.post('/a', async (req, res) => {{ {lines} res.end(); }});
"""
    assert _told(found, "a.js", text) is told


@pytest.mark.parametrize(("program", "told"), [("['./check.sh', password]", True), ("['./check.sh', 'a']", False)])
def test_the_arguments_of_a_program(found, program, told):
    text = f"""\
import subprocess
from flask import Flask, request
app = Flask(__name__)
@app.route("/a", methods=["POST"])
def check():
    password = request.json.get("password")
    return subprocess.run({program}).stdout
"""
    assert _told(found, "a.py", text) is told


def test_a_payload_that_a_durable_function_hands_on(found):
    text = """\
def lambda_handler(event, context):
    return context.invoke(function_name="b", payload={"name": event.get("name"), "price": event.get("price", 1)})
"""
    assert _told(found, "a.py", text)


@pytest.mark.parametrize(("amount", "told"), [("event.get('value', 0) + 10", True), ("'10' + str(len(event))", False)])
def test_a_sum_is_a_calculation(found, amount, told):
    assert _told(found, "a.py", f"def lambda_handler(event, context):\n    return {{'a': {amount}}}\n") is told


@pytest.mark.parametrize(("name", "rules"), [("RegisterUser", {"input"}), ("UserDatabase", {"input", "injection"})])
def test_a_use_case_beside_a_word_of_a_database(found, name, rules):
    text = f"""\
import {{ {name} }} from '../core/use-cases/{name}.js';
export const users = {{ add: async (req, res) => {{
  res.json({{ made: await {name}.execute(req.body), driver: "sqlite3" }}); }} }};
"""
    assert {rule.partition(".")[0] for rule, _ in found("a.js", text)} == rules


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('Product.query.filter(Product.name.contains(request.args["q"])).all()', False),
        ('audit.createAuditLog(request.args["q"])', False),
        ('catalog.createProduct(request.args["q"])', True),
    ],
)
def test_columns_that_are_compared_and_what_is_written_down(found, call, told):
    text = f"""\
from flask import Blueprint, request
from .models import Product
from . import audit, catalog
bp = Blueprint("p", __name__)
@bp.route("/p")
def products():
    {call}
    return "ok"
"""
    assert any(rule.startswith("input.") for rule, _ in found("app/p.py", text)) is told
