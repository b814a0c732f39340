from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from daemon import schema as daemon_schema
from hooks import schema

PUBLISHED = Path(__file__).parent / "published.yaml"


def test_the_published_schema_of_hooks_yaml_is_in_step_with_the_models():
    assert schema.published() == schema.generated(), "run `python -m hooks.schema`"


@pytest.mark.parametrize("name", ["config.schema.json", "policy.schema.json"])
def test_the_published_schemas_of_settings_are_in_step_with_the_models(name: str):
    assert daemon_schema.published(name) == daemon_schema.generated()[name], "run `python -m daemon.schema`"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    document = json.loads(schema.published())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def test_the_schema_accepts_the_published_file(validator: Draft202012Validator):
    validator.validate(yaml.safe_load(PUBLISHED.read_text()))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("hooks: [{name: a, trigger: [manual], command: x, timeout: none, settle: 500ms}]", True),
        ("limits: {tokens_per_day: none}", True),
        ("hooks: [{name: a, trigger: never, action: x}]", False),
        ("hooks: [{name: a, trigger: manual, action: x, settle: 5}]", False),
        ("hooks: [{trigger: manual, action: x}]", False),
        ("colour: red", False),
        ("version: 2", False),
        ("agent: null", False),
    ],
)
def test_the_schema_agrees_with_the_models(validator: Draft202012Validator, text: str, good: bool):
    assert validator.is_valid(yaml.safe_load(text)) is good
