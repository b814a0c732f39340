"""What becomes of a document when the code has changed. Pure: texts and endpoints in, a text and notices out.

Text outside our blocks is never changed. A block is written anew only while it is as we left it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.agents.builtin.apidocs import markdown
from daemon.agents.builtin.apidocs.endpoint import anonymous
from daemon.agents.builtin.apidocs.entry import render, struck

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemon.agents.builtin.apidocs.endpoint import Endpoint
    from daemon.agents.builtin.apidocs.markdown import Block, Document
    from daemon.agents.builtin.apidocs.mentions import Mention

_NEW = "# API reference"
_TOLD = (
    "<!-- Entries between markers follow the code; one that was edited by hand is left as it is. "
    "All other text is yours. -->"
)
_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY")
_OF_API = re.compile(r"\b(?:api|apis|endpoints?|routes?)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing to tell. ``kind``: missing, changed, removed, conflict, stale, parameter. ``line`` is the document's
    where there is no endpoint.
    """

    kind: str
    method: str
    path: str
    endpoint: Endpoint | None = None
    line: int | None = None
    detail: str = ""
    deleted: bool = False


@dataclass(kw_only=True, slots=True)
class Plan:
    """The new text, and what there is to tell of it."""

    text: str
    notices: list[Notice] = field(default_factory=list)
    adopted: int = 0


def _reading_order(endpoint: Endpoint) -> tuple[list[str], int]:
    """By path and then by method, as a reader looks for them."""
    method = endpoint.method
    return endpoint.path.split("/"), _ORDER.index(method) if method in _ORDER else len(_ORDER)


