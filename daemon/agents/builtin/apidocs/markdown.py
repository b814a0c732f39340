"""A Markdown document as blocks of ours and mentions by others. Pure; offsets are in characters.

A block stands between two markers, each alone on a line at its very start. Markers inside code fences, HTML comments
and raw HTML are text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from daemon.agents.builtin.apidocs.endpoint import anonymous, normal_path

_BEGIN = re.compile(
    r"<!-- kiro-hookd:endpoint (?P<method>[A-Z]+) (?P<path>/\S*) source=(?P<source>\S+) "
    r"sum=(?P<sum>[0-9a-f]{16})(?P<removed> removed)? -->\s*"
)
_END = re.compile(r"<!-- /kiro-hookd:endpoint -->\s*")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_FENCE = re.compile(r"\s*(?:(?:[-*+]|\d+[.)]|>)\s+)*(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_RAW = re.compile(r"\s{0,3}<(pre|script|style|textarea)\b", re.IGNORECASE)
_VERB = r"(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY|ALL)"
_PATH = r"(?:https?://[^\s/`'\"]+|\{\{?[\w.]+\}?\}|\$\{?\w+\}?)?(?P<path>/[^\s`|*\"'()\],\\]*)"
_FORWARD = re.compile(rf"(?<![\w/-]){_VERB}\b[\s`*_|:\]\[>~-]{{1,40}}{_PATH}")
_BACKWARD = re.compile(rf"{_PATH}[\s`*_|:\]\[>~()-]{{1,40}}{_VERB}\b(?!\s*[`*_|]*\s*/)")
_ONLY_PATH = re.compile(rf"#+\s+[`*_]*{_PATH}[`*_]*\s*#*\s*\Z")
_ONLY_VERB = re.compile(rf"(?:#+\s+|[-*]\s+)?[`*_]*{_VERB}[`*_]*:?(?:\s.*)?\Z", re.DOTALL)
_LABEL_PATH = re.compile(rf"\W*(?:url|path|endpoint|route|uri)\W{{1,12}}{_PATH}", re.IGNORECASE)
_LABEL_VERB = re.compile(rf"\W*(?i:method|verb)\W{{1,12}}{_VERB}\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block of ours. ``start`` to ``end`` covers both marker lines; ``body`` is what stands between them."""

    method: str
    path: str
    source: str
    checksum: str
    removed: bool
    body: str
    start: int
    end: int
    line: int

    @property
    def key(self) -> tuple[str, str]:
        """As ``Endpoint.key``."""
        return self.method, anonymous(self.path)

    @property
    def edited(self) -> bool:
        """Whether a person changed the text since it was written."""
        return checksum(self.body) != self.checksum


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


