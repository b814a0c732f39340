"""Forms in which statements are written that need their own reading: awacs, unpacked options, Terraform's functions."""

from __future__ import annotations

import pytest

WIDE = ("iam.service-wildcard", "warning")


def _told(found, path, text):
    return {(rule, level) for rule, _, level in found(path, text, level=True)}


def test_awacs_statements(found):
    text = (
        "from awacs.aws import Action, Allow, Deny, Statement\n"
        'a = Statement(Effect=Allow, Action=[Action("s3", "*")], Resource=["*"])\n'
        'b = Statement(Effect=Deny, Action=[Action("s3", "*")], Resource=["*"])\n'
        'c = Statement(Effect=Allow, Action=[Action("s3", "GetObject")], Resource=[arn])\n'
    )
    assert found("a.py", text) == {("iam.service-wildcard", 2)}


def test_a_statement_whose_options_are_unpacked(found):
    text = 'p = iam.PolicyStatement(**{\n  "actions": ["sqs:*"],\n  "resources": ["*"],\n})\n'
    assert _told(found, "stack.py", text) == {WIDE}


def test_a_managed_policy_by_a_variable(found):
    text = 'arn = "arn:aws:iam::aws:policy/AdministratorAccess"\nclient.attach_user_policy(UserName=u, PolicyArn=arn)\n'
    assert ("iam.admin-policy", "error") in _told(found, "a.py", text)


@pytest.mark.parametrize(
    "statements",
    [
        'concat([], [{ Effect = "Allow", Action = "s3:*", Resource = "*" }])',
        'flatten([[{ Effect = "Allow", Action = "s3:*", Resource = "*" }]])',
        'var.x ? [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] : []',
        '[for b in var.c : { Effect = "Allow", Action = "s3:*", Resource = "*" }]',
        '[merge({ Effect = "Allow" }, { Action = "s3:*", Resource = "*" })]',
    ],
)
def test_terraforms_functions_and_conditions(found, statements):
    text = f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = {statements} }})\n}}\n'
    assert _told(found, "main.tf", text) == {WIDE}


@pytest.mark.parametrize("service", ["xray", "cognito-sync", "cognito-identity"])
def test_every_action_of_a_service_is_told_however_small_it_is(found, service):
    text = f"Statement:\n  - Effect: Allow\n    Action: '{service}:*'\n    Resource: '*'\n"
    assert _told(found, "t.yml", text) == {WIDE}


QUEUE = """
data "aws_iam_policy_document" "queue" {
  statement {
    principals {
      type        = "%s"
      identifiers = ["%s"]
    }
    actions   = ["sqs:*"]
    resources = ["*"]
  }
}
"""


def test_every_action_of_a_queue_for_others(found):
    assert _told(found, "main.tf", QUEUE % ("AWS", "590183756378")) == {WIDE}
    assert _told(found, "main.tf", QUEUE % ("Service", "sns.amazonaws.com")) == {WIDE}
    assert _told(found, "main.tf", QUEUE % ("AWS", "arn:aws:iam::${var.account}:root")) == set()


def test_a_policy_kept_as_a_template(found):
    text = '{"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "${bucket}"}]}\n'
    for path in ("policy.json.tpl", "policy.tftpl", "role.tpl"):
        assert _told(found, path, text) == {WIDE}
    assert found("page.tpl", "<html>s3:*</html>\n") == set()


INLINE = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              os.system("ping " + event["queryStringParameters"]["host"])
"""


def test_a_function_written_into_a_template_is_reviewed_at_the_templates_lines(found):
    assert ("injection.shell", 10, "error") in found("template.yml", INLINE, level=True)


def test_so_is_one_in_javascript(found):
    code = (
        "          exports.handler = async (event) => {\n"
        "            require('child_process').exec('ls ' + event.queryStringParameters.d);\n"
        "          };\n"
    )
    text = f"Resources:\n  Fn:\n    Properties:\n      InlineCode: |\n{code}"
    assert ("injection.shell", 6, "error") in found("template.yml", text, level=True)


@pytest.mark.parametrize(
    ("addresses", "told"), [("0.0.0.0/0", True), ("[10.0.0.0/8, '::/0']", True), ("10.0.0.0/8", False)]
)
def test_an_address_that_everybody_has_is_no_condition(found, addresses, told):
    text = f"""
        Resources:
          P:
            Type: AWS::S3::BucketPolicy
            Properties:
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Principal: "*"
                    Action: "s3:PutObject"
                    Resource: "arn:aws:s3:::b/*"
                    Condition: {{IpAddress: {{aws:SourceIp: {addresses}}}}}
    """
    assert (("iam.wildcard-principal", 8) in found("template.yml", text)) is told


def test_every_action_on_a_function_for_a_service(found):
    text = """
        resource "aws_lambda_permission" "all" {
          action        = "lambda:*"
          function_name = aws_lambda_function.f.function_name
          principal     = "s3.amazonaws.com"
          source_arn    = "arn:aws:s3:::b"
        }
    """
    assert found("main.tf", text) == {("iam.service-wildcard", 2)}
    assert found("main.tf", text.replace("lambda:*", "lambda:InvokeFunction")) == set()


OPEN_API = """
    Resources:
      Api:
        Type: AWS::ApiGateway::RestApi
        Properties:
          Policy:
            Statement:
              - Effect: Allow
                Principal: "*"
                Action: execute-api:Invoke
                Resource: "*"
"""
CLOSED = """              - Effect: Deny
                Principal: "*"
                Action: execute-api:Invoke
                Resource: "*"
                Condition: {StringNotEquals: {aws:SourceVpce: vpce-1}}
"""


def test_an_interface_for_everybody_is_told_unless_the_policy_denies_others(found):
    assert ("iam.wildcard-principal", 8) in found("template.yml", OPEN_API)
    assert found("template.yml", OPEN_API + CLOSED) == set()


def test_objects_that_everybody_may_read(found):
    text = """
        Resources:
          P:
            Type: AWS::S3::BucketPolicy
            Properties:
              PolicyDocument:
                Statement: {Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*"}
    """
    assert found("template.yml", text, level=True) == {("iam.wildcard-principal", 6, "warning")}


def test_commands_on_every_machine(found):
    text = '{"Statement": [{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}]}'
    assert found("policy.json", text, level=True) == {("iam.privilege-escalation", 1, "warning")}
