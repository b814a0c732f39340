"""Remembers what the tests of a handler's branches say about its input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import checkers, guards, ir, sinks, sources
from daemon.agents.builtin.review.frames import key_of, root_of
from daemon.agents.builtin.review.sources import NOTHING

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame
    from daemon.agents.builtin.review.sources import Facts, Origin


def guard(
    flow: Flow, test: ir.Expr, frame: Frame, *, exits: bool, within: int | None = None, leaves: bool = False
) -> None:
    """Remember what a branch's test says about the values in it.

    ``within`` is the depth of a branch that leaves the function: what holds in it does not hold below it. It may
    leave because a test was not passed.
    """
    stack = [test]
    failed = _failed(test) if leaves else frozenset[int]()
    as_it_stands = _all_of_it(test) if within is not None else frozenset[int]()
    named: set[str] = set()
    equal: dict[str, list[ir.Expr]] = {}
    while stack:
        expr = stack.pop()
        if isinstance(expr, ir.Name) and expr.id not in named:
            named.add(expr.id)
            stack.extend(_kept_answer(expr, frame))
        if _compares_signatures(flow, expr, frame):
            flow.entry.vouch(sources.BODY)
            flow.entry.vouch(sources.HEADER)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in {"every", "some", "filter", "find"}:
            stack.extend(answer for arg in expr.args if isinstance(arg, ir.Lambda) for answer in _answers(arg.function))
        _look_at_equality(flow, expr, equal, frame)
        asked = None if _among_kept(flow, expr, frame) else guards.tested(_with_its_pattern(expr, frame))
        if asked is not None and asked[0] == "range" and _with_what_is_kept(flow, expr, frame):
            asked = ("presence", asked[1])
        if asked is not None:
            known_within = within if id(expr) in as_it_stands or id(expr) in failed else None
            _enter(flow, asked, frame, exits=exits, within=known_within, refused=id(expr) in failed)
        if isinstance(expr, ir.Call) and guards.tail_of(expr.func) in guards.MEMBERSHIP:
            stack.extend(expr.args)
        elif not isinstance(expr, ir.Lambda | ir.Member) and not guards.asks_for_an_object(expr):
            stack.extend(ir.parts_of(expr))

    for subjects in equal.values():
        if len(subjects) > 1:
            # ``kind === "a" || kind === "b"``: one of what is written there, like a list of allowed values.
            remember(flow, "form", subjects[:1], frame, exits=exits)


def _look_at_equality(flow: Flow, expr: ir.Expr, equal: dict[str, list[ir.Expr]], frame: Frame) -> None:
    """Collect what is compared with texts, by name, and paths that are found to be inside others."""
    for path in guards.confined(expr):
        _is_inside(flow, path, frame)
    compared = guards.compared(expr)
    if compared is not None and (key := key_of(compared)):
        equal.setdefault(key, []).append(compared)
        other = isinstance(expr, ir.Verdict) and expr.negative  # ``if (url.hostname !== "example.com") return``
        if other and isinstance(compared, ir.Member) and compared.name in _HOSTS:
            _host_known(flow, compared.base, frame)


def _all_of_it(test: ir.Expr) -> frozenset[int]:
    """The calls (by identity) that a test asks as they stand, one by one, and not the other way round."""
    stack, found = [test], set()
    while stack:
        expr = stack.pop()
        if isinstance(expr, ir.Mix | ir.Choice):
            stack.extend(ir.parts_of(expr))
        elif isinstance(expr, ir.Call):
            found.add(id(expr))
    return frozenset(found)


def _with_its_pattern(expr: ir.Expr, frame: Frame) -> ir.Expr:
    """``url.match(PATTERN)`` with the pattern that the variable holds."""
    if not isinstance(expr, ir.Call) or guards.tail_of(expr.func) not in {"test", "match", "search", "fullmatch"}:
        return expr

    def held(part: ir.Expr) -> ir.Expr:
        value = frame.value(part.id) if isinstance(part, ir.Name) else None
        return value if isinstance(value, ir.Const) else part

    func = expr.func
    if isinstance(func, ir.Member):
        func = ir.Member(func.line, func.column, func.end_line, held(func.base), func.name)
    return ir.Call(expr.line, expr.column, expr.end_line, func, [held(arg) for arg in expr.args], expr.kwargs)


def _failed(test: ir.Expr) -> frozenset[int]:
    """The questions (by identity) whose answer was no where a test holds: ``!list.includes(x) || x !== "a"``."""
    stack, found = [test], set()
    while stack:
        expr = stack.pop()
        if isinstance(expr, ir.Mix | ir.Choice):
            stack.extend(ir.parts_of(expr))
        elif isinstance(expr, ir.Verdict) and expr.negative:
            found.update({id(expr), *(id(part) for part in expr.parts if expr.op == "not")})
    return frozenset(found)


def _kept_answer(name: ir.Name, frame: Frame) -> list[ir.Expr]:
    """``const ok = typeof body.x === "string"; if (!ok) ...``: the question whose answer a variable holds."""
    made = frame.value(name.id)
    asks = isinstance(made, ir.Call) and guards.tail_of(made.func) in _QUESTIONS
    return [made] if made is not None and (asks or isinstance(made, ir.Verdict)) else []


def _enter(
    flow: Flow,
    asked: tuple[str, list[ir.Expr]],
    frame: Frame,
    *,
    exits: bool,
    within: int | None = None,
    refused: bool = False,
) -> None:
    kind, subjects = asked
    if kind in {"inside", sources.NO_DOTS, sources.NO_ROOT}:
        _stays_inside(flow, kind, subjects[0], frame)
    else:
        remember(flow, kind, subjects, frame, exits=exits, within=within, refused=refused)


def _among_kept(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    """``existing.subscriptions.includes(value)``: what is kept is no list of what is allowed."""
    if not isinstance(expr, ir.Call) or not isinstance(expr.func, ir.Member):
        return False
    return expr.func.name in guards.MEMBERSHIP and sources.only_stored(flow.facts(expr.func.base, frame))


def _with_what_is_kept(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    """``amount <= auction.highest``: in a script whatever is no number passes, compared with what was looked up."""
    if flow.module.language != "script" or not isinstance(expr, ir.Verdict):
        return False
    return any(isinstance(part, ir.Member) and _was_looked_up(part, frame) for part in expr.parts)


def _was_looked_up(part: ir.Member, frame: Frame) -> bool:
    root = root_of(part)
    made = frame.value(root.id) if root is not None else None
    return isinstance(made, ir.Call) and made.awaited


def _answers(function: ir.Function) -> list[ir.Expr]:
    return [statement.value for statement in function.body if isinstance(statement, ir.Return)]


def remember(
    flow: Flow,
    kind: str,
    subjects: list[ir.Expr],
    frame: Frame,
    *,
    exits: bool,
    within: int | None = None,
    refused: bool = False,
) -> None:
    """Enter one test: of this part or of the whole; a form test makes the value itself harmless."""
    if kind == "member":
        # ``x in allowed`` asks about x; ``name in body`` whether the body has it, whichever name is meant.
        known = bool(flow.facts(subjects[0], frame))
        if known and sources.only_stored(flow.facts(subjects[1], frame)):
            return  # ``guess in earlier_guesses``: what is kept is no list of what is allowed.
        kind, subjects = ("form", subjects[:1]) if known else ("fields", subjects[1:])
    if kind == "object":  # Unless it leads out, it asks how to read a value: ``if isinstance(x, dict): x = x["x"]``.
        kind = "type" if exits else "presence"
    validating = any(checkers.checks_by_name(function.name) for function in flow.stack[1:][-2:])
    if kind in {"type", "form"} and any(_CONVERTS.match(function.name) for function in flow.stack[1:]):
        return  # ``if isinstance(value, float): return Decimal(value)`` asks how to write it, not what it is.
    _counted(flow, subjects, frame)
    for subject in subjects:
        facts = flow.facts(subject, frame)
        _inside(flow, subject, frame)
        if kind not in {"presence", "fields"} and (validating or _answers_for_its_parameter(flow)):
            _vouch_for_the_whole(flow, subject, frame)
        for origin in facts:
            _looked_at(flow, kind, origin, exits=exits, validating=validating)
        if kind in {"form", "beginning"} and facts:
            harmless = _led(flow, subject, frame) if kind == "beginning" else sinks.GUARDED
            _has_a_form(subject, facts, frame, within, harmless, refused=refused)
        if kind in {"form", "beginning", "range"} and isinstance(subject, ir.Member) and subject.name in _HOSTS:
            _host_known(flow, subject.base, frame)


def _led(flow: Flow, subject: ir.Expr, frame: Frame) -> tuple[str, ...]:
    """What a text can do no more harm to, once it is known how it begins: a path may leave again by its dots, unless
    they were taken out of it.
    """
    made = frame.value(subject.id) if isinstance(subject, ir.Name) else subject
    if not isinstance(made, ir.Call):
        return ("ssrf",)
    _confine(flow, made, frame)
    return ("ssrf", "path")


def _confine(flow: Flow, expr: ir.Expr, frame: Frame) -> None:
    """A path was found to stay inside: so are those that it was made of."""
    stack = [expr]
    for _ in range(_PARTS_OF_A_PATH):
        if not stack:
            return
        part = stack.pop()
        if isinstance(part, ir.Name):
            value = frame.value(part.id)
            stack.extend([value] if isinstance(value, ir.Call) else [])
        elif isinstance(part, ir.Call):
            flow.uses.confined(part)
            stack.extend([*part.args, *([part.func.base] if isinstance(part.func, ir.Member) else [])])


_PARTS_OF_A_PATH = 20
"""Calls and names that one path is looked for in."""


def _looked_at(flow: Flow, kind: str, origin: Origin, *, exits: bool, validating: bool) -> None:
    inside = origin.steps > 0 or origin.kind in {sources.FIELD, sources.QUERY, sources.PATH}
    if kind in {"presence", "fields"} and not validating:
        if exits and (inside or kind == "fields"):
            flow.entry.present.add((origin.root, origin.part or "*"))
    elif inside or validating or kind in {"form", "beginning", "range"}:
        # How long a whole body is says nothing of what is in it.
        measured = kind == "range" and origin.kind == sources.BODY and not origin.part
        part = "" if origin.root in {sources.UPLOAD, sources.FILES} else origin.names
        flow.entry.vouch(origin.root, _LENGTH if measured else part)
        if kind == "list":
            flow.entry.lists.add(part)


def _has_a_form(
    subject: ir.Expr, facts: Facts, frame: Frame, within: int | None, harmless: tuple[str, ...], *, refused: bool
) -> None:
    """The value itself can do no harm any more, or not within the branch whose test has found it so, or only behind
    one that leaves because it was not. How it begins says only where it leads.
    """
    key = key_of(subject)
    if not key:
        return
    known = sources.made_safe(facts, *harmless)
    if within is None:
        frame.facts[key] = known
    elif refused:
        frame.facts[key] = facts
        frame.refuse(key, within, known)
    else:
        frame.facts[key] = facts
        frame.branch(key, within, known)


def _counted(flow: Flow, subjects: list[ir.Expr], frame: Frame) -> None:
    """``const n = Number(id); if (isNaN(n)) ...`` asks about ``id`` as well."""
    made = [frame.value(subject.id) for subject in subjects if isinstance(subject, ir.Name)]
    calls = [call for call in made if isinstance(call, ir.Call) and call.args]
    for call in calls:
        facts = flow.facts(call.args[0], frame) if guards.NUMERIC.search(guards.tail_of(call.func)) else NOTHING
        for origin in facts:
            if origin.part or origin.kind in {sources.FIELD, sources.PATH}:
                flow.entry.vouch(origin.root, origin.part)


_CONVERTS = re.compile(
    r"^_*(?:convert|serialize|deserialize|marshall|unmarshall|replace|encode|decode|flatten|floats?_to|to_|dump|clean_floats|format|"
    r"stringify|jsonify|default$)",
    re.IGNORECASE,
)
"""Functions that write a value in another form: their tests ask how, not whether."""


def _inside(flow: Flow, subject: ir.Expr, frame: Frame) -> None:
    """``path.relative(root, full)`` was asked about: whether the path is inside is known."""
    made = frame.value(subject.id) if isinstance(subject, ir.Name) else None
    if isinstance(made, ir.Call) and guards.tail_of(made.func) in {"relative", "relpath"}:
        for arg in made.args:
            _is_inside(flow, arg, frame)


def _is_inside(flow: Flow, path: ir.Expr, frame: Frame) -> None:
    _confine(flow, path, frame)
    key = key_of(path)
    if key:
        frame.facts[key] = sources.made_safe(flow.facts(path, frame), "path")


def _stays_inside(flow: Flow, kind: str, subject: ir.Expr, frame: Frame) -> None:
    """``if ".." in name: return`` leaves names that stay where they are put; nothing else is known of them."""
    key = key_of(subject)
    facts = frame.facts.get(key, flow.facts(subject, frame)) if key else NOTHING
    for origin in facts if kind != sources.NO_ROOT else ():
        if origin.kind in {sources.FIELD, sources.QUERY, sources.PATH} or origin.part:
            flow.entry.vouch(origin.root, origin.part)
    if key and facts:
        marked = sources.made_safe(facts, "path" if kind == "inside" else kind)
        stays = all(origin.safe >= {sources.NO_DOTS, sources.NO_ROOT} for origin in marked)
        frame.facts[key] = sources.made_safe(marked, "path") if stays else marked


_LENGTH = "(length)"


def _answers_for_its_parameter(flow: Flow) -> bool:
    """Whether what is being followed is a function that gives back yes or no: ``(x) => typeof x.a === "string"``."""
    body = flow.stack[-1].body if len(flow.stack) > 1 else []
    return len(body) == 1 and isinstance(body[0], ir.Return)


def _vouch_for_the_whole(flow: Flow, subject: ir.Expr, frame: Frame) -> None:
    """What a validating function asks of a part, it asks for the whole that it was given."""
    while isinstance(subject, ir.Member | ir.Index):
        subject = subject.base
    for origin in flow.facts(subject, frame):
        flow.entry.vouch(origin.root, origin.part)


_KEYED_HASH = re.compile(r"createHmac|hmac\.new|HmacSHA", re.IGNORECASE)


def _compares_signatures(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    if isinstance(expr, ir.Call):
        signed = any(_signature(flow, arg, frame) or _SIGNATURE.search(key_of(arg) or "") for arg in expr.args)
        return guards.tail_of(expr.func) in _SIGNED and (signed or not expr.args)
    return (
        isinstance(expr, ir.Verdict) and expr.op == "==" and any(_signature(flow, part, frame) for part in expr.parts)
    )


def _signature(flow: Flow, expr: ir.Expr, frame: Frame) -> bool:
    """Whether one side of a comparison was computed with a key: then the sender is known."""
    made = frame.value(expr.id) if isinstance(expr, ir.Name) else expr
    return isinstance(made, ir.Call) and bool(_KEYED_HASH.search(flow.namer.name(made.func, frame)))


_SIGNATURE = re.compile(r"sig|digest|hmac|hash|expected|computed|mac\b|buf", re.IGNORECASE)
"""Names of what is compared when it is a signature, and no password."""
_SIGNED = {"compare_digest", "timingSafeEqual"}
"""What compares signatures: the sender is known, and answers for the form."""
_QUESTIONS = {"all", "any", "some", "every", "isinstance", "test", "Boolean", "bool"}
_HOSTS = {"hostname", "host", "origin", "netloc"}


def _host_known(flow: Flow, address: ir.Expr, frame: Frame) -> None:
    """The host of an address was compared: the address, and the text it was parsed from, are safe to ask."""
    for _ in range(4):
        key = key_of(address)
        if key:
            known = flow.facts(address, frame)
            if known:
                frame.facts[key] = sources.made_safe(known, "ssrf")
        value = frame.value(address.id) if isinstance(address, ir.Name) else address
        if not isinstance(value, ir.Call) or not value.args:
            return
        address = value.args[0]
