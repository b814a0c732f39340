"""Where input does harm: commands, code, SQL, queries, paths, requests, templates, pickles. One function a kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import entries, guards, ir, names, sources, sql, stores
from daemon.agents.builtin.review.arguments import argument, entry, harmful, parts, resolved, short, tainted
from daemon.agents.builtin.review.sources import TAINTED
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.evaluate import Evaluation as Flow
    from daemon.agents.builtin.review.frames import Frame, Piece

GUARDED = ("shell", "eval", "sql", "nosql", "path", "ssrf", "template", "deserialization", "check")


def look(flow: Flow, call: ir.Call, dotted: str, frame: Frame) -> None:
    """Look at one call to code outside the file."""
    name = dotted.removesuffix(".default") if not dotted.startswith(("axios", "got", "node-fetch")) else dotted
    if names.SHELL.match(name):
        _shell(flow, call, frame)
    elif names.PROCESS.match(name):
        _process(flow, call, name, frame)
    elif names.EVAL.match(name) and not (name == "exec" and flow.module.language == "script"):
        _simple(flow, call, frame, "eval", f"`{name}`, which runs it as code", every=name == "Function")
        _handed_in(flow, call, name, frame)
    elif names.DESERIALIZE.match(name):
        _deserialize(flow, call, name, frame)
    elif names.TEMPLATE.search(name):
        _simple(flow, call, frame, "template", f"`{short(name)}` as the template itself")
    elif names.PATHS.match(name) or names.PATH_READS.search(name) or _reads_a_joined_path(call, name, frame):
        _path(flow, call, name, frame)
    elif names.REMOTE_SHELL.search(name):
        everything = [*call.args, *(value for _, value in call.kwargs)]
        found = [o for arg in everything for o in tainted(flow, arg, frame, "shell")]
        flow.uses.inject("injection.shell", call, found if flow.says(_COMMANDS) else [], "a command run on a server")
    elif names.REQUESTS.match(name):
        _request(flow, call, name, frame)
    tail = name.rsplit(".", maxsplit=1)[-1]
    if tail in names.SQL_CALLS and not call.tagged:
        sql.look(flow, call, name, frame)
    stores.look(flow, call, name, tail, frame)


_COMMANDS = re.compile(r"[\"']?\bcommands[\"']?\s*[:=]")


def _reads_a_joined_path(call: ir.Call, name: str, frame: Frame) -> bool:
    """``(Path("/data") / name).read_text()``."""
    tail = name.rsplit(".", maxsplit=1)[-1]
    if tail not in names.PATH_METHODS or not isinstance(call.func, ir.Member):
        return False
    base = resolved(call.func.base, frame)
    first = resolved(base.parts[0], frame) if isinstance(base, ir.Concat) and base.parts else None
    return isinstance(first, ir.Call) and isinstance(first.func, ir.Name | ir.Member) and guards.tail_of(
        first.func) in {"Path", "PurePath", "PosixPath"}  # fmt: skip


def _simple(flow: Flow, call: ir.Call, frame: Frame, sink: str, what: str, *, every: bool = False) -> None:
    first = argument(call, 0, "expression", "source", "template", "name", "expr", "code")
    looked_at = call.args if every else [first] if first is not None else []
    found = [origin for arg in looked_at for origin in tainted(flow, arg, frame, sink)]
    flow.uses.inject(f"injection.{sink}", call, found, what)


def _handed_in(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Code that a function is handed is wrong whoever hands it in."""
    if name.rsplit(".", maxsplit=1)[-1] in {"eval", "exec", "Function"} and not entries.browser(flow.module):
        code = call.args[-1:] if name.endswith("Function") else call.args[:1]
        found = [o for arg in code for o in sources.of_kinds(flow.facts(arg, frame), _HANDED_IN, "eval")]
        flow.uses.inject("injection.eval", call, found, f"`{name}`, which runs it as code")


_HANDED_IN = frozenset({sources.PARAM})


def _shell(flow: Flow, call: ir.Call, frame: Frame) -> None:
    position = 1 if call.args and isinstance(call.args[0], ir.Lambda) else 0
    first = argument(call, position, "command", "cmd", "args")
    if first is None:
        return
    found = tainted(flow, first, frame, "shell")
    if found:
        flow.uses.inject("injection.shell", call, found, "a shell command")
        return
    weak = harmful(parts(flow, first, frame), "shell", frozenset({sources.PARAM}))
    if weak and isinstance(resolved(first, frame), ir.Concat):
        flow.uses.inject("injection.shell", call, weak, "a shell command", level=Level.WARNING)


