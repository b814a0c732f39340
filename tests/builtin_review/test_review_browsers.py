"""Browsers that a server runs, views chosen by name, XML with entities, and resolvers of GraphQL's."""

from __future__ import annotations

import pytest

EXPRESS = "const express = require('express'); const app = express();\n"
TOLD = {
    "a page of phantom": ("injection.html", """
        const phantom = require('phantom');
        app.get('/a', async (req, res) => {
          const page = await (await phantom.create()).createPage();
          await page.property('content', req.get('x-page'));
        });
    """),
    "an address of phantom": ("injection.ssrf", """
        const phantom = require('phantom');
        app.get('/a', async (req, res) => {
          const page = await (await phantom.create()).createPage();
          await page.openUrl(req.params.url, {}, {});
        });
    """),
    "code for a page": ("injection.eval", """
        const puppeteer = require('puppeteer');
        app.get('/a', async (req, res) => {
          const page = await (await puppeteer.launch()).newPage();
          await page.evaluate(req.query.code);
        });
    """),
    "where Chrome goes": ("injection.ssrf", """
        const CDP = require('chrome-remote-interface');
        app.get('/a', async (req, res) => {
          const { Page } = await CDP();
          await Page.navigate({ url: req.query.url });
        });
    """),
    "what Chrome evaluates": ("injection.eval", """
        const CDP = require('chrome-remote-interface');
        app.get('/a', async (req, res) => {
          const { Runtime } = await CDP();
          await Runtime.evaluate({ expression: req.query.e });
        });
    """),
    "code in a sandbox": ("injection.eval", """
        const Sandbox = require('sandbox');
        app.post('/a', (req, res) => { const s = new Sandbox(); s.run(`f(${req.body.x})`, done); });
    """),
    "a view by its name": ("injection.path", """
        app.get('/a', (req, res) => res.render(req.query.view));
    """),
    "XML whose entities are resolved": ("injection.xxe", """
        const libxml = require('libxmljs');
        app.post('/a', (req, res) => {
          const options = { noent: true };
          res.json(libxml.parseXml(req.body, options).get('//name').text());
        });
    """),
    "a resolver's argument in SQL": ("injection.sql", """
        const { gql } = require('apollo-server-lambda');
        const resolvers = { Query: { one: (_, { id }, { db }) => db.query("select * from t where id = " + id) } };
    """),
    "a filter that a resolver parses": ("injection.nosql", """
        const { gql } = require('apollo-server');
        const Patient = require('./models/patient');
        const resolvers = { Query: { all: (parent, args) => Patient.find(JSON.parse(args.search)) } };
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told(found, name):
    rule, text = TOLD[name]
    assert rule in {rule for rule, _ in found("a.js", EXPRESS + text)}


QUIET = {
    "a function for a page, with a value": """
        const puppeteer = require('puppeteer');
        app.get('/a', async (req, res) => {
          const page = await (await puppeteer.launch()).newPage();
          await page.evaluate((q) => document.title + q, req.query.code);
        });
    """,
    "a view with the caller's values": """
        app.get('/a', (req, res) => res.render('list', { page: 1 }));
    """,
    "XML without entities": """
        const libxml = require('libxmljs');
        app.post('/a', (req, res) => res.json(libxml.parseXml(req.body, { noent: false }).root().name()));
    """,
    "a resolver's argument in a filter: GraphQL has looked at its type": """
        const { gql } = require('apollo-server');
        const Patient = require('./models/patient');
        const resolvers = { Query: { all: (parent, args) => Patient.find({ name: args.name }) } };
    """,
    "a page of a document, that is no browser's": """
        app.get('/a', (req, res) => page.open(req.query.name));
    """,
}


@pytest.mark.parametrize("name", QUIET)
def test_it_is_quiet(found, name):
    rules = {rule for rule, _ in found("a.js", EXPRESS + QUIET[name])}
    assert not {rule for rule in rules if rule.startswith("injection.")}


@pytest.mark.parametrize(
    ("parser", "level"),
    [
        ("", "warning"),
        (", etree.XMLParser(resolve_entities=True)", "error"),
        (", parser=etree.XMLParser(resolve_entities=False)", None),
    ],
)
def test_lxml_resolves_entities_unless_told_not_to(found, parser, level):
    text = f"from lxml import etree\ndef handler(event, context):\n    etree.fromstring(event['body']{parser})\n"
    told = {level for rule, _, level in found("a.py", text, level=True) if rule == "injection.xxe"}
    assert told == ({level} if level else set())


def test_an_event_is_known_by_what_only_the_gateway_sends(found):
    text = """
        const axios = require('axios');
        export const step = (data_, context, callBack) => axios.post(API, { code: data_.queryStringParameters.code });
    """
    assert ("input.unvalidated", 2) in found("a.js", text)


def test_a_body_beside_its_event_is_the_caller_s(found):
    text = """
        import boto3
        bedrock = boto3.client("bedrock-runtime")
        table = boto3.resource("dynamodb").Table("t")
        def handle_request(event, payload):
            if event["httpMethod"] == "POST":
                table.put_item(Item=payload)
    """
    assert ("input.unvalidated", 4) in found("a.py", text)


def test_asking_whether_a_body_is_there_is_no_check(found):
    text = """
        import { assertIsDefined } from './assertions';
        export const handler = async (event: APIGatewayProxyEvent) => {
          assertIsDefined(event.body, 'body');
          await s3.putObject({ Bucket: 'b', Key: 'k', Body: event.body }).promise();
        };
    """
    assert {rule for rule, _ in found("a.ts", text)} == {"input.unvalidated"}
