"""Literals beside telling names that are no secrets, and those that only a trial uses."""

from __future__ import annotations

import json

import pytest

from daemon.agents.builtin.review import review_file


@pytest.mark.parametrize(
    "line",
    [
        "fetch(u, { credentials: 'same-origin' });",
        "fetch(u, { credentials: 'include' });",
        "log({ accesskey: k ? 'provided' : 'missing' });",
        "const t = { pass: 'PASSED!', fail: 'FAILED!' };",
        "export const PUPPETEER_TOKEN = 'BROWSER';",
        "export const REPOSITORY_TOKEN = 'UserRepository';",
        "const PASSWORD_ID = 'signIn#form9';",
        "const password_selector = '#form9';",
        "const passwordName = 'awsSeamlessDomainPassword', dbPassword = 'awsSeamlessDomainPassword';",
        "const o = { password: 'Datadog API Key' };",
        "var apikey = 'abcdef';",
        "const c = { apiKey: 'abcdefghijklmnopqrstuvwxyz012345' };",
        "const c = { accessKey: '1234567890abcd' };",
        "AWS.config.update({ accessKeyId: 'AKID' });",
        "const c = { password: 'tucontraseña' };",
    ],
)
def test_a_literal_that_says_itself_it_is_no_secret_is_none(found, line):
    assert found("a.js", line + "\n") == set()


def test_the_name_of_a_key_and_the_plain_parts_of_a_secret_are_none(found):
    assert found("a.js", "const t = require('twilio')('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN');\n") == set()
    assert found("a.ts", "const dbName = 'orders1';\nconst s = SecretValue.unsafePlainText(dbName);\n") == set()
    assert found("a.ts", "const s = SecretValue.unsafePlainText('orders1');\n") == {("credential.argument", 1)}


def test_a_fields_key_and_a_forms_label_are_none(found):
    python = 'DICT_KEY_PASSWORD = os.environ.get("DICT_KEY_PASSWORD") or "awsSeamlessDomainPassword"\n'
    assert found("a.py", python) == set()
    box = {"type": "Microsoft.Common.PasswordBox", "label": {"password": "Key9-8x", "confirmPassword": "Again9-8x"}}
    assert found("ui.json", json.dumps(box)) == set()


@pytest.mark.parametrize(
    "line",
    [
        "const dbPassword = 'MyBedRightNow';",
        "const dbPassword = 'superSecretPassword';",
        "const dbPassword = '123456';",
        "const o = { pass: 'Xk29fQ' };",
        "const apiKey = 'abc123def';",
        "const accessToken = 'b7cket41xq';",
    ],
)
def test_weak_ones_are_secrets_all_the_same(found, line):
    assert found("a.js", line + "\n", level=True) == {("credential.assigned", 1, "warning")}


@pytest.mark.parametrize(
    "literal", ["test_secret_32_bytes_exactly!!", "this_is_a_dummy_password", "demo-key", "minioadmin", "LocalSecret1"]
)
def test_one_that_calls_itself_a_trials_is_a_note(found, literal):
    assert found("a.py", f'api_secret = "{literal}"\n', level=True) == {("credential.assigned", 1, "note")}


def test_what_a_setting_falls_back_to_is_a_warning_whatever_it_is_called(found):
    text = 'API_KEYS = set(os.environ.get("API_KEYS", "demo-key").split(","))\n'
    assert found("a.py", text, level=True) == {("credential.assigned", 1, "warning")}
    assert found("a.py", 'os.environ.setdefault("AWS_SESSION_TOKEN", "testing")\n') == set()


BODY = "MIICXAIBAAKBgQDNwqLEe9wgTXCbC7plRPdDbBbeqjdbs4kOPOIGz" + "9fYp8cLg6uE"
BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.js", f"const key = raw.replace('x', '{BEGIN}').replace('y', '{END}');\n"),
        ("a.py", f"RSA = '{BEGIN}\\n'\n\n\ndef long_name_of_a_function_that_reads_the_first_key_of_all():\n    pass\n"),
        ("a.py", f"private_key = '{BEGIN}\\n...\\n{END}'\n"),
        ("a.sh", f"grep -- '{BEGIN}' file || echo this-is-only-a-long-sentence-about-private-keys-2\n"),
    ],
)
def test_the_header_of_a_private_key_without_its_body_is_none(found, path, text):
    assert found(path, text) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.pem", f"{BEGIN}\n{BODY}\n{END}\n"),
        ("a.pem", f"{BEGIN}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{BODY}\n{END}\n"),
        ("a.js", f"const k = '{BEGIN}\\n' +\n  '{BODY}\\n' +\n  '{END}';\n"),
        ("a.js", f"const k = [\n  '{BEGIN}',\n  '{BODY}',\n].join('\\n');\n"),
        ("main.tf", f"locals {{\n  k = <<EOF\n{BEGIN}\n{BODY}\n{END}\nEOF\n}}\n"),
        ("a.yml", f"key: |\n  {BEGIN}\n  {BODY}\n  {END}\n"),
        ("a.json", f'{{"private_key": "{BEGIN}\\n{BODY}\\n{END}\\n"}}\n'),
    ],
)
def test_a_private_key_is_found_however_its_body_is_written(found, path, text):
    assert {rule for rule, _ in found(path, text)} == {"credential.private-key"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'def connect(host, password="S3cr3t!pw9"):\n    pass\n'),
        ("a.ts", "function connect(host: string, password = 'S3cr3t!pw9') {}\n"),
        ("a.js", "function connect(host, password = 'S3cr3t!pw9') {}\n"),
        ("a.ts", "const p = SecretValue.unsafePlainText('Sup3rS3cret99');\n"),
        ("a.js", "send({ auth: { user: 'a@b.co', pass: 'abcd efgh ijkl mnop' } });\n"),
        ("a.py", "from twilio.rest import Client\nc = Client('AC01', '0f1e2d3c4b5a69788796a5b4c3d2e1f0')\n"),
    ],
)
def test_defaults_application_passwords_and_plain_text_for_a_stack_are_told(path, text):
    assert {finding.category for finding in review_file(path, text).findings} == {"hardcoded-credential"}


def test_a_firebase_key_of_a_web_page_is_a_note():
    key = "AIza" + "SyA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0tU1v"
    text = f'const config = {{ apiKey: "{key}", authDomain: "a.firebaseapp.com" }};\n'
    assert {finding.level for finding in review_file("a.ts", text).findings} == {"note"}


@pytest.mark.parametrize("value", ["AQICAH" + "h0a1B2" * 20 + "==", "required|string|min:8"])
def test_what_is_encrypted_and_what_describes_a_form_is_no_secret(value):
    assert not review_file("a.ts", f"const c = {{ dbPassword: '{value}' }};\n").findings


@pytest.mark.parametrize(
    ("value", "told"), [("logs/day%3D08/a1-9V45m4-d26baa70_v2.gz", False), ("d26baa7091ee9V45m4_v2", True)]
)
def test_a_key_that_is_a_file(found, value, told):
    assert bool(found("a.py", f'object = {{"api_key": "{value}"}}\n')) is told
