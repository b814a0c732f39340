"""Which functions are called from outside, and what each of their parameters brings in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ambient, ir
from daemon.agents.builtin.review.decorated import parameters
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.python_views import method_parameters, view_parameters
from daemon.agents.builtin.review.routed import is_routed, name_of, route_parameters, whole
from daemon.agents.builtin.review.sources import (
    ARGUMENTS,
    BODY,
    CONTEXT,
    EVENT,
    EVENT_NAMES,
    NOTHING,
    REQUEST,
    Facts,
    Origin,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

NOT_EVENT = re.compile(
    r"^(?:\w+\.)?(?:Mouse|Keyboard|Change|Form|React|Drag|Touch|Pointer|Focus|Click|Synthetic|Input|Wheel|Progress|Message(?!Sending)|"
    r"Custom(?!Resource|Message)|(?:Soft)?(?:Insert|Update|Remove|Load)Event\b)|Scheduled|CustomResource|CloudFormation|Trigger|Authorizer"
)
"""Types of a page's events, and of events that only AWS sends."""
_EVENT_NAME = re.compile(
    r"^_{0,2}(?:event|evt|lambda_?event|lambdaEvent|apiEvent|api_event|proxyEvent|input_event|raw_event|rawEvent|"
    r"handler_?[iI]nput)$"
)


def given(function: ir.Function, module: ir.Module) -> list[Facts] | None:
    """What each parameter of an entry function brings in, ``None`` when the function is not called from outside."""
    if not function.params:
        return [] if is_routed(function) or _asks_by_hooks(function, module) else None
    if is_routed(function):
        return route_parameters(function, module)
    if browser(module):
        return None
    if module.language == "python":
        by_framework = view_parameters(function, module) or method_parameters(function, module)
    else:
        by_framework = parameters(function, module)
    if by_framework is not None:
        return by_framework
    sockets = _WEB_SOCKETS if function.hears == "message" else _SOCKETS
    if function.hears and function.hears not in _OWN_WORDS and sockets.search(module.text):
        return [whole(BODY, param) for param in function.params]
    if _OF_A_SERVER.match(function.name) and function.owner and "BaseHTTPRequestHandler" in module.text:
        return [NOTHING for _ in function.params]  # It finds the request in itself.
    if is_form_part(function, module):
        return [whole(BODY, param) for param in function.params[:2]] + [NOTHING for _ in function.params[2:]]
    names = [name_of(param) for param in function.params]
    if _resolves(names, module):
        return [_arguments(param) if number == 1 else NOTHING for number, param in enumerate(function.params)]
    place, kind = _role(function, names, module) or _event(function, names) or (-1, "")
    if place < 0:
        return None
    if kind == ARGUMENTS:
        return [_arguments(param) if number == place else NOTHING for number, param in enumerate(function.params)]
    checked = kind == EVENT and _SCHEMA_TYPE.search(function.annotation) is not None
    return [
        whole(kind, param, checked=checked)
        if number == place
        else whole(BODY, param)
        if kind == EVENT and number == place + 1 and _PARSED.match(names[number])
        else whole(CONTEXT, param)
        if kind == REQUEST and number == place + 1 and function.name in _METHODS and isinstance(param.target, ir.Record)
        else NOTHING
        for number, param in enumerate(function.params)
    ]


def is_form_part(function: ir.Function, module: ir.Module) -> bool:
    """``busboy.on("field", (name, value) => ...)``: a field of a form that is being read."""
    return function.hears == "field" and _BUSBOY.search(module.text) is not None


_OF_A_SERVER = re.compile(r"^do_(?:GET|POST|PUT|PATCH|DELETE|HEAD)$")
"""Methods that the standard library's server calls."""
_BUSBOY = re.compile(r"busboy", re.IGNORECASE)


def _asks_by_hooks(function: ir.Function, module: ir.Module) -> bool:
    """``ApiHandler(async () => { const body = useJsonBody(); ... })``."""
    calls = (expr for expr in ir.every_expression(function) if isinstance(expr, ir.Call))
    named = (call.func.id for call in calls if isinstance(call.func, ir.Name))
    return ambient.SST.search(module.text) is not None and any(name in ambient.HOOKS for name in named)