@dataclass(kw_only=True, slots=True)
class Document:
    """What stands in a document. ``tail`` is the last offset where text is surely read as Markdown."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    broken: list[tuple[str, str, int]] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    tail: int = 0
    eol: str = "\n"


def checksum(body: str) -> str:
    """Of a block's text whatever its line ends are; 16 hex digits."""
    flat = body.replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(flat.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def begin(method: str, path: str, source: str, body: str, *, removed: bool = False) -> str:
    """The first marker of a block, without its line end."""
    state = " removed" if removed else ""
    name = re.sub(r"[\s<>]|--", lambda found: "".join(f"%{ord(char):02X}" for char in found[0]), source)
    return f"<!-- kiro-hookd:endpoint {method} {path} source={name} sum={checksum(body)}{state} -->"


END = "<!-- /kiro-hookd:endpoint -->"


def read(text: str) -> Document:
    """Take a document apart."""
    return _Reader(text).run()


def end_of_line(text: str) -> str:
    """The line end that most lines have."""
    counts = {"\r\n": text.count("\r\n")}
    counts["\n"] = text.count("\n") - counts["\r\n"]
    counts["\r"] = text.count("\r") - counts["\r\n"]
    return max(("\n", "\r\n", "\r"), key=lambda eol: counts[eol])


class _Reader:
    """One pass over the lines. ``shut`` is what ends the construct that the line stands in, if any."""

    def __init__(self, text: str) -> None:
        self.document = Document(text=text, eol=end_of_line(text))
        self.lines = [(found.start(), found[0]) for found in _LINE.finditer(text)]
        self.shut: re.Pattern[str] | None = None
        self.opened = 0
        self.outside: list[tuple[int, str, bool]] = []

    def run(self) -> Document:
        at = 0
        while at < len(self.lines):
            at = self.block(at) if self.shut is None and _BEGIN.fullmatch(self.lines[at][1]) else self.line(at)
        self.document.tail = len(self.document.text) if self.shut is None else self.opened
        self.document.mentions = _mentions(self.outside)
        return self.document

    def line(self, at: int) -> int:
        offset, raw = self.lines[at]
        inside = self.shut is not None
        self.step(offset, raw)
        self.outside.append((at + 1, raw.rstrip("\r\n"), inside))
        return at + 1

    def step(self, offset: int, raw: str) -> None:
        """Follow fences, comments and raw HTML over one line."""
        bare = raw.rstrip("\r\n")
        if self.shut is not None:
            if self.shut.search(bare):
                self.shut = None
            return
        fence, html = _FENCE.fullmatch(bare), _RAW.match(bare)
        if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
            mark = fence["fence"]
            self.shut = re.compile(rf"^[\s>]*{re.escape(mark[0])}{{{len(mark)},}}\s*$")
        elif html and not re.search(rf"</{html[1]}>", bare, re.IGNORECASE):
            self.shut = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
        elif bare.lstrip().startswith("<!--") and "-->" not in bare.lstrip()[4:]:
            self.shut = re.compile(r"-->")
        if self.shut is not None:
            self.opened = offset

    def block(self, at: int) -> int:
        """A block from its first marker on; a marker without its end is kept as broken."""
        found = _BEGIN.fullmatch(self.lines[at][1])
        if found is None:
            return at + 1
        start, body_start = self.lines[at][0], self.lines[at][0] + len(self.lines[at][1])
        for ahead in range(at + 1, len(self.lines)):
            offset, raw = self.lines[ahead]
            if self.shut is None and _END.fullmatch(raw):
                self.document.blocks.append(
                    Block(
                        method=found["method"],
                        path=found["path"],
                        source=re.sub(r"%([0-9A-F]{2})", lambda hit: chr(int(hit[1], 16)), found["source"]),
                        checksum=found["sum"],
                        removed=bool(found["removed"]),
                        body=self.document.text[body_start:offset],
                        start=start,
                        end=offset + len(raw),
                        line=at + 1,
                    )
                )
                return ahead + 1
            if self.shut is None and _BEGIN.fullmatch(raw):
                break
            self.step(offset, raw)
        self.shut = None
        self.document.broken.append((found["method"], found["path"], at + 1))
        return at + 1


def _mentions(lines: list[tuple[int, str, bool]]) -> list[Mention]:
    found: list[Mention] = []
    heading_path = label_path = label_verb = ""
    heading_level = 0
    label_line = -10
    for index, (number, raw, inside) in enumerate(lines):
        bare = raw.strip()[:2000]
        heading = bare.startswith("#") and not inside
        level = len(bare) - len(bare.lstrip("#"))
        if heading and level <= heading_level:
            heading_path = ""
        hits = list(_FORWARD.finditer(bare)) or list(_BACKWARD.finditer(bare))
        for hit in hits[:20]:
            section = _section(lines, index) if heading else ""
            found.append(_mention(hit["method"], hit["path"], number, section))
        if hits:
            continue
        only = _ONLY_PATH.fullmatch(bare) if heading else None
        verb = _ONLY_VERB.fullmatch(bare)
        if only:
            heading_path, heading_level = only["path"], level
        elif verb and heading_path and not inside:
            found.append(_mention(verb["method"], heading_path, number))
        if number - label_line > 6:
            label_path = label_verb = ""
        path_hit, verb_hit = _LABEL_PATH.match(bare), _LABEL_VERB.match(bare)
        if path_hit or verb_hit:
            label_path = path_hit["path"] if path_hit else label_path
            label_verb = verb_hit["method"] if verb_hit else label_verb
            label_line = number
            if label_path and label_verb:
                found.append(_mention(label_verb, label_path, number))
                label_path = label_verb = ""
    return found


def _mention(method: str, path: str, line: int, section: str = "") -> Mention:
    bare = re.split(r"[?#&]", path, maxsplit=1)[0].rstrip(".,;:!~_")
    return Mention(method="ANY" if method == "ALL" else method, path=normal_path(bare), line=line, section=section)


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
