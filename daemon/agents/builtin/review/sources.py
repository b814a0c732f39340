"""Where values come from: what a handler is given, and what each part of an event or request means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.builtin.review import ir

BODY, QUERY, PATH, HEADER, FIELD, RECORD = "body", "query", "path", "header", "field", "record"
EVENT, REQUEST, CONTEXT = "event", "request", "context"
STORED, PARAM = "stored", "param"

FROM_CALLER = frozenset({BODY, QUERY, PATH, HEADER, FIELD, EVENT, REQUEST})
"""Origins that whoever calls the function decides."""

TAINTED = FROM_CALLER | {RECORD}

GIVEN = frozenset({BODY, QUERY, FIELD})
"""Origins whose shape the caller decides as well: any type, any depth."""

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
    read: tuple[int, int, int] | None = field(default=None, compare=False)
    """Line, column and last line where ``part`` was read off it, when that is elsewhere."""
    inner: str = ""
    """The name that was read off ``part`` next, "" for the part itself."""
    plain: frozenset[str] = field(default=frozenset(), compare=False)
    """Names of its own parts that a framework has turned into numbers, dates or one of a few words."""

    @property
    def names(self) -> str:
        """Which part this is, by one name or two: "event.kind" ("" for the whole)."""
        return f"{self.part}.{self.inner}" if self.inner else self.part


EVERY_SINK = ("shell", "eval", "sql", "nosql", "path", "ssrf", "template", "engine", "ldap", "deserialization")
"""The kinds of sink that letters and digits alone can do no harm to."""

OBJECT_KEY = "object-key"
"""Marks an S3 object's name: whoever may put objects chose it, within the rules for names."""
NO_ROOT = "no-root"
"""Marks a name that was found not to begin at the root."""
NO_DOTS = "no-dots"
"""Marks a name that was found to have no ``..`` in it: it stays inside what is written before it."""

UPLOAD = "upload"
"""The root of a file that was sent: a look at its type, its name or its size is a look at it."""

ARGUMENTS = "arguments"
"""The root of what a resolver of GraphQL's is asked with: each a value of its declared type, until it is parsed."""

OTHER_PART = "other part"
"""The root of a part of a request that no framework is known to set: what it holds is a guess."""

KEYS = "(names)"
"""The part that the names in an input are: to ask whether they are allowed says nothing of what stands under them."""

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
    **dict.fromkeys(("Records", "records", "detail", "Detail", "subject", "messages", "arguments", "Payload",
                     "parameters", "currentIntent", "sessionState", "inputTranscript", "interpretations", "requestBody",
                     "record", "rawEvent", "rmqMessagesByQueue", "requestEnvelope", "request_envelope"), RECORD),
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
    approximateInvokeCount shardId isFinalInvokeForWindow attributesManager attributes_manager responseBuilder
    response_builder serviceClientFactory service_client_factory
    """
)
EVENT_NAMES = (frozenset(_EVENT_PARTS) - {"path", "message", "query", "params"}) | _TRUSTED
"""What the parts of an event are called, but for names that anything may have."""
_OF_SERVICES = words(
    """
    id source time region account resources version type request response userName target key state window token
    Token Event method resource action Step status
    """
)
_FROM_SERVICE = re.compile(
    r"detail-type|detail_type|EventBridge(?:Event|Handler|Rule)|(?:#|//|\*)[^\n]*EventBridge|ScheduledEvent|userAttributes|triggerSource|invokingEvent|"
    r"ResourceProperties|cfnresponse|"
    r"cfn-response|awslogs|userPoolId|PreSignUp|UserMigration|CodePipeline|getObjectContext|requestContext|"
    r"event\.detail|event\[.detail|RequestType|authorizationToken|methodArn"
)
_REQUEST_PARTS = {
    **dict.fromkeys(("body", "form", "json", "get_json", "data", "get_data", "values", "json_body", "raw_body", "files",
                     "file", "parseBody", "rawBody", "text", "formData", "FILES", "POST", "body_bytes", "forms", "post",
                     "media", "stream", "bounded_stream", "read", "payload", "only", "all", "input", "except",
                     "receive_text", "receive_json", "receive_bytes", "iter_text", "iter_json"), BODY),
    **dict.fromkeys(("query", "args", "query_params", "queries", "GET", "querystring", "searchParams",
                     "query_string", "queryString", "url", "originalUrl"), QUERY),
    **dict.fromkeys(("params", "param", "get_param", "view_args", "uri_params", "path_params", "pathParams",
                     "match_info", "matchdict"), PATH),
    **dict.fromkeys(("headers", "header", "cookies", "cookie", "COOKIES", "META"), HEADER),
}  # fmt: skip
FILES = "files"
"""The root of files that were sent beside a form."""
_KEPT_AT = {"path", "filepath", "tempFilePath"}
"""Where the server has put one of them, under a name of its own."""
KEPT_FILE = "(file)"
"""The part that a file is which an upload's handler has kept already (multer's ``req.file``)."""
_OF_UPLOAD = {"path", "filename", "destination", "fieldname", "size", "key", "location", "bucket"}
"""What multer says of a file it has kept, by a name of its own; ``originalname`` and the content are the caller's."""
_MAPPED = {"querystring": QUERY, "header": HEADER}
"""Parts of ``event.params`` as the mapping template of API Gateway writes it."""
_SET_BY_AWS = words(
    """
    origin domainName eventSourceARN eventSource eventName eventVersion eventTime awsRegion messageId
    receiptHandle eventID bucket ResponseURL requestId dynamodb_arn approximateArrivalTimestamp configurationId
    TopicArn Timestamp MessageId eTag sequencer versionId
    """
)
_CONTEXT_PARTS = {
    **dict.fromkeys(("getAttributes", "getBody", "getPayload"), BODY),
    **dict.fromkeys(("request", "req", "current_request"), REQUEST),
    "query": QUERY, "params": PATH, "headers": HEADER, "current_event": EVENT,
}  # fmt: skip


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


