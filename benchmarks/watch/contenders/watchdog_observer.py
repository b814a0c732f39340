"""watchdog's own Observer, as its manual says."""

import sys
import time

from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer


class Handler(FileSystemEventHandler):
    def on_any_event(self, event):
        if event.event_type in {"closed", "moved"}:
            path = event.dest_path or event.src_path
            if path.endswith(".ts"):
                print(time.monotonic(), "edit", path, flush=True)


observer = Observer()
observer.schedule(Handler(), sys.argv[1], recursive=True)
observer.start()
print("ready", time.monotonic(), flush=True)
sys.stdin.read()
