"""A project made of texts, with no file system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.agents.builtin.apidocs.collect import collect

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.agents.builtin.apidocs.endpoint import Extraction


class TextProject:
    """What `collect` needs of a project, held in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.files = frozenset(texts)
        self.notes: list[str] = []

    def read(self, path: str) -> bytes | None:
        found = self.texts.get(path)
        return found.encode() if found is not None else None


@pytest.fixture
def extract() -> Callable[[dict[str, str]], Extraction]:
    def run(texts: dict[str, str]) -> Extraction:
        return collect(TextProject(texts), frozenset())[0]  # type: ignore[arg-type]

    return run


@pytest.fixture
def routes(extract: Callable[[dict[str, str]], Extraction]) -> Callable[[dict[str, str]], set[str]]:
    def run(texts: dict[str, str]) -> set[str]:
        return {f"{one.method} {one.path}" for one in extract(texts).endpoints}

    return run
