"""Where input does harm: which look a call gets, by its name; and paths, templates, views, directories and pickles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import (
    addresses,
    commands,
    entities,
    guards,
    ir,
    names,
    pages,
    queries,
    sources,
    sql,
    stores,
    texts,
)
from daemon.agents.builtin.review.arguments import argument, entry, harmful, parts, resolved, short, tainted
from daemon.agents.builtin.review.model import words
from hooks.finding import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

GUARDED = (*sources.EVERY_SINK, "regex", "check")
"""What a value of a known form can do no harm to."""


def look(flow: Flow, call: ir.Call, dotted: str, frame: Frame) -> None:
    """Look at one call to code outside the file."""
    name = dotted.removesuffix(".default") if not dotted.startswith(("axios", "got", "node-fetch")) else dotted
    tail = name.rsplit(".", maxsplit=1)[-1]
    kind = next((kind for kind, pattern in _KINDS if pattern.search(name)), None)
    if kind is not None:
        kind(flow, call, name, frame)
    else:
        _of_no_kind(flow, call, name, tail, frame)
    commands.out_of_everything(flow, call, frame)
    _program_text(flow, call, name, frame)
    _by_form(flow, call, name, tail, frame)
    if names.FETCHES_BY_NAME.match(guards.tail_of(call.func)):
        addresses.by_name(flow, call, frame)
    if names.RUNS_BY_NAME.match(guards.tail_of(call.func)):
        commands.by_name(flow, call, frame)
    elif tail in names.STARTS_MACHINES:
        commands.user_data(flow, call, frame)
    if tail in names.SQL_CALLS and not call.tagged:
        sql.look(flow, call, name, frame)
    if tail == "extra" and name.endswith((".objects.extra", ").extra")):
        sql.look_at_extra(flow, call, frame)
    if names.RUNS_SQL.search(name) and not call.tagged:
        sql.look_at_whole(flow, call, name, frame)
    queries.look(flow, call, name, tail, frame)
    stores.look(flow, call, name, tail, frame)
    if tail in _RUNS_LATER and flow.module.language == "python":
        _run_later(flow, call, frame)


def _of_no_kind(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    """A call whose name alone does not tell."""
    if _reads_a_joined_path(call, name, frame):
        _path(flow, call, name, frame)
    elif call.args and (tail == "mv" or (tail == "save" and flow.module.language == "python")):
        _kept_upload(flow, call, frame)
    elif tail == "format" and isinstance(call.func, ir.Member) and isinstance(call.func.base, ir.Concat):
        found = tainted(flow, call.func.base, frame, "engine")
        flow.uses.inject("injection.template", call, found, "a text whose marks `format` fills", level=Level.WARNING)
    if len(call.args) == 2 and isinstance(call.func, ir.Name):
        _kept_under(flow, call, call.func.id, frame)
    if guards.tail_of(call.func)[:1].isupper():
        addresses.made_for(flow, call, frame)
    commands.unknown_with_shell(flow, call, frame)


def _kept_under(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``filename: (req, file, cb) => cb(null, req.body.name)``: where multer keeps an upload."""
    names = [getattr(param.target, "id", "") for param in flow.stack[-1].params]
    if names[1:] == ["file", name]:
        found = [o for o in tainted(flow, call.args[1], frame, "path") if o.kind in sources.GIVEN]
        flow.uses.inject("injection.path", call, found, "the path under which an upload is kept")


_PROGRAM = re.compile(
    r"\.(?:py|sh|bash|js|mjs|rb|pl|php|ps1|bat|lua|r|rkt|c|cpp|cc|java|go|rs|ts|kt|swift)$|(?:^|/)(?:Make|Docker)file$",
    re.IGNORECASE,
)
_WRITES_FILES = re.compile(r"(?:^|\.)(?:writeFile(?:Sync)?|outputFile(?:Sync)?|appendFile(?:Sync)?|write_text|write)$")
_STARTS = re.compile(r"child_process|subprocess|\bos\.(?:system|popen|exec)|\bdocker\b", re.IGNORECASE)


