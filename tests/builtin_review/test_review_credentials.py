from __future__ import annotations

import pytest

from daemon.agents.builtin.review import review_file

# Keys are put together here so that no scanner takes this file for a leak.
AWS = "AKIA" + "QX7Z4TNW2LKJ3PHD"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
STRIPE = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
HUBSPOT = "pat-" + "na1-ffbb9f50-d96b-4abc-84f1-b986617be1b6"


@pytest.mark.parametrize("key", [AWS, GITHUB, STRIPE, HUBSPOT])
def test_a_providers_key_is_an_error_wherever_it_stands(found, key):
    assert ("credential.provider-key", 1, "error") in found("notes.txt", f"here: {key}\n", level=True)


def test_evidence_is_masked():
    result = review_file("a.py", f'KEY = "{AWS}"\n')
    assert result.findings
    assert all(AWS not in finding.message for finding in result.findings)


def test_awss_documented_example_key_is_told_as_such(found):
    text = 'AWS_ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"\n'
    assert found("a.py", text) == {("credential.example-key", 1)}


def test_a_private_key_is_an_error(found):
    body = "MIICXAIBAAKBgQDNwqLEe9wgTXCbC7plRPdDbBbeqjdbs4kOPOIGz"
    text = 'key = "-----BEGIN RSA PRIVATE ' + f'KEY-----\\n{body}\\n-----END RSA PRIVATE KEY-----"\n'
    assert ("credential.private-key", 1) in found("a.ts", text)


@pytest.mark.parametrize(
    "line",
    [
        'password = "T2kVB3zgeN3YbrKS"',
        'HARDCODED_KEY_01 = "ABCDE"',
        'app.secret_key = "ThisisSuperFlag"',
        'app.config["SECRET_KEY"] = "_5#y2L"',
        'connect(host=h, password="bob12cgv")',
        'settings = {"api_key": "abc123def"}',
        'SECRET = os.environ.get("S") or "fallbackvalue9"',
    ],
)
def test_a_literal_given_to_a_secrets_name_is_found_in_python(found, line):
    assert {rule for rule, _ in found("a.py", line + "\n")} == {"credential.assigned"}


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["DB_PASSWORD"]',
        'password = ""',
        'password = "changeme"',
        'password = "<your password>"',
        'password_field = "user_password"',
        'secret_name = "prod/db/main"',
        'SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:1:secret:x"',
        'token_url = "https://example.com/oauth/token"',
        'next_token = "abcdefgh1"',
        'password = "password"',
        'api_key = "${ssm:/prod/key}"',
        'GOOGLE_API_KEY = "AIzaXXXXXXXX"',
        'client = twilio.rest.Client("<your account>", "<your auth token>")',
        'credentials = "~/.gcloud/keyfile.json"',
        'API_KEY_HEADER = "x-api-key"',
        'kms_master_key_id = "alias/aws/sns"',
        'print("the password is wrong")',
    ],
)
def test_placeholders_references_and_names_of_secrets_are_left_alone(found, line):
    assert found("a.py", line + "\n") == set()


def test_a_literal_handed_to_a_library_as_its_key_is_found_however_short(found):
    text = """
    const jwt = require('jsonwebtoken');
    const crypto = require('crypto');
    const key = 'abc';
    jwt.sign({a: 1}, 'shhh');
    crypto.createHmac('sha256', key);
    jwt.sign({a: 1}, process.env.KEY);
    const Strategy = require('passport-jwt').Strategy;
    new Strategy({ secretOrKey: 'shhh' }, () => {});
    """
    assert found("a.js", text) == {("credential.argument", 4), ("credential.argument", 5), ("credential.assigned", 8)}


def test_a_key_made_by_encoding_a_variable_is_no_literal(found):
    text = """
    import hmac
    def check(secret, body):
        return hmac.new(secret.encode("utf-8"), body, "sha256")
    """
    assert found("a.py", text) == set()


def test_secrets_in_templates_and_terraform_are_found(found):
    sam = """
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          Environment:
            Variables:
              DB_PASSWORD: Sup3rS3cret!
              OTHER_PASSWORD: !Ref Password
              DB_PASSWORD_PARAM: /prod/db/password
    """
    assert found("template.yaml", sam) == {("credential.assigned", 7)}
    terraform = """
    variable "db_password" {
      default = "bob12cgv"
    }
    resource "aws_lambda_function" "f" {
      environment {
        variables = {
          API_KEY = "DavidsDelightfulDonuts2023"
          ARN     = aws_secret.x.arn
          TOKEN   = var.token
        }
      }
    }
    """
    assert found("main.tf", terraform) == {("credential.assigned", 2), ("credential.assigned", 7)}


def test_a_connection_string_with_its_password_is_found_and_one_without_is_not(found):
    password = "h7Kp2" + "xQ9vL"
    assert ("credential.connection-string", 1) in found(
        "a.ts", f'const u = "postgres://app:{password}@db.internal:5432/x";\n'
    )
    assert found("a.ts", "const u = `postgres://app:${password}@db.internal/x`;\n") == set()
    assert found("a.ts", 'const u = "https://example.com/a:b@c";\n') == set()


def test_what_a_program_is_tried_out_with_is_only_a_note(found):
    main = 'if __name__ == "__main__":\n    run({"password": "T2kVB3zgeN3YbrKS"})\n'
    handler = "def lambda_handler(event, context):\n    return run(event)\n"
    assert found("a.py", handler + main, level=True) == {("credential.assigned", 4, "note")}
    # Where there is no handler to try out, it is the program itself.
    assert found("a.py", main, level=True) == {("credential.assigned", 2, "warning")}


def test_in_a_test_file_a_literal_secret_is_only_a_note(found):
    assert {level for _, _, level in found("tests/test_login.py", 'password = "T2kVB3zgeN3"\n', level=True)} == {"note"}


def test_a_secret_for_each_stage_of_a_service(found):
    text = """
        service: shop
        custom:
          NAME:
            local: admin
            dev: Kx8mQ2vL9pRt
            prod: ${ssm:/shop/password}
    """
    assert found("serverless.yml", text.replace("NAME", "dbPassword")) == {("credential.assigned", 5)}
    assert found("serverless.yml", text.replace("NAME", "dbName")) == set()


def test_a_signing_key_that_a_variable_holds(found):
    text = """
        module.exports = (options) => {
          const kept = 'HARDCODED-SECRET';
          passport.use(new JwtStrategy({ NAME: kept }, () => {}));
        };
    """
    assert found("a.js", text.replace("NAME", "secretOrKey")) == {("credential.assigned", 2)}
    assert found("a.js", text.replace("NAME", "issuer")) == set()
