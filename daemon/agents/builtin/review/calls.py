"""What a call to code outside the file gives back: passed on, made harmless, checked, read from a store, or nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import checkers, guards, ir, names, sources
from daemon.agents.builtin.review.frames import key_of
from daemon.agents.builtin.review.handoff import hand_off, is_ours
from daemon.agents.builtin.review.sources import NOTHING, Facts, Origin

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.outcome import Outcome

_READS = re.compile(
    r"^(?:get_item|query|scan|batch_get_item|get_object|get|fetchone|fetchall|fetchmany|find|findOne|findById|"
    r"findAll|findMany|"
    r"findUnique|findFirst|receive_message|receiveMessage|getObject|getItem|batchGet|read|hget|hgetall|urlopen|"
    r"fetch|post|"
    r"execute_statement|send|request|download_fileobj|promise)$"
)
_SECRET_READS = re.compile(r"secret|ssm|parameter|kms|sts|\(logs\)|config|environ|env\b|Metrics|Logger", re.IGNORECASE)
_PASSES = re.compile(
    r"(?:^|\.)(?:JSON\.(?:parse|stringify)|Object\.(?:keys|values|entries|assign|fromEntries|freeze)|"
    r"Array\.from|Buffer\.from|"
    r"decodeURI(?:Component)?|encodeURI|unescape|atob|btoa|String(?:\.raw)?|structuredClone|json\.(?:loads?|"
    r"dumps)|loads|dumps|literal_eval|url\.parse|array|asarray|DataFrame|Series|tensor|reshape|shlex\.split|safe_substitute|substitute|format_map|querystring\.(?:decode|encode)|yaml\.(?:safe_)?load|"
    r"unquote(?:_plus)?|parse_qsl?|urljoin|urlparse|urlsplit|URL|URLSearchParams|b64decode|b64encode|"
    r"urlsafe_b64decode|"
    r"standard_b64decode|(?:de|en)code(?:bytes|string)|BSON|splitext|fromhex|a2b_\w+|codecs\.decode|decompress|unquote_to_bytes|unhexlify|str|bytes|bytearray|list|dict|set|tuple|sorted|reversed|"
    r"enumerate|zip|iter|next|"
    r"repr|filter|map|BytesIO|StringIO|Path|PurePath|PosixPath|deepcopy|copy|join|resolve|normalize|normpath|abspath|realpath(?:Sync)?|expanduser|concat|format|"
    r"parse_header|re\.(?:findall|finditer|split)|parse_multipart|MultipartDecoder|parseMultipart\w*|parse_form_data|FieldStorage|dedent|text|marshall|unmarshall|toString|createReadStream|merge|"
    r"assign|"
    r"defaultTo|pick|omit|get|set|cloneDeep|extend|querystring\.parse|qs\.parse|qs\.stringify|stringify|Markup|"
    r"TypeSerializer|plainTo(?:Class|Instance)\w*|base64Decode|parse_?[xX]ml(?:String|Async)?|fromstring|parseString|parseFromString|XML|"
    r"serialize|deserialize|fromJS|promisify|all|resolve|splitlines|util\.format|inspect|sprintf|Template|"
    r"namedtuple|chain|message_from_(?:bytes|string)|BytesParser|get_payload|csv\.(?:reader|DictReader))$"
)
_UNPACKS = re.compile(r"^_?(?:c?[pP]ickle|dill|cloudpickle|marshal|jsonpickle)\.(?:loads?|decode)$")
_LOGS = re.compile(
    r"^(?:console|logger|log|logging|print|tracer|metrics|winston|pino|Sentry|traceback|pprint|warnings|"
    r"util\.inspect)\b|"
    r"(?:^|\.)(?:log|info|debug|warn|warning|error|exception|trace|print|append_keys|addContext|putAnnotation|"
    r"putMetadata)$",
    re.IGNORECASE,
)


def result_of(call: Outcome, flow: Flow, frame: Frame) -> Facts:
    """The origins of what the call gives back; checks it makes are entered on the way."""
    brought = call.all_arguments
    if _UNPACKS.match(call.dotted) or call.dotted in _VERIFIES:
        return NOTHING  # Whatever it is, it is no longer what was sent.
    if call.validates or _typed_model(call, flow):
        return _checked(call, flow, frame)
    if guards.NUMERIC.search(call.dotted):
        _takes_nan(call, flow)
        _would_have_raised(call, flow, frame)
        return NOTHING
    for sink, pattern in guards.SAFE_FOR.items():
        if pattern.search(call.dotted):
            brought = sources.made_safe(brought, sink)
    if call.receiver and not _made_with_the_event(call, flow):
        return _on_tainted(call, brought, flow, frame)
    by_form = brought if call.dotted in _UNVERIFIED else _by_form(call, brought, flow, frame)
    if by_form is not None:
        return by_form
    replaced = _replaced(call, flow, frame)
    if replaced is not None:
        return replaced
    if call.dotted in _READERS and brought and len(flow.stack) > 1:
        return _parsed_here(call, brought, flow)
    waited_for = call.expr.awaited and not call.dotted.startswith("Promise.")
    if _PASSES.search(call.dotted) and not waited_for and not _asks_a_store(call):
        return sources.parsed(brought, call.expr) if call.dotted in _READERS else brought
    if _LOGS.search(call.dotted):
        return NOTHING
    hand_off(call, flow, frame)
    # ``oc(req.params.name)("")`` gives what the function was made of.
    made_of = flow.facts(call.expr.func, frame) if isinstance(call.expr.func, ir.Call) else NOTHING
    return _unknown(call, brought | made_of, flow)


def _replaced(call: Outcome, flow: Flow, frame: Frame) -> Facts | None:
    """What a text holds in which something was replaced, ``None`` when the call does no such thing."""
    if call.tail in {"replace", "replaceAll"} and len(call.arguments) > 1:
        put = call.expr.args[1]
        return flow.call(put.function, [], frame) if isinstance(put, ir.Lambda) else call.arguments[1]
    if call.dotted == "re.sub" and len(call.arguments) > 2:
        return NOTHING if _strips(call.expr) else call.arguments[1] | call.arguments[2]
    return None


_ASKS_FOR_NAN = re.compile(r"is_?nan|is_?finite", re.IGNORECASE)


def _takes_nan(call: Outcome, flow: Flow) -> None:
    """``float("nan")`` is a number in Python, and neither below nor above any price."""
    if call.dotted == "float" and flow.module.language == "python" and not flow.says(_ASKS_FOR_NAN):
        asked = (o for o in call.all_arguments if o.kind == sources.PATH or (o.kind in sources.GIVEN and o.part))
        flow.uses.use(call.expr, frozenset(asked), '`float`, which takes "nan" for a number,', store=False, weak=True)


def _would_have_raised(call: Outcome, flow: Flow, frame: Frame) -> None:
    """``uuid.UUID(account_id)``: whoever comes past this in Python has a text of that form, whatever becomes of it."""
    key = key_of(call.expr.args[0]) if call.expr.args else None
    if key and call.tail in _RAISING and flow.module.language == "python":
        facts = flow.facts(call.expr.args[0], frame)
        if facts:
            frame.facts[key] = sources.made_safe(facts, *sources.EVERY_SINK, "check")


_RAISING = {"UUID", "int", "ip_address", "ip_network", "ip_interface", "strptime", "fromisoformat"}
"""What raises in Python unless a text has the form."""


def _is_table(expr: ir.Expr, frame: Frame) -> bool:
    """Whether a value is looked up in an object that this file writes down: ``COLUMNS.get(name, "id")``."""
    value = frame.value(expr.id) if isinstance(expr, ir.Name) else expr
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Name) and value.func.id in {"Map", "dict"}:
        return all(isinstance(arg, ir.Listing | ir.Record) for arg in value.args)
    return isinstance(value, ir.Record) or _is_configured(expr)


def _is_configured(expr: ir.Expr) -> bool:
    """``app.config["TYPES"]``: whoever runs the program wrote down what is in it."""
    while isinstance(expr, ir.Member):
        if expr.name in _CONFIGURED:
            return True
        expr = expr.base
    return isinstance(expr, ir.Name) and expr.id in _CONFIGURED


_CONFIGURED = {"config", "settings", "CONFIG", "SETTINGS"}


def _by_form(call: Outcome, brought: Facts, flow: Flow, frame: Frame) -> Facts | None:
    """What the form of a call says of its result; ``None`` when it says nothing."""
    expr = call.expr
    if expr.tagged and call.tail != "raw":
        return sources.made_safe(brought, "sql", "template")
    if call.dotted in _AT_A_PATH and len(expr.args) > 1:
        return _at_a_path(expr, flow, frame)
    if call.dotted == "Object.keys" and expr.args and names_are_known(expr.args[0], flow, frame):
        return NOTHING
    if call.tail == "sub" and _strips(expr):
        return sources.made_safe(brought, *sources.EVERY_SINK)
    if call.tail == "get" and isinstance(expr.func, ir.Member) and _is_table(expr.func.base, frame):
        return frozenset().union(*call.arguments[1:])
    return _unknown(call, brought, flow) if names.REQUESTS.match(call.dotted) else None


def _made_with_the_event(call: Outcome, flow: Flow) -> bool:
    """``new Orders(new Logger(event)).add(body)``: the receiver is a service that knows the event, not a part of it."""
    known = all(origin.kind in _WHOLE for origin in call.receiver)
    if any(pattern.search(call.tail) for pattern, _ in _PARTS):
        return False  # ``new Request(event).getBody()``
    return known and "()" in call.dotted and is_ours(call, flow)


_AT_A_PATH = {"lodash.get", "_.get", "lodash/get", "lodash.default.get", "lodash.get.default"}


def _at_a_path(expr: ir.Call, flow: Flow, frame: Frame) -> Facts:
    """``get(event, "body.name", "")``."""
    found, path = flow.facts(expr.args[0], frame), expr.args[1]
    if isinstance(path, ir.Const) and isinstance(path.value, str):
        for name in path.value.split(".")[:8]:
            found = flow.member(found, name, expr)
    return found.union(*(flow.facts(arg, frame) for arg in expr.args[2:]))


def names_are_known(expr: ir.Expr, flow: Flow, frame: Frame) -> bool:
    """Whether an object is written down in this file with all its keys, and nothing was added to it since."""
    record = frame.value(expr.id) if isinstance(expr, ir.Name) else expr
    if not isinstance(record, ir.Record) or not record.entries:
        return False
    if not all(isinstance(key, ir.Const) for key, _ in record.entries):
        return False
    return record is expr or flow.facts(expr, frame) <= flow.facts(record, frame)


def is_log(dotted: str) -> bool:
    """Whether a call of this name only writes to a log."""
    return bool(_LOGS.search(dotted))


_READERS = {"JSON.parse", "json.loads"}
_UNVERIFIED = {"jsonwebtoken.decode", "jwt-decode.jwtDecode", "jwt-decode.default", "jwt-decode", "jose.decodeJwt"}
"""What reads a token without asking who signed it."""
_VERIFIES = {"jsonwebtoken.verify", "jose.jwtVerify"}
"""What gives back what the server itself has signed."""


def _parsed_here(call: Outcome, brought: Facts, flow: Flow) -> Facts:
    """A body handed to a function of the file, which parses it: that is where a check belongs."""
    first = flow.stack[-1].line
    return frozenset(
        origin
        if origin.kind != sources.BODY or first <= origin.line <= call.expr.line
        else replace(origin, line=call.expr.line, column=call.expr.column, end_line=call.expr.end_line)
        for origin in brought
    )


def _asks_a_store(call: Outcome) -> bool:
    """``table.get({ Key })``, ``User.objects.get(pk=id)``: what comes back is the store's, not what was asked with."""
    first = call.expr.args[0] if call.expr.args else None
    by_name = any(name not in {"default", "type", "key", "name"} for name, _ in call.expr.kwargs)
    asks = isinstance(first, ir.Record) or by_name or call.dotted.endswith((".query.get", ".objects.get"))
    return call.tail == "get" and isinstance(call.expr.func, ir.Member) and asks


