"""Literals in a program: secrets by the name they are given or the call they are handed to, and policies it builds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import constructs, guards, ir, policy_text, secrets, statements
from daemon.agents.builtin.review.document import Map, scalars
from daemon.agents.builtin.review.frames import Frame, Namer
from daemon.agents.builtin.review.model import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAP = 60_000
_KEYED = (
    (re.compile(
        r"(?:^|\.)(?:jwt|jsonwebtoken|jose|jsonwt|JWT|PyJWT|njwt|"
        r"jwt-simple)(?:\.default)?\.(?:\w+\.)*(?:sign|verify|encode|decode|create)$"
    ), 1),
    (re.compile(r"(?:^|\.)createHmac$"), 1),
    (re.compile(r"(?:^|\.)create(?:C|Dec)ipher(?:iv)?$"), 1),
    (re.compile(r"^hmac\.new$"), 0),
    (re.compile(r"(?:^|\.)Fernet$"), 0),
    (re.compile(r"(?:^|\.)(?:HTTPBasicAuth|BasicAuth|HTTPDigestAuth)$"), 1),
    (re.compile(r"(?:^|\.)(?:pymysql|MySQLdb|mysql\.connector|psycopg2)\.connect$"), 2),
    (re.compile(r"smtplib\.\S+\.login$"), 1),
    (re.compile(r"(?:^|\.)(?:cookieParser|cookie-parser|cookieSession)$"), 0),
    (re.compile(r"(?:^|\.)(?:createSecretKey|asKey|importKey)$"), 0),
    (re.compile(r"(?:^|\.)AES\.(?:new|encrypt|decrypt)$"), 0),
    (re.compile(
        r"(?:^|\.)CryptoJS\.(?:AES|DES|HmacSHA\d+|TripleDES)(?:\.(?:encrypt|decrypt))?$|"
        r"crypto-js\.AES\.(?:en|de)crypt$"
    ), 1),
)  # fmt: skip
_SESSION = re.compile(
    r"(?:^|\.)(?:express-session|express-jwt(?:\.\w+)?|session|koa-session|cookie-session|koa-jwt|fastify-jwt|"
    r"expressjwt|passport-jwt\.Strategy)$"
)
_BEARER = re.compile(r"^(?:Bearer|Basic|Token|token|ApiKey)\s+([A-Za-z0-9+/=._~-]{16,})$")
_MAKES = {"asKey", "from", "createSecretKey", "importKey"}
_SECRET_KEYS = {"secret", "secretOrKey", "secretOrPrivateKey", "jwtSecret", "keys"}


def find(module: ir.Module) -> list[Hit]:
    """Every literal of a program that should not be one."""
    top = Frame(module.top)
    namer = Namer(module, {})
    hits: list[Hit] = []
    for function in [module.top, *module.functions]:
        frame = top if function is module.top else Frame(function, parent=top)
        for statement in function.body:
            for expr in _roots(statement):
                for inner in _inside(expr):
                    hits.extend(_expression(inner, namer, frame, module))
            if isinstance(statement, ir.Assign):
                hits.extend(_assignment(statement))
                _note(statement, frame)
    return hits


def _roots(statement: ir.Stmt) -> list[ir.Expr]:
    if isinstance(statement, ir.Assign | ir.Do | ir.Return):
        return [statement.value]
    if isinstance(statement, ir.Guard):
        return [statement.test]
    return [statement.values] if isinstance(statement, ir.Loop) else []


def _inside(expr: ir.Expr) -> Iterator[ir.Expr]:
    stack = [expr]
    for _ in range(_CAP):
        if not stack:
            return
        current = stack.pop()
        yield current
        stack.extend(ir.parts_of(current))


def _note(statement: ir.Assign, frame: Frame) -> None:
    """Remember what a variable was made of."""
    if isinstance(statement.target, ir.Name):
        frame.values[statement.target.id] = statement.value
    elif isinstance(statement.target, ir.Record):
        for key, part in statement.target.entries:
            if isinstance(part, ir.Name) and isinstance(key, ir.Const) and isinstance(key.value, str):
                frame.values[part.id] = ir.Member(part.line, part.column, part.end_line, statement.value, key.value)


def _assignment(statement: ir.Assign) -> list[Hit]:
    target, value = statement.target, statement.value
    name = target.name if isinstance(target, ir.Member) else target.id if isinstance(target, ir.Name) else ""
    if isinstance(value, ir.Choice):
        # A fallback: process.env.SECRET || "s3cret".
        value = next((option for option in value.options if isinstance(option, ir.Const)), value)
    return _named(name, value) if name else []


def _named(name: str, value: ir.Expr) -> list[Hit]:
    if isinstance(value, ir.Choice):
        value = next((option for option in value.options if isinstance(option, ir.Const)), value)
    text = _text(value)
    if text is None:
        return []
    hit = secrets.assigned(name=name, value=text, line=value.line, column=value.column)
    return [hit] if hit else []


def _text(value: ir.Expr) -> str | None:
    if not isinstance(value, ir.Const):
        return None
    if isinstance(value.value, bytes):
        return value.value.decode("latin-1")
    return value.value if isinstance(value.value, str) else None


def _expression(expr: ir.Expr, namer: Namer, frame: Frame, module: ir.Module) -> list[Hit]:
    if isinstance(expr, ir.Const):
        return [*_header(expr), *_policy(expr)]
    if isinstance(expr, ir.Concat):
        return _policy(expr)
    if isinstance(expr, ir.Choice):
        return _choice(expr)
    if isinstance(expr, ir.Record):
        return _record(expr)
    if isinstance(expr, ir.Call):
        return [*_call(expr, namer, frame), *constructs.find(expr, frame)]
    del module
    return []


def _header(expr: ir.Const) -> list[Hit]:
    """``Bearer <token>`` as a literal."""
    match = _BEARER.match(expr.value) if isinstance(expr.value, str) else None
    if match is None:
        return []
    token = match.group(1)
    if not re.search(r"\d", token) or secrets.is_placeholder(token) or secrets.entropy(token) <= 3:
        return []
    return [Hit(rule="credential.assigned", line=expr.line, column=expr.column,
                detail=f"An authorization header with its token: {secrets.mask(token)}.")]  # fmt: skip


def _policy(expr: ir.Const | ir.Concat) -> list[Hit]:
    """What is too wide in a policy written as JSON in a string."""
    if isinstance(expr, ir.Const):
        text = expr.value if isinstance(expr.value, str) else ""
    else:
        text = "".join(str(part.value) if isinstance(part, ir.Const) else "${}" for part in expr.parts)
    tree = policy_text.read(text, expr.line) if "Action" in text else None
    if tree is None:
        return []
    return [replace(hit, line=min(hit.line, expr.end_line)) for hit in statements.find(tree)
            if hit.rule.startswith("iam.")]  # fmt: skip


def _record(expr: ir.Record) -> list[Hit]:
    hits = []
    beside = [text for _, value in expr.entries if (text := _text(value))]
    for key, value in expr.entries:
        if isinstance(key, ir.Const) and isinstance(key.value, str):
            if not secrets.for_a_local_stand_in(beside, _text(value) or ""):
                hits.extend(_named(key.value, value))
            hits.extend(_managed(key.value, value))
    tree = constructs.to_tree(expr)
    if (
        isinstance(tree, Map)
        and tree.get("Effect", "effect") is not None
        and tree.get("Action", "NotAction") is not None
    ):
        hits.extend(statements.find_here(tree))
    return hits


def _managed(name: str, value: ir.Expr) -> list[Hit]:
    """The wide ones among managed policies that stand by name or ARN under a key that attaches them."""
    if name not in statements.MANAGED_KEYS:
        return []
    named = scalars(constructs.to_tree(value))
    return [hit for hit in map(statements.managed, named) if hit]


def _call(expr: ir.Call, namer: Namer, frame: Frame) -> list[Hit]:
    hits = []
    beside = [text for _, value in expr.kwargs if (text := _text(value))]
    for name, value in expr.kwargs:
        if name != "**" and not secrets.for_a_local_stand_in(beside, _text(value) or ""):
            hits.extend(_named(name, value))
        hits.extend(_managed(name, value))
    dotted = namer.name(expr.func, frame)
    hits.extend(_pair(expr, dotted))
    for pattern, position in _KEYED:
        if pattern.search(dotted) and position < len(expr.args):
            hits.extend(_key_argument(expr, expr.args[position], dotted, frame))
    if _SESSION.search(dotted):
        hits.extend(_session(expr, dotted, frame))
    return hits


_PAIRS = re.compile(r"\.(?:append|set|setHeader|set_header|header|addHeader|add_header|setRequestHeader)$")
_ENVIRON = re.compile(r"(?:^|\.)(?:environ\.(?:get|setdefault)|getenv)$")


def _pair(expr: ir.Call, dotted: str) -> list[Hit]:
    """``form.append("apikey", "...")``, and what ``os.getenv("KEY", "...")`` falls back to."""
    if len(expr.args) != 2:
        return []
    name, value = _text(expr.args[0]), expr.args[1]
    if not name or not isinstance(value, ir.Const):
        return []
    if _ENVIRON.search(dotted):
        return _named(name, value) or _fallback(name, value)
    return _named(name, value) if _PAIRS.search(dotted) else []


def _configured(expr: ir.Expr) -> str:
    """The name of the environment's variable that is read, "" for anything else."""
    if isinstance(expr, ir.Member) and isinstance(expr.base, ir.Member) and expr.base.name in {"env", "environ"}:
        return expr.name
    if isinstance(expr, ir.Call) and expr.args and guards.tail_of(expr.func) in {"get", "getenv"}:
        return _text(expr.args[0]) or ""
    return ""


