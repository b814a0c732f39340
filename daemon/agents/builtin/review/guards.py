"""What counts as validation: libraries by name, hand-written tests by shape. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review import ir, sources
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.secret_names import snake

# Calls that give back a checked value, or throw. Matched on the last part of the dotted name.
_SCHEMA_METHOD = re.compile(
    r"^(?:parse|safeParse|parseAsync|safeParseAsync|validate|validateSync|validateAsync|validate_python|"
    r"validate_json|cast|"
    r"model_validate|model_validate_json|parse_obj|parse_raw|from_dict|load|loads|decode|isValid|isValidSync|"
    r"is_valid|assert|"
    r"attempt|strict|structure|check|mask)$"
)
_SCHEMA_RECEIVER = re.compile(
    r"schema|valid|zod|joi|yup|ajv|superstruct|typebox|valibot|io-ts|dto|marshmallow|cerberus|voluptuous|pydantic|"
    r"(?:^|\.)[zvts]\.(?:object|string|array|union|strict\w+|coerce|intersection|record|enum)\b|\b(?:Model|"
    r"Request|Input|Payload|"
    r"Params|Body|Command)$|compile\(\)|TypeAdapter|parser|Decoder|codec",
    re.IGNORECASE,
)
_PARSERS = re.compile(
    r"(?:^|\.)(?:JSON\.parse|json\.loads?|yaml\.\w+|qs\.parse|querystring\.parse|ast\.parse|Date\.parse|url\.parse|"
                      r"path\.parse|parse_qs\w*|urlparse|base64\.\w+|dayjs|moment|pickle\.\w+|cPickle\.\w+|"
                      r"_pickle\.\w+|dill\.\w+|marshal\.\w+|"
                      r"jsonpickle\.\w+|loads|simplejson\.\w+|ujson\.\w+|orjson\.\w+|xml2js\.\w+|Buffer\.\w+|"
                      r"shlex\.\w+|JSON5\.parse|papaparse\.\w+|toml\.\w+)$")  # fmt: skip
_FUNCTION = re.compile(
    r"^(?:is_?valid\w*|get_?validated?\w*|valid(?:ate|ator|ated?)\w*|check(?!sum|out|in\b|point|_output|_call|_in)\w*|assert\w*|verify\w*|ensure\w*|"
    r"sanitiz\w*|sanitis\w*|"
    r"guard\w*|(?:is_?)?allowed_?(?:file|ext)\w*|is_safe\w*|isSafe\w*|clean(?:ed|_)?\w*|require[A-Z_]\w*|"
    r"transformAndValidate|\w+_from_dict|"
    r"(?!(?:log|send|handle|raise|throw|return|report|print|show|format|make|create|build|http|api|server|is|on|set|capture|to|add|"
    r"render|wrap|notify|flash|internal|bad|not|get)_?\w*err)[a-z]+\w*_errors?|get\w*(?:Validation|Input|Form|Body|Request)\w*Errors?|"
    r"parse(?:Input|AndValidate|With)\w*|event_parser|envelope\w*|"
    r"betterAjvErrors|construct_?event\w*|(?-i:normalize[A-Z]\w*))$",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r"^(?:zod|joi|@hapi/joi|yup|ajv|ajv\.\w+|class-validator|pydantic|marshmallow|cerberus|"
    r"jsonschema|voluptuous|fastjsonschema|(?:express-)?mongo-sanitize|"
    r"superstruct|valibot|io-ts|validator|express-validator|celebrate|@middy/validator|@aws-lambda-powertools/parser|"
    r"aws_lambda_powertools\.utilities\.(?:parser|validation)|validate\.js|runtypes|@sinclair/typebox|typeguard|"
    r"attrs|schematics|"
    r"webargs|flask_marshmallow|schema)(?:[./]|$)"
)
# Plain string and number questions that a hand-written guard asks.
_TEST_METHOD = re.compile(
    r"^(?:test|match|fullmatch|search|includes|has|isInteger|isFinite|isSafeInteger|isNaN|isArray|isdigit|"
    r"isnumeric|isalnum|isalpha|"
    r"isdecimal|isidentifier|isascii|startsWith|startswith|endsWith|endswith|indexOf|is[A-Z]\w*|every|issubset)$"
)
_TEST_FUNCTION = re.compile(
    r"^(?:isinstance|isNaN|isFinite|len|issubclass|callable|Number|int|float|parseInt|parseFloat|typeof)$"
)
MEMBERSHIP = {"includes", "has", "indexOf"}
"""Methods that ask whether something is in a text or list."""
STRONG = words(
    """
    test match fullmatch includes has isInteger isdigit isnumeric isalnum isalpha isSafeInteger isNaN isFinite
    startsWith startswith issubset isdecimal
    """
)
"""Guards after which a value is one of a known set or form."""

NUMERIC = re.compile(
    r"(?:^|\.)(?:Number|parseInt|parseFloat|int|float|bool|Boolean|len|Decimal|uuid\.UUID|UUID|ord|round|abs|BigInt|"
    r"hash|hexdigest|digest|createHash\(\)\S*|toFixed|strptime|fromisoformat|new Date|Date|isoformat|"
    r"toISOString|sum|count|"
    r"ObjectI[dD]|Math\.\w+|datetime\.\w+|uuid4|uuidv4|v4|randomUUID|isinstance|ipaddress\.\w+)$"
)
SAFE_FOR = {
    "shell": re.compile(r"(?:^|\.)(?:quote|shellescape|shell-quote\.\w+|escapeshellarg|encodeURIComponent)$"),
    "sql": re.compile(
        r"(?:^|\.)(?:escape|escapeId|escape_string|format_ident|Identifier|quote_ident|quote_name|mogrify|adapt|"
        r"Literal)$"
    ),
    "regex": re.compile(r"(?:^|\.)(?:escape|escape_?reg_?exp?|escape-string-regexp\S*|quote_?meta)$", re.IGNORECASE),
    "ldap": re.compile(r"(?:^|\.)(?:escape_filter_chars|escape_rdn|ldapEscape\S*|filter_format)$"),
    "path": re.compile(
        r"(?:^|\.)(?:basename|splitext|secure_filename|safe_?[jJ]oin|(?:valid|safe|clean)_?(?:file_?)?(?:name|path)|sanitize-filename\S*|sanitize\w*|encodeURIComponent|quote|quote_plus)$"
    ),
    "ssrf": re.compile(r"(?:^|\.)(?:encodeURIComponent|quote|quote_plus|urlencode|url_for|reverse)$"),
    "template": re.compile(
        r"(?:^|\.)(?:escape|escape_?html|escape-html\S*|sanitize-?html\S*|sanitizeHtml|DOMPurify\S*\.sanitize|bleach\.clean|"
        r"striptags|strip_tags|encode_entities|he\.(?:encode|escape)|xss|nh3\.clean|encodeURIComponent|esc)$",
        re.IGNORECASE,
    ),
}


_WHO = words(
    """
    auth authorized authorised authorization authenticated authentication authenticate authorize authorizer
    authorise token tokens jwt session sessions login permission permissions role roles admin scope scopes csrf
    captcha recaptcha header headers method origin cors ip access owner ownership password passwd credential
    credentials apikey membership member cognito
    """
)
"""Nouns in the names of functions that ask who is calling: what is sent along is as unknown afterwards as before."""
_WHETHER = words(
    """
    exist exists existing existence duplicate unique uniqueness status health connection table bucket queue account
    balance quota limit limits tenant subscription availability available inventory stock database db cache env
    environment version state ready idempotency
    """
)
"""Nouns of functions that ask how things stand elsewhere: ``checkStock(productId)``."""


_DEEDS = words("payment email phone account otp code transaction purchase receipt order registration")
"""Nouns of what is verified elsewhere by doing something: ``verifyPayment(id)``."""


def does_by_verifying(tail: str) -> bool:
    """Whether what is verified under this name is verified elsewhere, by what was handed in."""
    parts = set(snake(tail).split("_"))
    return bool(parts & {"verify", "confirm"} and parts & _DEEDS)


_SCHEMA_NAME = re.compile(r"(?:^|[a-z_])[sS]chema$|^[A-Z]\w*Validator$")


def takes_a_schema(expr: ir.Call) -> bool:
    """Whether a call is given a schema beside what it reads: ``parseBody(event, OrderSchema)``."""
    return len(expr.args) > 1 and any(_SCHEMA_NAME.search(tail_of(arg)) for arg in expr.args[1:])


_SOMEBODY = re.compile(
    r"^(?:require|ensure)_?(?:the_?|current_?|active_?)?(?:user|org|organi[sz]ation|account|member|owner|tenant|customer|plan|"
    r"workspace|team|company|caller|identity|admin|login|cookie|api_?key)s?$",
    re.IGNORECASE,
)
"""``requireUser(env, request)``: that somebody is there."""


_NAMES = re.compile(
    r"(?:file|dir\w*|path)_?names?|_paths?$|(?<=[a-z])Path$|(?:valid|safe|allowed)_?(?:name|ext\w*|path|file)$"
)


def asks_for_a_name(tail: str) -> bool:
    """Whether a check of this name is one of a file's name: ``is_valid_filename(name)``."""
    return bool(_NAMES.search(tail))


