"""The parts of SARIF 2.1.0 that a log of ours uses, as a closed JSON Schema: a misspelt property is a fault."""

from __future__ import annotations

from typing import Any


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


TEXT = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$"}
COUNT = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
BAG = {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True, "items": TEXT}}}
MESSAGE = closed(["text"], text=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
# A URI reference: no character outside ASCII, no space, nothing half escaped.
URI = {"type": "string", "pattern": r"^([A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-F]{2})*$"}
REGION = closed(["startLine"], startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
LOCATION = closed(
    ["physicalLocation"],
    physicalLocation=closed(
        ["artifactLocation"],
        # A relative reference: no scheme, not absolute.
        artifactLocation=closed(
            ["uri"], uri={"allOf": [URI, {"not": {"pattern": r"^(/|[A-Za-z][A-Za-z0-9+.-]*:)"}}]}, uriBaseId=TEXT
        ),
        region=REGION,
    ),
)
RESULT = closed(
    ["message", "ruleId"],
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions={"type": "array", "items": closed(["kind"], kind={"enum": ["inSource", "external"]})},
    provenance=closed([], invocationIndex=INDEX),
    properties=BAG,
)
NOTIFICATION = closed(["message"], message=MESSAGE, level=LEVEL, descriptor=closed([], id=TEXT))
INVOCATION = closed(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    startTimeUtc=TIME,
    endTimeUtc=TIME,
    toolExecutionNotifications={"type": "array", "items": NOTIFICATION},
    properties=BAG,
)
RULE = closed(["id"], id=TEXT, shortDescription=MESSAGE, properties=BAG)
DRIVER = closed(["name"], name=TEXT, semanticVersion=TEXT, rules={"type": "array", "uniqueItems": True, "items": RULE})
RUN = closed(
    ["tool", "results"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations={"type": "array", "items": INVOCATION},
    results={"type": "array", "items": RESULT},
    originalUriBaseIds={
        "type": "object",
        "additionalProperties": closed(["uri"], uri={"allOf": [URI, {"pattern": "^file:///(.*/)?$"}]}),
    },
)
SCHEMA = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN},
)
