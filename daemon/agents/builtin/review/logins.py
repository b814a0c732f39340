"""Literals by which a program lets somebody in, or is let in: compared, logged in with, listed. Pure."""

from __future__ import annotations

import re

from daemon.agents.builtin.review import guards, ir
from daemon.agents.builtin.review.key_arguments import text_of
from daemon.agents.builtin.review.model import Hit
from daemon.agents.builtin.review.provider_keys import known
from daemon.agents.builtin.review.secret_names import is_authorization, is_secret_name, snake
from daemon.agents.builtin.review.secret_values import is_drawn, is_filling, is_placeholder, is_secret_value, mask

_WORD_OF_A_TEST = re.compile(
    r"^(?:string|str|object|number|function|undefined|default|required|missing|invalid|valid|wrong|weak|strong|empty|"
    r"true|false|yes|hidden|text|password|passwd|pass|token|secret|ok|error|expired|changed|same)$",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"^(?:bearer|basic|digest|negotiate|token|api_?key|allow|allowed|deny|denied|unauthorized|unauthorised|authorized|"
    r"anonymous|undefined|invalid|test\w*) ?$",
    re.IGNORECASE,
)
_READS = {"get", "getenv", "header", "getHeader", "get_header"}
_SPELLED = {"upper", "lower", "strip", "trim", "toUpperCase", "toLowerCase", "toString", "decode"}
_ENCODES = {"b64encode", "btoa", "from", "Buffer"}
_COMPARES = {"compare_digest", "timingSafeEqual", "safe_str_cmp"}
"""Calls that compare two texts, or their bytes, in a time that does not depend on them."""
_PAIR = re.compile(r"^[^\s:/{}$%]{1,80}:(?P<password>[^\s:/{}$%]{4,120})$")
_PAIR_NAMES = {"auth", "http_auth", "basic_auth", "basicauth", "httpauth", "proxy_auth"}
_LISTED = re.compile(
    r"(?:^|_)(?:(?:api|access|valid|auth|secret|license|allowed)_?keys|tokens|secrets|secret_values|passwords|credentials|passcodes)$"
)
_PEOPLE = re.compile(r"(?:^|_)(?:users|accounts|logins|credentials|passwords|user_?(?:db|data|base))$")
_REFUSED = re.compile(r"weak|common|bad|forbid|deny|denied|black|banned|invalid|wrong|expected|sample|mock|fake|dummy")
"""Lists of what nobody may use, or nobody does."""
_TAKES_A_SECRET = re.compile(r"^(?:set|with|use)_?(?P<name>[A-Za-z_]{3,40})$")
_HASHES = re.compile(
    r"^(?:\w*[hH]ash(?:er|Sync|pw|_password|Password)?|encrypt\w*|bcrypt|md5|sha\d+|generate_password_hash)$"
)
_HASHES_PASSWORDS = re.compile(r"^(?:hashpw|hashSync|generate_password_hash|make_password|hash_password|hashPassword)$")
_LOGS_IN = {"login", "authenticate", "signIn", "sign_in", "auth", "set_auth", "setAuth"}
_CLIENT = re.compile(
    r"(?:api|client|auth|sdk|bot|token|credentials?|secret|key|init|login|handler|configure|oauth\d?|setapikey|"
    r"set_access_token)$",
    re.IGNORECASE,
)
_LONG = 20
"""Characters from which a literal drawn by lot is taken for a key when a client is made with it."""


def compared(expr: ir.Verdict) -> list[Hit]:
    """``if (password === "Winter2019!")``: what is asked for stands in the source."""
    if expr.op != "==" or len(expr.parts) != 2:
        return []
    return _between(*expr.parts)


def _between(left: ir.Expr, right: ir.Expr) -> list[Hit]:
    asked, literal = (right, left) if isinstance(left, ir.Const) else (left, right)
    value, name = text_of(literal), _asked(asked)
    if not value or not name or known(value):
        return []
    if is_authorization(name):
        told = len(value) >= 6 and not is_placeholder(value) and not _SCHEME.match(value)
    elif re.search(r"pass|pwd", snake(name)):
        told = is_secret_name(name) and not is_filling(value) and len(value) >= 4 and not _WORD_OF_A_TEST.match(value)
    else:
        told = (
            is_secret_name(name)
            and is_secret_value(value, name)
            and (_as_people_choose(value) or is_drawn(value))
            and len(set(value)) > 4
        )
    if not told:
        return []
    return [_hit(literal, f"`{name}` is compared with a literal secret: {mask(value)}.")]


def handed(expr: ir.Call, dotted: str) -> list[Hit]:
    """``client.login("me", "hunter2!")``, ``btoa("me:hunter2!")``, ``sg.setApiKey("...")``, a client and its key."""
    tail = guards.tail_of(expr.func) or dotted.rpartition(".")[2]
    if tail in _COMPARES and len(expr.args) == 2:
        return _between(*map(_unwrapped, expr.args))
    texts = [_text(arg) for arg in expr.args]
    if tail in _ENCODES and texts and texts[0]:
        pair = _PAIR.match(texts[0])
        if pair and is_secret_value(pair["password"], "password"):
            return [_hit(expr.args[0], f"A name and a password, encoded: {mask(pair['password'])}.")]
    if tail in _LOGS_IN and len(texts) == 2 and texts[1] and is_secret_value(texts[1], "password"):
        return [_hit(expr.args[1], f"`{tail}` gets a literal password: {mask(texts[1])}.")]
    if _HASHES_PASSWORDS.match(tail) and texts and texts[0] and not is_filling(texts[0]) and len(texts[0]) > 3:
        return [_hit(expr.args[0], f"`{tail}` gets a literal password: {mask(texts[0])}.")]
    taken = _TAKES_A_SECRET.match(tail)
    if taken and texts and texts[-1] and is_secret_name(taken["name"]) and is_secret_value(texts[-1], taken["name"]):
        return [_hit(expr.args[-1], f"`{tail}` gets a literal secret: {mask(texts[-1])}.")]
    return _beside_a_mailbox(tail, expr, texts) or _client_key(tail, expr, texts)


