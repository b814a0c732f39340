"""The review of a program in the common form: its flows, its literals, and the policies it builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review import literals, uploads
from daemon.agents.builtin.review.flow import BudgetError, Flow
from daemon.agents.builtin.review.model import Looked
from daemon.agents.builtin.review.uses import Uses

if TYPE_CHECKING:
    from daemon.agents.builtin.review import ir
    from daemon.agents.builtin.review.model import Source

_VALIDATING = re.compile(
    r"\b(?:zod|joi|yup|ajv|class-validator|superstruct|valibot|io-ts|express-validator|jsonschema|pydantic|marshmallow|"
    r"cerberus|voluptuous|typebox|runtypes|powertools[\w/.-]*(?:parser|validation))\b|typeof |\.test\(|isinstance\(",
    re.IGNORECASE,
)
_CHECKS = re.compile(r"\.(?:safe)?[pP]arse(?:Async)?\(|\.(?:validate\w*|load|model_validate\w*|is_?[vV]alid\w*)\(")
_WHOLE_FILE = re.compile(
    r"@middy/validator|\buse\(\s*(?:\w*validat\w*|parser)\(|enable_validation\s*=\s*True|"
    r"validate[_-]?request\s*:\s*true|celebrate\(|checkSchema\(",
    re.IGNORECASE,
)


def review(module: ir.Module, source: Source) -> Looked:
    """Everything the review has to say about a program."""
    uses = Uses()
    flow = Flow(module, uses, _validators(module, source))
    notes: list[str] = []
    try:
        flow.follow()
    except BudgetError:
        notes.append(f"{source.path}: too large to be followed to its end; flows may be missing.")
    uses.finish()
    hits = [*uses.hits, *uploads.find(module)]
    if _WHOLE_FILE.search(module.text):
        hits = [hit for hit in hits if not hit.rule.startswith("input.")]
    return Looked(hits=(*hits, *literals.find(module)), notes=tuple(notes))


def _validators(module: ir.Module, source: Source) -> frozenset[str]:
    """Names that this file imports from a neighbour which validates: calling one is a check."""
    found: set[str] = set()
    for name, origin in module.imports.items():
        bare = origin.strip(".").split(".")[0].rsplit("/", maxsplit=1)[-1] if origin.startswith((".", "@/")) else ""
        if not bare and module.language == "python":
            bare = origin.split(".")[0]
        for path, text in source.siblings.items():
            stem = path.rsplit("/", maxsplit=1)[-1].split(".")[0]
            folder = path.rsplit("/", maxsplit=2)[-2] if "/" in path else ""
            if (
                bare
                and bare in {stem, folder}
                and _VALIDATING.search(text)
                and _defines(text, origin.rsplit(".", maxsplit=1)[-1])
            ):
                found.add(name)
    return frozenset(found)


def _defines(text: str, name: str) -> bool:
    """Whether a neighbour's text defines the name and validates somewhere after it."""
    match = re.search(rf"\b(?:def|function|const|let|class|exports\.)\s*{re.escape(name)}\b", text)
    if match is None:
        return False
    body = text[match.start() : match.start() + 3000]
    return bool(_VALIDATING.search(body) or _CHECKS.search(body))
