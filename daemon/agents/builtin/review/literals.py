"""Literals in a program: secrets by the name they are given or the call they are handed to, and policies it builds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import (
    built,
    constructs,
    guards,
    handed_texts,
    ir,
    key_arguments,
    logins,
    policy_text,
    program_policies,
    secret_names,
    secret_values,
    secrets,
    seeds,
    statements,
)
from daemon.agents.builtin.review.document import Map, scalars
from daemon.agents.builtin.review.frames import Frame, Namer
from daemon.agents.builtin.review.key_arguments import text_of
from daemon.agents.builtin.review.model import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAP = 60_000
_BEARER = re.compile(r"^(?:Bearer|Basic|Token|token|ApiKey)\s+([A-Za-z0-9+/=._~-]{16,})$")


def find(module: ir.Module) -> list[Hit]:
    """Every literal of a program that should not be one."""
    top = Frame(module.top)
    purposes = program_policies.Purposes()
    reader = _Reader(Namer(module, {}), purposes, {function.name: function for function in module.functions})
    of_rights = "olicy" in module.text  # ``PolicyStatement``, ``policies``: only there are texts handed on of interest.
    handed = handed_texts.HandedTexts(module) if of_rights else None
    for function in [module.top, *module.functions]:
        frame = top if function is module.top else Frame(function, parent=top)
        if handed is not None:
            frame.values.update(handed.of(function))
        reader.function(function, frame)
    return purposes.judge(reader.hits)


class _Reader:
    """Goes through a program once, function by function."""

    def __init__(self, namer: Namer, purposes: program_policies.Purposes, own: dict[str, ir.Function]) -> None:
        self.hits: list[Hit] = []
        self._namer = namer
        self._purposes = purposes
        self._own = own

    def function(self, function: ir.Function, frame: Frame) -> None:
        """The hits of one function's own statements."""
        builder = built.Builder()
        named: list[tuple[str, ir.Expr]] = []
        hits = [hit for param in function.params for hit in _default(param)]
        for statement in function.body:
            if isinstance(statement, ir.Loop) and isinstance(statement.target, ir.Name):
                frame.values[statement.target.id] = statement.values
            if isinstance(statement, ir.Assign):
                builder.assign(statement, frame)
                self._purposes.assign(statement)
            for expr in _roots(statement):
                for inner in _inside(expr):
                    builder.step(inner, frame)
                    self._purposes.look(inner)
                    hits.extend(_expression(inner, self._namer, frame, part=builder.has(inner)))
                    hits.extend(self._given_in_place(inner))
            if isinstance(statement, ir.Assign):
                hits.extend(_assignment(statement))
                _note(statement, frame)
                if isinstance(statement.target, ir.Name):
                    named.append((statement.target.id, statement.value))
        hits.extend(_opening(named))
        # What is known of a whole statement outranks what one of its parts shows.
        self.hits.extend([*builder.finish(), *hits])

    def _given_in_place(self, expr: ir.Expr) -> list[Hit]:
        """``add_user("admin", "s3cret-pass")`` where this file says that the second is a password."""
        function = self._own.get(guards.tail_of(expr.func)) if isinstance(expr, ir.Call) else None
        if function is None or not isinstance(expr, ir.Call):
            return []
        names = [param.target.id if isinstance(param.target, ir.Name) else "" for param in function.params]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        return [hit for name, value in zip(names, expr.args, strict=False) if name for hit in _in_place(name, value)]


def _in_place(name: str, value: ir.Expr) -> list[Hit]:
    return _named(name, value) if isinstance(value, ir.Const) else []


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
    target = statement.target
    name = target.name if isinstance(target, ir.Member) else target.id if isinstance(target, ir.Name) else ""
    return _named(name, statement.value) if name else []


