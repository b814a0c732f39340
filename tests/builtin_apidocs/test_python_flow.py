"""How routers travel through Python: packages, parameters, loops, classes, objects attached later."""

from __future__ import annotations

import pytest

VIEW = "from flask import Blueprint\nbp = Blueprint('{0}', __name__)\n@bp.route('/{0}')\ndef show():\n    pass\n"


def test_views_that_take_the_blueprint_from_their_own_package_are_seen(routes):
    found = routes(
        {
            "app/__init__.py": (
                "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
                "    from .main import main as main_blueprint\n"
                "    app.register_blueprint(main_blueprint, url_prefix='/m')\n    return app\n"
            ),
            "app/main/__init__.py": (
                "from flask import Blueprint\nmain = Blueprint('main', __name__)\nfrom . import views\n"
            ),
            "app/main/views.py": "from . import main\n@main.route('/a', methods=['GET', 'POST'])\ndef a():\n    pass\n",
        }
    )
    assert found == {"GET /m/a", "POST /m/a"}


def test_a_package_that_imports_its_own_modules_by_name_is_followed(routes):
    found = routes(
        {
            "app/main.py": (
                "from fastapi import FastAPI\nfrom app.api import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
            "app/api/__init__.py": (
                "from fastapi import APIRouter\nfrom . import users\nrouter = APIRouter(prefix='/api')\n"
                "router.include_router(users.router)\n"
            ),
            "app/api/users.py": (
                "from fastapi import APIRouter\nrouter = APIRouter(prefix='/users')\n@router.get('/{id}')\n"
                "def one(id: int): ...\n"
            ),
        }
    )
    assert found == {"GET /api/users/{id}"}


@pytest.mark.parametrize(
    "source",
    [
        "ns = Namespace('tags')\napi.add_namespace(ns, '/tags')\n",
        "ns = Namespace('tags')\napi.add_namespace(ns)\n",
        "ns = Namespace('other', path='/tags')\napi.add_namespace(ns)\n",
    ],
)
def test_the_path_of_a_namespace_is_the_one_given_else_its_own(routes, source):
    head = (
        "from flask import Blueprint\nfrom flask_restx import Api, Namespace, Resource\n"
        "bp = Blueprint('b', __name__, url_prefix='/api')\napi = Api(bp)\n"
    )
    tail = "@ns.route('/<int:id>')\nclass Tag(Resource):\n    def get(self, id): ...\n"
    assert routes({"app.py": f"{head}{source}{tail}"}) == {"GET /api/tags/{id}"}


def test_an_api_object_that_is_attached_to_a_blueprint_later_has_its_prefix(routes):
    found = routes(
        {
            "ext.py": "from flask_restx import Api\napi = Api(version='1')\n",
            "app.py": (
                "from flask import Blueprint, Flask\nimport ext\napp = Flask(__name__)\n"
                "def init(app):\n    bp = Blueprint('api', __name__, url_prefix='/api/v1')\n    ext.api.init_app(bp)\n"
                "    app.register_blueprint(bp)\n    app.route('/ui')(show)\ndef show():\n    pass\ninit(app)\n"
            ),
            "teams.py": (
                "from ext import api\nfrom flask_restx import Namespace, Resource\nns = Namespace('teams')\n"
                "@ns.route('/')\nclass Teams(Resource):\n    def get(self): ...\ndef init_app():\n"
                "    api.add_namespace(ns)\n"
            ),
        }
    )
    assert found == {"GET /api/v1/teams", "GET /ui"}


@pytest.mark.parametrize(
    "mount",
    [
        "for bp in BLUEPRINTS:\n    app.register_blueprint(bp, url_prefix='/api')\n",
        (
            "def mount(app, blueprints):\n    for bp in blueprints:\n"
            "        app.register_blueprint(bp, url_prefix='/api')\n"
            "mount(app, blueprints=BLUEPRINTS)\n"
        ),
        (
            "def mount(application, blueprints=None):\n    blueprints = blueprints + (health.bp,)\n"
            "    for bp in blueprints:\n"
            "        application.register_blueprint(bp, url_prefix='/api')\nmount(app, (pets.bp,))\n"
        ),
        (
            "for bp, prefix in [(pets.bp, '/api'), (health.bp, '/api')]:\n"
            "    app.register_blueprint(bp, url_prefix=prefix)\n"
        ),
        (
            "for prefix, bp in {'/api': pets.bp, '/api/': health.bp}.items():\n"
            "    app.register_blueprint(bp, url_prefix=prefix)\n"
        ),
    ],
    ids=["list", "handed-on", "added-to", "pairs", "dictionary"],
)
def test_blueprints_of_a_list_are_mounted_one_by_one(routes, mount):
    head = "from flask import Flask\nimport health, pets\nBLUEPRINTS = (pets.bp, health.bp)\napp = Flask(__name__)\n"
    found = routes({"app.py": head + mount, "pets.py": VIEW.format("pets"), "health.py": VIEW.format("health")})
    assert found == {"GET /api/pets", "GET /api/health"}


def test_routers_included_by_a_method_that_is_handed_the_application_have_their_prefix(routes):
    found = routes(
        {
            "server.py": (
                "from fastapi import FastAPI\nclass Server:\n    def configure(self, app: FastAPI, config):\n"
                "        from api import router\n        app.include_router(router, prefix='/api/v1')\n"
            ),
            "api.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/ping')\ndef ping(): ...\n",
        }
    )
    assert found == {"GET /api/v1/ping"}


def test_routes_of_a_function_that_is_handed_the_application_are_seen(routes):
    found = routes(
        {
            "app.py": "from flask import Flask\nimport views\napp = Flask(__name__)\nviews.register(app)\n",
            "views.py": (
                "from flask import jsonify\ndef register(app):\n    @app.route('/health')\n    def health():\n"
                "        return jsonify({})\n"
            ),
        }
    )
    assert found == {"GET /health"}


def test_methods_of_a_class_can_be_routes(extract):
    found = extract(
        {
            "app.py": (
                "from fastapi import APIRouter, FastAPI\nfrom somewhere import controller\n"
                "router = APIRouter(prefix='/pets')\n@controller(router)\nclass Pets(Base):\n"
                "    @router.get('/{id}', response_model=Pet)\n    def one(self, id: int):\n        '''One pet.'''\n"
                "app = FastAPI()\napp.include_router(router)\n"
            )
        }
    )
    (one,) = found.endpoints
    assert (one.path, one.summary, [p.name for p in one.parameters]) == ("/pets/{id}", "One pet.", ["id"])


def test_a_router_kept_in_an_attribute_is_followed(routes):
    source = (
        "from fastapi import APIRouter, FastAPI\nclass Api:\n    def __init__(self, app: FastAPI):\n"
        "        self.router = APIRouter(prefix='/v1')\n"
        "        self.router.add_api_route('/x', self.x, methods=['POST'])\n"
        "        app.include_router(self.router)\n    def x(self): ...\nApi(FastAPI())\n"
    )
    assert routes({"app.py": source}) == {"POST /v1/x"}


def test_events_that_a_router_behind_them_answers_too_are_not_doubled(extract):
    template = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n"
        "    Type: AWS::Serverless::Function\n    Properties:\n"
        "      CodeUri: .\n      Handler: src.main.handler\n      Events:\n"
        "        A: {Type: Api, Properties: {Path: /users/all, Method: get}}\n"
        "        B: {Type: Api, Properties: {Path: '/{proxy+}', Method: options}}\n"
    )
    found = extract(
        {
            "backend/users-service.yaml": template,
            "backend/src/main.py": (
                "from aws_lambda_powertools.event_handler import APIGatewayRestResolver\nfrom src.users import router\n"
                "app = APIGatewayRestResolver()\napp.include_router(router, '/users')\ndef handler(e, c): ...\n"
            ),
            "backend/src/users.py": (
                "from aws_lambda_powertools.event_handler.api_gateway import Router\nrouter = Router()\n"
                "@router.get('/all')\ndef everyone():\n    pass\n"
            ),
        }
    )
    assert [(one.method, one.path, one.file) for one in found.endpoints] == [
        ("GET", "/users/all", "backend/src/users.py")
    ]


