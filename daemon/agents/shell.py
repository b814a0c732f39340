"""A hook's ``command:``: a line for the shell instead of an agent, in the same view and under the same limits.

Exit 0 succeeded; any other exit is a finding with the end of the output, since a linter that complains did its work.
``{{filePath}}`` becomes the first changed path. A path is data and never code: one that the shell could read as
anything but a word is not written into the line at all but left in ``KIRO_HOOK_FILE``, which the line refers to.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.agents import protocol
from daemon.agents.failure import ended_badly
from daemon.agents.needs import Needs
from daemon.agents.port import Outcome, Program, Result
from daemon.agents.text import clean, ending, one_line
from hooks.finding import Finding, Level

if TYPE_CHECKING:
    from daemon.agents.port import Exit, Request

KIND = "shell"
VARIABLE = "KIRO_HOOK_FILE"
_PLACE = re.compile(r"\{\{\s*filePath\s*\}\}")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*")
_END = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ShellAgent:
    """Runs a hook's own command; it has no settings and needs nothing but ``/bin/sh``."""

    name: str = KIND
    kind: str = KIND

    @property
    def needs(self) -> Needs:
        """The shell."""
        return Needs(executable="/bin/sh", version=None)

    def program(self, request: Request) -> Program:
        """``sh -c``, with the changed paths as a JSON list on stdin."""
        first = request.changes[0].path if request.changes else ""
        paths = [change.path for change in request.changes]
        return Program(
            argv=("/bin/sh", "-c", with_path(request.command or ":", first)),
            stdin=json.dumps(paths).encode() + b"\n",
            env={VARIABLE: first},
            timeout=request.timeout,
        )

    def result(self, request: Request, end: Exit) -> Result:
        """Success, with a finding when it did not exit 0; a failure only when it could not be run to its end."""
        if end.code is None or end.timed_out or end.stopped:
            bad = ended_badly(self.name, end)
            if bad is not None:
                return bad
        output = _text(end.stdout)
        if end.code == 0:
            return Result(outcome=Outcome.SUCCEEDED, summary=protocol.summary_of(output))
        how = f"was killed by signal {-(end.code or 0)}" if (end.code or 0) < 0 else f"ended with exit code {end.code}"
        said = ending("\n".join(part for part in (output.strip(), _text(end.stderr).strip()) if part), _END)
        finding = Finding(
            rule="command",
            category="command",
            level=Level.ERROR,
            message=f"`{one_line(request.command or '', 200)}` {how}" + (f":\n{said}" if said else "."),
            file=request.changes[0].path if len(request.changes) == 1 else None,
        )
        return Result(outcome=Outcome.SUCCEEDED, summary=f"The command {how}.", findings=(finding,))


def _text(output: bytes) -> str:
    return clean(output.decode("utf-8", "replace"))


def with_path(command: str, path: str) -> str:
    """The command with ``{{filePath}}`` replaced. In the worst case, a line too clever for ``_inside_quotes``, an odd
    path falls apart into several words; it is never executed.
    """
    if not path:
        return _PLACE.sub("''", command)
    if _PLAIN.fullmatch(path):
        return _PLACE.sub(lambda _: shlex.quote(path), command)
    name = f"./${{{VARIABLE}}}" if path.startswith("-") else f"${{{VARIABLE}}}"  # no path is an option
    pieces: list[str] = []
    end = 0
    for place in _PLACE.finditer(command):
        quoted = _inside_quotes(command[: place.start()])
        pieces += [command[end : place.start()], name if quoted else f'"{name}"']
        end = place.end()
    return "".join([*pieces, command[end:]])


def _inside_quotes(text: str) -> bool:
    """Whether a shell that has read ``text`` is between double quotes, counting from the innermost ``$(``. Between
    single ones the line is another shell's (``bash -c '...'``), which needs the double quotes.
    """
    quotes = [""]  # one for each $( that is open
    escaped = False
    before = ""
    for char in text:
        quote = quotes[-1]
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char == "(" and before == "$" and quote != "'":
            quotes.append("")
        elif char == ")" and not quote and len(quotes) > 1:
            quotes.pop()
        elif quote:
            quotes[-1] = "" if char == quote else quote
        elif char in "'\"":
            quotes[-1] = char
        before = char
    return quotes[-1] == '"'
