"""Ways in which real programs keep a path inside its directory: none of them is a finding."""

from __future__ import annotations

import textwrap

import pytest

SCRIPT = [
    (
        "const full = path.resolve(ROOT, req.query.n);\n"
        "if (!full.startsWith(ROOT)) return res.end();\n"
        "fs.readFile(full, done);"
    ),
    (
        "const full = path.join(ROOT, req.query.n);\n"
        "if (!full.startsWith(ROOT + path.sep)) return res.end();\n"
        "fs.readFile(full, done);"
    ),
    (
        "const full = path.normalize(path.join(ROOT, req.query.n));\n"
        "if (full.indexOf(ROOT) !== 0) return res.end();\n"
        "fs.readFile(full, done);"
    ),
    (
        "const full = path.resolve(ROOT, req.query.n);\n"
        "const rel = path.relative(ROOT, full);\n"
        "if (rel.startsWith('..') || path.isAbsolute(rel)) return res.end();\n"
        "fs.readFile(full, done);"
    ),
    (
        "const real = fs.realpathSync(path.join(ROOT, req.query.n));\n"
        "if (!real.startsWith(ROOT)) return res.end();\n"
        "fs.readFile(real, done);"
    ),
    ("const name = path.basename(req.query.n);\nfs.readFile(path.join(ROOT, name), done);"),
    ("if (!/^[a-z0-9]+$/.test(req.query.n)) return res.end();\nfs.readFile(path.join(ROOT, req.query.n), done);"),
    (
        "const n = req.query.n;\n"
        "if (n.includes('..') || n.includes('/')) return res.end();\n"
        "fs.readFile(path.join(ROOT, n), done);"
    ),
    ("const n = req.query.n.replace(/[^a-z0-9.]/gi, '');\nfs.readFile(path.join(ROOT, n), done);"),
    ("const full = path.resolve(ROOT, req.query.n);\nif (full.startsWith(ROOT)) {\n  fs.readFile(full, done);\n}"),
    ("res.sendFile(req.query.n, { root: ROOT });"),
    (
        "const ALLOWED = { a: 'a.txt' };\n"
        "const f = ALLOWED[req.query.n];\n"
        "if (!f) return res.end();\n"
        "fs.readFile(path.join(ROOT, f), done);"
    ),
    ("if (!FILES.includes(req.query.n)) return res.end();\nfs.readFile(path.join(ROOT, req.query.n), done);"),
    ("const id = parseInt(req.query.n, 10);\nfs.readFile(path.join(ROOT, `${id}.txt`), done);"),
    ("const full = safeJoin(ROOT, req.query.n);\nfs.readFile(full, done);"),
    ("const full = sanitize(req.query.n);\nfs.readFile(path.join(ROOT, full), done);"),
]
HEAD = "const fs = require('fs');\nconst path = require('path');\nconst app = require('express')();\n"


@pytest.mark.parametrize("lines", SCRIPT)
def test_script(found, lines):
    text = f"{HEAD}app.get('/a', (req, res) => {{\n{lines}\n}});\n"
    assert not [line for rule, line in found("a.js", text) if rule == "injection.path"]


PYTHON = [
    (
        "full = os.path.abspath(os.path.join(ROOT, n))\n"
        "if not full.startswith(ROOT):\n"
        "    abort(403)\n"
        "return open(full).read()"
    ),
    (
        "full = os.path.realpath(os.path.join(ROOT, n))\n"
        "if os.path.commonpath([ROOT, full]) != ROOT:\n"
        "    abort(403)\n"
        "return open(full).read()"
    ),
    (
        "full = os.path.normpath(os.path.join(ROOT, n))\n"
        "if os.path.commonprefix([full, ROOT]) != ROOT:\n"
        "    abort(403)\n"
        "return open(full).read()"
    ),
    ("full = (Path(ROOT) / n).resolve()\nif not full.is_relative_to(ROOT):\n    abort(403)\nreturn full.read_text()"),
    (
        "full = (Path(ROOT) / n).resolve()\n"
        "if not str(full).startswith(str(ROOT)):\n"
        "    abort(403)\n"
        "return full.read_text()"
    ),
    (
        "full = (Path(ROOT) / n).resolve()\n"
        "try:\n"
        "    full.relative_to(ROOT)\n"
        "except ValueError:\n"
        "    abort(403)\n"
        "return full.read_text()"
    ),
    ("full = (Path(ROOT) / n).resolve()\nif ROOT not in full.parents:\n    abort(403)\nreturn full.read_text()"),
    ("return send_from_directory(ROOT, n)"),
    ("return open(os.path.join(ROOT, secure_filename(n))).read()"),
    ("full = safe_join(ROOT, n)\nreturn open(full).read()"),
    ("if not re.match(r'^[a-z]+$', n):\n    abort(400)\nreturn open(os.path.join(ROOT, n)).read()"),
    ("if '..' in n or n.startswith('/'):\n    abort(400)\nreturn open(os.path.join(ROOT, n)).read()"),
    ("if n not in os.listdir(ROOT):\n    abort(404)\nreturn open(os.path.join(ROOT, n)).read()"),
    (
        "full = os.path.abspath(os.path.join(ROOT, n))\n"
        "if full.startswith(ROOT):\n"
        "    return open(full).read()\n"
        "abort(403)"
    ),
]
FLASK = """\
import os, re
from pathlib import Path
from flask import Flask, request, abort, send_from_directory
from werkzeug.utils import secure_filename, safe_join
app = Flask(__name__)
@app.route('/a')
def a():
    n = request.args['n']
"""


@pytest.mark.parametrize("lines", PYTHON)
def test_python(found, lines):
    text = FLASK + textwrap.indent(lines, "    ") + "\n"
    assert not [line for rule, line in found("a.py", text) if rule == "injection.path"]


@pytest.mark.parametrize("lines", ["if '..' in n:\n    abort(400)", "if n.startswith('/'):\n    abort(400)", "pass"])
def test_half_of_a_check_is_none(found, lines):
    text = FLASK + textwrap.indent(lines, "    ") + "\n    return open(os.path.join(ROOT, n)).read()\n"
    assert [line for rule, line in found("a.py", text) if rule == "injection.path"]
