"""The files of a workspace that a command names: they run when it runs, so trust covers them.

Found by looking at every word of a command, not by understanding the shell: a word that is the path of a file in the
workspace counts, so do both sides of ``--key=value`` and the module behind ``-m``. Not found: names that the shell
makes up (variables, substitutions), and what a named program reads in turn (a script that ``npm run`` looks up in
package.json, what a Makefile calls, the files of a directory).
"""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import os
import re
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HASHED: Final = 64 * 1024 * 1024
"""Bytes of a named file that are hashed; beyond them its size and time of change stand for the rest."""
KEPT: Final = 256 * 1024
"""Bytes up to which a copy is kept, so that a difference can be shown."""

_MOST_FOLDERS: Final = 20
_WORD = re.compile(r"[^\s'\"`|&;<>(){}$=,:\\]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedFile:
    """A file of the workspace as it was when looked at. ``link`` is where a symbolic link led, as written.

    ``content`` is ``None`` when the file is too large to be kept; ``sha256`` is there all the same.
    """

    path: str
    sha256: str
    link: str = ""
    content: bytes | None = None


def words_of(command: str | Sequence[str]) -> Iterator[str]:
    """Every word of a command that could be a path, each perhaps more than once."""
    for text in [command] if isinstance(command, str) else command:
        for word in (*_parts(text), *_WORD.findall(text)):
            yield word
            if "=" in word:
                yield word.partition("=")[2]
    parts = _parts(command) if isinstance(command, str) else list(command)
    for flag, module in itertools.pairwise(parts):
        if flag == "-m" and re.fullmatch(r"[\w.]+", module):
            path = module.replace(".", "/")
            yield from (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py")


def _parts(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def files_of(root: str, words: Iterable[str], folders: Iterable[str] = ("",)) -> tuple[NamedFile, ...]:
    """The files that the words name, relative to the real path ``root``, by path. A word may be relative to any of
    ``folders``, or to a directory that another word names (``cd tools && ./lint.sh``), and its last part may be a
    pattern of the shell's (``tools/*.sh``).
    """
    given = [word for word in dict.fromkeys(words) if word and len(word) < 4096 and "\0" not in word]
    named = (_within(root, word) for word in given)
    directories = (path for path in named if path and os.path.isdir(os.path.join(root, path)))
    starts = dict.fromkeys([*folders, *itertools.islice(directories, _MOST_FOLDERS)])
    found: dict[str, NamedFile] = {}
    for word, folder in itertools.product(given, starts):
        for path in _matching(root, _within(root, os.path.join(folder, word))):
            if path not in found and (file := _look(root, path)):
                found[path] = file
    return tuple(found[path] for path in sorted(found))


def _within(root: str, path: str) -> str:
    """The path relative to the root, "" for the root itself and for what lies outside."""
    relative = os.path.relpath(os.path.normpath(os.path.join(root, path)), root)
    return "" if relative in {".", ".."} or relative.startswith("../") else relative


def _matching(root: str, path: str) -> Iterator[str]:
    """The path, and where its last part is a pattern the files of that directory that match."""
    folder, _, last = path.rpartition("/")
    if path:
        yield path
    if any(sign in last for sign in "*?["):
        try:
            names = sorted(os.listdir(os.path.join(root, folder)))
        except OSError:
            return
        yield from (f"{folder}/{name}".lstrip("/") for name in fnmatch.filter(names, last))


def _look(root: str, path: str) -> NamedFile | None:
    full = os.path.join(root, path)
    try:
        status = os.lstat(full)
        link = os.readlink(full) if stat.S_ISLNK(status.st_mode) else ""
    except OSError:
        return None
    real = os.path.realpath(full)
    if os.path.commonpath([real, root]) != root:
        # The link is the workspace's, what it leads to is not: where it leads is what can be allowed.
        return NamedFile(path=path, sha256=hashlib.sha256(os.fsencode(real)).hexdigest(), link=link or real)
    try:
        handle = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            content = file.read(KEPT + 1)
            digest = hashlib.sha256(content)
            left = HASHED - len(content)
            while left > 0 and (block := file.read(min(1 << 20, left))):
                digest.update(block)
                left -= len(block)
            if status.st_size > HASHED:
                digest.update(f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}".encode())
    except OSError:
        return None
    return NamedFile(path=path, sha256=digest.hexdigest(), link=link, content=content if len(content) <= KEPT else None)
