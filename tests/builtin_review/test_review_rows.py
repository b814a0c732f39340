"""Rows and objects that a body is written into: models by their names, rows that were found, lists that are kept."""

from __future__ import annotations

import pytest

EXPRESS = """\
const app = require('express')(); const {{ userList }} = require('./kept');
exports.kept = [];
app.put('/a/:id', async (req, res) => {{
  {lines}
}});
"""


def _told(found, path: str, text: str) -> bool:
    return any(rule.startswith("input.") for rule, _ in found(path, text))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("const { Band } = req.app.get('models'); await Band.update(req.body.band, { where: { id: 1 } });", True),
        ("await models.Band.create({ name: req.body.name });", True),
        ("await CustomerEntity.put({ name: req.body.name });", True),
        ("const post = await Post.findOne({ where: { id: 1 } }); await post.update({ title: req.body.title });", True),
        ("const user = await User.findById(1); Object.assign(user, req.body); await user.save();", True),
        ("User.findById(1, (err, user) => { Object.assign(user, req.body); user.save((err) => res.end()); });", True),
        ("kept.push({ ...req.body, id: 1 });", True),
        ("await Article.findByIdAndUpdate(req.params.id, { seen: true });", False),
        ("const copy = Object.create(req.body.proto);", False),
        ("const numbers = Array.from(req.body.list); numbers.sort();", False),
        ("const hash = crypto.createHash('sha256').update(req.body.text).digest('hex');", False),
    ],
)
def test_a_row_that_a_body_is_written_into(found, lines, told):
    assert _told(found, "a.js", EXPRESS.format(lines=lines)) is told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "await dynamo.update({ TableName: 't', Key: { id: 1 }, ExpressionAttributeNames: { '#a': body.name } });",
            True,
        ),
        ("await dynamo.update({ TableName: 't', Key: { id: 1 }, ExpressionAttributeNames: { '#a': 'name' } });", False),
    ],
)
def test_an_attribute_that_the_caller_names(found, lines, told):
    text = f"""\
const AWS = require('aws-sdk'); const dynamo = new AWS.DynamoDB.DocumentClient();
exports.handler = async (event) => {{ const body = JSON.parse(event.body); {lines} }};
"""
    assert _told(found, "a.js", text) is told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("items[req.query.name] = req.query.text;", True),
        ("items['name'] = req.query.text;", False),
        ("items[req.query.name] = true;", False),
    ],
)
def test_a_name_and_a_value_that_the_caller_chooses(found, line, told):
    text = f"""\
const app = require('express')();
app.get('/a', (req, res) => {{ const items = req.session.items; {line} res.end(); }});
"""
    assert _told(found, "a.js", text) is told


@pytest.mark.parametrize(
    ("save", "told"),
    [
        ("request.files['file'].save('/srv/' + secure_filename(request.files['file'].filename))", True),
        (
            "f = request.files['f']\n    if not allowed_file(f.filename):\n        return 'no'\n    f.save('/srv/a')",
            False,
        ),
        ("open('/srv/a').read()", False),
    ],
)
def test_a_file_that_is_kept(found, save, told):
    text = f"""\
from flask import Flask, request
from werkzeug.utils import secure_filename
app = Flask(__name__)
@app.route("/a", methods=["POST"])
def upload():
    {save}
    return "kept"
"""
    assert _told(found, "a.py", text) is told


def test_a_body_that_only_was_mapped_to_a_class_was_not_checked(found):
    text = """\
import { plainToClass } from 'class-transformer'; import { Customer } from './customer';
export const handler = async (event) => {
  const customer = plainToClass(Customer, JSON.parse(event.body));
  await CustomerEntity.put({ name: customer.name });
};
"""
    assert _told(found, "a.ts", text)
    assert not _told(found, "a.ts", text.replace("  await", "  await validateOrReject(customer);\n  await", 1))
