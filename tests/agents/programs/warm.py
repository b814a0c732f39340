"""Runs a driver of ours in a fork of a process that has the drivers' libraries loaded: to load them takes a second, and
the tests run drivers by the dozen. ``warm.py serve ADDRESS`` is that process; ``warm.py run ADDRESS MODULE`` stands in
for the driver, with its own stdin, stdout, stderr, environment and folder, and ends as the driver ended. When it is
killed the driver is killed too, with what is in its process group.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

DRIVERS = ("daemon.agents.drivers.model", "daemon.agents.drivers.acp")
LIBRARIES = (
    "acp.connection",
    "acp.exceptions",
    "boto3",
    "botocore.config",
    "pydantic_ai.models.bedrock",
    "pydantic_ai.models.openai",
    "pydantic_ai.providers.bedrock",
    "pydantic_ai.providers.openai",
)


def serve(address):
    from importlib import import_module

    for module in (*DRIVERS, *LIBRARIES):
        import_module(module)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0" + address)
    listener.listen(16)
    print("ready", flush=True)
    while True:  # the tests end it
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            attend(connection)
        connection.close()
        while True:  # those that ended since
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    break
            except ChildProcessError:
                break


def attend(connection):
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    order = json.loads(connection.makefile("rb").readline())
    driver = os.fork()
    if driver == 0:
        os.setpgid(0, 0)
        connection.close()
        become(order, streams)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(driver)
    if connection in select.select([connection, ended], [], [])[0]:
        os.kill(driver, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver, signal.SIGKILL)
    _, status = os.waitpid(driver, 0)
    with contextlib.suppress(OSError):  # nobody listens any more
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(order, streams):
    code = 70
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        code = sys.modules[order["module"]].main()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the fork must end here, whatever the driver raised
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def run(address, module):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("\0" + address)
    socket.send_fds(connection, [b"!"], [0, 1, 2])
    order = {"module": module, "cwd": os.getcwd(), "env": dict(os.environ)}
    connection.sendall(json.dumps(order).encode() + b"\n")
    code = int(connection.recv(16) or 70)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


{"serve": serve, "run": run}[sys.argv[1]](*sys.argv[2:])
