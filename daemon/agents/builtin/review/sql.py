"""SQL put together from input, and what is bound to its placeholders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir, names, sources, stores
from daemon.agents.builtin.review.arguments import argument, entry, harmful, parts, resolved, short
from daemon.agents.builtin.review.sources import WEAK

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame, Piece
    from daemon.agents.builtin.review.sources import Origin


def look(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Look at one call that may run a statement."""
    target: ir.Expr | None = argument(call, 0, *names.SQL_KEYS)
    if target is None:
        return
    options = resolved(target, frame)
    if isinstance(options, ir.Record):
        target = entry(options, *names.SQL_KEYS)
        if target is None:
            return
    elif _after_its_database(call, options, frame):
        call = ir.Call(call.line, call.column, call.end_line, call.func, call.args[1:], call.kwargs)
        flow.uses.keep(call)
        target = call.args[0]
    found = parts(flow, target, frame)
    text = "".join(piece.text if piece.text is not None else " ? " for piece in found)
    tail = name.rsplit(".", maxsplit=1)[-1]
    if tail == "text" and flow.says(_ALCHEMY) and _CLAUSE.search(text):
        # A piece of a statement, handed to ``filter`` or ``order_by``.
        flow.uses.inject("injection.sql", call, harmful(found, "sql"), "SQL given to `text`")
        return
    clause = tail in {"where", "andWhere", "orWhere", "having"}
    if clause or names.SQL_WORDS.search(text[:20_000]):
        if clause and not (flow.says(_BUILDER) and isinstance(target, ir.Concat)):
            return
        harm = harmful(found, "sql")
        flow.uses.inject(
            "injection.sql", call, harm or weak(found, tail), f"the text of the SQL given to `{short(name)}`"
        )
        _parameters(flow, call, text, name, frame)
    elif (tail in names.SQL_RUNS and _is_sql_receiver(name, flow)) or _RAW.search(name):
        whole = [origin for origin in harmful(found, "sql") if origin.kind not in _NO_TEXT]
        if tail.endswith("RawUnsafe"):
            whole = whole or harmful(found, "sql", frozenset({sources.PARAM}))
        flow.uses.inject("injection.sql", call, whole, f"`{short(name)}` as SQL")


