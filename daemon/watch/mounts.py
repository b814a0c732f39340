"""Which parts of the file system keep silent about changes made elsewhere, and so must be scanned."""

from __future__ import annotations

import errno
import re
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
_SILENT = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "glusterfs", "lustre", "afs", "ncpfs", "vboxsf"}
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def silent_mounts(root: str) -> dict[str, str]:
    """Mount point -> type of the silent file systems that ``root`` lies on or that are mounted below it."""
    try:
        lines = MOUNTINFO.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    kinds = dict(_parse(line) for line in lines if " - " in line)
    around = [point for point in kinds if point == root or root.startswith(point.rstrip("/") + "/")]
    own = max(around, key=len, default="/")
    return {
        point: kind
        for point, kind in kinds.items()
        if is_silent(kind) and (point == own or point.startswith(f"{root}/"))
    }


def is_silent(kind: str) -> bool:
    """Whether files of this kind may change without this kernel having a hand in it."""
    return kind in _SILENT or kind == "fuse" or kind.startswith("fuse.")


def refuse_silent(absolute: str, mounts: dict[str, str]) -> None:
    """Raise OSError for a directory on one of these mounts: a watch would stand there and say nothing."""
    for point, kind in mounts.items():
        if absolute == point or absolute.startswith(point.rstrip("/") + "/"):
            raise OSError(errno.EOPNOTSUPP, f"{kind} does not tell of changes made elsewhere")


def _parse(line: str) -> tuple[str, str]:
    """Mount point and type of one line of mountinfo, in which blanks are written as octal numbers."""
    before, _, after = line.partition(" - ")
    point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), before.split(" ")[4])
    return point, after.split(" ", 1)[0]
