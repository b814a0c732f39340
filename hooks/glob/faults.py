"""What can be wrong with a pattern, and where. Pure."""

from __future__ import annotations


class PatternFault(ValueError):  # noqa: N818 - "fault" is the word for it everywhere
    """A pattern that cannot be used. ``offset`` counts characters of the pattern from 0, so that whoever knows where
    the pattern was written can point at the place; ``reason`` and ``remedy`` make one sentence.
    """

    def __init__(self, pattern: str, offset: int, reason: str, remedy: str = "") -> None:
        self.pattern = pattern
        self.offset = offset
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason + (f"; {remedy}" if remedy else ""))
