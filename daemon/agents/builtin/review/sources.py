"""Where values come from: what a handler is given, and what each part of an event or request means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review.model import words

if TYPE_CHECKING:
    from collections.abc import Iterable

BODY, QUERY, PATH, HEADER, FIELD, RECORD = "body", "query", "path", "header", "field", "record"
EVENT, REQUEST, CONTEXT = "event", "request", "context"
STORED, PARAM = "stored", "param"

FROM_CALLER = frozenset({BODY, QUERY, PATH, HEADER, FIELD, EVENT, REQUEST})
"""Origins that whoever calls the function decides."""

TAINTED = FROM_CALLER | {RECORD}

WEAK = frozenset({STORED, PARAM})
"""Origins that somebody else may decide; they count only where building a string is wrong whatever is in it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from. ``root`` names what a check of any part of it covers; ``steps`` how far inside it is,
    ``part`` the first name on the way ("" for the whole).

    ``safe`` are the kinds of sink this value can no longer harm.
    """

    kind: str
    root: str
    line: int
    column: int
    end_line: int
    steps: int = 0
    part: str = ""
    safe: frozenset[str] = frozenset()


OBJECT_KEY = "object-key"
"""Marks an S3 object's name: whoever may put objects chose it, within the rules for names."""

HOST_FIXED = "host"
"""Marks what stands behind the host in an address."""

Facts = frozenset[Origin]
NOTHING: Facts = frozenset()

_EVENT_PARTS = {
    **dict.fromkeys(("body", "rawBody", "json_body", "decoded_body", "jsonBody", "body-json"), BODY),
    **dict.fromkeys(("queryStringParameters", "multiValueQueryStringParameters", "rawQueryString", "query",
                     "query_string_parameters", "resolved_query_string_parameters", "querystring", "queryString",
                     "get_query_string_value", "raw_query_string", "querystringParameters"), QUERY),
    **dict.fromkeys(("pathParameters", "path_parameters", "path", "rawPath", "params", "raw_path"), PATH),
    **dict.fromkeys(("headers", "multiValueHeaders", "cookies", "get_header_value",
                     "resolved_headers_field"), HEADER),
    **dict.fromkeys(("Records", "records", "detail", "Detail", "message", "subject", "messages", "arguments", "Payload",
                     "parameters", "currentIntent", "sessionState", "inputTranscript", "interpretations", "requestBody",
                     "record", "rawEvent", "rmqMessagesByQueue"), RECORD),
}  # fmt: skip
_TRUSTED = words(
    """
    requestContext request_context httpMethod http_method resourcePath routeKey stageVariables stage_variables
    isBase64Encoded is_base64_encoded detail-type detailType RequestType StackId LogicalResourceId
    PhysicalResourceId ResponseURL ServiceToken ResourceType RequestId ResourceProperties OldResourceProperties
    triggerSource userPoolId callerContext configRuleName configRuleArn invokingEvent ruleParameters resultToken
    eventLeftScope executionRoleArn accountId getObjectContext userRequest protocolVersion xAmzRequestId
    configuration userIdentity awslogs invocationId deliveryStreamArn sourceKinesisStreamArn methodArn
    authorizationToken identity info prev stash typeName fieldName agent actionGroup apiPath sessionId
    sessionAttributes promptSessionAttributes messageVersion bot invocationSource inputMode invocationLabel taskToken
    TaskToken CodePipeline.job CodePipeline
    preventDefault stopPropagation currentTarget keyCode ctrlKey shiftKey dataTransfer touches clientX clientY
    eventSource eventName awsRegion lambdaEvent waitUntil respondWith request_type stack_id __proto__
    constructor length EventType action_group DeploymentId LifecycleEventHookExecutionId SecretId
    ClientRequestToken Step detail_type schedulerName executionId executionArn ExecutionId
    approximateInvokeCount shardId isFinalInvokeForWindow
    """
)
_EVENT_NAMES = (frozenset(_EVENT_PARTS) - {"path", "message", "query", "params"}) | _TRUSTED
_OF_SERVICES = words(
    """
    id source time region account resources version type request response userName target key state window token
    Token Event method resource action Step status
    """
)
_FROM_SERVICE = re.compile(
    r"detail-type|detail_type|EventBridge|ScheduledEvent|userAttributes|triggerSource|invokingEvent|"
    r"ResourceProperties|cfnresponse|"
    r"cfn-response|awslogs|userPoolId|PreSignUp|UserMigration|CodePipeline|getObjectContext|requestContext|"
    r"event\.detail|event\[.detail|RequestType|authorizationToken|methodArn"
)
_REQUEST_PARTS = {
    **dict.fromkeys(("body", "form", "json", "get_json", "data", "get_data", "values", "json_body", "raw_body", "files",
                     "file", "parseBody", "rawBody", "text", "formData", "FILES", "POST", "body_bytes"), BODY),
    **dict.fromkeys(("query", "args", "query_params", "queries", "GET", "querystring", "searchParams",
                     "query_string", "url", "originalUrl"), QUERY),
    **dict.fromkeys(("params", "param", "view_args", "uri_params", "path_params"), PATH),
    **dict.fromkeys(("headers", "header", "cookies", "cookie"), HEADER),
}  # fmt: skip
_SET_BY_AWS = words(
    """
    origin domainName eventSourceARN eventSource eventName eventVersion eventTime awsRegion messageId
    receiptHandle eventID bucket ResponseURL requestId dynamodb_arn approximateArrivalTimestamp configurationId
    TopicArn Timestamp MessageId
    """
)
_CONTEXT_PARTS = {"request": REQUEST, "req": REQUEST, "query": QUERY, "params": PATH, "headers": HEADER,
                  "current_request": REQUEST, "current_event": EVENT}  # fmt: skip
