"""Python handlers."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from daemon.agents.builtin.review.lower_python import TooDeepError, lower
from daemon.agents.builtin.review.model import Looked
from daemon.agents.builtin.review.program import review

if TYPE_CHECKING:
    from daemon.agents.builtin.review.model import Source


def look(source: Source) -> Looked:
    """Credentials, statements and flows of a Python file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text)
    except SyntaxError as error:
        return _blind(source, f"not valid Python 3 at line {error.lineno or '?'}")
    except (ValueError, MemoryError):
        return _blind(source, "not readable as Python")
    try:
        module = lower(source.path, source.text, tree)
    except TooDeepError:
        return _blind(source, "nested too deeply")
    return review(module, source)


def _blind(source: Source, why: str) -> Looked:
    return Looked(notes=(f"{source.path}: {why}; only searched for known keys.",))