def _named(name: str, value: ir.Expr, *, default: bool = False) -> list[Hit]:
    """A literal given to a name, or what it falls back to: ``process.env.SECRET || "s3cret"``."""
    if isinstance(value, ir.Choice):
        value = next((option for option in value.options if isinstance(option, ir.Const)), value)
        default = True
    text = text_of(logins.hashed(name, value))
    if text is None:
        return logins.listed(name, value)
    place = {"line": value.line, "column": value.column}
    hit = secrets.assigned(name=name, value=text, default=default, **place) or secrets.signing(
        name=name, value=text, **place
    )
    return [hit] if hit else []


def _opening(named: list[tuple[str, ir.Expr]]) -> list[Hit]:
    """The password among options that say where and as whom to log in, however weak."""
    texts = {name: text for name, value in named if (text := text_of(value)) is not None}
    if not secrets.logs_in([name for name, _ in named], texts):
        return []
    out = secrets.is_somewhere(texts)
    found = (secrets.opens(name=name, value=texts[name], line=value.line, column=value.column, somewhere=out)
             for name, value in named if name in texts)  # fmt: skip
    return [hit for hit in found if hit]


def _expression(expr: ir.Expr, namer: Namer, frame: Frame, *, part: bool) -> list[Hit]:
    """The hits of one expression; ``part`` of a statement that is judged as a whole."""
    if isinstance(expr, ir.Const):
        return [*_header(expr), *_policy(expr), *_kept_as_json(expr), *seeds.find(expr)]
    if isinstance(expr, ir.Concat):
        return _policy(expr)
    if isinstance(expr, ir.Choice):
        return _choice(expr)
    if isinstance(expr, ir.Verdict):
        return logins.compared(expr)
    if isinstance(expr, ir.Record):
        return _record(expr, frame, part=part)
    if isinstance(expr, ir.Call):
        of_sst = _SST.match(namer.name(expr.func, frame)) is not None
        return [
            *_call(expr, namer, frame),
            *constructs.find(expr, frame),
            *(constructs.permitted(expr, frame) if of_sst else []),
        ]
    return []


_SST = re.compile(r"^(?:sst|@serverless-stack)/[^()]*\.[A-Z]\w*$")
"""Constructs of SST's."""


def _header(expr: ir.Const) -> list[Hit]:
    """``Bearer <token>`` as a literal."""
    match = _BEARER.match(expr.value) if isinstance(expr.value, str) else None
    if match is None:
        return []
    token = match.group(1)
    if not re.search(r"\d", token) or secret_values.is_placeholder(token) or secret_values.entropy(token) <= 3:
        return []
    return [Hit(rule="credential.assigned", line=expr.line, column=expr.column,
                detail=f"An authorization header with its token: {secret_values.mask(token)}.")]  # fmt: skip


def _kept_as_json(expr: ir.Const) -> list[Hit]:
    """``'{"apiKey": "...", "clientSecret": "..."}'``."""
    text = expr.value if isinstance(expr.value, str) else ""
    if not text.lstrip().startswith(("{", "[")) or '"' not in text:
        return []
    hit = secrets.in_json(text, line=expr.line, column=expr.column)
    return [hit] if hit else []


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


def _record(expr: ir.Record, frame: Frame, *, part: bool) -> list[Hit]:
    hits = []
    beside = [text for _, value in expr.entries if (text := text_of(value))]
    names = [key.value for key, _ in expr.entries if isinstance(key, ir.Const) and isinstance(key.value, str)]
    for key, value in expr.entries:
        if isinstance(key, ir.Const) and isinstance(key.value, str) and not secrets.is_verdict(key.value, names):
            told = _named(key.value, _signing_key(key.value, value, frame))
            if told and not secrets.for_a_local_stand_in(beside, text_of(value) or ""):
                hits.extend(told)
            hits.extend(_managed(key.value, value))
    hits.extend(_opening([(str(key.value), value) for key, value in expr.entries if isinstance(key, ir.Const)]))
    tree = constructs.to_tree(expr, frame)
    if part or not isinstance(tree, Map):
        return hits
    if tree.get("Effect", "effect") is not None and tree.get("Action", "NotAction") is not None:
        hits.extend(statements.find_here(tree))
    elif statements.is_permission(tree):
        tree.label = "PolicyStatement"
        hits.extend(statements.find_here(tree))
    return hits


