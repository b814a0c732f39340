"""The files of a project, read within bounds. The only part of the API docs skill that reads.

Links are never followed. What was left out is kept as a sentence in ``notes``.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILES = 30_000
MAX_BYTES = 1024 * 1024
MAX_TOTAL = 48 * 1024 * 1024
_SKIPPED = frozenset(
    {
        "node_modules",
        "bower_components",
        "jspm_packages",
        "dist",
        "build",
        "coverage",
        "vendor",
        "venv",
        "__pycache__",
        "site-packages",
    }
)
_TESTS = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|tests?|specs?|e2e|cypress|fixtures?|mocks?)/|\.(?:test|spec|e2e-spec|mock)\.\w+$"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|\.d\.[mc]?ts$|\.min\.js$"
)
_BUNDLED = re.compile(rb"\b(?:__commonJS|__toESM) = |\b__webpack_require__\b")
_ROUTED = re.compile(r"[./_-](?:controller|routes?|router)s?\.\w+$")


class Project:
    """The tree below ``root``, listed once and read on demand."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self.notes: list[str] = []
        self._spent = 0
        self._known: dict[str, bytes | None] = {}
        self.files = frozenset(self._walk())

    def _walk(self) -> list[str]:
        found: list[str] = []
        stack = [""]
        while stack:
            folder = stack.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in listed:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED and not entry.name.startswith((".", "cdk.out")):
                        stack.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found.append(path)
            if len(found) > MAX_FILES:
                self.notes.append(f"More than {MAX_FILES} files: only the first were listed.")
                break
        return found

    def read(self, path: str) -> bytes | None:
        """The content of a listed file, ``None`` when it is too large or cannot be read."""
        if path not in self._known:
            self._known[path] = self._read(path) if path in self.files else None
        return self._known[path]

    def _read(self, path: str) -> bytes | None:
        try:
            handle = os.open(os.path.join(self._root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as fault:
            self.notes.append(f"{path} could not be read ({fault.strerror}).")
            return None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            if status.st_size > MAX_BYTES or self._spent + status.st_size > MAX_TOTAL:
                self.notes.append(f"{path} was not read: it is too large, or too much had been read before it.")
                return None
            content = file.read(MAX_BYTES + 1)
        self._spent += len(content)
        return content


def is_test(path: str) -> bool:
    """Whether a path is a test or its material by its name; routes there are no endpoints of the project."""
    found = _TESTS.search(path)
    return found is not None and not (found[0].endswith("/") and _ROUTED.search(path))


def is_minified(content: bytes) -> bool:
    """Whether a file is a bundle that nobody wrote by hand: without lines, or with what bundlers put at its head."""
    dense = len(content) > 20_000 and len(content) > 500 * (content.count(b"\n") + 1)
    return dense or _BUNDLED.search(content, 0, 8_192) is not None
