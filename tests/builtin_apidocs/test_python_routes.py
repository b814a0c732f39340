"""FastAPI, Flask and powertools' resolvers."""

import pytest


def test_fastapi_routers_are_followed_through_packages_and_settings(extract):
    found = extract(
        {
            "app/main.py": (
                "from fastapi import FastAPI\n"
                "from app.api.main import api\n"
                "from app.core import settings\n"
                "app = FastAPI()\n"
                "app.include_router(api, prefix=settings.API)\n"
            ),
            "app/core.py": "class Settings(BaseSettings):\n    API: str = '/api/v1'\nsettings = Settings()\n",
            "app/api/__init__.py": "",
            "app/api/main.py": (
                "from fastapi import APIRouter\n"
                "from app.api.routes import users\n"
                "api = APIRouter()\n"
                "api.include_router(users.router, prefix='/users')\n"
            ),
            "app/api/routes/__init__.py": "",
            "app/api/routes/users.py": (
                "from typing import Annotated\n"
                "from fastapi import APIRouter, Depends, Query\n"
                "from app.models import UserIn\n"
                "router = APIRouter()\n"
                "Current = Annotated[str, Depends(auth)]\n"
                "@router.put('/{user_id}', response_model=UserOut)\n"
                "async def change(user_id: int, body: UserIn, who: Current, q: str = Query(None), limit: int "
                "= 10):\n"
                '    """Change a user. And more."""\n'
            ),
            "app/models.py": "class UserIn(BaseModel):\n    name: str\n",
        }
    )
    (one,) = found.endpoints
    assert (one.method, one.path, one.line) == ("PUT", "/api/v1/users/{user_id}", 7)
    assert (one.request, one.response, one.summary) == ("UserIn", "UserOut", "Change a user.")
    assert [(p.name, p.place, p.required) for p in one.parameters] == [
        ("user_id", "path", True),
        ("q", "query", False),
        ("limit", "query", False),
        ("name", "body", True),
    ]
    assert set(one.via) == {"app/main.py", "app/api/main.py", "app/models.py"}


def test_an_application_factory_and_a_loop_over_blueprints_are_followed(routes):
    found = routes(
        {
            "app.py": (
                "from flask import Flask\n"
                "from views import a, b\n"
                "def create_app():\n"
                "    app = Flask(__name__)\n"
                "    for bp in (a, b):\n"
                "        app.register_blueprint(bp, url_prefix='/api')\n"
                "    return app\n"
            ),
            "views.py": (
                "from flask import Blueprint, request\n"
                "a = Blueprint('a', __name__, url_prefix='/own')\n"
                "b = Blueprint('b', __name__)\n"
                "@a.route('/x/<int:id>', methods=('GET', 'POST'))\n"
                "def x(id):\n"
                "    return request.args.get('page')\n"
                "@b.get('/y')\n"
                "def y(): ...\n"
            ),
        }
    )
    assert found == {"GET /api/x/{id}", "POST /api/x/{id}", "GET /api/y"}


def test_a_blueprint_keeps_its_own_prefix_where_none_is_given(routes):
    text = (
        "from flask import Flask, Blueprint\n"
        "app = Flask('x')\n"
        "b = Blueprint('b', 'b', url_prefix='/own')\n"
        "b.add_url_rule('/r', view_func=f, methods=['DELETE'])\n"
        "app.register_blueprint(b)\n"
    )
    assert routes({"app.py": text}) == {"DELETE /own/r"}


def test_flask_resources_have_a_route_for_each_verb(routes):
    text = (
        "from flask import Flask\n"
        "from flask_restful import Api, Resource\n"
        "app = Flask('x')\n"
        "api = Api(app, prefix='/v1')\n"
        "class T(Resource):\n"
        "    def get(self, id): ...\n"
        "    def put(self, id): ...\n"
        "api.add_resource(T, '/t/<id>', '/alias')\n"
    )
    assert routes({"app.py": text}) == {"GET /v1/t/{id}", "PUT /v1/t/{id}", "GET /v1/alias", "PUT /v1/alias"}


def test_powertools_resolvers_and_their_routers_are_read(routes):
    found = routes(
        {
            "app.py": (
                "from aws_lambda_powertools.event_handler import APIGatewayRestResolver\n"
                "import todos\n"
                "app = APIGatewayRestResolver()\n"
                "app.include_router(todos.router, prefix='/todos')\n"
                "@app.get('/health')\n"
                "def health(): ...\n"
                "def handler(event, context): return app.resolve(event, context)\n"
            ),
            "todos.py": (
                "from aws_lambda_powertools.event_handler.api_gateway import Router\n"
                "router = Router()\n"
                "@router.route('/<id>', method=['GET', 'DELETE'])\n"
                "def one(id): ...\n"
            ),
            "template.yaml": (
                "Resources:\n"
                "  A:\n"
                "    Type: AWS::Serverless::Function\n"
                "    Properties:\n"
                "      Handler: app.handler\n"
                "      Events:\n"
                "        E: {Type: Api, Properties: {Path: '/{proxy+}', Method: ANY}}\n"
            ),
        }
    )
    assert found == {"GET /health", "GET /todos/{id}", "DELETE /todos/{id}"}


def test_a_path_that_is_made_at_run_time_and_a_file_that_is_no_python_are_told(extract):
    found = extract(
        {
            "app.py": "from flask import Flask\napp = Flask('x')\n@app.get(make())\ndef x(): ...\n",
            "b.py": "import flask\ndef (:\n",
        }
    )
    assert found.endpoints == []
    assert {(one.file, one.line) for one in found.blind} == {("app.py", 3), ("b.py", 2)}


@pytest.mark.parametrize(("path", "whole"), [("/x", "/refunds/x"), ("", "/refunds"), ("x/{id}", "/refundsx/{id}")])
def test_fastapi_puts_no_slash_between_a_prefix_and_a_path(routes, path, whole):
    source = (
        "from fastapi import APIRouter, FastAPI\nrouter = APIRouter(prefix='/refunds')\n"
        f"@router.get('{path}')\ndef show(): ...\napp = FastAPI()\napp.include_router(router)\n"
    )
    assert routes({"app.py": source}) == {f"GET {whole}"}
