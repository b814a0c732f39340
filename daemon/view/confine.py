"""Confines itself without namespaces, then becomes the program: Landlock for files, seccomp for the rest.

A step (``daemon.reaper`` says what that is). Fields: ``read_write`` and ``read_only`` (paths), ``network`` ("" for
none), and the numbers ``umask``, ``processes``, ``file_bytes``, ``data_bytes`` and ``status``, a descriptor to which
what goes wrong is written; the exit code is then 125, and the program is not run.

Landlock lets changes of mode, owner, times and attributes through, and connections to Unix sockets. seccomp cannot tell
one path from another, so the first are answered with success and not done, and the second are refused altogether.
"""

import ctypes
import os
import resource
import struct

from daemon.view.words import failure, unpacked

LEAST_ABI = 3
_LIBC = ctypes.CDLL(None, use_errno=True)
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_FILE_RIGHTS = 0b1_0000_0000_0000_0111 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl
_READ = 0b1101  # execute, read file, read directory
_DEVICES = 1 << 6 | 1 << 11  # making character and block devices: for nobody

_PRETEND, _DENY = 0, 1
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {
    "x86_64": {
        _PRETEND: (90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280, 452, 463, 466),
        _DENY: (29, 30, 64, 68, 101, 240, 248, 249, 250, 298, 310, 311, 321, 323, 425, 426, 427, 438),
        "socket": 41, "socketpair": 53, "kill": 62, "ioctl": 16, "seccomp": 317, "keyctl": 250, "capset": 126,
    },
    "aarch64": {
        _PRETEND: (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88, 452, 463, 466),
        _DENY: (117, 180, 186, 190, 194, 196, 217, 218, 219, 241, 270, 271, 280, 282, 425, 426, 427, 438),
        "socket": 198, "socketpair": 199, "kill": 129, "ioctl": 29, "seccomp": 277, "keyctl": 219, "capset": 91,
    },
}  # fmt: skip
"""System call numbers. Pretended: chmod, chown, utime, setxattr, removexattr and their kin. Denied: shared memory and
queues of the user, tracing, keyrings, bpf, perf, userfaultfd, io_uring and pidfd_getfd."""

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _EACCES = 1, 13
_INET = (2, 10, 16)  # IPv4, IPv6, and netlink for the names of interfaces


def abi() -> int:
    """The Landlock version of this kernel; 0 when it has none."""
    found: int = _LIBC.syscall(_CREATE, None, ctypes.c_size_t(0), 1)
    return max(0, found)


def refusal() -> str:
    """Why this machine cannot confine a program; "" when it can."""
    if os.uname().machine not in _ARCH:
        return f"no list of system calls for {os.uname().machine}"
    if abi() < LEAST_ABI:
        return f"Landlock is {'version ' + str(abi()) if abi() else 'not there'}, version {LEAST_ABI} is needed"
    return ""


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), what)
    return result


def _landlock(read_write: list[str], read_only: list[str], *, network: bool) -> None:
    version = abi()
    rights = (1 << 13) - 1 | (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    rights |= 1 << 15 if version >= 5 else 0
    attributes = struct.pack("=QQQ", rights, 3 if version >= 4 and not network else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _check(_LIBC.syscall(_CREATE, attributes, ctypes.c_size_t(size), 0), "landlock")
    for paths, allowed in ((read_only, _READ), (read_write, rights & ~_DEVICES)):
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            mine = allowed & rights if os.path.isdir(path) else allowed & rights & _FILE_RIGHTS & ~8
            rule = struct.pack("=Qi", mine, fd)
            _check(_LIBC.syscall(_ADD, ruleset, 1, rule, 0), f"landlock rule for {path}")
            os.close(fd)
    _check(_LIBC.syscall(_RESTRICT, ruleset, 0), "landlock")
    os.close(ruleset)


def _filter(machine: str, *, network: bool) -> list[tuple[int, int, int, int]]:
    """The seccomp program as (code, jump if true, jump if false, operand)."""
    calls = _CALLS[machine]
    load, equal, at_least, both, give = 0x20, 0x15, 0x35, 0x54, 0x06
    lines = [(load, 0, 0, 4), (equal, 1, 0, _ARCH[machine]), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    if machine == "x86_64":
        lines += [(at_least, 0, 1, 0x40000000), (give, 0, 0, _KILL)]  # the x32 numbers
    for numbers, error in ((calls[_PRETEND], 0), (calls[_DENY], _EPERM)):
        for number in numbers:  # type: ignore[attr-defined] # the table's tuples
            lines += [(equal, 0, 1, number), (give, 0, 0, _ERRNO | error)]
    first, second, third = 16, 24, 32  # where the low halves of the arguments lie
    for name, where, mask, wrong in (("kill", first, 0, 0xFFFFFFFF), ("ioctl", second, 0, 0x5412),
                                     ("socketpair", second, 0xF, 2)):  # fmt: skip
        test = [(load, 0, 0, where), *([(both, 0, 0, mask)] if mask else []), (equal, 0, 1, wrong)]
        test += [(give, 0, 0, _ERRNO | _EPERM), (give, 0, 0, _ALLOW)]
        lines += [(equal, 0, len(test), calls[name]), *test]  # type: ignore[list-item] # the table's numbers
    families = _INET if network else ()
    test = [(load, 0, 0, first), *[(equal, len(families) - n, 0, family) for n, family in enumerate(families)]]
    test += [(give, 0, 0, _ERRNO | _EACCES), (give, 0, 0, _ALLOW)]
    lines += [(equal, 0, len(test), calls["socket"]), *test, (give, 0, 0, _ALLOW)]  # type: ignore[list-item] # as above
    del third
    return lines


def _seccomp(*, network: bool) -> None:
    machine = os.uname().machine
    lines = _filter(machine, network=network)
    program = b"".join(struct.pack("=HBBI", *line) for line in lines)
    held = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(held))
    _check(_LIBC.syscall(_CALLS[machine]["seccomp"], 1, 0, header), "seccomp")


def _drop_privileges() -> None:
    for capability in range(64):
        _LIBC.prctl(24, capability, 0, 0, 0)  # out of the bounding set, so that no exec brings it back
    header = struct.pack("=II", 0x20080522, 0)
    _LIBC.syscall(_CALLS[os.uname().machine]["capset"], header, bytes(24))
    _check(_LIBC.prctl(38, 1, 0, 0, 0), "no new privileges")


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _processes_now() -> int:
    """How many threads of this user there are: without a namespace the limit counts them all."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count


def main(words: list[str]) -> int:
    """Become the confined program, or say why not."""
    fields, argv = unpacked(words)
    umask, processes, file_bytes, data_bytes, status = (
        int(fields[name][0]) for name in ("umask", "processes", "file_bytes", "data_bytes", "status")
    )
    network = fields["network"] != [""]
    try:
        _LIBC.syscall(_CALLS[os.uname().machine]["keyctl"], 1, None)  # a session keyring of its own
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("500")
        os.umask(umask)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, file_bytes)
        _limit(resource.RLIMIT_DATA, data_bytes)
        _limit(resource.RLIMIT_NPROC, _processes_now() + processes)
        _drop_privileges()
        _landlock(fields["read_write"], fields.get("read_only", []), network=network)
        _seccomp(network=network)
        os.chdir(fields["read_write"][0])
        os.set_inheritable(status, False)
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(status, failure(error))
    return 125
