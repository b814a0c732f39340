"""Reports for a person's terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report import segments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from daemon.report.record import Record


def text(records: Iterable[Record]) -> str:
    """Plain text: a block a record, one empty line between two. A finding's line begins ``file:line:column``."""
    return "\n\n".join(
        "\n".join("".join(piece.text for piece in line).rstrip() for line in segments.lines(record))
        for record in records
    )


def styled(record: Record) -> Text:
    """The same for one record, with colours, for a rich console; rich is imported here and not before."""
    from rich.text import Text  # noqa: PLC0415 - heavy, and wanted only where a person looks

    result = Text()
    for line in segments.lines(record):
        for piece in line:
            result.append(piece.text, style=piece.style or None)
        result.append("\n")
    return result
