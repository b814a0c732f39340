"""Kinds ``kiro`` and ``amazon-q``: Kiro's command-line agent, by the Agent Client Protocol or by its headless chat.

The protocol (``kiro-cli acp``) is the default: it tells words from tools and meters each turn. The chat
(``protocol: chat``) is for machines where only that is allowed; there, exit 0 means nothing: an invalid key exits 0
with a sentence on stderr, and only the line with the credits at the end of stderr tells that the turn was done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.agents import acp, protocol
from daemon.agents.cli import Cli, ask, events, inside, mend, text_of
from daemon.agents.failure import classify, ended_badly, failure
from daemon.agents.needs import Needs
from daemon.agents.port import Exit, FailureKind, HomeFile, Usage
from daemon.agents.settings import Settings
from daemon.agents.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.port import Agent, Program, Request, Result

LOGIN_ENV = ("KIRO_API_KEY",)
STORE = ".local/share/kiro-cli/data.sqlite3"
"""Where its login is kept. It holds more than tokens, so it is never written back."""
ALIAS_REMEDY = (
    "Amazon Q Developer's command line became Kiro CLI: install kiro-cli (kiro.dev/cli), and name the agent `kiro`"
)
TOOLS = "read,write,grep,glob"
_TRAILER = re.compile(r"Credits:\s*(\d+(?:\.\d+)?)")
_WAITS_FOR_LOGIN = re.compile(
    r"(?:open|visit|go to)\b.{0,60}\bhttps?://\S{1,200}|device (?:code|login|authorization)|enter (?:this|the) code",
    re.IGNORECASE,
)
SCRIPT = f"""if [ -z "$KIRO_API_KEY" ] && [ ! -s "$HOME/{STORE}" ]; then
  echo 'not logged in: no KIRO_API_KEY, and no login in HOME' >&2
  exit 77
fi
prompt=$(cat)
exec "$@" "$prompt" </dev/null"""

KNOWN = acp.Known(
    command=("kiro-cli", "acp"),
    login_env=LOGIN_ENV,
    home=(HomeFile(path=STORE),),
    install="see kiro.dev/cli",
    login="run `kiro-cli login`, or set KIRO_API_KEY",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class KiroChatAgent:
    """Kiro's headless chat. Without credentials it would wait for a device login for ever, so they are looked for."""

    name: str
    cli: Cli
    kind: str = "kiro"
    stream: bool = False
    tools: str = TOOLS

    @property
    def needs(self) -> Needs:
        """The program, and a key or its own login."""
        return _needs(self.cli)

    def program(self, request: Request) -> Program:
        """One turn; its words go to stdout, its meter to stderr."""
        return self._start(request, ask(request))

    def repair(self, request: Request, end: Exit) -> Program | None:
        """A second turn that makes findings of prose; ``None`` when there is no need or no sense."""
        words, credit, wrong = _read(end)
        if end.code != 0 or wrong or credit is None or not words:
            return None
        return None if protocol.decode(words, root=request.root).structured else self._start(request, mend(words))

    def _start(self, request: Request, prompt: str) -> Program:
        return self.cli.start(
            request,
            "chat", "--no-interactive", f"--trust-tools={self.tools}{',shell' if self.cli.shell else ''}",
            *(("--output-format", "stream-json") if self.stream else ("--wrap", "never")),
            *(("--model", self.cli.model) if self.cli.model else ()),
            script=SCRIPT,
            stdin=prompt,
            env={"NO_COLOR": "1", "KIRO_LOG_NO_COLOR": "1"},
            pass_env=LOGIN_ENV,
            home=KNOWN.home,
        )  # fmt: skip

    def result(self, request: Request, end: Exit) -> Result:
        """Success is what the meter says, not the exit code."""
        words, credit, wrong = _read(end)
        remedies = {FailureKind.NOT_LOGGED_IN: KNOWN.login}
        if end.timed_out and (prompt := _WAITS_FOR_LOGIN.search(_beginning(end))):
            return failure(self.name, FailureKind.NOT_LOGGED_IN, detail=f"it waited: {prompt[0]}", remedy=KNOWN.login)
        bad = ended_badly(self.name, end, remedies=remedies)
        if bad is not None:
            return bad
        if wrong or credit is None:
            kind = classify(wrong or _stderr(end)) or FailureKind.OUTPUT_UNUSABLE
            detail = wrong or "no credits were metered: " + (_stderr(end) or words)
            return failure(self.name, kind, detail=detail, remedy=remedies.get(kind, ""))
        return protocol.succeeded(
            protocol.decode(words, root=request.root), usage=Usage(credits=credit), model=self.cli.model or None
        )