_THERE = re.compile(
    r"^(?:validate|check|has|verify|ensure|assert|require)_?(?:\w*_)?(?:required|mandatory|presence|missing)(?:_?\w*)$|"
    r"^(?:assert|ensure|check|require)_?(?:Is_?)?(?:Defined|Not_?(?:Null|None|Empty|Blank|Undefined)\w*|Present|Exists|Truthy|Some|Ok)$",
    re.IGNORECASE,
)
"""``assertIsDefined(payload)``, ``validateRequiredFields(body, ["id"])``: that something is there."""


def asks_who(tail: str) -> bool:
    """Whether a function of this name finds out who is calling: ``verifyAuth(event)``."""
    parts = set(snake(tail).split("_"))
    return bool(parts & _WHO) or parts >= {"api", "key"}


def _asks_something_else(tail: str) -> bool:
    """Whether a function that checks something checks who calls or how things stand, not what it is given."""
    parts = set(snake(tail).split("_"))
    if _SOMEBODY.match(tail) or _THERE.search(tail):
        return True
    if does_by_verifying(tail):
        return True
    if parts & {"validate", "error", "errors"} and parts & _WHO <= {"login", "password"}:
        return False  # ``validateLogin(body)``, ``password_error(text)``
    return asks_who(tail) or bool(parts & _WHETHER and not parts & {"valid", "validate", "validator"})


