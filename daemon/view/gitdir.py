"""What of a repository's administration lies where the view would not show it, or holds what no agent should see."""

from __future__ import annotations

import re
from pathlib import Path

_PASSWORD = re.compile(rb"(?im)(://)[^/@\s\"']+@")
_HEADER = re.compile(rb"(?im)^(\s*extraheader\s*=).*$")
_MOST_CONFIG = 1024 * 1024


def linked_repository(root: Path) -> Path | None:
    """The repository that a linked worktree belongs to, to be shown read-only; ``None`` for any other directory.

    The ``.git`` file may have come with a hostile archive, so it is believed only where the repository it names points
    back at this very worktree.
    """
    pointer = root / ".git"
    try:
        if pointer.is_symlink() or not pointer.is_file():
            return None
        text = pointer.read_text(errors="surrogateescape")[:4096]
        found = re.fullmatch(r"gitdir: (.+)\n?", text)
        if found is None:
            return None
        private = Path(root, found[1]).resolve()
        back = Path((private / "gitdir").read_text(errors="surrogateescape").strip())
        common = Path(private, (private / "commondir").read_text(errors="surrogateescape").strip()).resolve()
        ours = back.is_absolute() and back.resolve() == pointer.resolve()
        inside = (
            private.parent == common / "worktrees" and (common / "HEAD").is_file() and (common / "objects").is_dir()
        )
        return common if ours and inside else None
    except (OSError, ValueError):
        return None


def without_credentials(config: Path) -> bytes | None:
    """A git configuration without the passwords in its addresses and headers; ``None`` when it holds none."""
    try:
        if config.is_symlink() or not config.is_file() or config.stat().st_size > _MOST_CONFIG:
            return None
        text = config.read_bytes()
    except OSError:
        return None
    clean = _HEADER.sub(rb"\1", _PASSWORD.sub(rb"\1", text))
    return clean if clean != text else None