def _client_key(tail: str, expr: ir.Call, texts: list[str | None]) -> list[Hit]:
    for argument, text in zip(expr.args, texts, strict=True) if _CLIENT.search(tail) else ():
        if text and len(text) >= _LONG and is_drawn(text) and not is_placeholder(text) and not known(text):
            return [_hit(argument, f"`{tail}` gets a literal key: {mask(text)}.")]
    return []


def _beside_a_mailbox(tail: str, expr: ir.Call, texts: list[str | None]) -> list[Hit]:
    """``open_transport(HOST, PORT, "me@example.com", "...")``."""
    for name, argument, text in zip(texts, expr.args[1:], texts[1:], strict=False) if _OPENS.search(tail) else ():
        if name and text and _MAILBOX.match(name) and _is_drawn_by_hand(text):
            return [_hit(argument, f"`{tail}` gets a literal password: {mask(text)}.")]
    return []


_OPENS = re.compile(r"transport|smtp|imap|pop3|mail(?:er|box)|login|connect|auth|session|client", re.IGNORECASE)
"""Functions that open an account, as far as their names tell."""
_MAILBOX = re.compile(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
"""A whole address, which somebody logs in as."""


def _is_drawn_by_hand(text: str) -> bool:
    """Whether a literal beside somebody's address looks like a password: letters, digits or signs, and no words."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    mixed = sum(any(map(kind, text)) for kind in kinds)
    return len(text) >= 8 and " " not in text and mixed >= 3 and is_secret_value(text, "password")


def hashed(name: str, value: ir.Expr) -> ir.Expr:
    """``password: hash("...")``: the literal that is hashed, for any other value itself."""
    if not isinstance(value, ir.Call) or not value.args or not re.search(r"pass|pwd", snake(name)):
        return value
    known_as = guards.tail_of(value.func)
    return value.args[0] if _HASHES.match(known_as) and isinstance(value.args[0], ir.Const) else value


def listed(name: str, value: ir.Expr) -> list[Hit]:
    """``API_KEYS = ["..."]``, ``USERS = {"ann": "hunter2!"}``, ``auth=("me", "hunter2!")``: told once for each list."""
    bare = snake(name)
    if _REFUSED.search(bare):
        return []
    if isinstance(value, ir.Listing):
        if bare in _PAIR_NAMES and len(value.items) == 2:
            text = text_of(value.items[1])
            found = text is not None and text_of(value.items[0]) is not None and is_secret_value(text, "password")
            return [_hit(value.items[1], f"`{name}` is given a literal password: {mask(text or '')}.")] if found else []
        return _first(name, value.items, "key") if _LISTED.search(bare) else []
    if isinstance(value, ir.Record):
        if _PEOPLE.search(bare):
            return _first(name, [part for key, part in value.entries if key is not None], "password")
        if _LISTED.search(bare):
            return _first(name, [key for key, _ in value.entries if key is not None], "key")
    return []


def _first(name: str, items: list[ir.Expr], kind: str) -> list[Hit]:
    for item in items:
        text = text_of(item)
        if not text or known(text):
            continue
        if is_drawn(text) or (is_secret_value(text, kind) and _as_people_choose(text)):
            return [_hit(item, f"`{name}` lists a literal {kind}: {mask(text)}.")]
    return []


def _as_people_choose(text: str) -> bool:
    """Letters and digits together, no address, name of a thing or sentence."""
    return (
        bool(re.fullmatch(r"[A-Za-z0-9!#$%^&*?+~]{6,60}", text))
        and any(map(str.isdigit, text))
        and any(map(str.isalpha, text))
    )


def _text(expr: ir.Expr) -> str | None:
    """The text an argument is, put together from literals or not."""
    expr = guards.before_encoding(expr)
    if not isinstance(expr, ir.Concat):
        return text_of(expr)
    parts = [text_of(part) for part in expr.parts]
    return "".join(map(str, parts)) if all(part is not None for part in parts) else None


def _unwrapped(expr: ir.Expr) -> ir.Expr:
    """The text whose bytes are taken: the ``password`` of ``password.encode()`` and of ``Buffer.from(password)``."""
    if isinstance(expr, ir.Call) and expr.args and guards.tail_of(expr.func) in {"from", "Buffer"}:
        return expr.args[0]
    return guards.before_encoding(expr)


def _asked(expr: ir.Expr) -> str:
    """The name of what is compared, "" when it has none."""
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Member):
        return expr.name
    if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in _READS and expr.args:
        return text_of(expr.args[0]) or ""
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name in _SPELLED and not expr.args:
        return _asked(expr.func.base)
    if isinstance(expr, ir.Choice) and expr.options:
        return _asked(expr.options[0])
    return ""


def _hit(at: ir.Expr, detail: str) -> Hit:
    return Hit(rule="credential.assigned", line=at.line, column=at.column, end_line=at.line, detail=detail)