_PARSED = re.compile(r"^(?:payload|body|request_?body|json_?body)$", re.IGNORECASE)
"""Beside an event, what its body was read into: ``def handle(event, payload)``."""


_PARENT = re.compile(r"^_*(?:parent|root|obj|source|rootValue|parentValue)?$")
_GRAPHQL = re.compile(r"graphql|apollo|\bgql\b|[rR]esolvers?\b|\bMutation\b")


def _resolves(names: list[str], module: ir.Module) -> bool:
    """``(parent, args, context) => ...``: a resolver of GraphQL's."""
    if module.language == "python" or not 2 <= len(names) <= 4 or not _PARENT.match(names[0]):
        return False
    said = names[1] in {"args", "_args", "input"} or (not names[1] and names[2:3] in (["context"], ["ctx"], [""]))
    return said and names[0] != "" and _GRAPHQL.search(module.text) is not None


def _arguments(param: ir.Param) -> Facts:
    """A resolver's arguments: GraphQL, or tRPC, has held them against their types, so that a text is a text."""
    at = param.target
    held = frozenset({"check", "nosql"})
    return frozenset({Origin(BODY, ARGUMENTS, at.line, at.column, at.end_line, safe=held)})


def _role(function: ir.Function, names: list[str], module: ir.Module) -> tuple[int, str] | None:
    """The place and kind of the parameter that a framework fills, by the form of the function."""
    if module.language == "python":
        return _python_role(function, names, module)
    first = function.params[0]
    if _named_like_a_handler(function, names):
        return 0, EVENT
    by_name = _exported(function, names, module) or _served(function, names, module) or _fetched(function, names)
    if by_name is not None:
        return by_name
    if len(names) == 1 and function.owner and _REQUEST_NAME.match(names[0]) and _REQUEST_TYPE.match(first.annotation):
        # A controller's method that a router calls with the request alone.
        return (0, REQUEST) if _reads(function, names[0], _SENT) else None
    alone = names == ["req"] or (names == ["request"] and re.search(r"Request\b", first.annotation) is not None)
    if alone and not function.owner and _reads(function, names[0], _SENT | _OF_THE_GATEWAY):
        return 0, REQUEST
    if len(names) > 1 and (place := _beside_an_answer(function, names)) is not None:
        return place, REQUEST
    if (
        names[0] in {"ctx", "c"}
        and len(names) <= 2
        and (_web_context(module) or names[1:] == ["next"] or _answers_through(function, names[0]))
    ):
        return 0, CONTEXT
    if _POWERTOOLS.search(module.text) and _routed_context(first, names[0]):
        return 0, CONTEXT
    return None


def _beside_an_answer(function: ir.Function, names: list[str]) -> int | None:
    """Where the request stands before or beside what it is answered with: ``(req, res)``, ``(context, req)``."""
    if _REQUEST_NAME.match(names[0]) and _RESPONSE_NAME.match(names[1]):
        return 0
    if names[1] in _ANSWERS_BY and _taken(function.params[0]) & _OF_A_REQUEST:
        return 0  # ``({ body, params }, res) => ...``
    for number in range(1, len(names) - 1):  # Behind what a project's own middleware puts first.
        typed = _TYPED_REQUEST.match(function.params[number].annotation)
        if typed and _REQUEST_NAME.match(names[number]) and _RESPONSE_NAME.match(names[number + 1]):
            return number
    if names[0] in {"req", "request"} and names[1:] in (["file", "cb"], ["file", "callback"], ["file", "done"]):
        return 0  # What multer asks where an upload shall be kept.
    if names[0] == "_" and names[1] in {"res", "response"} and _reads(function, "_", _SENT):
        return 0
    return 1 if _AZURE.search(function.params[1].annotation) or names[:2] == ["context", "req"] else None


