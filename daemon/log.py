"""Logging: one event name per fact, JSON to stderr unless a person sits at a terminal."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

# structlog takes rich along when it finds it, for coloured tracebacks: 13 MiB that a daemon never shows to anybody.
# With None in its place the import fails as if it were not installed; `report` still finds it when it wants it.
_RICH = "rich"
if _RICH not in sys.modules and "structlog" not in sys.modules:
    sys.modules[_RICH] = None  # type: ignore[assignment] # what the import system itself understands
    try:
        import structlog
    finally:
        del sys.modules[_RICH]
else:
    import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Set up structlog for the process. Journald keeps its own time, so under systemd none is added."""
    out = stream or sys.stderr
    # Libraries that log by the standard library speak up only when something is wrong.
    logging.basicConfig(stream=out, level=logging.WARNING, format="%(name)s: %(message)s", force=True)
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
    ]
    if "JOURNAL_STREAM" not in os.environ:
        processors.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    processors.append(_one_line)
    if out.isatty():
        processors.append(structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ))
    else:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=True)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )


def _one_line(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Keep control characters of file names and agents' words from forging lines on a terminal."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception" and not value.isprintable():
            event[key] = value.encode("unicode_escape").decode("ascii")
    return event
