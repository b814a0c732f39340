"""Recorded events kept beside the code: what a log says was used or granted stands in nobody's source."""

from __future__ import annotations

import json

import pytest

LONG_LIVED = "AKIA" + "QX7Z4TNW2LKJ3PHD"
TEMPORARY = "ASIA" + "JZ5FBXW6BLKSCUJQ"
SECRET = "hB3vQ9sT1xKd7mNz5rWj" + "2fYp8cLg6uEa4iOo0DkV"
WIDE = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "a"}]})
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize("start", ["AROA", "AIDA", "AGPA", "ANPA", "AIPA"])
def test_an_aws_id_that_is_no_key_is_nothing(found, start):
    assert found("roles.py", f'ROLE_ID = "{start}3DTK7NW2LKJ3PHDQ"\n') == set()


@pytest.mark.parametrize(
    "event",
    [
        {"userIdentity": {"type": "AssumedRole", "accessKeyId": TEMPORARY}},
        {"Records": [{"responseElements": {"x": 1}, "userIdentity": {"accessKeyId": LONG_LIVED}}]},
        {"eventVersion": "1.05", "eventSource": "s3.amazonaws.com", "caller": {"accessKeyId": LONG_LIVED}},
        {"eventVersion": "1.05", "eventName": "x", "caller": {"accessKeyId": "AKIAIOSFODNN7" + "EXAMPLE"}},
        {"detail-type": "x", "source": "aws.s3", "detail": {"accessKeyId": LONG_LIVED}},
        {"log": {"message": json.dumps({"eventVersion": "1.05", "userIdentity": {"accessKeyId": TEMPORARY}})}},
        {"invokingEvent": "{}", "resultToken": "myResultToken"},
        {"headers": {"postman-token": "8f2890e4-22f5-40e2-a5e8-8459dd0ec5c0", "Host": "x.example.net"}},
        {"httpMethod": "POST", "requestContext": {"stage": "x"}, "headers": {"x-api-key": "kJ83hs72Kq01"}},
        {"Records": [{"Sns": {"Message": json.dumps({"approval": {"token": "kJ83hs72-Kq01"}, "action": "x"})}}]},
        {"Records": [{"requestParameters": {"attributes": {"Policy": WIDE}}, "eventName": "x"}]},
        {"SchemaVersion": "2018-10-08", "ProductArn": "x", "Policies": [{"PolicyArn": ADMIN}]},
        {"Details": {"AwsIamUser": {"AttachedManagedPolicies": [{"PolicyArn": ADMIN}]}}},
        [{"data": {"eventSource": "x", "eventTime": "x", "requestParameters": {"policy": WIDE}}, "service": "x"}],
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_an_events_record_holds_is_not_told(found, event, indent):
    assert found("events/sample.json", json.dumps(event, indent=indent) + "\n") == set()


def test_a_caller_logged_in_a_programs_text_is_no_key_of_the_program(found):
    text = f"""
    EVENT = {{
        "userIdentity": {{
            "type": "AssumedRole",
            "accessKeyId": "{TEMPORARY}",
        }},
    }}
    """
    assert found("events.py", text) == set()


def test_a_key_with_its_secret_is_told_even_in_an_events_record(found):
    event = {"userIdentity": {"accessKeyId": LONG_LIVED, "secretAccessKey": SECRET}}
    told = found("sample.json", json.dumps(event, indent=1))
    assert {rule for rule, _ in told} == {"credential.provider-key"}
    assert len(told) == 2


@pytest.mark.parametrize("top", [{"Resources": {}}, {"AWSTemplateFormatVersion": "2010-09-09"}, {"provider": {}}, {}])
def test_a_key_in_a_document_that_is_no_event_is_told(found, top):
    document = {**top, "custom": {"accessKeyId": LONG_LIVED}}
    assert found("config.json", json.dumps(document)) == {("credential.provider-key", 1)}


def test_a_template_is_searched_even_where_it_speaks_of_events(found):
    rule = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "eventSource": "x",
            "eventName": "y",
            "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        },
    }
    assert found("t.json", json.dumps({"Resources": {"R": rule}})) == {("iam.action-wildcard", 1)}


def test_a_finding_in_a_json_string_stands_on_the_strings_line(found):
    statement = '{"Effect": "Allow",\n "Action": "s3:*",\n "Resource": "*"}'
    policy = json.dumps('{\n  "Statement": [\n ' + statement + "]}")
    text = f'{{\n  "name": "x",\n  "policy": {policy},\n  "more": [\n    1\n  ]\n}}\n'
    assert found("policies.json", text) == {("iam.service-wildcard", 3)}
