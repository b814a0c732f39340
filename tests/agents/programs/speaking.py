"""Speaks as one of the command-line agents does: ``speaking.py KIND ...``, with what to do in the prompt as
[[do WHAT]].

What it prints for each kind follows what the real programs print (docs/agents.md names the versions), cut down to what
matters and to traps.
"""

import json
import os
import re
import signal
import sys

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
ERRORS = {
    "400": (400, "400 the model does not like it"),
    "401": (401, "401 Unauthorized: bad key"),
    "429": (429, "429 Too Many Requests, try again in 7 seconds"),
    "quota": (400, "You exceeded your current quota"),
    "refusal": (400, "blocked by the content policy"),
}


def line(**event):
    print(json.dumps(event), flush=True)


def last_words(do, mended):
    if do in ("review", "tool") or mended:
        return json.dumps(RESULT)
    return f"I did it: {do}."


def claude(do, words, error):
    usage = {
        "m-big": {"inputTokens": 900, "outputTokens": 9, "cacheReadInputTokens": 100, "cacheCreationInputTokens": 50},
        "m-small": {"inputTokens": 50, "outputTokens": 1},
    }
    said = {"type": "result", "subtype": "success", "is_error": bool(error), "result": words, "modelUsage": usage}
    if error:
        said |= {"api_error_status": error[0], "result": f"API Error: {error[1]}", "modelUsage": {}}
    elif words.startswith("{"):
        said["structured_output"] = json.loads(words)
    line(**said)


def codex(do, words, error):
    line(type="thread.started", thread_id="x")
    line(type="item.completed", item={"type": "error", "message": "no metadata of this model"})
    if error:
        line(type="error", message="Reconnecting... 1/2")
        line(type="turn.failed", error={"message": error[1]})
        return
    line(type="item.completed", item={"type": "agent_message", "text": words})
    usage = {"input_tokens": 1100, "cached_input_tokens": 100, "output_tokens": 10, "reasoning_output_tokens": 4}
    line(type="turn.completed", usage=usage)


def gemini(do, words, error):
    print("YOLO mode is enabled.")
    line(type="message", role="user", content='{"findings": []}')
    stats = {"input_tokens": 1100, "output_tokens": 10, "cached": 100, "models": {"g-pro": {}}}
    if error:
        line(type="result", status="error", error={"type": "unknown", "message": f"[API Error: {error[1]}]"}, stats={})
        return
    if do == "tool":
        line(type="tool_use", tool_name="mcp_kiro-hookd_report_findings", tool_id="1", parameters={"findings": [{}]})
        line(type="tool_result", tool_id="1", status="error")
        line(type="tool_use", tool_name="mcp_kiro-hookd_report_findings", tool_id="2", parameters=RESULT)
        line(type="tool_result", tool_id="2", status="success")
        words = "Handed over."
    half = len(words) // 2
    line(type="message", role="assistant", content="Let me look.", delta=True)
    line(type="tool_use", tool_name="read_file", tool_id="3", parameters={})
    line(type="message", role="assistant", content=words[:half], delta=True)
    line(type="message", role="assistant", content=words[half:], delta=True)
    line(type="result", status="success", stats=stats)


def copilot(do, words, error):
    line(type="user.message", data={"content": '{"findings": []}'})
    if error:
        line(type="session.error", data={"errorType": "query", "message": error[1], "statusCode": error[0]})
        line(type="result", exitCode=1)
    else:
        if do == "tool":
            name = "kiro-hookd-report_findings"
            line(type="tool.execution_start", data={"toolCallId": "1", "toolName": name, "arguments": RESULT})
            line(type="tool.execution_complete", data={"toolCallId": "1", "success": True})
            words = "Handed over."
        line(type="assistant.message", data={"content": words})
        line(type="result", exitCode=0, usage={"premiumRequests": 1})
    used = {"inputTokens": 1100, "outputTokens": 10, "cacheReadTokens": 100}
    with open(sys.argv[sys.argv.index("--usage-output-file") + 1], "w") as file:
        json.dump(
            {"modelMetrics": {"c-1": {"usage": used}}, "currentModel": "c-1", "totalPremiumRequestCost": 1},
            file,
            indent=1,
        )


def opencode(do, words, error):
    if error:
        line(type="error", error={"name": "APIError", "data": {"message": error[1], "statusCode": error[0]}})
        return
    tokens = {"input": 500, "output": 5, "reasoning": 0, "cache": {"read": 50, "write": 0}}
    if do == "tool":
        state = {"status": "completed", "input": RESULT}
        line(type="tool_use", part={"tool": "kiro-hookd_report_findings", "state": state})
        words = "Handed over."
    line(type="step_finish", part={"tokens": tokens})
    line(type="text", part={"text": words})
    line(type="step_finish", part={"tokens": tokens})


def kiro(do, words, error):
    if error:
        if error[0] == 401:
            print("Authentication failed.", file=sys.stderr)
            sys.exit(0)
        print(f"Kiro is having trouble responding right now: {error[1]}", file=sys.stderr)
        sys.exit(1)
    if sys.argv[1] == "kiro-stream":
        assert sys.argv[sys.argv.index("--output-format") + 1] == "stream-json"
        line(type="a_kind_of_tomorrow", text={"not": "words"})
        line(type="text", text="Let me look.")
        line(type="tool_use", name="read")
        line(type="text", text=words[:9])
        line(type="text", text=words[9:])
        line(type="result", usage={"credits": 0.25})
        return
    print(f"\x1b[32m> \x1b[0m{words}")
    print("\x1b[2m ▸ Credits: 0.25 • Time: 4s\x1b[0m", file=sys.stderr)


def command(do, words, error):
    if error:
        print(error[1], file=sys.stderr)
        sys.exit(1)
    usage = {"input_tokens": 1000, "output_tokens": 10, "cache_read_tokens": 100}
    print(json.dumps(json.loads(words) | {"usage": usage}) if words.startswith("{") else words)


def main():
    kind = sys.argv[1].partition("-")[0]
    prompt = sys.argv[-1] if kind == "kiro" else sys.stdin.read()
    mended = "-----" in prompt
    do = (re.findall(r"\[\[do ([\w-]+)\]\]", prompt) or ["prose"])[-1]
    if do == "hang":
        signal.pause()
    if do == "crash":
        print("Segmentation fault, or worse", file=sys.stderr)
        os._exit(9)
    if do == "garbage":
        print("\x00\x01{not json\n[]\n7\n" + "{" * 10)
        return
    if do == "edit":
        root = json.loads(prompt)["root"] if kind == "command" else re.search(r"files below (\S+)\.\n", prompt)[1]
        with open(f"{root}/src/pay.ts", "a") as file:
            file.write("// edited\n")
    error = ERRORS.get(do)
    globals()[kind](do, last_words(do, mended), error)
    sys.exit(1 if error else 0)


main()