def _of_a_site(function: ir.Function, module: ir.Module) -> bool:
    """``export const action = async ({ request }) => ...`` of Remix, SvelteKit, Astro; a controller of Adonis."""
    first = function.params[0]
    if len(function.params) > 2 or not isinstance(first.target, ir.Record):
        return False
    keys = {key.value for key, _ in first.target.entries if isinstance(key, ir.Const)}
    if "request" not in keys:
        return False
    if _SITE_TYPE.search(first.annotation) or _SITE_TYPE.search(function.annotation):
        return True
    exported = function.name in _METHODS | {"action"} or _ACTIONS.search(module.text)
    return bool(exported) and _reads(function, "request", _OF_FETCH)


_SITE_TYPE = re.compile(
    r"^(?:APIRoute|RequestHandler|Actions?Function(?:Args)?|HttpContext(?:Contract)?|RequestEvent)\b"
)
"""Types of what these sites give their functions, or of the functions themselves."""
_SERVED_BY_NAME = re.compile(r"\bBun\.serve\(|\bexport\s+default\b")
_WORKER = re.compile(r"""\baddEventListener\(\s*['"]fetch['"]""")
_ACTIONS = re.compile(r"\bexport const actions\b")
"""A file of SvelteKit's: each function of its ``actions`` is called with a form."""


def _served(function: ir.Function, names: list[str], module: ir.Module) -> tuple[int, str] | None:
    """What a function gets that Firebase's ``onCall(async (data, context) => ...)`` or Deno's ``serve`` calls."""
    if function.owner:
        return None
    callable_ = _CALLABLE.search(module.text) is not None
    taken = _taken(function.params[0])
    if callable_ and "data" in taken:
        return 0, REQUEST
    if "input" in taken and _PROCEDURE.search(module.text):
        return 0, ARGUMENTS
    if names == ["request"] and _CLAUDIA.search(module.text):
        return 0, REQUEST
    if callable_ and names == ["data", "context"]:
        return 0, BODY
    if callable_ and names == ["request"] and _reads(function, "request", {"data"}):
        return 0, REQUEST
    if names == ["request"] and function.name == "handler" and _reads(function, "request", {"payload"}):
        return 0, REQUEST  # hapi's: ``{ method: "POST", handler(request) { ... } }``.
    alone = names in (["req"], ["request"]) and _SERVES.search(module.text)
    return (0, REQUEST) if alone and _reads(function, names[0], _OF_FETCH) else None


def _taken(param: ir.Param) -> set[object]:
    """What a pattern takes out of an argument: "data" of ``({ data }) => ...``."""
    entries = param.target.entries if isinstance(param.target, ir.Record) else []
    return {key.value for key, _ in entries if isinstance(key, ir.Const)}


_PROCEDURE = re.compile(r"\b\w*[pP]rocedure\b[\s\S]*\.(?:mutation|query|subscription)\(")
"""tRPC's: what comes in has been held against a schema."""
_CLAUDIA = re.compile(r"claudia-api-builder")
"""Claudia's routes: ``api.post("/orders", request => ...)``."""
_CALLABLE = re.compile(r"\bonCall\(")
_SERVES = re.compile(r"\bserve\(\s*(?:async\b|\w+\s*[,)]|\(|\{)")
_OF_FETCH = {"json", "text", "formData", "url"}
"""What is read off a request as browsers and workers know it."""


def _fetched(function: ir.Function, names: list[str]) -> tuple[int, str] | None:
    """A request as browsers and workers know it, whoever hands it on: ``async create(request: Request, id)``."""
    for number, param in enumerate(function.params):
        if _FETCHED.match(param.annotation) and _reads(function, names[number], _OF_FETCH - {"url"}):
            return number, REQUEST
    return None


_FETCHED = re.compile(r"^(?:Next)?Request$")
_APPSYNC = re.compile(r"""['"]@aws-appsync/utils\b""")


