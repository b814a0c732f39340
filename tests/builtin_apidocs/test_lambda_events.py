"""serverless.yml, serverless.ts, SAM and CloudFormation."""

HANDLER = "/** Say hello. */\nexport const hello = async (event) => ({ body: event.queryStringParameters?.name });\n"


def test_a_serverless_function_is_placed_at_its_handler(extract):
    found = extract(
        {
            "serverless.yml": (
                "service: x\n"
                "custom:\n"
                "  base: api\n"
                "functions:\n"
                "  hello:\n"
                "    handler: src/hello.hello\n"
                "    events:\n"
                "      - http: GET /hello\n"
                "      - httpApi:\n"
                "          path: /${self:custom.base}/{id}\n"
                "          method: post\n"
            ),
            "src/hello.ts": HANDLER,
        }
    )
    assert [(one.method, one.path, one.file, one.line, one.summary) for one in found.endpoints] == [
        ("POST", "/api/{id}", "src/hello.ts", 2, "Say hello."),
        ("GET", "/hello", "src/hello.ts", 2, "Say hello."),
    ]
    assert found.endpoints[1].via == ("serverless.yml",)
    assert ("name", "query") in {(p.name, p.place) for p in found.endpoints[0].parameters}


def test_included_function_files_are_read_and_missing_ones_told(extract):
    found = extract(
        {
            "serverless.yml": (
                "functions:\n  - ${file(fn/a.yml)}\n  - ${file(fn/gone.yml)}\n  - one: ${file(fn/b.yml):one}\n"
            ),
            "fn/a.yml": "a:\n  handler: h.a\n  events: [{http: {path: a, method: get}}]\n",
            "fn/b.yml": "one:\n  handler: h.b\n  events: [{httpApi: 'DELETE /b'}]\n",
        }
    )
    assert {f"{one.method} {one.path}" for one in found.endpoints} == {"GET /a", "DELETE /b"}
    assert [(one.file, one.line) for one in found.blind] == [("serverless.yml", 3)]


def test_a_path_made_at_deployment_is_told(extract):
    found = extract(
        {"serverless.yml": "functions:\n  a:\n    handler: h.a\n    events:\n      - http: GET /${opt:stage}/a\n"}
    )
    assert found.endpoints == []
    assert "deployment" in found.blind[0].reason


def test_serverless_ts_is_followed_to_each_functions_own_file(extract):
    found = extract(
        {
            "serverless.ts": (
                "import { hello } from '@fn/index';\n"
                "const config = { service: 'x', functions: { hello } };\n"
                "module.exports = config;"
            ),
            "tsconfig.json": '{"extends": "./paths.json"}',
            "paths.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@fn/*": ["src/fn/*"]}}}',
            "src/fn/index.ts": "export { default as hello } from './hello';",
            "src/fn/hello/index.ts": (
                "export default { handler: `${path(__dirname)}/handler.main`, events: [{ http: { method: "
                "'get', path: 'hello' } }] };"
            ),
            "src/fn/hello/handler.ts": "const hello = async () => ({});\nexport const main = middify(hello);",
        }
    )
    (one,) = found.endpoints
    assert (one.method, one.path, one.file, one.line) == ("GET", "/hello", "src/fn/hello/handler.ts", 1)
    assert set(one.via) == {"src/fn/hello/index.ts", "serverless.ts"}


def test_sam_events_are_placed_at_python_and_typescript_handlers(extract):
    found = extract(
        {
            "template.yaml": (
                "Transform: AWS::Serverless-2016-10-31\n"
                "Globals:\n"
                "  Function:\n"
                "    CodeUri: src/\n"
                "Resources:\n"
                "  A:\n"
                "    Type: AWS::Serverless::Function\n"
                "    Properties:\n"
                "      Handler: app.handler\n"
                "      Role: !Sub '${X}'\n"
                "      Events:\n"
                "        E: {Type: Api, Properties: {Path: /a, Method: get}}\n"
                "  B:\n"
                "    Type: AWS::Serverless::Function\n"
                "    Properties:\n"
                "      Handler: b.run\n"
                "      Events:\n"
                "        E:\n"
                "          Type: HttpApi\n"
                "          Properties:\n"
                "            Path: /b/{id}\n"
                "            Method: POST\n"
            ),
            "src/app.py": (
                "def handler(event, context):\n"
                '    """List all."""\n'
                "    return event['queryStringParameters'].get('page')\n"
            ),
            "src/b.ts": "export async function run(event) {}\n",
        }
    )
    assert [(one.method, one.path, one.file, one.summary) for one in found.endpoints] == [
        ("GET", "/a", "src/app.py", "List all."),
        ("POST", "/b/{id}", "src/b.ts", ""),
    ]
    assert [p.name for p in found.endpoints[0].parameters] == ["page"]


