"""NestJS, routing-controllers and tsoa."""

import pytest

NEST = "import { Controller, Get, Post, Delete, Param, Query, Body, Version, VERSION_NEUTRAL } from '@nestjs/common';\n"
MAIN = (
    "import { VersioningType } from '@nestjs/common';\n"
    "import { NestFactory } from '@nestjs/core';\n"
    "async function run() { const app = await NestFactory.create(M); %s }"
)


def test_a_nest_controller_has_the_global_prefix_and_its_own(extract):
    found = extract(
        {
            "src/main.ts": MAIN
            % "app.setGlobalPrefix('api', { exclude: ['health', { path: 'x', method: RequestMethod.POST }] });",
            "src/u.controller.ts": NEST
            + (
                "@Controller('users')\n"
                "export class U {\n"
                "  /** One user. */\n"
                "  @Get(':id')\n"
                "  @Auth()\n"
                "  async one(@Param('id') id: string, @Query('full') full?: boolean): Promise<User[]> {}\n"
                "  @Post() add(@Body() dto: NewUser) {}\n"
                "}\n"
                "@Controller()\n"
                "export class H { @Get('health') ok() {} @Get('x') x() {} @Post('x') y() {} }"
            ),
        }
    )
    assert [f"{one.method} {one.path}" for one in found.endpoints] == [
        "GET /api/users/{id}",
        "POST /api/users",
        "GET /api/x",
        "GET /health",
        "POST /x",
    ]
    first, second = found.endpoints[:2]
    assert (first.summary, first.response, first.line, first.via) == ("One user.", "User[]", 7, ("src/main.ts",))
    assert [(p.name, p.place, p.type, p.required) for p in first.parameters] == [
        ("id", "path", "string", True),
        ("full", "query", "boolean", False),
    ]
    assert second.request == "NewUser"


def test_nest_versions_and_arrays_of_paths_are_multiplied(routes):
    found = routes(
        {
            "main.ts": MAIN
            % "app.setGlobalPrefix('api'); app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });",
            "a.ts": "import { VersioningType } from '@nestjs/common';\n"
            + NEST
            + (
                "@Controller(['a', 'b'])\n"
                "class A { @Get(['x', 'y']) x() {} @Version('2') @Get('z') z() {} }\n"
                "@Controller({ path: 'n', version: VERSION_NEUTRAL })\n"
                "class N { @Get() n() {} }"
            ),
        }
    )
    assert found == {
        *(f"GET /api/v1/{base}/{path}" for base in "ab" for path in "xy"),
        "GET /api/v2/a/z",
        "GET /api/v2/b/z",
        "GET /api/n",
    }


def test_inherited_routes_and_router_modules_are_followed(routes):
    found = routes(
        {
            "base.ts": NEST + "export abstract class Base<T> { @Get(':id') one(@Param('id') id: string) {} }",
            "cat.ts": NEST
            + (
                "import { Base } from './base';\n"
                "@Controller('cats')\n"
                "export class Cats extends Base<Cat> { @Delete(':id') gone() {} }"
            ),
            "m.ts": (
                "import { Module } from '@nestjs/common';\n"
                "import { RouterModule } from '@nestjs/core';\n"
                "import { Cats } from './cat';\n"
                "@Module({ controllers: [Cats] }) class CatModule {}\n"
                "@Module({ imports: [CatModule, RouterModule.register([{ path: 'zoo', children: [{ path: "
                "'in', module: CatModule }] }])] }) class App {}"
            ),
        }
    )
    assert found == {"GET /zoo/in/cats/{id}", "DELETE /zoo/in/cats/{id}"}


def test_decorators_of_the_projects_own_are_opened(routes):
    found = routes(
        {
            "d.ts": (
                "import { applyDecorators, Get, UseGuards } from '@nestjs/common';\n"
                "export function GetOne(path: string) { return applyDecorators(Get(path), UseGuards(G)); }"
            ),
            "c.ts": NEST + "import { GetOne } from './d';\n@Controller('c') class C { @GetOne('one') x() {} }",
        }
    )
    assert found == {"GET /c/one"}


def test_a_nest_prefix_from_registered_configuration_is_found_and_an_unknown_one_told(extract):
    texts = {
        "main.ts": MAIN % "app.setGlobalPrefix(config.getOrThrow('app.prefix', { infer: true }));",
        "config.ts": (
            "import { registerAs } from '@nestjs/config';\n"
            "export default registerAs('app', () => { return { prefix: process.env.PREFIX || 'api' }; });"
        ),
        "c.ts": NEST + "@Controller('c') class C { @Get() x() {} }",
    }
    assert [one.path for one in extract(texts).endpoints] == ["/api/c"]
    del texts["config.ts"]
    found = extract(texts)
    assert [one.path for one in found.endpoints] == ["/c"]
    assert "prefix of all paths" in found.blind[0].reason