def _process(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A program started without a shell harms when the program itself is chosen, or when it is a shell after all."""
    everything = [*call.args, *(value for key, value in call.kwargs if key in {"args", "cmd"})]
    if name.startswith("os."):
        found = [o for arg in everything for o in tainted(flow, arg, frame, "shell")]
        flow.uses.inject("injection.shell", call, found, "the program to start")
        return
    if not everything:
        return
    if isinstance(everything[0], ir.Lambda):
        everything = everything[1:] or [ir.Const(call.line, call.column, call.end_line, "")]
    first = resolved(everything[0], frame)
    program = first.items[0] if isinstance(first, ir.Listing) and first.items else first
    found = []
    if (
        _with_shell(call, frame)
        or (isinstance(program, ir.Const) and names.SHELLS.search(str(program.value)))
        or (name.endswith("_exec") and any(isinstance(resolved(arg, frame), ir.Listing) for arg in everything))
    ):
        found = [o for arg in everything for o in tainted(flow, arg, frame, "shell")]
    elif not isinstance(first, ir.Listing | ir.Concat) and not (
        flow.module.language == "python" and isinstance(first, ir.Const)
    ):
        found = tainted(flow, first, frame, "shell")
    flow.uses.inject("injection.shell", call, found, "a command")


def _with_shell(call: ir.Call, frame: Frame) -> bool:
    shell = argument(call, 99, "shell")
    if isinstance(shell, ir.Const):
        return bool(shell.value)
    for arg in call.args[1:]:
        options = resolved(arg, frame)
        if isinstance(options, ir.Record):
            value = entry(options, "shell")
            return value is not None and not (isinstance(value, ir.Const) and not value.value)
    return False


def _deserialize(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    first = argument(call, 0, "stream", "file", "filename")
    if first is None:
        return
    if name.startswith(("yaml.load", "ruamel")):
        loader = argument(call, 1, "Loader")
        if isinstance(loader, ir.Member | ir.Name) and "Safe" in (
            loader.name if isinstance(loader, ir.Member) else loader.id
        ):
            return
        if loader is not None and flow.module.language == "script":
            return
    if name.startswith("yaml") and flow.module.language == "script":
        return
    found = tainted(flow, first, frame, "deserialization")
    flow.uses.inject("injection.deserialization", call, found, f"`{name}`, which can run code")


def _path(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    if names.PATH_READS.search(name) or not names.PATHS.match(name):
        base = call.func.base if isinstance(call.func, ir.Member) else call
        target: ir.Expr | None = base
    elif name.endswith("download_file"):
        target = argument(call, 2 if "Bucket" not in name else 1, "Filename")
    else:
        target = argument(call, 0, "file", "path", "filename", "path_or_file", "filename_or_fp")
    if target is None:
        return
    found = tainted(flow, target, frame, "path")
    if found:
        # An object's name is a weak lever: whoever could choose it may write to the bucket already.
        level = Level.NOTE if all(sources.OBJECT_KEY in origin.safe for origin in found) else None
        flow.uses.inject("injection.path", call, found, f"the path of `{short(name)}`", level=level)


def _request(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    position = (
        1
        if re.search(r"\.request$", name)
        and flow.module.language == "python"
        and not name.startswith("requests.session")
        else 0
    )
    target = argument(call, position, "url", "fullurl", "uri")
    if target is None:
        return
    options = resolved(target, frame)
    if isinstance(options, ir.Record):
        target = entry(options, "url", "uri", "baseURL", "hostname", "host") or target
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
        frozenset(o for o in sent if o.kind in (sources.BODY, sources.QUERY, sources.FIELD)),
        f"`{short(name)}`",
        store=False,
    )


def fixes_host(before: str) -> bool:
    """Whether an address that begins like this (what is unknown is a NUL) goes where its author meant."""
    return bool(re.match(r"^[a-z+]*:?//[^/]+[/?#]", before)) or "\0" in before


def _host_is_fixed(found: list[Piece]) -> bool:
    """Whether the text before the first part that input decides already fixes the host."""
    before = ""
    for piece in found:
        if piece.text is not None:
            before += piece.text
        elif sources.of_kinds(piece.facts, TAINTED, "ssrf"):
            return fixes_host(before)
        else:
            before += "\0"
    return True