def test_routes_of_the_v2_gateway_are_read(routes):
    text = "Resources:\n  R:\n    Type: AWS::ApiGatewayV2::Route\n    Properties:\n      RouteKey: 'GET /things/{id}'\n"
    assert routes({"stack.yaml": text}) == {"GET /things/{id}"}


def test_a_catch_all_event_gives_way_to_the_router_behind_it(routes):
    found = routes(
        {
            "serverless.yml": (
                "functions:\n  api:\n    handler: app.handler\n    events:\n      - httpApi: '*'\n      - http: ANY /\n"
            ),
            "app.ts": (
                "import express from 'express';\n"
                "import sls from 'serverless-http';\n"
                "const app = express();\n"
                "app.get('/x', h);\n"
                "export const handler = sls(app);"
            ),
        }
    )
    assert found == {"GET /x"}


def test_a_catch_all_event_gives_way_to_a_router_that_its_handler_requires(routes):
    found = routes(
        {
            "serverless.yml": (
                "functions:\n  api:\n    handler: lambda.handler\n    events: [{http: 'ANY /{proxy+}'}]\n"
            ),
            "lambda.js": "const app = require('./app');\nexports.handler = require('serverless-http')(app);",
            "app.js": "const app = require('express')(); app.get('/board', h); module.exports = app;",
        }
    )
    assert found == {"GET /board"}


def test_an_empty_path_is_the_root(routes):
    event = "{ path: '', method: get }"
    assert routes({"serverless.yml": f"functions:\n  a:\n    handler: h.a\n    events: [{{http: {event}}}]\n"}) == {
        "GET /"
    }
    source = f"module.exports = {{ functions: {{ a: {{ handler: 'h.a', events: [{{ http: {event} }}] }} }} }};"
    assert routes({"serverless.ts": source.replace("get", "'get'")}) == {"GET /"}


def test_yaml_that_is_none_is_told(extract):
    found = extract({"serverless.yml": "functions:\n  a: [\n"})
    assert found.blind[0].file == "serverless.yml"
    assert "YAML" in found.blind[0].reason


def test_paths_of_an_api_s_own_definition_are_endpoints_of_its_functions(extract):
    found = extract(
        {
            "api.yaml": (
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: AWS::Serverless::Api\n"
                "    Properties:\n"
                "      DefinitionBody:\n        Fn::Transform:\n          Name: AWS::Include\n"
                "          Parameters: {Location: openapi.yaml}\n"
                "  Inline:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n      DefinitionBody:\n"
                "        paths:\n          /any:\n            x-amazon-apigateway-any-method: {}\n"
                "  List:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src/, Handler: list.main}\n"
            ),
            "openapi.yaml": (
                "openapi: 3.0.0\npaths:\n  /pets/{id}:\n    get:\n      summary: One pet.\n"
                "      x-amazon-apigateway-integration:\n        uri:\n"
                "          Fn::Sub: 'arn:x:${List.Arn}/invocations'\n"
                "    options: {}\n"
            ),
            "src/list.js": "exports.main = async (event) => 1\n",
        }
    )
    assert [(one.method, one.path, one.file, one.summary) for one in found.endpoints] == [
        ("ANY", "/any", "api.yaml", ""),
        ("GET", "/pets/{id}", "src/list.js", "One pet."),
    ]


def test_methods_of_cloudformation_s_gateway_resources_are_endpoints(routes):
    template = (
        "Resources:\n  Pets:\n    Type: AWS::ApiGateway::Resource\n"
        "    Properties: {ParentId: !GetAtt Api.RootResourceId, PathPart: pets}\n"
        "  Pet:\n    Type: AWS::ApiGateway::Resource\n    Properties: {ParentId: !Ref Pets, PathPart: '{id}'}\n"
        "  Get:\n    Type: AWS::ApiGateway::Method\n    Properties: {HttpMethod: get, ResourceId: !Ref Pet}\n"
        "  Options:\n    Type: AWS::ApiGateway::Method\n    Properties: {HttpMethod: OPTIONS, ResourceId: !Ref Pet}\n"
        "  Elsewhere:\n    Type: AWS::ApiGateway::Method\n    Properties: {HttpMethod: GET, ResourceId: !Ref Unknown}\n"
    )
    assert routes({"infra/backend.yaml": template}) == {"GET /pets/{id}"}


def test_a_stack_of_resources_alone_hides_no_functions(extract):
    assert extract({"serverless.ts": "module.exports = { service: 'x', resources: {} }\n"}).blind == []