def _signing_key(name: str, value: ir.Expr, frame: Frame) -> ir.Expr:
    """``secretOrKey: secret``, of a variable that holds a literal."""
    held = frame.value(value.id) if isinstance(value, ir.Name) and secret_names.signs(name) else None
    return held if isinstance(held, ir.Const) else value


def _managed(name: str, value: ir.Expr, frame: Frame | None = None) -> list[Hit]:
    """The wide ones among managed policies that stand by name or ARN under a key that attaches them."""
    if name not in statements.MANAGED_KEYS:
        return []
    named = scalars(constructs.to_tree(value, frame))
    return [hit for hit in map(statements.managed, named) if hit]


def _default(param: ir.Param) -> list[Hit]:
    """``def connect(host, password="...")``."""
    target = param.target
    return _named(target.id, param.default) if isinstance(target, ir.Name) and param.default is not None else []


_TAKES_AWAY = re.compile(r"^(?:detach|remove|delete|list|get|describe|simulate)(?=[A-Z_]|$)")


def _call(expr: ir.Call, namer: Namer, frame: Frame) -> list[Hit]:
    hits = []
    beside = [text for _, value in expr.kwargs if (text := text_of(value))]
    for name, value in expr.kwargs:
        told = _named(name, value) if name != "**" else []
        if told and not secrets.for_a_local_stand_in(beside, text_of(value) or ""):
            hits.extend(told)
        if not _TAKES_AWAY.match(guards.tail_of(expr.func)):
            hits.extend(_managed(name, value, frame))
    dotted = namer.name(expr.func, frame)
    hits.extend(_opening(expr.kwargs))
    hits.extend(_pair(expr, dotted))
    hits.extend(logins.handed(expr, dotted))
    hits.extend(key_arguments.find(expr, dotted, frame))
    return hits


_PAIRS = re.compile(r"\.(?:append|set|setHeader|set_header|header|addHeader|add_header|setRequestHeader)$")
_ENVIRON = re.compile(r"(?:^|\.)(?:environ\.(?:get|setdefault)|getenv)$")


def _pair(expr: ir.Call, dotted: str) -> list[Hit]:
    """``form.append("apikey", "...")``, and what ``os.getenv("KEY", "...")`` falls back to."""
    if len(expr.args) != 2:
        return []
    name, value = text_of(expr.args[0]), expr.args[1]
    if not name or not isinstance(value, ir.Const):
        return []
    if _ENVIRON.search(dotted):
        return _fallback(name, value) or _named(name, value, default=True)
    return _named(name, value) if _PAIRS.search(dotted) else []


def _configured(expr: ir.Expr) -> str:
    """The name of the environment's variable that is read, "" for anything else."""
    if isinstance(expr, ir.Member) and isinstance(expr.base, ir.Member) and expr.base.name in {"env", "environ"}:
        return expr.name
    if isinstance(expr, ir.Call) and expr.args and guards.tail_of(expr.func) in {"get", "getenv"}:
        return text_of(expr.args[0]) or ""
    return ""


def _choice(expr: ir.Choice) -> list[Hit]:
    """``process.env.JWT_SECRET || "secret"``."""
    name = _configured(expr.options[0])
    literal = next((option for option in expr.options[1:] if isinstance(option, ir.Const)), None)
    return _fallback(name, literal) if name and literal is not None else []


def _fallback(name: str, value: ir.Expr) -> list[Hit]:
    hit = secrets.fallback(name=name, value=text_of(value) or "", line=value.line, column=value.column)
    return [hit] if hit else []
