"""The daemon under a service manager: what it tells, and the unit that starts it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Machine

UNIT = Path(__file__).parents[2] / "systemd/kiro-hookd.service"


def _hear(manager: socket.socket, wanted: str) -> list[str]:
    """Every line up to the one that begins as wanted."""
    heard: list[str] = []
    while not any(line.startswith(wanted) for line in heard):
        heard += manager.recv(4096).decode().splitlines()
    return heard


def test_it_tells_the_manager_when_it_is_ready_reloads_is_alive_and_stops(machine: Machine, tmp_path: Path) -> None:
    machine.hooks("hooks:\n  - {name: Note, trigger: manual, command: 'true'}\n")
    machine.trust()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        machine.env |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
        with machine.daemon() as daemon:
            assert "STATUS=watching 1 workspaces" in _hear(manager, "STATUS")
            _hear(manager, "WATCHDOG=1")
            daemon.send_signal(signal.SIGHUP)
            _hear(manager, "RELOADING=1")
            _hear(manager, "READY=1")
        _hear(manager, "STOPPING=1")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    command = shutil.which("true")
    text = UNIT.read_text("utf-8")
    (tmp_path / UNIT.name).write_text(text.replace("%h/.local/bin/kiro-hookd", str(command)))
    env = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", tmp_path / UNIT.name],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
