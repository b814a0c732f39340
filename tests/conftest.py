"""For the tests of every room: no property is judged by the clock, on however busy a machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
