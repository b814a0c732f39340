"""Routers that no call mounts one by one: members met in a loop, plugins of a folder. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.values import Func, Router

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.agents.builtin.apidocs.evaluate import Evaluator
    from daemon.agents.builtin.apidocs.graph import Graph
    from daemon.agents.builtin.apidocs.scopes import Module


def loose(ev: Evaluator, modules: Mapping[str, Module | None], graph: Graph) -> None:
    """``app.use('/', route.router)`` in a loop that cannot be followed: every class with such a router."""
    for parent, prefix, member, file in graph.loose:
        for module in [one for one in modules.values() if one]:
            for klass in module.classes:
                if member not in klass.fields:
                    continue
                router = ev.of_class(module, klass, member)
                if isinstance(router, Router) and not graph.mounts.get(router.key):
                    graph.mount(router, parent, prefix, file)


def autoloaded(ev: Evaluator, modules: Mapping[str, Module | None], graph: Graph) -> None:
    """Plugins that fastify finds by folder: the folder below the root is the prefix."""
    for parent, load, file in graph.autoload:
        folder = load.folder
        for path, module in list(modules.items()):
            if module is None or not path.startswith(folder + "/"):
                continue
            plugin = ev.deref(ev.exported(path, "default"))
            if not isinstance(plugin, Func) or not plugin.info.parameters:
                continue
            own = ev.deref(ev.exported(path, "autoPrefix"))
            inner = "" if load.flat else posixpath.dirname(path)[len(folder) :]
            inner = re.sub(r"(^|/)_+(\w+)", r"\1:\2", inner)
            child = Router((path, plugin.info.node.start_byte, 0), "unbound")
            below = f"{load.prefix}/{own if isinstance(own, str) else inner}"
            graph.mount(child, parent, "" if plugin.bare else below, file)