TABLE = (
    "from flask_restful import Resource\n"
    "class Home(Resource):\n    def get(self): ...\n    def post(self): ...\n"
    "class Land(Resource):\n    def get(self, id): ...\n"
    "ROUTES = ((Home, '/home', '/homes'), (Land, '/land/<int:id>'))\n"
)


@pytest.mark.parametrize(
    "adds",
    [
        "    [api.add_resource(*one) for one in ROUTES]\n",
        "    for one in ROUTES:\n        api.add_resource(*one)\n",
    ],
)
def test_resources_of_a_table_are_added_one_by_one(routes, adds):
    source = (
        "from flask import Flask\nfrom flask_restful import Api\nfrom table import ROUTES\n"
        f"def create_app():\n    app = Flask(__name__)\n    api = Api(app)\n{adds}    return app\n"
    )
    found = routes({"app.py": source, "table.py": TABLE})
    assert found == {"GET /home", "POST /home", "GET /homes", "POST /homes", "GET /land/{id}"}


def test_a_resource_added_to_something_unknown_is_told(extract):
    source = (
        "from flask_restful import Resource\n"
        "class Home(Resource):\n    def get(self): ...\n"
        "def add(held):\n    held.get('api').add_resource(Home, '/home')\n"
    )
    found = extract({"app.py": source})
    assert found.endpoints == []
    assert [(one.line, one.reason) for one in found.blind] == [
        (5, "what this route is added to is known only when the program runs")
    ]
