from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.agents.port import Outcome, Result
from daemon.report.redact import Redactor
from tests.report.drafts import finding

# Put together here so that no file of the project holds what looks like a secret.
BODY = "aB3" * 30
SECRETS = {
    "AWS access key": "AKIA"
    + "IOSFODNN7EXAMPLE"[:16].replace("0", "A").replace("1", "B").replace("8", "C").replace("9", "D"),
    "Anthropic key": "sk-ant-" + BODY[:40],
    "OpenAI key": "sk-proj-" + BODY[:40],
    "Google key": "AIza" + BODY[:35],
    "Google token": "ya29." + BODY[:60],
    "GitHub token": "ghp_" + BODY[:36],
    "GitLab token": "glpat-" + BODY[:20],
    "Slack token": "xoxb-" + "1234567890-" + BODY[:24],
    "Stripe key": "sk_live_" + BODY[:24],
    "npm token": "npm_" + BODY[:36],
    "PyPI token": "pypi-" + BODY[:80],
    "Hugging Face token": "hf_" + BODY[:34],
    "SendGrid key": "SG." + BODY[:22] + "." + BODY[:43],
    "Twilio key": "SK" + "0f" * 16,
    "DigitalOcean token": "dop_v1_" + "0f" * 32,
    "HashiCorp token": "hvs." + BODY[:24],
    "age key": "AGE-SECRET-KEY-1" + "QP" * 29,
    "web token": "eyJ" + BODY[:20] + ".eyJ" + BODY[:40] + "." + BODY[:30],
}


@pytest.mark.parametrize("kind", SECRETS)
def test_keys_of_providers_are_found_anywhere_in_a_text(kind: str) -> None:
    secret = SECRETS[kind]
    for text in (f"found {secret}.", f'const key = "{secret}";', f"KEY={secret}\nnext", f"({secret})"):
        redacted = Redactor().redact(text)
        assert secret not in redacted.text
        assert f"[redacted: {kind}]" in redacted.text
        assert redacted.count == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres://app:hunter2@db:5432/x", "postgres://app:[redacted: password]@db:5432/x"),
        ("redis://:hunter2@cache", "redis://:[redacted: password]@cache"),
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [redacted: authorization]"),
        ('password = "correct-horse"', 'password = "[redacted: password]"'),
        ("'api_key': 'correct-horse'", "'api_key': '[redacted: password]'"),
        ("DB_PASSWORD: 'correct-horse'", "DB_PASSWORD: '[redacted: password]'"),
        (
            f"aws_secret_access_key = {'wJalrXUtnFEMI/K7MDENGbPxRfiCY' + 'a1B2c3D4e5F'}",
            "aws_secret_access_key = [redacted: AWS secret key]",
        ),
        (f"AccountName=x;AccountKey={'Ab1+' * 20}==;", "AccountName=x;AccountKey=[redacted: Azure key];"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\nMIIE\n-----END RSA PRIVATE KEY-----\nrest",
            "[redacted: private key]\nrest",
        ),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "[redacted: private key]"),
    ],
)
def test_only_the_secret_part_is_replaced(before: str, after: str) -> None:
    assert Redactor().redact(before).text == after
    assert Redactor().redact(before).count == 1


@pytest.mark.parametrize(
    "text",
    [
        "the function has no input validation",
        "https://example.com/path?x=1",
        "user@example.com wrote: password must be set",
        "password = os.environ['DB_PASSWORD']",
        "sk-cube-grid-delay-container",
        "sha256 " + "0f" * 32,
        "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        "git@github.com:owner/name.git",
        "task-manager-with-a-rather-long-name-1",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().redact(text) == Redactor().redact(text)
    assert (Redactor().redact(text).text, Redactor().redact(text).count) == (text, 0)


def test_known_values_are_found_whatever_they_look_like() -> None:
    redacted = Redactor(["a perfectly plain phrase"]).redact(
        "it says: a perfectly plain phrase, twice: a perfectly plain phrase"
    )
    assert redacted.text == "it says: [redacted: known secret], twice: [redacted: known secret]"
    assert redacted.count == 2


@given(
    secret=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=12, max_size=40),
    before=st.binary(max_size=7),
)
def test_known_values_are_found_in_base64_and_in_urls(secret: str, before: bytes) -> None:
    redactor = Redactor([secret])
    for spelt in (secret, quote(secret, safe=""), base64.b64encode(before + secret.encode() + b"tail").decode()):
        assert redactor.redact(spelt).count >= 1


def test_a_known_value_of_several_lines_is_found_whatever_its_line_ends() -> None:
    secret = "first line of it\r\nsecond line of it\r\n"
    safe, count = Redactor([secret]).result(Result(outcome=Outcome.SUCCEEDED, summary=f"it is {secret}!"))
    assert (safe.summary, count) == ("it is [redacted: known secret]!", 1)


def test_of_two_known_values_one_inside_the_other_nothing_stays() -> None:
    redacted = Redactor(["abcdefgh", "abcdefgh-and-more"]).redact("abcdefgh-and-more abcdefgh")
    assert redacted.text == "[redacted: known secret] [redacted: known secret]"


def test_values_too_short_to_be_secrets_are_left_alone() -> None:
    assert Redactor(["1", "", "dev"]).redact("1 dev").count == 0


def test_redacting_twice_changes_nothing_more() -> None:
    text = " ".join(SECRETS.values()) + ' password="correct-horse" postgres://a:b@c'
    once = Redactor(["correct-horse"]).redact(text)
    assert Redactor(["correct-horse"]).redact(once.text).text == once.text
    assert once.count == len(SECRETS) + 2


@pytest.mark.parametrize(
    "part",
    ["eyJ", "eyJ-", "-----BEGIN PRIVATE KEY-----", "a:", "aws secret ", "password=", "://", "a-", "x://:", "sk-"],
)
def test_a_flood_of_beginnings_takes_no_time(part: str) -> None:
    """What is quadratic would run into the test's deadline."""
    Redactor(["some known value"]).redact(part * (400_000 // len(part)))


def test_a_result_is_cleaned_first_so_that_nothing_hides_a_secret() -> None:
    token = SECRETS["GitHub token"]
    hidden = token[:10] + "\u200b" + token[10:20] + "\x1b[0m" + token[20:]
    result = Result(
        outcome=Outcome.FAILED,
        summary=f"saw {hidden}",
        error=hidden,
        findings=(finding(f"key {hidden}"), finding("fine")),
    )
    safe, count = Redactor().result(result)
    assert count == 3
    assert safe.summary == "saw [redacted: GitHub token]"
    assert safe.error == "[redacted: GitHub token]"
    assert [each.message for each in safe.findings] == ["key [redacted: GitHub token]", "fine"]
    assert safe.outcome is Outcome.FAILED
