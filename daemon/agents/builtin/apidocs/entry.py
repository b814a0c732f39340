"""The text of one entry: what a block says of its endpoint. Pure; nothing that it says can break out of the block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agents.builtin.apidocs.endpoint import Endpoint


def render(endpoint: Endpoint) -> str:
    """The text of a block between its markers, with plain line ends."""
    title = f"`{endpoint.method} {endpoint.path}`"
    lines = ["", f"### {title}", ""]
    if endpoint.summary:
        lines += [_inline(endpoint.summary), ""]
    if endpoint.parameters:
        lines += ["| Parameter | In | Type | Required |", "| --- | --- | --- | --- |"]
        for one in endpoint.parameters:
            kind = f"`{_code(one.type)}`" if one.type else ""
            needed = {True: "yes", False: "no", None: ""}[one.required]
            lines.append(f"| `{_code(one.name)}` | {one.place} | {kind} | {needed} |")
        lines.append("")
    if endpoint.request:
        lines += [f"Request body: `{_code(endpoint.request)}`", ""]
    if endpoint.response:
        lines += [f"Response: `{_code(endpoint.response)}`", ""]
    lines += [f"Source: `{_code(endpoint.file)}`", ""]
    return "\n".join(lines) + "\n"


def _inline(prose: str) -> str:
    """Prose that can open neither a comment nor a fence nor a heading."""
    flat = " ".join(prose.split()).replace("<", "&lt;").replace("```", "'''").replace("~~~", "---")
    return re.sub(r"^([#>|+*=~-]|\d+[.)])", r"\\\1", flat)


def _code(raw: str) -> str:
    flat = " ".join(raw.split()).replace("`", "'").replace("<!--", "<! --")
    return flat.replace("|", "\\|")


def struck(body: str) -> str:
    """A block's text with its heading struck through and the reason below it."""
    plain = body.replace("\r\n", "\n").replace("\r", "\n")
    found = re.search(r"^### (`[^`\n]+`)$", plain, re.MULTILINE)
    title = found[1] if found else "`?`"
    source = re.search(r"^Source: (`[^`\n]+`)$", plain, re.MULTILINE)
    where = f" from {source[1]}" if source else ""
    return f"\n### ~~{title}~~\n\nRemoved{where}.\n\n"
