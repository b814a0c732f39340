"""Literals handed to a library as its key: the ones it signs, encrypts or logs in with. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.arguments import argument
from daemon.agents.builtin.review.model import Hit
from daemon.agents.builtin.review.provider_keys import known
from daemon.agents.builtin.review.secret_values import is_reference, mask

if TYPE_CHECKING:
    from daemon.agents.builtin.review.frames import Frame

_FOR_A_STACK = re.compile(r"(?:^|\.)SecretValue\.(?:unsafe_?)?plain_?text$", re.IGNORECASE)
_NO_SECRET = re.compile(r"(?:name|user|host|port|region|engine|database|url|endpoint)$", re.IGNORECASE)
_NAME_OF_ONE = re.compile(r"^[A-Z]+(?:_[A-Z]+)+$")
"""``TWILIO_AUTH_TOKEN`` as a value: the name of what belongs there."""
_TO_BE_FILLED_IN = re.compile(
    r"^(?:(?:my|db|the|user)?[-_ ]?pass(?:word|wd)?|<.*>|\(.*\)|\[.*\]|your[-_ ].*|[x*.]{3,})$", re.IGNORECASE
)
_KEYED = (
    (re.compile(
        r"(?:^|\.)(?:jwt|jsonwebtoken|jose|jsonwt|JWT|PyJWT|njwt|"
        r"jwt-simple)(?:\.default)?\.(?:\w+\.)*(?:sign|verify|encode|decode|create)$"
    ), 1),
    (_FOR_A_STACK, 0),
    (re.compile(r"^twilio(?:\.\w+)*$"), 1),
    (re.compile(r"(?:^|\.)createHmac$"), 1),
    (re.compile(r"(?:^|\.)(?:TOTP|HOTP)$"), 0),
    (re.compile(r"(?:^|\.)create(?:C|Dec)ipher(?:iv)?$"), 1),
    (re.compile(r"^hmac\.new$"), 0),
    (re.compile(r"(?:^|\.)Fernet$"), 0),
    (re.compile(r"(?:^|\.)(?:HTTPBasicAuth|BasicAuth|HTTPDigestAuth)$"), 1),
    (re.compile(r"(?:^|\.)(?:pymysql|MySQLdb|mysql\.connector|psycopg2)\.connect$"), 2),
    (re.compile(r"\.simple_bind(?:_s)?$"), 1),
    (re.compile(r"^ftplib\.FTP(?:_TLS)?$"), 2),
    (re.compile(r"SSHClient\(\)\.connect$"), 3),
    (re.compile(r"(?:^|\.)(?:cx_Oracle|oracledb)\.connect$"), 1),
    (re.compile(r"(?:^|\.)(?:OAuthHandler|OAuth1UserHandler|set_access_token|OAuth1)$"), 1),
    (re.compile(r"(?:^|\.)(?:LineBotApi|WebhookHandler)$"), 0),
    (re.compile(r"(?:^|\.)[sS]equelize$"), 2),
    (re.compile(r"smtplib\.\S+\.login$"), 1),
    (re.compile(r"(?:^|\.)(?:cookieParser|cookie-parser|cookieSession)$"), 0),
    (re.compile(r"(?:^|\.)(?:createSecretKey|asKey|importKey)$"), 0),
    (re.compile(r"(?:^|\.)AES\.(?:new|encrypt|decrypt)$"), 0),
    (re.compile(
        r"(?:^|\.)CryptoJS\.(?:AES|DES|HmacSHA\d+|TripleDES)(?:\.(?:encrypt|decrypt))?$|"
        r"crypto-js\.(?:AES|DES|TripleDES|RC4|Rabbit)\.(?:en|de)crypt$|crypto-js\.Hmac\w+$"
    ), 1),
)  # fmt: skip
_SESSION = re.compile(
    r"(?:^|\.)(?:express-session|express-jwt(?:\.\w+)?|session|koa-session|cookie-session|koa-jwt|fastify-jwt|"
    r"expressjwt|passport(?:-[\w-]+)?(?:\.\w*Strategy|/lib\S*)?)$"
)
_PLUGIN = re.compile(r"cookie|session|jwt|csrf|oauth", re.IGNORECASE)
_MAKES = {"asKey", "Buffer", "from", "createSecretKey", "importKey"}
_SECRET_KEYS = {"secret", "secretOrKey", "secretOrPrivateKey", "jwtSecret", "keys", "clientSecret", "consumerSecret"}


def find(expr: ir.Call, dotted: str, frame: Frame) -> list[Hit]:
    """The literal keys of one call; ``dotted`` is what it calls."""
    hits: list[Hit] = []
    if _FOR_A_STACK.search(dotted) and expr.args and _says_no_secret(expr.args[0]):
        return hits
    for pattern, position in _KEYED:
        given = pattern.search(dotted) and argument(expr, position, "key", "secret")
        if given:
            hits.extend(_key_argument(expr, given, dotted, frame))
    if _SESSION.search(dotted) or _registers(expr, frame):
        hits.extend(_session(expr, dotted, frame))
    return hits


def _registers(expr: ir.Call, frame: Frame) -> bool:
    """``app.register(cookie, { secret })``: a plugin by its name, or by the module it was imported from."""
    if guards.tail_of(expr.func) != "register" or len(expr.args) != 2:
        return False
    plugin = expr.args[0]
    name = guards.tail_of(plugin) or (guards.tail_of(plugin.func) if isinstance(plugin, ir.Call) else "")
    return bool(_PLUGIN.search(name))


def text_of(value: ir.Expr) -> str | None:
    """The text a literal is, ``None`` for anything else."""
    if not isinstance(value, ir.Const):
        return None
    if isinstance(value.value, bytes):
        return value.value.decode("latin-1")
    return value.value if isinstance(value.value, str) else None


def _says_no_secret(argument: ir.Expr) -> bool:
    """A stack takes a secret's plain parts the same way: ``unsafePlainText(dbName)``."""
    return bool(_NO_SECRET.search(guards.tail_of(argument)))


