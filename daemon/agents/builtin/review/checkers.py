"""Which functions check what they are given, as far as their names and the libraries they come from tell. Pure."""

from __future__ import annotations

import re

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


def checks_by_name(name: str) -> bool:
    """Whether a function of this name is there to check something: what it asks for, it asks for a reason."""
    return bool(_FUNCTION.match(name))