_SCHEMA = re.compile(r"schema", re.IGNORECASE)
_SERVICE = re.compile(r"^(?:boto3|botocore|aioboto3|aws-sdk|@aws-sdk/client-[\w-]+)\b")
"""What AWS's own clients call verifying or checking is no check of what they are given."""


_STORE = re.compile(r"(?:^|[./])(?:db|database|\w*[rR]epo(?:sitory)?|\w*(?:Dao|DAO|_dao|_repo))\.$")
"""What keeps rows: what it checks is whether there is one."""


def validates(dotted: str, tail: str, imports: dict[str, str]) -> bool:
    """Whether a call of this name checks what it is given."""
    if _LOADS.match(dotted) and any(name.startswith("marshmallow") for name in imports.values()):
        return True
    if _SERVICE.match(dotted) or (_PARSERS.search(dotted) and not _SCHEMA.search(dotted[: -len(tail)])):
        return False
    head = dotted.split("(", maxsplit=1)[0]
    if _LIBRARY.match(head) and tail not in {"compile", "object", "default"}:
        return True
    if _FUNCTION.match(tail):
        return not _asks_something_else(tail) and not _STORE.search(dotted[: -len(tail)])
    if tail in _OF_SCHEMAS_ONLY or _VALIDATOR.search(dotted[: -len(tail)]):
        return True
    return bool(_SCHEMA_METHOD.match(tail)) and bool(
        _SCHEMA_RECEIVER.search(dotted[: -len(tail)]) or _model(dotted, imports)
    )


_REQUIRES = re.compile(
    r"^requires?_?(?!.*(?:json|param|field|body|schema|arg|key|data|payload|input|valid))", re.IGNORECASE
)
"""``@require_http_methods(["POST"])``, ``@require_role("admin")``: who may call and how, not what is sent along."""


