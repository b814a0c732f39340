"""Queries of DynamoDB and MongoDB whose form the input decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sources
from daemon.agents.builtin.review.arguments import entry, fields, resolved
from daemon.agents.builtin.review.frames import ANY_KEY, pieces
from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.names import DOCUMENT_CLIENT, GRAPHS, MODEL
from daemon.agents.builtin.review.sources import TAINTED, Facts
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

_EXPRESSIONS = (
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ConditionExpression",
    "ProjectionExpression",
    "Filter",
    "Statement",
    "Expression",
)
_MONGO = re.compile(r"mongo", re.IGNORECASE)
_MODEL_METHODS = words(
    """
    findOne findOneAndUpdate findOneAndDelete findOneAndReplace findByIdAndUpdate findById updateOne updateMany
    deleteOne deleteMany countDocuments insertMany count exists replaceOne findOneAndRemove
    paginate
    """
)
"""What mongoose calls its own, whatever folder the model is kept in."""


_SEARCHES = {"search", "msearch", "count", "delete_by_query", "deleteByQuery"}
_SEARCHED = re.compile(r"opensearch|elastic_?search", re.IGNORECASE)


def _search(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """An index that the caller chooses, or a query of Elasticsearch's that is the caller's own."""
    options = resolved(call.args[0], frame) if call.args else None
    named = (
        {key.value: value for key, value in options.entries if isinstance(key, ir.Const)}
        if isinstance(options, ir.Record)
        else {}
    )
    named |= dict(call.kwargs)
    index = named.get("index") or (call.args[0] if call.args and not named else None)
    if index is not None:
        chosen = [o for o in sources.of_kinds(flow.facts(index, frame), sources.GIVEN, "nosql") if o.part in _INDEX]
        flow.uses.inject("injection.nosql", call, chosen, "the index that is searched")
    body = named.get("body") or named.get("query")
    if body is not None and isinstance(resolved(body, frame), ir.Member | ir.Name | ir.Call):
        whole = [o for o in sources.of_kinds(flow.facts(body, frame), _WHOLE, "nosql") if not o.part]
        flow.uses.inject("injection.nosql", call, whole, "a search as its whole query", level=Level.WARNING)


_INDEX = {"index", "indexName", "index_name", "indices"}


def look(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    """Look at one call that may ask a database without SQL."""
    if tail in _DYNAMO and not (flow.module.language == "python" and tail in {"get", "put", "update", "delete"}):
        _dynamo(flow, call, name, frame)
    first = call.args[0] if call.args else None
    if tail == "call" and len(call.args) == 2 and isinstance(first, ir.Const) and first.value in _DYNAMO:
        # ``dynamoDb.call("put", params)``, as a well-known template wraps the client.
        made = ir.Call(call.line, call.column, call.end_line, call.func, call.args[1:])
        flow.uses.keep(made)
        _dynamo(flow, made, name, frame)
    if tail in _BY_OPTIONS and call.args:
        chosen = [o for o in sources.of_kinds(flow.facts(call.args[0], frame), _WHOLE, "nosql") if not o.part]
        if isinstance(resolved(call.args[0], frame), ir.Member | ir.Name):
            flow.uses.inject("injection.nosql", call, chosen, f"`{tail}` as all of its options")
    if tail in _SEARCHES and flow.says(_SEARCHED):
        _search(flow, call, frame)
    _look_at_objects(flow, call, name, frame)
    if GRAPHS.search(name) and call.args:
        _graph(flow, call, frame)
    model = _is_model(call, name, tail) or (tail in _MONGO_FINDS and _asks_by_code(call, frame))
    if (tail in _MONGO_FINDS and (model or flow.says(_MONGO) or MODEL.search(name))) or (
        model and tail in {"count", "exists", "paginate"}
    ):
        _mongo(flow, call, name, frame)


_BY_OPTIONS = {"findAll", "findAndCountAll"}
"""What Sequelize is asked with: conditions, columns, joined tables, and more."""
_WHOLE = frozenset({sources.BODY, sources.QUERY})
_CYPHER = re.compile(r"\b(?:MATCH|MERGE|CREATE)\s*\(|\bUNWIND\b[\s\S]*\bAS\b")


def _graph(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``session.run(`MATCH (n {name: '${name}'}) RETURN n`)``: a statement of Cypher put together as text."""
    found = pieces(call.args[0], frame, lambda part: flow.facts(part, frame))
    if any(piece.text is not None and _CYPHER.search(piece.text) for piece in found):
        harm = [origin for piece in found for origin in sources.of_kinds(piece.facts, TAINTED, "nosql")]
        flow.uses.inject("injection.nosql", call, harm, "the text of a Cypher statement")


