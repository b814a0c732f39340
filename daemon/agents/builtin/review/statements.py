"""Finds IAM statements and secrets in a document tree, whatever language it was read from. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import policy, purposes, strangers, written_secrets
from daemon.agents.builtin.review.document import Map, Node, Place, Scalar, Seq, scalars, walk
from daemon.agents.builtin.review.policy import Statement

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Hit

_KEY_POLICY = re.compile(r"^AWS::KMS::|^aws_kms_")
_RESOURCE_POLICY = re.compile(
    r"^AWS::(?:S3::BucketPolicy|SQS::QueuePolicy|SNS::TopicPolicy|ECR::Repository|SecretsManager::ResourcePolicy|"
    r"Lambda::Permission|Events::EventBusPolicy|Logs::ResourcePolicy|ApiGateway::RestApi|Serverless::Api|EC2::VPCEndpoint|"
    r"Elasticsearch::Domain|OpenSearchService::Domain|Backup::BackupVault|KMS::Key)|"
    r"^aws_(?:lambda_permission|s3_bucket_policy|sqs_queue|sns_topic|ecr_repository_policy|secretsmanager_secret_policy|kms_key|"
    r"vpc_endpoint|api_gateway_rest_api|elasticsearch_domain|opensearch_domain)"
)
MANAGED_KEYS = {"ManagedPolicyArns", "managedPolicies", "managed_policies", "managed_policy_arns", "policy_arn",
                 "iamManagedPolicies", "Policies", "PolicyArn", "PolicyArns", "managedPolicyArn", "managedPolicyArns",
                "managed_policy_arn", "policyArn"}  # fmt: skip
_PERMISSIONS = {"AWS::Lambda::Permission", "aws_lambda_permission"}
SOURCES = ("SourceArn", "SourceAccount", "PrincipalOrgID", "source_arn", "source_account", "principal_org_id",
           "sourceArn", "sourceAccount", "organizationId")  # fmt: skip
"""Keys of a Lambda permission that say who may use it, as a condition would."""
_MANAGED_ARN = re.compile(r"^arn:(?:\$\{[^}]*\}|[^:\s]*):iam::aws:policy/[\w/-]+$")
_NO_GRANT = re.compile(r"Condition|InputParameters|boundary|deny|denied|allow_?list|forbid|black_?list", re.IGNORECASE)
"""Keys under which a managed policy's ARN gives nobody anything."""
_STACK_POLICY = re.compile(r"^Update:(?:\*|\w+)$")
"""Actions of a CloudFormation stack policy, which is none of IAM's."""
_IAM_ACTION = re.compile(r"^(?:\*|[a-z0-9-]+:[\w*?]+)$")


def find(root: Node, path: str = "") -> list[Hit]:
    """Every hit of a document: statements, managed policies, secrets. ``path`` is the document's own."""
    hits: list[Hit] = []
    known: purposes.Purposes | None = None
    for place in walk(root):
        node = place.node
        if isinstance(node, Map):
            statement = read_statement(node, place)
            if statement:
                known = known or purposes.read(root)
                hits.extend(_told_of(purposes.owner(place), hit) for hit in _judged(statement, place, known, path))
            hits.extend(written_secrets.find(node, place))
        elif isinstance(node, Scalar) and _names_policy(node, place):
            hit = policy.managed(node)
            if hit:
                hits.append(_told_of(purposes.owner(place), hit))
    return hits


def _judged(statement: Statement, place: Place, known: purposes.Purposes, path: str) -> list[Hit]:
    """What is too wide in a statement, in the light of what its policy is for."""
    if known.is_boundary(place, path):
        return []
    if known.is_endpoint(place):
        statement.kind = "endpoint"
    statement.says_who = statement.says_who or _others_are_denied(place)
    hits = policy.judge(statement)
    trusted = _of_strangers(place.node)
    return [*hits, trusted] if trusted else hits


def _of_strangers(node: Node) -> Hit | None:
    if not isinstance(node, Map):
        return None
    conditions = [value for key, value in node.entries if key.text in {"Condition", "condition", "conditions"}]
    return strangers.find(node.get("Principal", "principals", "principal"), conditions)


def _others_are_denied(place: Place) -> bool:
    """Whether the same policy denies everybody under a condition, as that of a private API does."""
    policy_document = place.parent
    listed = policy_document.get("Statement", "statement", "statements") if policy_document is not None else None
    statements = [item for item in listed.items if isinstance(item, Map)] if isinstance(listed, Seq) else []
    return any(_denies(statement) and _has(statement.get("Condition", "condition")) for statement in statements)


def _denies(node: Map) -> bool:
    effect = node.get("Effect", "effect")
    return any(part.text.strip().strip("<>").lower().endswith("deny") for part in scalars(effect))


def _told_of(owner: str, hit: Hit) -> Hit:
    return replace(hit, detail=f"{hit.detail.rstrip('.')}, in `{owner}`.") if owner else hit


def _names_policy(node: Scalar, place: Place) -> bool:
    key = place.keys[-1] if place.keys else ""
    if key in MANAGED_KEYS or place.keys[:2] == ("data", "aws_iam_policy"):
        return True
    return bool(_MANAGED_ARN.match(node.text)) and not any(_NO_GRANT.search(key) for key in place.keys)


def find_here(node: Map) -> list[Hit]:
    """The hits of one statement that stands by itself."""
    statement = read_statement(node, Place(node, (), None))
    return policy.judge(statement) if statement else []


def managed(name: Scalar) -> Hit | None:
    """The hit for a managed policy, by its name or ARN."""
    return policy.managed(name)