def _program_text(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Input written into a program, in a file that starts programs."""
    if not _WRITES_FILES.search(name) or not call.args or not flow.says(_STARTS):
        return
    base = call.func.base if isinstance(call.func, ir.Member) else None
    if name.endswith((".write", ".write_text")):
        opened = resolved(base, frame) if base is not None else None
        target = opened.args[0] if isinstance(opened, ir.Call) and opened.args else None
        text = call.args[0]
    else:
        target, text = call.args[0], call.args[min(1, len(call.args) - 1)]
    last = parts(flow, target, frame)[-1:] if target is not None else []
    if last and last[0].text is not None and _PROGRAM.search(last[0].text):
        flow.uses.inject("injection.eval", call, tainted(flow, text, frame, "eval"), "a program that is started here")


_RUNS_LATER = words("run_in_executor to_thread submit run_in_threadpool run_sync Thread Process partial")
"""What calls a function that it is handed, with what it is handed beside it."""


def _run_later(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``loop.run_in_executor(None, exec, code)``, ``Thread(target=os.system, args=(command,))``."""
    target, values = argument(call, 99, "target"), argument(call, 99, "args")
    listed = resolved(values, frame) if values is not None else None
    if target is not None and isinstance(listed, ir.Listing):
        handed = [target, *listed.items]
    else:
        names_at = (n for n, arg in enumerate(call.args[:2]) if isinstance(arg, ir.Name | ir.Member))
        handed = call.args[next(names_at, 2) :]
    if len(handed) > 1 and isinstance(handed[0], ir.Name | ir.Member):
        made = ir.Call(call.line, call.column, call.end_line, handed[0], handed[1:], call.kwargs)
        flow.uses.keep(made)
        look(flow, made, flow.namer.name(handed[0], frame), frame)


def _by_form(flow: Flow, call: ir.Call, name: str, tail: str, frame: Frame) -> None:
    if name.endswith(("prepare().run", "prepare().execute", "prepare().all", "prepare().get", "prepare().bind")):
        sql.look_at_prepared(flow, call, name, frame)
    if tail == "setopt" and len(call.args) == 2 and isinstance(call.args[0], ir.Member) and call.args[0].name == "URL":
        addresses.asked_for(flow, call, call.args[1], frame)
    if flow.module.language == "python":
        texts.look_at_mail_call(flow, call, tail, frame)
    if names.JOINS.match(name):
        _joined(flow, call, frame)
    if tail == "get" and _drives_a_browser(flow, call):
        addresses.request(flow, call, name, frame)


def _joined(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``path.join(FOLDER, req.query.name)``: a path, whoever opens it."""
    found = [origin for arg in call.args[1:] for origin in tainted(flow, arg, frame, "path")]
    chosen = [origin for origin in found if origin.kind in sources.FROM_CALLER - {sources.EVENT, sources.FIELD}]
    if chosen:
        flow.uses.use(call, frozenset(chosen), "a path that is put together", store=False)
        flow.uses.built_path(call, chosen)


def _drives_a_browser(flow: Flow, call: ir.Call) -> bool:
    """``driver.get(url)``, whoever made the driver."""
    base = call.func.base if isinstance(call.func, ir.Member) else None
    return isinstance(base, ir.Name) and base.id in {"driver", "browser", "wd"} and flow.says(_SELENIUM)


_SELENIUM = re.compile(r"selenium")


def _reads_a_joined_path(call: ir.Call, name: str, frame: Frame) -> bool:
    """``(Path("/data") / name).read_text()``."""
    tail = name.rsplit(".", maxsplit=1)[-1]
    if tail not in names.PATH_METHODS or not isinstance(call.func, ir.Member):
        return False
    base = resolved(call.func.base, frame)
    first = resolved(base.parts[0], frame) if isinstance(base, ir.Concat) and base.parts else None
    return isinstance(first, ir.Call) and isinstance(first.func, ir.Name | ir.Member) and guards.tail_of(
        first.func) in {"Path", "PurePath", "PosixPath"}  # fmt: skip


def _code(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    if name == "exec" and flow.module.language == "script":
        # A regular expression's, unless it is called as child_process's is.
        if isinstance(call.func, ir.Name) and len(call.args) > 1 and isinstance(call.args[-1], ir.Lambda):
            commands.shell(flow, call, name, frame)
        return
    every = name == "Function" or name.startswith(("vm.", "vm2.", "sandbox"))
    _simple(flow, call, frame, "eval", f"`{name}`, which runs it as code", every=every)
    commands.handed_in(flow, call, name, frame)


def _template(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    # What is escaped for HTML is still a template: its marks are others.
    first = argument(call, 0, "source", "template")
    found = tainted(flow, first, frame, "engine") if first is not None else []
    flow.uses.inject("injection.template", call, found, f"`{short(name)}` as the template itself")
    text = resolved(first, frame) if first is not None else None
    trusted = _TRUSTED.findall(text.value) if isinstance(text, ir.Const) and isinstance(text.value, str) else []
    for key, value in call.kwargs:
        if key in trusted:
            shown = sources.of_kinds(flow.facts(value, frame), texts.FROM_A_BROWSER, "template")
            flow.uses.inject("injection.html", call, shown, "a template that takes it for safe")


_TRUSTED = re.compile(r"\{\{-?\s*(\w+)[^{}]*\|\s*safe\b")
"""Names that a template shows without escaping them."""


def _simple(flow: Flow, call: ir.Call, frame: Frame, sink: str, what: str, *, every: bool = False) -> None:
    first = argument(call, 0, "expression", "source", "template", "name", "expr", "code")
    looked_at = call.args if every else [first] if first is not None else []
    found = [origin for arg in looked_at for origin in tainted(flow, arg, frame, sink)]
    flow.uses.inject(f"injection.{sink}", call, found, what)


def _directory(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """A filter of a directory search that is put together as text."""
    if not flow.says(names.DIRECTORIES):
        return
    values = [*call.args, *(value for _, value in call.kwargs)]
    records = [resolved(value, frame) for value in values]
    values += [v for r in records if isinstance(r, ir.Record) for v in [entry(r, "filter")] if v is not None]
    for value in values:
        found = parts(flow, value, frame)
        if any(piece.text is not None and ("(" in piece.text or "=" in piece.text) for piece in found):
            harm = harmful(found, "ldap")
            weak = harmful(found, "ldap", frozenset({sources.PARAM}))
            flow.uses.inject("injection.ldap", call, harm or weak, "the filter of a directory search")


def _xpath(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """An expression put together as text."""
    found = parts(flow, call.args[0], frame) if call.args else []
    if any(piece.text is not None and "/" in piece.text for piece in found):
        flow.uses.inject("injection.xpath", call, harmful(found, "template"), "an XPath expression")


def _header(flow: Flow, call: ir.Call, _name: str, frame: Frame) -> None:
    """``res.header("Location", url)``, ``res.writeHead(302, { Location: url })``."""
    headers = resolved(call.args[-1], frame) if call.args else None
    if isinstance(headers, ir.Record):
        addresses.by_header(flow, headers, frame)
    elif len(call.args) == 2:
        made = ir.Record(call.line, call.column, call.end_line, [(call.args[0], call.args[1])])
        flow.uses.keep(made)
        addresses.by_header(flow, made, frame)


def _view(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """A view is a file: its name decides which."""
    if call.args and flow.says(_EXPRESS):
        found = tainted(flow, call.args[0], frame, "path")
        flow.uses.inject("injection.path", call, found, f"the name of the view that `{name}` reads")
        options = call.args[1] if len(call.args) > 1 and not isinstance(call.args[1], ir.Lambda) else None
        made = resolved(options, frame) if options is not None else None
        if isinstance(made, ir.Record):
            options = next((value for key, value in made.entries if key is None), None)
        whole = tainted(flow, options, frame, "path") if options is not None else []
        what = f"the options of `{name}`, in which engines look for files (`layout`) and settings"
        flow.uses.inject(
            "injection.path", call, [o for o in whole if o.kind in sources.GIVEN], what, level=Level.WARNING
        )


_EXPRESS = re.compile(r"\bexpress\b", re.IGNORECASE)


def _pattern(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    _simple(flow, call, frame, "regex", f"`{short(name)}` as the pattern")


def _deserialize(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    first = argument(call, 0, "stream", "file", "filename")
    if first is None:
        return
    if name.startswith(("yaml.load", "ruamel")):
        loader = argument(call, 1, "Loader")
        if isinstance(loader, ir.Member | ir.Name) and "Safe" in (
            loader.name if isinstance(loader, ir.Member) else loader.id
        ):
            return
        if loader is not None and flow.module.language == "script":
            return
    found = tainted(flow, first, frame, "deserialization")
    if not found and name == "yaml.load" and flow.module.language == "python":
        stored = sources.of_kinds(flow.facts(first, frame), frozenset({sources.STORED}), "deserialization")
        flow.uses.inject("injection.deserialization", call, stored, f"`{name}` without a safe loader")
        return
    if flow.module.language == "script" and "yaml" in name.lower():
        if ".safeLoad" in name:
            options = resolved(call.args[1], frame) if len(call.args) > 1 else None
            schema = entry(options, "schema") if isinstance(options, ir.Record) else None
            if isinstance(schema, ir.Member) and "FULL" in schema.name:
                flow.uses.inject("injection.deserialization", call, found, f"`{name}` with types that run code")
        elif len(call.args) == 1:
            what = "`load` of js-yaml, which can run code before its version 4"
            flow.uses.inject("injection.deserialization", call, found, what, level=Level.WARNING)
        return
    flow.uses.inject("injection.deserialization", call, found, f"`{name}`, which can run code")


def _rooted(call: ir.Call, name: str, frame: Frame) -> bool:
    """``res.sendFile(name, { root })``: Express refuses what leaves its root."""
    options = resolved(call.args[1], frame) if len(call.args) > 1 and name.endswith(_ROOTED) else None
    if isinstance(options, ir.Name):
        return _OPTIONS.match(options.id) is not None  # Nobody can see them here.
    root = entry(options, "root") if isinstance(options, ir.Record) else None
    return root is not None and not (isinstance(root, ir.Const) and root.value == "/")


def _in_memory(target: ir.Expr, frame: Frame) -> bool:
    """``send_file(io.BytesIO(picture))``: what is sent is no path."""
    made = resolved(target, frame)
    return isinstance(made, ir.Call) and guards.tail_of(made.func) in {"BytesIO", "StringIO"}


_OPTIONS = re.compile(r"^\w*(?:[oO]ptions|[oO]pts)$")
_ROOTED = ("sendFile", "sendfile", "download")
"""Methods of an answer that take ``{ root }``, out of which no path leads."""


def _opened(call: ir.Call, frame: Frame) -> ir.Expr | None:
    base = call.func.base if isinstance(call.func, ir.Member) else None
    made = resolved(base, frame) if base is not None else None
    return argument(made, 0, "name", "fileobj") if isinstance(made, ir.Call) else None


_TO_ANOTHER = {"rename", "renameSync", "copyFile", "copyFileSync", "copy", "copyfile", "move", "replace"}
"""What takes a second path, where the file will be."""


def _kept_upload(flow: Flow, call: ir.Call, frame: Frame) -> None:
    """``upload.save(os.path.join(FOLDER, upload.filename))``."""
    sent = flow.facts(call.func.base, frame) if isinstance(call.func, ir.Member) else frozenset()
    if any(origin.kind == sources.BODY for origin in sent):
        found = tainted(flow, call.args[0], frame, "path")
        flow.uses.inject("injection.path", call, found, "the path under which an upload is kept")
        files = frozenset(o for o in sent if o.root == sources.FILES)
        flow.uses.use(call, files, "a file that is kept", store=True, weak=True)


def _path(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    if names.PATH_READS.search(name) or not (names.PATHS.match(name) or names.TAKES_PATHS.match(name)):
        base = call.func.base if isinstance(call.func, ir.Member) else call
        target: ir.Expr | None = base
    elif name.endswith("download_file"):
        target = argument(call, 2 if "Bucket" not in name else 1, "Filename")
    else:
        target = argument(call, 0, "file", "path", "filename", "path_or_file", "filename_or_fp", "Filename")
    if name.endswith("extractall") and "tarfile" in name.lower() and argument(call, 99, "filter") is None:
        target = _opened(call, frame) or target  # What is in it says where it goes.
    if target is None or _rooted(call, name, frame) or _in_memory(target, frame):
        return
    found = tainted(flow, target, frame, "path")
    begun = any(piece.text for piece in parts(flow, target, frame)[:1])
    if begun:  # Without dots, it stays inside what stands before it.
        found = [origin for origin in found if sources.NO_DOTS not in origin.safe]
    if not found and len(call.args) > 1 and name.rsplit(".", maxsplit=1)[-1] in _TO_ANOTHER:
        found = tainted(flow, call.args[1], frame, "path")
    if found and not (name.endswith("upload_file") and flow.uses.told("injection.path", found)):
        # An object's name is a weak lever: whoever could choose it may write to the bucket already.
        level = Level.NOTE if all(sources.OBJECT_KEY in origin.safe for origin in found) else None
        flow.uses.inject("injection.path", call, found, f"the path of `{short(name)}`", level=level)


def _text_of_a_path(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """``Image.open("/data/" + name)``, and not ``Image.open(upload)``."""
    target = resolved(call.args[0], frame) if call.args else None
    joined = isinstance(target, ir.Call) and names.JOINS.match(flow.namer.name(target.func, frame)) is not None
    if joined or (isinstance(target, ir.Concat) and any(piece.text for piece in parts(flow, target, frame)[:1])):
        _path(flow, call, name, frame)


_KINDS: tuple[tuple[Callable[[Flow, ir.Call, str, Frame], None], re.Pattern[str]], ...] = (
    (commands.shell, names.SHELL),
    (commands.process, names.PROCESS),
    (_code, names.EVAL),
    (_deserialize, names.DESERIALIZE),
    (_template, names.TEMPLATE),
    (_path, names.PATHS),
    (_path, names.PATH_READS),
    (_text_of_a_path, names.TAKES_PATHS),
    (commands.on_a_server, names.REMOTE_SHELL),
    (addresses.request, names.REQUESTS),
    (addresses.carried, names.CHAINED),
    (addresses.redirect, names.REDIRECTS),
    (texts.look_at_sent, names.SENT),
    (texts.look_at_shown, names.SHOWN),
    (texts.look_at_shown, names.MARKED_SAFE),
    (sql.look_at_text, names.SQL_TEXT),
    (texts.look_at_page, names.PAGES),
    (addresses.client, names.CLIENTS),
    (addresses.plain, names.SOCKETS),
    (_pattern, names.PATTERNS),
    (_directory, names.DIRECTORY),
    (_xpath, names.XPATHS),
    (_header, names.SETS_HEADERS),
    (_view, names.VIEWS),
    (entities.look, entities.PARSERS),
    (pages.content, pages.CONTENT),
    (pages.code, pages.CODE),
    (pages.address, pages.ADDRESS),
)
"""What is looked for in a call, by its name; the first that fits."""
