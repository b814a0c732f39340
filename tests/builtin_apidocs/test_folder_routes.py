"""Routers that a program finds by listing a folder, and conditions around what it mounts."""

from __future__ import annotations

import pytest

ROUTES = {
    "src/app.js": "const app = require('express')()\napp.use('/api', require('./routes'))\n",
    "src/routes/auth.js": "const r = require('express').Router()\nr.post('/login', f)\nmodule.exports = r\n",
    "src/routes/users.js": "const r = require('express').Router()\nr.get('/:id', f)\nmodule.exports = r\n",
}
HEAD = "const r = require('express').Router()\nconst fs = require('fs')\nconst path = require('path')\n"
WANTED = {"POST /api/auth/login", "GET /api/users/{id}"}


@pytest.mark.parametrize(
    "loop",
    [
        (
            "fs.readdirSync(__dirname).forEach((file) => {\n"
            "  if (file === 'index.js') return\n"
            "  r.use('/' + file.split('.')[0], require('./' + file))\n})"
        ),
        (
            "fs.readdirSync(__dirname + '/').filter((f) => f !== 'index.js').forEach(function (file) {\n"
            "  const name = path.basename(file, '.js')\n  r.use(`/${name}`, require(path.join(__dirname, name)))\n})"
        ),
        (
            "const strip = (f) => f.split('.').slice(0, -1).join('.')\n"
            "fs.readdirSync(`${__dirname}/`).filter((file) => {\n  const name = strip(file)\n"
            "  return name !== 'index' && file !== '.keep' ? r.use(`/${name}`, require(`./${name}`)) : ''\n})"
        ),
        (
            "for (const file of fs.readdirSync(__dirname)) {\n  if (/^index/.test(file)) continue\n"
            "  r.use(`/${file.replace(/\\.js$/, '')}`, require(`./${file}`))\n}"
        ),
        (
            "fs.readdirSync(__dirname)\n  .filter((file) => file.indexOf('index') !== 0 && file.slice(-3) === '.js')\n"
            "  .forEach((file) => r.use('/' + path.parse(file).name, require('./' + file)))"
        ),
        (
            "for (const file of require('glob').sync(__dirname + '/@(auth|users).js')) {\n"
            "  r.use('/' + path.basename(file, '.js'), require(file))\n}"
        ),
    ],
    ids=["for-each", "filter", "filter-with-effect", "for-of", "filter-by-ending", "glob"],
)
def test_a_folder_of_routers_is_followed_file_by_file(routes, loop):
    assert routes({**ROUTES, "src/routes/index.js": f"{HEAD}{loop}\nmodule.exports = r\n"}) == WANTED


@pytest.mark.parametrize(
    "load",
    [
        "(await import(`../routes/${file}`)).default(router)",
        "require(`../routes/${file}`).default(router)",
        "const install = require(`../routes/${file}`).default\n    install(router)",
    ],
)
def test_a_function_that_only_the_folder_leads_to_is_handed_the_router(routes, load):
    found = routes(
        {
            "src/app.ts": "import express from 'express'\nimport setup from './config/routes'\nsetup(express())\n",
            "src/config/routes.ts": (
                "import { Express, Router } from 'express'\nimport { readdirSync } from 'fs'\n"
                "import { join } from 'path'\n"
                "export default (app: Express): void => {\n  const router = Router()\n  app.use('/api', router)\n"
                "  readdirSync(join(__dirname, '../routes')).map(async (file) => {\n"
                f"    if (!file.endsWith('.map')) {{\n    {load}\n    }}\n  }})\n}}\n"
            ),
            "src/routes/pets.ts": (
                "import { Router } from 'express'\nexport default (router: Router): void => {\n"
                "  router.get('/pets', list)\n}\n"
            ),
        }
    )
    assert found == {"GET /api/pets"}


def test_chained_plugins_are_not_taken_for_each_other(routes):
    plugin = "module.exports = async function (fastify) {{ fastify.get('/{0}', h) }}\n"
    found = routes(
        {
            "index.js": (
                "module.exports = async function (fastify) {\n  fastify\n"
                "    .register(require('./a'), { prefix: '/api/a' })\n"
                "    .register(require('./b'), { prefix: '/api/b' })\n}\n"
            ),
            "a.js": plugin.format("x"),
            "b.js": plugin.format("y"),
        }
    )
    assert found == {"GET /api/a/x", "GET /api/b/y"}