def _python_role(function: ir.Function, names: list[str], module: ir.Module) -> tuple[int, str] | None:
    if function.name == "handler" and names[:2] == ["ctx", "data"]:
        return 1, BODY  # A function of Oracle's.
    if function.name == "handler" and len(names) == 1 and names[0] in {"args", "params", "payload", "request", "req"}:
        return 0, EVENT
    asked = (n for n, p in enumerate(function.params) if module.imports.get(p.annotation) == "flask.Request")
    return next(((number, REQUEST) for number in asked), None)


def _exported(function: ir.Function, names: list[str], module: ir.Module) -> tuple[int, str] | None:
    """What a platform calls by the name it is exported under."""
    if function.name == "request" and names[0] in {"ctx", "context"} and _APPSYNC.search(module.text):
        return 0, EVENT  # A resolver of AppSync's own language.
    if _PAGES_FUNCTION.match(function.name) or _PAGES_FUNCTION.match(function.annotation):
        return 0, CONTEXT  # Cloudflare's: ``export const onRequestPost = async ({ request, env }) => ...``.
    if _of_a_site(function, module):
        return 0, CONTEXT
    if names == ["event"] and _WORKER.search(module.text) and _reads(function, "event", {"request"}):
        return 0, CONTEXT  # A worker in its older form: ``addEventListener("fetch", (event) => ...)``.
    if function.name == "fetch" and len(names) > 1 and names[0] in {"request", "req"} and names[1] == "env":
        return 0, REQUEST  # A worker of theirs.
    if function.name == "fetch" and names in (["request"], ["req"]) and _SERVED_BY_NAME.search(module.text):
        return 0, REQUEST  # ``Bun.serve({ fetch(req) { ... } })``, ``export default { fetch(request) { ... } }``.
    if function.name in _METHODS and not function.owner and _REQUEST_TYPE.match(function.params[0].annotation):
        return 0, REQUEST  # A route of Next.js: ``export async function POST(req: NextRequest)``.
    return None


def _event(function: ir.Function, names: list[str]) -> tuple[int, str] | None:
    """The place of Lambda's own event."""
    offset = 1 if names[0] in {"self", "cls"} and len(names) > 1 else 0
    if _takes_event(function, names, offset) and not _domain_event(function, names):
        return offset, EVENT
    if len(names) > 1 and not offset and _EVENT_NAME.match(names[1]) and _reads_an_event(function, names[1]):
        return 1, EVENT
    by_parts = 1 < len(names) - offset < 4 and _reads(function, names[offset], _OF_THE_GATEWAY)
    return (offset, EVENT) if by_parts and _CONTEXT_NAME.match(names[offset + 1]) else None


_OF_THE_GATEWAY = {"queryStringParameters", "pathParameters", "multiValueQueryStringParameters", "isBase64Encoded"}
"""What only an event of API Gateway's has, whatever the function calls it."""
_CONTEXT_NAME = re.compile(r"^_*(?:ctx|context|cb|callback|callBack|done|next|lambdaContext|lambda_context)?$")


_SOCKETS = re.compile(r"""['"]socket\.io['"]""")
_WEB_SOCKETS = re.compile(r"""['"](?:socket\.io|ws)['"]|WebSocket|\bwss?\.on\(""")
_OWN_WORDS = {"connect", "connection", "disconnect", "disconnecting", "error", "close", "end", "open", "reconnect"}
"""What a socket says of itself; everything else is said by whoever is at its other end."""
_REQUEST_NAME = re.compile(r"^_?(?:req|request)$")
_RESPONSE_NAME = re.compile(r"^_?(?:res|resp|response|reply|h|rep|_|next|context|ctx)$")
_PAGES_FUNCTION = re.compile(r"^(?:onRequest(?:Get|Post|Put|Patch|Delete)?$|PagesFunction\b)")
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
_REQUEST_TYPE = re.compile(r"^(?:any|unknown|\S*Request\w*)?(?:<|$)")
_ANSWERS_BY = {"res", "response", "reply"}
"""What a function that takes a request takes beside it, to answer by."""
_OF_A_REQUEST = {"body", "params", "query"}
"""Parts of a request, as Express and its like name them."""
_TYPED_REQUEST = re.compile(r"^(?:express\.)?Request\b")
_SENT = {"body", "query"}
"""What only a request has, of which a client's own ``request`` reads nothing."""
_AZURE = re.compile(r"^HttpRequest\b")
"""A function of Azure's: ``(context: Context, req: HttpRequest)``."""


