"""The step between the daemon and the sandbox: a program of its own, started by path, that imports nothing of ours.

In new user and mount namespaces it lays the overlay and becomes bubblewrap, which ends what it starts when it ends
itself. Argument: one JSON object ``{lower: [dir...], upper, work, merged, status, argv: [...]}``. What goes wrong
before bubblewrap is written to the file ``status``, and the exit code is 125.
"""

import ctypes
import json
import os
import sys

_NEW_USER = 0x10000000
_NEW_MOUNTS = 0x00020000
_PRIVATE = 1 << 18
_RECURSIVE = 1 << 14
_NOSUID_NODEV = 2 | 4
_JOIN_KEYRING = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_LIBC = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), what)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _namespaces() -> None:
    user, group = os.geteuid(), os.getegid()
    _check(_LIBC.unshare(_NEW_USER | _NEW_MOUNTS), "user namespace")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {user} 1")
    _write("/proc/self/gid_map", f"0 {group} 1")
    _check(_LIBC.mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None), "private mounts")


def _overlay(lower: list[str], upper: str, work: str, merged: str) -> None:
    """Layers are named by descriptor, so that no character of a path is an option's."""

    def name(path: str) -> str:
        return f"/proc/self/fd/{os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)}"

    options = f"lowerdir={':'.join(map(name, lower))},upperdir={name(upper)},workdir={name(work)},userxattr"
    _check(_LIBC.mount(b"overlay", os.fsencode(merged), b"overlay", _NOSUID_NODEV, options.encode()), "overlay")


def main() -> int:
    """Become the sandbox, or say in the status file why not."""
    spec = json.loads(sys.argv[1])
    try:
        join = _JOIN_KEYRING.get(os.uname().machine)
        if join is not None:  # the session's keyring may hold tickets and keys; an empty one of its own does not
            _LIBC.syscall(join, 1, None)
        _write("/proc/self/oom_score_adj", "500")  # when memory runs out, this goes first
        _namespaces()
        if spec["lower"]:
            _overlay(spec["lower"], spec["upper"], spec["work"], spec["merged"])
        status = os.open(spec["status"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.set_inheritable(status, True)
        argv = [str(status) if word == "{status}" else word for word in spec["argv"]]
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        _write(spec["status"], json.dumps({"failed": error.filename or "start", "errno": error.errno}))
    return 125


if __name__ == "__main__":
    sys.exit(main())
