"""Input that is handed to code of another file of the project, where nobody has looked at it so far."""

from __future__ import annotations

import builtins
import re
import sys
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import checkers, ir, names, sources
from daemon.agents.builtin.review.arguments import picked, resolved
from daemon.agents.builtin.review.frames import pieces
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.sources import NOTHING

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.outcome import Outcome
    from daemon.agents.builtin.review.sources import Facts

_NO_HANDOFF = re.compile(
    r"^(?:get_)?(?:serializer|form)(?:_class)?$|^\w+(?:Serializer|Form)$|"
    r"^(?!\w+Or(?:Create|Update|Insert))(?:by|get|find_?(?:one|One|by|By|unique|Unique|first|First|pk|Pk)|lookup|count|exists|is|has|should|can|build|format|make|"
    r"render|success|de_?serialize|serialize|"
    r"failure|error|fail|ok|respond|response|send_?response|json|status|end|parse|decode|encode|to|from|log|"
    r"hash|compare|"
    r"del|verify|check|ensure|require|validate|delete|remove|destroy|next|resolve|reject|then|catch|callback|map|"
    r"filter|init|connect|"
    r"use|promise|invoke_?model|converse|generate|prompt|detect|translate|describe|setTimeout|sleep|wrap|with|"
    r"assert|expect|wsgi|asgi|"
    r"handle[A-Z_]?|process|execute|run|dispatch|route|i?like|contains|between|in|doc|collection|ref)(?=[A-Z_]|$)|"
    r"^[a-z]+_(?:delete|get|find|count|exists)$|"
    r"^(?:create|write|add|save|record|insert)_?(?:[aA]udit|[aA]ctivity|[aA]ccess|[eE]vent)?_?[lL]ogs?$"
)
_PACKAGES = words(
    """
    boto3 botocore aioboto3 aws_lambda_powertools aws_xray_sdk aws_cdk requests httpx urllib3 aiohttp flask fastapi
    starlette django chalice mangum pydantic marshmallow jsonschema cerberus voluptuous sqlalchemy psycopg2 psycopg
    pymysql pymongo redis jwt jose passlib bcrypt cryptography Crypto numpy pandas PIL cv2 openai anthropic langchain
    langchain_core langchain_community google stripe twilio sendgrid slack_sdk yaml simplejson orjson ujson dateutil
    pytz jinja2 markdown bs4 lxml structlog loguru sentry_sdk opensearchpy elasticsearch requests_aws4auth pynamodb
    tenacity defusedxml cachetools attr attrs nacl firebase_admin nltk sklearn torch tensorflow transformers pyarrow
    awswrangler s3fs fsspec magic docx fitz reportlab qrcode zoneinfo typing_extensions six certifi itsdangerous
    werkzeug
    """
)


def hand_off(call: Outcome, flow: Flow, frame: Frame) -> None:
    """The caller's data given to code of another file: nobody has looked at it so far."""
    if _is_log(call):
        return
    if _picked(call):
        bodies = frozenset(o for o in call.all_arguments if o.kind in sources.GIVEN and not o.part)
        flow.uses.hand_off(call.expr, bodies, "getattr")
        return
    chosen = _chosen_by(call, flow, frame)
    if chosen:
        flow.uses.use(call.expr, chosen, "a function that it chooses", store=True, weak=True)
    if _HANDLES_FILES.match(call.tail) and is_ours(call, flow):
        named = frozenset(o for o in call.all_arguments if o.kind in sources.GIVEN | {sources.PATH})
        flow.uses.hand_off(call.expr, named, call.tail)
        return
    made = call.tail[:1].isupper() and not _DOES.match(call.tail)
    if made or _ANSWERS.search(call.tail) or not is_ours(call, flow):
        return
    if _selects(call, frame):
        return
    if _only_reads(call, flow, frame):
        flow.uses.hand_off(call.expr, _told_all_the_same(call), call.tail)
        return
    kinds = {sources.BODY, sources.QUERY} if flow.module.language == "script" else sources.GIVEN
    if _KEEPS.match(call.tail):
        kinds = sources.GIVEN | ({sources.PATH} if call.tail.startswith("create") else set())
    if _INVOKES.match(call.tail):
        kinds = kinds | {sources.EVENT}
    if _of_a_controller(call, flow):
        kinds = kinds | {sources.REQUEST}
    handed = frozenset(
        o
        for o in call.all_arguments
        if o.kind in kinds or (o.part in _PEOPLE and _TELLS_SOMEBODY.match(call.tail) is not None)
    )
    if handed:
        flow.uses.hand_off(call.expr, handed, call.tail)


