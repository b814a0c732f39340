"""A scripted model service, over HTTP: what the model does is decided in ``model_script``.

It speaks just enough of Anthropic Messages, OpenAI Chat and Responses, Gemini and Bedrock Converse for the agents tried
here, and counts what it served, so that what an agent says it used can be held against it. With ``"wait": true`` in its
script no answer is given before ``ModelServer.go`` is set.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

from benchmarks.agents.model_script import (
    GIVEN,
    READ,
    TAKEN,
    Asked,
    Said,
    anthropic,
    chat,
    converse,
    decide,
    gemini,
    responses,
)


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
