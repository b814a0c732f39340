"""What the review's tests share: a way to ask for one text's findings."""

from __future__ import annotations

import textwrap

import pytest

from daemon.agents.builtin.review import review_file


@pytest.fixture
def found():
    """``found("a.py", text)`` gives ``{(rule, line), ...}``; ``level=True`` adds the level."""

    def ask(path: str, text: str, siblings: dict[str, str] | None = None, *, level: bool = False) -> set[tuple]:
        result = review_file(path, textwrap.dedent(text).lstrip("\n"), siblings)
        if level:
            return {(f.rule, f.line, f.level.value) for f in result.findings}
        return {(f.rule, f.line) for f in result.findings}

    return ask
