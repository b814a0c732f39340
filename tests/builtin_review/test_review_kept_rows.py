"""Rows that a program keeps in a list or table of its own, and changes by what a request says."""

from __future__ import annotations

import pytest

SCRIPT = """\
const express = require('express'); const app = express();
const users = [];
app.put('/users/:id', (req, res) => {
  STEP
  res.json({});
});
"""
PYTHON = """\
from flask import Flask, request
app = Flask(__name__)
items = []
@app.route('/x/<int:i>', methods=['PUT'])
def put(i):
    STEP
    return 'x'
"""


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("const user = users.find(u => u.id === req.params.id); user.name = req.body.name;", True),
        ("const user = users[req.params.id]; user.name = req.body.name;", True),
        ("users[0].name = req.body.name;", False),
        ("const i = users.findIndex(u => u.id === 1); users[i].name = req.body.name;", True),
        ("const user = users.find(u => u.id === req.params.id); res.json(user);", False),
        ("const user = {}; user.name = req.body.name;", False),
        (
            "if (!NAMES.includes(req.body.name)) return; const user = users[req.params.id]; user.name = req.body.name;",
            False,
        ),
    ],
)
def test_in_a_script(found, step, told):
    rules = {rule for rule, _ in found("a.js", SCRIPT.replace("STEP", step))}
    assert rules == ({"input.unvalidated"} if told else set())


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("item = next((x for x in items if x['id'] == i), None)\n    item['name'] = request.json['name']", True),
        ("for item in items:\n        item['name'] = request.json['name']", True),
        ("item = [x for x in items if x['id'] == i]\n    item[0]['name'] = request.json['name']", True),
        ("item = {}\n    item['name'] = request.json['name']", False),
    ],
)
def test_in_python(found, step, told):
    rules = {rule for rule, _ in found("a.py", PYTHON.replace("STEP", step))}
    assert rules == ({"input.unvalidated"} if told else set())


@pytest.mark.parametrize(
    ("made", "told"),
    [("dict()", True), ("defaultdict(dict)", True), ("list()", True), ("set()", False), ("connect()", False)],
)
def test_a_table_that_a_call_makes_is_kept_as_one_written_down_is(found, made, told):
    step = "for item in items:\n        item['name'] = request.json['name']"
    source = PYTHON.replace("items = []", f"items = {made}").replace("STEP", step)
    assert {rule for rule, _ in found("a.py", source)} == ({"input.unvalidated"} if told else set())


@pytest.mark.parametrize(
    ("made", "told"),
    [("new Map()", True), ("new Array()", True), ("connect()", False)],
)
def test_a_table_that_a_script_constructs_is_kept_too(found, made, told):
    step = "const user = users.get(req.params.id); user.name = req.body.name;"
    source = SCRIPT.replace("users = []", f"users = {made}").replace("STEP", step)
    assert {rule for rule, _ in found("a.js", source)} == ({"input.unvalidated"} if told else set())
