"""The one pattern dialect of all hooks. Pure.

``*`` and ``?`` stay within a path component, ``**`` as a whole component stands for any number of directories (none
too), ``[...]`` is a set of characters, ``{a,b}`` and ``{1..9}`` are alternatives and may be nested, ``?( *( +( @( !(``
open extended groups. Names that begin with a dot are names like any other. A pattern matches the whole path, which is
relative and in POSIX form. The leading ``!`` of a pattern list belongs to the list, not to the pattern.

``re:`` before a pattern makes it an RE2 regular expression that is searched for in the path, as the newer of Kiro's
own formats writes it; RE2 answers in time linear in the path, whatever the expression.
"""

from __future__ import annotations

from hooks.glob.faults import PatternFault
from hooks.glob.pattern import REGEX_PREFIX, Glob, compile_pattern, list_faults, split_negation

__all__ = ["REGEX_PREFIX", "Glob", "PatternFault", "compile_pattern", "list_faults", "split_negation"]
