"""The models behind an API, against a service of a few lines on the loopback device."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from daemon.agents.port import FailureKind, Outcome, Usage
from daemon.agents.registry import make
from hooks.model import Mode
from tests.contract.agent_contract import AgentContract, Subject

FINDING = {
    "rule": "key",
    "category": "hardcoded-credential",
    "level": "error",
    "message": "a key",
    "file": "src/pay.ts",
    "line": 9,
    "quote": "const key = 'secret';",
}
RESULT = {"summary": "one key", "findings": [FINDING]}


class Service(BaseHTTPRequestHandler):
    """Does what the last [[do WHAT]] of the messages says; what it was asked is kept in ``server.asked``."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body)
        do = re.findall(r"\[\[do ([\w-]+)\]\]", json.dumps(body["messages"]))[-1]
        turns = len(self.server.asked)
        aws = "/converse" in self.path
        if do == "hang":
            self.server.quit.wait(30)
        if do == "crash":
            os.kill(_who_asks(self.client_address[1]), signal.SIGKILL)
            return
        if do.isdigit():
            self.reply(int(do), {"message": "scripted", "error": {"message": f"scripted {do}"}})
            return
        tool, args, text = None, None, f"Some words: {do}."
        if do == "review":
            tool, args = "final_result", RESULT
        elif do == "miss" and turns == 1:
            tool, args = "final_result", {"findings": "none"}
        elif do == "miss":
            tool, args = "final_result", RESULT
        elif do == "edit" and turns == 1:
            tool, args = (
                "edit",
                {"path": "src/pay.ts", "old": "console.log(a);\n", "new": "console.log(a);\n// edited\n"},
            )
        elif do == "escape" and turns == 1:
            tool, args = "read_file", {"path": "../../etc/passwd"}
        elif do == "loop":
            tool, args = "list", {}
        self.reply(200, (converse if aws else chat)(tool, args, text))

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _who_asks(port):
    """The process that has this port of the loopback device: the driver."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in table if int(row[1].split(":")[1], 16) == port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(file) == f"socket:[{inode}]" for file in (process / "fd").iterdir()):
                return int(process.name)
    raise LookupError(port)


def chat(tool, args, text):
    message = {"role": "assistant", "content": None if tool else text}
    if tool:
        call = {"name": tool, "arguments": json.dumps(args)}
        message["tool_calls"] = [{"id": "c1", "type": "function", "function": call}]
    usage = {
        "prompt_tokens": 1100,
        "completion_tokens": 10,
        "total_tokens": 1110,
        "prompt_tokens_details": {"cached_tokens": 100},
    }
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tool else "stop"}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def converse(tool, args, text):
    block = {"toolUse": {"toolUseId": "t1", "name": tool, "input": args}} if tool else {"text": text}
    usage = {"inputTokens": 1000, "outputTokens": 10, "totalTokens": 1110, "cacheReadInputTokens": 100}
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "usage": usage,
        "stopReason": "tool_use" if tool else "end_turn",
        "metrics": {"latencyMs": 1},
    }


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    server.asked, server.quit = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.quit.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def build(service):
    url = f"http://127.0.0.1:{service.server_address[1]}"

    def make_one(kind="openai", **more):
        aws = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "scripted-key"}
        settings = {
            "openai": {"endpoint": f"{url}/v1", "model": "m", "env": {"OPENAI_API_KEY": "scripted-key"}},
            "bedrock": {"endpoint": url, "model": "m", "region": "eu-west-1", "attempts": 1, "env": aws},
        }[kind]
        return make("house", {"kind": kind, **settings, **more})

    return make_one


class TestModels(AgentContract):
    @pytest.fixture(params=["openai", "bedrock"])
    def subject(self, request, build):
        return Subject(agent=build(request.param))


@pytest.mark.parametrize("kind", ["openai", "bedrock"])
def test_started_as_the_daemon_starts_it_it_does_the_same(build, play_as_it_is, ask, root, kind):
    assert play_as_it_is(build(kind), ask("[[do edit]]", mode=Mode.AUTO_FIX)).outcome is Outcome.SUCCEEDED
    assert (root / "src/pay.ts").read_text().endswith("// edited\n")


def test_throttling_by_bedrock_is_told_apart_and_what_it_was_tried_is_bounded(service, build, play, ask):
    result = play(build("bedrock", attempts=2), ask("[[do 429]]"))
    assert (result.failure, len(service.asked)) == (FailureKind.THROTTLED, 2)


def tools(service, at=0):
    return {tool["function"]["name"] for tool in service.asked[at]["tools"]}


def test_only_auto_fix_has_tools_that_edit(service, build, play, ask):
    play(build(), ask("[[do review]]"))
    assert tools(service) == {"read_file", "list", "search", "final_result"}
    play(build(), ask("[[do review]]", mode=Mode.AUTO_FIX))
    assert tools(service, -1) == {"read_file", "list", "search", "edit", "write", "final_result"}


def test_a_result_that_misses_the_schema_is_asked_for_again(build, play, ask):
    result = play(build(), ask("[[do miss]]"))
    assert [finding.rule for finding in result.findings] == ["key"]
    assert result.usage == Usage(input_tokens=2000, output_tokens=20, cache_read_tokens=200)


def test_a_path_outside_is_told_to_the_model_and_not_read(service, build, play, ask):
    assert play(build(), ask("[[do escape]]")).outcome is Outcome.SUCCEEDED
    assert "outside the workspace" in json.dumps(service.asked[1]["messages"])
    assert "root:" not in json.dumps(service.asked[1]["messages"])


def test_a_model_that_never_ends_meets_its_limit_and_what_it_used_is_counted(service, build, play, ask):
    result = play(build(max_requests=3), ask("[[do loop]]"))
    assert (result.failure, result.retryable) == (FailureKind.REFUSED, False)
    assert result.usage.input_tokens == 3000
    assert len(service.asked) == 3


def test_a_service_that_is_not_there_is_a_model_error(play, ask):
    agent = make("house", {"kind": "openai", "endpoint": "http://127.0.0.1:9/v1", "model": "m"})
    assert play(agent, ask()).failure is FailureKind.MODEL_ERROR


def test_the_daemons_side_loads_no_library_of_models():
    code = (
        "import sys; from daemon.agents.registry import make; make('bedrock'); make('openai'); make('kiro');"
        "heavy = ('boto3', 'botocore', 'pydantic_ai', 'openai', 'acp', 'pydantic');"
        "print([name for name in heavy if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
