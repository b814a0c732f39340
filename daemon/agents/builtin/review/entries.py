"""Which functions are called from outside, and what each of their parameters brings in. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.sources import (
    BODY,
    CONTEXT,
    EVENT,
    EVENT_NAMES,
    NOTHING,
    PATH,
    REQUEST,
    Facts,
    Origin,
)

NOT_EVENT = re.compile(
    r"Mouse|Keyboard|Change|Form|React|Drag|Touch|Pointer|Focus|Click|Synthetic|Input|Wheel|Custom(?!Resource|"
    r"Message)|Message(?!Sending)|Progress|"
    r"Scheduled|CustomResource|CloudFormation|Trigger|Authorizer"
)
_EVENT_NAME = re.compile(
    r"^_{0,2}(?:event|evt|lambda_?event|lambdaEvent|apiEvent|api_event|proxyEvent|input_event|raw_event|rawEvent)$"
)


def given(function: ir.Function, module: ir.Module) -> list[Facts] | None:
    """What each parameter of an entry function brings in, ``None`` when the function is not called from outside."""
    if not function.params:
        return [] if _routed(function) else None
    first = function.params[0]
    names = [param.target.id if isinstance(param.target, ir.Name) else "" for param in function.params]
    offset = 1 if names[0] in {"self", "cls"} and len(names) > 1 else 0
    blank: list[Facts] = [NOTHING] * len(names)
    if _routed(function):
        return _route_parameters(function)
    if browser(module):
        return None
    if (
        module.language == "script"
        and len(names) >= 2
        and re.match(r"^_?(?:req|request)$", names[0])
        and re.match(r"^_?(?:res|resp|response|reply|h|rep|_|next|context|ctx)$", names[1])
    ):
        return [_whole(REQUEST, first), *blank[1:]]
    if module.language == "script" and len(names) >= 2 and _AZURE.search(function.params[1].annotation):
        return [NOTHING, _whole(REQUEST, function.params[1]), *blank[2:]]
    if module.language == "script" and names[:2] == ["context", "req"]:
        return [NOTHING, _whole(REQUEST, function.params[1]), *blank[2:]]
    if module.language == "script" and names[0] in {"ctx", "c"} and len(names) <= 2 and _web_context(module):
        return [_whole(CONTEXT, first), *blank[1:]]
    if module.language == "script" and _POWERTOOLS.search(module.text) and _routed_context(first, names[0]):
        return [_whole(CONTEXT, first), *blank[1:]]
    if _named_like_a_handler(function, names):
        return [_whole(EVENT, first), *blank[1:]]
    if module.language == "python" and "flask.Request" in {module.imports.get(p.annotation) for p in function.params}:
        return [_whole(REQUEST, p) if module.imports.get(p.annotation) == "flask.Request" else NOTHING
                for p in function.params]  # fmt: skip
    if _takes_event(function, names, offset):
        blank[offset] = _whole(EVENT, function.params[offset])
        return blank
    return None


_AZURE = re.compile(r"^HttpRequest\b")
"""A function of Azure's: ``(context: Context, req: HttpRequest)``."""


def _named_like_a_handler(function: ir.Function, names: list[str]) -> bool:
    """``function (e, ctx, cb)``: three parameters whose names are those of Lambda's older form."""
    return len(names) == 3 and names[1] in _CONTEXT and names[2] in {"cb", "callback", "done"} and not function.owner


_CONTEXT = {"context", "ctx", "_context", "_ctx"}
_POWERTOOLS = re.compile(r"@aws-lambda-powertools/event-handler")


def _routed_context(first: ir.Param, name: str) -> bool:
    """``async ({ req, params }) => ...`` or ``async (reqCtx) => ...``, as the routers of powertools call it."""
    if isinstance(first.target, ir.Record):
        keys = {key.value for key, _ in first.target.entries if isinstance(key, ir.Const)}
        return bool(keys & {"req", "valid"}) and keys <= {"req", "res", "params", "event", "context", "valid", "shared"}
    return name in {"reqCtx", "requestContext", "ctx"}


def _whole(kind: str, param: ir.Param) -> Facts:
    at = param.target
    safe = frozenset({"check"}) if re.search(r"Validated|Parsed|z\.infer", param.annotation) else frozenset()
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=safe)})


