"""Parameters that a framework fills by their decorators: NestJS, routing-controllers, tsoa. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.sources import BODY, HEADER, NOTHING, PATH, QUERY, REQUEST, UPLOAD, Facts, Origin

if TYPE_CHECKING:
    from daemon.agents.builtin.review import ir

_DECORATED = re.compile(
    r"^@(Body|requestBody|BodyParam|BodyProp|Query|QueryParam|QueryParams|Param|Params|Path|Headers|Header|HeaderParam|"
    r"HeaderParams|Req|Request|UploadedFiles?)"
    r"\(\s*(?:['\"]([\w-]+)['\"])?([^)]*)\)*\s*(.*)$",
    re.DOTALL,
)
_KINDS = {
    **dict.fromkeys(("Body", "requestBody", "BodyParam", "BodyProp"), BODY),
    **dict.fromkeys(("Query", "QueryParam", "QueryParams"), QUERY),
    **dict.fromkeys(("Param", "Params", "Path"), PATH),
    **dict.fromkeys(("Headers", "Header", "HeaderParam", "HeaderParams"), HEADER),
    **dict.fromkeys(("Req", "Request"), REQUEST),
    **dict.fromkeys(("UploadedFile", "UploadedFiles"), BODY),
}
_OPEN = re.compile(
    r"^(?:any|unknown|object|Object|string|\{.*|(?:Record|Partial|Pick|Omit|Map|Array)<.*|\w+\[\]|)$", re.DOTALL
)
"""Types that nothing is held against when it runs; a class may carry rules, numbers and flags are converted."""
_HELD = re.compile(r"""['"]tsoa['"]""")
"""Frameworks that hold every type against what came in."""


_FILTERED = re.compile(r"fileFilter|limits\s*:|ParseFilePipe|FileValidator|MaxFileSize")
"""What looks at files before a method gets them."""


def parameters(function: ir.Function, module: ir.Module) -> list[Facts] | None:
    """What each parameter brings in, ``None`` when none of them is decorated so."""
    found = [_DECORATED.match(param.annotation) for param in function.params]
    if not function.owner or not any(found):
        return None
    held = _HELD.search(module.text) is not None
    kept_out = _FILTERED.search(module.text) is not None
    return [
        _brought(param, match, module.text, held=held, filtered=kept_out) if match else NOTHING
        for param, match in zip(function.params, found, strict=True)
    ]


def _is_gone_when_it_runs(annotation: str, text: str) -> bool:
    """Whether a type is an interface or an alias of this file: nothing of it is left to hold a value against."""
    name = re.match(r"^[A-Z]\w*$", annotation)
    return name is not None and re.search(rf"\b(?:interface|type)\s+{name.group()}\b", text) is not None


def _brought(param: ir.Param, match: re.Match[str], text: str, *, held: bool, filtered: bool) -> Facts:
    word, part, pipes, annotation = match.groups()
    kind = _KINDS[word]
    single = part is not None and kind in {PATH, QUERY} and annotation.strip()[:1].isupper()
    is_open = single or bool(_OPEN.match(annotation.strip())) or _is_gone_when_it_runs(annotation.strip(), text)
    looked_at = kind != REQUEST and (held or "Pipe" in pipes or not is_open)
    at = param.target
    if word.startswith("Uploaded"):
        known = frozenset({"check"}) if filtered or "Pipe" in pipes else frozenset[str]()
        return frozenset({Origin(kind, UPLOAD, at.line, at.column, at.end_line, safe=known)})
    safe = frozenset({"check"}) if looked_at else frozenset()
    return frozenset({Origin(kind, kind, at.line, at.column, at.end_line, safe=safe, part=part or "")})