def decorator_validates(dotted: str, tail: str, imports: dict[str, str]) -> bool:
    """Whether a decorator of this name checks what the function gets."""
    return not _REQUIRES.match(tail) and validates(dotted, tail, imports)


USES = {"UseBefore", "UsePipes", "UseMiddleware", "Middleware", "use_before"}
"""Decorators that put something before a method."""


def is_made_to_validate(expr: ir.Expr) -> bool:
    """``validator(rules)``, ``new JoiValidationPipe(schema)``: given what to hold against, and named so."""
    return isinstance(expr, ir.Call) and bool(expr.args) and "valid" in tail_of(expr.func).lower()


_LOADS = re.compile(r"^[A-Z]\w*\(\)\.loads?$")
"""``OrderSchema().loads(text)``, of a class of the file's own."""
_VALIDATOR = re.compile(r"[vV]alidat(?:or|ion|e)s?\.$")
"""``userValidator.createUser(data)``: whatever a validator's method is called."""


def _model(dotted: str, imports: dict[str, str]) -> bool:
    """``Order.parse(...)``: a capitalised receiver that this file imports or defines, and no client or built-in."""
    head = dotted.split(".", maxsplit=1)[0]
    return (
        bool(re.match(r"^[A-Z]\w+$", head))
        and head not in {"JSON", "Object", "Array", "Buffer", "Date", "URL", "Math"}
        and head in imports
    )


_OF_SCHEMAS_ONLY = {
    "safeParse", "safeParseAsync", "parseAsync", "model_validate", "model_validate_json", "parse_obj", "parse_raw",
    "validate_python", "validate_json", "validationResult",
}  # fmt: skip


def is_membership(expr: ir.Expr) -> bool:
    """Whether a test asks if something is in a list."""
    if isinstance(expr, ir.Verdict):
        return expr.op == "in"
    return isinstance(expr, ir.Call) and tail_of(expr.func) in MEMBERSHIP


def confined(expr: ir.Expr) -> list[ir.Expr]:
    """The paths of which a test asks whether they stay inside another: ``os.path.commonpath([root, full]) == root``,
    ``full.indexOf(root) !== 0``.
    """
    asked = expr.parts if isinstance(expr, ir.Verdict) and expr.op == "==" else []
    found: list[ir.Expr] = []
    for part in asked:
        if not isinstance(part, ir.Call) or not part.args:
            continue
        if tail_of(part.func) in {"commonpath", "commonprefix"}:
            found.extend(ir.parts_of(part.args[0]))
        elif tail_of(part.func) in {"indexOf", "find"} and isinstance(part.func, ir.Member) and _is_zero(asked):
            found.extend([] if isinstance(part.args[0], ir.Const) else [part.func.base])
    return found


def _is_zero(parts: list[ir.Expr]) -> bool:
    return any(isinstance(part, ir.Const) and part.value in {0, "0"} for part in parts)


def tested(expr: ir.Expr) -> tuple[str, list[ir.Expr]] | None:
    """What a single test asks (type, list, form, range, presence, fields, member, inside, no-dots,
    no-root), and of what.
    """
    if isinstance(expr, ir.Verdict):
        known = _of_a_known_hash(expr)
        return ("form", [known]) if known is not None else _verdict(expr)
    if isinstance(expr, ir.Call):
        return _asked_by_a_call(expr)
    if isinstance(expr, ir.Name | ir.Member):
        return "presence", [expr]
    if isinstance(expr, ir.Index):
        return "fields", [expr.base]
    return None


