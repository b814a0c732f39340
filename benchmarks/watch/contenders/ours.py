"""Our watch as a contender: the watch, a ledger on disk, and a sink that prints."""

import logging
import sys
import time
from pathlib import Path

import daemon.log  # noqa: F401 - first, as in the daemon: it keeps rich out of the process

# isort: split
import structlog

from daemon.state.database import Database
from daemon.watch.ledger import Ledger
from daemon.watch.watch import Watch

SETTLE = 0.1


class Plan:
    def concerns(self, path):
        return path.endswith(".ts") and "node_modules" not in path

    def may_hold(self, directory):
        return not directory.endswith("node_modules")

    def settle(self, path):
        return SETTLE, 1.0

    def is_rule_file(self, path):
        return path.endswith(".gitignore")


class Sink:
    def __init__(self, ledger):
        self.ledger = ledger

    def accept(self, workspace, news):
        now = time.monotonic()
        sys.stdout.write("".join(f"{now} {item.change.cause} {item.entry.path}\n" for item in news))
        sys.stdout.flush()
        self.ledger.record(workspace, [item.entry for item in news])

    def rules_changed(self, workspace, paths):
        return


def main():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    root, state = Path(sys.argv[1]), Path(sys.argv[2])
    ledger = Ledger(Database(state / "state.db"))
    watch = Watch(ledger, Sink(ledger), probes=state / "probes")
    watch.start()
    watch.add(root, Plan())
    watch.wait_ready()
    print("ready", time.monotonic(), flush=True)
    watch.wait_idle(120)
    print("hashed", time.monotonic(), flush=True)
    sys.stdin.read()
    watch.stop()


main()
