"""Input that nobody hands in: what a framework keeps at hand for whoever is answering a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sources
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.sources import NOTHING, Facts, Origin

if TYPE_CHECKING:
    from daemon.agents.builtin.review.evaluate import Evaluation
    from daemon.agents.builtin.review.frames import Frame

HELD = {"self.event", "this.event"}
"""Where a class keeps the event that its base class, or whoever makes it, was given."""
LAMBDA = re.compile(
    r"lambda_?handler|APIGateway|pathParameters|queryString|\bbody\b|requestContext|Records", re.IGNORECASE
)
"""Words of a file whose events are Lambda's."""
_REQUESTS = {"flask.request", "quart.request", "bottle.request", "django.request"}
"""Requests that are imported, and mean the one being answered."""
EXPRESS = re.compile(r"""['"]express['"]""")
_READ_OFF = re.compile(r"""\b(?:req|request)\.(?:body|query|params?|headers|cookies)\b|['"]express['"]""")
_FLASK = re.compile(r"@\w+\.route\(|\bflask\b|\brequest\.(?:args|form|values|json|GET|POST|cookies|get_json)\b")
_HTTP_SERVER = re.compile(r"BaseHTTPRequestHandler|\bdo_(?:GET|POST|PUT)\b")
_CLASS_VIEWS = re.compile(r"\b(?:django|rest_framework|tornado)\b")
"""Frameworks whose views keep the request in themselves."""
_WTFORMS = re.compile(r"\b(?:flask_wtf|wtforms)\b|validate_on_submit")
_ARGUMENTS = {
    "get_argument", "get_arguments", "get_query_argument", "get_query_arguments", "get_body_argument",
    "get_body_arguments",
}  # fmt: skip
"""How Tornado's handlers read what they were asked with."""
HOOKS = {
    "useJsonBody": sources.BODY, "useBody": sources.BODY, "useFormValue": sources.BODY, "useFormData": sources.BODY,
    "useQueryParams": sources.QUERY, "useQueryParam": sources.QUERY, "usePathParam": sources.PATH,
    "usePathParams": sources.PATH,
}  # fmt: skip
"""How functions of SST read what they were asked with: they have no parameter for it."""
SST = re.compile(r"""['"](?:sst/node|@serverless-stack/node)/api['"]""")
_FORMS = {"cgi.FieldStorage", "web.input"}
"""What reads the form that a program or web.py was asked with."""
_LISTENS = re.compile(r"\bsocket\.socket\([\s\S]*\.accept\(\)")
"""A program that waits for connections: what they send, anybody does."""
_PARSER = re.compile(r"\breqparse\b")
_OF_A_HANDLER = {"self.rfile": sources.BODY, "self.path": sources.QUERY, "self.headers": sources.HEADER}
"""What the standard library's server gives its handlers."""


def named(flow: Evaluation, expr: ir.Name) -> Facts:
    """What a variable holds that nobody has given anything: a framework's request, or nothing."""
    return _request(expr) if _is_request(flow, expr.id) else NOTHING


def asks(function: ir.Function, module: ir.Module) -> bool:
    """Whether a function reads a request that it imports."""
    names = (expr.id for expr in ir.every_expression(function) if isinstance(expr, ir.Name))
    return any(module.imports.get(name) in _REQUESTS for name in names)


def _request(at: ir.Expr) -> Facts:
    return frozenset({Origin(sources.REQUEST, "request", at.line, at.column, at.end_line)})


def _is_request(flow: Evaluation, name: str) -> bool:
    imported = flow.module.imports.get(name, "")
    if imported:
        return imported in _REQUESTS
    if name not in {"req", "request"} or name in flow.by_name:
        return False
    # Nowhere made, and not imported: what is shown is a part of a program.
    return flow.says(_READ_OFF if flow.module.language == "script" else _FLASK) and name not in flow.namer.made


_OF_A_PAGE = re.compile(
    r"^(?:(?:window|document|self)\.)?location\.(?:hash|search|href)$|^document\.(?:referrer|URL|documentURI|baseURI)$|"
    r"^window\.name$"
)
"""What a page knows by the address it was opened with, or from whoever opened it."""
_FOUND_IN_A_PAGE = {"querySelector", "getElementById"}


_EGG = re.compile(r"""['"]egg['"]""")
"""A framework whose controllers keep the context in themselves."""
_OWNERS = {"flask", "bottle", "quart"}
"""Modules whose ``request`` is the request at hand."""
_APIS = ("api", "ns", "namespace")
"""How Flask-RESTX's namespaces are called: their ``payload`` is the body."""
_RESTX = re.compile(r"\bflask_rest(?:x|plus)\b")
"""Where the body that was sent is ``api.payload``."""


