"""Paths that a template gives to the gateway itself: OpenAPI bodies, and resources with their methods. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import METHODS
from daemon.agents.builtin.apidocs.yamltree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BODIES = {
    "AWS::Serverless::Api": ("DefinitionBody", "DefinitionUri"),
    "AWS::Serverless::HttpApi": ("DefinitionBody", "DefinitionUri"),
    "AWS::ApiGateway::RestApi": ("Body", "BodyS3Location"),
    "AWS::ApiGatewayV2::Api": ("Body", "BodyS3Location"),
}
_ANY = "x-amazon-apigateway-any-method"
_FUNCTION = re.compile(r"\$\{([\w]+)\.(?:Arn|Alias)\}|\bfunction:\$\{(\w+)\}")
MAX_PARENTS = 30


@dataclass(frozen=True, slots=True)
class Told:
    """A method and path with the name of the function behind it, "" where it cannot be seen."""

    method: str
    path: str
    line: int
    file: str
    function: str = ""
    summary: str = ""


def told(path: str, resources: Tree, load: Callable[[str], Tree | None]) -> list[Told]:
    """Everything that the gateway's own resources in a template answer. Preflights are left out."""
    found: list[Told] = []
    for _name, resource in resources.pairs():
        kind, properties = resource.string("Type"), resource.get("Properties")
        if properties is None:
            continue
        if kind in _BODIES:
            found.extend(_of_body(path, properties, _BODIES[kind], load))
        elif kind == "AWS::ApiGateway::Method":
            method, where = properties.string("HttpMethod").upper(), _resource_path(resources, properties)
            if where is not None and method in {*METHODS, "ANY"} - {"OPTIONS"}:
                uri = properties.get("Integration", "Uri")
                found.append(Told(method, where, properties.line, path, _function(uri)))
    return found


def _of_body(path: str, properties: Tree, names: tuple[str, str], load: Callable[[str], Tree | None]) -> Iterator[Told]:
    body, home = properties.get(names[0]), path
    location = properties.string(names[1])
    if body is not None:
        location = body.string("Fn::Transform", "Parameters", "Location") or location
    if body is None or body.get("paths") is None:
        home = posixpath.normpath(posixpath.join(posixpath.dirname(path), location)) if location else ""
        body = load(home) if home and not home.startswith(("s3:", "..")) else None
    for where, item in (body.get("paths") or Tree(line=1)).pairs() if body is not None else ():
        for method, operation in item.pairs():
            verb = "ANY" if method == _ANY else method.upper()
            if verb in {*METHODS, "ANY"} - {"OPTIONS"}:
                uri = operation.get("x-amazon-apigateway-integration", "uri")
                yield Told(verb, where, operation.line, home, _function(uri), operation.string("summary"))


def _function(uri: Tree | None) -> str:
    if uri is None:
        return ""
    inner = uri.get("Fn::Sub")
    texts = [uri.text or "", inner.text or "" if inner is not None else ""]
    texts += [one.text or "" for one in (inner.listed() if inner is not None else [])]
    found = next((hit for one in texts if (hit := _FUNCTION.search(one))), None)
    return (found[1] or found[2]) if found else ""


def _resource_path(resources: Tree, method: Tree) -> str | None:
    """The path of a method by its chain of resources; ``None`` when a link is not in the template."""
    parts: list[str] = []
    at = method.get("ResourceId")
    for _ in range(MAX_PARENTS):
        if at is None:
            return None
        name = at.string("Ref") or (at.text or "" if at.tag == "!Ref" else "")
        if not name:
            root = "RootResourceId" in (at.text or "") or at.get("Fn::GetAtt") is not None or at.tag == "!GetAtt"
            return "/" + "/".join(reversed(parts)) if root else None
        resource = resources.get(name, "Properties")
        if resource is None or not resource.string("PathPart"):
            return None
        parts.append(resource.string("PathPart"))
        at = resource.get("ParentId")
    return None