_WHOLE = frozenset({sources.EVENT, sources.REQUEST})
_CALLER = re.compile(r"user|claims?|identity|caller|principal|tenant|session|auth|token", re.IGNORECASE)
_PARTS = (
    (re.compile(r"body|payload|json", re.IGNORECASE), "body"),
    (re.compile(r"query", re.IGNORECASE), "queryStringParameters"),
    (re.compile(r"path_?param", re.IGNORECASE), "pathParameters"),
)
_DERIVES = re.compile(
    r"^(?:parse|decode|extract|map|convert|transform|to|from|body|build|format|render|compose|merge|deserialize|read_?(?:body|json))"
    r"(?=[A-Z_]|$)|^(?:get|load)_?(?:body|params|query|payload|input|json)",
    re.IGNORECASE,
)


def _from_the_whole(call: Outcome, brought: Facts, flow: Flow) -> Facts | None:
    """What a function makes of a whole event, by its name: who called, or a part of it; ``None`` for any other call."""
    if not brought or any(origin.kind not in _WHOLE | {sources.HEADER} for origin in brought):
        return None
    if checkers.asks_who(call.tail) or _CALLER.search(call.tail):
        return NOTHING
    for pattern, part in _PARTS:
        if pattern.search(call.tail):
            return flow.member(brought, part, call.expr) or brought
    return None


