"""A small agent that speaks the Agent Client Protocol, version 1, and has the scripted model behind it:
``acp_agent.py URL``. Its two tools read and edit files, as a real agent's do, without asking the client.
"""

import json
import pathlib
import sys
import urllib.error
import urllib.request

URL = sys.argv[1]
TOOLS = {"read_file": ("path",), "edit": ("path", "old", "new")}
OFFERED = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}
    for name, args in TOOLS.items()
    for properties in [{arg: {"type": "string"} for arg in args}]
]


def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def ask(messages):
    body = json.dumps({"model": "scripted", "messages": messages, "tools": OFFERED}).encode()
    request = urllib.request.Request(f"{URL}/v1/chat/completions", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def use(name, args):
    file = pathlib.Path(args["path"])
    if name == "edit":
        file.write_text(file.read_text().replace(args["old"], args["new"]))
    return file.read_text()


def turn(text):
    messages = [{"role": "user", "content": text}]
    usage = {"inputTokens": 0, "outputTokens": 0, "cachedReadTokens": 0, "totalTokens": 0}
    while True:
        answer = ask(messages)
        used = answer["usage"]
        usage["inputTokens"] += used["prompt_tokens"]
        usage["outputTokens"] += used["completion_tokens"]
        usage["cachedReadTokens"] += used["prompt_tokens_details"]["cached_tokens"]
        usage["totalTokens"] += used["total_tokens"]
        message = answer["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            content = {"type": "text", "text": message["content"]}
            update = {"sessionUpdate": "agent_message_chunk", "content": content}
            send(method="session/update", params={"sessionId": "1", "update": update})
            return {"stopReason": "end_turn", "usage": usage}
        for call in message["tool_calls"]:
            said = use(call["function"]["name"], json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": said})


for line in sys.stdin:
    asked = json.loads(line)
    method, number = asked.get("method"), asked.get("id")
    if method == "initialize":
        send(id=number, result={"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []})
    elif method == "session/new":
        send(id=number, result={"sessionId": "1"})
    elif method == "session/prompt":
        try:
            send(id=number, result=turn(asked["params"]["prompt"][0]["text"]))
        except urllib.error.HTTPError as error:
            send(id=number, error={"code": -32603, "message": f"the model service said {error.code}"})
    elif number is not None:
        send(id=number, error={"code": -32601, "message": "unknown"})
