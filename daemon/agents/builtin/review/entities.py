"""XML from the caller, read by a parser that resolves what its entities name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import ir
from daemon.agents.builtin.review.arguments import argument, entry, resolved, short, tainted
from hooks.finding import Level

if TYPE_CHECKING:
    from daemon.agents.builtin.review.following import Flow
    from daemon.agents.builtin.review.frames import Frame

PARSERS = re.compile(
    r"^node-expat\.Parser\(\)\.(?:parse|write)$|"
    r"^xml\.(?:sax|dom\.pulldom)\.(?:parse|parseString)$|"
    r"(?:^|\.)(?:parseXml(?:String|Async)?)$|^lxml\.etree\.(?:fromstring|XML|parse|iterparse|fromstringlist)$"
)


_EXTERNAL = re.compile(r"feature_external_ges\s*,\s*(?:True|1)\b|external-general-entities[\"']\s*,\s*(?:True|1)\b")
"""How the standard library's parsers are told to follow entities; they no longer do of themselves."""


def look(flow: Flow, call: ir.Call, name: str, frame: Frame) -> None:
    """Entities are resolved by libxmljs when told to (``noent``), by lxml unless its parser is told not to."""
    level: Level | None = None
    if name.startswith("lxml"):
        parser = argument(call, 1, "parser")
        made = resolved(parser, frame) if parser is not None else None
        said = argument(made, 99, "resolve_entities") if isinstance(made, ir.Call) else None
        if isinstance(said, ir.Const) and not said.value:
            return
        level = None if said is not None else Level.WARNING
    elif name.startswith("xml."):
        if not flow.says(_EXTERNAL):
            return
    elif not name.startswith("node-expat"):
        options = resolved(call.args[1], frame) if len(call.args) > 1 else None
        said = entry(options, "noent", "replaceEntities") if isinstance(options, ir.Record) else None
        if said is None or (isinstance(said, ir.Const) and not said.value):
            return
    if call.args:
        found = tainted(flow, call.args[0], frame, "deserialization")
        flow.uses.inject("injection.xxe", call, found, f"`{short(name)}`, which resolves entities",
                         level=level)  # fmt: skip