_TO_BE_ASKED = {"serializer_class", "get_serializer", "form_class"}
"""What holds a body until it is asked whether it is valid."""
_FINDS_A_ROW = {"get_object_or_404", "get_list_or_404"}


def _unknown(call: Outcome, brought: Facts, flow: Flow) -> Facts:
    """What code that cannot be seen gives back, by the look of it."""
    known = _from_the_whole(call, brought, flow)
    if known is not None:
        return known
    if isinstance(call.expr.func, ir.Member) and _DERIVES.match(call.tail) and is_ours(call, flow):
        return brought
    if call.tail in _TO_BE_ASKED:
        return brought
    if call.tail in _FINDS_A_ROW:
        return _stored(call)
    if isinstance(call.expr.func, ir.Member) or call.expr.awaited:
        if _READS.match(call.tail) and not _SECRET_READS.search(call.dotted):
            return _stored(call)
        if call.tail in {"json", "text"}:
            return brought
        return NOTHING
    return brought


def _stored(call: Outcome) -> Facts:
    at = call.expr
    return frozenset({Origin(sources.STORED, "stored", at.line, at.column, at.end_line)})


def _checked(call: Outcome, flow: Flow, frame: Frame) -> Facts:
    for arg in call.expr.args + [value for _, value in call.expr.kwargs]:
        key = key_of(arg)
        if key and flow.facts(arg, frame):
            harmless = ("nosql", "path") if checkers.asks_for_a_name(call.tail) else ("nosql",)
            frame.facts[key] = sources.made_safe(flow.facts(arg, frame), *harmless)
    everything = call.all_arguments | call.receiver
    if call.tail == "validate_on_submit":
        flow.entry.vouch(sources.BODY)  # WTForms reads the request by itself.
    for origin in everything:
        flow.entry.vouch(origin.root, origin.part)
        if origin.kind in {sources.EVENT, sources.REQUEST}:
            flow.entry.trusted = True
    checked = sources.made_safe(everything, "check", "path", "ssrf", "nosql")
    for sink, pattern in guards.SAFE_FOR.items():
        if pattern.search(call.dotted):
            checked = sources.made_safe(checked, sink)
    return checked