NOT_EVENT = re.compile(
    r"Mouse|Keyboard|Change|Form|React|Drag|Touch|Pointer|Focus|Click|Synthetic|Input|Wheel|Custom(?!Resource|"
    r"Message)|Message(?!Sending)|Progress|"
    r"Scheduled|CustomResource|CloudFormation|Trigger|Authorizer"
)
_EVENT_NAME = re.compile(
    r"^_{0,2}(?:event|evt|lambda_?event|lambdaEvent|apiEvent|api_event|proxyEvent|input_event|raw_event|rawEvent)$"
)


def sent_by_service(text: str) -> str:
    """What makes a file's event, as far as it shows: then names such as ``id`` are the service's own. "users" is a user
    pool, whose request holds what users said of themselves; "" is any caller.
    """
    if "userAttributes" in text:
        return "users"
    return "aws" if _FROM_SERVICE.search(text) else ""


def event_part(name: str, event: Origin, at: ir.Expr, *, service: str) -> Facts:
    """What reading this name off an event gives; ``service`` is what makes events of this form ("" for a caller)."""
    if name == "request" and service == "users":
        return frozenset({Origin(RECORD, name, at.line, at.column, at.end_line, safe=event.safe)})
    if name in _TRUSTED or (service and name in _OF_SERVICES):
        return NOTHING
    kind = _EVENT_PARTS.get(name, RECORD if name.isdigit() else FIELD)
    root = name if kind in {FIELD, RECORD} else kind
    return frozenset({Origin(kind, root, at.line, at.column, at.end_line, safe=event.safe)})


def record_part(name: str, origin: Origin) -> Facts:
    """What reading this name off a record, or deeper inside the event, gives: some of it only AWS can write."""
    if name in _SET_BY_AWS and (origin.kind == RECORD or name == "ResponseURL"):
        return NOTHING
    if name == "key" and origin.kind == RECORD:
        origin = replace(origin, safe=origin.safe | {OBJECT_KEY})
    part = origin.part or (name if origin.kind in {BODY, QUERY} else "")
    return frozenset({replace(origin, steps=min(origin.steps + 1, 4), part=part)})


def request_part(name: str, request: Origin, at: ir.Expr) -> Facts:
    """What reading this name off a web framework's request gives."""
    kind = _REQUEST_PARTS.get(name)
    if kind is None:
        return NOTHING
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=request.safe)})


def context_part(name: str, at: ir.Expr) -> Facts:
    """What reading this name off a framework's context (Koa's ctx, an app object) gives."""
    kind = _CONTEXT_PARTS.get(name)
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line)}) if kind else NOTHING


def made_safe(facts: Facts, *sinks: str) -> Facts:
    """The same origins, harmless to these sinks."""
    return frozenset(replace(origin, safe=origin.safe | set(sinks)) for origin in facts)


def deeper(facts: Facts) -> Facts:
    """The same origins, one member further inside."""
    return frozenset(replace(o, steps=min(o.steps + 1, 4)) if o.kind not in WEAK else o for o in facts)


def of_kinds(facts: Iterable[Origin], kinds: frozenset[str], sink: str = "") -> list[Origin]:
    """The origins of these kinds that a sink is not safe from, in the order of the text."""
    found = [origin for origin in facts if origin.kind in kinds and sink not in origin.safe]
    return sorted(found, key=lambda origin: (origin.line, origin.column, origin.root))


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
    if module.language == "script" and names[0] in {"ctx", "c"} and len(names) <= 2 and _web_context(module):
        return [_whole(CONTEXT, first), *blank[1:]]
    if _takes_event(function, names, offset):
        blank[offset] = _whole(EVENT, function.params[offset])
        return blank
    return None


def _whole(kind: str, param: ir.Param) -> Facts:
    at = param.target
    safe = frozenset({"check"}) if re.search(r"Validated|Parsed|z\.infer", param.annotation) else frozenset()
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=safe)})


def _takes_event(function: ir.Function, names: list[str], offset: int) -> bool:
    param = function.params[offset]
    # What the event holds (`{ body: Input }`, `Event<Form>`) says nothing about who sends it.
    if NOT_EVENT.search(re.split(r"[{<]", param.annotation)[0]) and "APIGateway" not in param.annotation:
        return False
    typed = bool(re.search(r"Event(?:V\d|Base)?\b|ProxyRequest", param.annotation)) or bool(
        re.search(r"(?:Handler|ProxyHandler\w*|ValidatedEvent\w*)\b", function.annotation)
    )
    name = names[offset]
    handler = bool(re.match(r"^(?:lambda_?)?handler$|_handler$|Handler$|^lambda_function$|^main$", function.name))
    if isinstance(param.target, ir.Record):
        keys = {key.value for key, _ in param.target.entries if isinstance(key, ir.Const)}
        # Other names beside the body: what is handed to a client or a store ({ method, path, body }).
        known = keys & {"body", "pathParameters", "queryStringParameters", "Records"}
        return typed or handler or bool(known and keys <= _EVENT_NAMES)
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
        if isinstance(at, ir.Name) and at.id in {"self", "cls"}:
            given_facts.append(NOTHING)
        elif records:
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


_READERS = re.compile(
    r"^(?:get_json|get_data|json|text|parseBody|formData|query|queries|param|params|header|headers|cookie|body|"
    r"decoded_body|"
    r"get_query_string_value|get_header_value|get_multi_value_query_string_values|get_multi_value_header_values)$"
)


def read_by_calling(name: str) -> bool:
    """Whether a request or event is read by a method of this name."""
    return bool(_READERS.match(name))
