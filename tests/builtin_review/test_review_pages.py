"""Texts that a browser takes for a page: by the framework's default, by a type in the same chain, by a template."""

from __future__ import annotations

import pytest


def _html(found, path: str, text: str) -> bool:
    return "injection.html" in {rule for rule, _ in found(path, text)}


DJANGO = """\
from django.http import HttpResponse, JsonResponse
from django.utils.html import escape
def show(request):
    name = request.GET.get("name", "")
    return {answer}
"""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("HttpResponse(f'Welcome {name}')", True),
        ("HttpResponse('Welcome ' + name)", True),
        ("HttpResponse(request.GET['name'])", True),
        ("HttpResponse('Welcome ' + name, content_type='text/html')", True),
        ("HttpResponse('Welcome ' + name, content_type='text/plain')", False),
        ("HttpResponse(f'Welcome {escape(name)}')", False),
        ("JsonResponse({'name': name})", False),
    ],
)
def test_django_answers_with_pages(found, answer, told):
    assert _html(found, "a.py", DJANGO.format(answer=answer)) is told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("request.args.get('name')", True),
        ("request.args['name']", True),
        ("make_response('Hello ' + request.args['name'])", True),
        ("make_response('Hello ' + request.args['name'], 200)", True),
        ("Response('Hello ' + request.args['name'], mimetype='text/plain')", False),
        ("str(len(request.args['name']))", False),
    ],
)
def test_so_does_flask(found, answer, told):
    text = f"""\
from flask import Flask, Response, make_response, request
app = Flask(__name__)
@app.route("/a")
def show():
    return {answer}
"""
    assert _html(found, "a.py", text) is told


def test_a_function_of_azures_does_not(found):
    text = """\
import azure.functions as func
def main(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name")
    return func.HttpResponse(f"Hello {name}")
"""
    assert not _html(found, "a.py", text)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("res.type('html').send(req.query.page);", True),
        ("res.status(200).type('text/html').send(String(req.query.page).slice(0, 10));", True),
        ("res.set('Content-Type', 'text/html').send(req.body.page);", True),
        ("res.type('text').send(`Found: ${req.query.page}`);", False),
        ("res.type('json').send(req.query.page);", False),
        ("res.send(page.replace('NAME', req.query.name));", True),
        ("res.send(page.replace('NAME', () => req.query.name));", True),
        ("res.send(page.replace('NAME', escapeHtml(req.query.name)));", False),
        ("let text = 'Hello '; text = text.concat(req.query.name); res.send(text);", True),
        ("res.set('Content-Type', 'text/plain'); res.write('Hello ' + req.query.name);", False),
        ("res.write('Hello<br/>' + req.query.name);", True),
        ("res.write('Answer</br>' + req.query.name);", True),
    ],
)
def test_the_type_that_is_said_with_it_counts(found, lines, told):
    text = f"""\
const app = require('express')(); const escapeHtml = require('escape-html');
const page = require('fs').readFileSync('page.html').toString();
app.get('/a', (req, res) => {{ {lines} }});
"""
    assert _html(found, "a.js", text) is told


def test_the_type_of_another_handler_does_not(found):
    text = """\
const app = require('express')();
app.get('/a', (req, res) => { res.set('Content-Type', 'text/plain'); res.send('Hello ' + req.query.name); });
app.get('/b', (req, res) => { res.send('Hello ' + req.query.name); });
"""
    assert {line for rule, line in found("a.js", text) if rule == "injection.html"} == {3}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("`https://${process.env.HOST}${req.query.path}`", True),
        ("`https://${process.env.HOST}/${req.query.path}`", False),
        ("`https://${process.env.HOST}${req.path}`", False),
        ("`${process.env.BASE}${req.query.path}`", False),
    ],
)
def test_what_stands_right_behind_a_host_may_lengthen_it(found, address, told):
    text = f"""\
const app = require('express')(); const axios = require('axios');
app.get('/a', (req, res) => {{ axios.get({address}); }});
"""
    assert ("injection.ssrf" in {rule for rule, _ in found("a.js", text)}) is told