def _of_a_page(flow: Evaluation, expr: ir.Member, key: str, frame: Frame) -> Facts | None:
    """The address of a browser's page, or what was typed into it."""
    if flow.module.language != "script":
        return None
    known = _OF_A_PAGE.match(key) is not None and frame.value(key.split(".", maxsplit=1)[0]) is None
    if not known and expr.name == "value" and isinstance(expr.base, ir.Name):
        found = frame.value(expr.base.id)
        known = isinstance(found, ir.Call) and guards.tail_of(found.func) in _FOUND_IN_A_PAGE
    if not known:
        return None
    held = frozenset({"check", "nosql"})
    return frozenset({Origin(sources.QUERY, "page", expr.line, expr.column, expr.end_line, safe=held, part=expr.name)})


def member(flow: Evaluation, expr: ir.Member, frame: Frame) -> Facts | None:
    """What a member holds that a framework keeps, ``None`` for any other member."""
    if expr.name == "request" and isinstance(expr.base, ir.Name) and flow.module.imports.get(expr.base.id) in _OWNERS:
        return _request(expr)
    if expr.name == "payload" and isinstance(expr.base, ir.Name) and expr.base.id.endswith(_APIS) and flow.says(_RESTX):
        return frozenset({Origin(sources.BODY, sources.BODY, expr.line, expr.column, expr.end_line)})
    if _of_a_form(flow, expr):
        # Its fields are held against their rules, which say nothing of quotes and slashes.
        held = frozenset({"check", "nosql"})
        return frozenset({Origin(sources.BODY, "form", expr.line, expr.column, expr.end_line, safe=held)})
    key = key_of(expr)
    if key is None or frame.fact(key) is not None:
        return None
    if key == "this.ctx" and flow.says(_EGG):
        return frozenset({Origin(sources.CONTEXT, "context", expr.line, expr.column, expr.end_line)})
    if key == "self.request" and flow.says(_CLASS_VIEWS):
        return _request(expr)
    if key in _OF_A_HANDLER and flow.says(_HTTP_SERVER):
        kind = _OF_A_HANDLER[key]
        return frozenset({Origin(kind, kind, expr.line, expr.column, expr.end_line)})
    return _of_a_page(flow, expr, key, frame)


def called(flow: Evaluation, call: ir.Call, dotted: str, tail: str) -> Facts | None:
    """What a call gives that reads the request by itself, ``None`` for any other call: ``self.get_argument("name")`` of
    Tornado, ``parser.parse_args()`` of Flask's extensions and ``matchedData(req)``, whose parts have passed their
    rules, ``useJsonBody()`` of SST, the form of a program, what a connection sends.
    """
    base = call.func.base if isinstance(call.func, ir.Member) else None
    if tail in _ARGUMENTS and isinstance(base, ir.Name) and base.id == "self" and flow.says(_CLASS_VIEWS):
        kind, held = sources.QUERY if "body" not in tail else sources.BODY, frozenset({"nosql"})
    elif tail == "parse_args" and base is not None and flow.says(_PARSER):
        kind, held = sources.BODY, frozenset({"check", "nosql"})
    elif tail in {"recv", "recvfrom"} and base is not None and flow.says(_LISTENS):
        kind, held = sources.RECORD, frozenset()
    elif tail == "matchedData" and call.args:
        kind, held = sources.BODY, frozenset({"check", "nosql"})  # Express-validator's: its rules hold.
    elif dotted in _FORMS and not call.args and not call.kwargs:
        kind, held = sources.BODY, frozenset()
    elif tail in HOOKS and base is None and flow.says(SST):
        kind, held = HOOKS[tail], frozenset()
    else:
        return None
    name = call.args[0].value if call.args and isinstance(call.args[0], ir.Const) else ""
    part = str(name) if tail in _ARGUMENTS or tail in HOOKS else ""
    return frozenset({Origin(kind, kind, call.line, call.column, call.end_line, safe=held, part=part)})


def _of_a_form(flow: Evaluation, expr: ir.Member) -> bool:
    """``form.title.data`` of WTForms, ``form.cleaned_data`` of Django."""
    if expr.name == "data" and isinstance(expr.base, ir.Member):
        form, known = expr.base.base, _WTFORMS
    elif expr.name == "cleaned_data":
        form, known = expr.base, _CLASS_VIEWS
    else:
        return False
    return isinstance(form, ir.Name) and form.id.lower().endswith("form") and flow.says(known)
