from __future__ import annotations

import json
import textwrap

import pytest

from daemon.agents.builtin.review import review_file


def statement(**parts) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **parts}]}, indent=1)


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"Action": "*", "Resource": "*"}, "iam.action-wildcard"),
        ({"Action": ["s3:GetObject", "*"], "Resource": ["arn:aws:s3:::b/*"]}, "iam.action-wildcard"),
        ({"Action": "s3:*", "Resource": "*"}, "iam.service-wildcard"),
        ({"Action": ["dynamodb:*"], "Resource": "arn:aws:dynamodb:eu-west-1:1:table/t"}, "iam.service-wildcard"),
        ({"Action": "iam:PassRole", "Resource": "*"}, "iam.pass-role"),
        ({"NotAction": "s3:*", "Resource": "*"}, "iam.not-action"),
        ({"Action": "iam:AttachRolePolicy", "Resource": "*"}, "iam.privilege-escalation"),
        ({"Action": "dynamodb:PutItem", "Resource": "*"}, "iam.resource-wildcard"),
        (
            {"Action": "sns:Publish", "Principal": "*", "Resource": "arn:aws:sns:eu-west-1:1:t"},
            "iam.wildcard-principal",
        ),
        ({"Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}, "iam.wildcard-principal"),
        ({"Action": "*", "Principal": {"AWS": "arn:aws:iam::2:role/x"}, "Resource": "q"}, "iam.action-wildcard"),
        ({"NotAction": "sqs:SendMessage", "Principal": {"AWS": "2"}, "Resource": "q"}, "iam.not-action"),
        ({"Action": "sqs:SendMessage", "NotPrincipal": {"AWS": "2"}, "Resource": "q"}, "iam.wildcard-principal"),
        (
            {
                "Action": "sqs:SendMessage",
                "Principal": "*",
                "Resource": "q",
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            "iam.wildcard-principal",
        ),
    ],
)
def test_a_statement_that_is_too_wide_is_named_by_its_rule(found, parts, rule):
    assert {name for name, _ in found("policy.json", statement(**parts))} == {rule}


@pytest.mark.parametrize(
    "parts",
    [
        {"Action": ["dynamodb:GetItem"], "Resource": "arn:aws:dynamodb:eu-west-1:1:table/t"},
        {"Action": ["logs:CreateLogGroup", "xray:PutTraceSegments", "ec2:DescribeInstances"], "Resource": "*"},
        {"Action": "ec2:CreateNetworkInterface", "Resource": "*"},
        {"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/deploy"},
        {
            "Action": "sns:Publish",
            "Principal": "*",
            "Resource": "x",
            "Condition": {"ArnEquals": {"aws:SourceArn": "y"}},
        },
        {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
        {"Action": "kms:*", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Resource": "*"},
        {"Action": "*", "Principal": {"AWS": "arn:aws:iam::${AWS::AccountId}:root"}, "Resource": "*"},
        {
            "Action": "sqs:SendMessage",
            "Principal": "*",
            "Resource": "q",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceAccount": "1"}},
        },
    ],
)
def test_a_statement_as_it_should_be_is_left_alone(found, parts):
    assert found("policy.json", statement(**parts)) == set()


def test_a_denial_is_never_too_wide(found):
    text = json.dumps({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    assert found("policy.json", text) == set()


def test_a_wildcard_resource_alone_is_a_note(found):
    text = statement(Action="s3:GetObject", Resource="*")
    assert {level for _, _, level in found("policy.json", text, level=True)} == {"note"}


def test_serverless_yml_is_read_with_the_line_of_the_action(found):
    text = """
    provider:
      name: aws
      iamRoleStatements:
        - Effect: Allow
          Action:
            - s3:GetObject
            - sns:*
          Resource: "*"
    """
    assert found("serverless.yml", text) == {("iam.service-wildcard", 7)}


def test_tags_and_intrinsic_functions_of_templates_are_read(found):
    text = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - Effect: Allow
                Principal: {Service: lambda.amazonaws.com}
                Action: sts:AssumeRole
          ManagedPolicyArns:
            - !Sub arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess
          Policies:
            - PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: !If [Prod, 's3:GetObject', 's3:PutObject']
                    Resource: !GetAtt Bucket.Arn
                  - Effect: Allow
                    Action: 'lambda:*'
                    Resource: '*'
    """
    assert found("template.yaml", text) == {("iam.admin-policy", 11), ("iam.service-wildcard", 19)}


def test_terraform_is_read_in_all_three_ways_to_write_a_policy(found):
    text = """
    data "aws_iam_policy_document" "a" {
      statement {
        actions   = ["s3:*"]
        resources = ["*"]
      }
      statement {
        effect    = "Deny"
        actions   = ["*"]
        resources = ["*"]
      }
    }
    resource "aws_iam_policy" "b" {
      policy = jsonencode({
        Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
      })
    }
    resource "aws_iam_policy" "c" {
      policy = <<EOF
    {"Statement": [
      {"Effect": "Allow",
       "Action": "ec2:*",
       "Resource": "*"}
    ]}
    EOF
    }
    """
    assert found("iam.tf", text) == {
        ("iam.service-wildcard", 3),
        ("iam.action-wildcard", 14),
        ("iam.service-wildcard", 21),
    }


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (
            "stack.ts",
            "fn.addToRolePolicy(new iam.PolicyStatement({\n  actions: ['bedrock:*'],\n  resources: ['*'],\n}));\n",
            2,
        ),
        (
            "stack.py",
            "fn.add_to_role_policy(iam.PolicyStatement(\n    actions=['s3:*'],\n    resources=['*'],\n))\n",
            2,
        ),
        ("stack.ts", "const wide = ['sqs:*'];\nnew iam.PolicyStatement({ actions: wide, resources: ['*'] });\n", 1),
        (
            "serverless.ts",
            "const c = { iamRoleStatements: [{ Effect: 'Allow', Action: ['ses:*'], Resource: '*' }] };\n",
            1,
        ),
    ],
)
def test_policies_built_by_a_program_are_judged_too(found, path, text, line):
    assert found(path, text) == {("iam.service-wildcard", line)}


def test_a_cdk_denial_is_no_finding(found):
    text = "new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['*'], resources: ['*'] });\n"
    assert found("stack.ts", text) == set()


def test_a_managed_policy_by_name_is_judged_in_cdk(found):
    text = "role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess'));\n"
    assert found("stack.ts", text) == {("iam.admin-policy", 1)}


def test_a_value_of_the_same_serverless_file_is_looked_up(found):
    text = """
    custom:
      wide: "*"
    provider:
      iamRoleStatements:
        - Effect: Allow
          Action: ${self:custom.wide}
          Resource: ${env:ANY}
    """
    assert found("serverless.yml", text) == {("iam.action-wildcard", 6)}


def test_a_policy_written_as_text_inside_yaml_is_read_at_its_lines(found):
    text = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: |
            {"Statement": [{
              "Effect": "Allow",
              "Action": "sts:AssumeRole",
              "Principal": {"AWS": "*"}
            }]}
    """
    assert found("template.yaml", text) == {("iam.wildcard-principal", 9)}


ROLE = {"Properties": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "Type": "AWS::IAM::Policy"}


@pytest.mark.parametrize(
    ("path", "text", "owner"),
    [
        ("template.json", json.dumps({"Resources": {"Wide": ROLE}}), "in `Wide`."),
        (
            "main.tf",
            'resource "aws_iam_policy" "wide" { policy = jsonencode({ Statement = [{ Effect="Allow", Action="*"}] }) }',
            "in `aws_iam_policy.wide`.",
        ),
        (
            "serverless.yml",
            "functions:\n  pay:\n    iamRoleStatements:\n      - {Effect: Allow, Action: '*', Resource: '*'}\n",
            "in `pay`.",
        ),
    ],
)
def test_a_statement_is_told_with_the_resource_it_belongs_to(path, text, owner):
    (finding,) = review_file(path, text).findings
    assert owner in finding.message


def test_a_statement_in_no_named_resource_is_told_without_one():
    (finding,) = review_file("policy.json", statement(Action="*", Resource="*")).findings
    assert ", in `" not in finding.message


BOUNDARY = """\
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: arn:aws:iam::aws:policy/AdministratorAccess
"""
ATTACHED = "new AttachRolePolicyCommand({ PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });\n"
LISTED = "const role = {\n  managedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'],\n};\n"


@pytest.mark.parametrize(
    ("path", "text", "hits"),
    [
        ("attach.py", 'c.attach_role_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")', "admin-policy"),
        ("attach.js", ATTACHED, "admin-policy"),
        ("serverless.ts", LISTED, "admin-policy"),
        ("main.tf", 'data "aws_iam_policy" "admin" {\n  name = "AdministratorAccess"\n}\n', "admin-policy"),
        ("grant.ts", "table.grant(fn, 'dynamodb:*');\n", "service-wildcard"),
        ("grant.py", 'Grant.add_to_principal(grantee=fn, actions=["s3:*"], resource_arns=["*"])', "service-wildcard"),
        ("boundary.yaml", BOUNDARY, None),
        ("compare.py", 'if policy == "arn:aws:iam::aws:policy/AdministratorAccess":\n    warn()\n', None),
        ("grant.ts", "table.grant(fn, 'dynamodb:GetItem');\n", None),
    ],
)
def test_rights_are_found_where_they_are_attached(found, path, text, hits):
    assert {rule for rule, _ in found(path, text)} == ({f"iam.{hits}"} if hits else set())


POLICY = """\
{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow",
      "Action": "s3:*",
      "Resource": "*" }
  ]
}"""
TEMPLATE = """\
resource "aws_iam_policy" "p" {
  policy = <<EOF
{ "Statement": [
  %{ if var.wide }
  { "Effect": "Allow",
    "Action": "s3:*", "Resource": ${jsonencode(var.arns)} }
  %{ endif }
] }
EOF
}
"""
QUOTED = f'resource "aws_iam_policy" "p" {{\n  policy = {json.dumps(json.dumps(json.loads(POLICY)))}\n}}\n'


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("policy.js", f"const policy = `{POLICY}`;\n", 5),
        ("policy.ts", "const policy = `" + POLICY.replace('"*"', '"${arn}"') + "`;\n", 5),
        ("policy.py", f'POLICY = """{POLICY}"""\n', 5),
        ("policy.py", f"POLICY = {json.dumps(POLICY)}\n", 1),
        ("main.tf", QUOTED, 2),
        ("main.tf", TEMPLATE, 6),
    ],
)
def test_a_policy_written_as_text_is_read_in_its_place(found, path, text, line):
    assert found(path, text) == {("iam.service-wildcard", line)}


@pytest.mark.parametrize("reference", ["!Ref Which", "{Ref: Which}"])
def test_a_parameter_that_is_everything_by_default_is_everything(found, reference):
    text = f"""
    Parameters:
      Which: {{Type: String, Default: '*'}}
    Resources:
      R:
        Type: AWS::IAM::Policy
        Properties:
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: 'lambda:*', Resource: {reference}}}]
    """
    (finding,) = review_file("template.yaml", textwrap.dedent(text)).findings
    assert "on every resource" in finding.message


def test_a_permission_for_everybody(found):
    text = """\
import * as lambda from "aws-cdk-lib/aws-lambda";
new lambda.CfnPermission(this, "A", { functionName: f.name, action: "lambda:InvokeFunction", principal: "*" });
"""
    assert {rule.partition(".")[0] for rule, _ in found("stack.ts", text)} == {"iam"}
