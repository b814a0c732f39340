"""Gateways that CDK makes in TypeScript: REST resources, HTTP routes, proxies, and the functions behind them."""

from __future__ import annotations

import pytest

HEAD = (
    "import * as cdk from 'aws-cdk-lib';\n"
    "import * as apigateway from 'aws-cdk-lib/aws-apigateway';\n"
    "import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';\n"
    "import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';\n"
    "import * as lambda from 'aws-cdk-lib/aws-lambda';\n"
    "import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';\n"
    "import * as path from 'path';\n"
)


def stack(body, members=""):
    return (
        f"{HEAD}export class ApiStack extends cdk.Stack {{\n"
        f" constructor(scope, id, props) {{\n  super(scope, id, props);\n{body}\n }}\n{members}\n}}"
    )


def told(found):
    return [(one.file, one.line, one.reason.partition(" is known")[0]) for one in found.blind]


def test_methods_of_resources_stand_at_the_functions_behind_them(extract):
    body = (
        "const list = new NodejsFunction(this, 'L', { entry: path.join(__dirname, '../src/list.ts') });\n"
        "const one = new lambda.Function(this, 'O', { code: lambda.Code.fromAsset('src'), handler: 'one.main' });\n"
        "const api = new apigateway.RestApi(this, 'Api');\n"
        "const users = api.root.addResource('users');\n"
        "users.addMethod('GET', new apigateway.LambdaIntegration(list));\n"
        "users.addResource('{id}').addMethod('DELETE', new apigateway.LambdaIntegration(one));\n"
        "users.addMethod('OPTIONS', new apigateway.MockIntegration());"
    )
    found = extract(
        {
            "infra/lib/stack.ts": stack(body),
            "infra/src/list.ts": "/** List them. */\nexport const handler = async (event) => ({});",
            "infra/src/one.ts": "\nexport const main = async (event) => ({});",
        }
    )
    assert [(one.method, one.path, one.file, one.line, one.summary) for one in found.endpoints] == [
        ("GET", "/users", "infra/src/list.ts", 2, "List them."),
        ("DELETE", "/users/{id}", "infra/src/one.ts", 2, ""),
    ]
    assert {one.via for one in found.endpoints} == {("infra/lib/stack.ts",)}


def test_routes_of_an_http_api_have_each_of_their_methods(routes):
    body = (
        "const http = new HttpApi(this, 'Http');\n"
        "const integration = new HttpLambdaIntegration('I', fn);\n"
        "http.addRoutes({ path: '/pets/{id}', methods: [HttpMethod.GET, HttpMethod.PUT], integration });\n"
        "props.other.addRoutes({ path: '/all', integration });"
    )
    assert routes({"stack.ts": stack(body)}) == {"GET /pets/{id}", "PUT /pets/{id}", "ANY /all"}


def test_resources_made_in_loops_and_methods_of_the_stack_are_followed(routes):
    body = (
        "const api = new apigateway.LambdaRestApi(this, 'Api', { handler: fn, proxy: false });\n"
        "this.add(api, [{ name: 'ping', methods: ['GET'] }, { name: 'user', methods: ['POST', 'DELETE'] }]);"
    )
    members = (
        " private add(api: apigateway.RestApi, table) {\n"
        "  table.forEach(({ name, methods }) => {\n   const made = api.root.addResource(name);\n"
        "   methods.forEach((method) => made.addMethod(method, new apigateway.LambdaIntegration(fn)));\n  });\n }"
    )
    assert routes({"stack.ts": stack(body, members)}) == {"GET /ping", "POST /user", "DELETE /user"}


def test_a_gateway_handed_to_another_stack_is_followed(routes):
    found = routes(
        {
            "bin/app.ts": (
                "import { App } from 'aws-cdk-lib';\nimport { ApiStack } from '../lib/api';\n"
                "import { UserStack } from '../lib/users';\nconst app = new App();\n"
                "const api = new ApiStack(app, 'Api', {});\nnew UserStack(app, 'Users', { api: api.gateway });"
            ),
            "lib/api.ts": stack("this.gateway = new apigateway.RestApi(this, 'Api');"),
            "lib/users.ts": stack(
                "props.api.root.resourceForPath('v1/users').addMethod(apigateway.HttpMethod.GET, integration);"
            ).replace("ApiStack", "UserStack"),
        }
    )
    assert found == {"GET /v1/users"}


def test_a_gateway_of_the_projects_own_class_is_followed(routes):
    own = (
        "import { RestApi } from 'aws-cdk-lib/aws-apigateway';\n"
        "export class OwnApi extends RestApi {\n constructor(scope) {\n  super(scope, 'Own');\n"
        "  this.root.addResource('health').addMethod('GET', i);\n }\n}\n"
    )
    body = "new OwnApi(this).root.addResource('x').addMethod('PUT', i);"
    found = routes({"own.ts": own, "stack.ts": "import { OwnApi } from './own';\n" + stack(body)})
    assert found == {"GET /health", "PUT /x"}


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("props.resource.addMethod('GET', integration);", 11),
        ("let at = new apigateway.RestApi(this, 'A').root;\nat = at.addResource('x');\nat.addMethod('GET', i);", 13),
        ("new apigateway.RestApi(this, 'A').root.addResource(props.name).addMethod('GET', i);", 11),
        ("new apigateway.RestApi(this, 'A').root.addMethod(props.method, i);", 11),
    ],
)
def test_what_only_the_running_stack_knows_is_told_and_not_guessed(extract, body, line):
    found = extract({"stack.ts": stack(body)})
    assert found.endpoints == []
    assert [(file, at) for file, at, _ in told(found)] == [("stack.ts", line)]


def test_a_gateway_that_hands_everything_on_gives_way_to_the_router_behind_it(routes):
    body = (
        "const fn = new NodejsFunction(this, 'F', { entry: './src/app.ts' });\n"
        "new apigateway.LambdaRestApi(this, 'Api', { handler: fn });"
    )
    files = {
        "lib/stack.ts": stack(body),
        "src/app.ts": (
            "import express from 'express';\nimport serverless from 'serverless-http';\n"
            "const app = express(); app.get('/x', h);\nexport const handler = serverless(app);"
        ),
    }
    assert routes(files) == {"GET /x"}
    files["src/app.ts"] = "export const handler = async () => ({});"
    assert routes(files) == {"ANY /{proxy+}"}


def test_a_route_that_the_code_answers_too_is_not_doubled(extract):
    body = (
        "const root = new apigateway.RestApi(this, 'Api').root;\n"
        "root.addResource('ping').addMethod('GET', i);\nroot.addProxy();"
    )
    found = extract(
        {
            "cdk/lib/stack.ts": stack(body),
            "service/app.py": (
                "from aws_lambda_powertools.event_handler import APIGatewayRestResolver\n"
                "app = APIGatewayRestResolver()\n@app.get('/ping')\ndef ping(): ...\n"
            ),
        }
    )
    assert [(one.method, one.path, one.file) for one in found.endpoints] == [("GET", "/ping", "service/app.py")]


def test_methods_by_these_names_outside_of_cdk_are_none_of_a_gateway(extract):
    found = extract({"a.ts": "import { RestApi } from './mine';\nnew RestApi().root.addMethod('GET', x);"})
    assert (found.endpoints, found.blind) == ([], [])