def _key_argument(call: ir.Call, argument: ir.Expr, dotted: str, frame: Frame) -> list[Hit]:
    value = _constant(argument, frame)
    if value is None or not value or known(value) or is_reference(value) or _NAME_OF_ONE.match(value):
        return []
    if _TO_BE_FILLED_IN.match(value) or _FOR_EVERYBODY.match(value) or value in _FORMATS:
        return []
    name = ".".join(dotted.split(".")[-2:])
    return [Hit(rule="credential.argument", line=argument.line or call.line, column=argument.column,
                detail=f"`{name}` gets a literal key: {mask(value)}.")]  # fmt: skip


_FORMATS = {"raw", "spki", "pkcs8", "jwk"}
"""What ``crypto.subtle.importKey`` takes before the key."""
_FOR_EVERYBODY = re.compile(r"\s*-----BEGIN (?:CERTIFICATE|(?:RSA )?PUBLIC KEY)-----")
"""Keys that only verify: nobody has to keep them."""


def _constant(expr: ir.Expr, frame: Frame) -> str | None:
    """The literal an expression is, through variables of the file and key-making calls."""
    for _ in range(6):
        if (text := guards.before_encoding(expr)) is not expr:
            expr = text
        elif isinstance(expr, ir.Name):
            value = frame.value(expr.id)
            if value is None or value is expr:
                return None
            expr = value
        elif isinstance(expr, ir.Call) and expr.args and guards.tail_of(expr.func) in _MAKES:
            expr = expr.args[0]
        else:
            break
    return text_of(expr)


def _session(expr: ir.Call, dotted: str, frame: Frame) -> list[Hit]:
    """``session({secret: "..."})``: however short, it signs cookies."""
    hits = []
    for given in expr.args:
        options = (frame.value(given.id) or given) if isinstance(given, ir.Name) else given
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
