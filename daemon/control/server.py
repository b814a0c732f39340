"""The control socket: HTTP over a unix socket that only its owner can reach.

``POST /v1/<verb>`` with a JSON object of arguments gives 200 and a JSON object, or 4xx/500 and
``{"error": {"thing", "cause", "remedy"}}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING

import structlog

from daemon.control.port import VERBS
from daemon.errors import HookdError, NoSuchThingError, StateError
from daemon.state.socket import socket_address

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.control.port import Operations

log = structlog.get_logger()

LARGEST_REQUEST = 4 * 1024 * 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def do_POST(self) -> None:
        verb = self.path.removeprefix("/v1/")
        try:
            length = int(self.headers.get("content-length", "0"))
            if length > LARGEST_REQUEST:
                self.close_connection = True  # unread, so what follows is no request
                self._send(413, _problem(HookdError("the request", f"has more than {LARGEST_REQUEST} bytes")))
                return
            body = self.rfile.read(length)
            if verb in VERBS and self.path.startswith("/v1/"):
                self._answer(verb, body)
            else:
                self._send(404, _problem(NoSuchThingError(f"verb {verb!r}", "is not known to this daemon")))
        except (ValueError, TypeError) as error:
            self._send(400, _problem(HookdError("the request", str(error))))

    def _answer(self, verb: str, body: bytes) -> None:
        arguments = json.loads(body or b"{}")
        if not isinstance(arguments, dict):
            raise TypeError("must be a JSON object")
        try:
            self._send(200, getattr(self.server.operations, verb)(**arguments))
        except NoSuchThingError as error:
            self._send(404, _problem(error))
        except HookdError as error:
            self._send(409, _problem(error))
        except TypeError:
            raise
        except Exception as error:
            log.exception("control.broke", verb=verb)
            self._send(500, _problem(HookdError(verb, f"{type(error).__name__}: {error}", "see the daemon's log")))

    def _send(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        log.debug("control.request", request=format % arguments)

    def address_string(self) -> str:
        return "local"


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    operations: Operations

    def verify_request(self, request: object, client_address: object) -> bool:
        """Only our own user (and root) may ask, whatever the socket's mode says."""
        assert isinstance(request, socket.socket)
        if not hasattr(socket, "SO_PEERCRED"):
            return True
        _pid, uid, _gid = struct.unpack("3i", request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return uid in {os.getuid(), 0}


class ControlServer:
    """Listens from ``start`` to ``stop``. The socket exists with mode 0600 before anyone can connect to it."""

    def __init__(self, path: Path, operations: Operations) -> None:
        self._path = path
        self._operations = operations
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and listen. A socket left by a dead daemon is taken over: the state lock says that it is dead."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        server = _Server(str(self._path), _Handler, bind_and_activate=False)
        old = os.umask(0o177)
        try:
            with socket_address(self._path) as server.server_address:
                server.server_bind()
        except OSError as error:
            server.server_close()
            raise StateError(str(self._path), error.strerror or str(error), "see that its folder is yours") from error
        finally:
            os.umask(old)
        server.server_activate()
        server.operations = self._operations
        self._server = server
        # serve_forever polls for nothing but shutdown(), and stop() nudges it: an hour between polls.
        self._thread = threading.Thread(target=server.serve_forever, args=(3600.0,), name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and take the socket away."""
        if self._server is None:
            return
        closing = threading.Thread(target=self._server.shutdown)
        closing.start()
        while closing.is_alive():
            self._nudge()
            closing.join(0.05)
        self._path.unlink(missing_ok=True)
        self._server.server_close()
        self._server = None

    def _nudge(self) -> None:
        """Wake ``serve_forever`` so that it sees that it is to end."""
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as call,
            socket_address(self._path) as address,
        ):
            call.connect(address)


def _problem(error: HookdError) -> dict[str, dict[str, str]]:
    return {"error": {"thing": error.thing, "cause": error.cause, "remedy": error.remedy}}
