"""The step between the daemon and the sandbox (``daemon.reaper`` says what a step is). Quick to import.

In new user and mount namespaces it lays the overlay and becomes bubblewrap, which ends what it starts when it ends
itself. Fields: ``lower`` (uppermost first), ``upper``, ``work``, ``merged``, ``status``. What goes wrong before
bubblewrap is written to the file ``status``, and the exit code is 125.
"""

import ctypes
import os

from daemon.view.words import failure, unpacked

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


def main(words: list[str]) -> int:
    """Become the sandbox, or say in the status file why not."""
    fields, argv = unpacked(words)
    status = fields["status"][0]
    try:
        join = _JOIN_KEYRING.get(os.uname().machine)
        if join is not None:  # the session's keyring may hold tickets and keys; an empty one of its own does not
            _LIBC.syscall(join, 1, None)
        _write("/proc/self/oom_score_adj", "500")  # when memory runs out, this goes first
        _namespaces()
        _overlay(fields["lower"], fields["upper"][0], fields["work"][0], fields["merged"][0])
        fd = _open(status)
        os.set_inheritable(fd, True)
        argv[argv.index("{status}")] = str(fd)  # the first: the program's own words come later
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(_open(status), failure(error))
    return 125


def _open(status: str) -> int:
    return os.open(status, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