def test_of_several_registrations_of_a_path_the_one_that_answers_is_told(extract):
    found = extract(
        {
            "app.ts": (
                "import express from 'express'\nimport { check } from './check'\nimport { create } from './create'\n"
                "const app = express()\napp.post('/users', check)\napp.post('/users', create)\n"
            ),
            "check.ts": "export function check(req, res, next) { next() }\n",
            "create.ts": "/** Creates a user. */\nexport function create(req, res) { res.send(req.body.name) }\n",
        }
    )
    (one,) = found.endpoints
    assert (one.file, one.summary) == ("create.ts", "Creates a user.")


def test_a_wrapper_around_every_route_is_not_their_source(extract):
    found = extract(
        {
            "app.ts": (
                "import express from 'express'\nimport { adapt } from './adapt'\nimport * as make from './make'\n"
                "const app = express()\napp.get('/a', adapt(make.a()))\n"
                "app.get('/b', adapt(make.b()))\n"
            ),
            "adapt.ts": "export const adapt = (c) => async (req, res) => { res.json(await c.handle(req)) }\n",
            "make.ts": (
                "class A { /** Gives an a. */\n async handle(req) { return 1 } }\nexport const a = () => new A()\n"
                "export const b = () => decorate(unknown)\n"
            ),
        }
    )
    assert [(one.path, one.file, one.summary) for one in found.endpoints] == [
        ("/b", "app.ts", ""),
        ("/a", "make.ts", "Gives an a."),
    ]


def test_an_application_kept_by_a_single_instance_is_known(routes):
    found = routes(
        {
            "server.js": (
                "const { Server } = require('./kept')\nconst server = Server.getInstance()\nconst app = server.app\n"
                "app.get('/health', (req, res) => res.send('ok'))\napp.use('/api', require('./api'))\n"
            ),
            "kept.js": (
                "const express = require('express')\nclass Server {\n  static instance = null\n  app = undefined\n"
                "  static getInstance() {\n    if (Server.instance == null) { Server.instance = new Server() }\n"
                "    return Server.instance\n  }\n  constructor() { this.app = express() }\n}\n"
                "module.exports = { Server }\n"
            ),
            "api.js": "const r = require('express').Router()\nr.get('/x', h)\nmodule.exports = r\n",
        }
    )
    assert found == {"GET /health", "GET /api/x"}


def test_a_class_that_extends_the_application_is_one(extract):
    found = extract(
        {
            "app.js": (
                "const Koa = require('koa')\nconst router = require('./routes')\n"
                "module.exports = class App extends Koa {\n  constructor() { super(); this.use(router.routes()) }\n}\n"
            ),
            "routes.js": (
                "const Router = require('koa-router')\nconst router = new Router()\nrouter.get('/status', h)\n"
                "router.all('(.*)', lost)\nmodule.exports = router\n"
            ),
        }
    )
    assert ([one.path for one in found.endpoints], found.blind) == (["/status"], [])


def test_a_router_of_another_koa_package_counts(routes):
    source = (
        "import { SwaggerRouter } from 'koa-swagger-decorator'\nimport Koa from 'koa'\nconst app = new Koa()\n"
        "const router = new SwaggerRouter()\nrouter.get('/users', list)\napp.use(router.routes())\n"
    )
    assert routes({"app.ts": source}) == {"GET /users"}


def test_routes_that_tsoa_generated_do_not_double_the_controllers(extract):
    found = extract(
        {
            "app.ts": "import express from 'express'\nimport { RegisterRoutes } from './routes'\n"
            "const app = express()\nRegisterRoutes(app)\n",
            "routes.ts": (
                "// WARNING: This file was auto-generated with tsoa.\nexport function RegisterRoutes(app: Router) {\n"
                "  app.get('/pets', function list(req, res, next) {})\n}\n"
            ),
            "pets.ts": "import { Get, Route } from 'tsoa'\n@Route('pets')\nexport class Pets { @Get() list() {} }\n",
        }
    )
    assert [(one.path, one.file) for one in found.endpoints] == [("/pets", "pets.ts")]