def look_at_prepared(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``db.prepare("INSERT ...").run(title, body)``."""
    base = call.func.base if isinstance(call.func, ir.Member) else None
    made = resolved(base, frame) if base is not None else None
    if isinstance(made, ir.Call) and made.args and isinstance(made.func, ir.Member) and made.func.name == "prepare":
        text = "".join(piece.text or " ? " for piece in parts(flow, made.args[0], frame))
        whole = ir.Call(call.line, call.column, call.end_line, call.func, [made.args[0], *call.args], call.kwargs)
        flow.uses.keep(whole)
        _parameters(flow, whole, text, name, frame)


def look_at_extra(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``Person.objects.extra(where=["name = '%s'" % name])``: clauses that Django pastes into its statement."""
    clauses = [resolved(value, frame) for key, value in call.kwargs if key in {"where", "select", "tables", "order_by"}]
    items = [i for c in clauses for i in (c.items if isinstance(c, ir.Listing) else ir.parts_of(c) or [c])]
    found = [origin for item in items for origin in harmful(parts(flow, item, frame), "sql")]
    flow.uses.inject("injection.sql", call, found, "the text of the SQL given to `extra`")


def _after_its_database(call: ir.Call, first: ir.Expr, frame: Frame) -> bool:
    """``execute(db, "update ...", ...values)``."""
    if not isinstance(call.func, ir.Name) or len(call.args) < 2 or isinstance(first, ir.Const | ir.Concat):
        return False
    return isinstance(resolved(call.args[1], frame), ir.Const | ir.Concat)


def look_at_text(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """``order_by(text(column))``: what is made SQL, whoever runs it; told at the end unless its run was."""
    if call.args:
        found = [origin for piece in parts(flow, call.args[0], frame) for origin in harmful([piece], "sql")]
        flow.uses.built_sql(call, found)


def look_at_whole(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``runQuery(req.body.query)``: what the input itself calls a statement is run as one."""
    if _NO_SQL.search(name) or flow.says(_NO_SQL):
        return
    target: ir.Expr | None = argument(call, 0, *names.SQL_KEYS)
    options = resolved(target, frame) if target is not None else None
    if isinstance(options, ir.Record):
        target = entry(options, *names.SQL_KEYS)
    if target is not None:
        whole = [origin for piece in parts(flow, target, frame) for origin in harmful([piece], "sql")]
        named = isinstance(target, ir.Member) and target.name in _SAYS_SQL and _DATABASE.search(name)
        said = whole if named else [o for o in whole if (o.root if o.kind == sources.FIELD else o.part) in _SAYS_SQL]
        flow.uses.inject("injection.sql", call, said, f"`{short(name)}` as SQL")


_DATABASE = re.compile(
    r"(?:conn\w*|pool|db|sql|cursor|database|mysql\w*|pg|knex|sequelize)(?:\(\))?\.\w+$", re.IGNORECASE
)
_RAW = re.compile(
    r"[sS]equelize\.literal$|(?:^|\.)(?:orderBy|groupBy|having|join|from|select|where|orWhere|andWhere)Raw$"
)
"""What pastes its first argument into a statement, whatever it is."""
_NO_TEXT = frozenset({sources.EVENT, sources.REQUEST, sources.CONTEXT})
_SAYS_SQL = {"query", "sql", "statement", "sqlQuery", "sql_query", "rawQuery", "raw_query", "queryText"}
_NO_SQL = re.compile(r"graphql|apollo|urql|elastic|opensearch|dynamo|mongo|algolia", re.IGNORECASE)


def weak(found: list[Piece], tail: str) -> list[Origin]:
    """Values of unknown origin pasted into SQL: wrong whatever they are, unless they only name a table or a clause."""
    if tail == "text":
        return []
    harm = []
    before = text = ""
    for piece in found:
        if piece.text is not None:
            before = piece.text
            text += piece.text
            continue
        listed = bool(before.rstrip(" ").endswith(("(", ","))) and not _LISTS.search(text)
        if listed or _joined(piece.expr):
            before = "" if before else before
            continue
        if re.search(r"(?:=|like|in\s*\(|,|\(|>|<|values|between|and)\s*['\"%]*$", before.rstrip(" "), re.IGNORECASE):
            harm.extend(sources.of_kinds(piece.facts, WEAK, "sql"))
        before = "" if before else before
    return harm


_ALCHEMY = re.compile(r"sqlalchemy")
_CLAUSE = re.compile(r"\b(?:like|ilike|in|between|is|and|or)\b|[=<>]", re.IGNORECASE)
_BUILDER = re.compile(r"createQueryBuilder|create_query_builder")
_BOUND = ("values", "params", "parameters", "replacements", "bind", "inserts", "args")
"""Where a request that names its statement keeps what is bound to it."""
_HOLES = re.compile(r"%s|\?|\$\d+|%\(\w+\)s|:\w+")
_LISTS = re.compile(r"\b(?:values|in)\s*\(", re.IGNORECASE)


def _joined(expr: ir.Expr | None) -> bool:
    """``", ".join(names)``: names of columns or placeholders, more often than values."""
    return isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name == "join"


_A_DATABASE = re.compile(r"db|database|pool|conn|sql|query|client|pg|postgres|store|repo|dao", re.IGNORECASE)


def _is_sql_receiver(name: str, flow: Flow) -> bool:
    base = name.rsplit(".", maxsplit=2)[-2] if name.startswith((".", "@/", "~/", "src/")) else ""
    if base[:1].isupper() and not _A_DATABASE.search(base):
        return False  # ``RegisterUser.execute(body)``, a use case of a neighbouring file.
    if re.search(r"dynamo|DocumentClient|graphql|apollo|urql|mongo", name, re.IGNORECASE):
        return False
    return flow.says(names.SQL_LIBRARIES)


def _parameters(flow: Flow, call: ir.Call, text: str, name: str, frame: Frame) -> None:
    """Values bound to placeholders do no harm to the statement, but what is written was still not looked at."""
    if not re.search(r"\b(?:insert|update|replace|merge|delete)\b", text, re.IGNORECASE):
        return
    rest = [arg for arg in call.args[1:] if not isinstance(arg, ir.Lambda)]
    rest += [value for key, value in call.kwargs if key not in names.SQL_KEYS]
    options = resolved(call.args[0], frame) if call.args else None
    bound = entry(options, *_BOUND) if isinstance(options, ir.Record) else None
    rest += [bound] if bound is not None else []
    if len(rest) == 1 and re.match(r"\s*(?:update|delete)\b", text, re.IGNORECASE):
        # What stands behind WHERE only finds the row.
        kept = len(_HOLES.findall(re.split(r"\bwhere\b", text, flags=re.IGNORECASE)[0]))
        rest = list(rest[0].items[:kept]) if isinstance(rest[0], ir.Listing) else rest[:kept]
    facts = frozenset().union(*(flow.facts(arg, frame) for arg in rest))
    stores.store(flow, call, facts, f"`{short(name)}`")
