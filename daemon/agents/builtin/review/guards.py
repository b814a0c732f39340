"""What a test of one value asks of it, by its shape, and what makes a value safe for a place. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review import ir, sources
from daemon.agents.builtin.review.model import words

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


_SCHEMA_NAME = re.compile(r"(?:^|[a-z_])[sS]chema$|^[A-Z]\w*Validator$")


def takes_a_schema(expr: ir.Call) -> bool:
    """Whether a call is given a schema beside what it reads: ``parseBody(event, OrderSchema)``."""
    return len(expr.args) > 1 and any(_SCHEMA_NAME.search(tail_of(arg)) for arg in expr.args[1:])


USES = {"UseBefore", "UsePipes", "UseMiddleware", "Middleware", "use_before"}
"""Decorators that put something before a method."""


def is_made_to_validate(expr: ir.Expr) -> bool:
    """``validator(rules)``, ``new JoiValidationPipe(schema)``: given what to hold against, and named so."""
    return isinstance(expr, ir.Call) and bool(expr.args) and "valid" in tail_of(expr.func).lower()


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


def _is_length(expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Member):
        return expr.name in {"length", "size"}
    return isinstance(expr, ir.Call) and tail_of(expr.func) == "len"


def tail_of(expr: ir.Expr) -> str:
    """The last name of a called expression."""
    if isinstance(expr, ir.Member):
        return expr.name
    return expr.id if isinstance(expr, ir.Name) else ""
