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


HANDED = [
    """
        const give = (actions: string[]) => new PolicyStatement({ actions, resources: ['*'] });
        fn.add(give(['s3:*']));
    """,
    """
        class S {
          route(action: string) {
            fn.addToRolePolicy(new PolicyStatement({ actions: [action], resources: ['*'] }));
          }
          constructor() { this.route('cognito-idp:*'); }
        }
    """,
    """
        const all = ['AmazonS3ReadOnlyAccess', 'AdministratorAccess'];
        all.forEach((name) => role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(name)));
    """,
    """
        for (const name of ['AdministratorAccess']) {
          role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(name));
        }
    """,
]


@pytest.mark.parametrize("text", HANDED)
def test_rights_that_a_function_of_the_file_is_handed(found, text):
    assert found("stack.ts", text)
    narrow = text.replace("s3:*", "s3:GetObject").replace("cognito-idp:*", "cognito-idp:AdminGetUser")
    narrow = narrow.replace("AdministratorAccess", "AWSLambdaBasicExecutionRole")
    assert not {level for _, _, level in found("stack.ts", narrow, level=True)} - {"note"}


def test_rights_of_pulumi_and_of_cdk_for_terraform(found):
    attached = "new aws.iam.RolePolicyAttachment('a', { role, policyArn: aws.iam.ManagedPolicy.NAME });"
    assert found("a.ts", attached.replace("NAME", "AdministratorAccess")) == {("iam.admin-policy", 1)}
    assert found("a.ts", attached.replace("NAME", "ReadOnlyAccess")) == set()
    document = "const d = CALL({ statements: [{ actions: ['*'], resources: ['*'] }] });"
    assert found("a.ts", document.replace("CALL", "aws.iam.getPolicyDocument")) == {("iam.action-wildcard", 1)}
    assert found("a.ts", document.replace("CALL", "listOf")) == set()
    python = "d = get_policy_document(statements=[GetPolicyDocumentStatementArgs(actions=['*'], resources=['*'])])"
    assert found("a.py", python) == {("iam.action-wildcard", 1)}


@pytest.mark.parametrize(
    ("given", "told"), [('["s3:*"]', True), ('"*"', True), ('["dynamodb"]', True), ('[table, "ses:SendEmail"]', False)]
)
def test_permissions_of_sst(found, given, told):
    text = f"""\
import {{ Api }} from "sst/constructs";
export function S({{ stack }}) {{ new Api(stack, "api", {{ defaults: {{ function: {{ permissions: {given} }} }} }}); }}
"""
    assert bool(found("stack.ts", text)) is told
    assert found("stack.ts", text.replace("sst/constructs", "./roles")) == set()


def test_a_statement_that_terraform_repeats(found):
    text = """
        data "aws_iam_policy_document" "p" {
          dynamic "statement" {
            for_each = var.x
            content {
              actions = ["kms:*"]
              resources = ["*"]
            }
          }
        }
    """
    assert found("a.tf", text) == {("iam.service-wildcard", 5)}


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (
            'google_storage_bucket_iam_binding" "a" {\n  role = "roles/storage.admin"\n  members = ["allUsers"]',
            "warning",
        ),
        ('google_cloud_run_service_iam_member" "a" {\n  role = "roles/run.invoker"\n  member = "allUsers"', "note"),
        ('google_project_iam_member" "a" {\n  role = "roles/owner"\n  member = "user:a@example.com"', "error"),
        ('google_project_iam_member" "a" {\n  role = "roles/viewer"\n  member = "user:a@example.com"', None),
        ('azurerm_role_definition" "a" {\n  permissions {\n    actions = ["*"]\n  }', "error"),
        ('azurerm_role_definition" "a" {\n  permissions {\n    actions = ["Microsoft.Web/sites/read"]\n  }', None),
        ('azurerm_role_assignment" "a" {\n  role_definition_name = "Owner"', "error"),
        ('azurerm_role_assignment" "a" {\n  role_definition_name = "Reader"', None),
    ],
)
def test_rights_in_other_clouds(found, block, told):
    levels = {level for _, _, level in found("main.tf", f'resource "{block}\n}}\n', level=True)}
    assert levels == ({told} if told else set())


ISSUER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
TRUSTED = """
    Resources:
      R:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - Effect: Allow
                Principal: {Federated: ISSUER}
                Action: sts:AssumeRoleWithWebIdentity
                Condition: CONDITION
"""


@pytest.mark.parametrize(
    ("issuer", "condition", "told"),
    [
        (ISSUER, "{}", True),
        (ISSUER, "{StringEquals: {'token.actions.githubusercontent.com:aud': sts.amazonaws.com}}", True),
        (ISSUER, "{StringLike: {'token.actions.githubusercontent.com:sub': 'repo:*'}}", True),
        (ISSUER, "{StringLike: {'token.actions.githubusercontent.com:sub': 'repo:shop/site:*'}}", False),
        ("arn:aws:iam::123456789012:saml-provider/office", "{}", False),
    ],
)
def test_a_role_for_every_build_of_a_shared_issuer(found, issuer, condition, told):
    text = TRUSTED.replace("ISSUER", issuer).replace("CONDITION", condition)
    levels = {level for rule, _, level in found("template.yml", text, level=True) if rule == "iam.wildcard-principal"}
    assert levels == ({"error"} if told else set())


def test_a_role_for_every_build_in_terraform_and_cdk(found):
    terraform = """
        data "aws_iam_policy_document" "trust" {
          statement {
            actions = ["sts:AssumeRoleWithWebIdentity"]
            principals {
              type        = "Federated"
              identifiers = ["ISSUER"]
            }
            condition {
              test     = "StringLike"
              variable = "token.actions.githubusercontent.com:VARIABLE"
              values   = ["repo:shop/site:*"]
            }
          }
        }
    """.replace("ISSUER", ISSUER)
    cdk = f"new Role(this, 'R', {{ assumedBy: new FederatedPrincipal('{ISSUER}', {{ StringLike: {{ "
    cdk += "'token.actions.githubusercontent.com:VARIABLE': `repo:${owner}/site:*` } }) });"
    for path, text in (("main.tf", terraform), ("stack.ts", cdk)):
        assert {rule for rule, _ in found(path, text.replace("VARIABLE", "aud"))} == {"iam.wildcard-principal"}
        assert found(path, text.replace("VARIABLE", "sub")) == set()
