"""What the type of a parameter says where a framework holds it against what came in: FastAPI, Litestar. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.model import words
from daemon.agents.builtin.review.sources import BODY, NOTHING, Facts, Origin

if TYPE_CHECKING:
    from daemon.agents.builtin.review import ir

_WRAPPED = re.compile(r"^(?:[\w.]+\.)?(?:Optional|Annotated|Union)\[(?P<inner>.*)\]$", re.DOTALL)
_OR_NONE = re.compile(r"\s*\|\s*None$|^None\s*\|\s*|,\s*None$")
_TEXT = re.compile(r"^(?:str|bytes|(?:[\w.]+\.)?(?:List|list|Sequence|Set|set)\[str\])$")
_PLAIN = re.compile(
    r"^(?:[\w.]+\.)?(?:int|float|bool|complex|Decimal|date|time|datetime|timedelta|UUID\d?|(?:Positive|NonNegative|Strict)(?:Int|Float)|"
    r"EmailStr|PastDate|FutureDate|ObjectId|PyObjectId|IPv\dAddress|Literal\[.*\])$",
    re.DOTALL,
)
_MODEL_NAME = re.compile(
    r"(?:Create|Update|In|Input|Request|Payload|Schema|Body|Data|DTO|Dto|Base|Form|Login|Register|Query|Model|"
    r"Credentials|Params|Message|Item|Post|Patch|Signup|SignUp|Command)$"
)
_MODELS = re.compile(r"schema|dto|\bmodels?\b|payload|request_types|validator|serializer", re.IGNORECASE)
_COUNTED = words("id page limit offset skip size quantity amount price age year month day count total rating score")
"""Parts that are numbers as a rule, where the class stands in another file."""


def bare(annotation: str) -> str:
    """A type without what says that it may be missing, or how it is described: ``Optional[str]`` is ``str``."""
    for _ in range(4):
        inner = _OR_NONE.sub("", annotation.strip())
        wrapped = _WRAPPED.match(inner)
        if wrapped:
            inner = _first(wrapped["inner"]) if "Annotated[" in inner[:24] else _OR_NONE.sub("", wrapped["inner"])
        if inner == annotation:
            break
        annotation = inner
    return annotation


def _first(inner: str) -> str:
    """The first of several types: up to the comma that no bracket is around."""
    depth = 0
    for place, letter in enumerate(inner):
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and not depth:
            return inner[:place]
    return inner


def is_text(annotation: str) -> bool:
    """Whether a type, once it was held, still lets any text through."""
    return bool(_TEXT.match(bare(annotation)))


def model_facts(param: ir.Param, module: ir.Module) -> Facts:
    """What a parameter of a model's type brings in: a body of the declared form, whose texts hold what they will.

    Nothing for types that are no models as far as it shows.
    """
    name = bare(param.annotation).rsplit(".", maxsplit=1)[-1]
    fields = module.classes.get(name)
    if fields is None:
        origin = module.imports.get(name, "").rpartition(".")[0]
        if not name[:1].isupper() or not (_MODELS.search(origin) or (origin and _MODEL_NAME.search(name))):
            return NOTHING
        plain = _COUNTED
    elif not fields:
        return NOTHING
    else:
        plain = frozenset(part for part, kind in fields.items() if _is_plain(kind, module))
    at = param.target
    held = frozenset({"check", "nosql"})
    return frozenset({Origin(BODY, BODY, at.line, at.column, at.end_line, safe=held, plain=plain)})


def _is_plain(annotation: str, module: ir.Module) -> bool:
    kind = bare(annotation)
    return bool(_PLAIN.match(kind)) or (kind in module.classes and not module.classes[kind])
