"""No file of any kind crashes or hangs the extraction."""

from __future__ import annotations

import contextlib
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.agents.builtin.apidocs import refresh, yamltree
from daemon.agents.builtin.apidocs.encoding import decode
from daemon.agents.builtin.apidocs.pyroutes import Pythons
from daemon.agents.builtin.apidocs.resolve import json_with_comments
from daemon.agents.builtin.apidocs.scripts import Scripts

SAMPLES = [
    (
        "import express from 'express';\n"
        "const app = express();\n"
        "const r = express.Router();\n"
        "[{p: '/a', h: r}].forEach(x => app.use(x.p, x.h));\n"
        "r.route(`/x/${y}`).get(async (req, res) => { res.json(req.query.a) }).post(b);\n"
        "class A extends B { r = express.Router(); constructor(private readonly app: Router) { "
        "super(app); this.r.get('/z', h); } }\n"
        "export default r;"
    ),
    (
        "import { Controller, Get } from '@nestjs/common';\n"
        "export enum P { A = 'a' }\n"
        "@Controller({ path: [P.A], version: '1' })\n"
        "export class C extends D(E) { @Get([':id', ...more]) @X() get(@Param('id') id: string, { a "
        "= 1, ...b }: T): Promise<T<U>> { return f(); } }"
    ),
    (
        "module.exports = async function (fastify, opts) { fastify.register(require('./x'), { "
        "prefix: opts.prefix + '/x' }); fastify.route({ method: ['GET'], url: '/', handler }) };"
    ),
]
PYTHON = (
    "from fastapi import APIRouter\n"
    "router = APIRouter(prefix=f'/{x}')\n"
    "@router.get('/' + y, methods=[a for a in b])\n"
    "def f(a: 'B' = 1, *c, d: int = 2, **e): ...\n"
    "for z in (router,):\n"
    "    app.include_router(z)\n"
)


def scripts(path: str, content: bytes) -> None:
    Scripts(lambda name: content if name == path else None, {path}).extract([path])


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_file_that_is_cut_or_garbled_anywhere_is_survived(sample, data):
    content = bytearray(sample.encode())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
        content = content or bytearray(b" ")
    scripts("a.ts", bytes(content[: data.draw(st.integers(0, len(content)))]))


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_survived_as_any_kind_of_file(content):
    scripts("a.ts", content)
    Pythons(lambda name: content, {"a.py"}).extract(["a.py"])
    json_with_comments(content.decode("utf-8", "replace"))
    text, code = decode(content)
    assert code.encode(text) == content
    with contextlib.suppress(yamltree.TreeError):
        yamltree.load(content)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(PYTHON)), st.text(max_size=5))
def test_python_that_is_cut_anywhere_is_survived(at, more):
    content = (PYTHON[:at] + more).encode("utf-8", "surrogatepass")
    Pythons(lambda name: content, {"a.py"}).extract(["a.py"])


@pytest.mark.parametrize(
    "source",
    [
        "const a = " + "(" * 20_000,
        "x = " + "[" * 20_000 + "]" * 20_000,
        "const a = '/' + " + "'b' + " * 20_000 + "'c';\nimport e from 'express'; e().get(a, h);",
        "import e from 'express';\nconst a = e()" + ".use(h)" * 3_000 + ".get('/x', h);",
        "const a0 = 'x';\n"
        + "".join(f"const a{i + 1} = a{i} + a{i};\n" for i in range(60))
        + "import e from 'express'; e().get(a60, h);",
        "const f = (x) => f(f(f(x)));\nimport e from 'express'; e().get(f('/'), h);",
        "const a = b; const b = a; import e from 'express'; e().get(a, h);",
        "class A extends A { x = this.x; }\nimport e from 'express'; e().get(new A().x, h);",
        "import e from 'express';\nconst r = e.Router(); r.use('/a', r); r.get('/x', h);",
        "import e from 'express';\n"
        + "".join(f"const r{i} = e.Router(); r{i}.get('/x', h);\n" for i in range(12))
        + "".join(f"r{i}.use('/{j}', r{j});\n" for i in range(12) for j in range(12)),
        "const rows = ["
        + "{p: '/x'}," * 900
        + (
            "]; import e from 'express'; const app = e();\n"
            "rows.forEach(a => rows.forEach(b => rows.forEach(c => app.get(a.p + b.p + c.p, h))));"
        ),
        (
            "export * from './a'; export { x } from './a'; import { x as y } from './a'; import e from "
            "'express'; e().get(y, h);"
        ),
        "`" + "${`" * 3_000,
        "/*" * 50_000,
    ],
    ids=lambda source: source[:24],
)
def test_deep_and_circular_sources_end(source):
    scripts("a.ts", source.encode())  # that it comes back is the promise; the time limit of every test guards it


@pytest.mark.parametrize(
    "content",
    [
        b"? " * 200_000,
        b"[" * 200_000,
        b"a: &a [" + b"*a," * 1000 + b"]",
        b"- " * 100_000,
        b"\x00\x01",
        b"a: !!python/object:os.system x",
        b"<<: *x",
    ],
    ids=["questions", "brackets", "aliases", "dashes", "binary", "tag", "merge"],
)
def test_hostile_yaml_is_refused_or_read(content):
    with contextlib.suppress(yamltree.TreeError):
        assert isinstance(yamltree.load(content), yamltree.Tree)


def test_a_project_of_strange_files_is_survived_whole(tmp_path):
    noise = random.Random(7)
    (tmp_path / "big.ts").write_bytes(b"app.get('/x', h);\n" * 300_000)
    (tmp_path / "bundle.js").write_bytes(b"var app=require('express')();app.get('/a',function(){});" * 9_000)
    (tmp_path / "noise.ts").write_bytes(b"import express\n" + noise.randbytes(200_000))
    (tmp_path / "noise.py").write_bytes(b"import flask\n" + noise.randbytes(50_000))
    (tmp_path / "serverless.yml").write_bytes(noise.randbytes(5_000))
    (tmp_path / "openapi.json").write_bytes(b'{"openapi": "3.0.0", "paths": [[[[')
    (tmp_path / "tsconfig.json").write_bytes(b'{"extends": "./tsconfig.json", "compilerOptions": []}')
    (tmp_path / "package.json").write_bytes(b"[]")
    os.mkfifo(tmp_path / "pipe.ts")
    (tmp_path / "ok.ts").write_text("import express from 'express';\nconst app = express();\napp.get('/ok', h);\n")
    names = [one.name for one in tmp_path.iterdir()]
    result = refresh(
        tmp_path, changes=[{"path": name} for name in names], action="api.md", mode="advisory", document=None
    )
    assert any("GET /ok" in one.message for one in result.findings)
    for name in ("big.ts", "bundle.js", "noise.ts", "noise.py", "serverless.yml", "openapi.json"):
        assert any(name in note for note in result.notes), name
