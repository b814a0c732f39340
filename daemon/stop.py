"""An event that ends a run."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StopSignal(threading.Event):
    """An event that wakes the run waiting for it at once; a plain ``threading.Event`` is looked at every 0.25 s."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Callable[[], None]] = []
        self._guard = threading.Lock()

    def set(self) -> None:
        """Set it and wake every listener."""
        with self._guard:
            super().set()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    @contextlib.contextmanager
    def heard_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call ``listener`` (from any thread) when set; at once when it is set already."""
        with self._guard:
            self._listeners.append(listener)
        try:
            if self.is_set():
                listener()
            yield
        finally:
            with self._guard:
                self._listeners.remove(listener)
