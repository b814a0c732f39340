"""What a CDK program builds: statements, roles, grants and managed policies, read from its calls. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, policy, statements, strangers
from daemon.agents.builtin.review.document import Map, Node, Scalar, Seq, scalars, walk

if TYPE_CHECKING:
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.model import Hit

# Reading is left out: a public bucket is most often meant to be one.
_PERMITS = ("addPermission", "add_permission", "CfnPermission")
"""What lets a principal call one function."""
_GRANTS = re.compile(rf"^(?:grant(?!_?(?:read|public_?access)$)\w+|{'|'.join(_PERMITS)})$", re.IGNORECASE)

_FEDERATED = {"FederatedPrincipal", "WebIdentityPrincipal", "OpenIdConnectPrincipal"}
_DOCUMENTS = {"getPolicyDocument", "getPolicyDocumentOutput", "get_policy_document", "get_policy_document_output",
              "DataAwsIamPolicyDocument"}  # fmt: skip

_SERVICE = re.compile(r"^(?:\*|[a-z0-9-]+(?::\*)?)$")


def find(expr: ir.Call, frame: Frame) -> list[Hit]:
    """CDK: roles, grants, managed policies by name. Statements are ``built``."""
    tail = guards.tail_of(expr.func)
    if tail in {"addToPrincipal", "add_to_principal", "addToPrincipalOrResource", "add_to_principal_or_resource"}:
        return statements.find_here(call_tree(expr, frame))
    if tail == "Statement" and {name for name, _ in expr.kwargs} >= {"Effect", "Action"}:  # awacs
        return statements.find_here(call_tree(expr, frame))
    if tail in _DOCUMENTS:
        listed = call_tree(expr, frame).get("statements", "statement")
        return [hit for node in (listed.items if isinstance(listed, Seq) else []) for hit in _of_a_document(node)]
    if tail == "GetPolicyDocumentStatementArgs":
        return statements.find_here(call_tree(expr, frame))
    if tail == "grant":
        return statements.find_here(_actions(expr, expr.args[1:], frame))
    if tail.startswith("attachPermissions"):
        return statements.find_here(_whole_services(expr, frame))
    if tail in _FEDERATED and expr.args:
        issuer, *conditions = (to_tree(argument, frame) for argument in expr.args[:2])
        trusted = strangers.find(issuer, conditions)
        return [trusted] if trusted else []
    if tail == "Role":
        who = call_tree(expr, frame).get("assumedBy", "assumed_by")
        return policy.judge(policy.Statement(expr.line, expr.end_line, kind="trust", principals=scalars(who)))
    if _GRANTS.match(tail):
        return _granted(expr, tail, frame)
    if tail in {
        "fromAwsManagedPolicyName",
        "from_aws_managed_policy_name",
        "fromManagedPolicyArn",
        "from_managed_policy_arn",
    }:
        given = [*expr.args, *(value for _, value in expr.kwargs)]
        named = (name for argument in given for name in scalars(to_tree(argument, frame)))
        return [hit for hit in map(statements.managed, named) if hit]
    return []


def _of_a_document(node: Node) -> list[Hit]:
    """A statement among those of a document of Terraform's, as Pulumi and CDK for Terraform take them."""
    if not isinstance(node, Map):
        return []
    node.label = "PolicyStatement"
    return statements.find_here(node)


def _granted(expr: ir.Call, tail: str, frame: Frame) -> list[Hit]:
    """``fn.grantInvoke(new AnyPrincipal())``, ``fn.addPermission("x", {principal: new AnyPrincipal()})``."""
    tree = call_tree(expr, frame)
    if tree.get(*statements.SOURCES) is not None:
        return []
    who = tree.get("principal", "grantee") if tail in _PERMITS else None
    named = scalars(who) if who is not None else [to_tree(arg, frame) for arg in expr.args[:1]]
    principals = [node for node in named if isinstance(node, Scalar)]
    return policy.judge(policy.Statement(expr.line, expr.end_line, kind="resource", principals=principals))


def _actions(expr: ir.Call, arguments: list[ir.Expr], frame: Frame) -> Map:
    """A statement of which only the actions are known."""
    node = Map(expr.line, expr.column, expr.end_line, label="PolicyStatement")
    actions = Seq(expr.line, expr.column, expr.end_line, [to_tree(arg, frame) for arg in arguments])
    node.entries.append((Scalar("actions", expr.line, expr.column, expr.line), actions))
    return node


def permitted(expr: ir.Call, frame: Frame) -> list[Hit]:
    """SST: ``new Function(stack, "f", { permissions: ["s3"] })``, at any depth of a construct's options."""
    tree = call_tree(expr, frame)
    listed = (place.node for place in walk(tree) if place.keys[-1:] == ("permissions",))
    given: list[Node] = [node for node in listed if not isinstance(node, Map)]
    return statements.find_here(_of_services(expr, given)) if given else []