_MONGOENGINE = re.compile(r"mongoengine")


def _look_at_objects(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``User.objects.get(name=body.get("name"))`` of MongoEngine, where a value may be an object of operators."""
    if _OBJECTS.search(name) and flow.says(_MONGOENGINE):
        for key, value in call.kwargs:
            if key != "**" and not _made_text(resolved(value, frame)):
                _loose(flow, call, flow.facts(value, frame), f"the filter `{key}` of `objects`")


_OBJECTS = re.compile(r"\.objects(?:\.(?:get|filter|first))?$")


def _is_model(call: ir.Call, name: str, tail: str) -> bool:
    """``User.findOne(...)`` where ``User`` is what a neighbouring file exports, or comes from where nobody can see; a
    collection by its name.
    """
    base = call.func.base if isinstance(call.func, ir.Member) else None
    asks = tail in _MODEL_METHODS or (tail == "find" and bool(call.args) and isinstance(call.args[0], ir.Record))
    if not isinstance(base, ir.Name) or not asks:
        return False
    if base.id.lower().endswith("collection"):
        return True
    if not base.id[:1].isupper():
        return False
    return name.startswith((".", "@/", "~/", "src/")) or name == f"{base.id}.{tail}"


def _asks_by_code(call: ir.Call, frame: Frame) -> bool:
    """Whether a filter has a ``$where``, written with it or later: that is MongoDB's, whatever the receiver is."""
    first = call.args[0] if call.args else None
    made = resolved(first, frame) if first is not None else None
    keys = [key.value for key, _ in made.entries if isinstance(key, ir.Const)] if isinstance(made, ir.Record) else []
    return "$where" in keys or (isinstance(first, ir.Name) and f"{first.id}.$where" in frame.facts)


_MONGO_FINDS = words(
    """
    find findOne find_one updateOne update_one deleteOne delete_one deleteMany delete_many findOneAndUpdate
    findOneAndDelete countDocuments count_documents updateMany update_many aggregate findOneAndReplace
    findOneAndRemove replaceOne replace_one
    """
)
_DYNAMO = words(
    """
    query scan get_item put_item update_item delete_item get put update delete getItem putItem updateItem
    deleteItem transactWrite QueryCommand ScanCommand GetCommand PutCommand UpdateCommand DeleteCommand
    GetItemCommand PutItemCommand UpdateItemCommand paginate DeleteItemCommand execute_statement
    executeStatement ExecuteStatementCommand select_object_content
    selectObjectContent SelectObjectContentCommand list_users listUsers ListUsersCommand
    """
)
_TEXTS = words(
    "str String toString RegExp toLowerCase toUpperCase trim trimStart trimEnd slice substring replace lower upper "
    "strip"
)
"""What gives text or fails: an object with operators in it does not come out."""


_TYPED = re.compile(r"mail|user|login|name|pass|phone|token|search|query|text", re.IGNORECASE)
"""Fields of a direct event that a person filled in; the rest comes from another part of the system, as a rule."""


_REQUESTS = {"params", "request", "query", "input", "options", "args", "command", "payload", "dynamo"}
"""Parts of an input that are a request themselves."""


def _dynamo(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A DynamoDB request whose expression or table the input decides, or that is the input itself."""
    for arg in call.args[:1]:
        whole = resolved(arg, frame)
        if (name.endswith("Command") or DOCUMENT_CLIENT.search(name)) and isinstance(
            whole, ir.Member | ir.Name | ir.Index | ir.Call
        ):
            harm = sources.of_kinds(
                flow.facts(arg, frame), frozenset({sources.BODY, sources.QUERY, sources.FIELD}), "nosql"
            )
            harm = [o for o in harm if not o.part or o.part in _REQUESTS]
            if not (isinstance(whole, ir.Call) and _named_parts(whole)):
                flow.uses.inject("injection.nosql", call, harm, "a DynamoDB request as the request itself")
    _added_later(flow, call, frame)
    for key, value, owner in fields(call, frame):
        later = frame.facts.get(f"{owner}.{key}", frozenset()) if owner else frozenset()
        if key in _EXPRESSIONS:
            found = pieces(value, frame, lambda e: flow.facts(e, frame))
            harm = [
                o
                for piece in found
                if piece.text is None and _textual(piece.expr)
                for o in sources.of_kinds(piece.facts, TAINTED, "nosql")
            ]
            harm += sources.of_kinds(later, TAINTED, "nosql")
            rule = "injection.sql" if key in {"Statement", "Expression"} else "injection.nosql"
            flow.uses.inject(rule, value if value.line else call, harm, f"the text of `{key}`")
        elif key in {"TableName", "ScanFilter", "QueryFilter", "KeyConditions"}:
            harm = sources.of_kinds(
                _keys_only(flow, value, frame) if key != "TableName" else flow.facts(value, frame), TAINTED, "nosql"
            )
            outside = any(o.kind not in {sources.FIELD, sources.RECORD, sources.EVENT} for o in harm)
            flow.uses.inject(
                "injection.nosql", call, harm, f"`{key}` of a DynamoDB request", level=None if outside else Level.NOTE
            )


def _added_later(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``request["Filter"] = f"..."``, written into the request after it was made."""
    for arg in [*call.args[:1], *(value for key, value in call.kwargs if key == "**")]:
        owner = arg.id if isinstance(arg, ir.Name) else ""
        given = {key for key, _, _ in fields(call, frame)}
        for key in _EXPRESSIONS if owner else ():
            later = frame.facts.get(f"{owner}.{key}", frozenset())
            if key not in given and later:
                harm = sources.of_kinds(later, TAINTED, "nosql")
                flow.uses.inject("injection.nosql", call, harm, f"the text of `{key}`")


def _named_parts(call: ir.Call) -> bool:
    """Whether a call that makes a request names its parts (``build(id)``), unlike ``Object.assign({}, body)``."""
    return not (isinstance(call.func, ir.Member) and call.func.name in {"assign", "parse", "merge", "loads"})


def _keys_only(flow: Flow, value: ir.Expr, frame: Frame) -> Facts:
    record = resolved(value, frame)
    if not isinstance(record, ir.Record):
        return flow.facts(value, frame)
    return frozenset().union(*(flow.facts(key, frame) for key, _ in record.entries if key is not None))


def _textual(expr: ir.Expr | None) -> bool:
    """Whether a part is text pasted in; a condition built by ``Key("a").eq(x)`` is not."""
    return not (isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name in {
        "eq", "lt", "lte", "gt", "gte", "between", "begins_with", "contains", "is_in", "ne", "build"})  # fmt: skip


def _made_text(expr: ir.Expr) -> bool:
    """``String(x)``: whatever it was, an operator it is no more."""
    return isinstance(expr, ir.Call) and guards.tail_of(expr.func) in _TEXTS


def _pasted(value: ir.Expr, frame: Frame) -> list[ir.Expr]:
    """What is pasted as it came into a whole pattern: ``{ mail: new RegExp(`^${mail}$`) }`` lets ``.*`` be anybody."""
    made = resolved(value, frame)
    if isinstance(made, ir.Record):
        made = next((v for k, v in made.entries if isinstance(k, ir.Const) and k.value == "$regex"), made)
    if not isinstance(made, ir.Call) or guards.tail_of(made.func) != "RegExp" or not made.args:
        return []
    text = resolved(made.args[0], frame)
    parts = text.parts if isinstance(text, ir.Concat) else []
    ends = [part.value for part in (*parts[:1], *parts[-1:]) if isinstance(part, ir.Const)]
    if len(ends) != 2 or not str(ends[0]).startswith("^") or not str(ends[1]).endswith("$"):
        return []
    return [part for part in parts if isinstance(resolved(part, frame), ir.Name | ir.Member | ir.Index)]


def _mongo(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A MongoDB filter that is the input itself, or holds values that may be operators."""
    if not call.args:
        return
    first = resolved(call.args[0], frame)
    what = f"the filter of `{name.rsplit('.', maxsplit=1)[-1]}`"
    keyed = frame.added.get(call.args[0].id, {}).get(ANY_KEY) if isinstance(call.args[0], ir.Name) else None
    if keyed:
        flow.uses.inject("injection.nosql", call, sources.of_kinds(keyed, TAINTED, "nosql"), what)
        return
    if not isinstance(first, ir.Record):
        kinds = frozenset({sources.BODY, sources.QUERY, sources.REQUEST, sources.FIELD, sources.EVENT})
        if not isinstance(first, ir.Concat):
            flow.uses.inject("injection.nosql", call, sources.of_kinds(flow.facts(first, frame), kinds, "nosql"), what)
        return
    for key, value in first.entries:
        pasted = _pasted(value, frame)
        if isinstance(key, ir.Const) and key.value == "$where":
            flow.uses.inject(
                "injection.nosql", call, sources.of_kinds(flow.facts(value, frame), TAINTED, "nosql"), "`$where`"
            )
        elif pasted:
            facts = frozenset[sources.Origin]().union(*(flow.facts(part, frame) for part in pasted))
            harm = sources.of_kinds(facts, frozenset({sources.BODY, sources.QUERY, sources.FIELD}), "nosql")
            how = "a pattern that stands for an equality, unescaped"
            flow.uses.inject("injection.nosql", call, harm, how, level=Level.WARNING)
        elif isinstance(value, ir.Record) and (pattern := entry(value, "$regex")) is not None:
            found = sources.of_kinds(flow.facts(pattern, frame), TAINTED, "regex")
            flow.uses.inject("injection.regex", call, found, "`$regex` of a filter as the pattern")
        elif not isinstance(value, ir.Concat | ir.Record) and not _made_text(resolved(value, frame)):
            _loose(flow, call, flow.facts(value, frame), what)
    if isinstance(call.args[0], ir.Name):
        _written_later(flow, call, f"{call.args[0].id}.", what, frame)


def _written_later(flow: Flow, call: ir.Call, owner: str, what: str, frame: Frame) -> None:
    """``query["email"] = body.email``, written into the filter after it was made."""
    for key, facts in list(frame.facts.items()):
        if key == f"{owner}$where":
            flow.uses.inject("injection.nosql", call, sources.of_kinds(facts, TAINTED, "nosql"), "`$where`")
        elif key.startswith(owner) and "." not in key[len(owner) :]:
            _loose(flow, call, facts, what)


_AS_OBJECTS = re.compile(r"express|\breq\.query\b")
"""Where a query is read as Express reads it: ``?name[$ne]=x`` is an object."""


def _loose(flow: Flow, call: ir.Call, facts: Facts, what: str) -> None:
    """A value in a filter that may be an object of operators."""
    loose = sources.of_kinds(facts, frozenset({sources.BODY, sources.FIELD}), "nosql")
    if flow.says(_AS_OBJECTS):
        loose += sources.of_kinds(facts, frozenset({sources.QUERY}), "nosql")
    loose = [o for o in loose if not flow.entry.knows(o)]
    typed = any(o.kind != sources.FIELD or _TYPED.search(o.root) for o in loose)
    flow.uses.inject("injection.nosql", call, loose, what, level=Level.WARNING if typed else Level.NOTE)