def _asked_by_a_call(expr: ir.Call) -> tuple[str, list[ir.Expr]] | None:
    tail = tail_of(expr.func)
    if tail == "isinstance":
        return _isinstance(expr)
    if tail in {"startsWith", "startswith"} and isinstance(expr.func, ir.Member):
        if expr.args and isinstance(expr.args[0], ir.Const) and expr.args[0].value == "/":
            return sources.NO_ROOT, [expr.func.base]
        return ("presence" if _only_a_scheme(expr) else "beginning"), [expr.func.base]
    if tail == "isArray":
        return "list", expr.args[:1]
    subjects = [*expr.args, *([expr.func.base] if isinstance(expr.func, ir.Member) else [])]
    if tail in MEMBERSHIP and isinstance(expr.func, ir.Member) and expr.args:
        if isinstance(expr.args[0], ir.Const):  # A text that is searched is asked about,
            return ("inside" if expr.args[0].value in _LEADS_OUT else "type"), [expr.func.base]
        subjects = expr.args[:1]  # of a list what is looked for in it.
    if isinstance(expr.func, ir.Member) and _TEST_METHOD.match(tail):
        if _lets_any_host_through(expr):
            return "presence", subjects
        return ("form" if tail in STRONG else "type"), subjects
    if tail in {"all", "any"}:
        return "presence", [item for arg in expr.args for item in (ir.parts_of(arg) or [arg])]
    if _TEST_FUNCTION.match(tail):
        return ("form" if tail in STRONG else "type"), subjects
    return None


_ANY_HOST = re.compile(
    r"^/?\^?\(?(?:\?:)?(?:https?\??|ftp|file|\||\(\?:|[()])*\)?(?::(?:\\?/){0,2})?(?:\(?(?:\.|\\S|\[\^\\s\])[*+]\)?)?\$?(?:/[a-z]*)?$"
)
"""A pattern of addresses that says how to ask, and not whom: ``/^https?:\\/\\//``."""


_ANY_NAME = re.compile(
    r"^/?\^?\(?(?:\?:)?https?\??(?:\))?:(?:\\?/){2}\)?\??(?:\(?(?:\?:)?www\\?\.\)?[?|]?)?\(?(?:\?:)?\[[^\]]*[a-z]"
    r"(?!.*[a-z0-9-]{3,}\\\.[a-z]{2,})"
)
"""A pattern of addresses of any name: ``/https?:\\/\\/(www\\.)?[-a-z0-9.]+/``, unless a domain stands behind."""


def _lets_any_host_through(expr: ir.Call) -> bool:
    func = expr.func
    tested = [*expr.args[:1], *([func.base] if isinstance(func, ir.Member) else [])]
    texts = [part.value for part in tested if isinstance(part, ir.Const) and isinstance(part.value, str)]
    return any("http" in text and bool(_ANY_HOST.match(text) or _ANY_NAME.match(text[:400])) for text in texts)


_SCHEME = re.compile(r"^(?:/?(?:https?|ftp|file|data)?:?/{0,3}|[\[{(<\"'.@#!$_-]|(?:Bearer|Basic) ?)$")
"""What a text begins with that says how to read it."""


def _only_a_scheme(expr: ir.Call) -> bool:
    """``url.startsWith("http")`` says how to ask, not whom; ``body.startsWith("{")`` how to read it, not what it is."""
    first = expr.args[0] if expr.args else None
    given = first.items if isinstance(first, ir.Listing) else [first]
    return all(isinstance(one, ir.Const) and isinstance(one.value, str) and _SCHEME.match(one.value) for one in given)


def _isinstance(expr: ir.Call) -> tuple[str, list[ir.Expr]]:
    """A number is a number; text or a dict may still hold anything."""
    names = [tail_of(part) for part in (ir.parts_of(expr.args[1]) or [expr.args[1]])] if len(expr.args) > 1 else []
    numeric = bool(names) and set(names) <= {"int", "float", "bool", "Decimal", "UUID", "datetime", "date"}
    whole = bool(names) and set(names) <= {"dict", "list", "Mapping", "Sequence"}
    return ("form" if numeric else "object" if whole else "type"), expr.args[:1]


_LEADS_OUT = {"/", "..", "../", "\\"}
"""What a name must not have in it if it is to stay in its directory; without dots it may still be a whole path."""