class Planner:
    """Puts endpoints into one document.

    ``judged`` says whether a block of a source file may be called removed when its endpoint is not among ``every``.
    """

    def __init__(
        self,
        text: str,
        *,
        every: Sequence[Endpoint],
        scope: Sequence[Endpoint],
        judged: Callable[[str], bool],
        delete: bool = False,
        whole: bool = False,
    ) -> None:
        self.document: Document = markdown.read(text)
        self.every = list(every)
        self.scope = list(scope)
        self.judged = judged
        self.delete = delete
        self.whole = whole
        self.edits: list[tuple[int, int, str]] = []
        self.plan = Plan(text=text)
        self._owner: dict[int, Endpoint] = {}

    def run(self) -> Plan:
        """Work out the new text."""
        self._assign()
        by_hand = self._adopt()
        wanted = {id(one) for one in self.scope}
        for block in self.document.blocks:
            endpoint = self._owner.get(block.start)
            if endpoint is None and any(one.key == block.key and one.file == block.source for one in self.every):
                self._tell_block("conflict", block, "it has another entry")
            elif endpoint is None:
                self._gone(block)
            elif id(endpoint) in wanted:
                self._refresh(block, endpoint)
        self._insert(by_hand)
        self._stale()
        self.plan.text = self._apply()
        return self.plan

    def _assign(self) -> None:
        """Which block speaks of which endpoint: the same source first, then a file that was moved."""
        free = {id(one): one for one in self.every}
        for same_source in (True, False):
            for block in self.document.blocks:
                if block.start in self._owner:
                    continue
                for one in list(free.values()):
                    if one.key == block.key and (not same_source or one.file == block.source):
                        self._owner[block.start] = one
                        del free[id(one)]
                        break

    def _adopt(self) -> dict[int, Mention]:
        """Endpoints that somebody described by hand. A path without the common prefix counts when only one fits."""
        described = {id(one) for one in self._owner.values()}
        left = [one for one in self.every if id(one) not in described]
        found: dict[int, Mention] = {}
        used: set[int] = set()
        for one in left:
            hits = [hit for hit in self.document.mentions if hit.key == one.key]
            if hits:
                found[id(one)] = max(hits, key=lambda hit: len(hit.section))
                used.update(id(hit) for hit in hits)
        known = {one.key for one in self.every}
        for hit in self.document.mentions:
            if id(hit) in used or hit.key in known or hit.path == "/":
                continue
            fits = [one for one in left if one.method == hit.method and one.key[1].endswith(hit.key[1])]
            fits = [one for one in fits if "{" not in one.path[: -len(hit.path)] and id(one) not in found]
            if len(fits) == 1:
                found[id(fits[0])] = hit
                used.add(id(hit))
        self._unused = [hit for hit in self.document.mentions if id(hit) not in used and hit.key not in known]
        self.plan.adopted = len(found)
        return found

    def _text(self, endpoint: Endpoint) -> str:
        body = render(endpoint)
        return self._wrapped(endpoint.method, endpoint.path, endpoint.file, body)

    def _wrapped(self, method: str, path: str, source: str, body: str, *, removed: bool = False) -> str:
        first = markdown.begin(method, path, source, body, removed=removed)
        return f"{first}\n{body}{markdown.END}\n".replace("\n", self.document.eol)

    def _refresh(self, block: Block, endpoint: Endpoint) -> None:
        body = render(endpoint)
        current = markdown.checksum(body) == block.checksum and not block.removed
        current = current and (block.path, block.source) == (endpoint.path, endpoint.file)
        if current:
            return
        if block.edited:
            detail = "its entry was edited by hand and the code has changed since"
            self._tell("conflict", endpoint, line=block.line, detail=detail)
            return
        self.edits.append((block.start, block.end, self._ended(block, self._text(endpoint))))
        self._tell("changed", endpoint, line=block.line, detail="came back" if block.removed else "")

    def _ended(self, block: Block, text: str) -> str:
        """The block as it was closed: without a line end when it was the last line and had none."""
        closed = self.document.text[: block.end].endswith(("\n", "\r"))
        return text if closed else text[: -len(self.document.eol)]

    def _gone(self, block: Block) -> None:
        if not self.judged(block.source) or (block.removed and not self.delete):
            return
        if block.edited:
            detail = "it is gone from the code, but its entry was edited by hand"
            self._tell_block("conflict", block, detail)
            return
        if not block.removed or self.delete:
            self._tell_block("removed", block, f"it is no longer in {block.source}")
        text = ""
        if not self.delete:
            body = struck(block.body)
            text = self._ended(block, self._wrapped(block.method, block.path, block.source, body, removed=True))
        self.edits.append((block.start, block.end, text))

    def _insert(self, by_hand: dict[int, Mention]) -> None:
        owned = {id(one) for one in self._owner.values()}
        broken = {(method, anonymous(path)): line for method, path, line in self.document.broken}
        fresh: dict[int, list[str]] = {}
        fresh_document = not self.document.text.strip()
        for one in sorted(self.scope, key=_reading_order) if fresh_document else self.scope:
            if id(one) in owned:
                continue
            if one.key in broken:
                self._tell("conflict", one, line=broken[one.key], detail="its entry has a first marker but no end")
            elif id(one) in by_hand:
                self._compare(one, by_hand[id(one)])
            else:
                fresh.setdefault(self._place(one, by_hand), []).append(self._text(one))
                self._tell("missing", one)
        for place, texts in fresh.items():
            self.edits.append((place, place, self._lead(place) + "".join(texts)))

    def _place(self, endpoint: Endpoint, by_hand: dict[int, Mention]) -> int:
        """After the last block of the same file, else where its endpoints are described by hand, else after the last
        block, else where a heading speaks of the API, else at the end.
        """
        kin = [block.end for block in self.document.blocks if block.source == endpoint.file]
        if kin:
            return kin[-1]
        near = [by_hand[id(one)].line for one in self.every if one.file == endpoint.file and id(one) in by_hand]
        ends = [end for line in near if (end := self.document.end_of_section(line)) is not None]
        if ends:
            return max(ends)
        if self.document.blocks:
            return self.document.blocks[-1].end
        for one in reversed(self.document.headings):
            if one.level > 1 and _OF_API.search(one.title):
                return self.document.end_of_section(one.line) or self.document.tail
        return self.document.tail

    def _lead(self, place: int) -> str:
        before = self.document.text[:place]
        if not before and not self.document.text:
            return f"{_NEW}\n\n{_TOLD}\n\n".replace("\n", self.document.eol)
        return "" if not before or before.endswith(("\n", "\r")) else self.document.eol

    def _compare(self, endpoint: Endpoint, mention: Mention) -> None:
        """A description by hand is compared only in what it lists: the parameters of a section that names some."""
        if not mention.section.strip() or not re.search(r"param|query|header", mention.section, re.IGNORECASE):
            return
        lacking = [
            one.name
            for one in endpoint.parameters
            if one.place in {"query", "header"} and not re.search(rf"\b{re.escape(one.name)}\b", mention.section)
        ]
        if lacking:
            names = ", ".join(f"`{name}`" for name in lacking)
            self._tell("parameter", endpoint, line=mention.line, detail=f"does not mention {names}")

    def _stale(self) -> None:
        """Endpoints described by hand that no code has, when all the code was seen."""
        if not self.whole:
            return
        told: set[tuple[str, str]] = set()
        for hit in self._unused:
            covered = any(one.method in {"ANY", hit.method} and _covers(one.path, hit.path) for one in self.every)
            if not covered and hit.key not in told:
                told.add(hit.key)
                notice = Notice(kind="stale", method=hit.method, path=hit.path, line=hit.line)
                self.plan.notices.append(notice)

    def _tell(self, kind: str, endpoint: Endpoint, *, line: int | None = None, detail: str = "") -> None:
        self.plan.notices.append(
            Notice(kind=kind, method=endpoint.method, path=endpoint.path, endpoint=endpoint, line=line, detail=detail)
        )

    def _tell_block(self, kind: str, block: Block, detail: str) -> None:
        self.plan.notices.append(
            Notice(
                kind=kind,
                method=block.method,
                path=block.path,
                line=block.line,
                detail=detail,
                deleted=self.delete and kind == "removed",
            )
        )

    def _apply(self) -> str:
        out, last = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: (edit[0], edit[1])):
            out += [self.document.text[last:start], text]
            last = max(last, end)
        return "".join((*out, self.document.text[last:]))


def _covers(pattern: str, path: str) -> bool:
    """Whether a path as written in a document is an instance of a route: ``/users/42`` of ``/users/{id}``."""
    parts = []
    for piece in re.split(r"(\{[^{}]*\})", pattern):
        wild = piece.startswith("{") and (piece.endswith("+}") or piece == "{wildcard}")
        parts.append(".+" if wild else "[^/]+" if piece.startswith("{") else re.escape(piece))
    return re.fullmatch("".join(parts), path) is not None
