"""Where other people's text names an endpoint: headings, tables, lists, labels, requests in fences. Pure.

Written down is found by its form alone; whether the code answers it is not asked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from daemon.agents.builtin.apidocs.endpoint import anonymous, normal_path

MAX_LINE = 1_000
WINDOW = 6
"""Lines between the label of a path and that of its method."""

_VERBS = r"GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY|ALL"
_VERB = rf"(?P<method>(?:{_VERBS})(?:\b[\s`*_]{{0,6}}(?:[,|/&]|\bor\b|\band\b)[\s`*_]{{0,6}}(?:{_VERBS})){{0,6}}+)"
_PATH = r"(?:https?://[^\s/`'\"]+|\{\{?[\w.]+\}?\}|\$\{?\w+\}?|<[\w-]+>(?=/))?(?P<path>/[^\s`|*\"'()\],\\]*+)"
_BETWEEN = r"[\s`*_|:\]\[>~()\u2013\u2014\u2192-]"
_FORWARD = re.compile(rf"(?<![\w/-]){_VERB}\b{_BETWEEN}{{1,40}}{_PATH}")
_BACKWARD = re.compile(rf"(?<![\w/.:-]){_PATH}(?:,?{_BETWEEN}){{1,40}}{_VERB}\b(?!\s*[`*_|]*\s*/)")
_ONLY_PATH = re.compile(rf"#+\s+[`*_]*{_PATH}[`*_]*\s*#*\s*\Z")
_ONLY_VERB = re.compile(rf"(?:#+\s+|[-*+]\s+)?[`*_]*{_VERB}[`*_]*:?(?:\s.*)?\Z", re.DOTALL)
_ITEM_PATH = re.compile(rf"[-*+]\s+[`*_]*{_PATH}[`*_:]*\s*\Z")
_IN_BRACKETS = re.compile(rf"#+\s.*\[\s*(?:(?P<method>{_VERBS})|{_PATH})\s*\]\s*#*\s*\Z")
_LABEL_PATH = re.compile(rf"\W*(?:url|path|endpoint|route|uri)\W{{1,12}}{_PATH}", re.IGNORECASE)
_LABEL_VERB = re.compile(rf"\W*(?i:method|verb)\W{{1,12}}{_VERB}\b")
_LABEL_ALONE = re.compile(r"\W*(?P<label>url|path|endpoint|route|uri|method|verb)\W*\Z", re.IGNORECASE)
_VALUE = re.compile(rf"[`*_]*(?:{_VERB}|{_PATH})[`*_]*\s*\Z")
_CELL_VERB = re.compile(rf"[`*_\s]*{_VERB}[`*_\s]*\Z", re.IGNORECASE)
_CELL_PATH = re.compile(rf"[`*_\s~\[]*{_PATH}")
_LOWER = re.compile(rf"(?:(?<=^)|(?<=`)|(?<=# ))(?:{_VERBS.lower()})(?=`?\s+`?/|`?\s*\Z)")
_IMAGE = re.compile(r"!\[([^\]\n]{0,40})\]\([^)\n]{0,500}\)")
_TAG = re.compile(
    r"</?(?:code|b|strong|i|em|td|th|tr|h[1-6]|summary|details|br|span|a|p|li|ul|kbd|samp|div|font|mark|small|table)"
    r"(?:\s[^<>\n]{0,300})?/?>",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """A place where somebody else's text names an endpoint. ``section`` is the text it introduces, else ""."""

    method: str
    path: str
    line: int
    section: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """As ``Endpoint.key``."""
        return self.method, anonymous(self.path)


@dataclass(slots=True)
class _State:
    """What earlier lines said that this one may go with."""

    heading: str = ""
    level: int = 0
    item: str = ""
    indent: int = 0
    path: str = ""
    verb: str = ""
    line: int = -10
    awaited: str = ""
    found: list[Mention] = field(default_factory=list)