def _verdict(expr: ir.Verdict) -> tuple[str, list[ir.Expr]] | None:
    if expr.op in {"typeof", "instanceof"}:
        return "type", expr.parts
    if expr.op == "in" and len(expr.parts) > 1:
        name, whole = expr.parts[0], expr.parts[1]
        if isinstance(name, ir.Const) and name.value == "@":
            return "type", [whole]  # ``"@" in email``
        if isinstance(name, ir.Const) and name.value in _LEADS_OUT:
            return (sources.NO_DOTS if name.value.startswith("..") else "inside"), [whole]
        if isinstance(name, ir.Const) and isinstance(name.value, str):
            return "fields", [ir.Member(whole.line, whole.column, whole.end_line, whole, name.value)]
        return "member", expr.parts
    if expr.op == "<":
        trivial = any(isinstance(p, ir.Const) and p.value in (0, 1) for p in expr.parts)
        counted = any(_is_length(part) for part in expr.parts)
        return ("presence" if trivial and counted else "range"), [_measured(part) for part in expr.parts]
    if expr.op == "not":
        return None
    if expr.op == "==":
        object_asked = asks_for_an_object(expr)
        if object_asked:
            return "presence", object_asked
        if any(_is_length(part) for part in expr.parts):
            zero = any(isinstance(p, ir.Const) and p.value in (0, 1) for p in expr.parts)
            return ("presence" if zero else "range"), [_measured(part) for part in expr.parts]
        if any(isinstance(part, ir.Const) and part.value in (None, "") for part in expr.parts):
            return "presence", [part for part in expr.parts if not isinstance(part, ir.Const)]
    return None


_HASH = re.compile(r"^(?:sha_?\d+|md5|hash)$", re.IGNORECASE)


def _of_a_known_hash(expr: ir.Verdict) -> ir.Expr | None:
    """The text in ``sha256(text) == CODE_HASH``: it can only be the one that was hashed."""
    constant = any(isinstance(part, ir.Const) or tail_of(part).isupper() for part in expr.parts)
    found = (text for part in expr.parts if (text := _hashed(part)) is not None)
    return next(found, None) if expr.op == "==" and constant else None


def _hashed(expr: ir.Expr) -> ir.Expr | None:
    """The text in ``sha256(text)`` and ``hashlib.sha256(text.encode()).hexdigest()``."""
    while isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and isinstance(expr.func.base, ir.Call):
        expr = expr.func.base
    if not isinstance(expr, ir.Call) or not _HASH.match(tail_of(expr.func)) or len(expr.args) != 1:
        return None
    return before_encoding(expr.args[0])


def before_encoding(expr: ir.Expr) -> ir.Expr:
    """What is encoded: the ``password`` of ``password.encode("utf8")``; anything else is itself."""
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name == "encode":
        return expr.func.base
    return expr


def asks_for_an_object(expr: ir.Expr) -> list[ir.Expr]:
    """``typeof body === "object"`` says nothing of what is in it; what it asks about, nothing for any other test."""
    if not isinstance(expr, ir.Verdict) or expr.op != "==":
        return []
    asked = [part for part in expr.parts if isinstance(part, ir.Verdict) and part.op == "typeof"]
    plain = any(isinstance(part, ir.Const) and part.value in {"object", "undefined"} for part in expr.parts)
    return asked[0].parts if asked and plain else []


def compared(expr: ir.Expr) -> ir.Expr | None:
    """What a test compares with a constant text, ``None`` for any other test."""
    if not isinstance(expr, ir.Verdict) or expr.op != "==" or len(expr.parts) != 2:
        return None
    left, right = expr.parts
    if isinstance(left, ir.Const):
        left, right = right, left
    return left if isinstance(right, ir.Const) and isinstance(right.value, str) and right.value else None


def _measured(expr: ir.Expr) -> ir.Expr:
    """What a length is the length of; anything else itself."""
    if isinstance(expr, ir.Member) and _is_length(expr):
        return expr.base
    if isinstance(expr, ir.Call) and _is_length(expr) and expr.args:
        return expr.args[0]
    return expr


def checks_by_name(name: str) -> bool:
    """Whether a function of this name is there to check something: what it asks for, it asks for a reason."""
    return bool(_FUNCTION.match(name))


def _is_length(expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Member):
        return expr.name in {"length", "size"}
    return isinstance(expr, ir.Call) and tail_of(expr.func) == "len"


def tail_of(expr: ir.Expr) -> str:
    """The last name of a called expression."""
    if isinstance(expr, ir.Member):
        return expr.name
    return expr.id if isinstance(expr, ir.Name) else ""