def _only_reads(call: Outcome, flow: Flow, frame: Frame) -> bool:
    """Whether a function, by its name, only looks something up or puts it in another form."""
    return (
        _NO_HANDOFF.match(call.tail) is not None
        and not _SIGNS.search(call.tail)
        and not _is_address(call.expr, flow, frame)
        and not _acts(call, flow)
        and not checkers.does_by_verifying(call.tail)
    )


_SELECT = re.compile(r"\s*select\s", re.IGNORECASE)


def _selects(call: Outcome, frame: Frame) -> bool:
    """``query_db("SELECT ... WHERE name = ?", [name])``: rows are looked up by what is bound."""
    text = resolved(call.expr.args[0], frame) if call.expr.args else None
    return isinstance(text, ir.Const) and isinstance(text.value, str) and bool(_SELECT.match(text.value))


def _told_all_the_same(call: Outcome) -> Facts:
    """What is too much for such a function: a whole body to be let in with or to search by, where something is to be
    had.
    """
    if checkers.asks_who(call.tail) and call.tail.startswith(("check", "verify")):
        return frozenset(o for o in call.all_arguments if o.kind == sources.BODY and not o.part)
    if _TALKS.search(call.tail):
        return frozenset(o for o in call.all_arguments if o.kind in sources.GIVEN)
    somewhere = frozenset(o for o in call.all_arguments if o.kind in sources.GIVEN and o.part in _ADDRESSES)
    paging = frozenset(o for o in call.all_arguments if o.kind == sources.QUERY and _PAGING.match(o.part))
    if _ASKS.match(call.tail) and paging:
        return somewhere | paging
    if not _ASKS.match(call.tail) or (_PARSES.search(call.tail) and not _is_injected(call)):
        if not _WORKS_ON.match(call.tail):
            return NOTHING
        worked_on = _WHOLE_IS_DONE.match(call.tail) is not None and not _PARSES.search(call.tail)
        bodies = frozenset(o for o in call.all_arguments if o.kind == sources.BODY and not o.part)
        return somewhere | (bodies if worked_on else NOTHING)
    return somewhere | frozenset(
        o for o in call.all_arguments if o.kind in {sources.BODY, sources.QUERY} and not o.part
    )


_TALKS = re.compile(
    r"(?:^|_)(?:chat)?bot|[a-z]Bot|(?:^|_)llm|LLM|gpt|GPT|(?:^|_)completion|Completion|(?:^|_)answer_|Answer(?!s)"
)
"""Nouns of what a text is put to: whatever it says is done, or paid for."""
_LOG = re.compile(r"^(?:(?:\w*_)?log(?:s|ger|ging)?|\w*Log(?:s|ger|ging)?|audit\w*|metrics|tracer)$")


def _is_log(call: Outcome) -> bool:
    """``logger.attack(kind, query)``: what is written down about a request."""
    base = call.expr.func.base if isinstance(call.expr.func, ir.Member) else None
    return isinstance(base, ir.Name) and bool(_LOG.match(base.id))


def _picked(call: Outcome) -> bool:
    """``getattr(controllers, name)(params)``."""
    func = call.expr.func
    return isinstance(func, ir.Call) and isinstance(func.func, ir.Name) and func.func.id == "getattr"


def _chosen_by(call: Outcome, flow: Flow, frame: Frame) -> Facts:
    """``actions[name](request)``: what of the caller's chooses the function, of those that a module has."""
    chosen = picked(call.expr, frame)
    if chosen is None or not flow.namer.name(chosen.out_of, frame).startswith((".", *_ALIASES)):
        return NOTHING
    return frozenset(o for o in flow.facts(chosen.key, frame) if o.kind in sources.FROM_CALLER)


_HANDLES_FILES = re.compile(
    r"^(?:read|write|load|open|delete|remove|unlink|serve|save|download|extract|create|parse|run|exec(?:ute)?)_?[fF]ile(?:s|Sync|Content\w*)?$"
)
"""Functions of other files that take a name of a file, as far as theirs tells."""


_ANSWERS = re.compile(
    r"(?:Error|Exception|Response|Reply|Html)(?:Message|Body|Object|Data)?$|(?:Headers?|_error|_response)$|^(?:push|includes|concat|join|sort|slice|set|"
    r"some|every|on|emit|keys|values|entries|split|strip|trim|pick|omit|merge)$"
)
_DOES = re.compile(r"^(?:Send|Create|Save|Store|Update|Add|Insert|Put|Publish|Upload|Register)[A-Z]")
"""What is a call by its verb, though written like a class: ``mail.SendEmail(body)``."""