def _named_like_a_handler(function: ir.Function, names: list[str]) -> bool:
    """``function (e, ctx, cb)``: three parameters whose names are those of Lambda's older form."""
    if len(names) != 3 or function.owner or names[2] not in {"cb", "callback", "done"}:
        return False
    return names[1] in _CONTEXT or function.name == "handler"


def _domain_event(function: ir.Function, names: list[str]) -> bool:
    """``class Mailer { invite(event) }``: a method that reads nothing of Lambda's off what it calls an event."""
    alone = bool(function.owner) and len(names) == 1 and not function.params[0].annotation
    return alone and "handle" not in function.name.lower() and not _reads_an_event(function, names[0])


def _reads_an_event(function: ir.Function, name: str) -> bool:
    """Whether a function reads something of Lambda's off a parameter."""
    return _reads(function, name, EVENT_NAMES)


def _answers_through(function: ir.Function, name: str) -> bool:
    """A handler of Koa's in a file that does not name it: ``ctx.body = await save(ctx.request.body)``."""
    members = (expr for expr in ir.every_expression(function) if isinstance(expr, ir.Member))
    read = {key_of(expr) for expr in members}
    return f"{name}.request.body" in read or (
        _reads(function, name, {"request", "params", "query"})
        and (_reads(function, name, {"body", "status", "render", "redirect"}) or f"{name}.response.body" in read)
    )


def _reads(function: ir.Function, name: str, parts: AbstractSet[str]) -> bool:
    return any(
        isinstance(expr, ir.Member) and isinstance(expr.base, ir.Name) and expr.base.id == name and expr.name in parts
        for expr in ir.every_expression(function)
    )


_CONTEXT = {"context", "ctx", "_context", "_ctx"}
_POWERTOOLS = re.compile(r"@aws-lambda-powertools/event-handler")


def _routed_context(first: ir.Param, name: str) -> bool:
    """``async ({ req, params }) => ...`` or ``async (reqCtx) => ...``, as the routers of powertools call it."""
    if isinstance(first.target, ir.Record):
        keys = {key.value for key, _ in first.target.entries if isinstance(key, ir.Const)}
        return bool(keys & {"req", "valid"}) and keys <= {"req", "res", "params", "event", "context", "valid", "shared"}
    return name in {"reqCtx", "requestContext", "ctx"}


_ANSWERED = re.compile(r"^_?(?:req|request|ctx|context|c|res|response|err|error|self)$")
"""What is no event, whatever has a body."""
_SCHEMA_TYPE = re.compile(r"Validated\w*<\s*typeof")
"""``ValidatedEvent<typeof schema>``: what the gateway holds against the schema before the function is called."""


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
    alone = function.name == "lambda_handler" and not function.owner and not offset
    return (
        bool(_EVENT_NAME.match(name))
        or typed
        or alone
        or (handler and second in {"context", "_context", "ctx", "_", "__"})
        or (handler and not _ANSWERED.match(name) and _reads(function, name, _OF_THE_GATEWAY | {"body", "Records"}))
    )


def browser(module: ir.Module) -> bool:
    """A file of a web page: its events are clicks."""
    if module.path.endswith((".tsx", ".jsx", ".vue")) or "self.addEventListener(" in module.text:
        return True
    imported = {name.split(".")[0] for name in module.imports.values()}
    # A server draws with React as well: mails, pages.
    return bool(imported & {"react", "vue", "react-dom", "@angular/core"}) and not imported & _SERVERS


_SERVERS = words("express fastify koa koa-router @koa/router hono @nestjs/common aws-lambda @hapi/hapi")
"""Modules that only a program that answers requests imports."""


def _web_context(module: ir.Module) -> bool:
    text = module.text
    return bool(re.search(r"""['"](?:koa|@koa/router|koa-router|hono)(?:/[\w-]+)?['"]""", text))
