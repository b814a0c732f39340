"""Input that reaches a shell, a program to start, or code that is run as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import entries, guards, ir, names, sources
from daemon.agents.builtin.review.arguments import argument, entry, harmful, parts, picked, resolved, tainted
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

_COMMANDS = re.compile(r"[\"']?\bcommands[\"']?\s*[:=]")


def user_data(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """The script that a new machine runs as root."""
    options = [resolved(arg, frame) for arg in call.args[:1]]
    script = argument(call, 99, "UserData") or next(
        (entry(o, "UserData") for o in options if isinstance(o, ir.Record)), None
    )
    if script is not None:
        flow.uses.inject(
            "injection.shell", call, harmful(parts(flow, script, frame), "shell"), "a new machine's script"
        )


def handed_in(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Code that a function is handed is wrong whoever hands it in."""
    if name.rsplit(".", maxsplit=1)[-1] in {"eval", "exec", "Function"} and not entries.browser(flow.module):
        code = call.args[-1:] if name.endswith("Function") else call.args[:1]
        found = [o for arg in code for o in sources.of_kinds(flow.facts(arg, frame), _HANDED_IN, "eval")]
        flow.uses.inject("injection.eval", call, found, f"`{name}`, which runs it as code")


_HANDED_IN = frozenset({sources.PARAM})


def shell(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """A command that a shell reads."""
    position = 1 if call.args and isinstance(call.args[0], ir.Lambda) else 0
    first = argument(call, position, "command", "cmd", "args")
    if first is None:
        return
    found = tainted(flow, first, frame, "shell")
    if found:
        flow.uses.inject("injection.shell", call, found, "a shell command")
        return
    weak = harmful(parts(flow, first, frame), "shell", sources.WEAK)
    if weak and isinstance(resolved(first, frame), ir.Concat):
        flow.uses.inject("injection.shell", call, weak, "a shell command", level=Level.WARNING)


def process(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
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
        if not found and isinstance(first, ir.Const | ir.Concat):
            handed = [o for arg in everything for o in harmful(parts(flow, arg, frame), "shell", _HANDED_IN)
                      if isinstance(resolved(arg, frame), ir.Concat | ir.Listing)]  # fmt: skip
            flow.uses.inject("injection.shell", call, handed, "a shell command", level=Level.WARNING)
    elif isinstance(first, ir.Listing):
        found = tainted(flow, program, frame, "shell") if first.items else []
    elif isinstance(first, ir.Concat):
        # A text without a shell is taken for the program's whole name; who writes this means a command.
        found = harmful(parts(flow, first, frame), "shell")
        flow.uses.inject("injection.shell", call, found, "a command put together as text", level=Level.WARNING)
        return
    elif not (flow.module.language == "python" and isinstance(first, ir.Const)):
        found = tainted(flow, first, frame, "shell")
    flow.uses.inject("injection.shell", call, found, "a command")
    if isinstance(program, ir.Const) and _FETCHES.search(str(program.value)):
        second = resolved(everything[1], frame) if len(everything) > 1 else None
        options = first.items[1:] if isinstance(first, ir.Listing) else []
        options = options or (second.items if isinstance(second, ir.Listing) else [])
        asked = [o for arg in options if not isinstance(arg, ir.Concat) for o in tainted(flow, arg, frame, "ssrf")]
        flow.uses.inject("injection.ssrf", call, asked, f"`{program.value!s}` as an address or an option")
    listed = (arg for arg in everything if _is_list(resolved(arg, frame)))
    given = frozenset(o for arg in listed for o in flow.facts(arg, frame) if o.kind in sources.GIVEN)
    flow.uses.use(call, given, "the arguments of a program", store=False)


def _is_list(expr: ir.Expr) -> bool:
    """``[...]``, ``["migrate", command].concat(options)``."""
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Member) and expr.func.name == "concat":
        expr = expr.func.base
    return isinstance(expr, ir.Listing)


_FETCHES = re.compile(
    r"(?:^|/)(?:curl|wget|chromium(?:-browser)?|(?:google-)?chrome(?:-stable)?|firefox|wkhtmltopdf|wkhtmltoimage|phantomjs|lynx)$"
)
"""Programs that ask for an address."""


def unknown_with_shell(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``run_tool(command, shell=True)``: a function of another file that is told to use a shell."""
    shell = argument(call, 99, "shell")
    if isinstance(shell, ir.Const) and shell.value is True:
        found = [o for arg in call.args[:1] for o in tainted(flow, arg, frame, "shell")]
        flow.uses.inject("injection.shell", call, found, "a command that a shell reads", level=Level.WARNING)


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


def out_of_everything(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``globals()[name](...)``: any function there is, by the name that came in."""
    chosen = picked(call, frame)
    base = chosen.out_of if chosen is not None else None
    if chosen is not None and isinstance(base, ir.Call) and guards.tail_of(base.func) in {"globals", "locals", "vars"}:
        found = tainted(flow, chosen.key, frame, "eval")
        what = "the name of the function that is called, out of all there are"
        flow.uses.inject("injection.eval", call, found, what, level=Level.WARNING)


def by_name(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """A function of another file that runs commands, as far as its name tells.

    ``execute_command(CreateOrder(body))`` is a bus: what it gets is an object.
    """
    given = [arg for arg in call.args if not isinstance(resolved(arg, frame), ir.Call | ir.Record)]
    found = [o for arg in given for o in tainted(flow, arg, frame, "shell")]
    what = f"`{guards.tail_of(call.func)}`, which by its name runs it"
    flow.uses.inject("injection.shell", call, found, what, level=Level.WARNING)


def on_a_server(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """Commands sent to machines through Systems Manager."""
    everything = [*call.args, *(value for _, value in call.kwargs)]
    found = [o for arg in everything for o in tainted(flow, arg, frame, "shell")]
    flow.uses.inject("injection.shell", call, found if flow.says(_COMMANDS) else [], "a command run on a server")
