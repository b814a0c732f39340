"""Talks to an agent by the Agent Client Protocol, version 1, and prints a result. Runs inside the view.

Messages are taken as they come and not through the library's schema: an update of a kind nobody knows, a stop reason of
tomorrow or a line that is no JSON must not cost a run its findings. Every permission is granted, since the view is what
keeps the tree and one refusal ends the whole turn in several agents; nothing of ``fs`` or ``terminal`` is offered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.agents import protocol
from daemon.agents.cli import SERVER, inside, server_argv, text_of
from daemon.agents.drivers.findings import FILE
from daemon.agents.failure import classify
from daemon.agents.port import FailureKind
from daemon.agents.text import clean, ending

if TYPE_CHECKING:
    from asyncio.subprocess import Process

MAX_LINE = 64 * 1024 * 1024
MAX_WORDS = 1024 * 1024
STARTING = 60.0
"""Seconds that an agent may take to answer before it is asked anything; login prompts hang here for ever."""
AUTH_REQUIRED = -32000
METHOD_NOT_FOUND = -32601
WAITS_FOR_LOGIN = re.compile(
    r"authentication failed|device (?:code|login|authorization)|(?:open|visit|go to)\b.{0,60}\bhttps?://.{0,200}"
    r"|enter (?:this|the) code|not logged in|please (?:log|sign) in",
    re.IGNORECASE,
)
MEND = (
    "Your answer could not be read as a result. Print it once more as one JSON object, and nothing else: "
    '{"summary": "...", "findings": [{"rule": "...", "category": "...", "level": "error|warning|note", '
    '"message": "...", "file": "...", "line": 1, "quote": "..."}]}. Use no tools.'
)


class FailedError(Exception):
    """The run came to nothing."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(detail)


