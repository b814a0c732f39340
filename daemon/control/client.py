"""The client's side of the control socket. Standard library only: every command pays for what is imported here."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from daemon.errors import HookdError, NoSuchThingError
from daemon.state.socket import socket_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class DaemonGoneError(HookdError):
    """Nobody answers at the control socket."""


class _Connection(HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with socket_address(self._path) as address:
            self.sock.connect(address)


class Client:
    """Operations (see ``daemon.control.port``) of the daemon behind a socket."""

    def __init__(self, path: Path, *, timeout: float = 30.0) -> None:
        self._path = path
        self._timeout = timeout

    def _ask(self, verb: str, *, patience: float = 0.0, **arguments: object) -> dict[str, Any]:
        connection = _Connection(self._path, self._timeout + patience)
        try:
            connection.request("POST", f"/v1/{verb}", json.dumps(arguments), {"content-type": "application/json"})
            response = connection.getresponse()
            value: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise DaemonGoneError("the daemon", f"does not answer at {self._path} ({error})") from error
        finally:
            connection.close()
        if response.status != 200:
            kind = NoSuchThingError if response.status == 404 else HookdError
            raise kind(**value["error"])
        return value

    def status(self) -> dict[str, Any]:
        return self._ask("status")

    def queue(self, *, states: Sequence[str] = (), workspace: str | None = None, limit: int = 100) -> dict[str, Any]:
        return self._ask("queue", states=list(states), workspace=workspace, limit=limit)

    def retry(self, *, job: int) -> dict[str, Any]:
        return self._ask("retry", job=job)

    def cancel(self, *, job: int) -> dict[str, Any]:
        return self._ask("cancel", job=job)

    def pause(self, *, workspace: str | None = None) -> dict[str, Any]:
        return self._ask("pause", workspace=workspace)

    def resume(self, *, workspace: str | None = None) -> dict[str, Any]:
        return self._ask("resume", workspace=workspace)

    def fire(self, *, workspace: str, hook: str, files: Sequence[str] = ()) -> dict[str, Any]:
        return self._ask("fire", workspace=workspace, hook=hook, files=list(files))

    def ended(self, *, jobs: Sequence[int], timeout: float) -> dict[str, Any]:
        return self._ask("ended", patience=timeout, jobs=list(jobs), timeout=timeout)

    def decide(self, *, workspace: str, change_set: str, verdict: str) -> dict[str, Any]:
        return self._ask("decide", workspace=workspace, change_set=change_set, verdict=verdict)

    def reload(self) -> dict[str, Any]:
        return self._ask("reload")
