"""The tools that a model asked directly gets: they read, and in auto-fix edit, files of the view, and nothing else.

The view is what keeps the tree; these only keep a model from wandering off. Every answer is bounded, and what a model
got wrong is told to it as text, so that it can do better.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_TEXT = 60_000
MAX_LINES = 2_000
MAX_NAMES = 1_000
MAX_HITS = 200
MAX_FILE = 2 * 1024 * 1024
SKIPPED = frozenset({".git", "node_modules", ".venv", "__pycache__"})


class WrongError(Exception):
    """The model asked for something that cannot be done; the text tells it why."""


class Tools:
    """The tools over one root."""

    def __init__(self, root: str) -> None:
        self._root = Path(os.path.realpath(root))

    def offered(self, *, edit: bool) -> list[Callable[..., str]]:
        """The tools as functions, whose names, arguments and words are what the model sees."""
        reading: list[Callable[..., str]] = [self.read_file, self.list, self.search]
        return [*reading, self.edit, self.write] if edit else reading

    def read_file(self, path: str, first_line: int = 1) -> str:
        """Read a text file, with line numbers, from ``first_line`` on."""
        lines = self._text(path).splitlines()
        first = max(1, first_line)
        chosen = lines[first - 1 : first - 1 + MAX_LINES]
        text = "\n".join(f"{number}\t{line}" for number, line in enumerate(chosen, first))
        if len(text) > MAX_TEXT:
            text = text[:MAX_TEXT] + "\n[cut; read on with first_line]"
        elif first - 1 + len(chosen) < len(lines):
            text += f"\n[{len(lines)} lines in all; read on with first_line]"
        return text

    def list(self, path: str = ".") -> str:
        """List the files below a directory, as paths relative to the workspace root."""
        folder = self._inside(path)
        if not folder.is_dir():
            raise WrongError(f"{path} is no directory")
        names: list[str] = []
        for file in self._files(folder):
            if len(names) == MAX_NAMES:
                return "\n".join([*names, "[more; list a directory below]"])
            names.append(self._name(file))
        return "\n".join(names) or "[empty]"

    def search(self, pattern: str, path: str = ".") -> str:
        """Search files below a directory for a regular expression; gives path:line: text."""
        try:
            wanted = re2.compile(pattern)
        except re2.error as error:
            raise WrongError(f"{pattern!r} is no regular expression: {error}") from None
        hits: list[str] = []
        start = self._inside(path)
        for file in [start] if start.is_file() else self._files(start):
            try:
                text = self._text(self._name(file))
            except WrongError:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if wanted.search(line):
                    hits.append(f"{self._name(file)}:{number}: {line.strip()[:300]}")
                    if len(hits) == MAX_HITS:
                        return "\n".join([*hits, "[more; search for something rarer]"])
        return "\n".join(hits) or "[nothing found]"

    def edit(self, path: str, old: str, new: str) -> str:
        """Replace a piece of text, which must occur exactly once in the file, by another."""
        file = self._inside(path)
        text = self._text(path)
        times = text.count(old) if old else 0
        if times != 1:
            raise WrongError(f"the old text occurs {times} times in {path}; it must occur exactly once")
        file.write_bytes(text.replace(old, new).encode("utf-8"))
        return f"{path} was edited"

    def write(self, path: str, content: str) -> str:
        """Write a whole file; a file that exists is replaced."""
        file = self._inside(path)
        if file.is_dir():
            raise WrongError(f"{path} is a directory")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode("utf-8"))
        except OSError as error:
            raise WrongError(f"{path}: {error.strerror}") from None
        return f"{path} was written"

    def _inside(self, path: str) -> Path:
        if "\0" in path:
            raise WrongError("a path holds no NUL character")
        file = Path(os.path.realpath(self._root / path))
        if file != self._root and self._root not in file.parents:
            raise WrongError(f"{path} is outside the workspace")
        if ".git" in file.relative_to(self._root).parts:
            raise WrongError("nothing of .git is to be had")
        return file

    def _text(self, path: str) -> str:
        file = self._inside(path)
        try:
            if not file.is_file():
                raise WrongError(f"there is no file {path}")
            if file.stat().st_size > MAX_FILE:
                raise WrongError(f"{path} is larger than {MAX_FILE} bytes")
            return file.read_bytes().decode("utf-8")  # no translation of line ends: an edit keeps them
        except UnicodeDecodeError:
            raise WrongError(f"{path} is no UTF-8 text") from None
        except OSError as error:
            raise WrongError(f"{path}: {error.strerror}") from None

    def _files(self, folder: Path) -> Iterator[Path]:
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            for name in sorted(names):
                file = Path(parent, name)
                if not file.is_symlink():
                    yield file

    def _name(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()