def _choice(expr: ir.Choice) -> list[Hit]:
    """``process.env.JWT_SECRET || "secret"``."""
    name = _configured(expr.options[0])
    literal = next((option for option in expr.options[1:] if isinstance(option, ir.Const)), None)
    return _fallback(name, literal) if name and literal is not None else []


def _fallback(name: str, value: ir.Expr) -> list[Hit]:
    hit = secrets.fallback(name=name, value=_text(value) or "", line=value.line, column=value.column)
    return [hit] if hit else []


def _key_argument(call: ir.Call, argument: ir.Expr, dotted: str, frame: Frame) -> list[Hit]:
    value = _constant(argument, frame)
    if value is None or not value or secrets.known(value) or secrets.is_reference(value):
        return []
    name = ".".join(dotted.split(".")[-2:])
    return [Hit(rule="credential.argument", line=argument.line or call.line, column=argument.column,
                detail=f"`{name}` gets a literal key: {secrets.mask(value)}.")]  # fmt: skip


def _constant(expr: ir.Expr, frame: Frame) -> str | None:
    """The literal an expression is, through variables of the file and key-making calls."""
    for _ in range(6):
        if isinstance(expr, ir.Name):
            value = frame.value(expr.id)
            if value is None or value is expr:
                return None
            expr = value
        elif isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name == "encode":
            expr = expr.func.base
        elif isinstance(expr, ir.Call) and expr.args and isinstance(expr.func, ir.Member) and expr.func.name in _MAKES:
            expr = expr.args[0]
        else:
            break
    return _text(expr)


def _session(expr: ir.Call, dotted: str, frame: Frame) -> list[Hit]:
    """``session({secret: "..."})``: however short, it signs cookies."""
    hits = []
    for argument in expr.args:
        options = argument
        if isinstance(options, ir.Name):
            options = frame.value(options.id) or options
        for record in _records(options, frame):
            for key, value in record.entries:
                if isinstance(key, ir.Const) and key.value in _SECRET_KEYS:
                    hits.extend(_key_argument(expr, value, dotted, frame))
    return hits


def _records(expr: ir.Expr, frame: Frame) -> list[ir.Record]:
    if isinstance(expr, ir.Record):
        return [expr]
    if isinstance(expr, ir.Call):
        return [arg for arg in expr.args if isinstance(arg, ir.Record)]
    del frame
    return []
