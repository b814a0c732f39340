"""watchfiles, as its manual says. It has no sign of readiness: the first timeout it yields comes after it."""

import os
import signal
import sys
import threading
import time

from watchfiles import watch

threading.Thread(target=lambda: (sys.stdin.read(), os.kill(os.getpid(), signal.SIGKILL)), daemon=True).start()
said = False
for changes in watch(sys.argv[1], yield_on_timeout=True, rust_timeout=10, step=50):
    now = time.monotonic()
    if not said:
        print("ready", now, flush=True)
        said = True
    for _, path in changes:
        if path.endswith(".ts"):
            print(now, "edit", path, flush=True)