def _beginning(end: Exit) -> str:
    """What it printed first; a login that has expired shows there, and no words of a model come before it."""
    return clean((end.stderr[:2000] + b"\n" + end.stdout[:2000]).decode("utf-8", "replace"))


def _stderr(end: Exit) -> str:
    return clean(end.stderr.decode("utf-8", "replace")).strip()


def _read(end: Exit) -> tuple[str, float | None, str]:
    """Its words, the credits it metered, and what it says went wrong; from events when it printed any."""
    stderr = _stderr(end)
    metered = [float(found[1]) for found in _TRAILER.finditer(stderr)]
    credit = metered[-1] if metered else None
    wrong = stderr if credit is None and classify(stderr) is not None else ""
    said = list(events(end.stdout))
    if not any(isinstance(event.get("type"), str) for event in said):
        text = clean(end.stdout.decode("utf-8", "replace")).strip()
        return re.sub(r"^> ?", "", text), credit, wrong  # the prompt sign before its first words
    words: list[str] = []
    for event in said:
        kind = text_of(event.get("type"))
        if kind in ("tool_use", "tool_call", "toolUse"):
            words.clear()
        elif kind == "error":
            wrong = text_of(event.get("message")) or text_of(inside(event, "error", "message")) or "failed"
        elif kind == "result":
            if event.get("is_error") is True:
                wrong = text_of(event.get("result")) or "failed"
            elif text_of(event.get("result")):
                words = [text_of(event.get("result"))]
        else:
            words.append(_piece(event))
        used = protocol.amount(event.get("credits"))
        used = protocol.amount(inside(event, "usage", "credits")) if used is None else used
        credit = used if used is not None else credit
    return "".join(words).strip(), credit, wrong


def _piece(event: dict[str, object]) -> str:
    """The words of a text event, however it nests them."""
    content = event.get("content")
    if content is None:
        content = inside(event, "message", "content")
    if isinstance(content, list):
        return "".join(text_of(inside(part, "text")) for part in content)
    return text_of(event.get("text")) or text_of(content) or text_of(inside(content, "text"))


def _needs(cli: Cli) -> Needs:
    given = bool(set(LOGIN_ENV) & set(cli.env))
    return Needs(
        executable=cli.command[0],
        login_env=() if given else LOGIN_ENV,
        login_files=() if given else (STORE,),
        install=KNOWN.install,
        login=KNOWN.login,
    )


def make(name: str, values: Mapping[str, object]) -> Agent:
    """From settings; raises AgentSettingsError. ``protocol: acp`` (the default) or ``chat``; ``stream: true`` asks the
    chat of version 3 for events.
    """
    settings = Settings(name, values)
    kind = str(values.get("kind") or "kiro")
    chat = settings.choice("protocol", ("acp", "chat"), "acp") == "chat"
    cli = Cli.read(settings, *(("kiro-cli",) if chat else KNOWN.command))
    known = replace(KNOWN, install=ALIAS_REMEDY) if kind == "amazon-q" else KNOWN
    agent: Agent
    if chat:
        stream = settings.flag("stream", default=False)
        agent = KiroChatAgent(name=name, kind=kind, cli=cli, stream=stream, tools=settings.text("tools", TOOLS))
    else:
        agent = acp.AcpAgent(name=name, kind=kind, cli=cli, known=known, mode=settings.text("mode"))
    if cli.endpoint:
        settings.fault(acp.NO_ENDPOINT)
    settings.done()
    return agent
