# ruff: noqa: E501, ISC004 - programs under review, one to a line
from __future__ import annotations

import json
import subprocess
import sys

import pytest

from daemon.agents.builtin.review.model import CATEGORIES, CREDENTIAL, IAM
from daemon.agents.builtin.skills import asked_for

LAMBDA = """\
import { APIGatewayProxyHandler } from "aws-lambda";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";

const apiKey = "%s";

export const policy = new iam.PolicyStatement({
  actions: ["*"],
  resources: ["*"],
});

export const handler: APIGatewayProxyHandler = async (event) => {
  const order = JSON.parse(event.body ?? "{}");
  await client.send(new PutCommand({ TableName: process.env.TABLE, Item: order }));
  return { statusCode: 200, body: "ok" };
};
""" % ("sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc")
PUBLISHED = (
    "Review the new Lambda function for common security issues: hardcoded credentials, missing input validation, "
    "IAM permission scope. Report findings without auto-fixing."
)


def run(root, request) -> tuple[int, dict]:
    text = request if isinstance(request, str) else json.dumps(request)
    done = subprocess.run(
        [sys.executable, "-m", "daemon.agents.builtin"],
        input=text,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_published_hook_finds_key_input_and_policy_with_file_and_line(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/pay.ts").write_text(LAMBDA)
    request = {
        "v": 1,
        "hook": {"name": "x", "action": PUBLISHED},
        "changes": [{"path": "src/pay.ts", "kind": "created"}],
    }
    code, result = run(tmp_path, request)
    assert code == 0
    assert {(f["category"], f["file"], f["line"]) for f in result["findings"]} == {
        ("hardcoded-credential", "src/pay.ts", 5),
        ("iam-scope", "src/pay.ts", 8),
        ("missing-input-validation", "src/pay.ts", 13),
    }
    assert all(f["fingerprint"] and f["suppressed"] is False for f in result["findings"])
    assert result["usage"] == {}
    assert (tmp_path / "src/pay.ts").read_text() == LAMBDA


def test_a_deleted_file_is_not_reviewed(tmp_path):
    request = {"hook": {"action": PUBLISHED}, "changes": [{"path": "gone.ts", "kind": "deleted"}]}
    code, result = run(tmp_path, request)
    assert code == 0
    assert "no file" in result["summary"]


def test_an_action_that_is_no_skill_of_its_own_is_declined_in_a_sentence(tmp_path):
    code, result = run(tmp_path, {"hook": {"action": "Translate the README into French."}, "changes": []})
    assert code == 0
    assert result["findings"] == []
    assert "agent" in result["summary"]


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "[" * 100])
def test_what_is_no_request_is_refused(tmp_path, text):
    code, result = run(tmp_path, text)
    assert code == 2
    assert result["findings"] == []


@pytest.mark.parametrize(
    ("action", "categories", "docs"),
    [
        (PUBLISHED, CATEGORIES, False),
        ("Check the file for hardcoded secrets.", (CREDENTIAL,), False),
        ("Look at the IAM policies for least privilege", (IAM,), False),
        (
            "Review the changed controller and update the corresponding entry in docs/api-reference.md to reflect any new, "
            "modified, or removed endpoints.",
            (),
            True,
        ),
        ("Do a security review and update the API docs", CATEGORIES, True),
        ("Write unit tests for this module", (), False),
    ],
)
def test_the_action_text_decides_which_skill_is_asked_for(action, categories, docs):
    asked = asked_for(action)
    assert (tuple(asked.categories), asked.docs) == (tuple(categories), docs)


def test_the_document_is_taken_from_the_action_or_the_context():
    assert asked_for("Update the entry in docs/api-reference.md for each endpoint").document == "docs/api-reference.md"
    assert asked_for("Update the API docs", context=["docs/api.md"]).document == "docs/api.md"
    assert asked_for("Update the API docs").document is None