def _of_a_controller(call: Outcome, flow: Flow) -> bool:
    """``this.authService.resetPassword(req)``: a whole request given to a service, which reads of it what it likes."""
    return _is_injected(call) and bool(flow.stack[-1].owner) and len(call.arguments) == 1


def _is_injected(call: Outcome) -> bool:
    """``this.orders.find(query)``: a method of what a class was given to work with."""
    base = call.expr.func.base if isinstance(call.expr.func, ir.Member) else None
    return isinstance(base, ir.Member) and isinstance(base.base, ir.Name) and base.base.id == "this"


_TELLS_SOMEBODY = re.compile(r"^(?:send|notify|invite|mail|email)(?=[A-Z_]|$)")
_PEOPLE = {"email", "mail", "phone", "to", "recipient", "address"}
"""Verbs of what reaches people, and parts that say whom: one in the path is as unknown as one in the body."""
_INVOKES = re.compile(r"^(?:invoke|call|trigger|start)_?(?:[lL]ambda|[fF]unction|[wW]orkflow|[sS]tate_?[mM]achine)")
"""What hands a whole event on to another function."""
_KEEPS = re.compile(
    r"^(?:create|update|insert|add|save|store|put|upsert|register|edit|modify|write|upload|send|publish|post|submit)(?=[A-Z_]|$)"
)
"""Verbs of functions that keep what they are given, in a direct event's case too."""
_SIGNS = re.compile(r"pre_?signed|signed_?url|upload_?url", re.IGNORECASE)
"""What makes an address by which anybody may read or write."""
_ASKS = re.compile(r"^(?:get|find|fetch|query|list|search|count)(?=[A-Z_]|$)")
_PARSES = re.compile(
    r"serializer|form|body|json|payload|params?|data$|input|event|request|users?(?:_?id)?$|token|claim|header",
    re.IGNORECASE,
)
"""Nouns of functions that only read what they are given: ``getBody(event.body)``."""
_WORKS_ON = re.compile(
    r"^(?:to|process|execute|run|render|convert|delete|remove|handle|generate|invoke|make|build)(?=[A-Z_]|$)"
)
"""Verbs of functions that do something with an address or a path."""
_WHOLE_IS_DONE = re.compile(r"^(?:process|execute|run|handle|make|build|convert)(?=[A-Z_])")
"""Verbs of functions that do something with a whole body."""
_PAGING = re.compile(
    r"^(?:limit|offset|page(?:_?(?:size|number|no))?|skip|take|size|per_?page|radius|lat\w*|lng|lon\w*|(?:min|max)_?\w*|"
    r"order_?by|sort\w*)$",
    re.IGNORECASE,
)
"""Parts of a query that should be numbers."""
_ADDRESSES = words("url uri html link href webhook callbackUrl callback_url path file filename bucket bucketName")
"""Parts that say where something is to be had, or are shown as they are."""
_ACTIONS = re.compile(r"^(?:process|execute|run|handle[A-Z_]?)(?=[A-Z_]|$)")
_PERFORMS = re.compile(r"^(?:execute|run|perform|invoke|call|handle|process\w*)$")
_USE_CASE = re.compile(r"use[_-]?case|service|command|interactor|controller|handler|action", re.IGNORECASE)


def _acts(call: Outcome, flow: Flow) -> bool:
    """``service.process(chat, lang)`` does something with the fields it gets; with a whole event it only sorts it."""
    given = [o for o in call.all_arguments if o.kind not in {sources.HEADER, sources.PATH}]
    fields = bool(given) and all(o.part or o.kind == sources.FIELD for o in given)
    if _USE_CASE.search(call.dotted) and _PERFORMS.match(call.tail):
        fields = fields or all(o.kind not in {sources.EVENT, sources.REQUEST} for o in call.all_arguments)
    elif call.tail in {"execute", "run"} and (flow.says(names.SQL_LIBRARIES) or _asks_in_sql(call.expr)):
        return False
    return bool(_ACTIONS.match(call.tail)) and bool(call.all_arguments) and fields


def _asks_in_sql(expr: ir.Call) -> bool:
    first = expr.args[0] if expr.args else None
    return isinstance(first, ir.Const) and bool(names.SQL_WORDS.search(str(first.value)[:2000]))


