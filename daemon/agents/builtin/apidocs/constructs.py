"""What CDK's constructs stand for: gateways, their resources, functions and where the code of these lies. Pure."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import DYNAMIC
from daemon.agents.builtin.apidocs.values import UNKNOWN, LambdaFunction, Obj, Resource, Value

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.asking import Evaluator
    from daemon.agents.builtin.apidocs.values import Ext

_PACKAGES = ("aws-cdk-lib", "@aws-cdk/")
_GATEWAYS = frozenset({"RestApi", "LambdaRestApi", "IRestApi", "RestApiBase"})
_PYTHON = "PythonFunction"
_DEFAULTS = {"NodejsFunction": ("index", "handler"), _PYTHON: ("index.py", "handler")}


def is_cdk(package: str) -> bool:
    """Whether a package is one of CDK's."""
    return package.startswith(_PACKAGES)


def made(ev: Evaluator, target: Ext, given: list[Value], home: str) -> Value:
    """What ``new RestApi(...)``, ``Code.fromAsset(...)`` and their likes give; UNKNOWN for all others.

    ``home`` is the file that says so: paths of code are looked for from its folder outwards.
    """
    names = target.name.split(".")
    if not is_cdk(target.package):
        return UNKNOWN
    if names[-1] in _GATEWAYS or (names[-1].startswith("fromRestApi") and names[-2:-1] == ["RestApi"]):
        return Resource("", "rest")
    if names[-1] == "HttpApi":
        return Resource("", "http")
    if names[-1] in {"LambdaIntegration", "HttpLambdaIntegration", "HttpLambdaAuthorizer"}:
        return next((one for one in given[:2] if isinstance(one, LambdaFunction)), UNKNOWN)
    if names[-1] in {"fromAsset", "AssetCode"} and given:
        return given[0]
    options = given[2] if len(given) > 2 else None
    if not isinstance(options, Obj):
        return UNKNOWN
    if names[-1] in _DEFAULTS:
        return _bundled(ev, options, names[-1], home)
    return _packed(ev, options, home) if names[-1] == "Function" else UNKNOWN


def typed(annotation: str) -> Value:
    """What a parameter of a gateway's type is when nobody is seen to hand it over."""
    return Resource("", "rest") if annotation.rpartition(".")[2] in _GATEWAYS else UNKNOWN


def member(owner: Resource, name: str) -> Value:
    """``api.root``."""
    return Resource("", "resource") if owner.kind == "rest" and name == "root" else UNKNOWN


def called(owner: Resource, name: str, given: list[Value]) -> Value:
    """``resource.addResource('x')`` and the other ways from one resource to the next."""
    part = given[0] if given and isinstance(given[0], str) else DYNAMIC
    if name == "addProxy":
        part = "{proxy+}"
    elif name not in {"addResource", "getResource", "resourceForPath"}:
        return UNKNOWN
    return Resource(f"{owner.path}/{part.strip('/')}", "resource")


def _bundled(ev: Evaluator, options: Obj, kind: str, home: str) -> Value:
    """A function made of one entry file, or for Python of a folder and a file in it."""
    index, name = _DEFAULTS[kind]
    entry = ev.text_at(options, "entry")
    if kind == _PYTHON:
        entry = posixpath.join(entry, ev.text_at(options, "index") or index)
    handler = ev.text_at(options, "handler") or name
    return _function(ev, posixpath.splitext(entry)[0], handler.rpartition(".")[2], home)


def _packed(ev: Evaluator, options: Obj, home: str) -> Value:
    """A function whose code is a folder and whose handler is a file in it."""
    code = ev.deref(ev.member(options, "code"))
    stem, _, name = ev.text_at(options, "handler").rpartition(".")
    return _function(ev, posixpath.join(code if isinstance(code, str) else DYNAMIC, stem), name, home)


def _function(ev: Evaluator, stem: str, name: str, home: str) -> Value:
    """The function at a path without extension, looked for from a file's folder outwards; one that is not found has no
    handler.
    """
    folder = posixpath.dirname(home)
    if DYNAMIC in stem or not stem or not name:
        return LambdaFunction("")
    for base in ("", *_outwards(folder)):
        path = posixpath.normpath(posixpath.join(base, stem.lstrip("/")))
        if ev.file(path) or f"{path}.py" in ev.files or f"{path.replace('.', '/')}.py" in ev.files:
            return LambdaFunction(f"{path}.{name}")
    return LambdaFunction("")


def _outwards(folder: str) -> list[str]:
    found = [folder]
    while found[-1]:
        found.append(posixpath.dirname(found[-1]))
    return found
