"""Secrets written into a document (YAML, JSON, Terraform): beside names, as defaults, in JSON kept as text. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import secrets
from daemon.agents.builtin.review.document import Map, Scalar
from daemon.agents.builtin.review.secret_names import is_secret_name, signs, snake
from daemon.agents.builtin.review.secret_values import is_filling

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Place
    from daemon.agents.builtin.review.model import Hit

_NONE_UNDER = {"Outputs", "Metadata", "Tags", "tags", "Mappings", "examples", "Rules", "Conditions",
               "label", "labels", "toolTip", "placeholder"}  # fmt: skip
_DEPLOYED = {"Resources", "resource"}
"""What stands there is what will run, whatever the word is."""
_ENVIRONMENT = {"environment", "Environment", "Variables", "variables", "env", "container_definitions",
                "ContainerDefinitions", "environment_variables"}  # fmt: skip
_SCHEMA_KEYS = {"type", "Type", "properties", "required", "description", "Description", "Export", "AttributeType"}
_PARAMETERS = {"Parameters", "variable"}
_FALLBACK = re.compile(
    r"^\$\{(?:env|opt|self|ssm|file)[:(][^,}]{1,200},\s*(?P<quote>['\"]?)(?P<value>[^'\"}$]{1,200})(?P=quote)\}$"
)
"""``${env:DB_PASS, 'hunter2!'}``: what is taken when nothing is configured."""
_KEPT_AS_TEXT = {"SecretString", "secret_string"}
_API_KEY = {"AWS::ApiGateway::ApiKey", "aws_api_gateway_api_key", "apiKeys"}
_MASTER = re.compile(r"(?:^|_)(?:master_user_|master_|admin_|db_|root_)?(?:password|pass|passwd)$")


def find(node: Map, place: Place) -> list[Hit]:
    """The secrets straight in this map, and name/value pairs as containers write them."""
    keys = set(place.keys)
    if keys & _NONE_UNDER and "AWS::CloudFormation::Authentication" not in keys:
        return []
    hits: list[Hit | None] = []
    beside = [value.text for _, value in node.entries if isinstance(value, Scalar)]
    names = [key.text for key, _ in node.entries]
    for key, value in node.entries:
        if not isinstance(value, Scalar) or not value.string or value.tag:
            continue
        if key.text in _SCHEMA_KEYS or secrets.is_verdict(key.text, names):
            continue
        if key.text in _KEPT_AS_TEXT and '"' in value.text:
            hits.append(_kept_as_text(value))
        elif not value.literal:
            hits.append(_fallback(key.text, value))
        else:
            hit = _beside(key.text, value, keys)
            if hit and not secrets.for_a_local_stand_in(beside, value.text):
                hits.append(hit)
    hits.extend(_by_stage(node, place))
    hits.append(_opening(node))
    hits.append(_in_a_vault(node, keys))
    hits.append(_default(node, place))
    hits.append(_pair(node, keys))
    return [hit for hit in hits if hit]


def _beside(name: str, value: Scalar, keys: set[str]) -> Hit | None:
    deployed = bool(_DEPLOYED & keys)
    hit = _assigned(name, value, default=deployed)
    if hit is None and (keys & _ENVIRONMENT or deployed) and _is_certain(name):
        return _opens(name, value)
    if hit is None and keys & _ENVIRONMENT:
        return secrets.evident(name=name, value=value.text, line=value.line, column=value.column)
    return hit


def _assigned(name: str, value: Scalar, *, default: bool = False) -> Hit | None:
    return secrets.assigned(name=name, value=value.text, line=value.line, column=value.column, default=default)


def _opens(name: str, value: Scalar) -> Hit | None:
    return secrets.opens(name=name, value=value.text, line=value.line, column=value.column)


def _is_certain(name: str) -> bool:
    """Names under which even a weak word is what will be used: a password, a signing key."""
    return bool(_MASTER.search(snake(name))) or signs(name)


def _opening(node: Map) -> Hit | None:
    """A password beside the host and the user it belongs to, however weak."""
    texts = {key.text: value for key, value in node.entries if isinstance(value, Scalar) and value.literal}
    if not secrets.logs_in([key.text for key, _ in node.entries], {name: v.text for name, v in texts.items()}):
        return None
    for name, value in texts.items():
        hit = _opens(name, value) if value.string else None
        if hit:
            return hit
    return None


_STAGE = re.compile(
    r"^(?:local|dev\w*|test\w*|qa|uat|stag\w*|sandbox|beta|prod\w*|live|aws|default|offline|demo|int|pre\w*)$",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"^(?:local|offline|test\w*|default)$", re.IGNORECASE)


def _by_stage(node: Map, place: Place) -> list[Hit | None]:
    """``dbPassword: {dev: "...", prod: "..."}``: a secret for each place that the service is deployed to."""
    name = place.keys[-1] if place.keys else ""
    if not is_secret_name(name) or not all(_STAGE.match(key.text) for key, _ in node.entries):
        return []
    given = [(key.text, value) for key, value in node.entries if isinstance(value, Scalar) and value.literal]
    return [
        _assigned(name, value) or (_opens(name, value) if _is_certain(name) else None)
        for stage, value in given
        if value.string and not value.tag and not _LOCAL.match(stage)
    ]


def _fallback(name: str, value: Scalar) -> Hit | None:
    match = _FALLBACK.match(value.text)
    if match is None:
        return None
    return secrets.assigned(name=name, value=match["value"], line=value.line, column=value.column, default=True)


def _kept_as_text(value: Scalar) -> Hit | None:
    """``SecretString: '{"username": "me", "password": "hunter2!"}'``."""
    text = value.text.replace('\\"', '"')
    return secrets.in_json(text, line=value.line, column=value.column, default=True)


_VAULTS = {
    "azurerm_key_vault_secret": "value",
    "google_secret_manager_secret_version": "secret_data",
    "aws_secretsmanager_secret_version": "secret_string",
    "vault_generic_secret": "data_json",
}
"""Resources that keep a secret, and where it is written."""


def _in_a_vault(node: Map, keys: set[str]) -> Hit | None:
    """The literal that a vault is filled with."""
    place = next((where for kind, where in _VAULTS.items() if kind in keys), None)
    value = node.get(place) if place is not None else None
    if not isinstance(value, Scalar) or not value.literal or not value.string or is_filling(value.text):
        return None
    return _opens("secret", value)


def _pair(node: Map, keys: set[str]) -> Hit | None:
    """``Name: DB_PASSWORD`` beside ``Value: hunter2!``; the value of an API's key, or of a parameter kept secret."""
    name, value = node.get("Name", "name", "key", "Key"), node.get("Value", "value")
    if not isinstance(value, Scalar) or not value.literal or value.tag:
        return None
    kind = node.get("Type", "type")
    if isinstance(kind, Scalar) and kind.text == "SecureString" and not is_filling(value.text):
        return _assigned("secret", value, default=True)
    if keys & _API_KEY:
        return _assigned("api_key", value, default=True)
    if not isinstance(name, Scalar) or not name.literal:
        return None
    named = name.text.rpartition("/")[2]
    hit = _assigned(named, value)
    if hit is None and keys & _ENVIRONMENT and _is_certain(named):
        return _opens(named, value)
    return hit


def _default(node: Map, place: Place) -> Hit | None:
    """A parameter or variable with a secret name and a literal default."""
    value = node.get("Default", "default")
    if not isinstance(value, Scalar) or not value.literal or value.tag or not value.string:
        return None
    name = place.keys[-1] if place.keys else ""
    if not (_PARAMETERS & set(place.keys[:-1])) or not is_secret_name(name):
        return None
    hit = _assigned(name, value)
    if hit is None and _MASTER.search(snake(name)):
        return _opens(name, value)
    return hit
