"""Browsers that a server runs: the page, address or code that input gives them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir, sources, texts
from daemon.agents.builtin.review.arguments import entry, resolved, short, tainted

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

CONTENT = re.compile(
    r"(?:^|\.)(?:[pP]age|(?:new|create)_?[pP]age\(\))\.(?:setContent|set_content|setDocumentContent|property)$|"
    r"^(?:html-pdf|pdf)\.create$|^pdfkit\.from_string$|^imgkit\.from_string$|^(?:weasyprint\.)?HTML$"
)
"""What renders HTML in a browser on the server."""
CODE = re.compile(
    r"(?:^|\.)(?:[pP]age|(?:new|create)_?[pP]age\(\)|[fF]rame|Runtime)\.(?:evaluate(?:Handle|OnNewDocument)?|addInitScript|"
    r"addScriptTag|evaluateAsync|evaluateJavaScript|compileScript)$"
)
"""What runs its first argument, when that is no function, in a page."""
ADDRESS = re.compile(r"(?:^|\.)(?:[pP]age|(?:new|create)_?[pP]age\(\))\.(?:navigate|openUrl|open)$")
"""What opens an address in a page, beside ``goto``."""
_BROWSERS = re.compile(
    r"phantom|puppeteer|playwright|chrome-remote-interface|pyppeteer|chrome-aws-lambda|(?:new|create)_?[pP]age\("
)
_PDF = re.compile(r"html-pdf|pdfkit|imgkit|weasyprint")


def _is_page(flow: Flow, name: str) -> bool:
    """Whether a name that other things have as well means a browser's page."""
    return not _LOOSE.search(name) or flow.says(_BROWSERS)


_LOOSE = re.compile(
    r"\.(?:property|open|openUrl|navigate|compileScript)$|^Runtime\.|^(?:\w+\.)?HTML$|^(?:html-pdf|pdf)\b"
)


def content(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """HTML that a browser on the server renders can ask for addresses and files there."""
    if not flow.says(_PDF) and not _is_page(flow, name):
        return
    given = _page_of(call, name, frame)
    if given is not None:
        found = sources.of_kinds(flow.facts(given, frame), texts.FROM_A_BROWSER | {sources.HEADER}, "template")
        flow.uses.inject("injection.html", call, found, "HTML that a browser on the server renders")
        sent = frozenset(o for o in flow.facts(given, frame) if o.kind in sources.GIVEN | {sources.HEADER})
        flow.uses.use(call, sent, "HTML that a browser on the server renders", store=False)


def _page_of(call: ir.Call, name: str, frame: Frame) -> ir.Expr | None:
    """The HTML itself: the first argument, an option, or what ``page.property("content", html)`` sets."""
    first = call.args[0] if call.args else next((v for k, v in call.kwargs if k in {"string", "html"}), None)
    if name.endswith(".property"):
        of_page = isinstance(first, ir.Const) and first.value == "content" and len(call.args) > 1
        return call.args[1] if of_page else None
    options = resolved(first, frame) if first is not None else None
    return entry(options, "html", "content") if isinstance(options, ir.Record) else first


def code(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A text that a page runs; a function handed over takes what follows it as plain values."""
    first = call.args[0] if call.args else None
    options = resolved(first, frame) if first is not None else None
    text = entry(options, "expression", "content") if isinstance(options, ir.Record) else first
    if text is not None and _is_page(flow, name) and not isinstance(text, ir.Lambda):
        what = f"`{short(name)}`, which runs it in a page"
        flow.uses.inject("injection.eval", call, tainted(flow, text, frame, "eval"), what)


def address(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Where a page is sent: from inside the server's network."""
    first = call.args[0] if call.args else None
    options = resolved(first, frame) if first is not None else None
    target = entry(options, "url") if isinstance(options, ir.Record) else first
    if target is not None and _is_page(flow, name):
        found = [o for o in tainted(flow, target, frame, "ssrf") if sources.HOST_FIXED not in o.safe]
        flow.uses.inject("injection.ssrf", call, found, f"`{short(name)}` as the address")