def _is_address(expr: ir.Call, flow: Flow, frame: Frame) -> bool:
    """Whether a call's first argument is an address put together here: ``http.get(`${base}/x?page=${page}`)``."""
    if not expr.args:
        return False
    made = pieces(expr.args[0], frame, lambda part: flow.facts(part, frame))
    return len(made) > 1 and any(piece.text is not None and _ADDRESS.search(piece.text) for piece in made)


_ADDRESS = re.compile(r"^https?://|[?&][\w-]+=")


_INJECTED = re.compile(
    r"(?:Dao|DAO|Repo|Repository|Service|Store|Model|UseCase|Gateway|Manager|_dao|_repo|_repository|_service)$"
)
"""Names of what a handler is given to work with: ``(event, userDao) => ...``."""
_ALIASES = tuple(
    f"@{name}/"
    for name in words(
        """
        service services controller controllers model models lib libs utils app core shared common modules domain
        infra architect helpers repositories repository functions handlers db src root beans usecases
        use-cases application api server infrastructure
        """
    )
)
"""Beginnings of imports that a project's own paths are given in TypeScript."""


_WORKSPACE = re.compile(
    r"^@(?!aws|middy|nest|types|prisma|google|azure|hapi|fastify|octokit|microsoft|firebase|supabase|sentry|vercel|trpc|apollo)[\w-]+/"
    r"(?:core|libs?|shared|utils?|common|db|database|services?|functions?|domain|server|api|backend|models?|layers?)(?:[/.]|$)"
)
"""Packages of the project's own workspace: ``@notes/core/dynamodb``."""


def is_ours(call: Outcome, flow: Flow) -> bool:
    """Whether a call goes to another file of the same project, as far as the name tells."""
    head = call.dotted.split(".", maxsplit=1)[0].split("(", maxsplit=1)[0]
    imported = flow.module.imports.get(_root(call.expr.func), "")
    local = (".", "@/", "~/", "#", "src/", *_ALIASES)
    if _WORKSPACE.match(imported):
        return True
    if head in {"this", "self", ""} or head.startswith(local) or imported.startswith(local):
        return True
    if _INJECTED.search(head) and head not in flow.module.imports and isinstance(call.expr.func, ir.Member):
        return True
    if head in flow.by_name and flow.by_name[head].name == head and call.tail != head:
        return True  # What a function of this file made.
    if flow.module.language == "script":
        # Declared elsewhere, and made nowhere here: ``declare function putTodo(todo): ...``.
        named = isinstance(call.expr.func, ir.Name) and head == call.expr.func.id
        return named and not imported and head not in {*flow.by_name, *flow.namer.made, *_GLOBALS}
    if (
        isinstance(call.expr.func, ir.Name)
        and (_KEEPS.match(call.tail) or ("*" in flow.module.imports and not hasattr(builtins, head)))
        and head not in {*flow.module.imports, *flow.by_name}
    ):
        return True  # ``from services import *``, as a rule.
    if "*" in flow.module.imports and _from_a_star(call, head, flow):
        return True
    origin = imported or (head if any(o.split(".")[0] == head for o in flow.module.imports.values()) else "")
    top = origin.split(".", maxsplit=1)[0]
    return bool(top) and top not in sys.stdlib_module_names and top not in _PACKAGES


def _from_a_star(call: Outcome, head: str, flow: Flow) -> bool:
    """``Orders().save(...)`` and ``orders.save(...)`` after ``from shop import *``, of names that nobody here gives."""
    if not isinstance(call.expr.func, ir.Member) or hasattr(builtins, head):
        return False
    given = {name for function in (flow.module.top, *flow.stack) for name in _named_in(function)}
    return head not in {*flow.module.imports, *flow.by_name, *given}


def _named_in(function: ir.Function) -> set[str]:
    """The names that a function gives a value, its parameters among them."""
    targets = [param.target for param in function.params]
    targets += [s.target for s in function.body if isinstance(s, ir.Assign | ir.Loop)]
    return {part.id for target in targets for part in [target, *ir.parts_of(target)] if isinstance(part, ir.Name)}


_GLOBALS = words(
    """
    fetch require import eval setTimeout setInterval setImmediate queueMicrotask structuredClone parseInt parseFloat
    isNaN isFinite encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape btoa atob String Number
    Boolean Object Array Symbol BigInt Date RegExp Error Promise Map Set URL URLSearchParams Buffer Function alert
    confirm prompt next callback cb done resolve reject expect describe it test super
    """
)


def _root(expr: ir.Expr) -> str:
    while isinstance(expr, ir.Member | ir.Call):
        expr = expr.base if isinstance(expr, ir.Member) else expr.func
    return expr.id if isinstance(expr, ir.Name) else ""