def _whole_services(expr: ir.Call, frame: Frame) -> Map:
    """SST: ``attachPermissions(["s3"])`` gives every action of S3 on everything, ``"*"`` those of every service."""
    return _of_services(expr, [to_tree(arg, frame) for arg in expr.args])


def _of_services(expr: ir.Call, given: list[Node]) -> Map:
    named = [node for tree in given for node in scalars(tree) if node.literal and _SERVICE.match(node.text)]
    actions = [Scalar(n.text if "*" in n.text else f"{n.text}:*", n.line, n.column, n.end_line) for n in named]
    node = Map(expr.line, expr.column, expr.end_line, label="PolicyStatement")
    for key, values in (("actions", actions), ("resources", [Scalar("*", expr.line, expr.column, expr.end_line)])):
        listed = Seq(expr.line, expr.column, expr.end_line, [*values])
        node.entries.append((Scalar(key, expr.line, expr.column, expr.line), listed))
    return node


def call_tree(expr: ir.Call, frame: Frame) -> Map:
    """What a construct is given, by name and in its options, as one map."""
    node = Map(expr.line, expr.column, expr.end_line, label="PolicyStatement")
    for name, value in expr.kwargs:
        given = to_tree(value, frame)
        if name == "**" and isinstance(given, Map):
            node.entries.extend(given.entries)
        else:
            node.entries.append((Scalar(name, value.line, value.column, value.line), given))
    for argument in expr.args:
        options = frame.value(argument.id) if isinstance(argument, ir.Name) else argument
        tree = to_tree(options, frame) if options is not None else None
        if isinstance(tree, Map):
            node.entries.extend(tree.entries)
    return node


def _called(expr: ir.Call, frame: Frame | None, left: int) -> Scalar:
    """CDK's principals by what they let in, awacs' actions by their names; any other call is computed."""
    place = (expr.line, expr.column, expr.end_line)
    tail = guards.tail_of(expr.func)
    if tail in {"AnyPrincipal", "StarPrincipal", "Anyone"}:
        return Scalar("*", *place)
    if tail in {"ArnPrincipal", "AccountPrincipal"} and expr.args:
        given = to_tree(expr.args[0], frame, left - 1)
        if isinstance(given, Scalar) and given.text == "*":
            return Scalar("*", *place)
    if tail == "Action" and expr.args:
        named = [arg.value for arg in expr.args if isinstance(arg, ir.Const) and isinstance(arg.value, str)]
        if len(named) == len(expr.args):
            return Scalar(":".join(named) if len(named) > 1 else f"{named[0]}:*", *place)
    return Scalar("<computed>", *place, literal=False)


def _item(item: ir.Expr, frame: Frame | None, left: int) -> list[Node]:
    """An item of a list; a name that stands for any of several texts gives all of them."""
    tree = to_tree(item, frame, left)
    return tree.items if isinstance(item, ir.Name) and isinstance(tree, Seq) else [tree]


def to_tree(expr: ir.Expr, frame: Frame | None = None, left: int = 40) -> Node:
    """A literal as a document tree; what is computed becomes a scalar that is no literal."""
    place = (expr.line, expr.column, expr.end_line)
    if left <= 0:
        return Scalar("<computed>", *place, literal=False)
    if isinstance(expr, ir.Const):
        return Scalar(str(expr.value), *place, string=isinstance(expr.value, str))
    if isinstance(expr, ir.Name) and frame is not None:
        value = frame.value(expr.id)
        if value is not None and value is not expr:
            return to_tree(value, frame, left - 1)
    if isinstance(expr, ir.Name) and expr.id in {"Allow", "Deny"}:
        return Scalar(expr.id, *place)
    if isinstance(expr, ir.Member):
        managed = guards.tail_of(expr.base) in {"ManagedPolicy", "ManagedPolicies"}  # Pulumi's, by their names.
        return Scalar(expr.name if managed else f"<{expr.name}>", *place, literal=managed)
    if isinstance(expr, ir.Concat):
        text = "".join(str(part.value) if isinstance(part, ir.Const) else "${}" for part in expr.parts)
        return Scalar(text, *place, literal=False)
    if isinstance(expr, ir.Call):
        return _called(expr, frame, left)
    if isinstance(expr, ir.Record):
        node = Map(*place)
        for key, value in expr.entries:
            name = str(key.value) if isinstance(key, ir.Const) else "<computed>" if key is not None else "..."
            node.entries.append((Scalar(name, value.line, value.column, value.line), to_tree(value, frame, left - 1)))
        return node
    if isinstance(expr, ir.Listing):
        return Seq(*place, [node for item in expr.items for node in _item(item, frame, left - 1)])
    return Scalar("<computed>", *place, literal=False)
