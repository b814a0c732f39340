"""A policy that is written as JSON inside another file's text: a heredoc, a template literal, an escaped string."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from daemon.agents.builtin.review import read_yaml

if TYPE_CHECKING:
    from daemon.agents.builtin.review.document import Node

_TELLING = re.compile(r'ction|"environment"|"[vV]alue"')
LONGEST: Final = 100_000
"""Characters of a text that is read as a policy; longer ones are left alone."""


def read(text: str, first_line: int) -> Node | None:
    """The document a text is, ``None`` when it is no policy. ``first_line`` is the line on which the text begins.

    Holes (``${...}``) may stand in strings or as whole values; Terraform's ``%{ if }`` lines are passed over.
    """
    if len(text) > LONGEST or not text.lstrip().startswith(("{", "[")) or not _TELLING.search(text):
        return None
    try:
        documents = read_yaml.parse(text, json=True, first_line=first_line)
    except read_yaml.UnreadableError:
        return None
    return documents[0] if documents else None
