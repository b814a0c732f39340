"""Bytes to text and back without a loss, whatever the encoding of a document is. Pure."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a document's bytes are read. ``mark`` is its byte order mark; ``exact`` is false where no encoding fits."""

    name: str
    mark: bytes = b""
    exact: bool = True

    def encode(self, text: str) -> bytes:
        """The bytes of a text; what was read comes back as it was."""
        if self.exact:
            return self.mark + text.encode(self.name, "surrogatepass")
        kept = (char if char < "\x80" or "\udc80" <= char <= "\udcff" else f"&#{ord(char)};" for char in text)
        return "".join(kept).encode("ascii", "surrogateescape")


def decode(content: bytes) -> tuple[str, Encoding]:
    """The text of a document and how to write it back."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(name), Encoding(name=name, mark=mark)
            except UnicodeDecodeError:
                break
    try:
        return content.decode("utf-8"), Encoding(name="utf-8")
    except UnicodeDecodeError:
        return content.decode("ascii", "surrogateescape"), Encoding(name="ascii", exact=False)
