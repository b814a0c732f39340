"""What a policy is for: boundaries and endpoints grant nothing, and statements may be built step by step."""

from __future__ import annotations

import json

import pytest

from daemon.agents.builtin.review import review_file


def of_iam(found, path: str, text: str) -> set[tuple]:
    return {(rule.removeprefix("iam."), line, level) for rule, line, level in found(path, text, level=True)}


BY_NAME = """
Resources:
  PermissionsBoundaryPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Effect: Allow, Action: "*", Resource: "*"}
          - {Effect: Deny, Action: "iam:*", Resource: "*"}
"""
BY_REFERENCE = """
Resources:
  Limits:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !Ref Limits
"""
BY_SID = json.dumps({"Statement": [{"Sid": "Boundary", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
BARE = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
TERRAFORM = """
data "aws_iam_policy_document" "most" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
resource "aws_iam_policy" "most" {
  policy = data.aws_iam_policy_document.most.json
}
resource "aws_iam_role" "r" {
  permissions_boundary = aws_iam_policy.most.arn
}
"""
CDK_BY_ID = """
new iam.ManagedPolicy(this, 'PermissionsBoundary', {
  statements: [new iam.PolicyStatement({ actions: ['*'], resources: ['*'] })],
});
"""
CDK_BY_USE = """
const most = new iam.ManagedPolicy(this, 'Most', {
  statements: [new iam.PolicyStatement({ actions: ['*'], resources: ['*'] })],
});
iam.PermissionsBoundary.of(role).apply(most);
"""
CDK_BY_OPTION = """
most = iam.ManagedPolicy(self, "Most", statements=[iam.PolicyStatement(actions=["*"], resources=["*"])])
role = iam.Role(self, "R", assumed_by=who, permissions_boundary=most)
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("template.yaml", BY_NAME),
        ("template.yaml", BY_REFERENCE),
        ("template.yaml", BY_REFERENCE.replace("!Ref Limits", "{'Fn::GetAtt': [Limits, Arn]}")),
        ("policy.json", BY_SID),
        ("policies/deploy-boundary.json", BARE),
        ("main.tf", TERRAFORM),
        ("main.tf", 'resource "aws_iam_policy" "boundary" {\n  policy = jsonencode(' + BARE + ")\n}\n"),
        ("stack.ts", CDK_BY_ID),
        ("stack.ts", CDK_BY_USE),
        ("stack.py", CDK_BY_OPTION),
        ("stack.ts", "permissionBoundary.addStatements(new PolicyStatement({actions: ['*'], resources: ['*']}));\n"),
    ],
)
def test_a_permissions_boundary_grants_nothing(found, path, text):
    assert found(path, text) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("template.yaml", BY_NAME.replace("PermissionsBoundaryPolicy", "Wide")),
        ("template.yaml", BY_NAME.replace("PermissionsBoundaryPolicy", "PolicyWithPermissionsBoundary")),
        ("template.yaml", BY_NAME.replace("IAM::ManagedPolicy", "IAM::Policy")),
        ("template.yaml", BY_REFERENCE.replace("!Ref Limits", "!Ref Other")),
        ("main.tf", TERRAFORM.replace("permissions_boundary", "path")),
        ("stack.ts", CDK_BY_USE.replace("PermissionsBoundary", "Aspects")),
        ("stack.py", CDK_BY_OPTION.replace("permissions_boundary", "role_name")),
    ],
)
def test_another_policy_of_the_same_form_is_told(found, path, text):
    assert of_iam(found, path, text)


ENDPOINT = """
Resources:
  E:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: ["s3:*"], Resource: "*"}]}
"""
TERRAFORM_ENDPOINT = """
data "aws_iam_policy_document" "through" {
  statement {
    actions   = ["dynamodb:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
resource "aws_vpc_endpoint" "db" {
  policy = data.aws_iam_policy_document.through.json
}
"""
CDK_ENDPOINT = """
const s3 = vpc.addGatewayEndpoint('S3', { service });
s3.addToPolicy(new iam.PolicyStatement({
  principals: [new iam.AnyPrincipal()], actions: ['s3:*'], resources: ['*'] }));
"""


@pytest.mark.parametrize(
    ("path", "text"), [("template.yaml", ENDPOINT), ("main.tf", TERRAFORM_ENDPOINT), ("stack.ts", CDK_ENDPOINT)]
)
def test_the_policy_of_a_vpc_endpoint_is_a_note_at_most(found, path, text):
    assert {(rule, level) for rule, _, level in of_iam(found, path, text)} == {("wildcard-principal", "note")}


def test_anyone_in_the_policy_of_a_queue_stays_a_warning(found):
    text = ENDPOINT.replace("EC2::VPCEndpoint", "SQS::QueuePolicy").replace("s3:*", "sqs:SendMessage")
    assert {level for _, _, level in of_iam(found, "template.yaml", text)} == {"warning"}


@pytest.mark.parametrize("value", ["try(statement.value.not_actions, null)", "var.not_actions", 'lookup(x, "y", null)'])
def test_exceptions_that_a_module_only_hands_on_are_none(found, value):
    text = (
        'data "aws_iam_policy_document" "d" {\n  statement {\n    not_actions = VALUE\n    resources = var.r\n  }\n}\n'
    )
    assert found("main.tf", text.replace("VALUE", value)) == set()
    assert found("main.tf", text.replace("VALUE", '["s3:*"]')) == {("iam.not-action", 3)}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("s.ts", "p.addActions('iam:PassRole');\np.addAllResources();\n", {("pass-role", 1, "error")}),
        ("s.ts", "p.addAllResources();\np.addActions('iam:PassRole');\n", {("pass-role", 2, "error")}),
        ("s.py", "p.add_actions('iam:PassRole')\np.add_resources('*')\n", {("pass-role", 1, "error")}),
        ("s.ts", "p.addActions('iam:PassRole');\np.addResources(role.arn);\n", set()),
        ("s.ts", "p.addActions('iam:PassRole');\nq.addAllResources();\n", set()),
        (
            "s.ts",
            "const p = new PolicyStatement({ actions: ['iam:PassRole'] });\np.addAllResources();\n",
            {("pass-role", 1, "error")},
        ),
        (
            "s.ts",
            "role.addToPolicy(new PolicyStatement().addAction('iam:*').addAllResources());\n",
            {("service-wildcard", 1, "error")},
        ),
        (
            "s.ts",
            "const p = new PolicyStatement().addAllResources();\np.addActions('iam:*');\n",
            {("service-wildcard", 2, "error")},
        ),
        ("s.ts", "const p = new PolicyStatement({ effect: Effect.DENY });\np.addActions('*');\n", set()),
        ("s.py", "p = PolicyStatement()\np.effect = iam.Effect.DENY\np.add_actions('*')\n", set()),
        ("s.ts", "p.addActions('iam:PassRole');\np.addAllResources();\np.addCondition('a', {});\n",
         {("pass-role", 1, "warning")}),
        ("s.ts", "const p = new PolicyStatement({ actions: ['*'], resources: ['*'] });\np.effect = Effect.DENY;\n",
         set()),
    ],
)  # fmt: skip
def test_a_statement_built_step_by_step_is_judged_as_a_whole(found, path, text, expected):
    assert of_iam(found, path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const p = { actions: ['cognito-idp:*'], resources: ['*'] };", {("service-wildcard", 1, "warning")}),
        ("f({ permissions: [{ actions: ['s3:*'], resources: [b.arn] }] });", {("service-wildcard", 1, "warning")}),
        ("const p = { actions: ['s3:GetObject'], resources: [b.arn] };", set()),
        ("const menu = { actions: ['open', 'nav:*'], resources: ['*'] };", set()),
        ("const menu = { actions: ['*'], resources: ['*'] };", set()),
        ("const p = { actions: ['s3:*'] };", set()),
        ("const p = { effect: 'deny', actions: ['s3:*'], resources: ['*'] };", set()),
    ],
)
def test_a_permission_without_an_effect_is_read_when_its_actions_are_iams(found, text, expected):
    assert of_iam(found, "sst.config.ts", text + "\n") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('"*"', {("action-wildcard", 1, "error")}),
        ('["s3", "dynamodb"]', {("service-wildcard", 1, "warning")}),
        ("[table, bucket]", set()),
        ('["xray"]', {("service-wildcard", 1, "warning")}),
    ],
)
def test_a_service_attached_by_its_name_is_all_of_it(found, given, expected):
    assert of_iam(found, "stacks/api.ts", f"api.attachPermissions({given});\n") == expected


def test_the_policy_of_a_stack_is_none_of_iams(found):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
    assert found("policy.json", json.dumps({"Statement": [statement]})) == set()
    assert found("a.ts", f"const p = {json.dumps(statement)};\n") == set()


def test_what_is_known_only_later_is_an_ellipsis_in_a_message():
    text = "new PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: [`arn:${p}:s3:::*`, '*'] });\n"
    admin = "ManagedPolicy.fromManagedPolicyArn(this, 'x', `arn:${p}:iam::aws:policy/AdministratorAccess`);\n"
    messages = [finding.message for finding in review_file("s.ts", text + admin).findings]
    assert any("arn:...:iam::aws:policy/AdministratorAccess" in message for message in messages)
    assert not any("${}" in message for message in messages)


CONTROL = 'resource "aws_organizations_policy" "p" {\n  content = jsonencode({ Statement = [{ %s }] })\n}\n'
ALLOWED = 'Effect = "Allow", Action = "*", Resource = "*"'
ANSWER = """
def allow():
    return {"policyDocument": {"Statement": [{"Action": "execute-api:*", "Effect": "Allow", "Resource": "*"}]}}
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("main.tf", CONTROL % ALLOWED),
        ("policies/scp.json", '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'),
        ("a.py", 'iam.detach_role_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")'),
        ("a.py", ANSWER),
    ],
)
def test_what_an_organization_allows_at_most_what_is_taken_away_and_an_authorizers_answer_give_nothing(path, text):
    assert {f.rule for f in review_file(path, text).findings if f.level != "note"} == set()
