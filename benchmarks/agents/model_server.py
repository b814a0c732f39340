"""A scripted model service: what the model does stands in the prompt as ``[[script {...}]]``.

It speaks just enough of Anthropic Messages, OpenAI Chat and Responses, Gemini and Bedrock Converse for the agents tried
here, and counts what it served, so that what an agent says it used can be held against it. Scripts: ``findings``
(read the file, then hand over one finding on line 2), ``edit`` (read, then replace ``old`` by ``new``), ``error``
(answer with ``status``), ``sleep`` (answer after a long time). With ``"wait": true`` no answer is given before
``ModelServer.go`` is set.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

SCRIPT = re.compile(r"\[\[script (\{.*?\})\]\]", re.DOTALL)
TAKEN, READ, GIVEN = 1000, 100, 10
"""Tokens of each answer: input, of it more from the cache, output."""
READING = ("Read", "read", "read_file", "view", "exec_command", "shell_command", "shell")
EDITING = ("Edit", "edit", "replace", "exec_command", "shell_command", "shell")
HANDING = ("StructuredOutput", "final_result")


@dataclass
class Asked:
    """One request, whatever its protocol: texts by role in order, and the tools on offer by name."""

    turns: list[tuple[str, str]]
    tools: dict[str, dict[str, Any]]
    stream: bool = True


@dataclass
class Said:
    """What the model answers: words, or a tool with its arguments, or an HTTP status."""

    text: str = ""
    tool: str = ""
    args: dict[str, Any] | None = None
    status: int = 200


def decide(asked: Asked) -> Said:
    start, script = -1, None
    for at, (role, text) in enumerate(asked.turns):
        found = SCRIPT.findall(text) if role == "user" else []
        if found:
            start, script = at, json.loads(found[-1])
    if script is None:
        return Said(text='{"summary": "nothing was asked", "findings": []}')
    done = sum(1 for role, _ in asked.turns[start:] if role == "tool")
    if script["do"] == "error":
        return Said(status=script["status"])
    if script["do"] == "sleep":
        time.sleep(60)
        return Said(status=503)  # whoever asked is gone; it must not count in a later scene
    steps = [("read", READING)] + ([("edit", EDITING)] if script["do"] == "edit" else [])
    if done < len(steps):
        what, names = steps[done]
        name = next((name for name in names if name in asked.tools), None)
        if name is None:
            return Said(text=f"no tool to {what} with among {sorted(asked.tools)}")
        return Said(tool=name, args=arguments(what, asked.tools[name], script))
    result = {"summary": "scripted", "findings": []}
    if script["do"] == "findings":
        item = {
            "rule": "scripted",
            "category": "hardcoded-credential",
            "level": "error",
            "message": "a key in the code",
            "file": script["file"],
            "line": 2,
            "column": None,
            "end_line": None,
            "quote": "const key",
        }
        result["findings"] = [item]
    handing = next((name for name in asked.tools if name in HANDING or name.endswith("report_findings")), None)
    if handing and done == len(steps):
        return Said(tool=handing, args=result)
    return Said(text="done" if handing else json.dumps(result))


def arguments(what: str, schema: dict[str, Any], script: dict[str, Any]) -> dict[str, Any]:
    """Arguments for somebody else's tool, from the names of its parameters."""
    wanted = schema.get("properties") or {}
    values: dict[str, Any] = {}
    for name, shape in wanted.items():
        if name in ("file_path", "filePath", "absolute_path", "path", "file"):
            values[name] = script["file"]
        elif what == "edit" and name in ("old_string", "oldString", "old_str", "old"):
            values[name] = script["old"]
        elif what == "edit" and name in ("new_string", "newString", "new_str", "new"):
            values[name] = script["new"]
        elif name in ("cmd", "command"):
            line = f"cat {script['file']}"
            if what == "edit":
                line = f'sed -i "s/{script["old"]}/{script["new"]}/" {script["file"]}'
            values[name] = ["sh", "-c", line] if shape.get("type") == "array" else line
        elif name in (schema.get("required") or []):
            values[name] = {"boolean": False, "integer": 1, "number": 1, "array": [], "object": {}}.get(
                str(shape.get("type")), "scripted"
            )
    return values