class Pipe:
    """The agent's stdout and stdin as messages. What is no JSON object is passed over; updates are taken out here, in
    the order they came, so that none is still under way when a turn's answer is read.
    """

    def __init__(self, process: Process, session: Session) -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out, self._session = process.stdin, process.stdout, session

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._in.write(json.dumps(message).encode() + b"\n")
        await self._in.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next message that the library is to see; ``None`` at the end."""
        while True:
            try:
                line = await self._out.readline()
            except ValueError:  # longer than any message may be; it was thrown away
                continue
            if not line:
                return None
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if not isinstance(message, dict):
                continue
            if "id" not in message and isinstance(message.get("method"), str):
                self._session.heard(message["method"], message.get("params"))
                continue
            return message

    async def close(self) -> None:
        """Close its stdin: a polite agent ends."""
        self._in.close()


class Session:
    """What one session has said so far."""

    def __init__(self) -> None:
        self.id = ""
        self.words: list[str] = []
        self.credits: float | None = None
        self.tokens: dict[str, int] = {}

    def heard(self, method: str, params: object) -> None:
        """Take up a notification; those of other sessions (an agent's helpers) and unknown ones count for nothing."""
        if inside(params, "sessionId") not in (None, self.id):
            return
        if method == "session/update":
            update = inside(params, "update")
            kind = inside(update, "sessionUpdate")
            if kind == "agent_message_chunk" and sum(map(len, self.words)) < MAX_WORDS:
                self.words.append(text_of(inside(update, "content", "text")))
            elif kind == "tool_call":
                self.words.append("\n")  # words before and after a tool are two paragraphs
        elif method == "_kiro.dev/metadata":
            self._meter(params)

    def _meter(self, params: object) -> None:
        metered = inside(params, "meteringUsage")
        entries = metered if isinstance(metered, list) else []
        found = [protocol.amount(inside(entry, "value")) for entry in entries if inside(entry, "unit") == "credit"]
        found = found or [protocol.amount(inside(params, "credits"))]
        for value in found:
            if value is not None:
                self.credits = (self.credits or 0.0) + value

    def count(self, response: object) -> None:
        """Add a turn's tokens, wherever the agent puts them."""
        usage = inside(response, "usage") or inside(response, "_meta", "usage")
        quota = inside(response, "_meta", "quota", "token_count")
        read = _first(usage, "cachedReadTokens", "cacheReadTokens", "cached_read_tokens", "cache_read_input_tokens")
        taken = _first(usage, "inputTokens", "input_tokens") or _first(quota, "input_tokens")
        given = _first(usage, "outputTokens", "output_tokens") or _first(quota, "output_tokens")
        thought = _first(usage, "thoughtTokens")
        written = _first(usage, "cachedWriteTokens")
        if read and taken + given + thought + written == _first(usage, "totalTokens"):
            taken = max(0, taken - read)  # this agent's input counts what came from the cache too
        for name, value in (("input_tokens", taken + written), ("output_tokens", given), ("cache_read_tokens", read)):
            self.tokens[name] = self.tokens.get(name, 0) + value

    def usage(self) -> dict[str, Any]:
        """As a result has it."""
        return {**self.tokens, "credits": self.credits}


def _first(value: object, *names: str) -> int:
    return next((number for name in names if (number := protocol.count(inside(value, name)))), 0)


async def answer(method: str, params: object, is_notification: bool) -> Any:
    """What the agent is told when it asks."""
    from acp.exceptions import RequestError  # noqa: PLC0415 - heavy

    if method != "session/request_permission":
        raise RequestError.method_not_found(method)
    options = inside(params, "options")
    options = [option for option in options if isinstance(option, dict)] if isinstance(options, list) else []
    ranked = sorted(options, key=lambda option: _RANK.get(str(option.get("kind")), 2))
    if not ranked or str(ranked[0].get("kind")).startswith("reject"):
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": ranked[0].get("optionId")}}


_RANK = {"allow_once": 0, "allow_always": 1, "reject_once": 3, "reject_always": 4}


class Talk:
    """One conversation: start, session, mode, prompt, and the one attempt to mend the answer."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.session = Session()
        self.errors: deque[str] = deque(maxlen=60)
        self.report = Path(tempfile.mkdtemp(prefix="kiro-hookd-")) / "findings.jsonl"
        self.notes: list[str] = []

    async def hold(self) -> dict[str, Any]:
        """The whole conversation. Raises FailedError."""
        from acp.connection import Connection  # noqa: PLC0415 - heavy

        argv = [str(word) for word in self.order["argv"]]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=self.order["root"], limit=MAX_LINE,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            kind = FailureKind.NOT_INSTALLED if isinstance(error, FileNotFoundError) else FailureKind.CRASHED
            raise FailedError(kind, f"{argv[0]}: {error.strerror or error}") from None
        login = asyncio.get_running_loop().create_future()
        watch = asyncio.create_task(self._watch(process, login))
        connection = Connection(answer, Pipe(process, self.session))
        try:
            talk = asyncio.create_task(self._talk(connection))
            await asyncio.wait({talk, login}, return_when=asyncio.FIRST_COMPLETED)
            if login.done() and not talk.done():
                talk.cancel()
                raise FailedError(FailureKind.NOT_LOGGED_IN, login.result())
            return await talk
        except ConnectionError:
            await asyncio.wait({watch}, timeout=1)
            raise self._gone(process) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), 1)
            watch.cancel()

    def _gone(self, process: Process) -> FailedError:
        said = "\n".join(self.errors)
        code = "" if process.returncode is None else f" (exit {process.returncode})"
        return FailedError(classify(said) or FailureKind.CRASHED, f"the agent ended{code}: {ending(said, 300)}")

    async def _watch(self, process: Process, login: asyncio.Future[str]) -> None:
        """Keep the end of stderr; a login prompt there means that the agent waits for a person."""
        assert process.stderr
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                continue
            if not line:
                return
            text = clean(line.decode("utf-8", "replace")).strip()
            self.errors.append(text)
            if not self.session.id and WAITS_FOR_LOGIN.search(text) and not login.done():
                login.set_result(text)

    async def _talk(self, connection: Any) -> dict[str, Any]:
        await self._open(connection)
        reason = await self._turn(connection, self.order["prompt"])
        calls = self._reported()
        words = "".join(self.session.words).strip()
        if not calls and words and not protocol.decode(words, root=self.order["root"]).structured:
            self.session.words.clear()
            with contextlib.suppress(FailedError):  # the first answer stands as it is
                await self._turn(connection, MEND)
                calls = self._reported()
            again = "".join(self.session.words).strip()
            if not calls and (mended := _object(again)) is not None:
                calls = [mended | {"summary": words}]
        return self._result(words, calls, reason)

    async def _open(self, connection: Any) -> None:
        hello = await self._ask(
            connection,
            "initialize",
            {
                "protocolVersion": 1,
                "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
                "clientInfo": {"name": "kiro-hookd", "version": "1"},
            },
        )
        if inside(hello, "protocolVersion") not in (1, None):
            raise FailedError(
                FailureKind.OUTPUT_UNUSABLE, f"it speaks version {hello['protocolVersion']} of the protocol, not 1"
            )
        argv = server_argv()
        server = {
            "name": SERVER,
            "command": argv[0],
            "args": list(argv[1:]),
            "env": [{"name": FILE, "value": str(self.report)}],
        }
        opened = await self._ask(connection, "session/new", {"cwd": self.order["root"], "mcpServers": [server]})
        self.session.id = text_of(inside(opened, "sessionId"))
        await self._choose(connection, opened)

    async def _choose(self, connection: Any, opened: object) -> None:
        """Set the mode and the model; what cannot be set is said in the summary."""
        offered = inside(opened, "modes", "availableModes")
        ids = [inside(mode, "id") for mode in offered] if isinstance(offered, list) else []
        mode = self.order.get("mode") or next((mode for mode in self.order.get("modes", ()) if mode in ids), "")
        for what, method, key in (("mode", "session/set_mode", "modeId"), ("model", "session/set_model", "modelId")):
            value = mode if what == "mode" else self.order.get("model")
            if not value:
                continue
            try:
                await self._ask(connection, method, {"sessionId": self.session.id, key: value})
            except FailedError as error:
                self.notes.append(f"The {what} {value} could not be set ({error.detail}).")

    async def _turn(self, connection: Any, prompt: str) -> str:
        params = {"sessionId": self.session.id, "prompt": [{"type": "text", "text": prompt}]}
        response = await self._ask(connection, "session/prompt", params, seconds=None)
        self.session.count(response)
        reason = text_of(inside(response, "stopReason"))
        if reason == "refusal":
            raise FailedError(FailureKind.REFUSED, ending("".join(self.session.words), 300))
        if reason == "cancelled":
            raise FailedError(FailureKind.CRASHED, "it cancelled its own turn")
        return reason

    async def _ask(
        self,
        connection: Any,
        method: str,
        params: dict[str, Any],
        *,
        seconds: float | None = STARTING,
    ) -> Any:
        from acp.exceptions import RequestError  # noqa: PLC0415 - heavy

        try:
            return await asyncio.wait_for(connection.send_request(method, params), seconds)
        except RequestError as error:
            said = f"{error} {json.dumps(error.data) if getattr(error, 'data', None) else ''}".strip()
            if getattr(error, "code", None) == AUTH_REQUIRED and (classify(said) is None or "auth" in said.lower()):
                raise FailedError(FailureKind.NOT_LOGGED_IN, said) from None
            raise FailedError(classify(said) or FailureKind.MODEL_ERROR, f"{method}: {said}") from None
        except TimeoutError:
            raise self._silent(method) from None

    def _silent(self, method: str) -> FailedError:
        said = "\n".join(self.errors)
        return FailedError(classify(said) or FailureKind.CRASHED, f"no answer to {method}: {ending(said, 300)}")

    def _reported(self) -> list[dict[str, Any]]:
        if not self.report.exists():
            return []
        return [json.loads(line) for line in self.report.read_text(encoding="utf-8").splitlines()]

    def _result(self, words: str, calls: list[dict[str, Any]], reason: str) -> dict[str, Any]:
        if reason not in ("end_turn", ""):
            self.notes.append(f"The agent stopped early: {reason}.")
        result: dict[str, Any] = {"summary": words, "findings": []}
        if calls:
            items = [item for call in calls for item in call.get("findings") or []]
            result = {"summary": calls[-1].get("summary") or words, "findings": items}
        elif (found := _object(words)) is not None:
            result = {"summary": found.get("summary", ""), "findings": found.get("findings", [])}
        result["summary"] = "\n".join([text_of(result["summary"]), *self.notes]).strip()
        return result | {"usage": self.session.usage(), "model": self.order.get("model") or None}


def _object(words: str) -> dict[str, Any] | None:
    """The result in a text, as it is, for the parent to check."""
    found = protocol.result_in(words)
    return None if found is None else dict(found)


def main() -> int:
    """The order is one JSON object on stdin; the result, or the failure, is one on stdout."""
    order = json.load(sys.stdin)
    talk = Talk(order)
    try:
        said, code = asyncio.run(talk.hold()), 0
    except FailedError as error:
        said = {"failure": error.kind.value, "detail": ending(clean(error.detail), 1000), "usage": talk.session.usage()}
        code = 1
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    os._exit(code)  # not waiting for an agent's helpers, which the keeper ends


if __name__ == "__main__":
    sys.exit(main())
