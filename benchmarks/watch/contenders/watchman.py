"""watchman with a server of its own, and a subscription over its socket."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

root, state = sys.argv[1], sys.argv[2]
with open(os.path.join(root, ".watchmanconfig"), "w") as file:
    json.dump({"ignore_dirs": ["node_modules"]}, file)
path = os.path.join(state, "sock")
places = {"sockname": path, "statefile": f"{state}/state", "logfile": f"{state}/log", "pidfile": f"{state}/pid"}
child = subprocess.Popen(
    ["watchman", "--foreground", *(f"--{option}={place}" for option, place in places.items())],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
print("pid", child.pid, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), child.kill(), os._exit(0)), daemon=True).start()
connection = socket.socket(socket.AF_UNIX)
while True:
    try:
        connection.connect(path)
        break
    except OSError:
        time.sleep(0.005)
stream = connection.makefile("rw")


def ask(*command):
    stream.write(json.dumps(command) + "\n")
    stream.flush()
    return json.loads(stream.readline())


ask("watch", root)
clock = ask("clock", root, {"sync_timeout": 60000})["clock"]
print("ready", time.monotonic(), flush=True)
ask("subscribe", root, "s", {"expression": ["suffix", "ts"], "fields": ["name"], "since": clock})
for line in stream:
    now = time.monotonic()
    for name in json.loads(line).get("files", []):
        print(now, "edit", name, flush=True)
