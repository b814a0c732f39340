"""An agent that speaks the Agent Client Protocol, version 1, on stdin and stdout; what to do stands in the prompt as
[[do WHAT]]. ``acp.py [kiro]``: with ``kiro`` it meters credits, knows no ``session/set_model``, and asks for a login as
Kiro's command-line agent does.
"""

import json
import os
import re
import signal
import subprocess
import sys

KIRO = "kiro" in sys.argv[1:]
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
STATE = {"root": "", "server": None, "mode": "", "calls": 0}


def send(**message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def update(kind, session="s1", **fields):
    send(method="session/update", params={"sessionId": session, "update": {"sessionUpdate": kind, **fields}})


def say(text, session="s1"):
    update("agent_message_chunk", session, content={"type": "text", "text": text})


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def call(method, **params):
    STATE["calls"] += 1
    number = 1000 + STATE["calls"]
    send(id=number, method=method, params={"sessionId": "s1", **params})
    while True:
        message = receive()
        if message.get("id") == number:
            return message


def hand_over():
    """Use the server that the client offered, as an agent would."""
    server = STATE["server"]
    env = dict(os.environ) | {item["name"]: item["value"] for item in server["env"]}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "report_findings", "arguments": RESULT}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    subprocess.run(
        [server["command"], *server["args"]], input=text, env=env, text=True, check=True, capture_output=True
    )


def turn(do, mend):
    if do == "crash":
        print("something broke", file=sys.stderr)
        os._exit(9)
    if do == "hang":
        signal.pause()
    if do in ("400", "429", "401"):
        words = {"400": "the model said 400", "429": "429 Too Many Requests", "401": "401 Unauthorized"}[do]
        return {"error": {"code": -32603, "message": "Internal error", "data": {"details": words}}}
    if do == "noise":
        sys.stdout.write('not json\n7\n[]\n{"jsonrpc": "2.0", "method": "x/y", "params": 5}\n\n')
        update("shiny_new_thing", x=1)
        update("agent_message_chunk", content={"type": "image", "data": "zzz"})
        say("another session's words", session="s2")
        send(method="_vendor/thing", params={})
    if do == "asks":
        options = [
            {"optionId": "n", "kind": "reject_once", "name": "No"},
            {"optionId": "y", "kind": "allow_once", "name": "Yes"},
        ]
        answer = call("session/request_permission", toolCall={"toolCallId": "1", "kind": "execute"}, options=options)
        refused = call("fs/write_text_file", path=STATE["root"] + "/PWNED", content="x")
        unknown = call("terminal/create", command="true")
        allowed = answer["result"]["outcome"] == {"outcome": "selected", "optionId": "y"}
        good = allowed and "error" in refused and "error" in unknown
        say("asked and answered" if good else f"WRONG {answer} {refused} {unknown}")
        return {"result": {"stopReason": "end_turn"}}
    if do == "edit":
        with open(STATE["root"] + "/src/pay.ts", "a") as file:
            file.write("// edited\n")
    if do == "tool":
        hand_over()
        say("Handed over.")
    elif do in ("review", "noise") or (mend and do == "prose"):
        text = json.dumps(RESULT)
        say("I think.")
        update("tool_call", toolCallId="1", title="read", status="completed")
        for at in range(0, len(text), 17):
            say(text[at : at + 17])
    else:
        say(f"I did it in mode {STATE['mode']}: {do}.")
    if do == "big":
        say("x" * 5_000_000)
    reasons = {"refusal": "refusal", "limit": "max_tokens", "strange": "a_reason_of_tomorrow"}
    reason = reasons.get(do, "end_turn")
    if KIRO:
        meter = [{"value": 0.125, "unit": "credit", "unitPlural": "credits"}, {"value": 9, "unit": "request"}]
        send(
            method="_kiro.dev/metadata",
            params={"sessionId": "s1", "contextUsagePercentage": 3.0, "meteringUsage": meter},
        )
        send(method="_kiro.dev/metadata", params={"sessionId": "helper", "meteringUsage": meter})
        return {"result": {"stopReason": reason}}
    usage = {"inputTokens": 1100, "outputTokens": 10, "cachedReadTokens": 100, "totalTokens": 1110}
    return {"result": {"stopReason": reason, "usage": usage}}


def main():
    if KIRO and os.environ.get("KIRO_API_KEY") in (None, "invalid"):
        if os.environ.get("KIRO_API_KEY"):
            print("Authentication failed.", file=sys.stderr)
            sys.exit(0)
        print("Open this URL: https://device.example/start and enter the code ABCD-EFGH", file=sys.stderr, flush=True)
        signal.pause()
    last = "prose"
    while True:
        message = receive()
        number, method, params = message.get("id"), message.get("method"), message.get("params") or {}
        if method == "initialize":
            fs = params["clientCapabilities"].get("fs") or {}
            assert not any(fs.values())
            assert params["clientCapabilities"].get("terminal") is False
            version = 2 if "v2" in sys.argv else 1
            send(id=number, result={"protocolVersion": version, "agentCapabilities": {}, "authMethods": []})
        elif method == "session/new" and "locked" in sys.argv:
            send(id=number, error={"code": -32000, "message": "Authentication required"})
        elif method == "session/new":
            STATE["root"], STATE["server"] = params["cwd"], params["mcpServers"][0]
            modes = {"currentModeId": "ask", "availableModes": [{"id": "ask"}, {"id": "agent"}, {"id": "auto"}]}
            send(id=number, result={"sessionId": "s1", "modes": modes})
        elif method == "session/set_mode":
            STATE["mode"] = params["modeId"]
            send(id=number, result={})
        elif method == "session/prompt":
            text = "".join(block.get("text", "") for block in params["prompt"])
            found = re.findall(r"\[\[do ([\w-]+)\]\]", text)
            last = found[-1] if found else last
            send(id=number, **turn(last, mend=not found))
        elif number is not None:
            send(id=number, error={"code": -32601, "message": f"no {method}"})


main()