_OF_SCHEMAS = re.compile(r"(?:^|[./_])(?:schemas?|dtos?|serializers?|validat\w+)(?:[./]|$)", re.IGNORECASE)


def _typed_model(call: Outcome, flow: Flow) -> bool:
    """``Order(**body)`` where models come from a validating library."""
    func = call.expr.func
    if not isinstance(func, ir.Name) or not func.id[:1].isupper() or "**" not in call.named:
        return False
    if "pydantic" in flow.module.text or func.id in flow.validators:
        return True
    return bool(_OF_SCHEMAS.search(flow.module.imports.get(func.id, ""))) and not flow.says(_AS_DATACLASS)


_AS_DATACLASS = re.compile(r"\b(?:asdict|astuple)\(")
"""What only dataclasses are given to: those take whatever they get for their fields."""


def _on_tainted(call: Outcome, brought: Facts, flow: Flow, frame: Frame) -> Facts:
    """A method of the value itself: mostly the value in another form."""
    first = call.expr.args[0] if call.expr.args else None
    if call.tail in {"get", "pop"} and isinstance(first, ir.Const) and isinstance(first.value, str):
        return flow.member(call.receiver, first.value, call.expr) | brought
    if call.tail == "find" and call.expr.args and isinstance(call.expr.args[0], ir.Lambda):
        return sources.deeper(call.receiver)
    if call.tail in {"map", "flatMap"} and call.expr.args and isinstance(call.expr.args[0], ir.Lambda):
        return flow.call(call.expr.args[0].function, [sources.deeper(call.receiver)], frame)
    if call.tail == "toString" and isinstance(first, ir.Const) and first.value in {"hex", "base64url"}:
        return sources.made_safe(call.receiver, *sources.EVERY_SINK)
    if call.tail in {"replace", "replaceAll"}:
        if _strips(call.expr):
            return sources.made_safe(call.receiver, *sources.EVERY_SINK)
        first = call.expr.args[0] if call.expr.args else None
        # In Python a whole path that is joined takes the place of what stands before it: dots are not all.
        dots = {"..", "../"} if flow.module.language == "script" else set()
        if isinstance(first, ir.Const) and first.value in {"/"} | dots:
            return sources.made_safe(call.receiver, "path") | brought
        if isinstance(first, ir.Const) and _OF_MARKUP.match(str(first.value)):
            return sources.made_safe(call.receiver, "template")
        second = call.expr.args[1] if len(call.expr.args) > 1 else None
        if isinstance(second, ir.Const) and second.value in {"&lt;", "&amp;", "&#60;", "&#x3C;"}:
            return sources.made_safe(call.receiver, "template")
    if call.tail in {"hexdigest", "digest", "isdigit", "startswith", "endswith", "startsWith", "endsWith", "includes",
                     "indexOf", "find", "count", "index", "charCodeAt", "getTime", "timestamp"}:  # fmt: skip
        return NOTHING
    weak = frozenset(o for o in call.receiver if o.kind in sources.WEAK)
    if weak == call.receiver and _READS.match(call.tail):
        return weak | brought if call.tail == "get" else weak
    return call.receiver | brought


_OF_MARKUP = re.compile(r"^/?\[(?=[^\]]*<)(?=[^\]]*[\"'&>])")
"""``/[&<>"']/g``: each of these is replaced, by whatever it is."""


def _strips(expr: ir.Call) -> bool:
    """``replace(/[^a-z]/g, "")``: what is left is of a known alphabet."""
    first = expr.args[0] if expr.args else None
    return isinstance(first, ir.Const) and isinstance(first.value, str) and bool(re.match(r"^/?\(?\[\^", first.value))