def test_each_nest_application_has_its_own_prefix(routes):
    def app(name: str) -> dict[str, str]:
        return {
            f"apps/{name}/main.ts": "import { M } from './m';\n" + MAIN % f"app.setGlobalPrefix('{name}');",
            f"apps/{name}/m.ts": (
                "import { Module } from '@nestjs/common';\n"
                "import { C } from './c';\n"
                "@Module({ controllers: [C] }) export class M {}"
            ),
            f"apps/{name}/c.ts": NEST + "@Controller('c') export class C { @Get() x() {} }",
        }

    assert routes({**app("one"), **app("two")}) == {"GET /one/c", "GET /two/c"}


def test_routing_controllers_have_their_route_prefix_and_types(extract):
    found = extract(
        {
            "app.ts": (
                "import { createExpressServer } from 'routing-controllers';\n"
                "createExpressServer({ routePrefix: '/api', controllers: [__dirname + '/c/*.ts'] });"
            ),
            "c/u.ts": (
                "import { JsonController, Get, Put, Param, QueryParam, Body } from 'routing-controllers';\n"
                "import { OpenAPI } from 'routing-controllers-openapi';\n"
                "@JsonController('/users')\n"
                "export class U {\n"
                " @Put('/:id')\n"
                " @OpenAPI({ summary: 'Change a user' })\n"
                " put(@Param('id') id: number, @QueryParam('dry') dry: boolean, @Body() user: User): "
                "Promise<User> {}\n"
                "}"
            ),
        }
    )
    (one,) = found.endpoints
    assert (one.method, one.path, one.request, one.response, one.summary) == (
        "PUT",
        "/api/users/{id}",
        "User",
        "User",
        "Change a user",
    )
    assert {(p.name, p.place) for p in one.parameters} == {("id", "path"), ("dry", "query")}


def test_tsoa_takes_its_base_path_from_tsoa_json(extract):
    found = extract(
        {
            "tsoa.json": '{ "routes": { "basePath": "/v1" } }',
            "src/u.ts": (
                "import { Route, Get, Path, Query, Controller } from 'tsoa';\n"
                "@Route('users')\n"
                "export class U extends Controller {\n"
                " /** Get one. */\n"
                " @Get('{id}')\n"
                " public async one(@Path() id: number, @Query() name?: string): Promise<User> {}\n"
                "}"
            ),
        }
    )
    (one,) = found.endpoints
    assert (one.path, one.summary, one.response) == ("/v1/users/{id}", "Get one.", "User")
    assert [(p.name, p.required) for p in one.parameters] == [("id", True), ("name", False)]


def test_the_fields_of_a_query_class_are_the_parameters(extract):
    found = extract(
        {
            "dto.ts": (
                "class Page { @IsOptional() page: number = 1; }\n"
                "export class Filter extends Page { name: string; @IsOptional() @IsInt() age: number; city?: string; }"
            ),
            "c.ts": NEST
            + "import { Filter } from './dto';\n@Controller('c') class C { @Get() x(@Query() filter: Filter) {} }",
        }
    )
    assert [(p.name, p.type, p.required) for p in found.endpoints[0].parameters] == [
        ("page", "number", False),
        ("name", "string", True),
        ("age", "number", False),
        ("city", "string", False),
    ]


MAPPED = (
    "import { prefix, request, summary } from 'koa-swagger-decorator';\n"
    "@prefix('/users')\nexport default class Users {\n"
    "  @request('get', '/{id}')\n  @summary('One')\n  async one(ctx) {}\n"
    "  @request('post', '')\n  static async add(ctx) {}\n}\n"
)


@pytest.mark.parametrize("call", ["v1.mapDir(path.resolve(__dirname, './api'))", "v1.map(Users)"])
def test_classes_that_a_koa_router_maps_have_its_prefixes(routes, call):
    source = (
        "import path from 'path';\nimport Koa from 'koa';\nimport { SwaggerRouter } from 'koa-swagger-decorator';\n"
        "import Users from './api/users';\nconst app = new Koa();\n"
        "const top = new SwaggerRouter({ title: 'x' }, { prefix: '/api' });\nconst v1 = new SwaggerRouter();\n"
        f"{call};\ntop.use('/v1', v1.routes());\napp.use(top.routes());\n"
    )
    assert routes({"src/app.ts": source, "src/api/users.ts": MAPPED}) == {
        "GET /api/v1/users/{id}",
        "POST /api/v1/users",
    }


def test_methods_described_as_objects_are_mapped_and_unknown_paths_told(extract):
    source = (
        "import { SwaggerRouter, routeConfig } from 'koa-swagger-decorator';\n"
        "class A {\n  @routeConfig({ method: 'put', path: '/a/{id}' })\n  async a(ctx) {}\n"
        "  @routeConfig({ method: 'get', path: process.env.B })\n  async b(ctx) {}\n}\n"
        "const router = new SwaggerRouter();\nrouter.applyRoute(A);\nnew Koa().use(router.routes());\n"
    )
    found = extract({"app.ts": "import Koa from 'koa';\n" + source})
    assert [(one.method, one.path) for one in found.endpoints] == [("PUT", "/a/{id}")]
    assert [(one.line, one.reason) for one in found.blind] == [
        (10, "the path of a mapped method is made when the program runs")
    ]
