"""A Markdown document as blocks of ours and mentions by others. Pure; offsets are in characters.

A block stands between two markers, each alone on a line at its very start. Markers inside code fences, HTML comments
and raw HTML are text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from daemon.agents.builtin.apidocs.endpoint import anonymous
from daemon.agents.builtin.apidocs.mentions import Mention, mentions

_BEGIN = re.compile(
    r"<!-- kiro-hookd:endpoint (?P<method>[A-Z]+) (?P<path>/\S*) source=(?P<source>\S+) "
    r"sum=(?P<sum>[0-9a-f]{16})(?P<removed> removed)? -->\s*"
)
_END = re.compile(r"<!-- /kiro-hookd:endpoint -->\s*")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_FENCE = re.compile(r"\s*(?:(?:[-*+]|\d+[.)]|>)\s+)*(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+([^\r\n]*))?(?=[\r\n]|\Z)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*(?=[\r\n]|\Z)")
_PROSE = re.compile(r" {0,3}(?![#>|`~<]|[-*+][ \t]|\d{1,9}[.)][ \t]|[-=*_\s]+$)\S")
_RAW = re.compile(r"\s{0,3}<(pre|script|style|textarea)\b", re.IGNORECASE)


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
class Heading:
    """A heading that stands outside of our blocks, of either kind. ``start`` is the offset of its line."""

    start: int
    line: int
    level: int
    title: str


@dataclass(kw_only=True, slots=True)
class Document:
    """What stands in a document. ``tail`` is the last offset where text is surely read as Markdown."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    broken: list[tuple[str, str, int]] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    tail: int = 0
    eol: str = "\n"

    def end_of_section(self, line: int) -> int | None:
        """Where the section of the heading on a line ends; ``None`` when no heading stands there."""
        at = next((index for index, one in enumerate(self.headings) if one.line == line), None)
        if at is None:
            return None
        level = self.headings[at].level
        return next((one.start for one in self.headings[at + 1 :] if one.level <= level), self.tail)


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
        self.quoted = False
        self.listed = False
        self.opened = 0
        self.outside: list[tuple[int, str, bool]] = []

    def run(self) -> Document:
        at = 0
        while at < len(self.lines):
            self.leave_quotation(self.lines[at][1])
            at = self.block(at) if self.shut is None and _BEGIN.fullmatch(self.lines[at][1]) else self.line(at)
        self.document.tail = len(self.document.text) if self.shut is None else self.opened
        self.document.mentions = mentions(self.outside)
        return self.document

    def line(self, at: int) -> int:
        offset, raw = self.lines[at]
        inside = self.shut is not None
        self.step(offset, raw)
        if not inside and self.shut is None:
            self.heading(at, offset, raw)
        self.outside.append((at + 1, raw.rstrip("\r\n"), inside))
        return at + 1

    def heading(self, at: int, offset: int, raw: str) -> None:
        """Keep a heading: with marks before it, or underlined."""
        found = _HEADING.match(raw)
        if found:
            title = (found[2] or "").strip().rstrip("#").strip()
            self.document.headings.append(Heading(start=offset, line=at + 1, level=len(found[1]), title=title))
            return
        above = self.outside[-1] if self.outside else (0, "", False)
        if at and _UNDERLINE.match(raw) and above[0] == at and _PROSE.match(above[1]):
            level = 1 if raw.lstrip().startswith("=") else 2
            start = self.lines[at - 1][0]
            self.document.headings.append(Heading(start=start, line=at, level=level, title=above[1].strip()))

    def leave_quotation(self, raw: str) -> None:
        """What a quotation opened ends with it."""
        if self.shut is not None and self.quoted and not raw.lstrip().startswith(">"):
            self.shut = None

    def step(self, offset: int, raw: str) -> None:
        """Follow fences, comments and raw HTML over one line."""
        bare = raw.rstrip("\r\n")
        if self.shut is not None:
            if self.shut.search(bare):
                self.shut = None
            return
        wide = bare.expandtabs(4)
        indent = len(wide) - len(wide.lstrip())
        if bare.strip():
            self.listed = bool(_ITEM.match(bare)) or (self.listed and indent > 0)
        if indent > 3 and not self.listed:
            return  # code by its indentation: nothing opens there
        fence, html = _FENCE.fullmatch(bare), _RAW.match(bare)
        if fence and not (fence["fence"][0] == "`" and "`" in fence["info"]):
            mark = fence["fence"]
            within = len(bare[: fence.start("fence")].expandtabs(4)) + 3
            self.shut = re.compile(rf"^[ \t>]{{0,{within}}}{re.escape(mark[0])}{{{len(mark)},}}\s*$")
        elif html and not re.search(rf"</{html[1]}>", bare, re.IGNORECASE):
            self.shut = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
        elif bare.lstrip().startswith("<!--") and "-->" not in bare.lstrip()[4:]:
            self.shut = re.compile(r"-->")
        if self.shut is not None:
            self.opened = offset
            self.quoted = bare.lstrip().startswith(">")

    def block(self, at: int) -> int:
        """A block from its first marker on; a marker without its end is kept as broken."""
        found = _BEGIN.fullmatch(self.lines[at][1])
        if found is None:
            return at + 1
        start, body_start = self.lines[at][0], self.lines[at][0] + len(self.lines[at][1])
        for ahead in range(at + 1, len(self.lines)):
            offset, raw = self.lines[ahead]
            self.leave_quotation(raw)
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
