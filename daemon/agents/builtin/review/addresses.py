"""Input that decides where a request goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import guards, ir, sources
from daemon.agents.builtin.review.arguments import argument, entry, harmful, parts, resolved, short
from daemon.agents.builtin.review.frames import Piece
from daemon.agents.builtin.review.sources import TAINTED
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.sources import Origin


def carried(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``superagent.post(url).send(body)``."""
    sent = frozenset().union(*(flow.facts(arg, frame) for arg in call.args))
    flow.uses.use(call, frozenset(o for o in sent if o.kind in sources.GIVEN), f"`{short(name)}`", store=False)


def client(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """An AWS client that signs its requests for whichever host it is told."""
    target = argument(call, 99, "endpoint_url")
    options = resolved(call.args[0], frame) if call.args else None
    if target is None and isinstance(options, ir.Record):
        target = entry(options, "endpoint")
    if target is not None and not _host_is_fixed(found := parts(flow, target, frame)):
        flow.uses.inject("injection.ssrf", call, harmful(found, "ssrf"), "the endpoint of an AWS client")


_BASES = {"base_url", "api_base", "baseURL", "baseUrl", "apiBase", "api_base_url", "server_url", "serverUrl"}
"""What a client is told about where its requests go."""


def made_for(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``Client(base_url=body.base_url)``, ``new OpenAI({ baseURL })``: whatever it asks, it asks there."""
    options = resolved(call.args[0], frame) if call.args else None
    named = [value for key, value in call.kwargs if key in _BASES]
    if isinstance(options, ir.Record):
        named += [v for k, v in options.entries if isinstance(k, ir.Const) and k.value in _BASES]
    for target in named:
        if not _host_is_fixed(found := parts(flow, target, frame)):
            what = f"the address that `{guards.tail_of(call.func)}` asks"
            flow.uses.inject("injection.ssrf", call, harmful(found, "ssrf"), what, level=Level.WARNING)


def plain(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``net.connect(port, host)``, ``socket.create_connection((host, port))``."""
    first = resolved(call.args[0], frame) if call.args else None
    target: ir.Expr | None = call.args[1] if len(call.args) > 1 and flow.module.language == "script" else None
    if isinstance(first, ir.Record):
        target = entry(first, "host")
    elif isinstance(first, ir.Listing) and first.items:
        target = first.items[0]
    elif name.startswith("paramiko"):
        target = argument(call, 0, "hostname")
    if target is not None and not _host_is_fixed(found := parts(flow, target, frame)):
        flow.uses.inject("injection.ssrf", call, harmful(found, "ssrf"), "the host of a connection")


def asked_for(flow: Flow, call: ir.Call, target: ir.Expr, frame: Frame) -> None:
    """``curl.setopt(curl.URL, url)``."""
    found = parts(flow, target, frame)
    if not _host_is_fixed(found):
        flow.uses.inject("injection.ssrf", call, harmful(found, "ssrf"), "the address of a request")


def by_name(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``downloadPdf(body.url)``: a function of another file that fetches, as far as its name tells."""
    given = [o for arg in call.args for o in sources.of_kinds(flow.facts(arg, frame), TAINTED, "ssrf")]
    said = [o for o in given if _SAYS_WHERE.match(o.root if o.kind == sources.FIELD else o.part)]
    what = f"`{guards.tail_of(call.func)}`, which by its name asks for it"
    flow.uses.inject("injection.ssrf", call, said, what, level=Level.WARNING)


_SAYS_WHERE = re.compile(r"^(?:\w*(?:url|Url|URL|uri|Uri)|link|href)$")


def redirect(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """Where the caller's browser is sent next: a link to this site must not end on any other."""
    target = argument(call, 0, "location", "url", "redirect_to")
    if len(call.args) > 1 and isinstance(target, ir.Const):
        target = call.args[1]  # ``res.redirect(302, url)``
    if target is not None:
        _redirected(flow, call, target, frame)


def _redirected(flow: Flow, at: ir.Expr, target: ir.Expr, frame: Frame) -> None:
    found = parts(flow, target, frame)
    # The host that the caller asked is the caller's own affair: ``"https://" + req.get("Host") + req.url``.
    found = [Piece(None) if _from_headers(piece) else piece for piece in found]
    if found and not _host_is_fixed(found) and not _within(found):
        chosen = frozenset(
            o for piece in found for o in piece.facts if o.kind in sources.GIVEN and "ssrf" not in o.safe
        )
        flow.uses.use(at, chosen, "the target of a redirect", store=False)


def by_header(flow: Flow, headers: ir.Record, frame: Frame) -> None:
    """``{ statusCode: 302, headers: { Location: url } }``."""
    for key, value in headers.entries:
        if isinstance(key, ir.Const) and str(key.value).lower() == "location":
            _redirected(flow, value, value, frame)


def _from_headers(piece: Piece) -> bool:
    return bool(piece.facts) and all(origin.kind == sources.HEADER for origin in piece.facts)


def _within(found: list[Piece]) -> bool:
    """``"/orders/" + id``: a path of this site."""
    return found[0].text is not None and found[0].text.startswith("/")


def request(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A request whose host the input decides, and what is sent with it."""
    position = (
        1
        if re.search(r"\.request$", name)
        and flow.module.language == "python"
        and not name.startswith("requests.session")
        else 0
    )
    if name == "needle" and call.args and isinstance(call.args[0], ir.Const):
        position = 1
    target = argument(call, position, "url", "fullurl", "uri", "origin")
    if name.endswith(".web"):
        target = call.args[-1] if len(call.args) > 2 else None  # ``proxy.web(req, res, { target: url })``
    if target is None:
        return
    options = resolved(target, frame)
    if isinstance(options, ir.Listing) and len(options.items) == 1:
        target = options.items[0]  # ``YoutubeDL().download([url])``
    if isinstance(options, ir.Call) and guards.tail_of(options.func) == "Request":
        return  # ``urlopen(Request(url, data))``: looked at where it was made.
    if isinstance(options, ir.Record):
        target = entry(options, "url", "uri", "baseURL", "hostname", "host", "target")
        if target is None:
            asked = frozenset(o for o in flow.facts(options, frame) if o.kind in sources.GIVEN)
            flow.uses.use(call, asked, f"`{short(name)}`", store=False)
            return
        if isinstance(target, ir.Record):
            return
    found = parts(flow, target, frame)
    if _host_is_fixed(found):
        suffix = frozenset(o for piece in found for o in piece.facts if o.kind in TAINTED and "ssrf" not in o.safe)
        flow.uses.use(call, suffix, f"the address of `{short(name)}`", store=False)
    else:
        harm = [o for o in harmful(found, "ssrf") if o.kind != sources.HEADER and sources.HOST_FIXED not in o.safe]
        flow.uses.inject("injection.ssrf", call, harm, f"`{short(name)}` as the address")
    rest = [arg for arg in call.args if arg is not target]
    sent = frozenset().union(
        *(flow.facts(arg, frame) for arg in rest),
        *(flow.facts(v, frame) for k, v in call.kwargs if k in {"data", "json", "body", "params"}),
    )
    flow.uses.use(
        call,
        frozenset(o for o in sent if o.kind in sources.GIVEN),
        f"`{short(name)}`",
        store=False,
    )
    if not flow.service:
        whole = frozenset(o for o in sent if o.kind == sources.EVENT)
        flow.uses.use(call, whole, f"`{short(name)}`", store=True, weak=True)


def fixes_host(before: str, chosen: Iterable[Origin]) -> bool:
    """Whether an address that begins like this (what is unknown is a NUL) goes where its author meant, whatever the
    input holds that comes next.
    """
    if re.match(r"^[a-z+]*:?//[^/]+[/?#]", before):
        return True
    return "\0" in before and not (_HOST_ENDS_OPEN.match(before) and all(_any_text(origin) for origin in chosen))


_HOST_ENDS_OPEN = re.compile(r"^(?:[a-z+]+|\0)://[^/?#]*\0$")
"""``https://${HOST}`` with nothing behind it: what comes next may still be part of the host's name."""


def _any_text(origin: Origin) -> bool:
    """Whether a value need not begin with a slash, as the path of a request does."""
    return origin.kind in sources.GIVEN and bool(origin.part or origin.kind == sources.FIELD)


def _host_is_fixed(found: list[Piece]) -> bool:
    """Whether the text before the first part that input decides already fixes the host."""
    before = ""
    for piece in found:
        if piece.text is not None:
            before += piece.text
        elif chosen := sources.of_kinds(piece.facts, TAINTED, "ssrf"):
            return fixes_host(before, chosen)
        else:
            before += "\0"
    return True
