"""Endpoints of Python files: FastAPI, Flask and powertools' resolvers. Pure: texts in, endpoints out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import pydescribe, pymodule
from daemon.agents.builtin.apidocs.endpoint import DYNAMIC, BlindSpot, Endpoint, Extraction, normal_path
from daemon.agents.builtin.apidocs.pyevaluate import PyEvaluator
from daemon.agents.builtin.apidocs.pymodule import Definition, Place, PyModule
from daemon.agents.builtin.apidocs.pyregistered import PyRegistrations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from daemon.agents.builtin.apidocs.lambdas import Event
    from daemon.agents.builtin.apidocs.pyregistered import Route
    from daemon.agents.builtin.apidocs.pyrouters import Key, Router

MAX_WAYS = 40
MAX_REACHED = 400


class Pythons(PyRegistrations):
    """The Python files of a project."""

    def __init__(self, read: Callable[[str], bytes | None], files: Collection[str]) -> None:
        super().__init__(PyEvaluator(self.load, files))
        self._read = read
        self.modules: dict[str, PyModule | None] = {}

    def load(self, path: str) -> PyModule | None:
        """Parse a file once."""
        if path not in self.modules:
            content = self._read(path) if path.endswith(".py") and len(self.modules) < 1500 else None
            module = pymodule.parse(path, content) if content is not None else None
            self.modules[path] = module
            if module is not None:
                self.ev.note(module)
        return self.modules[path]

    def extract(self, wanted: Iterable[str]) -> Extraction:
        """Every endpoint of the files wanted and of what they lead to."""
        for path in wanted:
            self.load(path)
        done: set[str] = set()
        while True:
            new = [path for path, module in self.modules.items() if module and path not in done]
            if not new:
                break
            for path in new:
                done.add(path)
                module = self.modules[path]
                if module is not None:
                    self.scan(module)
        found = Extraction(blind=self.blind)
        for path, module in self.modules.items():
            if module is not None and module.broken:
                reason = "is no Python from here; its endpoints are not known"
                found.blind.append(BlindSpot(file=path, line=module.broken, reason=reason))
        for route in self.routes:
            found.endpoints.extend(self._endpoints(route))
        return found

    def of_event(self, event: Event) -> Endpoint | None:
        """The endpoint of a configuration's event when a Python function handles it."""
        path, name = self.handler_file(event.handler), event.handler.rpartition(".")[2]
        if path is None:
            return None
        held = self.ev.exported(path, name)
        function = held.node if isinstance(held, Place) and isinstance(held.node, Definition) else None
        shape = pydescribe.of_handler(event.path, function, event.summary)
        return Endpoint(
            method=event.method,
            path=event.path,
            file=path,
            line=function.lineno if function is not None else 1,
            parameters=shape.listed(),
            summary=shape.summary,
            handler=name,
            via=(event.file,),
        )

    def handler_file(self, handler: str) -> str | None:
        """The file of ``folder/app.handler``, also where packages are written with dots: ``src.main.handler``."""
        stem = handler.rpartition(".")[0]
        folder, _, module = stem.rpartition("/")
        tries = (f"/{stem}", f"/{folder}/{module.replace('.', '/')}".replace("//", "/")) if stem else ()
        return next((found for one in tries if (found := self.ev.module_path("", one))), None)

    def reach(self, path: str) -> set[str]:
        """The files that a file imports, directly or not, itself too."""
        seen, stack = {path}, [path]
        while stack and len(seen) < MAX_REACHED:
            at = stack.pop()
            module = self.load(at)
            for spec, name in self.imports(module) if module else ():
                inner = f"{spec.rstrip('/')}{'/' if spec.startswith('/') else '.'}{name}"
                for target in (self.ev.module_path(at, spec), self.ev.module_path(at, inner) if name else None):
                    if target and target not in seen:
                        seen.add(target)
                        stack.append(target)
        return seen

    def _ways(self, router: Router) -> list[tuple[str, tuple[str, ...]]]:
        done: list[tuple[str, tuple[str, ...]]] = []
        stack: list[tuple[Router, str, tuple[str, ...], frozenset[Key], bool]] = [
            (router, "", (), frozenset([router.key]), False)
        ]
        while stack and len(done) < MAX_WAYS:
            at, path, files, seen, replaced = stack.pop()
            own = "" if replaced else at.prefix.replace(DYNAMIC, "")
            if not at.above:
                done.append((f"{own}/{path}", files))
            for key, prefix, instead, file in reversed(at.above):
                parent = self.routers[key]
                if key not in seen:
                    kept = "" if instead else own
                    stack.append((parent, f"{prefix}/{kept}/{path}", (*files, file), seen | {key}, False))
        return done

    def _endpoints(self, route: Route) -> list[Endpoint]:
        router = self.routers[route.router]
        made: list[Endpoint] = []
        for prefix, via in self._ways(router):
            glued = router.kind == "fastapi" and not route.path.startswith("/")  # FastAPI puts no slash between them
            path = normal_path(prefix.rstrip("/") + route.path) if glued else normal_path(prefix, route.path)
            shape = pydescribe.describe(self.ev, route, path, router.kind)
            made.extend(
                Endpoint(
                    method="ANY" if method in {"*", "ANY"} else method,
                    path=path,
                    file=route.module.path,
                    line=route.line,
                    parameters=shape.listed(),
                    request=shape.request,
                    response=shape.response,
                    summary=shape.summary,
                    handler=route.function.name if route.function else "",
                    via=tuple(dict.fromkeys(one for one in (*via, *sorted(shape.files)) if one != route.module.path)),
                )
                for method in route.methods
            )
        return made
