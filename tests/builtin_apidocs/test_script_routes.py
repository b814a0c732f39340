"""Express, Koa, Fastify, Hono and powertools in TypeScript and JavaScript."""

import pytest

EXPRESS = "const express = require('express');\n"


def test_routers_mounted_over_several_files_get_every_prefix(routes):
    found = routes(
        {
            "src/main.ts": (
                "import express from 'express';\n"
                "import api from './routes';\n"
                "const app = express();\n"
                "app.use('/api', api);"
            ),
            "src/routes/index.ts": (
                "import { Router } from 'express';\n"
                "import users from './users';\n"
                "export default Router().use('/users', users);"
            ),
            "src/routes/users.ts": (
                "import { Router } from 'express';\n"
                "const router = Router();\n"
                "router.get('/:id', h).delete('/:id', h);\n"
                "export default router;"
            ),
        }
    )
    assert found == {"GET /api/users/{id}", "DELETE /api/users/{id}"}


def test_a_router_mounted_twice_has_both_paths(routes):
    found = routes(
        {
            "a.js": EXPRESS
            + "const app = express(); const r = express.Router(); r.get('/x', h); app.use('/a', r); app.use('/b', r);"
        }
    )
    assert found == {"GET /a/x", "GET /b/x"}


def test_chained_route_calls_are_one_endpoint_each_with_its_own_line(extract):
    found = extract({"a.js": EXPRESS + "const app = express();\napp.route('/x')\n  .get(list)\n  .post(add);"})
    assert [(one.method, one.path, one.line) for one in found.endpoints] == [("GET", "/x", 4), ("POST", "/x", 5)]


def test_a_class_with_its_own_router_is_followed_through_this(routes):
    found = routes(
        {
            "src/users.ts": (
                "import { Router } from 'express';\n"
                "export class Users { path = '/users'; router = Router();\n"
                " constructor() { this.init(); }\n"
                " init() { this.router.get(`${this.path}/:id(\\\\d+)`, this.show); } }"
            ),
            "src/app.ts": (
                "import express from 'express';\n"
                "export class App { app = express(); init(routes: any[]) { routes.forEach(r => { "
                "this.app.use('/v1', r.router); }); } }"
            ),
        }
    )
    assert found == {"GET /v1/users/{id}"}


def test_a_table_of_routes_mounted_in_a_loop_is_followed(routes):
    files = {
        "index.js": EXPRESS
        + (
            "const r = express.Router(); const a = require('./a'); const b = require('./b');\n"
            "const table = [{path: '/a', route: a}, {path: '/b', route: b}];\n"
            "table.forEach((one) => { r.use(one.path, one.route); });\n"
            "module.exports = r;"
        ),
        "a.js": EXPRESS + "const r = express.Router(); r.get('/x', h); module.exports = r;",
        "b.js": EXPRESS + "const r = express.Router(); r.get('/y', h); module.exports = r;",
        "app.js": EXPRESS + "const app = express(); app.use('/v1', require('./index'));",
    }
    assert routes(files) == {"GET /v1/a/x", "GET /v1/b/y"}
    files["index.js"] = (
        files["index.js"]
        .replace("table.forEach((one) => {", "for (const one of table) {")
        .replace("});\nmodule", "}\nmodule")
    )
    assert routes(files) == {"GET /v1/a/x", "GET /v1/b/y"}


def test_a_function_that_is_handed_the_application_registers_on_it(routes):
    found = routes(
        {
            "app.js": EXPRESS + "const app = express(); require('./routes')(app);",
            "routes.js": "module.exports = (server) => { server.get('/health', h); };",
        }
    )
    assert found == {"GET /health"}


def test_a_factory_called_twice_gives_two_routers(routes):
    found = routes(
        {
            "app.js": EXPRESS
            + (
                "function crud(name) { const r = express.Router(); r.get(`/${name}/:id`, h); return r; }\n"
                "const app = express(); app.use('/a', crud('cats')); app.use('/b', crud('dogs'));"
            )
        }
    )
    assert found == {"GET /a/cats/{id}", "GET /b/dogs/{id}"}


