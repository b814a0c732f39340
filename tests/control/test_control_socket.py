"""The control socket, with a real server and a real client."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from daemon.control.client import Client, DaemonGoneError
from daemon.control.server import ControlServer
from daemon.errors import HookdError, NoSuchThingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Desk:
    """A fake daemon: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []

    def status(self) -> dict[str, Any]:
        return {"running": True, "path": "w\udcff"}

    def queue(self, *, states: Sequence[str] = (), workspace: str | None = None, limit: int = 100) -> dict[str, Any]:
        self.asked.append(("queue", (list(states), workspace, limit)))
        return {"jobs": []}

    def retry(self, *, job: int) -> dict[str, Any]:
        raise NoSuchThingError(f"job {job}", "there is none", "see `kiro-hookd queue`")

    def cancel(self, *, job: int) -> dict[str, Any]:
        raise HookdError(f"job {job}", "has ended")

    def pause(self, *, workspace: str | None = None) -> dict[str, Any]:
        raise RuntimeError("broken")

    resume = pause

    def fire(self, *, workspace: str, hook: str, files: Sequence[str] = ()) -> dict[str, Any]:
        self.asked.append(("fire", (workspace, hook, list(files))))
        return {"jobs": [7]}

    def ended(self, *, jobs: Sequence[int], timeout: float) -> dict[str, Any]:
        return {"ended": True, "jobs": list(jobs)}

    def decide(self, *, workspace: str, change_set: str, verdict: str) -> dict[str, Any]:
        return {"state": verdict}

    def reload(self) -> dict[str, Any]:
        return {"workspaces": []}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def path(tmp_path: Path, desk: Desk) -> Iterator[Path]:
    where = tmp_path / "run" / "control.sock"
    server = ControlServer(where, desk)
    server.start()
    yield where
    server.stop()
    assert not where.exists()


def test_only_its_owner_can_reach_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_answer_comes_back_as_it_was_given_also_with_names_that_are_not_utf8(path: Path) -> None:
    assert Client(path).status() == {"running": True, "path": "w\udcff"}


def test_arguments_arrive_as_they_were_given(path: Path, desk: Desk) -> None:
    assert Client(path).fire(workspace="/w", hook="Review", files=["a\udcff.ts"]) == {"jobs": [7]}
    Client(path).queue(states=["failed"], limit=3)
    assert desk.asked == [("fire", ("/w", "Review", ["a\udcff.ts"])), ("queue", (["failed"], None, 3))]


def test_an_error_crosses_the_socket_with_its_cause_and_remedy(path: Path) -> None:
    with pytest.raises(NoSuchThingError, match="job 3: there is none; see `kiro-hookd queue`"):
        Client(path).retry(job=3)
    with pytest.raises(HookdError, match="job 3: has ended"):
        Client(path).cancel(job=3)


def test_a_verb_that_breaks_says_so_and_the_socket_goes_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HookdError, match="RuntimeError: broken"):
        Client(path).pause()
    assert Client(path).status()["running"] is True


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.connect(str(path))
        yield connection
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("/v1/__init__", b"{}", 404),
        ("/status", b"{}", 404),
        ("/v1/status", b"[1]", 400),
        ("/v1/status", b"{", 400),
        ("/v1/status", b'{"x": 1}', 400),
    ],
)
def test_a_request_that_makes_no_sense_is_told_so(path: Path, verb: str, body: bytes, status: int) -> None:
    with _connected(path) as connection:
        connection.request("POST", verb, body)
        response = connection.getresponse()
        assert response.status == status
        assert "error" in json.loads(response.read())


def test_a_request_too_large_is_refused_unread(path: Path) -> None:
    with _connected(path) as connection:
        connection.putrequest("POST", "/v1/status")
        connection.putheader("content-length", str(10**9))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_many_callers_at_once_are_all_answered(path: Path) -> None:
    answers: list[bool] = []
    callers = [threading.Thread(target=lambda: answers.append(Client(path).status()["running"])) for _ in range(40)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert answers == [True] * 40


def test_a_socket_left_by_a_dead_daemon_is_taken_over(tmp_path: Path, desk: Desk) -> None:
    where = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(where))
    server = ControlServer(where, desk)
    server.start()
    assert Client(where).reload() == {"workspaces": []}
    server.stop()


def test_a_path_longer_than_a_socket_address_works_too(tmp_path: Path, desk: Desk) -> None:
    where = tmp_path / ("d" * 90) / ("e" * 90) / "control.sock"
    server = ControlServer(where, desk)
    server.start()
    assert Client(where).status()["running"] is True
    server.stop()


def test_when_nobody_answers_the_error_names_the_socket(tmp_path: Path) -> None:
    with pytest.raises(DaemonGoneError, match=r"control\.sock"):
        Client(tmp_path / "control.sock").status()


def test_the_umask_is_as_it_was_afterwards(tmp_path: Path, desk: Desk) -> None:
    before = os.umask(0o022)
    server = ControlServer(tmp_path / "control.sock", desk)
    server.start()
    server.stop()
    assert os.umask(before) == 0o022
