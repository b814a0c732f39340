"""inotifywait as a script would call it, each line stamped as it comes."""

import os
import re
import subprocess
import sys
import threading
import time

EXCLUDED = "node_modules|/[.]git/"
child = subprocess.Popen(
    ["inotifywait", "-m", "-r", "-e", "close_write,moved_to", "--exclude", EXCLUDED, "--format", "%w%f", sys.argv[1]],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
)
print("pid", child.pid, flush=True)


def listen():
    for line in child.stderr:
        if re.search("established", line):
            print("ready", time.monotonic(), flush=True)


threading.Thread(target=listen, daemon=True).start()
threading.Thread(target=lambda: (sys.stdin.read(), child.kill(), os._exit(0)), daemon=True).start()
for line in child.stdout:
    if line.endswith(".ts\n"):
        print(time.monotonic(), "edit", line, end="", flush=True)