def test_constants_enums_and_objects_of_other_files_are_put_into_paths(routes):
    found = routes(
        {
            "paths.ts": (
                "export const BASE = '/api';\n"
                "export enum P { Users = 'users' }\n"
                "export const ROUTES = { pets: { list: '/pets' } } as const;"
            ),
            "app.ts": (
                "import express from 'express';\n"
                "import { BASE, P, ROUTES } from '@/paths';\n"
                "const app = express();\n"
                "app.get(`${BASE}/${P.Users}`, h);\n"
                "app.get(BASE + ROUTES.pets.list, h);"
            ),
            "tsconfig.json": (
                '{\n // comment\n "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./*"], }, },\n}'
            ),
        }
    )
    assert found == {"GET /api/users", "GET /api/pets"}


def test_an_http_client_is_no_router(routes):
    found = routes(
        {
            "a.ts": (
                "import axios from 'axios';\n"
                "import express from 'express';\n"
                "axios.get('/x', cb);\n"
                "class S { constructor(private api: HttpClient) {} load() { return this.api.get('/y', cb); } "
                "}\n"
                "const m = new Map(); m.get('/z', cb);"
            )
        }
    )
    assert found == set()


def test_a_setting_read_and_a_fallback_for_everything_are_no_endpoints(routes):
    assert (
        routes(
            {"a.js": EXPRESS + "const app = express(); app.get('env'); app.get('*', spa); app.options('*', cors());"}
        )
        == set()
    )


def test_a_path_that_only_the_running_program_knows_is_told_and_not_guessed(extract):
    found = extract({"a.js": EXPRESS + "const app = express();\napp.get(process.env.HOOK, h);\napp.get(/re/, h);"})
    assert found.endpoints == []
    assert sorted((one.line, "route" in one.reason) for one in found.blind) == [(3, True), (4, True)]


def test_a_router_without_a_mount_is_told(extract):
    found = extract({"a.js": EXPRESS + "const r = express.Router(); r.get('/x', h); module.exports = r;"})
    assert [one.path for one in found.endpoints] == ["/x"]
    assert "no mount" in found.blind[0].reason


def test_a_wrapped_handler_in_another_file_gives_its_own_place(extract):
    found = extract(
        {
            "wrap.js": "const wrap = (fn) => (req, res, next) => fn(req, res).catch(next);\nmodule.exports = wrap;",
            "ctl.js": (
                "const wrap = require('./wrap');\n"
                "\n"
                "const show = wrap(async (req, res) => { res.json(req.query.page); });\n"
                "module.exports = { show };"
            ),
            "app.js": EXPRESS + "const ctl = require('./ctl'); const app = express(); app.get('/x', ctl.show);",
        }
    )
    (one,) = found.endpoints
    assert (one.file, one.line, one.via) == ("ctl.js", 3, ("app.js",))
    assert [(p.name, p.place) for p in one.parameters] == [("page", "query")]


def test_types_and_the_doc_comment_of_an_express_handler_are_read(extract):
    found = extract(
        {
            "a.ts": (
                "import express, { Request } from 'express';\n"
                "const app = express();\n"
                "/**\n"
                " * Make a user. More words.\n"
                " * @returns x\n"
                " */\n"
                "app.post('/users', (req: Request<{}, UserView, NewUser>, res) => {});"
            )
        }
    )
    (one,) = found.endpoints
    assert (one.summary, one.request, one.response) == ("Make a user.", "NewUser", "UserView")


def test_koa_routers_with_prefixes_and_names_are_read(routes):
    found = routes(
        {
            "app.js": (
                "const Koa = require('koa'); const Router = require('@koa/router');\n"
                "const app = new Koa(); const users = new Router({ prefix: '/users' }); const api = new "
                "Router();\n"
                "api.prefix('/api'); users.get('user', '/:id', h); users.del('/:id', h);\n"
                "api.use('/v1', users.routes(), users.allowedMethods()); app.use(api.routes());"
            )
        }
    )
    assert found == {"GET /api/v1/users/{id}", "DELETE /api/v1/users/{id}"}


def test_fastify_plugins_nest_their_prefixes(routes):
    found = routes(
        {
            "app.ts": (
                "import Fastify from 'fastify';\n"
                "import users from './users';\n"
                "const app = Fastify();\n"
                "app.register(async (api) => { api.register(users, { prefix: '/users' }); }, { prefix: "
                "'/api' });"
            ),
            "users.ts": (
                "import { FastifyPluginAsync } from 'fastify';\n"
                "const plugin: FastifyPluginAsync = async (f) => {\n"
                " f.get<{ Querystring: Q }>('/:id', { schema: { summary: 'One user' } }, h);\n"
                " f.route({ method: ['PUT', 'PATCH'], url: '/:id', handler: h });\n"
                "};\n"
                "export default plugin;"
            ),
        }
    )
    assert found == {"GET /api/users/{id}", "PUT /api/users/{id}", "PATCH /api/users/{id}"}


