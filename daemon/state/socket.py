"""Unix socket paths that are longer than a socket address holds."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# sun_path has 108 bytes on Linux, one of them for the end.
LONGEST = 107


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """An address to ``bind`` or ``connect`` to within the context, for a socket file at ``path``.

    A path that fits is given as it is; for a longer one the directory is opened and reached through ``/proc/self/fd``.
    OSError when that directory is missing. A bound socket stays bound after the context.
    """
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
