"""What a scripted model is asked and what it answers, whatever protocol carries it. No I/O but the sleep of ``sleep``.

What it does stands in the prompt as ``[[script {...}]]``: ``findings`` (read the file, then hand over one finding on
line 2), ``edit`` (read, then replace ``old`` by ``new``), ``error`` (answer with ``status``), ``sleep`` (answer after a
long time).
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

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