def record_part(name: str, origin: Origin, at: ir.Expr | None) -> Facts:
    """What reading this name off a record, or deeper inside the event, gives: some of it only AWS can write.

    ``at`` is where, when that is in the handler itself.
    """
    if (name in origin.plain and not origin.part) or (
        name in _SET_BY_AWS and (origin.kind == RECORD or name == "ResponseURL")
    ):
        return NOTHING
    if name == "key" and origin.kind == RECORD:
        origin = replace(origin, safe=origin.safe | {OBJECT_KEY})
    if origin.root == FILES and name in _KEPT_AT:
        return NOTHING
    if origin.part == KEPT_FILE and name in _OF_UPLOAD:
        return NOTHING
    if origin.kind == PATH and name in _MAPPED and at is not None:
        kind = _MAPPED[name]
        return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=origin.safe)})
    part = origin.part or (name if origin.kind in GIVEN else "")
    read = (at.line, at.column, at.end_line) if at and part and not origin.part else origin.read
    inner = origin.inner or (name if origin.part and not name.isdigit() else "")
    return frozenset({replace(origin, steps=min(origin.steps + 1, 4), part=part, read=read, inner=inner)})


def request_part(name: str, request: Origin, at: ir.Expr, *, python: bool = False) -> Facts:
    """What reading this name off a web framework's request gives."""
    kind = _REQUEST_PARTS.get(name)
    if name == "rel_url":
        return frozenset({request})  # aiohttp's: ``request.rel_url.query["id"]``
    if name in {"path", "full_path"} and not python:
        # As it was asked for, with the dots that are in it; no framework decodes it.
        held = frozenset({"check", *EVERY_SINK}) - {"path"}
        return frozenset({Origin(PATH, PATH, at.line, at.column, at.end_line, safe=request.safe | held, part=name)})
    if name in {"path", "full_path"}:
        # Decoded, and whatever was asked for: on a page it may be markup, elsewhere it has passed the routes.
        held = frozenset({"check", "path", "ssrf", "nosql", "sql", "shell"})
        return frozenset({Origin(PATH, PATH, at.line, at.column, at.end_line, safe=request.safe | held, part=name)})
    if kind is None:
        return NOTHING if _OF_THE_SERVER.search(name) or name.isdigit() else _other_part(request, at)
    part = KEPT_FILE if name == "file" else ""
    root = FILES if name in {"files", "FILES"} else kind
    return frozenset({Origin(kind, root, at.line, at.column, at.end_line, safe=request.safe, part=part)})


