"""The builtin agent's program: one JSON request on stdin, one JSON result on stdout; the view's root is the cwd."""

from __future__ import annotations

import sys

from daemon.agents.builtin.skills import serve

if __name__ == "__main__":
    sys.exit(serve(sys.stdin.buffer, sys.stdout.buffer))
