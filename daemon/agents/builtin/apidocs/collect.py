"""Which files are looked at for one run, and all that is found in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs.endpoint import BlindSpot, Endpoint, Extraction
from daemon.agents.builtin.apidocs.lambdas import Templates, is_configuration
from daemon.agents.builtin.apidocs.project import is_minified, is_test

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from daemon.agents.builtin.apidocs.lambdas import Event
    from daemon.agents.builtin.apidocs.project import Project
    from daemon.agents.builtin.apidocs.pyroutes import Pythons
    from daemon.agents.builtin.apidocs.scripts import Scripts

SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs")
MAX_WHOLE = 400
_SERVERLESS = re.compile(r"(?:^|/)serverless(?:\.[\w-]+)*\.[cm]?[tj]s$")
_PYTHON = re.compile(
    rb"fastapi|APIRouter|flask|Flask|Blueprint|aws_lambda_powertools|quart|chalice|include_router"
    rb"|register_blueprint|add_namespace|add_resource|add_url_rule|add_api_route"
    rb"|@\w+\.(?:route|get|post|put|patch|delete|api_route)\s*\("
)
_MARKS = re.compile(
    rb"express|fastify|[kK]oa\b|koa-|hono\b|Router\b|routing-controllers|@nestjs/|\btsoa\b|inversify|overnightjs|@tsed/"
    rb"|@\w*Controller\b|@midwayjs|lambda-api|polka|restify|event-handler|registerAs\b|readdirSync"
    rb"|\b(?:app|router|server|fastify|instance|api)\s*\.\s*(?:get|post|put|patch|delete|route|use|register|all)\s*\("
)
_CDK = re.compile(rb"aws-cdk-lib|@aws-cdk/")
_STACKS = re.compile(
    rb"\.add(?:Routes|Method|Resource|Proxy)\s*\(|\bI?(?:Lambda)?RestApi\b|\bHttpApi\b|\bnew (?:\w+\.)?App\("
)
_CHAIN = re.compile(rb"NestFactory|registerAs|setGlobalPrefix|ExpressServer\s*\(|KoaServer\s*\(|RouterModule|autoload")
_SPEC = re.compile(rb"""(?:\bfrom\s*|\brequire\s*\(\s*|\bimport\s*\(?\s*)['"]([^'"\n]{1,200})['"]""")


def collect(project: Project, changed: Collection[str]) -> tuple[Extraction, bool]:
    """Every endpoint that can be seen, and whether that is all of the project (false: only what concerns a change)."""
    found = Extraction()
    marked, whole = _scripts(project, changed, found)
    templates = Templates(project.read, project.files)
    configurations = _configurations(project)
    for path in configurations[:MAX_WHOLE]:
        templates.scan(path)
    for path in configurations[MAX_WHOLE:]:
        found.blind.append(BlindSpot(file=path, line=None, reason="was not read: there are too many configurations"))
    found.blind.extend(templates.blind)
    scripts = pythons = None
    events = templates.events
    if marked or any(not _is_python(project, event) for event in events):
        from daemon.agents.builtin.apidocs.scripts import Scripts  # noqa: PLC0415 - brings the parser with it

        scripts = Scripts(project.read, project.files)
        found.add(scripts.extract(path for path in marked if not functions_named(path)))
        for path in filter(functions_named, marked):
            from daemon.agents.builtin.apidocs import functions  # noqa: PLC0415 - as above

            found.add(functions.of_configuration(scripts, path))
        events = [*events, *scripts.stacks.events]
    python = _pythons(project, changed)
    if python or events:
        from daemon.agents.builtin.apidocs.pyroutes import Pythons  # noqa: PLC0415 - only where there is Python

        pythons = Pythons(project.read, project.files)
        found.add(pythons.extract(python))
    lambdas = [_handled(event, scripts, pythons) for event in events]
    found.endpoints.extend(_without_doors(lambdas, found.endpoints, scripts, pythons))
    found.endpoints = _ordered(found.endpoints)
    return found, whole and len(python) < MAX_WHOLE


def functions_named(path: str) -> bool:
    """Whether a script is a configuration of the serverless framework by its name."""
    return _SERVERLESS.search(path) is not None


def _configurations(project: Project) -> list[str]:
    found = []
    for path in sorted(project.files):
        if path.endswith((".yml", ".yaml", ".json", ".template")) and not is_test(path):
            name = path.rpartition("/")[2]
            if not name.endswith(".json") or re.search("serverless|template|sam|stack|cloudformation", name):
                content = project.read(path)
                if content is not None and is_configuration(path, content):
                    found.append(path)
    return found


def _is_python(project: Project, event: Event) -> bool:
    stem = event.handler.rpartition(".")[0]
    return f"{stem}.py" in project.files or f"{stem.replace('.', '/')}.py" in project.files


def _handled(event: Event, scripts: Scripts | None, pythons: Pythons | None) -> Endpoint:
    if pythons is not None:
        made = pythons.of_event(event)
        if made is not None:
            return made
    if scripts is not None:
        from daemon.agents.builtin.apidocs import functions  # noqa: PLC0415 - as above

        made = functions.of_event(scripts, event)
        if made is not None:
            return made
    return Endpoint(method=event.method, path=event.path, file=event.file, line=event.line, summary=event.summary)


def _without_doors(
    lambdas: list[Endpoint], inner: list[Endpoint], scripts: Scripts | None, pythons: Pythons | None
) -> list[Endpoint]:
    """Leave out the events behind which a router in the code says the same, or says what there is."""
    kept = []
    keys = {one.key for one in inner}
    for one in lambdas:
        door = one.path.endswith("{proxy+}") or one.method == "ANY"
        if not door and one.key not in keys:
            kept.append(one)
            continue
        reached = pythons if one.file.endswith(".py") else scripts
        reach = reached.reach(one.file) if reached is not None else {one.file}
        behind = [other for other in inner if other.file in reach or reach.intersection(other.via)]
        if not one.handler:  # a handler that the deployment brings along: what it serves lies beside its configuration,
            # but for a stack written in a script, which stands apart from the code it deploys
            folder = "" if one.file.endswith(SCRIPTS) else one.file.rpartition("/")[0]
            behind = [other for other in inner if other.file.startswith(f"{folder}/" if folder else "")]
        if not (behind if door else any(other.key == one.key for other in behind)):
            kept.append(one)
    return kept


def _pythons(project: Project, changed: Collection[str]) -> list[str]:
    found = []
    for path in sorted(project.files):
        if path.endswith(".py") and not is_test(path):
            content = project.read(path)
            if content is not None and (path in changed or _PYTHON.search(content)):
                found.append(path)
    return found[:MAX_WHOLE]


def _scripts(project: Project, changed: Collection[str], found: Extraction) -> tuple[list[str], bool]:
    marked = []
    for path in sorted(project.files):
        if not path.endswith(SCRIPTS) or is_test(path):
            continue
        content = project.read(path)
        if content is None:
            continue
        if is_minified(content):
            if path in changed:
                found.blind.append(BlindSpot(file=path, line=None, reason="is bundled or minified and was not read"))
            continue
        stack = _CDK.search(content) and _STACKS.search(content)
        if path in changed or functions_named(path) or stack or _MARKS.search(content):
            marked.append(path)
    if len(marked) <= MAX_WHOLE:
        return marked, True
    return _concerned(project, marked, changed), False


def _concerned(project: Project, marked: list[str], changed: Collection[str]) -> list[str]:
    """The changed files and, step by step, those that import them: where prefixes come from."""
    from daemon.agents.builtin.apidocs.resolve import Resolver  # noqa: PLC0415 - only for large projects

    def read(path: str) -> str | None:
        content = project.read(path)
        return content.decode("utf-8", "replace") if content is not None else None

    resolver = Resolver(read, project.files)
    importers: dict[str, list[str]] = {}
    for path in marked:
        content = project.read(path) or b""
        for spec in {hit[1].decode("utf-8", "replace") for hit in _SPEC.finditer(content)}:
            target = resolver.resolve(path, spec)
            if target:
                importers.setdefault(target, []).append(path)
    known = dict.fromkeys(path for path in marked if path in changed or _CHAIN.search(project.read(path) or b""))
    stack = [path for path in changed if path in project.files]
    while stack and len(known) < MAX_WHOLE:
        for path in importers.get(stack.pop(), ()):
            if path not in known:
                known[path] = None
                stack.append(path)
    return sorted(known)


def _ordered(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """By file and line, each method and path of a file once."""
    kept: dict[tuple[str, str, str], Endpoint] = {}
    for one in sorted(endpoints, key=lambda one: (one.file, one.line, one.path, one.method)):
        kept.setdefault((*one.key, one.file), one)
    return list(kept.values())
