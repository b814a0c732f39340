"""The command line of bubblewrap: an allow-list of what a program sees, and nothing else. Pure but for looking at
which of these paths exist.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.view.toolchain import SYSTEM, SYSTEM_LINKS, beneath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TMPFS_BYTES = 1024**3
ROOT_ONLY = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d",
              "/etc/ssl/private", "/etc/ssh", "/etc/NetworkManager", "/etc/wireguard", "/etc/krb5.keytab",
              "/etc/kubernetes", "/etc/rancher", "/etc/letsencrypt")  # fmt: skip
_LAUNCH = """\
umask "$1"; ulimit -c 0; ulimit -f "$2"; ulimit -d "$4"; ulimit -u "$3" 2>/dev/null || ulimit -p "$3"
shift 4; exec "$@"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """How much a program may use up: processes and threads in all, bytes of a single file, bytes of data that one
    process holds in memory. What is only reserved does not count, so that programs on V8, Go or Java run.
    """

    processes: int = 2048
    file_bytes: int = 1024**3
    data_bytes: int = field(default_factory=lambda: max(2 * 1024**3, _memory() // 2))


def _memory() -> int:
    """Bytes of memory this machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What the program sees: ``tree``, writable, at ``root``; ``home`` at ``home_at``; ``hidden`` is laid over all.

    ``tree`` is where the picture of the workspace lies (the merged overlay), ``root`` where the program finds it.
    """

    tree: Path
    root: Path
    home: Path
    home_at: Path
    read_only: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    network: bool = False


def home_for(root: Path, home: Path | None) -> Path:
    """Where HOME is inside: where it is outside, unless the workspace or the system lies there."""
    aside = Path("/tmp/home")  # noqa: S108 - inside the sandbox, where /tmp is private
    if home is None or not home.is_absolute() or home == Path("/") or ".." in home.parts:
        return aside
    if home == root or home.is_relative_to(root) or any(home.is_relative_to(s) for s in (*SYSTEM, *SYSTEM_LINKS)):
        return aside
    if any(home.is_relative_to(special) for special in ("/proc", "/dev", "/sys")):
        return aside
    return home


def command_line(
    bwrap: str, layout: Layout, argv: Sequence[str], *, caps: Caps, umask: int, version: tuple[int, ...] = (0, 8)
) -> list[str]:
    """The whole argument list; the word ``{status}`` stands for a descriptor the starter opens. ``version`` is
    bubblewrap's: before 0.8 it can neither forbid further user namespaces nor bound a temporary file system.
    """
    user, group = os.geteuid(), os.getegid()
    line = [
        bwrap, "--unshare-user", "--uid", str(user), "--gid", str(group), "--unshare-pid",
        "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL", "--new-session",
        "--die-with-parent", "--json-status-fd", "{status}",
    ]  # fmt: skip
    modern = version >= (0, 8)
    if modern:
        line.append("--disable-userns")
    if not layout.network:
        line.append("--unshare-net")
    line += _system(layout.network, bounded=modern)
    line += _places(layout)
    line += _masks(layout)
    most = (str(caps.file_bytes // 512), str(caps.processes), str(caps.data_bytes // 1024))
    return [*line, "--chdir", str(layout.root), "--", "/bin/sh", "-c", _LAUNCH, "sh", f"{umask:04o}", *most, *argv]


def _system(network: bool, *, bounded: bool) -> list[str]:
    line = []
    for path in SYSTEM:
        if Path(path).is_dir():
            line += ["--ro-bind", path, path]
    for path in SYSTEM_LINKS:
        if Path(path).is_symlink():
            line += ["--symlink", os.readlink(path), path]
        elif Path(path).is_dir():
            line += ["--ro-bind", path, path]
    line += ["--proc", "/proc", "--dev", "/dev"]
    for path in ("/tmp", "/var/tmp", "/run"):  # noqa: S108 - the sandbox's own
        line += [*(["--size", str(TMPFS_BYTES)] if bounded else []), "--tmpfs", path]
    resolver = Path("/etc/resolv.conf").resolve()
    if network and resolver.is_file() and not resolver.is_relative_to("/etc"):
        line += ["--ro-bind", str(resolver), str(resolver)]
    return line


def _places(layout: Layout) -> list[str]:
    """What is bound, outermost first, so that an inner place is laid over an outer one."""
    places: dict[Path, tuple[str, Path]] = {}
    for path in layout.read_only:
        if path.exists() and not beneath(path, (layout.root,)) and not _is_bound(path, layout):
            places[path] = ("--ro-bind", path)
    places[layout.home_at] = ("--bind", layout.home)
    places[layout.root] = ("--bind", layout.tree)
    ordered = sorted(places.items(), key=lambda item: len(item[0].parts))
    return [word for at, (how, source) in ordered for word in (how, str(source), str(at))]


def _is_bound(path: Path, layout: Layout) -> bool:
    """Whether a place is there already as part of another: each mount costs. Not where a link leads out of that one,
    nor where HOME or the workspace is laid between.
    """
    for above in layout.read_only:
        if above != path and beneath(path, (above,)) and not above.is_symlink() and above.is_dir():
            between = any(beneath(at, (above,)) and beneath(path, (at,)) for at in (layout.root, layout.home_at))
            return not between and path.resolve() == above.resolve() / path.relative_to(above)
    return False


def _masks(layout: Layout) -> Iterator[str]:
    """Laid last, and only over what is there: a mask over nothing would leave a ghost."""
    shown = (*map(Path, SYSTEM), *layout.read_only)
    for path in (*layout.hidden, *(map(Path, ROOT_ONLY) if os.geteuid() == 0 else ())):
        if not beneath(path, shown) or beneath(path, (layout.root,)):
            continue
        if beneath(layout.root, (path,)) or beneath(layout.home_at, (path,)):
            continue  # laid under the workspace, it would hide that too; what is beneath was not bound
        if path.is_dir():
            yield from ("--tmpfs", str(path), "--remount-ro", str(path))
        elif path.exists():
            yield from ("--ro-bind", "/dev/null", str(path))
