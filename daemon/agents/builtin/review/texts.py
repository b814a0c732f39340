"""Text put together from input: SQL that something else will run, and HTML that a browser will."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import addresses, guards, ir, sources, sql
from daemon.agents.builtin.review.arguments import argument, resolved
from daemon.agents.builtin.review.frames import Piece, pieces

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

_STATEMENT = re.compile(
    r"^\s*(?:select\s[\s\S]{1,400}\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|"
    r"create\s+(?:table|user|database)\s|drop\s+(?:table|user)\s)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"^\s*[A-Z][a-z]+\s[a-z]")
"""``Delete from cart``: told to people."""
_TAG = re.compile(
    r"</?(?:!doctype|html|body|head|div|p|span|a|h[1-6]|b|i|br|li|ul|ol|td|tr|table|script|img|strong|em|title|"
    r"pre|form|input|iframe|button|meta|style|link|svg|section|label|textarea|select|option|th|hr|small|code|video)"
    r"\b[^<]*>?",
    re.IGNORECASE,
)
_GRAPHQL = re.compile(r"^\s*(?:mutation|query|subscription)\b[^{}?]{0,200}\{[\s\S]*[({:\"\[]\s*\"?\s*\?")
"""A request that names what it wants, with a value put into it."""
FROM_A_BROWSER = frozenset({sources.BODY, sources.QUERY, sources.PATH, sources.FIELD, sources.EVENT})


_FORMATS = {"util.format", "sprintf", "util.default.format"}


def look_at_call(flow: Flow, call: ir.Call, dotted: str, frame: Frame) -> None:
    """Look at a text that a call puts together: ``html.concat(name)``, ``util.format("<b>%s</b>", name)``."""
    if dotted in _FORMATS:
        parts = call.args
    elif isinstance(call.func, ir.Member) and call.func.name == "concat":
        parts = [call.func.base, *call.args]
    else:
        return
    head = pieces(parts[0], frame, lambda e: flow.facts(e, frame))[:1] if parts else []
    if head and head[0].text:
        made = ir.Concat(call.line, call.column, call.end_line, parts)
        flow.uses.keep(made)
        look(flow, made, frame)


_XPATH = re.compile(r"""^\s*/{1,2}[\w*:/]+\[[^\]]*(?:text\(\)|@?\w+)\s*=\s*['"]""")
"""The text of an XPath expression that compares with something in quotes."""


def look(flow: Flow, expr: ir.Concat, frame: Frame) -> None:
    """Look at one string that input flows into."""
    constants = "".join(
        part.value if isinstance(part, ir.Const) and isinstance(part.value, str) else " ? " for part in expr.parts[:60]
    )
    head = expr.parts[0]
    if isinstance(head, ir.Name):
        begun = frame.value(head.id)
        if isinstance(begun, ir.Const) and isinstance(begun.value, str):
            constants = begun.value + constants[3:]
    if _STATEMENT.match(constants[:2000]) and not _SENTENCE.match(constants):
        found = sources.of_kinds(flow.facts(expr, frame), sources.TAINTED, "sql")
        if found:
            flow.uses.built_sql(expr, found)
        else:
            made = pieces(expr, frame, lambda e: flow.facts(e, frame))
            flow.uses.built_sql(expr, [o for o in sql.weak(made, "") if o.kind == sources.PARAM])
    elif _GRAPHQL.match(constants[:2000]):
        asked = sources.of_kinds(flow.facts(expr, frame), sources.TAINTED, "nosql")
        flow.uses.inject("injection.nosql", expr, asked, "the text of a GraphQL request")
    elif _XPATH.match(constants[:2000]):
        asked = sources.of_kinds(flow.facts(expr, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.xpath", expr, asked, "an XPath expression")
    elif _TAG.search(constants[:20_000]) and _escapable(expr, frame, flow):
        found = sources.of_kinds(flow.facts(expr, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.html", expr, found, "HTML without being escaped")


def _escapable(expr: ir.Concat, frame: Frame, flow: Flow) -> bool:
    """Whether input is pasted straight into the text; what a template engine renders escapes for itself."""
    found: list[Piece] = pieces(expr, frame, lambda e: flow.facts(e, frame))
    return any(sources.of_kinds(piece.facts, FROM_A_BROWSER, "template") for piece in found)


def look_at_mail(flow: Flow, expr: ir.Record, frame: Frame) -> None:
    """A mail whose HTML is put together from input: ``{ Html: { Data } }``, ``{ to, html }``."""
    names = {
        key.value: value for key, value in expr.entries if isinstance(key, ir.Const) and isinstance(key.value, str)
    }
    body: ir.Expr | None = names.get("html") if names.keys() & {"to", "subject"} else names.get("Html")
    if isinstance(body, ir.Record):
        body = next((value for key, value in body.entries if isinstance(key, ir.Const) and key.value == "Data"), None)
    if body is not None and not isinstance(resolved(body, frame), ir.Member | ir.Index):
        found = sources.of_kinds(flow.facts(body, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.html", body, found, "the HTML of a mail without being escaped")


_ROUTES = {"route", "get", "post"}
_PLAIN = re.compile(r"^\s*[{\[\"]|^\s*$|https?://|^/")
"""Beginnings of texts that are JSON, an address or a path."""


def look_at_mail_call(flow: Flow, call: ir.Call, tail: str, frame: Frame) -> None:
    """HTML of the caller's own in a mail of Python's: ``send_mail(html_message=text)``, ``MIMEText(text, "html")``."""
    text = argument(call, 99, "html_message")
    kind = call.args[1] if len(call.args) > 1 else argument(call, 99, "_subtype", "mimetype")
    if tail in _TEXTS_OF_MAIL and isinstance(kind, ir.Const) and str(kind.value).endswith("html"):
        text = call.args[0]
    elif tail == "EmailMessage" and flow.says(_HTML_BODY):
        text = argument(call, 1, "body")
    if text is not None:
        found = sources.of_kinds(flow.facts(text, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.html", call, found, "the HTML of a mail without being escaped")


_TEXTS_OF_MAIL = {"MIMEText", "attach_alternative"}
"""What is given a mail's text, and its type after it."""
_HTML_BODY = re.compile(r"""content_subtype\s*=\s*["']html""")


def look_at_answer(flow: Flow, function: ir.Function, value: ir.Expr, frame: Frame) -> None:
    """What a view of Flask's gives back as text is a page: ``return f"Hello {name}"``."""
    if flow.module.language != "python" or not flow.says(_FLASK):
        return
    named = (d.func.name for d in function.decorators if isinstance(d, ir.Call) and isinstance(d.func, ir.Member))
    if any(name in _ROUTES for name in named):
        page = value.items[0] if isinstance(value, ir.Listing) and value.items else value  # ``return page, 404``
        _told_as_page(flow, value, page, frame)


_TYPES = {"content_type", "mimetype", "media_type", "headers"}


def look_at_page(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """``HttpResponse("Hello " + name)``: a page, unless another type is said beside it."""
    said = [value for key, value in call.kwargs if key in _TYPES] + call.args[1:2]
    if any(not (isinstance(kind, ir.Const) and _IS_HTML.search(str(kind.value))) for kind in said):
        return
    text = argument(call, 0, "content", "response")
    if text is not None:
        _told_as_page(flow, call, text, frame)


_IS_HTML = re.compile(r"html|^\d+$")
"""A type that is a page's, or a status."""


def _told_as_page(flow: Flow, at: ir.Expr, value: ir.Expr, frame: Frame) -> None:
    made = resolved(value, frame)
    if isinstance(made, ir.Concat):
        _as_a_page(flow, made, frame)
    elif isinstance(made, ir.Member | ir.Index) or (
        isinstance(made, ir.Call) and (guards.tail_of(made.func) == "get" or _fills(made))
    ):
        found = sources.of_kinds(flow.facts(value, frame), frozenset({sources.QUERY, sources.BODY}), "template")
        flow.uses.inject("injection.html", at, [o for o in found if o.part], "a page without being escaped")


def look_at_shown(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """HTML that is shown as it stands: ``document.write(location.hash)``, ``Markup(name)``."""
    for text in call.args[-1:]:
        found = sources.of_kinds(flow.facts(text, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.html", call, found, f"`{guards.tail_of(call.func)}` without being escaped")


def look_at_sent(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """A text that ``res.send`` sends is a page, as long as no other type is set."""
    made = resolved(call.args[0], frame) if call.args else None
    said = _said_type(call)
    if made is None or (said and "html" not in said):
        return
    if not said and _sets_other_type(flow):
        return
    if isinstance(made, ir.Concat):
        _as_a_page(flow, made, frame)
    elif isinstance(made, ir.Call) and (_fills(made) or _wraps(made, frame)):
        # A page read from a file, and filled: ``page.replace("NAME", name)``.
        found = sources.of_kinds(flow.facts(call.args[0], frame), _OF_A_PAGE, "template")
        flow.uses.inject("injection.html", call, [o for o in found if o.part], "a page without being escaped")
    elif isinstance(made, ir.Member | ir.Choice) or (
        isinstance(made, ir.Call) and guards.tail_of(made.func) in _AS_IT_IS
    ):
        # A text of the caller's, sent back as it came; an object is sent as JSON.
        # What comes in a body may be an object, unless a text was made of it.
        texts = _OF_A_PAGE if said or isinstance(made, ir.Call) else frozenset({sources.QUERY, sources.PATH})
        found = [o for o in sources.of_kinds(flow.facts(call.args[0], frame), texts, "template") if o.part]
        flow.uses.inject("injection.html", call, found, "a page without being escaped")


def _sets_other_type(flow: Flow) -> bool:
    """Whether the handler, or a step before all handlers, says that its answers are no pages."""
    here = flow.stack[0]
    calls = [expr for expr in ir.every_expression(here) if isinstance(expr, ir.Call) and expr.args]
    types = [
        str(call.args[-1].value)
        for call in calls
        if guards.tail_of(call.func) in _SETS_A_TYPE and isinstance(call.args[-1], ir.Const)
    ]
    if any("html" in kind for kind in types):
        return False
    return any(_NO_PAGE.search(kind) for kind in types) or flow.says(_FOR_ALL)


_SETS_A_TYPE = {"type", "contentType", "set", "setHeader", "header", "append"}
_NO_PAGE = re.compile(r"^(?:text/plain|application/|json|txt|text$|xml|\.\w+$)")
_FOR_ALL = re.compile(
    r"""\.use\((?:[^;{}]{0,120}\{)?[^}]{0,200}(?:[cC]ontent-?[tT]ype|\.type\()["']?\s*[,(:]?\s*["'](?:text/plain|application/|json)"""
)
"""A step before all handlers that says which type their answers have."""


_WRAPS = re.compile(r"render|layout|wrap|page|html|template|header|footer", re.IGNORECASE)
"""Functions that put a page into another, as far as their names tell."""


def _wraps(made: ir.Call, frame: Frame) -> bool:
    """``withLayout(page.replace("NAME", name))``, ``html = withLayout(html)``: a page put into another."""
    if len(made.args) != 1 or not _WRAPS.search(guards.tail_of(made.func)):
        return False
    inner = resolved(made.args[0], frame)
    named = isinstance(made.args[0], ir.Name) and _WRAPS.search(made.args[0].id) is not None
    return isinstance(inner, ir.Call) and (_fills(inner) or (inner is made and named))


def _fills(made: ir.Call) -> bool:
    """``page.replace("NAME", name)``, ``text.concat(name)``."""
    tail = guards.tail_of(made.func)
    return (tail in {"replace", "replaceAll"} and len(made.args) > 1) or (tail == "concat" and bool(made.args))


_OF_A_PAGE = frozenset({sources.QUERY, sources.PATH, sources.BODY})


def _said_type(call: ir.Call) -> str:
    """The type that is set in the same chain of calls, "" when none is: ``res.type("html").send(page)``."""
    step = call.func.base if isinstance(call.func, ir.Member) else None
    while isinstance(step, ir.Call) and isinstance(step.func, ir.Member):
        given = step.args[-1] if step.args else None
        named = step.func.name in {"type", "contentType"} or (
            len(step.args) == 2 and isinstance(step.args[0], ir.Const) and "type" in str(step.args[0].value).lower()
        )
        if named and isinstance(given, ir.Const):
            return str(given.value)
        step = step.func.base
    return ""


def _as_a_page(flow: Flow, made: ir.Concat, frame: Frame) -> None:
    found = pieces(made, frame, lambda e: flow.facts(e, frame))
    if found and found[0].text is not None and _PLAIN.match(found[0].text):
        return
    browser = frozenset({sources.BODY, sources.QUERY, sources.PATH})
    harm = [o for piece in found for o in sources.of_kinds(piece.facts, browser, "template")]
    flow.uses.inject("injection.html", made, harm, "a page without being escaped")


_FLASK = re.compile(r"\bflask\b", re.IGNORECASE)
_AS_IT_IS = {
    "toString", "String", "join", "decodeURIComponent", "unescape", "atob", "trim", "slice", "substring", "substr",
}  # fmt: skip


def look_at_response(flow: Flow, expr: ir.Record, frame: Frame) -> None:
    """A response of type text/html whose body is put together from input."""
    body = next((value for key, value in expr.entries if isinstance(key, ir.Const) and key.value == "body"), None)
    headers = next((value for key, value in expr.entries if isinstance(key, ir.Const) and key.value == "headers"), None)
    if not isinstance(headers, ir.Record):
        return
    code = next((value for key, value in expr.entries if isinstance(key, ir.Const) and key.value == "statusCode"), None)
    if isinstance(code, ir.Const) and str(code.value).startswith("30"):
        addresses.by_header(flow, headers, frame)
    if body is None:
        return
    html = any(
        isinstance(value, ir.Const) and isinstance(value.value, str) and "text/html" in value.value
        for _, value in headers.entries
    )
    if html:
        found = sources.of_kinds(flow.facts(body, frame), FROM_A_BROWSER, "template")
        flow.uses.inject("injection.html", body, found, "an HTML response without being escaped")