def mentions(lines: list[tuple[int, str, bool]]) -> list[Mention]:
    """All mentions. A line is its number, its text without a line end, and whether it stands in a fence or comment."""
    state = _State()
    for index, (number, raw, inside) in enumerate(lines):
        bare = plain(raw[:MAX_LINE], inside=inside)
        heading = bare.startswith("#") and not inside
        level = len(bare) - len(bare.lstrip("#"))
        if heading and level <= state.level:
            state.heading = ""
        hits = _direct(bare)
        section = _section(lines, index) if heading and hits else ""
        for verbs, path in hits:
            _tell(state, verbs, path, number, section)
        if not hits:
            _by_parts(state, raw, bare, number, heading=heading, inside=inside)
    return state.found


def plain(raw: str, *, inside: bool) -> str:
    """A line without what only dresses it: images by their text, HTML tags, a method's lower case."""
    bare = raw.replace("&nbsp;", " ").replace("\u00a0", " ").strip()
    if inside:
        return bare
    bare = _TAG.sub(" ", _IMAGE.sub(r"\1", bare)).strip()
    return _LOWER.sub(lambda found: found[0].upper(), bare)


def _direct(bare: str) -> list[tuple[str, str]]:
    """The pairs of methods and path that one line holds."""
    cells = bare.strip("|").split("|") if bare.startswith("|") else []
    verbs = next((found["method"].upper() for cell in cells if (found := _CELL_VERB.match(cell))), "")
    path = next((found["path"] for cell in cells if (found := _CELL_PATH.match(cell))), "")
    if verbs and path:
        return [(verbs, path)]
    hits = list(_FORWARD.finditer(bare)) or list(_BACKWARD.finditer(bare))
    return [(hit["method"], hit["path"]) for hit in hits[:20]]


def _tell(state: _State, verbs: str, path: str, number: int, section: str = "") -> None:
    bare = re.split(r"[?#&]", path, maxsplit=1)[0].rstrip(".,;:!~_")
    for verb in re.findall(_VERBS, verbs):
        method = "ANY" if verb == "ALL" else verb
        state.found.append(Mention(method=method, path=normal_path(bare), line=number, section=section))


def _by_parts(state: _State, raw: str, bare: str, number: int, *, heading: bool, inside: bool) -> None:
    """A method whose path stood above it: under a heading, in a list, or each after a label."""
    if not bare:
        return
    bracketed = _IN_BRACKETS.match(bare) if heading else None
    only = _ONLY_PATH.match(bare) if heading else None
    verb = None if inside else _ONLY_VERB.match(bare)
    indent = len(raw) - len(raw.lstrip())
    item = None if inside else _ITEM_PATH.match(bare)
    if only or (bracketed and bracketed["path"]):
        state.heading = (only or bracketed)["path"]  # type: ignore[index]  # one of the two matched
        state.level = len(bare) - len(bare.lstrip("#"))
    elif bracketed and state.heading:
        _tell(state, bracketed["method"], state.heading, number)
    elif item:
        state.item, state.indent = item["path"], indent
    elif verb and state.item and indent > state.indent:
        _tell(state, verb["method"], state.item, number)
    elif verb and state.heading:
        _tell(state, verb["method"], state.heading, number)
    if not item and indent <= state.indent and not (verb and indent > state.indent):
        state.item = ""
    _labelled(state, bare, number)


def _labelled(state: _State, bare: str, number: int) -> None:
    if number - state.line > WINDOW:
        state.path = state.verb = state.awaited = ""
    path, verb = _LABEL_PATH.match(bare), _LABEL_VERB.match(bare)
    alone = _LABEL_ALONE.match(bare)
    value = _VALUE.match(bare) if state.awaited else None
    if value:
        path, verb = (value, None) if value["path"] else (None, value)
    if alone:
        state.awaited, state.line = alone["label"], number
    elif path or verb:
        state.path = path["path"] if path else state.path
        state.verb = verb["method"] if verb else state.verb
        state.line, state.awaited = number, ""
        if state.path and state.verb:
            _tell(state, state.verb, state.path, number)
            state.path = state.verb = ""


def _section(lines: list[tuple[int, str, bool]], index: int) -> str:
    """The text under a heading, up to the next heading of its level or above."""
    level = len(lines[index][1].strip()) - len(lines[index][1].strip().lstrip("#"))
    taken = []
    for _, raw, inside in lines[index + 1 : index + 400]:
        marks = len(raw) - len(raw.lstrip("#"))
        if 0 < marks <= level and not inside:
            break
        taken.append(raw)
    return "\n".join(taken)