def _other_part(request: Origin, at: ir.Expr) -> Facts:
    held = request.safe | {"check", "nosql"}
    return frozenset({Origin(QUERY, OTHER_PART, at.line, at.column, at.end_line, safe=held)})


_OF_THE_SERVER = re.compile(
    r"user|auth|session|token|account|tenant|org|claim|decoded|verified|valid|config|settings|db|database|log|trace|"
    r"correlation|base|api|app$|^res|method|^ips?$|host|protocol|secure|xhr|route|socket|connection|^id$|I[dD]$|_id$|"
    r"context|locals|^t$|i18n|flash|^is[A-Z_]|^(?:on|once|off|emit|pipe|get|accepts\w*|range|destroy|raw|signal|next|fresh|"
    r"stale|subdomains|encoding|httpVersion|statusCode|type|version|path|full_path|endpoint|blueprint|scheme|clone|"
    r"mode|cache|redirect|credentials|setTimeout|ctx|event|span|state|scope|container|environ|remote_addr|"
    r"access_route|mimetype|content_\w+|match|name|META)$|csrf|role|perm|admin|client|service|repo|model|prisma|knex|"
    r"mongo|redis|lambda|gateway|lang|locale|time|stream|agent|referrer",
    re.IGNORECASE,
)
"""Parts of a request that the framework, or what stands before the handler, has set."""


def context_part(name: str, at: ir.Expr) -> Facts:
    """What reading this name off a framework's context (Koa's ctx, an app object) gives."""
    kind = _CONTEXT_PARTS.get(name)
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line)}) if kind else NOTHING


def made_safe(facts: Facts, *sinks: str) -> Facts:
    """The same origins, harmless to these sinks."""
    return frozenset(replace(origin, safe=origin.safe | set(sinks)) for origin in facts)


def parsed(facts: Facts, at: ir.Expr) -> Facts:
    """What a text holds once it is parsed: of no declared type any more, and read where it was parsed."""
    place = at.line, at.column, at.end_line
    open_again = (
        replace(origin, safe=origin.safe - {"check", "nosql"})
        if origin.root == ARGUMENTS
        else replace(origin, kind=QUERY)  # A part of a path that holds JSON may hold anything.
        if origin.kind in {PATH, HEADER}
        else origin
        for origin in facts
    )
    return frozenset(
        replace(origin, read=place) if origin.kind == BODY and origin.read is None and not origin.part else origin
        for origin in open_again
    )


def read_at(facts: Facts, at: ir.Expr, given: Facts) -> Facts:
    """What a function of the file read for its caller is input where it was called; what it was given stays where it
    is.
    """
    passed = {(origin.line, origin.column) for origin in given}
    return frozenset(
        origin
        if (origin.line, origin.column) in passed or origin.kind in WEAK
        else replace(origin, line=at.line, column=at.column, end_line=at.end_line)
        for origin in facts
    )


def deeper(facts: Facts) -> Facts:
    """The same origins, one member further inside."""
    return frozenset(replace(o, steps=min(o.steps + 1, 4)) if o.kind not in WEAK else o for o in facts)


def only_stored(facts: Facts) -> bool:
    """Whether a value comes from a store, and from nowhere else."""
    return bool(facts) and all(origin.kind == STORED for origin in facts)


def of_kinds(facts: Iterable[Origin], kinds: frozenset[str], sink: str = "") -> list[Origin]:
    """The origins of these kinds that a sink is not safe from, in the order of the text."""
    found = [origin for origin in facts if origin.kind in kinds and sink not in origin.safe]
    return sorted(found, key=lambda origin: (origin.line, origin.column, origin.root, origin.part))


_READERS = re.compile(
    r"^(?:post|form|only|all|input|except|read|get_json|get_data|json|text|parseBody|formData|query|queries|param|params|header|headers|cookie|body|"
    r"decoded_body|"
    r"get_query_string_value|get_header_value|get_multi_value_query_string_values|get_multi_value_header_values|"
    r"receive_text|receive_json|receive_bytes|iter_text|iter_json)$"
)


def read_by_calling(name: str) -> bool:
    """Whether a request or event is read by a method of this name."""
    return bool(_READERS.match(name))
