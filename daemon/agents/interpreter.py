"""Starting a module of ours as a child process, wherever this package is installed and inside the private view.

The interpreter runs isolated (``-I``): it obeys no ``PYTHON*`` variable and imports nothing from the workspace. What it
imports comes from its own environment's ``site-packages``, or, for an editable install, from the source folders, which
that environment's ``.pth`` file leads to. All of them are named here, so that a view can show them read-only.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import daemon
import hooks

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc")  # every view shows these


def module_argv(module: str, *args: str) -> tuple[str, ...]:
    """The command line that runs ``module`` with the interpreter that runs this."""
    return (sys.executable, "-I", "-X", "utf8", "-m", module, *args)


@functools.cache
def read_only() -> tuple[str, ...]:
    """Absolute paths that an interpreter of ours needs to read: itself, its environment and this package's folders."""
    wanted = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    wanted += [str(Path(sys.executable).parent), str(Path(os.path.realpath(sys.executable)).parent)]
    wanted += [str(Path(package.__file__).parent) for package in (daemon, hooks) if package.__file__]
    found: list[str] = []
    for path in sorted({os.path.normpath(path) for path in wanted} | {os.path.realpath(path) for path in wanted}):
        covered = any(path == above or path.startswith(above + "/") for above in (*_SYSTEM, *found))
        if not covered and path != "/":
            found.append(path)
    return tuple(found)