def plain(content: Any) -> str:
    """All the text in a piece of a message."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(plain(part) for part in content)
    if isinstance(content, dict):
        return plain(content.get("text") or content.get("content") or content.get("output") or "")
    return ""


def anthropic(body: dict[str, Any]) -> Asked:
    turns = []
    for message in body.get("messages", []):
        parts = (
            message["content"]
            if isinstance(message["content"], list)
            else [{"type": "text", "text": message["content"]}]
        )
        turns += [("tool" if part.get("type") == "tool_result" else message["role"], plain(part)) for part in parts]
    tools = {tool["name"]: tool.get("input_schema") or {} for tool in body.get("tools", []) if "name" in tool}
    return Asked(turns, tools, bool(body.get("stream")))


def chat(body: dict[str, Any]) -> Asked:
    turns = [(message["role"], plain(message.get("content"))) for message in body.get("messages", [])]
    tools = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in body.get("tools") or []}
    return Asked(turns, tools, bool(body.get("stream")))


def responses(body: dict[str, Any]) -> Asked:
    turns = []
    for item in body.get("input", []):
        if str(item.get("type", "message")).endswith("_output"):
            turns.append(("tool", plain(item)))
        elif item.get("type", "message") == "message":
            turns.append((item["role"], plain(item)))
    tools = {
        tool["name"]: tool.get("parameters") or {} for tool in body.get("tools", []) if tool.get("type") == "function"
    }
    return Asked(turns, tools)


def gemini(body: dict[str, Any]) -> Asked:
    turns = []
    for message in body.get("contents", []):
        for part in message.get("parts", []):
            if "functionResponse" in part:
                turns.append(("tool", json.dumps(part["functionResponse"])))
            elif "text" in part:
                turns.append(("user" if message.get("role", "user") == "user" else "assistant", part["text"]))
    tools = {
        one["name"]: one.get("parametersJsonSchema") or one.get("parameters") or {}
        for tool in body.get("tools") or []
        for one in tool.get("functionDeclarations") or []
    }
    return Asked(turns, tools)


def converse(body: dict[str, Any]) -> Asked:
    turns = []
    for message in body.get("messages", []):
        for part in message["content"]:
            if "toolResult" in part:
                turns.append(("tool", plain(part["toolResult"].get("content"))))
            elif "text" in part:
                turns.append((message["role"], part["text"]))
    offered = (body.get("toolConfig") or {}).get("tools", [])
    tools = {one["toolSpec"]["name"]: one["toolSpec"]["inputSchema"]["json"] for one in offered if "toolSpec" in one}
    return Asked(turns, tools)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        models = [{"id": "scripted", "object": "model", "created": 1, "owned_by": "here"}]
        self.send(200, {"object": "list", "data": models, "models": []})

    def do_POST(self) -> None:
        size = self.headers.get("content-length")
        raw = self.rfile.read(int(size)) if size else self.chunks()
        body = json.loads(raw or b"{}")
        path = unquote(urlparse(self.path).path)
        for end, read, answer in (
            ("/messages", anthropic, self.as_anthropic),
            ("/chat/completions", chat, self.as_chat),
            ("/responses", responses, self.as_responses),
            (":streamGenerateContent", gemini, self.as_gemini),
            (":generateContent", gemini, self.as_gemini),
            ("/converse", converse, self.as_converse),
        ):
            if path.endswith(end):
                asked = read(body)
                if '"wait": true' in json.dumps(asked.turns).replace("\\", ""):
                    self.server.waiting.set()
                    self.server.go.wait(600)
                said = decide(asked)
                if said.status != 200:
                    self.send(
                        said.status,
                        {"error": {"message": f"scripted {said.status}", "type": "scripted"}, "message": "scripted"},
                    )
                    return
                self.server.count()
                answer(body, asked, said)
                return
        self.send(200 if "count" in path else 404, {"input_tokens": 1, "totalTokens": 1})

    def chunks(self) -> bytes:
        raw = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            raw += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return raw

    def send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, *events: dict[str, Any], named: bool = False, done: bool = False) -> None:
        lines = [(f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events]
        data = "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def as_anthropic(self, body: dict[str, Any], asked: Asked, said: Said) -> None:
        usage = {
            "input_tokens": TAKEN,
            "output_tokens": GIVEN,
            "cache_read_input_tokens": READ,
            "cache_creation_input_tokens": 0,
        }
        stop = "tool_use" if said.tool else "end_turn"
        block: dict[str, Any] = {"type": "text", "text": said.text}
        delta: dict[str, Any] = {"type": "text_delta", "text": said.text}
        if said.tool:
            block = {"type": "tool_use", "id": f"toolu_{self.server.number}", "name": said.tool, "input": said.args}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(said.args)}
        message = {
            "id": f"msg_{self.server.number}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": [block],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }
        if not asked.stream:
            self.send(200, message)
            return
        empty = {**block, "input": {}} if said.tool else {**block, "text": ""}
        self.stream(
            {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": empty},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {"output_tokens": GIVEN},
            },
            {"type": "message_stop"},
            named=True,
        )

    def as_chat(self, body: dict[str, Any], asked: Asked, said: Said) -> None:
        usage = {
            "prompt_tokens": TAKEN + READ,
            "completion_tokens": GIVEN,
            "total_tokens": TAKEN + READ + GIVEN,
            "prompt_tokens_details": {"cached_tokens": READ},
        }
        base = {"id": f"chat_{self.server.number}", "created": 1, "model": body.get("model")}
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
        if said.tool:
            call = {"name": said.tool, "arguments": json.dumps(said.args)}
            message["tool_calls"] = [
                {"index": 0, "id": f"call_{self.server.number}", "type": "function", "function": call}
            ]
        reason = "tool_calls" if said.tool else "stop"
        if not asked.stream:
            choice = {"index": 0, "message": message, "finish_reason": reason}
            self.send(200, {**base, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        chunk = {**base, "object": "chat.completion.chunk"}
        self.stream(
            {**chunk, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
            {**chunk, "choices": [], "usage": usage},
            done=True,
        )

    def as_responses(self, body: dict[str, Any], asked: Asked, said: Said) -> None:
        usage = {
            "input_tokens": TAKEN + READ,
            "input_tokens_details": {"cached_tokens": READ},
            "output_tokens": GIVEN,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": TAKEN + READ + GIVEN,
        }
        number = self.server.number
        item: dict[str, Any] = {
            "type": "message",
            "id": f"msg_{number}",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": said.text, "annotations": []}],
        }
        if said.tool:
            item = {
                "type": "function_call",
                "id": f"fc_{number}",
                "status": "completed",
                "call_id": f"call_{number}",
                "name": said.tool,
                "arguments": json.dumps(said.args),
            }
        response = {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": body.get("model"),
            "output": [item],
            "usage": usage,
        }
        self.stream(
            {
                "type": "response.created",
                "response": {**response, "status": "in_progress", "output": [], "usage": None},
            },
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": response},
            named=True,
        )

    def as_gemini(self, body: dict[str, Any], asked: Asked, said: Said) -> None:
        usage = {
            "promptTokenCount": TAKEN + READ,
            "cachedContentTokenCount": READ,
            "candidatesTokenCount": GIVEN,
            "totalTokenCount": TAKEN + READ + GIVEN,
        }
        part = {"functionCall": {"name": said.tool, "args": said.args}} if said.tool else {"text": said.text}
        content = {"role": "model", "parts": [part]}
        answer = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage,
            "modelVersion": "scripted",
        }
        if "stream" in self.path:
            self.stream(answer)
        else:
            self.send(200, answer)

    def as_converse(self, body: dict[str, Any], asked: Asked, said: Said) -> None:
        usage = {
            "inputTokens": TAKEN,
            "outputTokens": GIVEN,
            "totalTokens": TAKEN + READ + GIVEN,
            "cacheReadInputTokens": READ,
            "cacheWriteInputTokens": 0,
        }
        block: dict[str, Any] = {"text": said.text}
        if said.tool:
            block = {"toolUse": {"toolUseId": f"use_{self.server.number}", "name": said.tool, "input": said.args}}
        message = {"role": "assistant", "content": [block]}
        stop = "tool_use" if said.tool else "end_turn"
        self.send(
            200, {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}}
        )


class ModelServer(ThreadingHTTPServer):
    """The service, on a free port of the loopback device."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._lock = threading.Lock()
        self._answers = 0
        self.number = 0
        self.waiting, self.go = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self) -> None:
        with self._lock:
            self._answers += 1
            self.number += 1

    def reset(self) -> None:
        with self._lock:
            self._answers = 0

    def served(self) -> tuple[int, int, int]:
        """Input, output and cached tokens since the last reset."""
        with self._lock:
            return self._answers * TAKEN, self._answers * GIVEN, self._answers * READ

    def handle_error(self, *_: object) -> None:
        """A client that hung up is none of our business."""