def _takes_event(function: ir.Function, names: list[str], offset: int) -> bool:
    param = function.params[offset]
    # What the event holds (`{ body: Input }`, `Event<Form>`) says nothing about who sends it.
    if NOT_EVENT.search(re.split(r"[{<]", param.annotation)[0]) and "APIGateway" not in param.annotation:
        return False
    typed = bool(
        re.search(r"^(?!list|List|Iterable|Sequence)\S*Event(?:V\d|Base)?\b|ProxyRequest", param.annotation)
    ) or bool(re.search(r"(?:Handler|ProxyHandler\w*|ValidatedEvent\w*)\b", function.annotation))
    name = names[offset]
    handler = bool(re.match(r"^(?:lambda_?)?handler$|_handler$|Handler$|^lambda_function$|^main$", function.name))
    if isinstance(param.target, ir.Record):
        keys = {key.value for key, _ in param.target.entries if isinstance(key, ir.Const)}
        # Other names beside the body: what is handed to a client or a store ({ method, path, body }).
        known = keys & {"body", "pathParameters", "queryStringParameters", "Records"}
        return typed or handler or bool(known and keys <= EVENT_NAMES)
    second = names[offset + 1] if len(names) > offset + 1 else ""
    return bool(_EVENT_NAME.match(name)) or typed or (handler and second in {"context", "_context", "ctx", "_", "__"})


_ROUTE = re.compile(
    r"^(?:route|get|post|put|patch|delete|websocket|resolver|on_(?:s3|sqs|sns|cw|kinesis|dynamodb|ws)_\w+|schedule|lambda_function)$"
)


def _routed(function: ir.Function) -> bool:
    for decorator in function.decorators:
        func = decorator.func if isinstance(decorator, ir.Call) else decorator
        if isinstance(func, ir.Member) and _ROUTE.match(func.name) and isinstance(decorator, ir.Call):
            base = func.base
            return isinstance(base, ir.Name | ir.Member)
    return False


_UNTYPED = re.compile(r"^(?:typing\.)?(?:dict|Dict|list|List|Any|Mapping)\b")


def _route_parameters(function: ir.Function) -> list[Facts]:
    """A route's own parameters come from the path, unless a type checks them; a queue's handler gets records."""
    records = any(
        isinstance(d, ir.Call) and isinstance(d.func, ir.Member) and d.func.name.startswith(("on_", "schedule"))
        for d in function.decorators
    )
    given_facts: list[Facts] = []
    for param in function.params:
        at = param.target
        injected = isinstance(param.default, ir.Call) and guards.tail_of(param.default.func) in {"Depends", "Security"}
        if injected or (isinstance(at, ir.Name) and at.id in {"self", "cls"}):
            given_facts.append(NOTHING)
        elif records or re.search(r"Event(?:V\d)?$", param.annotation):
            given_facts.append(frozenset({Origin(EVENT, EVENT, at.line, at.column, at.end_line)}))
        elif re.search(r"(?:^|\.)Request$", param.annotation):
            given_facts.append(_whole(REQUEST, param))
        elif _UNTYPED.match(param.annotation):
            given_facts.append(frozenset({Origin(BODY, BODY, at.line, at.column, at.end_line)}))
        elif (isinstance(at, ir.Name) and at.id in {"db", "session", "request"}) or re.search(
            r"^[A-Z]|int|float|bool|Depends|Annotated", param.annotation
        ):
            given_facts.append(NOTHING)
        else:
            given_facts.append(frozenset({Origin(PATH, PATH, at.line, at.column, at.end_line)}))
    return given_facts


def browser(module: ir.Module) -> bool:
    """A file of a web page: its events are clicks."""
    if module.path.endswith((".tsx", ".jsx", ".vue")) or "self.addEventListener(" in module.text:
        return True
    return any(
        name in module.imports.values() for name in ("react", "react.default", "vue", "react-dom", "@angular/core")
    )


def _web_context(module: ir.Module) -> bool:
    text = module.text
    return bool(re.search(r"""['"](?:koa|@koa/router|koa-router|hono)(?:/[\w-]+)?['"]""", text))
