r"""JSON to a tree of nodes with places, as editors write it and as people do.

Beyond JSON, each with a warning: comments, a comma before a closing bracket, line ends and tabs inside a text, an
unknown escape such as ``\.`` (kept as it stands), a key that stands twice (the last counts, as everywhere in JSON).
"""

from __future__ import annotations

import re
from typing import Final

from hooks.faults import Problem, quoted
from hooks.tree import Items, Mapping, Node, Scalar, Tree
from hooks.yamltree import MAX_BYTES, decode

MAX_DEPTH: Final = 32
MAX_NODES: Final = 40_000

_BLANK = re.compile(r"[ \t\r\n\ufeff\xa0]+")
_LINE_COMMENT = re.compile(r"//[^\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NEXT = re.compile(r"[^\s,\]}]{1,20}")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


class _RefusedError(Exception):
    """The one problem that ends the reading."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_json(content: bytes) -> Tree:
    """One JSON document. Never raises; time and memory in proportion to the content, which is bounded. When ``root``
    is there, ``problems`` are warnings.
    """
    text, problem = decode(content, MAX_BYTES)
    if problem:
        return Tree(root=None, problems=(problem,))
    reader = _Reader(text)
    try:
        root = reader.document()
    except _RefusedError as refused:
        return Tree(root=None, problems=(refused.problem,))
    return Tree(root=root, problems=tuple(reader.warnings[:100]))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._line = 0
        self._count = 0
        self.warnings: list[Problem] = []

    def _place(self, at: int) -> tuple[int, int]:
        while self._line + 1 < len(self._lines) and self._lines[self._line + 1] <= at:
            self._line += 1
        while self._lines[self._line] > at:
            self._line -= 1
        return self._line + 1, at - self._lines[self._line] + 1

    def _problem(self, at: int, message: str) -> Problem:
        line, column = self._place(at)
        return Problem(line=line, column=column, message=message)

    def _refuse(self, expected: str, at: int | None = None) -> _RefusedError:
        at = self._at if at is None else at
        found = _NEXT.match(self._text, at)
        shown = quoted(found[0]) if found else quoted(self._text[at : at + 1]) if at < len(self._text) else "the end"
        return _RefusedError(self._problem(at, f"not JSON: expected {expected}, found {shown}"))

    def _warn(self, at: int, message: str) -> None:
        if len(self.warnings) < 100:
            self.warnings.append(self._problem(at, message))

    def _skip(self) -> None:
        """Over blanks and comments."""
        text = self._text
        while self._at < len(text):
            if blank := _BLANK.match(text, self._at):
                self._at = blank.end()
            elif text.startswith("//", self._at):
                self._comment()
                comment = _LINE_COMMENT.match(text, self._at)
                self._at = comment.end() if comment else len(text)
            elif text.startswith("/*", self._at):
                self._comment()
                end = text.find("*/", self._at + 2)
                if end < 0:
                    raise self._refuse("`*/` at the end of this comment")
                self._at = end + 2
            else:
                return

    def _comment(self) -> None:
        if not any("comment" in warning.message for warning in self.warnings):
            self._warn(self._at, "a comment; JSON has none, so other programs may refuse this file")

    def document(self) -> Node:
        """The whole text as one value; the empty text is one empty value."""
        self._skip()
        if self._at >= len(self._text):
            return Scalar(line=1, column=1, value=None)
        root = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._refuse("nothing after the end of the value")
        return root

    def _value(self, depth: int) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise _RefusedError(self._problem(self._at, f"too many values; the limit is {MAX_NODES}"))
        if depth > MAX_DEPTH:
            raise _RefusedError(self._problem(self._at, f"nested too deep; the limit is {MAX_DEPTH} levels"))
        first = self._text[self._at : self._at + 1]
        if first == "{":
            return self._mapping(depth)
        if first == "[":
            return self._items(depth)
        if first == '"':
            return self._string()
        start = self._at
        line, column = self._place(start)
        if number := _NUMBER.match(self._text, start):
            self._at = number.end()
            digits = number[0]
            whole = number[1] is None and number[2] is None and len(digits) <= 18
            value = int(digits) if whole else float(digits[:400])
            return Scalar(line=line, column=column, value=value)
        if (word := _WORD.match(self._text, start)) and word[0] in _WORDS:
            self._at = word.end()
            return Scalar(line=line, column=column, value=_WORDS[word[0]])
        raise self._refuse("a value")

    def _closes(self, bracket: str, *, begun: bool) -> bool:
        """Step over a comma to the next item, or over the closing bracket."""
        self._skip()
        if self._text.startswith(bracket, self._at):
            self._at += 1
            return True
        if not begun:
            return False
        if not self._text.startswith(",", self._at):
            raise self._refuse(f"`,` or `{bracket}`")
        comma = self._at
        self._at += 1
        self._skip()
        if self._text.startswith(bracket, self._at):
            self._warn(comma, f"a comma before `{bracket}`; JSON has none there")
            self._at += 1
            return True
        return False

    def _items(self, depth: int) -> Items:
        line, column = self._place(self._at)
        self._at += 1
        nodes: list[Node] = []
        while not self._closes("]", begun=bool(nodes)):
            nodes.append(self._value(depth + 1))
        return Items(line=line, column=column, nodes=nodes)

    def _mapping(self, depth: int) -> Mapping:
        line, column = self._place(self._at)
        self._at += 1
        nodes: dict[str, tuple[Scalar, Node]] = {}
        begun = False
        while not self._closes("}", begun=begun):
            begun = True
            if not self._text.startswith('"', self._at):
                raise self._refuse("a key in double quotes")
            at = self._at
            key = self._string()
            self._skip()
            if not self._text.startswith(":", self._at):
                raise self._refuse("`:` after the key")
            self._at += 1
            self._skip()
            name = str(key.value)
            if name in nodes:
                self._warn(at, f"the key {quoted(name)} stands twice; the last one counts")
            nodes[name] = (key, self._value(depth + 1))
        return Mapping(line=line, column=column, nodes=nodes)

    def _string(self) -> Scalar:
        start = self._at
        self._at += 1
        parts: list[str] = []
        text = self._text
        while True:
            if plain := _PLAIN.match(text, self._at):
                parts.append(plain[0])
                self._at = plain.end()
            character = text[self._at : self._at + 1]
            if character == '"':
                break
            if character == "\\":
                parts.append(self._escape())
            elif character:
                self._warn(self._at, "a line end or tab inside a text; JSON writes \\n and \\t")
                parts.append(character)
                self._at += 1
            else:
                raise self._refuse("a closing quote for this text", start)
        self._at += 1
        value = "".join(parts)
        line, column = self._place(start)
        verbatim = self._at - start - 2 == len(value) and "\\" not in value and "\n" not in value
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return Scalar(line=line, column=column, value=value, inset=1 if verbatim else None)

    def _escape(self) -> str:
        at = self._at
        letter = self._text[at + 1 : at + 2]
        if letter == "u" and (digits := _HEX.match(self._text, at + 2)):
            self._at = at + 6
            return chr(int(digits[0], 16))
        self._at = at + 2
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if not letter:
            raise self._refuse("a closing quote for this text", at)
        self._warn(
            at, f"the escape {quoted(chr(92) + letter)} is not JSON; read as it stands, write the backslash twice"
        )
        return "\\" + letter
