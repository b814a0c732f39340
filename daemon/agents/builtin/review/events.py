"""Records of events kept as JSON: samples, snapshots, findings. What they hold was granted and used elsewhere. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.review.document import Map, Scalar, Seq
from daemon.agents.builtin.review.model import words

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Node

_TEMPLATE = words("AWSTemplateFormatVersion StartAt provider functions openapi swagger Statement")
"""Keys at the top of a document that is deployed, not recorded."""

# Two of a family beside each other make a map an event's record.
_FAMILIES = (
    words(  # CloudTrail, and the records of S3 and other services
        """
        eventVersion eventSource eventName eventTime eventID userIdentity awsRegion requestParameters
        responseElements sourceIPAddress eventType EventSource EventVersion EventSubscriptionArn eventSourceARN
        """
    ),
    words("detail-type detail source"),
    words("invokingEvent resultToken ruleParameters configRuleArn"),
    words("SchemaVersion schemaVersion ProductArn AwsAccountId accountId GeneratorId"),
    words(  # a request as a proxy integration hands it on
        """
        requestContext httpMethod queryStringParameters multiValueQueryStringParameters pathParameters stageVariables
        isBase64Encoded multiValueHeaders rawPath rawQueryString routeKey rawHeaders
        """
    ),
    words("authorizationToken methodArn"),
    words("triggerSource userPoolId callerContext"),
    words("RequestType ResponseURL StackId LogicalResourceId"),
    words("SubscribeURL UnsubscribeURL SigningCertURL SigningCertUrl UnsubscribeUrl TopicArn"),
    words("Host Via X-Forwarded-For X-Forwarded-Port X-Amzn-Trace-Id X-Amz-Cf-Id host via x-forwarded-for"),
)
_ALONE = words("userIdentity sessionContext AwsIamAccessKey AwsIamUser accessKeyDetails CodePipeline.job awslogs")
"""Keys that only an event has, whatever stands beside them."""
_RECEIVED = _FAMILIES[-1]
_TELLING = _ALONE.union(*_FAMILIES, {"headers", "Records"})


def strike_out(root: Node) -> list[range]:
    """Empty every record of an event in a JSON document; the lines they stand on. A template's are left alone."""
    if isinstance(root, Map) and _is_template(root):
        return []
    lines = []
    stack: list[Map | Seq] = [root] if isinstance(root, Map | Seq) else []
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Map) and _is_event(node):
            lines.append(range(node.line, node.end_line + 1))
            node.entries.clear()
        inside = node.items if isinstance(node, Seq) else [value for _, value in node.entries]
        stack.extend(part for part in inside if not isinstance(part, Scalar))
    return lines


def _is_template(root: Map) -> bool:
    return isinstance(root.get("Resources"), Map) or any(key.text in _TEMPLATE for key, _ in root.entries)


def _is_event(node: Map) -> bool:
    names = {key.text for key, _ in node.entries}
    if not names & _TELLING:
        return False
    if names & _ALONE or any(len(names & family) > 1 for family in _FAMILIES):
        return True
    headers = node.get("headers")
    if isinstance(headers, Map) and any(key.text in _RECEIVED for key, _ in headers.entries):
        return True
    records = node.get("Records")
    items = records.items if isinstance(records, Seq) else []
    return bool(items) and all(isinstance(item, Map) for item in items)