def read_statement(node: Map, place: Place) -> Statement | None:
    """The statement a map is, ``None`` for any other map and for one that denies."""
    actions = node.get("Action", "actions", "action", "Actions")
    others = node.get("NotAction", "not_actions", "notActions")
    if actions is None and others is None and node.get("NotPrincipal") is None:
        return None
    effect = node.get("Effect", "effect")
    if effect is None and not _implied_allow(node, place):
        return None
    if _denies(node):
        return None
    if actions is not None and all(_STACK_POLICY.match(action.text) for action in scalars(actions)):
        return None
    resources = node.get("Resource", "resources", "resource", "Resources", "resourceArns", "resource_arns")
    condition = node.get("Condition", "condition", "conditions", "Conditions", *SOURCES)
    return Statement(
        line=node.line,
        end_line=node.end_line,
        kind=_kind(node, place, scalars(actions)),
        actions=scalars(actions),
        not_actions=scalars(others),
        resources=scalars(resources),
        not_resources=scalars(node.get("NotResource", "not_resources", "notResources")),
        principals=_principals(node),
        not_principals=_named(node.get("NotPrincipal", "not_principals", "notPrincipals")),
        condition=_has(condition),
        says_who=_has(condition) and not _asks_how_only(condition) and not _everywhere(condition),
    )


def is_permission(node: Map) -> bool:
    """``{actions: [...], resources: [...]}`` as SST's functions take it: no effect, every action looks like IAM's."""
    actions = node.get("actions")
    if not isinstance(actions, Seq) or node.get("resources") is None or node.get("effect", "Effect") is not None:
        return False
    if any(key.text in {"...", "principals"} for key, _ in node.entries):
        return False
    named = scalars(actions)
    return any(":" in action.text for action in named) and all(
        action.literal and _IAM_ACTION.match(action.text) for action in named
    )


def _has(node: Node | None) -> bool:
    return node is not None and not (isinstance(node, Map) and not node.entries)


def _implied_allow(node: Map, place: Place) -> bool:
    """Where a missing effect means Allow: CDK and Terraform say so, and a bare statement is read that way."""
    if node.label in {"PolicyStatement", "statement"} or any(key in _PERMISSIONS for key in place.keys):
        return True
    named = bool(place.keys) and place.keys[-1] in {"Statement", "Statements", "statements"}
    return named and node.get("Resource", "resources", "NotResource") is not None


def _kind(node: Map, place: Place, actions: list[Scalar]) -> str:
    assume = bool(actions) and all(action.text.lower().startswith("sts:assumerole") for action in actions)
    has_principal = bool(_principals(node)) or node.get("NotPrincipal") is not None
    if has_principal:
        return "trust" if assume or any(key in _TRUST for key in place.keys) else "resource"
    if any(key in _TRUST for key in place.keys):
        return "trust"
    if any(_KEY_POLICY.match(key) or _RESOURCE_POLICY.match(key) for key in place.keys):
        return "resource"
    return "identity"


_TRUST = {"AssumeRolePolicyDocument", "assume_role_policy", "assumeRolePolicyDocument"}


_HOW = re.compile(
    r"^(?:aws:MultiFactorAuth(?:Present|Age)|aws:SecureTransport|s3:TlsVersion|aws:CurrentTime|aws:EpochTime|aws:TokenIssueTime|s3:x-amz-(?:acl|"
    r"server-side-encryption\S*)|s3:(?:prefix|delimiter|max-keys))$",
    re.IGNORECASE,
)
"""Keys of a condition that anybody can meet: they ask how a call is made, not by whom."""


def _asks_how_only(condition: Node | None) -> bool:
    """Whether all that a condition names are such keys; one that cannot be read is believed."""
    if isinstance(condition, Seq):
        return bool(condition.items) and all(_asks_how_only(item) for item in condition.items)
    if not isinstance(condition, Map):
        return False
    variable = condition.get("variable")
    if variable is not None:
        return isinstance(variable, Scalar) and bool(_HOW.match(variable.text))
    asked = [key for _, test in condition.entries if isinstance(test, Map) for key, _ in test.entries]
    plain = all(isinstance(test, Map) for _, test in condition.entries)
    return plain and bool(asked) and all(_HOW.match(key.text) for key in asked)


_EVERYWHERE = {"0.0.0.0/0", "::/0"}
"""Every address there is."""


def _everywhere(condition: Node | None) -> bool:
    """``IpAddress: {aws:SourceIp: 0.0.0.0/0}``: a condition that every caller meets."""
    asked = condition.get("IpAddress") if isinstance(condition, Map) and len(condition.entries) == 1 else None
    addresses = [a for _, value in asked.entries for a in scalars(value)] if isinstance(asked, Map) else []
    return any(address.text.strip() in _EVERYWHERE for address in addresses)


def _principals(node: Map) -> list[Scalar]:
    return _named(node.get("Principal", "principals", "principal"))


def _named(value: Node | None) -> list[Scalar]:
    if isinstance(value, Map):
        named = value.get("AWS", "identifiers", "CanonicalUser")
        return scalars(named) or ([Scalar("<service>", value.line, value.column, value.end_line, literal=False)])
    if isinstance(value, Seq):
        found: list[Scalar] = []
        for item in value.items:
            if isinstance(item, Map):
                found.extend(
                    scalars(item.get("identifiers", "AWS")) or [Scalar("<service>", item.line, 1, item.line, False)]
                )
            else:
                found.extend(scalars(item))
        return found
    return scalars(value)
