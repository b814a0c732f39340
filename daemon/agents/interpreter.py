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

_START = """
import runpy, sys
from importlib.machinery import ModuleSpec, SourceFileLoader
_, *folders, module = sys.argv[:4]
for folder in folders:
    name, path = folder.rpartition("/")[2], folder + "/__init__.py"
    package = sys.modules[name] = type(sys)(name)
    package.__loader__ = SourceFileLoader(name, path)
    package.__spec__ = ModuleSpec(name, package.__loader__, origin=path, is_package=True)
    package.__spec__.submodule_search_locations.append(folder)
    package.__file__, package.__package__, package.__path__ = path, name, [folder]
    package.__loader__.exec_module(package)
sys.argv[:4] = [module]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
# Python finds a package by listing the folder it lies in. Of an editable install that is the source's own root, with
# all there is beside the packages, and a view shows only the packages: so they are loaded from where they are known
# to be, and what is below them is found as ever.

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc")  # every view shows these


def module_argv(module: str, *args: str) -> tuple[str, ...]:
    """The command line that runs ``module`` with the interpreter that runs this."""
    folders = (os.path.dirname(package.__file__ or "") for package in (hooks, daemon))
    return (sys.executable, "-I", "-X", "utf8", "-c", _START, *folders, module, *args)


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
