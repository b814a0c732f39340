"""The ``report_findings`` server: a Model Context Protocol server on stdin and stdout with that one tool.

It checks what it is handed and says what is wrong, so that a model mends it at once. What it accepted it appends, a
JSON object a line, to the file that ``KIRO_HOOKD_FINDINGS`` names; without one the caller reads the agent's own events.
Standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from daemon.agents.protocol import RESULT_SCHEMA, answer

FILE = "KIRO_HOOKD_FINDINGS"
NAME = "report_findings"
VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
TOOL = {
    "name": NAME,
    "description": "Hand over the findings of this review, all at once, with a short summary. Call it even when there "
    "is nothing to report, with an empty list.",
    "inputSchema": {**RESULT_SCHEMA, "required": ["findings"]},
}


def reply(message: dict[str, Any]) -> dict[str, Any] | None:
    """The answer to one message; ``None`` for a notification."""
    if "id" not in message or "method" not in message:
        return None
    head = {"jsonrpc": "2.0", "id": message["id"]}
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    method = message["method"]
    if method == "initialize":
        asked = params.get("protocolVersion")
        version = asked if asked in VERSIONS else VERSIONS[0]
        server = {"name": "kiro-hookd", "version": "1"}
        return head | {
            "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server},
        }
    if method == "tools/list":
        return head | {"result": {"tools": [TOOL]}}
    if method == "ping":
        return head | {"result": {}}
    if method == "tools/call" and params.get("name") == NAME:
        return head | {"result": take(params.get("arguments"))}
    return head | {"error": {"code": -32601, "message": f"there is no {str(method)[:80]}"}}


def take(arguments: object) -> dict[str, Any]:
    """Accept findings, or say what is wrong with them."""
    if not isinstance(arguments, dict) or not isinstance(arguments.get("findings"), list):
        return _said("`findings` must be a list of objects; nothing was taken. Call the tool again.", wrong=True)
    understood = answer(arguments, root="/")
    if understood.left_out:
        return _said(
            f"{understood.left_out} entries have no `message` or are too many; nothing was taken. Call the tool again.",
            wrong=True,
        )
    path = os.environ.get(FILE)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(arguments) + "\n")
    return _said(f"{len(understood.findings)} findings were taken.")


def _said(text: str, *, wrong: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": wrong}


def main() -> int:
    """Serve until stdin closes. A line that is no message is passed over."""
    for line in sys.stdin:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        said = reply(message) if isinstance(message, dict) else None
        if said is not None:
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