def test_fastify_finds_plugins_by_folder_and_fastify_plugin_takes_no_prefix(routes):
    found = routes(
        {
            "src/app.ts": (
                "import Fastify from 'fastify';\n"
                "import autoLoad from '@fastify/autoload';\n"
                "import path from 'node:path';\n"
                "import fp from 'fastify-plugin';\n"
                "const app = Fastify();\n"
                "app.register(autoLoad, { dir: path.join(import.meta.dirname, 'routes'), options: { prefix: "
                "'/v1' } });\n"
                "app.register(fp(async (g) => { g.get('/bare', h); }), { prefix: '/no' });"
            ),
            "src/routes/users/_id/index.ts": "export default async function (fastify) { fastify.get('/x', h); }",
            "src/routes/root.ts": "export default async function (fastify) { fastify.get('/', h); }",
        }
    )
    assert found == {"GET /v1/users/{id}/x", "GET /v1", "GET /bare"}


def test_hono_and_powertools_routers_are_read(routes):
    found = routes(
        {
            "hono.ts": (
                "import { Hono } from 'hono';\n"
                "const sub = new Hono(); sub.get('/x', h);\n"
                "const app = new Hono().basePath('/api'); app.route('/s', sub);"
            ),
            "fn.ts": (
                "import { Router } from '@aws-lambda-powertools/event-handler/http';\n"
                "const app = new Router();\n"
                "app.get('/todos/:id', async () => ({}));\n"
                "class L { @app.post('/todos') async add() {} }"
            ),
        }
    )
    assert found == {"GET /api/s/x", "GET /todos/{id}", "POST /todos"}


def test_a_file_that_does_not_parse_is_told_with_its_line(extract):
    found = extract(
        {"a.ts": "import express from 'express';\nconst app = express();\napp.get('/x', h);\nconst = = ;;; {{{"}
    )
    assert [(one.file, one.line) for one in found.blind] == [("a.ts", 4)]


def test_autoloaded_plugins_can_be_flat(routes):
    found = routes(
        {
            "app.js": (
                "import AutoLoad from '@fastify/autoload';\nimport { join } from 'desm';\n"
                "export default async function (fastify, opts) {\n"
                "fastify.register(AutoLoad, { dir: join(import.meta.url, 'routes'), dirNameRoutePrefix: false }); }"
            ),
            "routes/deep/x.js": "export default async (fastify) => { fastify.get('/x', h); fastify.get('/*', h); }",
        }
    )
    assert found == {"GET /x", "GET /{wildcard}"}


def test_methods_taken_from_a_table_are_read_and_unknown_ones_told(extract):
    found = extract(
        {
            "routes.ts": "export const Routes = [{ method: 'get', route: '/users' },"
            " { method: 'POST', route: '/users' }];",
            "app.ts": (
                "import express from 'express';\nimport { Routes } from './routes';\nconst app = express();\n"
                "Routes.forEach(one => { (app as any)[one.method](one.route, (req, res) => {}); });\n"
                "app[process.argv[2]]('/x', h);"
            ),
        }
    )
    assert {f"{one.method} {one.path}" for one in found.endpoints} == {"GET /users", "POST /users"}
    assert [one.line for one in found.blind] == [5]


@pytest.mark.parametrize(
    "source",
    [
        "app.route('/x').all(guard()).get(h).post(h);",
        "app.route('/x').get(h).post(h).all(refuse);",
        "app.all('/x', guard); app.get('/x', h); app.post('/x', h);",
    ],
)
def test_all_beside_verbs_of_the_same_path_is_no_endpoint(routes, source):
    assert routes({"a.js": EXPRESS + f"const app = express(); {source}"}) == {"GET /x", "POST /x"}


def test_all_beside_a_preflight_is_an_endpoint(routes):
    found = routes({"a.js": EXPRESS + "const app = express(); app.options('/x', cors()); app.all('/x', h);"})
    assert found == {"ANY /x", "OPTIONS /x"}


@pytest.mark.parametrize(
    "head", ["var __commonJS = (cb, mod) => cb;\n", "(() => { function __webpack_require__(id) {} })\n"]
)
def test_what_a_bundler_made_is_not_read(routes, head):
    assert routes({"out.js": head + EXPRESS + "const app = express(); app.get('/x', h);"}) == set()
